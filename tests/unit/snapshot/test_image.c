/* A store saved under a view and loaded into an empty one is the same store. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/file.h"
#include "base/hash.h"
#include "snapshot/load.h"
#include "snapshot/save.h"
#include "store/image.h"

#define N_NODES 10000
#define N_EDGES 40000

static char dir[64], path[256];
static elem_id nodes[N_NODES]; /* ids are not dense: each set of labels has chunks of its own */

static int make_dir(void **state)
{
	snprintf(dir, sizeof dir, "/tmp/geode-test-XXXXXX");
	return mkdtemp(dir) != NULL ? 0 : -1;
}

static int remove_dir(void **state)
{
	char cmd[128];
	snprintf(cmd, sizeof cmd, "rm -rf '%s'", dir);
	return system(cmd);
}

struct names {
	name_id person, city, knows, lives, key[4];
};

static name_id name_of(struct store *s, enum name_kind kind, const char *text)
{
	name_id id;
	assert_int_equal(image_name(s, kind, str_of(text), &id), ST_OK);
	return id;
}

static struct names names_of(struct store *s)
{
	return (struct names){
	    .person = name_of(s, NAME_LABEL, "Person"),
	    .city = name_of(s, NAME_LABEL, "City"),
	    .knows = name_of(s, NAME_TYPE, "KNOWS"),
	    .lives = name_of(s, NAME_TYPE, "LIVES_IN"),
	    .key = {name_of(s, NAME_KEY, "id"), name_of(s, NAME_KEY, "name"),
		    name_of(s, NAME_KEY, "weight"), name_of(s, NAME_KEY, "mixed")},
	};
}

static uint32_t props_of(const struct names *n, uint64_t i, char text[32], struct prop out[4])
{
	uint32_t k = 0;
	snprintf(text, 32, "number %llu", (unsigned long long)i);
	out[k++] = (struct prop){n->key[0], value_int((int64_t)i)};
	if (i % 2 == 0)
		out[k++] = (struct prop){n->key[1], value_str(str_of(text))};
	if (i % 3 == 0)
		out[k++] = (struct prop){n->key[2], value_float((double)i / 4)};
	if (i % 5 == 0)
		out[k++] = (struct prop){n->key[3],
					 i % 10 == 0 ? value_bool(true) : value_str(str_of(text))};
	return k;
}

static void build(struct store *s)
{
	struct names n = names_of(s);
	struct graph *g = store_graph_default(s);
	struct prop props[4];
	char text[32];
	struct rand r;
	elem_id id;
	rand_seed(&r, 5);
	assert_int_equal(image_index(g, STR("person_id"), n.person, n.key[0]), ST_OK);
	for (uint64_t i = 0; i < N_NODES; i++) {
		name_id labels[] = {i % 7 == 0 ? n.city : n.person, n.city};
		uint32_t n_props = props_of(&n, i, text, props);
		assert_int_equal(
		    image_add_node(g, labels, i % 11 == 0 ? 2 : 1, props, n_props, &id), ST_OK);
	}
	for (uint64_t i = 0; i < N_EDGES; i++) {
		uint32_t n_props = i % 4 == 0 ? props_of(&n, i, text, props) : 0;
		assert_int_equal(image_add_edge(g, i % 3 == 0 ? n.lives : n.knows,
						nodes[rand_below(&r, 5000)],
						nodes[rand_below(&r, 5000)], props, n_props, &id),
				 ST_OK);
	}
	assert_int_equal(image_end(s), ST_OK);
}

static void open_view(struct store *s, struct view *v)
{
	*v = (struct view){.read_lsn = 1};
	assert_int_equal(epoch_open(store_epochs(s), &v->slot), ST_OK);
	epoch_set_read_lsn(v->slot, 1);
}

static enum status save(struct store *s)
{
	struct snapshot_meta meta = {.epoch = 1, .lsn = 1};
	struct snapshot_writer *w;
	struct view v;
	char name[SNAPSHOT_NAME_MAX];
	snapshot_name(1, 1, meta.run_id, name);
	assert_true(file_join(path, sizeof path, dir, name));
	TRY(snapshot_writer_new(dir, &meta, &w));
	open_view(s, &v);
	enum status st = snapshot_save(w, s, &v, NULL, NULL);
	epoch_close(v.slot);
	if (st == ST_OK)
		st = snapshot_writer_sync(w);
	if (st == ST_OK)
		st = snapshot_writer_publish(w);
	snapshot_writer_free(w);
	return st;
}

static enum status load(struct store **ret)
{
	struct snapshot_meta meta;
	const char *why;
	TRY(store_new(ret));
	enum status st = snapshot_load(path, *ret, &meta, &why);
	if (st != ST_OK)
		store_free(*ret);
	return st;
}

static void same_value(struct value a, struct value b)
{
	assert_int_equal(a.kind, b.kind);
	if (a.kind == V_STRING) {
		assert_int_equal(a.n, b.n);
		assert_memory_equal(a.s, b.s, a.n);
	} else if (a.kind == V_BOOL) {
		assert_int_equal(a.b, b.b);
	} else if (a.kind != V_NULL) {
		assert_int_equal(a.i, b.i); /* the bits of a float too */
	}
}

