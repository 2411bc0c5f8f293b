/* One I/O thread: the transport's events to sessions, and the run queue of statements that need
 * more than one slice. */
#include "base/clock.h"
#include "base/log.h"
#include "server/server_int.h"
#include "server/session.h"

/* ---- sessions ---- */

void io_add_session(struct io *io, struct session *s)
{
	s->next = io->sessions;
	s->prev = NULL;
	if (io->sessions != NULL)
		io->sessions->prev = s;
	io->sessions = s;
	metric_add(&metric_sessions, 1);
}

bool io_serves_only(const struct io *io, const struct session *s)
{
	return io->sessions == s && s->next == NULL;
}

static void unqueue(struct io *io, struct session *s)
{
	struct session *before = NULL;

	if (!s->queued)
		return;
	for (struct session *at = io->run_first; at != s; at = at->next_run)
		before = at;
	if (before != NULL)
		before->next_run = s->next_run;
	else
		io->run_first = s->next_run;
	if (io->run_last == s)
		io->run_last = before;
	s->queued = false;
}

void io_remove_session(struct io *io, struct session *s)
{
	unqueue(io, s);
	if (s->prev != NULL)
		s->prev->next = s->next;
	else
		io->sessions = s->next;
	if (s->next != NULL)
		s->next->prev = s->prev;
	metric_add(&metric_sessions, -1);
}

void io_queue_run(struct io *io, struct session *s)
{
	if (s->queued)
		return;
	s->queued = true;
	s->next_run = NULL;
	if (io->run_last != NULL)
		io->run_last->next_run = s;
	else
		io->run_first = s;
	io->run_last = s;
}

void io_expect(struct io *io, uint64_t at_ns)
{
	io->deadline_ns = MIN_OF(io->deadline_ns, at_ns);
}

/* ---- the transport's events ---- */

static void *on_conn_opened(void *loop_user, struct net_conn *net)
{
	return conn_new(loop_user, net);
}

static void on_conn_closed(void *conn_user)
{
	conn_closed(conn_user);
}

static void *on_stream_opened(void *conn_user, struct net_stream *stream)
{
	return session_new(conn_user, stream);
}

static void on_stream_data(void *user, const uint8_t *p, size_t n, bool fin)
{
	session_data(user, p, n, fin);
}

static void on_stream_writable(void *user)
{
	session_writable(user);
}

static void on_stream_closed(void *user)
{
	session_close(user);
}

static void tell_stopping(struct io *io)
{
	if (io->told_stopping || !atomic_load_explicit(&io->stopping, memory_order_acquire))
		return;
	io->told_stopping = true;
	for (struct session *s = io->sessions, *next; s != NULL; s = next) {
		next = s->next;
		session_shutdown(s);
	}
}

/* The close of a connection must not overtake its last answers. So connections are closed when no
 * session works on a request any more: all answers are with the transport by then, which closes
 * behind what it has sent. Who is not done by the deadline is cut off. */
static void stop_when_quiet(struct io *io)
{
	uint64_t now_ns, stop_at_ns = io->server->stop_at_ns;
	uint32_t n_busy = 0;

	if (!io->told_stopping || io->told_loop)
		return;
	now_ns = clock_mono_ns();
	for (const struct session *s = io->sessions; s != NULL; s = s->next)
		n_busy += s->state != SESSION_IDLE;
	if (n_busy > 0 && now_ns < stop_at_ns)
		return;
	if (n_busy > 0)
		log_warn("server", "%u sessions were not done within --stop-timeout", n_busy);
	io->told_loop = true;
	uint64_t left_ns = stop_at_ns - MIN_OF(now_ns, stop_at_ns);
	net_loop_stop(io->loop, SERVER_CLOSE_SHUTDOWN, (uint32_t)(left_ns / 1000000));
}

/* Running queries see by themselves that their view must close; others are told here. */
static void tell_given_up(struct io *io)
{
	uint64_t n = txn_views_given_up(io->server->txns);

	if (n == io->n_given_up)
		return;
	io->n_given_up = n;
	metric_set(&metric_views_given_up, (int64_t)n);
	for (struct session *s = io->sessions; s != NULL; s = s->next)
		session_look_at_view(s);
}

/* A session that waits, or lies idle in a transaction, says itself when it is due again. */
static void tell_due(struct io *io)
{
	if (io->deadline_ns == IO_NEVER)
		return;
	uint64_t now_ns = clock_mono_ns();
	if (now_ns < io->deadline_ns)
		return;
	io->deadline_ns = IO_NEVER;
	for (struct session *s = io->sessions; s != NULL; s = s->next)
		session_due(s, now_ns);
}

/* A bounded number of slices, so that no socket waits long; those that still run go to the end. */
static bool on_turn(void *loop_user)
{
	struct io *io = loop_user;

	tell_stopping(io);
	tell_given_up(io);
	tell_due(io);
	for (unsigned i = 0; i < IO_SLICES_PER_TURN && io->run_first != NULL; i++) {
		struct session *s = io->run_first;
		io->run_first = s->next_run;
		if (io->run_first == NULL)
			io->run_last = NULL;
		s->queued = false;
		session_slice(s);
	}
	stop_when_quiet(io);
	return io->run_first != NULL;
}

static void on_message(void *loop_user, struct queue_node *n)
{
	(void)loop_user;
	session_woken(container_of(n, struct session, wake));
}

static uint64_t deadline(void *loop_user)
{
	const struct io *io = loop_user;

	if (io->told_stopping && !io->told_loop)
		return MIN_OF(io->deadline_ns, io->server->stop_at_ns);
	return io->deadline_ns;
}

const struct net_handler io_handler = {
    .conn_opened = on_conn_opened,
    .conn_closed = on_conn_closed,
    .stream_opened = on_stream_opened,
    .stream_data = on_stream_data,
    .stream_writable = on_stream_writable,
    .stream_closed = on_stream_closed,
    .turn = on_turn,
    .deadline = deadline,
    .message = on_message,
};

/* No session waits for a message. */
static bool no_wake_is_due(void *loop_user)
{
	const struct io *io = loop_user;

	for (const struct session *s = io->sessions; s != NULL; s = s->next)
		if (s->state == SESSION_COMMIT || s->state == SESSION_WAITING ||
		    s->state == SESSION_WORKER)
			return false;
	return true;
}

void io_run(void *arg)
{
	struct io *io = arg;

	net_loop_run(io->loop);
	/* What is left are sessions whose commit was on its way to the disk when their connection
	 * ended: the log answers each of them, within a sync. */
	net_loop_finish_inbox(io->loop, no_wake_is_due);
}
