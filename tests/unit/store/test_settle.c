#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>

#include <cmocka.h>
#include <sched.h>

#include "base/thread.h"
#include "store/image.h"
#include "store/settle.h"
#include "store/store_int.h"
#include "store/write.h"

/* One store; edges are added without versions, as recovery does. */
struct fixture {
	struct store *s;
	struct graph *g;
	struct writer w;
	struct view all;
	name_id types[2];
	struct settle at;
};

static void open_fixture(struct fixture *f)
{
	*f = (struct fixture){.all = {.read_lsn = UINT64_MAX - 1}, .at = SETTLE_BEGIN};
	assert_int_equal(store_new(&f->s), ST_OK);
	f->g = store_graph_default(f->s);
	f->w = (struct writer){.store = f->s, .view = &f->all};
	assert_int_equal(store_name_add(f->s, NAME_TYPE, STR("S"), &f->types[0]), ST_OK);
	assert_int_equal(store_name_add(f->s, NAME_TYPE, STR("T"), &f->types[1]), ST_OK);
}

static void close_fixture(struct fixture *f)
{
	store_free(f->s);
	assert_int_equal(mem_used(MEM_GRAPH) + mem_used(MEM_UNDO) + mem_used(MEM_OTHER), 0);
}

static void add_nodes(struct fixture *f, uint32_t n)
{
	elem_id id;

	for (uint32_t i = 0; i < n; i++) {
		assert_int_equal(store_node_create(&f->w, f->g, NULL, 0, NULL, 0, ELEM_NONE, &id),
				 ST_OK);
		assert_int_equal(id, i);
	}
}

static elem_id add_edge(struct fixture *f, unsigned type, elem_id from, elem_id to)
{
	elem_id id;

	assert_int_equal(
	    store_edge_create(&f->w, f->g, f->types[type], from, to, NULL, 0, ELEM_NONE, &id),
	    ST_OK);
	return id;
}

/* A graph with blocks of all lengths, and a hub: what is to be added, in this order. */
#define HUB_DEGREE (4 * PACK_BLOCK_MAX / 8)

static struct planned {
	uint32_t type, from, to;
} plan[450000];
static uint32_t n_planned;

static void make_plan(uint32_t n, uint32_t hub_degree)
{
	n_planned = 0;
	for (uint32_t k = 0; k < 90; k++)
		for (uint32_t i = 0; i < n; i++)
			if (k < i % 90)
				plan[n_planned++] =
				    (struct planned){k % 7 == 0, i, (i * 31 + k * 17) % n};
	for (uint32_t k = 0; k < hub_degree; k++)
		plan[n_planned++] = (struct planned){0, 7, 8};
}

static void grow(struct fixture *f)
{
	for (uint32_t i = 0; i < n_planned; i++)
		add_edge(f, plan[i].type, plan[i].from, plan[i].to);
}

static void build(struct fixture *f, uint64_t entries_max)
{
	elem_id id;

	for (uint32_t i = 0; i < n_planned; i++)
		assert_int_equal(image_add_edge(f->g, f->types[plan[i].type], plan[i].from,
						plan[i].to, NULL, 0, &id),
				 ST_OK);
	assert_int_equal(build_adjacency(f->g, entries_max), ST_OK);
}

static uint64_t load_durable(void *ctx)
{
	(void)ctx;
	return UINT64_MAX - 1;
}

static void collect(struct fixture *f)
{
	for (unsigned i = 0; i < 3; i++)
		(void)epoch_collect(&f->s->epochs, load_durable, NULL);
}

/* A whole pass, with collection between its slices. */
static uint32_t pass(struct fixture *f)
{
	uint32_t n = 1;

	for (; store_settle(f->s, &f->at); n++)
		collect(f);
	collect(f);
	return n;
}

