#include "net/udp.h"

#include <errno.h>
#include <linux/filter.h>
#include <netinet/udp.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"

#ifndef UDP_SEGMENT
#define UDP_SEGMENT 103
#endif
#ifndef UDP_GRO
#define UDP_GRO 104
#endif

#define RX_BYTES 65536
#define GSO_MAX_BYTES 65000  /* of one message: below the largest UDP datagram */
#define GSO_MAX_SEGMENTS 64
#define CONTROL_BYTES 128

struct tx_message { /* datagrams of one size to one peer; the last may be shorter */
	struct net_path path;
	size_t at, len, segment;
	uint32_t n_segments;
	bool closed; /* a shorter one ended it */
};

struct udp {
	int fd;
	struct net_address address;
	bool connected, any_address, gso;
	uint8_t *rx;
	struct mmsghdr rx_messages[UDP_RX_BATCH];
	struct iovec rx_iov[UDP_RX_BATCH];
	struct net_address rx_from[UDP_RX_BATCH];
	union {
		char bytes[CONTROL_BYTES];
		struct cmsghdr align;
	} rx_control[UDP_RX_BATCH];
	uint8_t *tx;
	size_t tx_used;
	uint32_t n_tx;
	struct tx_message tx_messages[UDP_TX_MESSAGES];
};

/* ---- the socket --------------------------------------------------------------------------------- */

static void set_option(int fd, int level, int option, int value)
{
	(void)setsockopt(fd, level, option, &value, sizeof value);
}

static void set_options(struct udp *u, const struct udp_options *o)
{
	bool v6 = u->address.sa.sa_family == AF_INET6;

	set_option(u->fd, SOL_SOCKET, SO_RCVBUF, UDP_BUFFER_BYTES);
	set_option(u->fd, SOL_SOCKET, SO_SNDBUF, UDP_BUFFER_BYTES);
	set_option(u->fd, IPPROTO_UDP, UDP_GRO, 1);
	if (v6) {
		set_option(u->fd, IPPROTO_IPV6, IPV6_V6ONLY, !net_address_is_any(&u->address));
		set_option(u->fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1);
		set_option(u->fd, IPPROTO_IPV6, IPV6_MTU_DISCOVER, IPV6_PMTUDISC_PROBE);
	} else {
		set_option(u->fd, IPPROTO_IP, IP_PKTINFO, 1);
		set_option(u->fd, IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_PROBE);
	}
	if (o->n_threads > 1)
		set_option(u->fd, SOL_SOCKET, SO_REUSEPORT, 1);
}

static enum status bind_socket(struct udp *u, const struct udp_options *o, struct diag *d)
{
	char text[NET_ADDRESS_TEXT_LEN];
	struct sockaddr_storage got;
	socklen_t len = sizeof got;

	if (o->bind != NULL && bind(u->fd, &o->bind->sa, o->bind->len) != 0)
		return diag_fail(d, ST_IO, GQL_CONNECTION, DIAG_NO_POSITION, "cannot bind UDP %s: %s",
				 net_address_text(o->bind, text), strerror(errno));
	if (o->connect != NULL && connect(u->fd, &o->connect->sa, o->connect->len) != 0)
		return diag_fail(d, ST_IO, GQL_CONNECTION, DIAG_NO_POSITION, "cannot reach %s: %s",
				 net_address_text(o->connect, text), strerror(errno));
	if (getsockname(u->fd, (struct sockaddr *)&got, &len) != 0 ||
	    !net_address_from((struct sockaddr *)&got, len, &u->address))
		return diag_fail(d, ST_IO, GQL_CONNECTION, DIAG_NO_POSITION, "no socket address: %s",
				 strerror(errno));
	u->connected = o->connect != NULL;
	u->any_address = net_address_is_any(&u->address);
	return ST_OK;
}

static void prepare_rx(struct udp *u)
{
	for (unsigned i = 0; i < UDP_RX_BATCH; i++)
		u->rx_iov[i] = (struct iovec){u->rx + (size_t)i * RX_BYTES, RX_BYTES};
}

enum status udp_open(const struct udp_options *o, struct diag *d, struct udp **ret)
{
	const struct net_address *a = o->bind != NULL ? o->bind : o->connect;
	struct udp *u = MEM_NEW(MEM_NET, struct udp);

