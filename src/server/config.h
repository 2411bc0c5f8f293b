/* server/config.h - what `geode serve` was told.
 *
 * Room:    server.
 * Threads: filled by main before any thread starts, read only afterwards.
 * Memory:  texts are borrowed from the command line or the environment. */
#ifndef SERVER_CONFIG_H
#define SERVER_CONFIG_H

#include "base/log.h"

#define CONFIG_PORT_DEFAULT 3141
#define CONFIG_CONNECTIONS_MAX 1000000
#define CONFIG_THREADS_MAX 256 /* a connection id names its thread in one byte */

struct config {
	const char *listen; /* ADDRESS:PORT */
	const char *data_dir;
	const char *cert_file, *key_file; /* both or neither */
	uint32_t max_connections;
	uint32_t threads;
	uint32_t workers;
	uint64_t memory_limit;	   /* bytes, 0: none */
	uint64_t query_memory;	   /* bytes */
	uint64_t undo_memory;	   /* bytes, 0: a fifth of memory_limit */
	uint32_t max_view_age_ms;  /* 0: none */
	uint32_t query_timeout_ms; /* 0: none */
	uint32_t idle_timeout_ms;
	uint32_t idle_txn_ms;	   /* a transaction without a request; 0: no limit */
	uint32_t conflict_wait_ms; /* a transaction that lost, for the other one; 0: none */
	uint32_t stop_timeout_ms;  /* for statements, commits and last answers at the end */
	enum log_level log_level;
	bool snapshot_at_stop;
};

/* Defaults of this machine. */
void config_init(struct config *c);
/* One option by its long name without dashes; value NULL for a flag. False with a one-line reason
 * in error when the name is not known or the value makes no sense. */
bool config_set(struct config *c, const char *name, const char *value, char *error,
		size_t error_len);
/* What only all options together can tell: cert without key. */
bool config_check(const struct config *c, char *error, size_t error_len);

/* "1G", "512M", "64K", "1000"; false when it is not a size. */
bool config_parse_size(struct str s, uint64_t *ret);
/* "host:port", "[::]:port", ":port" or "host" into numeric parts; the host may be empty for all. */
bool config_split_address(const char *text, char *host, size_t host_len, uint16_t *ret_port);

#endif