static uint64_t fingerprint(struct fixture *f, uint32_t n)
{
	uint64_t h = 0;
	struct adj_cursor c;
	struct adj_slice s;

	for (uint32_t i = 0; i < n; i++) {
		for (unsigned k = 0; k < 4; k++) {
			adj_open(&c, f->g, &f->all, i, k % 2, f->types[k / 2]);
			while (adj_next(&c, &s))
				for (uint32_t j = 0; j < s.n; j++)
					h = h * 31 + s.nodes[j] * UINT64_C(7919) + s.edges[j];
			h = h * 31 + k;
		}
	}
	return h;
}

static struct block *block_of(struct fixture *f, elem_id node, enum adj_dir dir, unsigned type)
{
	struct table *t = atomic_load(&chunk_of(f->g, ELEM_NODE, node)->table);

	return adj_find(atomic_load(&t->adj[slot_of(node)].dir[dir]), f->types[type]);
}

/* ---- loading ------------------------------------------------------------------------------------
 */

/* In one part and in many; so many edges that each direction has its thread. */
static void a_built_graph_is_as_one_that_grew(void **state)
{
	enum { N = 9000 };
	static const uint64_t parts[] = {UINT64_MAX, 1000};
	struct fixture f, built;

	(void)state;
	make_plan(N, 0);
	open_fixture(&f);
	add_nodes(&f, N);
	grow(&f);
	assert_true(n_planned > BUILD_THREAD_MIN);
	for (unsigned i = 0; i < ARRAY_LEN(parts); i++) {
		open_fixture(&built);
		add_nodes(&built, N);
		build(&built, parts[i]);
		assert_int_equal(fingerprint(&built, N), fingerprint(&f, N));
		for (unsigned type = 0; type < 2; type++)
			assert_int_equal(
			    graph_count_ends(built.g, NAME_NONE, built.types[type], ADJ_IN),
			    graph_count_ends(f.g, NAME_NONE, f.types[type], ADJ_IN));
		store_free(built.s);
	}
	close_fixture(&f);
}

static void an_edge_without_a_node_is_refused(void **state)
{
	struct fixture f;
	elem_id id;

	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		open_fixture(&f);
		add_nodes(&f, 10);
		assert_int_equal(
		    image_add_edge(f.g, f.types[0], 3, i == 0 ? 10 : 5000, NULL, 0, &id), ST_OK);
		assert_int_equal(build_adjacency(f.g, BUILD_ENTRIES_MIN), ST_CORRUPT);
		close_fixture(&f);
	}
}

static void building_meets_every_lack_of_memory(void **state)
{
	enum status st = ST_NOMEM;
	struct fixture f;
	elem_id id;

	(void)state;
	for (uint64_t nth = 1; st == ST_NOMEM; nth++) {
		open_fixture(&f);
		add_nodes(&f, 100);
		for (uint32_t i = 0; i < 3000; i++)
			assert_int_equal(
			    image_add_edge(f.g, f.types[i % 2], i % 100, i % 3, NULL, 0, &id),
			    ST_OK);
		(void)mem_fail_nth(nth, false);
		st = build_adjacency(f.g, 500);
		(void)mem_fail_nth(0, false);
		if (st != ST_NOMEM)
			assert_int_equal(st, ST_OK);
		close_fixture(&f);
	}
}

/* ---- settling -----------------------------------------------------------------------------------
 */

static void a_quiet_graph_comes_to_the_size_of_a_loaded_one(void **state)
{
	enum { N = 5000 };
	struct fixture f;

	(void)state;
	make_plan(N, HUB_DEGREE);
	open_fixture(&f);
	add_nodes(&f, N);
	build(&f, BUILD_ENTRIES_MIN);
	collect(&f);
	uint64_t loaded = mem_used(MEM_GRAPH), content = fingerprint(&f, N);
	close_fixture(&f);

	open_fixture(&f);
	add_nodes(&f, N);
	grow(&f);
	collect(&f);
	uint64_t grown = mem_used(MEM_GRAPH);
	assert_int_equal(pass(&f), 1); /* it has only been looked at */
	assert_int_equal(mem_used(MEM_GRAPH), grown);
	assert_true(pass(&f) > 10); /* in slices */
	assert_true(grown > loaded + loaded / 20);
	assert_true(mem_used(MEM_GRAPH) < loaded + loaded / 100);
	assert_int_equal(fingerprint(&f, N), content);
	struct block *hub = block_of(&f, 7, ADJ_OUT, 0), *small = block_of(&f, 89, ADJ_OUT, 0);
	assert_null(block_pack(hub));
	assert_int_equal(hub->cap, block_n(hub));
	assert_non_null(block_pack(small));
	assert_int_equal(small->cap, block_n(small));
	assert_int_equal(f.s->settling_bytes, 0);
	assert_int_equal(pass(&f), 1); /* nothing is left to do */
	close_fixture(&f);
}

