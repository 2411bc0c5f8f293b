#include "server/admin.h"

#include <arpa/inet.h>
#include <errno.h>
#include <microhttpd.h>
#include <netdb.h>
#include <stdio.h>
#include <unistd.h>

#include "base/log.h"
#include "base/metric.h"
#include "server/config.h"
#include "server/server_int.h"

#define ADMIN_CONNECTIONS_MAX 64
#define ADMIN_TIMEOUT_S 5 /* a connection that sends nothing */

struct admin {
	struct MHD_Daemon *daemon;
	_Atomic bool ready;
	const char *_Atomic why;
};

static bool peer_is_loopback(struct MHD_Connection *c)
{
	const union MHD_ConnectionInfo *info =
	    MHD_get_connection_info(c, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
	const struct sockaddr *sa = info != NULL ? info->client_addr : NULL;

	if (sa == NULL)
		return false;
	if (sa->sa_family == AF_INET)
		return (ntohl(((const struct sockaddr_in *)sa)->sin_addr.s_addr) >> 24) == 127;
	if (sa->sa_family != AF_INET6)
		return false;
	const struct in6_addr *a6 = &((const struct sockaddr_in6 *)sa)->sin6_addr;
	return IN6_IS_ADDR_LOOPBACK(a6) || (IN6_IS_ADDR_V4MAPPED(a6) && a6->s6_addr[12] == 127);
}

static enum MHD_Result respond(struct MHD_Connection *c, unsigned code, const char *type,
			       const char *text, size_t len)
{
	struct MHD_Response *r =
	    MHD_create_response_from_buffer(len, (void *)(uintptr_t)text, MHD_RESPMEM_MUST_COPY);

	if (r == NULL)
		return MHD_NO;
	(void)MHD_add_response_header(r, MHD_HTTP_HEADER_CONTENT_TYPE, type);
	enum MHD_Result res = MHD_queue_response(c, code, r);
	MHD_destroy_response(r);
	return res;
}

static enum MHD_Result respond_text(struct MHD_Connection *c, unsigned code, const char *text)
{
	char line[128];
	int n = snprintf(line, sizeof line, "%s\n", text);

	return respond(c, code, "text/plain; charset=utf-8", line, (size_t)n);
}

static enum MHD_Result respond_metrics(struct MHD_Connection *c)
{
	struct buf b;

	if (!peer_is_loopback(c))
		return respond_text(c, MHD_HTTP_FORBIDDEN, "metrics are for loopback peers");
	buf_init(&b, MEM_OTHER, 1 << 20);
	metrics_refresh();
	metric_print(&b);
	enum MHD_Result res =
	    buf_ok(&b) ? respond(c, MHD_HTTP_OK, "text/plain; version=0.0.4", b.p, b.len) : MHD_NO;
	buf_release(&b);
	return res;
}

static enum MHD_Result on_request(void *ctx, struct MHD_Connection *c, const char *url,
				  const char *method, const char *version, const char *upload,
				  size_t *upload_len, void **state)
{
	struct admin *a = ctx;
	bool ready = atomic_load_explicit(&a->ready, memory_order_acquire);

	(void)version, (void)upload, (void)state;
	if (*upload_len != 0) {
		*upload_len = 0;
		return MHD_YES;
	}
	if (strcmp(method, "GET") != 0 && strcmp(method, "HEAD") != 0)
		return respond_text(c, MHD_HTTP_METHOD_NOT_ALLOWED, "only GET");
	if (strcmp(url, "/live") == 0 || strcmp(url, "/health") == 0)
		return respond_text(c, MHD_HTTP_OK, "ok");
	if (strcmp(url, "/ready") == 0)
		return ready ? respond_text(c, MHD_HTTP_OK, "ready")
			     : respond_text(c, MHD_HTTP_SERVICE_UNAVAILABLE, a->why);
	if (strcmp(url, "/metrics") == 0)
		return respond_metrics(c);
	return respond_text(c, MHD_HTTP_NOT_FOUND, "try /live, /ready, /health or /metrics");
}

static int bind_listener(const char *listen_text, char *reason, size_t reason_len)
{
	char host[256], port_text[8];
	uint16_t port;
	struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE}, *ai = NULL;
	int one = 1, fd = -1;

	if (!config_split_address(listen_text, host, sizeof host, &port)) {
		snprintf(reason, reason_len, "'%s' is not ADDRESS:PORT", listen_text);
		return -1;
	}
	snprintf(port_text, sizeof port_text, "%u", port);
	int rc = getaddrinfo(host[0] != 0 ? host : NULL, port_text, &hints, &ai);
	if (rc != 0) {
		snprintf(reason, reason_len, "cannot resolve '%s': %s", host, gai_strerror(rc));
		return -1;
	}
	fd = socket(ai->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd >= 0)
		(void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
	if (fd < 0 || bind(fd, ai->ai_addr, ai->ai_addrlen) != 0 || listen(fd, 64) != 0) {
		int e = errno;
		snprintf(reason, reason_len, "cannot listen on TCP %s: %s", listen_text,
			 strerror(e));
		if (fd >= 0)
			close(fd);
		fd = e == EADDRINUSE ? -2 : -1;
	}
	freeaddrinfo(ai);
	return fd;
}

enum status admin_start(const char *listen_text, struct admin **ret, char *reason,
			size_t reason_len)
{
	struct admin *a = MEM_NEW(MEM_NET, struct admin);

	if (a == NULL)
		return ST_NOMEM;
	a->why = "starting";
	int fd = bind_listener(listen_text, reason, reason_len);
	if (fd < 0) {
		MEM_FREE(MEM_NET, a);
		return fd == -2 ? ST_EXISTS : ST_IO;
	}
	a->daemon = MHD_start_daemon(MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_EPOLL, 0, NULL, NULL,
				     on_request, a, MHD_OPTION_LISTEN_SOCKET, fd,
				     MHD_OPTION_CONNECTION_LIMIT, (unsigned)ADMIN_CONNECTIONS_MAX,
				     MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)ADMIN_TIMEOUT_S,
				     MHD_OPTION_END);
	if (a->daemon == NULL) {
		snprintf(reason, reason_len, "cannot start the admin listener on %s", listen_text);
		close(fd);
		MEM_FREE(MEM_NET, a);
		return ST_IO;
	}
	*ret = a;
	return ST_OK;
}

void admin_set_ready(struct admin *a, bool ready, const char *why)
{
	atomic_store_explicit(&a->why, why, memory_order_relaxed);
	atomic_store_explicit(&a->ready, ready, memory_order_release);
}

void admin_stop(struct admin *a)
{
	if (a == NULL)
		return;
	MHD_stop_daemon(a->daemon);
	MEM_FREE(MEM_NET, a);
}