static void same_node(struct graph *a, const struct view *va, struct graph *b,
		      const struct view *vb, elem_id id, const name_id keys[4])
{
	name_id la[GRAPH_LABELS_MAX], lb[GRAPH_LABELS_MAX];
	unsigned n = graph_node_labels(a, va, id, la);
	assert_int_equal(graph_node_exists(b, vb, id), graph_node_exists(a, va, id));
	assert_int_equal(graph_node_labels(b, vb, id, lb), n);
	assert_memory_equal(la, lb, n * sizeof la[0]);
	for (unsigned k = 0; k < 4; k++)
		same_value(graph_node_prop(a, va, id, keys[k]),
			   graph_node_prop(b, vb, id, keys[k]));
	for (unsigned d = ADJ_OUT; d <= ADJ_IN; d++)
		for (name_id type = 0; type < 2; type++)
			assert_int_equal(adj_degree(a, va, id, (enum adj_dir)d, type),
					 adj_degree(b, vb, id, (enum adj_dir)d, type));
}

static void same_store(struct store *a, struct store *b)
{
	struct graph *ga = store_graph_default(a), *gb = store_graph_default(b);
	struct names n = names_of(a), m = names_of(b);
	struct view va, vb;
	assert_memory_equal(&n, &m, sizeof n);
	open_view(a, &va);
	open_view(b, &vb);
	assert_int_equal(graph_count_nodes(gb, NAME_NONE), N_NODES);
	assert_int_equal(graph_count_nodes(gb, n.city), graph_count_nodes(ga, n.city));
	assert_int_equal(graph_count_edges(gb, NAME_NONE), N_EDGES);
	assert_int_equal(graph_count_edges(gb, n.lives), graph_count_edges(ga, n.lives));
	for (elem_id id = 0; id < 10 * 4096; id++) /* with ids that nobody has */
		same_node(ga, &va, gb, &vb, id, n.key);
	struct edge_scan sa, sb;
	elem_id ea, eb, fa, fb, ta, tb;
	edge_scan_init(&sa, ga, &va, NAME_NONE);
	edge_scan_init(&sb, gb, &vb, NAME_NONE);
	while (edge_scan_next(&sa, &ea, &fa, &ta, 1) == 1) {
		assert_int_equal(edge_scan_next(&sb, &eb, &fb, &tb, 1), 1);
		assert_true(ea == eb && fa == fb && ta == tb);
		for (unsigned k = 0; k < 4; k++)
			same_value(graph_edge_prop(ga, &va, ea, n.key[k]),
				   graph_edge_prop(gb, &vb, eb, n.key[k]));
	}
	assert_int_equal(edge_scan_next(&sb, &eb, &fb, &tb, 1), 0);
	assert_non_null(graph_index_find(gb, &vb, n.person, n.key[0]));
	epoch_close(va.slot);
	epoch_close(vb.slot);
}

static void a_store_comes_back(void **state)
{
	struct store *s, *t, *u;
	assert_int_equal(store_new(&s), ST_OK);
	build(s);
	assert_int_equal(save(s), ST_OK);
	assert_int_equal(load(&t), ST_OK);
	same_store(s, t);
	assert_int_equal(save(t), ST_OK); /* a second generation */
	assert_int_equal(load(&u), ST_OK);
	same_store(s, u);
	store_free(s);
	store_free(t);
	store_free(u);
}

static void an_empty_store_comes_back(void **state)
{
	struct store *s, *t;
	assert_int_equal(store_new(&s), ST_OK);
	assert_int_equal(save(s), ST_OK);
	assert_int_equal(load(&t), ST_OK);
	assert_int_equal(graph_count_nodes(store_graph_default(t), NAME_NONE), 0);
	store_free(s);
	store_free(t);
}

static void damage_ends_the_load(void **state)
{
	struct store *s, *t;
	char *bytes;
	size_t n;
	struct rand r;
	assert_int_equal(store_new(&s), ST_OK);
	build(s);
	assert_int_equal(save(s), ST_OK);
	store_free(s);
	rand_seed(&r, 3);
	assert_int_equal(file_read_all(path, 64u << 20, &bytes, &n), ST_OK);
	for (int i = 0; i < 10; i++) {
		uint64_t at = rand_below(&r, n);
		bytes[at] ^= 1;
		assert_int_equal(file_write_atomic(path, bytes, n, 0600), ST_OK);
		assert_int_equal(load(&t), ST_CORRUPT);
		bytes[at] ^= 1;
	}
	mem_free(MEM_OTHER, bytes, n + 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(a_store_comes_back, make_dir, remove_dir),
	    cmocka_unit_test_setup_teardown(an_empty_store_comes_back, make_dir, remove_dir),
	    cmocka_unit_test_setup_teardown(damage_ends_the_load, make_dir, remove_dir),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
