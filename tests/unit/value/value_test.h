/* tests/unit/value/value_test.h - short ways to make values, and a context to run functions in. */
#ifndef VALUE_TEST_H
#define VALUE_TEST_H

#include "tests/unit/base/base_test.h"

#include "value/value.h"

#define NUL VALUE_NULL
#define I(i) value_int(i)
#define F(f) value_float(f)
#define B(b) value_bool(b)
#define S(literal) value_str(STR(literal))
#define LIST(...)                                                                                  \
	value_list((struct value[]){__VA_ARGS__},                                                  \
		   sizeof((struct value[]){__VA_ARGS__}) / sizeof(struct value))
#define EMPTY_LIST value_list(NULL, 0)
#define ENTRY(name, v) ((struct map_entry){STR(name), (v)})
#define MAP(...)                                                                                   \
	value_map((struct map_entry[]){__VA_ARGS__},                                               \
		  sizeof((struct map_entry[]){__VA_ARGS__}) / sizeof(struct map_entry))
#define DECIMAL(literal)                                                                           \
	((struct value){.kind = V_DECIMAL, .n = sizeof(literal) - 1, .s = (literal)})

/* A context of static storage, made anew by each test that asks. */
struct test_ctx {
	struct arena arena;
	struct diag diag;
	struct func_ctx x;
};

static inline void ctx_init(struct test_ctx *t)
{
	arena_init(&t->arena, MEM_QUERY, NULL);
	diag_reset(&t->diag);
	t->x = (struct func_ctx){.arena = &t->arena, .diag = &t->diag, .offset = 11};
}

static inline void ctx_release(struct test_ctx *t)
{
	arena_release(&t->arena);
	assert_int_equal(mem_used(MEM_QUERY), 0);
}

#endif