static void open_small(struct fixture *f, uint32_t n)
{
	make_plan(n, 0);
	open_fixture(f);
	add_nodes(f, n);
	grow(f);
	collect(f);
}

static void a_chunk_that_changes_is_left_alone(void **state)
{
	struct fixture f;

	(void)state;
	open_small(&f, 200);
	for (unsigned i = 0; i < 4; i++) {
		(void)pass(&f);
		uint32_t n = block_of(&f, i, ADJ_IN, 0)->cap;
		for (uint32_t k = 0; k <= n; k++) /* until the block has grown */
			add_edge(&f, 0, 100, i);
	}
	assert_null(block_pack(block_of(&f, 50, ADJ_OUT, 0)));
	(void)pass(&f);
	(void)pass(&f);
	assert_non_null(block_pack(block_of(&f, 50, ADJ_OUT, 0)));
	close_fixture(&f);
}

static void a_few_changes_are_not_worth_a_look(void **state)
{
	struct fixture f;

	(void)state;
	open_fixture(&f);
	add_nodes(&f, 200);
	add_edge(&f, 0, 1, 2);
	for (unsigned i = 0; i < 3; i++)
		(void)pass(&f);
	assert_null(block_pack(block_of(&f, 1, ADJ_OUT, 0)));
	close_fixture(&f);
}

static void settle(struct fixture *f)
{
	(void)pass(f);
	(void)pass(f);
}

static bool is_half_gone(const struct pack *p)
{
	return p->n_held <= p->n_made / 2;
}

/* A block that grows leaves its pack. What is left in a pack moves on when half of it is gone. */
static void packed_blocks_grow_and_packs_go(void **state)
{
	enum { N = 600 };
	struct fixture f;

	(void)state;
	open_small(&f, N);
	settle(&f);
	uint64_t settled = mem_used(MEM_GRAPH);
	for (uint32_t i = 0; i < 2 * N; i++)
		if (i % 8 > 1)
			add_edge(&f, i % 2, i / 2, (i / 2 + 1) % N);
	collect(&f);
	uint64_t content = fingerprint(&f, N);
	assert_null(block_pack(block_of(&f, 2, ADJ_OUT, 0)));
	assert_true(is_half_gone(block_pack(block_of(&f, 400, ADJ_OUT, 0))));
	settle(&f);
	assert_int_equal(fingerprint(&f, N), content);
	for (uint32_t i = 0; i < N; i++)
		for (unsigned dir = 0; dir < 2; dir++) {
			const struct block *b = block_of(&f, i, (enum adj_dir)dir, 0);
			assert_true(b == NULL || !is_half_gone(block_pack(b)));
		}
	assert_true(mem_used(MEM_GRAPH) < settled + settled / 10);
	close_fixture(&f);
}

/* Stamps say what a view sees: a block that has some stays where it is until they have gone. */
static void a_block_with_versions_waits(void **state)
{
	struct fixture f;

	(void)state;
	open_small(&f, 200);
	struct chunk *c = chunk_of(f.g, ELEM_NODE, 0);
	struct block *b = block_of(&f, 50, ADJ_OUT, 0);
	assert_int_equal(adj_stamps(c, b), ST_OK);
	settle(&f);
	assert_ptr_equal(block_of(&f, 50, ADJ_OUT, 0), b);
	assert_non_null(block_pack(block_of(&f, 51, ADJ_OUT, 0)));
	adj_clean(c, 50, ADJ_OUT, f.types[0]); /* no stamp is left in them: they go */
	(void)pass(&f);
	assert_non_null(block_pack(block_of(&f, 50, ADJ_OUT, 0)));
	close_fixture(&f);
}

