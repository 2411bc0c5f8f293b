/* tests/net/sim.h - two endpoints joined by a network in memory that loses, doubles, delays and
 * reorders by a seed, under a time that only moves from event to event. */
#ifndef TESTS_NET_SIM_H
#define TESTS_NET_SIM_H

#include "base/hash.h"
#include "net/net_int.h"

#define SIM_MS UINT64_C(1000000)
#define SIM_S UINT64_C(1000000000)

struct sim_datagram {
	struct sim_datagram *next;
	uint64_t at_ns;
	bool to_server;
	struct net_path path; /* as the receiver sees it */
	size_t n;
	uint8_t bytes[];
};

struct sim_side {
	struct sim *sim;
	struct endpoint *ep;
	bool is_server;
	uint8_t room[NET_DATAGRAM_MAX];
};

struct sim {
	struct rand rand;
	uint64_t now_ns;
	uint32_t lose_percent, double_percent; /* of the datagrams */
	uint64_t delay_ns, jitter_ns;
	struct sim_datagram *first; /* by time */
	struct sim_side server, client;
	struct net_address server_address, client_address;
	struct net_address router_address; /* what the server sees of the client; may change */
	struct tls *server_tls, *client_tls;
	uint8_t answer[NET_DATAGRAM_MAX]; /* the last datagram to sim_inject's sender */
	size_t n_answer;
	uint64_t n_lost, n_sent;
};

/* The certificate is made once for the program. */
void sim_setup_tls(void);
void sim_remove_tls(void);

/* client NULL: no client's endpoint. */
bool sim_start(struct sim *s, uint64_t seed, const struct net_options *server,
	       const struct net_handler *server_handler, void *server_user,
	       const struct net_handler *client_handler, void *client_user);
void sim_stop(struct sim *s);
struct net_conn *sim_connect(struct sim *s);
/* Until done() or until the time limit; true: done. */
bool sim_run(struct sim *s, bool (*done)(void *ctx), void *ctx, uint64_t limit_ns);
/* A datagram from a stranger; what the server answers lands in answer. */
void sim_inject(struct sim *s, const uint8_t *p, size_t n);

#endif
