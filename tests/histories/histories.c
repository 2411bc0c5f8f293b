/* Histories over the wire: clients append to lists and move money on a real server, which is killed
 * in the middle and started again; then the history of all of them is checked. What is checked:
 * README.md.
 *
 * GEODE: the program. GEODE_HISTORY_SEED (the time), GEODE_HISTORY_TXS (of one client in one life
 * of the server; 200) and GEODE_HISTORY_LIVES (3) may be set. */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "tests/histories/load.h"
#include "tests/histories/server.h"

#define LIST_CLIENTS 5
#define BANK_CLIENTS 2
#define HOT_CLIENTS 3
#define IDLE_MS 2000
#define CLIENTS (LIST_CLIENTS + BANK_CLIENTS + HOT_CLIENTS + 1) /* and one that audits */

static uint64_t seed;

/* ---- the load -------------------------------------------------------------------------------- */

bool load_is_broken(enum geode_status st)
{
	return st == GEODE_BROKEN;
}

enum outcome load_outcome(struct client *c, enum geode_status st, bool is_end)
{
	const struct geode_error *e = geode_error_of(c->session);

	if (st == GEODE_OK) {
		c->n_committed++;
		return TX_COMMITTED;
	}
	if (st == GEODE_BROKEN)
		return is_end ? TX_UNKNOWN : TX_ABORTED;
	if (strcmp(e->code, "40001") == 0 && e->retry) {
		c->n_conflicts++;
		return TX_ABORTED;
	}
	if (strncmp(e->code, "57", 2) == 0 || strncmp(e->code, "08", 2) == 0) /* it stops */
		return is_end ? TX_UNKNOWN : TX_ABORTED;
	die("client %u: %s %s", c->id, e->code, e->message);
}

static void moved(struct load *l)
{
	pthread_mutex_lock(&l->lock);
	pthread_cond_signal(&l->moved);
	pthread_mutex_unlock(&l->lock);
}

void load_ended(struct client *c)
{
	atomic_fetch_add(&c->load->n_ended, 1);
	moved(c->load);
}

struct start {
	struct client *client;
	client_fn *run;
};

static void *client_run(void *arg)
{
	struct start s = *(struct start *)arg;

	s.run(s.client);
	atomic_fetch_sub(&s.client->load->n_running, s.run != audit_run);
	moved(s.client->load);
	return NULL;
}

static client_fn *role(uint32_t i)
{
	if (i < LIST_CLIENTS)
		return lists_run;
	if (i < LIST_CLIENTS + BANK_CLIENTS)
		return transfers_run;
	return i < CLIENTS - 1 ? hot_run : audit_run;
}

static void start_clients(struct load *l, struct client *clients, struct start *starts,
			  unsigned life, uint32_t n_txs)
{
	for (uint32_t i = 0; i < CLIENTS; i++) {
		struct client *c = &clients[i];
		struct geode_error error;
		*c = (struct client){.load = l, .id = life * CLIENTS + i, .n_txs = n_txs};
		rand_seed(&c->rand, seed + c->id);
		c->session = geode_connect(server.address, &error);
		if (c->session == NULL)
			die("client %u: %s", c->id, error.message);
		starts[i] = (struct start){c, role(i)};
		atomic_fetch_add(&l->n_running, starts[i].run != audit_run);
	}
	for (uint32_t i = 0; i < CLIENTS; i++)
		if (pthread_create(&clients[i].thread, NULL, client_run, &starts[i]) != 0)
			die("cannot start a thread");
}

/* Until so many transactions have ended, or all clients have. */
static void wait_for_load(struct load *l, uint64_t n_ended)
{
	pthread_mutex_lock(&l->lock);
	while (atomic_load(&l->n_ended) < n_ended && atomic_load(&l->n_running) != 0)
		pthread_cond_wait(&l->moved, &l->lock);
	pthread_mutex_unlock(&l->lock);
	atomic_store(&l->stop, n_ended == UINT64_MAX);
}

static void join_clients(struct client *clients, struct history *all)
{
	uint64_t n_committed = 0, n_conflicts = 0;

	for (uint32_t i = 0; i < CLIENTS; i++) {
		pthread_join(clients[i].thread, NULL);
		geode_disconnect(clients[i].session);
		if (!history_join(all, &clients[i].history))
			die("no memory");
		history_free(&clients[i].history);
		n_committed += clients[i].n_committed;
		n_conflicts += clients[i].n_conflicts;
	}
	printf("  %llu transactions committed, %llu lost to others\n",
	       (unsigned long long)n_committed, (unsigned long long)n_conflicts);
	fflush(stdout);
}

/* One life of the server; all but the last end somewhere in the load, by a kill or, each second
 * one, by a stop, which leaves a snapshot. */
static void live(unsigned life, bool is_last, uint32_t n_txs, struct rand *rand,
		 struct history *all)
{
	struct load l = {0};
	struct client clients[CLIENTS];
	struct start starts[CLIENTS];
	uint64_t total = (uint64_t)n_txs * (CLIENTS - 1);

	pthread_mutex_init(&l.lock, NULL);
	pthread_cond_init(&l.moved, NULL);
	start_clients(&l, clients, starts, life, n_txs);
	wait_for_load(&l, is_last ? UINT64_MAX : total / 4 + rand_below(rand, total / 2));
	if (!is_last) { /* the next server's resets tell the clients that theirs is gone */
		server_end(life % 2 == 1);
		server_start();
	}
	join_clients(clients, all);
	pthread_mutex_destroy(&l.lock);
	pthread_cond_destroy(&l.moved);
}

/* Everything that any life was told is there, in an order that snapshot isolation allows. */
static void check_all(struct geode_session *s, struct history *all)
{
	char text[512];

	lists_read_all(s, all);
	bank_check(s);
	hot_check(s);
	all->is_complete = true;
	uint32_t found = history_check(all, text, sizeof text);
	if ((found & A_FORBIDDEN) != 0)
		die("anomalies %x: %s", found, text);
	printf("  %u transactions in the history, %u values%s\n", all->txs.n, all->n_values,
	       (found & A_G2) != 0 ? ", write skew among them, which is allowed" : "");
}

int main(void)
{
	uint32_t n_txs = (uint32_t)number_of("GEODE_HISTORY_TXS", 200);
	unsigned n_lives = (unsigned)number_of("GEODE_HISTORY_LIVES", 3);
	struct history all = {0};
	struct rand rand;

	seed = number_of("GEODE_HISTORY_SEED", (uint64_t)clock_wall_us());
	rand_seed(&rand, seed);
	server_prepare(NULL, IDLE_MS);
	printf("%u lives, GEODE_HISTORY_SEED=%llu\n", n_lives, (unsigned long long)seed);
	fflush(stdout);
	server_start();
	struct geode_session *s = connect_when_ready();
	lists_make(s);
	bank_make(s);
	hot_make(s);
	for (unsigned i = 0; i < n_lives; i++) {
		geode_disconnect(s);
		live(i, i + 1 == n_lives, n_txs, &rand, &all);
		s = connect_when_ready();
		check_all(s, &all);
	}
	geode_disconnect(s);
	server_end(true);
	server_clear();
	history_free(&all);
	return 0;
}