	if (u == NULL)
		return ST_NOMEM;
	u->gso = true;
	u->address = *a;
	u->rx = mem_alloc(MEM_NET, (size_t)UDP_RX_BATCH * RX_BYTES);
	u->tx = mem_alloc(MEM_NET, UDP_TX_BYTES);
	u->fd = socket(a->sa.sa_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	enum status st = u->rx != NULL && u->tx != NULL ? ST_OK : ST_NOMEM;
	if (st == ST_OK && u->fd < 0)
		st = diag_fail(d, ST_IO, GQL_CONNECTION, DIAG_NO_POSITION, "no socket: %s",
			       strerror(errno));
	if (st == ST_OK) {
		set_options(u, o);
		st = bind_socket(u, o, d);
	}
	if (st != ST_OK) {
		udp_close(u);
		return st;
	}
	prepare_rx(u);
	*ret = u;
	return ST_OK;
}

void udp_close(struct udp *u)
{
	if (u == NULL)
		return;
	if (u->fd >= 0)
		close(u->fd);
	mem_free(MEM_NET, u->rx, (size_t)UDP_RX_BATCH * RX_BYTES);
	mem_free(MEM_NET, u->tx, UDP_TX_BYTES);
	MEM_FREE(MEM_NET, u);
}

int udp_fd(const struct udp *u)
{
	return u->fd;
}

const struct net_address *udp_address(const struct udp *u)
{
	return &u->address;
}

/* A long header (RFC 8999, first bit set) has the connection id at byte 6, a short one at byte 1. */
void udp_steer(struct udp *u, uint32_t n_threads)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 0),
		BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, 0x80, 0, 2),
		BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 6),
		BPF_STMT(BPF_JMP | BPF_JA, 1),
		BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 1),
		BPF_STMT(BPF_ALU | BPF_MOD | BPF_K, n_threads),
		BPF_STMT(BPF_RET | BPF_A, 0),
	};
	struct sock_fprog program = {ARRAY_LEN(code), code};

	if (setsockopt(u->fd, SOL_SOCKET, SO_ATTACH_REUSEPORT_CBPF, &program, sizeof program) != 0)
		log_warn("net", "datagrams cannot be steered by connection id: %s", strerror(errno));
}

/* ---- in ------------------------------------------------------------------------------------------- */

static void read_control(struct udp *u, struct msghdr *m, struct net_path *path, size_t *segment)
{
	for (struct cmsghdr *c = CMSG_FIRSTHDR(m); c != NULL; c = CMSG_NXTHDR(m, c)) {
		if (c->cmsg_level == IPPROTO_UDP && c->cmsg_type == UDP_GRO) {
			int size;
			memcpy(&size, CMSG_DATA(c), sizeof size);
			*segment = (size_t)size;
		} else if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_PKTINFO && u->any_address) {
			struct in_pktinfo info;
			memcpy(&info, CMSG_DATA(c), sizeof info);
			path->local.in.sin_addr = info.ipi_addr;
		} else if (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_PKTINFO &&
			   u->any_address) {
			struct in6_pktinfo info;
			memcpy(&info, CMSG_DATA(c), sizeof info);
			path->local.in6.sin6_addr = info.ipi6_addr;
		}
	}
}

static uint32_t split(struct udp *u, unsigned i,
		      void (*fn)(void *ctx, const struct net_path *path, const uint8_t *p, size_t n),
		      void *ctx)
{
	struct msghdr *m = &u->rx_messages[i].msg_hdr;
	size_t len = u->rx_messages[i].msg_len, segment = len;
	const uint8_t *p = u->rx_iov[i].iov_base;
	struct net_path path = {.local = u->address, .remote = u->rx_from[i]};
	uint32_t n = 0;

	if ((m->msg_flags & MSG_TRUNC) != 0 || len == 0)
		return 0;
	path.remote.len = m->msg_namelen;
	read_control(u, m, &path, &segment);
	for (size_t at = 0; at < len && segment > 0; at += segment, n++)
		fn(ctx, &path, p + at, MIN_OF(segment, len - at));
	return n;
}

uint32_t udp_recv(struct udp *u, void (*fn)(void *ctx, const struct net_path *path, const uint8_t *p,
					    size_t n),
		  void *ctx)
{
	uint32_t n_datagrams = 0;

	for (unsigned i = 0; i < UDP_RX_BATCH; i++)
		u->rx_messages[i].msg_hdr = (struct msghdr){
			.msg_name = &u->rx_from[i],
			.msg_namelen = sizeof u->rx_from[i].in6,
			.msg_iov = &u->rx_iov[i],
			.msg_iovlen = 1,
			.msg_control = u->rx_control[i].bytes,
			.msg_controllen = CONTROL_BYTES,
		};
	int n = recvmmsg(u->fd, u->rx_messages, UDP_RX_BATCH, MSG_DONTWAIT, NULL);
	for (int i = 0; i < n; i++)
		n_datagrams += split(u, (unsigned)i, fn, ctx);
	return n_datagrams;
}

/* ---- out -------------------------------------------------------------------------------------------- */

