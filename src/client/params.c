/* client/params.c - named values of a statement. */
#include "client/session.h"

struct geode_params *geode_params_new(void)
{
	struct geode_params *p = MEM_NEW(MEM_SESSION, struct geode_params);

	if (p != NULL)
		arena_init(&p->arena, MEM_SESSION, NULL);
	return p;
}

void geode_params_free(struct geode_params *p)
{
	if (p == NULL)
		return;
	for (size_t i = 0; i < ARRAY_LEN(p->levels); i++)
		vec_release(MEM_SESSION, &p->levels[i].entries);
	arena_release(&p->arena);
	MEM_FREE(MEM_SESSION, p);
}

void geode_params_clear(struct geode_params *p)
{
	arena_reset(&p->arena);
	p->levels[0].entries.n = 0;
	p->depth = 0;
	p->failed = false;
}

static struct value *find(struct geode_params *p, struct str name)
{
	const struct params_level *level = &p->levels[0];

	for (uint32_t i = 0; i < level->entries.n; i++)
		if (str_eq(level->entries.v[i].key, name))
			return &level->entries.v[i].value;
	return NULL;
}

static void add(struct geode_params *p, struct str name, struct value v)
{
	struct params_level *level = &p->levels[p->depth];
	struct value *before = p->depth == 0 ? find(p, name) : NULL;

	if (before != NULL)
		*before = v;
	else if (!vec_push(MEM_SESSION, &level->entries, (struct map_entry){name, v}))
		p->failed = true;
}

/* The name's copy; a list's elements have none. */
static struct str take_name(struct geode_params *p, const char *name)
{
	if (p->levels[p->depth].is_list)
		return STR("");
	const struct str copy = arena_str(&p->arena, str_of(name != NULL ? name : ""));
	p->failed |= copy.p == NULL || name == NULL;
	return copy;
}

void geode_params_null(struct geode_params *p, const char *name)
{
	add(p, take_name(p, name), VALUE_NULL);
}

void geode_params_bool(struct geode_params *p, const char *name, bool v)
{
	add(p, take_name(p, name), value_bool(v));
}

void geode_params_int(struct geode_params *p, const char *name, int64_t v)
{
	add(p, take_name(p, name), value_int(v));
}

void geode_params_double(struct geode_params *p, const char *name, double v)
{
	add(p, take_name(p, name), value_float(v));
}

static void add_text(struct geode_params *p, const char *name, enum value_kind kind, const void *v,
		     size_t len)
{
	const struct str s = arena_str(&p->arena, (struct str){v, len});

	p->failed |= s.p == NULL || len > VALUE_STRING_MAX;
	if (!p->failed)
		add(p, take_name(p, name),
		    (struct value){.kind = (uint8_t)kind, .n = (uint32_t)len, .s = s.p});
}

void geode_params_string(struct geode_params *p, const char *name, const char *v, size_t len)
{
	add_text(p, name, V_STRING, v, len);
}

void geode_params_bytes(struct geode_params *p, const char *name, const void *v, size_t len)
{
	add_text(p, name, V_BYTES, v, len);
}

static void open_level(struct geode_params *p, const char *name, bool is_list)
{
	if (p->depth + 1 == ARRAY_LEN(p->levels)) {
		p->failed = true;
		return;
	}
	const struct str copy = take_name(p, name);
	struct params_level *level = &p->levels[++p->depth];
	level->is_list = is_list;
	level->name = copy;
	level->entries.n = 0;
}

void geode_params_open_list(struct geode_params *p, const char *name)
{
	open_level(p, name, true);
}

void geode_params_open_map(struct geode_params *p, const char *name)
{
	open_level(p, name, false);
}

static struct value close_list(struct geode_params *p, const struct params_level *level)
{
	const uint32_t n = level->entries.n;
	struct value *v = ARENA_ARRAY(&p->arena, struct value, n);

	p->failed |= v == NULL;
	for (uint32_t i = 0; i < n && v != NULL; i++)
		v[i] = level->entries.v[i].value;
	return value_list(v, v != NULL ? n : 0);
}

static struct value close_map(struct geode_params *p, const struct params_level *level)
{
	const uint32_t n = level->entries.n;
	struct map_entry *e = ARENA_ARRAY(&p->arena, struct map_entry, n);

	p->failed |= e == NULL;
	if (e != NULL && n != 0)
		memcpy(e, level->entries.v, n * sizeof e[0]);
	return value_map(e, e != NULL ? n : 0);
}

void geode_params_close(struct geode_params *p)
{
	if (p->depth == 0) {
		p->failed = true;
		return;
	}
	const struct params_level *level = &p->levels[p->depth];
	const struct value v = level->is_list ? close_list(p, level) : close_map(p, level);
	p->depth--;
	add(p, level->name, v);
}
