/* Many statements of their own increment one number: none of them loses, none is lost. */
#include "tests/histories/load.h"
#include "tests/histories/server.h"

static const char increment[] = "MATCH (h:Hot) SET h.n = h.n + 1";

static _Atomic uint64_t n_done, n_open; /* acknowledged; without an answer */

void *hot_run(void *client)
{
	struct client *c = client;

	for (uint32_t i = 0; i < c->n_txs; i++) {
		enum geode_status st = geode_execute(c->session, increment, NULL, NULL);
		enum outcome outcome = load_outcome(c, st, true);
		if (outcome == TX_ABORTED)
			die("a statement of its own has lost: %s",
			    geode_error_of(c->session)->code);
		atomic_fetch_add(outcome == TX_COMMITTED ? &n_done : &n_open, 1);
		if (load_is_broken(st))
			break;
		load_ended(c);
	}
	load_ended(c);
	return NULL;
}

void hot_make(struct geode_session *s)
{
	if (geode_execute(s, "INSERT (:Hot {n: 0})", NULL, NULL) != GEODE_OK)
		die("hot: %s", geode_error_of(s)->message);
}

void hot_check(struct geode_session *s)
{
	uint64_t done = atomic_load(&n_done), open = atomic_load(&n_open);
	struct geode_result *r = NULL;

	if (geode_execute(s, "MATCH (h:Hot) RETURN h.n", NULL, &r) != GEODE_OK ||
	    geode_result_next(r) != GEODE_ROW)
		die("hot: %s", geode_error_of(s)->message);
	uint64_t n = (uint64_t)geode_value_int(geode_result_value(r, 0));
	geode_result_free(r);
	if (n < done || n > done + open)
		die("%llu increments, of which %llu are not known; the number is %llu",
		    (unsigned long long)(done + open), (unsigned long long)open,
		    (unsigned long long)n);
}
