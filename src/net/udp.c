/* net/udp.c - sockets, batches of datagrams, steering. */
#include "net/udp.h"

#include <errno.h>
#include <linux/filter.h>
#include <netinet/udp.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"

#define TX_BYTES (1u << 20)
#define GSO_SEGMENTS_MAX 64
#define GSO_BYTES_MAX 65000 /* below 65,535 with the headers */
#define RX_MESSAGES_CLIENT 8
#define CONTROL_BYTES (CMSG_SPACE(sizeof(struct in6_pktinfo)) + CMSG_SPACE(sizeof(int)))

struct tx_message { /* one or more datagrams of equal size, the last one may be shorter */
	struct net_path path;
	size_t at, len;
	uint32_t segment;
	uint32_t n_segments;
};

struct udp_tx {
	struct tx_message message[UDP_TX_MESSAGES];
	uint32_t n_messages, n_sent;
	size_t used; /* bytes of arena */
	struct mmsghdr header[UDP_TX_MESSAGES];
	struct iovec iov[UDP_TX_MESSAGES];
	_Alignas(struct cmsghdr) uint8_t control[UDP_TX_MESSAGES][CONTROL_BYTES];
	uint8_t arena[TX_BYTES];
};

/* ---- open and close ---- */

static void set_option(int fd, int level, int name, int value)
{
	if (setsockopt(fd, level, name, &value, sizeof value) != 0)
		log_debug("net", "socket option %d/%d: %s", level, name, strerror(errno));
}

static enum status fail(struct udp *u, struct diag *d, const char *what,
			const struct net_address *at)
{
	char text[NET_ADDRESS_TEXT_LEN];
	int error = errno;

	udp_close(u);
	return diag_fail(d, ST_IO, GQL_CONNECTION, DIAG_NO_POSITION, "%s %s: %s", what,
			 net_address_text(at, text), strerror(error));
}

static enum status udp_open(struct udp *u, const struct net_address *at, uint32_t n_rx,
			    struct diag *d)
{
	int family = at->sa.sa_family;

	*u = (struct udp){.fd = -1, .gso = true, .n_rx = n_rx};
	u->fd = socket(family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (u->fd < 0)
		return fail(u, d, "no socket for", at);
	u->rx = mem_alloc(MEM_NET, (size_t)n_rx * UDP_RX_BYTES);
	u->tx = mem_alloc(MEM_NET, sizeof *u->tx);
	if (u->rx == NULL || u->tx == NULL) {
		udp_close(u);
		return ST_NOMEM;
	}
	u->tx->n_messages = u->tx->n_sent = 0;
	u->tx->used = 0;
	set_option(u->fd, SOL_SOCKET, SO_RCVBUF, UDP_SOCKET_BYTES);
	set_option(u->fd, SOL_SOCKET, SO_SNDBUF, UDP_SOCKET_BYTES);
	set_option(u->fd, IPPROTO_UDP, UDP_GRO, 1);
	/* Never fragment: ngtcp2 finds the path's size. */
	set_option(u->fd, IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_PROBE);
	if (family == AF_INET6)
		set_option(u->fd, IPPROTO_IPV6, IPV6_MTU_DISCOVER, IPV6_PMTUDISC_PROBE);
	return ST_OK;
}

static bool learn_local(struct udp *u)
{
	u->local.len = sizeof u->local.in6;
	return getsockname(u->fd, &u->local.sa, &u->local.len) == 0;
}

enum status udp_listen(struct udp *u, const struct net_address *at, bool share, struct diag *d)
{
	TRY(udp_open(u, at, UDP_RX_MESSAGES_MAX, d));
	if (share)
		set_option(u->fd, SOL_SOCKET, SO_REUSEPORT, 1);
	if (at->sa.sa_family == AF_INET6)
		set_option(u->fd, IPPROTO_IPV6, IPV6_V6ONLY, 0);
	if (net_address_is_any(at)) { /* answers must leave from the address that was asked */
		if (at->sa.sa_family == AF_INET6)
			set_option(u->fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1);
		else
			set_option(u->fd, IPPROTO_IP, IP_PKTINFO, 1);
	}
	if (bind(u->fd, &at->sa, at->len) != 0 || !learn_local(u))
		return fail(u, d, "cannot listen on", at);
	return ST_OK;
}

enum status udp_connect(struct udp *u, const struct net_address *to, struct diag *d)
{
	TRY(udp_open(u, to, RX_MESSAGES_CLIENT, d));
	if (connect(u->fd, &to->sa, to->len) != 0 || !learn_local(u))
		return fail(u, d, "cannot reach", to);
	u->connected = true;
	return ST_OK;
}

void udp_close(struct udp *u)
{
	if (u->fd >= 0)
		close(u->fd);
	u->fd = -1;
	mem_free(MEM_NET, u->rx, (size_t)u->n_rx * UDP_RX_BYTES);
	mem_free(MEM_NET, u->tx, sizeof *u->tx);
	u->rx = NULL;
	u->tx = NULL;
}

/* The id begins at byte 6 of a long header (RFC 8999, 5.1), at byte 1 of a short one. The client's
 * first, random id leads anywhere, but always to the same socket. */
enum status udp_steer(struct udp *u, uint32_t n_sockets, struct diag *d)
{
	struct sock_filter code[] = {
	    BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 0), BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, 0x80, 0, 2),
	    BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 6), BPF_JUMP(BPF_JMP | BPF_JA, 1, 0, 0),
	    BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 1), BPF_STMT(BPF_ALU | BPF_MOD | BPF_K, n_sockets),
	    BPF_STMT(BPF_RET | BPF_A, 0),
	};
	struct sock_fprog program;

	memset(&program, 0, sizeof program); /* what pads it, too: the kernel copies it whole */
	program.len = ARRAY_LEN(code);
	program.filter = code;
	if (setsockopt(u->fd, SOL_SOCKET, SO_ATTACH_REUSEPORT_CBPF, &program, sizeof program) != 0)
		return diag_fail(d, ST_IO, GQL_CONNECTION, DIAG_NO_POSITION,
				 "the kernel cannot steer datagrams to threads: %s",
				 strerror(errno));
	return ST_OK;
}