static uint8_t *room(void *ctx, size_t n)
{
	struct udp *u = ctx;

	if (u->n_tx == UDP_TX_MESSAGES || u->tx_used + n > UDP_TX_BYTES)
		udp_flush(u);
	return u->tx + u->tx_used;
}

static bool same_path(const struct net_path *a, const struct net_path *b)
{
	return net_address_eq(&a->remote, &b->remote) && net_address_eq(&a->local, &b->local);
}

static void put(void *ctx, const struct net_path *path, size_t n)
{
	struct udp *u = ctx;
	struct tx_message *last = u->n_tx > 0 ? &u->tx_messages[u->n_tx - 1] : NULL;

	if (u->gso && last != NULL && !last->closed && n <= last->segment &&
	    last->n_segments < GSO_MAX_SEGMENTS && last->len + n <= GSO_MAX_BYTES &&
	    same_path(&last->path, path)) {
		last->len += n;
		last->n_segments++;
		last->closed = n < last->segment;
	} else {
		u->tx_messages[u->n_tx++] = (struct tx_message){
			.path = *path, .at = u->tx_used, .len = n, .segment = n, .n_segments = 1};
	}
	u->tx_used += n;
	if (u->n_tx == UDP_TX_MESSAGES)
		udp_flush(u);
}

struct net_sink udp_sink(struct udp *u)
{
	return (struct net_sink){.ctx = u, .room = room, .put = put};
}

static void add_control(struct msghdr *m, int level, int type, const void *data, size_t len)
{
	struct cmsghdr *c = (struct cmsghdr *)((char *)m->msg_control + m->msg_controllen);

	c->cmsg_level = level;
	c->cmsg_type = type;
	c->cmsg_len = CMSG_LEN(len);
	memcpy(CMSG_DATA(c), data, len);
	m->msg_controllen += CMSG_SPACE(len);
}

static void add_source(const struct udp *u, const struct net_address *local, struct msghdr *m)
{
	if (!u->any_address)
		return;
	if (local->sa.sa_family == AF_INET) {
		struct in_pktinfo info = {.ipi_spec_dst = local->in.sin_addr};
		add_control(m, IPPROTO_IP, IP_PKTINFO, &info, sizeof info);
	} else {
		struct in6_pktinfo info = {.ipi6_addr = local->in6.sin6_addr};
		add_control(m, IPPROTO_IPV6, IPV6_PKTINFO, &info, sizeof info);
	}
}

/* One by one, when the device does not segment. */
static void send_segments(struct udp *u, const struct tx_message *t)
{
	for (size_t at = 0; at < t->len; at += t->segment)
		(void)sendto(u->fd, u->tx + t->at + at, MIN_OF(t->segment, t->len - at), 0,
			     u->connected ? NULL : &t->path.remote.sa,
			     u->connected ? 0 : t->path.remote.len);
}

static void send_from(struct udp *u, struct mmsghdr *messages, uint32_t first)
{
	while (first < u->n_tx) {
		int n = sendmmsg(u->fd, messages + first, u->n_tx - first, 0);
		if (n > 0) {
			first += (uint32_t)n;
			continue;
		}
		if (errno == EINTR)
			continue;
		if ((errno == EIO || errno == EINVAL) && u->tx_messages[first].n_segments > 1) {
			u->gso = false;
			send_segments(u, &u->tx_messages[first]);
		} else if (errno == EAGAIN || errno == ENOBUFS) {
			return; /* the network drops; QUIC sends again */
		}
		first++; /* EMSGSIZE of a path probe, a refused port: only this one is lost */
	}
}

void udp_flush(struct udp *u)
{
	struct mmsghdr messages[UDP_TX_MESSAGES];
	struct iovec iov[UDP_TX_MESSAGES];
	union {
		char bytes[CONTROL_BYTES];
		struct cmsghdr align;
	} control[UDP_TX_MESSAGES];

	for (uint32_t i = 0; i < u->n_tx; i++) {
		struct tx_message *t = &u->tx_messages[i];
		struct msghdr *m = &messages[i].msg_hdr;
		iov[i] = (struct iovec){u->tx + t->at, t->len};
		*m = (struct msghdr){.msg_iov = &iov[i], .msg_iovlen = 1, .msg_control = control[i].bytes};
		if (!u->connected) {
			m->msg_name = &t->path.remote.sa;
			m->msg_namelen = t->path.remote.len;
			add_source(u, &t->path.local, m);
		}
		if (t->n_segments > 1) {
			uint16_t segment = (uint16_t)t->segment;
			add_control(m, IPPROTO_UDP, UDP_SEGMENT, &segment, sizeof segment);
		}
		if (m->msg_controllen == 0)
			m->msg_control = NULL;
	}
	send_from(u, messages, 0);
	u->n_tx = 0;
	u->tx_used = 0;
}
