/* net/loop.c - the turn of an I/O thread.
 *
 * Read datagrams, take the inbox, serve deadlines, let the handler work, write what the touched
 * connections have in one burst each, send all in one system call, sleep. The order makes answers
 * carry the acknowledgements and equal packets share a system call. */
#include <errno.h>
#include <stdatomic.h>
#include <poll.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/hash.h"
#include "base/log.h"
#include "net/endpoint.h"
#include "net/spin.h"
#include "net/timer.h"
#include "net/udp.h"

#define READS_PER_TURN 2 /* times UDP_RX_MESSAGES_MAX messages, then writers have their turn */
#define NS_PER_US UINT64_C(1000)
#define NS_PER_MS UINT64_C(1000000)
#define NS_PER_S UINT64_C(1000000000)

struct net_loop {
	struct udp udp;
	struct endpoint *ep;
	const struct net_handler *handler;
	void *user;
	struct queue inbox;
	uint64_t last_traffic_ns;
	struct spin spin;
	bool slept;    /* since the last traffic */
	bool stopping; /* the loop's own view */

	/* Messages to ourselves; the flags make each go in once. */
	struct queue_node drain_node, stop_node;
	_Atomic bool drain_asked, stop_asked;
	uint64_t stop_code, stop_deadline_ns; /* written before stop_node is pushed */
};

static enum status loop_open(struct net_loop *l, const struct net_options *o,
			     const struct net_handler *h, void *loop_user, uint32_t index,
			     struct diag *d)
{
	struct net_sink sink;

	TRY(queue_init(&l->inbox, o->inbox_limit));
	TRY(udp_listen(&l->udp, &o->listen, o->n_threads > 1, d));
	if (o->n_threads > 1 && index == 0)
		TRY(udp_steer(&l->udp, o->n_threads, d));
	sink = udp_sink(&l->udp);
	return endpoint_new(o, h, loop_user, index, &sink, &l->ep);
}

enum status net_loop_new(const struct net_options *o, const struct net_handler *h, void *loop_user,
			 uint32_t index, struct diag *d, struct net_loop **ret)
{
	struct net_loop *l = MEM_NEW(MEM_NET, struct net_loop);

	if (l == NULL)
		return ST_NOMEM;
	l->handler = h;
	l->user = loop_user;
	l->udp.fd = -1;
	l->inbox.event_fd = -1;
	l->spin.limit_ns = o->spin_us * NS_PER_US;
	atomic_init(&l->drain_asked, false);
	atomic_init(&l->stop_asked, false);
	enum status st = loop_open(l, o, h, loop_user, index, d);
	if (st != ST_OK) {
		net_loop_free(l);
		return st;
	}
	*ret = l;
	return ST_OK;
}

void net_loop_free(struct net_loop *l)
{
	if (l == NULL)
		return;
	endpoint_free(l->ep);
	udp_close(&l->udp);
	queue_release(&l->inbox);
	MEM_FREE(MEM_NET, l);
}

const struct net_address *net_loop_address(const struct net_loop *l)
{
	return &l->udp.local;
}

void net_loop_counts(const struct net_loop *l, struct net_counts *ret)
{
	endpoint_counts(l->ep, ret);
}

void net_loop_wake(struct net_loop *l)
{
	queue_wake(&l->inbox);
}

enum status net_loop_post(struct net_loop *l, struct queue_node *n)
{
	return queue_push(&l->inbox, n);
}

void net_loop_post_reserved(struct net_loop *l, struct queue_node *n)
{
	queue_push_reserved(&l->inbox, n);
}

void net_loop_drain(struct net_loop *l)
{
	if (!atomic_exchange_explicit(&l->drain_asked, true, memory_order_relaxed))
		queue_push_reserved(&l->inbox, &l->drain_node);
}

void net_loop_stop(struct net_loop *l, uint64_t app_code, uint32_t deadline_ms)
{
	if (atomic_exchange_explicit(&l->stop_asked, true, memory_order_relaxed))
		return;
	l->stop_code = app_code;
	l->stop_deadline_ns = clock_mono_ns() + deadline_ms * NS_PER_MS;
	queue_push_reserved(&l->inbox, &l->stop_node);
}