/* ---- in ---- */

/* The size of the glued datagrams, and the address that was asked. */
static void read_control(struct msghdr *h, struct net_path *path, size_t *ret_segment)
{
	for (struct cmsghdr *c = CMSG_FIRSTHDR(h); c != NULL; c = CMSG_NXTHDR(h, c)) {
		if (c->cmsg_level == IPPROTO_UDP && c->cmsg_type == UDP_GRO) {
			int size;
			memcpy(&size, CMSG_DATA(c), sizeof size);
			if (size > 0)
				*ret_segment = (size_t)size;
		} else if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_PKTINFO) {
			struct in_pktinfo info;
			memcpy(&info, CMSG_DATA(c), sizeof info);
			path->local.in.sin_addr = info.ipi_addr;
		} else if (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_PKTINFO) {
			struct in6_pktinfo info;
			memcpy(&info, CMSG_DATA(c), sizeof info);
			path->local.in6.sin6_addr = info.ipi6_addr;
		}
	}
}

uint32_t udp_recv(struct udp *u,
		  void (*fn)(void *ctx, const struct net_path *path, const uint8_t *p, size_t n),
		  void *ctx)
{
	struct mmsghdr header[UDP_RX_MESSAGES_MAX];
	struct iovec iov[UDP_RX_MESSAGES_MAX];
	struct net_path path[UDP_RX_MESSAGES_MAX];
	_Alignas(struct cmsghdr) uint8_t control[UDP_RX_MESSAGES_MAX][CONTROL_BYTES];

	for (uint32_t i = 0; i < u->n_rx; i++) {
		iov[i] = (struct iovec){u->rx + (size_t)i * UDP_RX_BYTES, UDP_RX_BYTES};
		path[i] = (struct net_path){.local = u->local};
		header[i].msg_hdr = (struct msghdr){.msg_name = &path[i].remote.sa,
						    .msg_namelen = sizeof path[i].remote.in6,
						    .msg_iov = &iov[i],
						    .msg_iovlen = 1,
						    .msg_control = control[i],
						    .msg_controllen = CONTROL_BYTES};
	}
	int n = recvmmsg(u->fd, header, u->n_rx, MSG_DONTWAIT, NULL);
	if (n < 0) {
		u->refused |= errno == ECONNREFUSED;
		return 0;
	}
	assert((uint32_t)n <= u->n_rx);
	for (int i = 0; i < n; i++) {
		struct msghdr *h = &header[i].msg_hdr;
		const uint8_t *p = iov[i].iov_base;
		size_t left = header[i].msg_len, segment = left;

		path[i].remote.len = h->msg_namelen;
		read_control(h, &path[i], &segment);
		for (; left > 0; left -= MIN_OF(left, segment), p += segment)
			fn(ctx, &path[i], p, MIN_OF(left, segment));
	}
	return (uint32_t)n;
}

/* ---- out ---- */

static struct cmsghdr *add_control(struct msghdr *h, int level, int type, const void *p, size_t n)
{
	struct cmsghdr *c = (struct cmsghdr *)((uint8_t *)h->msg_control + h->msg_controllen);

	memset(c, 0, CMSG_SPACE(n)); /* the kernel reads what pads it, too */
	c->cmsg_level = level;
	c->cmsg_type = type;
	c->cmsg_len = CMSG_LEN(n);
	memcpy(CMSG_DATA(c), p, n);
	h->msg_controllen += CMSG_SPACE(n);
	return c;
}

