/* client/trust.h - whom a client believes: the file of servers that were seen before.
 *
 * Room:    client (private).
 * Errors:  ST_INVALID with d set; ST_NOMEM. A file that cannot be written is no error: the next
 *          connection is then a first use again.
 * Format:  one server a line: HOST:PORT, a space, 64 hexadecimal digits (SHA-256 of the
 * certificate). Other lines are kept as they are. Source:  ruling R5 (ledger.md): our own tools pin
 * a loopback server on first use. */
#ifndef CLIENT_TRUST_H
#define CLIENT_TRUST_H

#include "base/diag.h"

#define TRUST_PIN_LEN 32
#define TRUST_FILE_MAX (1u << 20)

/* $XDG_STATE_HOME/geode/known_servers or $HOME/.local/state/geode/known_servers; false without
 * both. */
bool trust_path(char *out, size_t cap);
/* ST_NOT_FOUND: never seen. */
enum status trust_find(const char *path, struct str host, uint64_t port,
		       uint8_t ret[TRUST_PIN_LEN]) MUST_CHECK;
/* The server's line from now on; makes the folders. */
enum status trust_set(const char *path, struct str host, uint64_t port,
		      const uint8_t pin[TRUST_PIN_LEN]) MUST_CHECK;
bool trust_parse_pin(struct str hex, uint8_t ret[TRUST_PIN_LEN]);

#endif