/* ---- the turn ---- */

static void on_datagram(void *ctx, const struct net_path *path, const uint8_t *p, size_t n)
{
	struct net_loop *l = ctx;

	endpoint_recv(l->ep, path, p, n, l->last_traffic_ns);
}

static void read_datagrams(struct net_loop *l)
{
	uint64_t before_ns = l->last_traffic_ns;

	l->last_traffic_ns = clock_mono_ns(); /* the time of this batch */
	for (int i = 0; i < READS_PER_TURN; i++) {
		uint32_t n = udp_recv(&l->udp, on_datagram, l);
		if (i == 0 && n == 0)
			l->last_traffic_ns = before_ns;
		if (n < l->udp.n_rx)
			return;
	}
}

static void take_inbox(struct net_loop *l)
{
	struct queue_node *n;

	/* Pairs with the exchange in queue_push: what is missed here has signalled after it. */
	if (atomic_load_explicit(&l->inbox.signalled, memory_order_acquire) == 0)
		return;
	l->last_traffic_ns = clock_mono_ns();
	queue_clear_event(&l->inbox);
	while ((n = queue_pop(&l->inbox)) != NULL) {
		if (n == &l->drain_node) {
			endpoint_drain(l->ep);
		} else if (n == &l->stop_node) {
			l->stopping = true;
			endpoint_drain(l->ep);
			endpoint_close_all(l->ep, l->stop_code, l->stop_deadline_ns);
		} else {
			l->handler->message(l->user, n);
		}
	}
}

void net_loop_finish_inbox(struct net_loop *l, bool (*done)(void *loop_user))
{
	struct pollfd fd = {.fd = l->inbox.event_fd, .events = POLLIN};

	for (take_inbox(l); !done(l->user); take_inbox(l))
		(void)poll(&fd, 1, -1);
}

/* True: there is more to write already. */
static bool write_datagrams(struct net_loop *l)
{
	bool more = false;

	if (!l->udp.blocked || udp_flush(&l->udp)) {
		more = endpoint_send(l->ep, clock_mono_ns());
		(void)udp_flush(&l->udp);
	}
	return more && !l->udp.blocked;
}

/* Until something comes or a deadline passes; after traffic it first looks again for a while, since
 * being woken costs more than many an answer. */
static void sleep_until_work(struct net_loop *l)
{
	struct pollfd fd[] = {
	    {.fd = l->udp.fd, .events = (short)(POLLIN | (l->udp.blocked ? POLLOUT : 0))},
	    {.fd = l->inbox.event_fd, .events = POLLIN},
	};
	uint64_t now_ns = clock_mono_ns();
	uint64_t deadline_ns = endpoint_deadline(l->ep);
	struct timespec timeout = {0};

	if (l->handler->deadline != NULL)
		deadline_ns = MIN_OF(deadline_ns, l->handler->deadline(l->user));
	if (l->last_traffic_ns > l->spin.start_ns) {
		if (!l->slept)
			spin_found(&l->spin);
		l->slept = false;
		spin_start(&l->spin, now_ns);
	}
	if (deadline_ns <= now_ns || spin_again(&l->spin))
		return;
	l->slept = true;
	if (deadline_ns != TIMER_NEVER) {
		timeout.tv_sec = (time_t)((deadline_ns - now_ns) / NS_PER_S);
		timeout.tv_nsec = (long)((deadline_ns - now_ns) % NS_PER_S);
	}
	if (ppoll(fd, ARRAY_LEN(fd), deadline_ns != TIMER_NEVER ? &timeout : NULL, NULL) < 0 &&
	    errno != EINTR)
		log_error("net", "ppoll: %s", strerror(errno));
}

void net_loop_run(struct net_loop *l)
{
	for (;;) {
		read_datagrams(l);
		take_inbox(l);
		endpoint_expire(l->ep, clock_mono_ns());
		bool busy = l->handler->turn != NULL && l->handler->turn(l->user);
		bool more = write_datagrams(l);

		if (l->stopping && !busy && endpoint_n_live(l->ep) == 0)
			break;
		if (!busy && !more)
			sleep_until_work(l);
	}
	take_inbox(l);
}