static void fill_header(struct udp *u, uint32_t i)
{
	struct udp_tx *t = u->tx;
	struct tx_message *m = &t->message[i];
	struct msghdr *h = &t->header[i].msg_hdr;

	t->iov[i] = (struct iovec){t->arena + m->at, m->len};
	*h = (struct msghdr){.msg_iov = &t->iov[i], .msg_iovlen = 1, .msg_control = t->control[i]};
	if (!u->connected) {
		h->msg_name = &m->path.remote.sa;
		h->msg_namelen = m->path.remote.len;
	}
	if (m->n_segments > 1) {
		uint16_t segment = (uint16_t)m->segment;
		add_control(h, IPPROTO_UDP, UDP_SEGMENT, &segment, sizeof segment);
	}
	if (net_address_is_any(&u->local) && !net_address_is_any(&m->path.local)) {
		if (u->local.sa.sa_family == AF_INET6) {
			struct in6_pktinfo info = {.ipi6_addr = m->path.local.in6.sin6_addr};
			add_control(h, IPPROTO_IPV6, IPV6_PKTINFO, &info, sizeof info);
		} else {
			struct in_pktinfo info = {.ipi_spec_dst = m->path.local.in.sin_addr};
			add_control(h, IPPROTO_IP, IP_PKTINFO, &info, sizeof info);
		}
	}
	if (h->msg_controllen == 0)
		h->msg_control = NULL;
}

/* Without the kernel's help: what does not go is lost like any datagram. */
static void send_cut(struct udp *u, uint32_t i)
{
	struct tx_message m = u->tx->message[i];
	size_t end = m.at + m.len;

	for (; m.at < end; m.at += m.segment) {
		m.len = MIN_OF((size_t)m.segment, end - m.at);
		m.n_segments = 1;
		u->tx->message[i] = m;
		fill_header(u, i);
		(void)sendmsg(u->fd, &u->tx->header[i].msg_hdr, MSG_NOSIGNAL);
	}
}

/* The message at n_sent did not go. False: try again later. */
static bool skip_failed(struct udp *u, int error)
{
	struct udp_tx *t = u->tx;

	if (error == EAGAIN || error == EWOULDBLOCK || error == ENOBUFS)
		return false;
	u->refused |= error == ECONNREFUSED;
	if ((error == EIO || error == EINVAL || error == EMSGSIZE) &&
	    t->message[t->n_sent].n_segments > 1) {
		if (error != EMSGSIZE)
			u->gso = false;
		send_cut(u, t->n_sent);
	}
	t->n_sent++;
	return true;
}

bool udp_flush(struct udp *u)
{
	struct udp_tx *t = u->tx;

	u->blocked = false;
	for (uint32_t i = t->n_sent; i < t->n_messages; i++)
		fill_header(u, i);
	while (t->n_sent < t->n_messages) {
		int n =
		    sendmmsg(u->fd, t->header + t->n_sent, t->n_messages - t->n_sent, MSG_NOSIGNAL);
		if (n > 0) {
			t->n_sent += (uint32_t)n;
		} else if (errno != EINTR && !skip_failed(u, errno)) {
			u->blocked = true;
			return false;
		}
	}
	t->n_messages = t->n_sent = 0;
	t->used = 0;
	return true;
}

static uint8_t *sink_room(void *ctx, size_t n)
{
	struct udp *u = ctx;

	if ((TX_BYTES - u->tx->used < n || u->tx->n_messages == UDP_TX_MESSAGES || u->blocked) &&
	    !udp_flush(u))
		return NULL;
	return u->tx->arena + u->tx->used;
}

/* Of equal size but for the last, from and to the same, behind each other: one message. */
static bool joins(const struct udp *u, const struct net_path *path, size_t n)
{
	const struct udp_tx *t = u->tx;
	const struct tx_message *m = t->n_messages > 0 ? &t->message[t->n_messages - 1] : NULL;

	return u->gso && m != NULL && n <= m->segment && m->len % m->segment == 0 &&
	       m->n_segments < GSO_SEGMENTS_MAX && m->len + n <= GSO_BYTES_MAX &&
	       net_address_eq(&m->path.remote, &path->remote) &&
	       net_address_eq(&m->path.local, &path->local);
}

static void sink_put(void *ctx, const struct net_path *path, size_t n)
{
	struct udp *u = ctx;
	struct udp_tx *t = u->tx;

	if (joins(u, path, n)) {
		t->message[t->n_messages - 1].len += n;
		t->message[t->n_messages - 1].n_segments++;
	} else {
		t->message[t->n_messages++] = (struct tx_message){.path = *path,
								  .at = t->used,
								  .len = n,
								  .segment = (uint32_t)n,
								  .n_segments = 1};
	}
	t->used += n;
}

struct net_sink udp_sink(struct udp *u)
{
	return (struct net_sink){.ctx = u, .room = sink_room, .put = sink_put};
}
