/* The loop of one I/O thread. A turn: read what arrived, take the inbox, serve deadlines, let the
 * handler work, write once. Writing last is what puts answers and acknowledgements into the same
 * packets, and one system call. */
#include <errno.h>
#include <stdatomic.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "net/endpoint.h"
#include "net/udp.h"

#define READS_PER_TURN 2 /* batches of UDP_RX_BATCH */

enum stop_state { LOOP_RUNS, LOOP_DRAINS, LOOP_STOPS };

struct net_loop {
	struct endpoint *endpoint;
	struct udp *udp;
	struct queue inbox;
	const struct net_handler *handler;
	void *user;
	int epoll_fd;
	uint32_t spin_us;
	uint64_t last_traffic_ns;
	_Atomic uint32_t stop; /* enum stop_state; release, with the two below */
	uint64_t stop_code;
	uint32_t stop_ms;
	bool closing;
	uint64_t now_ns;
};

static enum status open_epoll(struct net_loop *l)
{
	struct epoll_event udp = {.events = EPOLLIN, .data.u32 = 0};
	struct epoll_event inbox = {.events = EPOLLIN, .data.u32 = 1};

	l->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (l->epoll_fd < 0 || epoll_ctl(l->epoll_fd, EPOLL_CTL_ADD, udp_fd(l->udp), &udp) != 0 ||
	    epoll_ctl(l->epoll_fd, EPOLL_CTL_ADD, l->inbox.event_fd, &inbox) != 0)
		return ST_IO;
	return ST_OK;
}

static enum status open_parts(struct net_loop *l, const struct net_options *o, uint32_t index,
			      struct diag *d)
{
	const struct udp_options uo = {.bind = &o->listen, .n_threads = o->n_threads};

	TRY(udp_open(&uo, d, &l->udp));
	if (index == 0 && o->n_threads > 1)
		udp_steer(l->udp, o->n_threads);
	TRY(queue_init(&l->inbox, o->inbox_limit));
	TRY(open_epoll(l));
	const struct net_sink sink = udp_sink(l->udp);
	return endpoint_new(o, l->handler, l->user, index, &sink, &l->endpoint);
}

enum status net_loop_new(const struct net_options *o, const struct net_handler *h, void *loop_user,
			 uint32_t index, struct diag *d, struct net_loop **ret)
{
	struct net_loop *l = MEM_NEW(MEM_NET, struct net_loop);

	if (l == NULL)
		return ST_NOMEM;
	l->handler = h;
	l->user = loop_user;
	l->spin_us = o->spin_us;
	l->epoll_fd = l->inbox.event_fd = -1;
	enum status st = open_parts(l, o, index, d);
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
	endpoint_free(l->endpoint);
	if (l->epoll_fd >= 0)
		close(l->epoll_fd);
	if (l->inbox.event_fd >= 0)
		queue_release(&l->inbox);
	udp_close(l->udp);
	MEM_FREE(MEM_NET, l);
}

/* ---- a turn ------------------------------------------------------------------------------------ */

static void on_datagram(void *ctx, const struct net_path *path, const uint8_t *p, size_t n)
{
	struct net_loop *l = ctx;

	endpoint_recv(l->endpoint, path, p, n, l->now_ns);
}

static void read_socket(struct net_loop *l)
{
	for (unsigned i = 0; i < READS_PER_TURN; i++) {
		uint32_t n = udp_recv(l->udp, on_datagram, l);
		if (n > 0)
			l->last_traffic_ns = l->now_ns;
		if (n < UDP_RX_BATCH)
			break;
	}
}

static void read_inbox(struct net_loop *l)
{
	struct queue_node *n;

	if (!queue_is_signalled(&l->inbox))
		return;
	queue_clear_event(&l->inbox);
	while ((n = queue_pop(&l->inbox)) != NULL)
		l->handler->message(l->user, n);
}

static void look_at_stop(struct net_loop *l)
{
	uint32_t stop = atomic_load_explicit(&l->stop, memory_order_acquire);

	if (stop == LOOP_RUNS)
		return;
	endpoint_drain(l->endpoint);
	if (stop == LOOP_STOPS && !l->closing) {
		l->closing = true;
		endpoint_close_all(l->endpoint, l->stop_code,
				   l->now_ns + l->stop_ms * UINT64_C(1000000));
	}
}

/* True: more waits. */
static bool turn(struct net_loop *l)
{
	bool more = false;

	l->now_ns = clock_mono_ns();
	read_socket(l);
	read_inbox(l);
	look_at_stop(l);
	endpoint_expire(l->endpoint, l->now_ns);
	if (l->handler->turn != NULL)
		more = l->handler->turn(l->user);
	more = endpoint_send(l->endpoint, clock_mono_ns()) || more;
	udp_flush(l->udp);
	return more;
}

/* Sleeping costs a wake-up of tens of microseconds: after traffic the loop looks on for a while. */
static void wait_for_work(struct net_loop *l)
{
	struct epoll_event events[2];
	uint64_t now = clock_mono_ns(), deadline = endpoint_deadline(l->endpoint), wait_ns = 0;
	struct timespec ts, *timeout = NULL;

	if (now - l->last_traffic_ns >= l->spin_us * UINT64_C(1000)) {
		wait_ns = deadline > now ? deadline - now : 0;
		if (deadline != UINT64_MAX)
			timeout = &ts;
	} else {
		timeout = &ts;
	}
	ts = (struct timespec){(time_t)(wait_ns / 1000000000), (long)(wait_ns % 1000000000)};
	(void)epoll_pwait2(l->epoll_fd, events, ARRAY_LEN(events), timeout, NULL);
}

void net_loop_run(struct net_loop *l)
{
	for (;;) {
		bool more = turn(l);
		if (l->closing && endpoint_n_live(l->endpoint) == 0)
			return;
		if (!more)
			wait_for_work(l);
	}
}

/* ---- from other threads ---------------------------------------------------------------------------- */

const struct net_address *net_loop_address(const struct net_loop *l)
{
	return udp_address(l->udp);
}

static void raise_stop(struct net_loop *l, uint32_t to)
{
	atomic_store_explicit(&l->stop, to, memory_order_release);
	queue_wake(&l->inbox);
}

void net_loop_drain(struct net_loop *l)
{
	raise_stop(l, LOOP_DRAINS);
}

void net_loop_stop(struct net_loop *l, uint64_t app_code, uint32_t deadline_ms)
{
	l->stop_code = app_code;
	l->stop_ms = deadline_ms;
	raise_stop(l, LOOP_STOPS);
}

enum status net_loop_post(struct net_loop *l, struct queue_node *n)
{
	return queue_push(&l->inbox, n);
}

void net_loop_post_reserved(struct net_loop *l, struct queue_node *n)
{
	queue_push_reserved(&l->inbox, n);
}

void net_loop_counts(const struct net_loop *l, struct net_counts *ret)
{
	endpoint_counts(l->endpoint, ret);
}