/* Nothing is settled beyond the limit while a reader may see what was replaced. */
static void a_reader_holds_it_up(void **state)
{
	enum { N = 9000 };
	struct fixture f;
	struct epoch_slot *reader;

	(void)state;
	open_small(&f, N);
	(void)pass(&f);
	assert_int_equal(epoch_open(&f.s->epochs, &reader), ST_OK);
	uint32_t n = 0;
	for (uint64_t waiting = UINT64_MAX; f.s->settling_bytes != waiting; n++) {
		waiting = f.s->settling_bytes;
		(void)store_settle(f.s, &f.at);
		collect(&f);
	}
	assert_true(n < 10000);
	assert_true(f.s->settling_bytes >= (N * 44 * 16) / 2 ||
		    f.s->settling_bytes >= SETTLE_WAITING_MAX);
	assert_true(f.s->settling_bytes < SETTLE_WAITING_MAX + 2 * SETTLE_BYTES);
	epoch_close(reader);
	collect(&f);
	assert_int_equal(f.s->settling_bytes, 0);
	close_fixture(&f);
}

static void without_memory_everything_stays(void **state)
{
	struct fixture f;
	uint64_t content = 0;

	(void)state;
	for (uint64_t nth = 1; nth < 8; nth++) {
		open_small(&f, 300);
		content = fingerprint(&f, 300);
		(void)pass(&f);
		(void)mem_fail_nth(nth, true);
		(void)pass(&f);
		(void)mem_fail_nth(0, false);
		assert_int_equal(fingerprint(&f, 300), content);
		settle(&f);
		assert_non_null(block_pack(block_of(&f, 51, ADJ_OUT, 0)));
		assert_int_equal(fingerprint(&f, 300), content);
		close_fixture(&f);
	}
}

/* ---- beside readers and a writer ----------------------------------------------------------------
 */

#define BESIDE_NODES 400 /* of each of the two chunks */
#define BESIDE_TURNS 20
#define BESIDE_ROUNDS 20 /* of a turn at most */
#define BESIDE_READERS 2

struct beside {
	struct fixture f;
	struct thread writer, readers[BESIDE_READERS];
	_Atomic bool stop;
	_Atomic uint32_t turn;	  /* the writer adds to its chunk, and then to the other one */
	_Atomic uint32_t n_wrote; /* turns in which it did */
};

static void check(bool ok, const char *what)
{
	if (!ok)
		bug("tests/unit/store/test_settle.c", 0, what);
}

/* Entry k of a node: no two are alike. */
static uint32_t entry(elem_id node, uint32_t k)
{
	return (uint32_t)node * 65536 + k;
}

static void append_some(struct beside *b, uint32_t i_chunk, uint32_t round)
{
	struct chunk *c = chunk_of(b->f.g, ELEM_NODE, (elem_id)i_chunk << CHUNK_SHIFT);

	for (uint32_t slot = 0; slot < BESIDE_NODES; slot++) {
		uint32_t n = 1 + (slot + round) % 3, at;
		latch_lock(&c->latch);
		for (uint32_t k = 0; k < n; k++) {
			struct table *t = atomic_load(&c->table);
			struct block *old =
			    adj_find(atomic_load(&t->adj[slot].dir[ADJ_OUT]), b->f.types[slot % 2]);
			uint32_t i = old != NULL ? block_n(old) : 0;
			check(adj_append(c, slot, ADJ_OUT, b->f.types[slot % 2],
					 entry(c->base + slot, i), entry(c->base + slot, i), NULL,
					 &at) == ST_OK,
			      "an entry is appended");
		}
		latch_unlock(&c->latch);
	}
}

