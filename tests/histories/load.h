/* Clients that put a server under load, each with a session of its own. */
#ifndef TESTS_HISTORIES_LOAD_H
#define TESTS_HISTORIES_LOAD_H

#include <pthread.h>
#include <stdatomic.h>

#include "base/hash.h"
#include "client/geode.h"
#include "tests/histories/history.h"

#define LISTS 6
#define ACCOUNTS 8
#define START_BALANCE 100
#define OPS_MAX 4
#define LIST_MAX 20000 /* values of one list */

struct load {			    /* of one life of the server */
	_Atomic uint64_t n_ended;   /* transactions that got an answer */
	_Atomic uint32_t n_running; /* clients that end by themselves */
	_Atomic bool stop;
	pthread_mutex_t lock;
	pthread_cond_t moved; /* one of the counters has */
};

struct client {
	struct load *load;
	pthread_t thread;
	struct geode_session *session;
	struct rand rand;
	uint32_t id, n_txs; /* how many it runs at most */
	struct history history;
	uint64_t n_committed, n_conflicts;
};

/* How a statement or the end of a transaction went. An error that no load should meet ends the
 * test. is_end: with it the transaction ends, so that a broken connection leaves its outcome open.
 */
enum outcome load_outcome(struct client *c, enum geode_status st, bool is_end);
bool load_is_broken(enum geode_status st);
void load_ended(struct client *c); /* a transaction has got its answer */

typedef void *client_fn(void *client);
/* Threads; they end by themselves after n_txs transactions or when the server is gone. */
client_fn lists_run, transfers_run, hot_run;
client_fn audit_run; /* until the load stops */

void lists_make(struct geode_session *s);
void lists_read_all(struct geode_session *s, struct history *h);
void bank_make(struct geode_session *s);
void bank_check(struct geode_session *s);
void hot_make(struct geode_session *s);
void hot_check(struct geode_session *s);

#endif
