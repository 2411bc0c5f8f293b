#include "server/config.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/thread.h"

#define DATA_DIR_SYSTEM "/var/lib/geode/data"

void config_init(struct config *c)
{
	uint64_t pages = (uint64_t)sysconf(_SC_PHYS_PAGES), page = (uint64_t)sysconf(_SC_PAGESIZE);

	*c = (struct config){
	    .listen = "127.0.0.1:3141",
	    .data_dir = access(DATA_DIR_SYSTEM, W_OK | X_OK) == 0 ? DATA_DIR_SYSTEM : "./data",
	    .max_connections = 1000,
	    .threads = thread_cpus(),
	    .workers = MAX_OF(thread_cpus(), 2u) - 1,
	    .memory_limit = pages * page / 10 * 8,
	    .query_memory = UINT64_C(1) << 30,
	    .max_view_age_ms = 600000,
	    .idle_timeout_ms = 300000,
	    .idle_txn_ms = 60000,
	    .conflict_wait_ms = 1000,
	    .stop_timeout_ms = 2500,
	    .log_level = LOG_INFO,
	    .snapshot_at_stop = true,
	};
}

bool config_parse_size(struct str s, uint64_t *ret)
{
	unsigned shift = 0;
	uint64_t n;

	if (s.len > 1) {
		switch (s.p[s.len - 1] | 0x20) {
		case 'k':
			shift = 10;
			break;
		case 'm':
			shift = 20;
			break;
		case 'g':
			shift = 30;
			break;
		}
	}
	if (shift != 0)
		s.len--;
	if (!str_to_u64(s, &n) || n > UINT64_MAX >> shift)
		return false;
	*ret = n << shift;
	return true;
}

bool config_split_address(const char *text, char *host, size_t host_len, uint16_t *ret_port)
{
	struct str s = str_of(text), h = s;
	uint64_t port = CONFIG_PORT_DEFAULT;
	const char *colon = NULL;

	if (s.len > 0 && s.p[0] == '[') {
		const char *close = memchr(s.p, ']', s.len);
		if (close == NULL)
			return false;
		h = (struct str){s.p + 1, (size_t)(close - s.p) - 1};
		if (close[1] == ':')
			colon = close + 1;
		else if (close[1] != 0)
			return false;
	} else {
		colon = memrchr(s.p, ':', s.len);
		if (colon != NULL)
			h.len = (size_t)(colon - s.p);
		if (memchr(h.p, ':', h.len) != NULL)
			return false; /* a bare IPv6 address needs brackets */
	}
	if (colon != NULL && (!str_to_u64(str_of(colon + 1), &port) || port > UINT16_MAX))
		return false;
	if (h.len >= host_len)
		return false;
	memcpy(host, h.p, h.len);
	host[h.len] = 0;
	*ret_port = (uint16_t)port;
	return true;
}

static bool parse_number(const char *value, uint64_t min, uint64_t max, uint64_t *ret)
{
	uint64_t n;

	if (!str_to_u64(str_of(value), &n) || n < min || n > max)
		return false;
	*ret = n;
	return true;
}

static bool set_number(uint32_t *ret, const char *name, const char *value, uint64_t min,
		       uint64_t max, char *error, size_t error_len)
{
	uint64_t n;

	if (!parse_number(value, min, max, &n)) {
		snprintf(error, error_len, "--%s takes a number from %llu to %llu, not '%s'", name,
			 (unsigned long long)min, (unsigned long long)max, value);
		return false;
	}
	*ret = (uint32_t)n;
	return true;
}

static bool set_size(uint64_t *ret, const char *name, const char *value, char *error,
		     size_t error_len)
{
	if (config_parse_size(str_of(value), ret))
		return true;
	snprintf(error, error_len, "--%s takes a size such as 512M or 4G, not '%s'", name, value);
	return false;
}

static bool set_listen(struct config *c, const char *value, char *error, size_t error_len)
{
	char host[256];
	uint16_t port;

	if (!config_split_address(value, host, sizeof host, &port)) {
		snprintf(error, error_len, "--listen takes ADDRESS:PORT, not '%s'", value);
		return false;
	}
	c->listen = value;
	return true;
}

bool config_set(struct config *c, const char *name, const char *value, char *error,
		size_t error_len)
{
	struct str n = str_of(name);

	if (str_eq(n, STR("listen")))
		return set_listen(c, value, error, error_len);
	if (str_eq(n, STR("max-connections")))
		return set_number(&c->max_connections, name, value, 1, CONFIG_CONNECTIONS_MAX,
				  error, error_len);
	if (str_eq(n, STR("threads")))
		return set_number(&c->threads, name, value, 1, CONFIG_THREADS_MAX, error,
				  error_len);
	if (str_eq(n, STR("workers")))
		return set_number(&c->workers, name, value, 1, CONFIG_THREADS_MAX, error,
				  error_len);
	if (str_eq(n, STR("query-timeout")))
		return set_number(&c->query_timeout_ms, name, value, 0, UINT32_MAX, error,
				  error_len);
	if (str_eq(n, STR("idle-timeout")))
		return set_number(&c->idle_timeout_ms, name, value, 1000, UINT32_MAX, error,
				  error_len);
	if (str_eq(n, STR("idle-transaction")))
		return set_number(&c->idle_txn_ms, name, value, 0, UINT32_MAX, error, error_len);
	if (str_eq(n, STR("conflict-wait")))
		return set_number(&c->conflict_wait_ms, name, value, 0, UINT32_MAX, error,
				  error_len);
	if (str_eq(n, STR("stop-timeout")))
		return set_number(&c->stop_timeout_ms, name, value, 0, UINT32_MAX, error,
				  error_len);
	if (str_eq(n, STR("memory-limit")))
		return set_size(&c->memory_limit, name, value, error, error_len);
	if (str_eq(n, STR("query-memory")))
		return set_size(&c->query_memory, name, value, error, error_len);
	if (str_eq(n, STR("undo-memory")))
		return set_size(&c->undo_memory, name, value, error, error_len);
	if (str_eq(n, STR("max-view-age")))
		return set_number(&c->max_view_age_ms, name, value, 0, UINT32_MAX, error,
				  error_len);
	if (str_eq(n, STR("log-level"))) {
		if (log_level_parse(str_of(value), &c->log_level))
			return true;
		snprintf(error, error_len, "--log-level is debug, info, warn or error, not '%s'",
			 value);
		return false;
	}
	if (str_eq(n, STR("data-dir")))
		c->data_dir = value;
	else if (str_eq(n, STR("cert")))
		c->cert_file = value;
	else if (str_eq(n, STR("key")))
		c->key_file = value;
	else if (str_eq(n, STR("no-snapshot")))
		c->snapshot_at_stop = false;
	else {
		snprintf(error, error_len, "unknown option '--%s'", name);
		return false;
	}
	return true;
}

bool config_check(const struct config *c, char *error, size_t error_len)
{
	if ((c->cert_file == NULL) != (c->key_file == NULL)) {
		snprintf(error, error_len, "--cert and --key go together: --%s is missing",
			 c->cert_file == NULL ? "cert" : "key");
		return false;
	}
	return true;
}
