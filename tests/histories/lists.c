/* Transactions append to lists and read them. */
#include "tests/histories/load.h"
#include "tests/histories/server.h"

static _Atomic uint32_t last_value;

static const char read_one[] = "MATCH (l:List {id: $l}) RETURN l.id, l.v";
static const char read_all[] = "MATCH (l:List) RETURN l.id, l.v";
static const char append_one[] = "MATCH (l:List {id: $l}) SET l.v = l.v || [$x]";

static enum geode_status run(struct geode_session *s, const char *text, uint32_t list, uint32_t x,
			     struct geode_result **ret)
{
	struct geode_params *p = geode_params_new();

	geode_params_int(p, "l", list);
	geode_params_int(p, "x", x);
	enum geode_status st = geode_execute(s, text, p, ret);
	geode_params_free(p);
	return st;
}

static void note_row(struct history *h, const struct geode_result *r)
{
	static _Thread_local uint32_t values[LIST_MAX];
	const struct geode_value *v = geode_result_value(r, 1);
	uint32_t n = geode_value_count(v);

	if (geode_value_kind(v) != GEODE_LIST || n > LIST_MAX)
		die("a list that is none, or has %u values", n);
	for (uint32_t i = 0; i < n; i++)
		values[i] = (uint32_t)geode_value_int(geode_value_at(v, i));
	if (!history_read(h, (uint32_t)geode_value_int(geode_result_value(r, 0)), values, n))
		die("no memory");
}

static enum geode_status read_lists(struct geode_session *s, struct history *h, const char *text,
				    uint32_t list, uint32_t n_want)
{
	struct geode_result *r = NULL;
	uint32_t n = 0;
	enum geode_status st = run(s, text, list, 0, &r);

	while (st == GEODE_OK || st == GEODE_ROW) {
		st = geode_result_next(r);
		if (st == GEODE_ROW) {
			note_row(h, r);
			n++;
		}
	}
	geode_result_free(r);
	if (st == GEODE_END && n != n_want)
		die("%u lists instead of %u", n, n_want);
	return st == GEODE_END ? GEODE_OK : st;
}

static enum geode_status one_op(struct client *c)
{
	struct history *h = &c->history;
	uint32_t list = (uint32_t)rand_below(&c->rand, LISTS);

	switch (rand_below(&c->rand, 8)) {
	case 0:
		return read_lists(c->session, h, read_all, 0, LISTS);
	case 1:
	case 2:
	case 3:
		return read_lists(c->session, h, read_one, list, 1);
	default:
		break;
	}
	uint32_t x = atomic_fetch_add(&last_value, 1) + 1;
	if (!history_append(h, list, x))
		die("no memory");
	return run(c->session, append_one, list, x, NULL);
}

static enum geode_status one_tx(struct client *c)
{
	bool is_auto = rand_below(&c->rand, 3) == 0;
	uint32_t n = is_auto ? 1 : 1 + (uint32_t)rand_below(&c->rand, OPS_MAX);

	if (!history_tx(&c->history, c->id))
		die("no memory");
	enum geode_status st = is_auto ? GEODE_OK : geode_begin(c->session, false);
	for (uint32_t k = 0; k < n && st == GEODE_OK; k++)
		st = one_op(c);
	bool gives_up = !is_auto && st == GEODE_OK && rand_below(&c->rand, 10) == 0;
	if (is_auto || st != GEODE_OK) {
		history_outcome(&c->history, load_outcome(c, st, is_auto));
	} else if (gives_up) {
		st = geode_rollback(c->session);
		history_outcome(&c->history, TX_ABORTED);
	} else {
		st = geode_commit(c->session);
		history_outcome(&c->history, load_outcome(c, st, true));
	}
	if (st == GEODE_FAILED && !is_auto)
		st = geode_rollback(c->session);
	return st;
}

void *lists_run(void *client)
{
	struct client *c = client;

	for (uint32_t i = 0; i < c->n_txs; i++) {
		enum geode_status st = one_tx(c);
		if (load_is_broken(st))
			break;
		load_ended(c);
	}
	load_ended(c);
	return NULL;
}

void lists_make(struct geode_session *s)
{
	for (uint32_t l = 0; l < LISTS; l++)
		if (run(s, "INSERT (:List {id: $l, v: []})", l, 0, NULL) != GEODE_OK)
			die("lists: %s", geode_error_of(s)->message);
}

void lists_read_all(struct geode_session *s, struct history *h)
{
	if (!history_tx(h, UINT32_MAX))
		die("no memory");
	if (read_lists(s, h, read_all, 0, LISTS) != GEODE_OK)
		die("lists: %s", geode_error_of(s)->message);
	history_outcome(h, TX_COMMITTED);
}