static void write_beside(void *arg)
{
	struct beside *b = arg;
	uint32_t last = UINT32_MAX, n = 0;

	while (!atomic_load(&b->stop)) {
		uint32_t turn = atomic_load(&b->turn);
		n = turn == last ? n + 1 : 0;
		last = turn;
		if (n < BESIDE_ROUNDS)
			append_some(b, turn % 2, turn + n);
		else
			sched_yield();
		atomic_store(&b->n_wrote, turn + 1);
	}
}

static void read_beside(void *arg)
{
	struct beside *b = arg;
	uint64_t last[2] = {0};

	while (!atomic_load(&b->stop)) {
		struct epoch_slot *e;
		check(epoch_open(&b->f.s->epochs, &e) == ST_OK, "an epoch");
		for (uint32_t i = 0; i < 2 * BESIDE_NODES; i++) {
			elem_id node = (elem_id)(i % 2) << CHUNK_SHIFT | i / 2;
			struct adj_cursor c;
			struct adj_slice s;
			uint32_t k = 0;
			adj_open(&c, b->f.g, &b->f.all, node, ADJ_OUT, NAME_NONE);
			for (; adj_next(&c, &s);)
				for (uint32_t j = 0; j < s.n; j++, k++)
					check(s.nodes[j] == entry(node, k) &&
						  s.edges[j] == entry(node, k),
					      "an entry stays where it is");
			if (i < 2) {
				check(k >= last[i], "no entry goes");
				last[i] = k;
			}
		}
		epoch_close(e);
	}
}

static bool is_settled(struct beside *b, uint32_t i_chunk)
{
	struct chunk *c = space_chunk(&b->f.g->spaces[ELEM_NODE], i_chunk);

	return atomic_load(&c->n_changes) - c->changes_settled < SETTLE_CHANGES_MIN;
}

/* The collecting thread is this one. Each turn the writer adds to one chunk until what it wrote to
 * the other one in the turn before is settled. */
static void readers_and_writers_do_not_notice(void **state)
{
	struct beside b = {0};
	elem_id id;

	(void)state;
	open_fixture(&b.f);
	for (uint32_t i = 0; i < CHUNK_SLOTS + BESIDE_NODES; i++)
		assert_int_equal(store_node_create(&b.f.w, b.f.g, NULL, 0, NULL, 0, ELEM_NONE, &id),
				 ST_OK);
	for (unsigned i = 0; i < BESIDE_READERS; i++)
		assert_int_equal(thread_start(&b.readers[i], "reader", read_beside, &b), ST_OK);
	assert_int_equal(thread_start(&b.writer, "writer", write_beside, &b), ST_OK);
	for (uint32_t turn = 0; turn < BESIDE_TURNS;) {
		(void)store_settle(b.f.s, &b.f.at);
		(void)epoch_collect(&b.f.s->epochs, load_durable, NULL);
		if (atomic_load(&b.n_wrote) > turn && is_settled(&b, 1 - turn % 2))
			atomic_store(&b.turn, ++turn);
	}
	atomic_store(&b.stop, true);
	thread_join(&b.writer);
	for (unsigned i = 0; i < BESIDE_READERS; i++)
		thread_join(&b.readers[i]);
	for (uint32_t i = 0; i < 2; i++)
		assert_true(space_chunk(&b.f.g->spaces[ELEM_NODE], i)->changes_settled > 0);
	close_fixture(&b.f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_built_graph_is_as_one_that_grew),
	    cmocka_unit_test(an_edge_without_a_node_is_refused),
	    cmocka_unit_test(building_meets_every_lack_of_memory),
	    cmocka_unit_test(a_quiet_graph_comes_to_the_size_of_a_loaded_one),
	    cmocka_unit_test(a_chunk_that_changes_is_left_alone),
	    cmocka_unit_test(a_few_changes_are_not_worth_a_look),
	    cmocka_unit_test(packed_blocks_grow_and_packs_go),
	    cmocka_unit_test(a_block_with_versions_waits),
	    cmocka_unit_test(a_reader_holds_it_up),
	    cmocka_unit_test(without_memory_everything_stays),
	    cmocka_unit_test(readers_and_writers_do_not_notice),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
