/* Money moves between accounts; whoever looks at all of them finds what there was at the start. */
#include "tests/histories/load.h"
#include "tests/histories/server.h"

static const char make_one[] = "INSERT (:Account {id: $a, n: $x})";
static const char read_one[] = "MATCH (a:Account {id: $a}) RETURN a.id, a.n";
static const char write_one[] = "MATCH (a:Account {id: $a}) SET a.n = $x";
static const char read_rows[] = "MATCH (a:Account) RETURN a.id, a.n";
static const char read_sum[] = "MATCH (a:Account) RETURN count(*), sum(a.n)";
static const char transfer[] =
    "MATCH (a:Account {id: $a}), (b:Account {id: $b}) SET a.n = a.n - $x, b.n = b.n + $x";

/* Rows of two numbers: the first is counted or summed up, the second summed up. */
struct sums {
	uint64_t n_rows;
	int64_t first, second;
};

static enum geode_status run(struct geode_session *s, const char *text, const int64_t args[3],
			     struct sums *ret)
{
	struct geode_params *p = geode_params_new();
	struct geode_result *r = NULL;

	geode_params_int(p, "a", args[0]);
	geode_params_int(p, "b", args[1]);
	geode_params_int(p, "x", args[2]);
	enum geode_status st = geode_execute(s, text, p, ret != NULL ? &r : NULL);
	geode_params_free(p);
	if (ret == NULL || st != GEODE_OK)
		return st;
	*ret = (struct sums){0};
	while ((st = geode_result_next(r)) == GEODE_ROW) {
		ret->n_rows++;
		ret->first += geode_value_int(geode_result_value(r, 0));
		ret->second += geode_value_int(geode_result_value(r, 1));
	}
	geode_result_free(r);
	return st == GEODE_END ? GEODE_OK : st;
}

static enum geode_status step_by_step(struct client *c, const int64_t args[3])
{
	struct geode_session *s = c->session;
	struct sums from = {0}, to = {0};

	enum geode_status st = geode_begin(s, false);
	if (st == GEODE_OK)
		st = run(s, read_one, (int64_t[]){args[0], 0, 0}, &from);
	if (st == GEODE_OK)
		st = run(s, read_one, (int64_t[]){args[1], 0, 0}, &to);
	if (st == GEODE_OK)
		st = run(s, write_one, (int64_t[]){args[0], 0, from.second - args[2]}, NULL);
	if (st == GEODE_OK)
		st = run(s, write_one, (int64_t[]){args[1], 0, to.second + args[2]}, NULL);
	bool is_end = st == GEODE_OK;
	if (is_end)
		st = geode_commit(s);
	(void)load_outcome(c, st, is_end);
	return st == GEODE_FAILED ? geode_rollback(s) : st;
}

void *transfers_run(void *client)
{
	struct client *c = client;

	for (uint32_t i = 0; i < c->n_txs; i++) {
		int64_t from = (int64_t)rand_below(&c->rand, ACCOUNTS);
		int64_t to = (from + 1 + (int64_t)rand_below(&c->rand, ACCOUNTS - 1)) % ACCOUNTS;
		int64_t args[] = {from, to, (int64_t)rand_below(&c->rand, 1000)};
		enum geode_status st;
		if (rand_below(&c->rand, 2) == 0) {
			st = step_by_step(c, args);
		} else {
			st = run(c->session, transfer, args, NULL);
			(void)load_outcome(c, st, true);
		}
		if (load_is_broken(st))
			break;
		load_ended(c);
	}
	load_ended(c);
	return NULL;
}

static void check_sums(const char *what, struct sums rows, struct sums sum)
{
	const int64_t all = (int64_t)ACCOUNTS * START_BALANCE;

	if (rows.n_rows != ACCOUNTS || rows.second != all)
		die("%s: %llu accounts with %lld", what, (unsigned long long)rows.n_rows,
		    (long long)rows.second);
	if (sum.first != ACCOUNTS || sum.second != all)
		die("%s: the sum of %lld accounts is %lld", what, (long long)sum.first,
		    (long long)sum.second);
}

static enum geode_status look(struct geode_session *s, const char *what)
{
	static const int64_t none[3];
	struct sums rows, sum;

	enum geode_status st = run(s, read_rows, none, &rows);
	if (st == GEODE_OK)
		st = run(s, read_sum, none, &sum);
	if (st == GEODE_OK)
		check_sums(what, rows, sum);
	return st;
}

/* One statement after the other, and twice within one view. */
void *audit_run(void *client)
{
	struct client *c = client;
	struct geode_session *s = c->session;
	enum geode_status st = GEODE_OK;

	while (st == GEODE_OK && !atomic_load(&c->load->stop)) {
		st = look(s, "statements");
		if (st == GEODE_OK)
			st = geode_begin(s, true);
		for (int times = 0; times < 2 && st == GEODE_OK; times++)
			st = look(s, "a view");
		if (st == GEODE_OK)
			st = geode_commit(s);
		c->n_committed += st == GEODE_OK;
	}
	if (st != GEODE_OK)
		(void)load_outcome(c, st, true);
	return NULL;
}

void bank_make(struct geode_session *s)
{
	for (int64_t i = 0; i < ACCOUNTS; i++)
		if (run(s, make_one, (int64_t[]){i, 0, START_BALANCE}, NULL) != GEODE_OK)
			die("bank: %s", geode_error_of(s)->message);
}

void bank_check(struct geode_session *s)
{
	if (look(s, "after the load") != GEODE_OK)
		die("bank: %s", geode_error_of(s)->message);
}
