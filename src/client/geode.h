/* geode.h - libgeode, the C client of the Geode graph database.
 *
 * A session is one login on one QUIC connection. It runs one statement at a time and has at most
 * one open transaction. The shortest useful program:
 *
 *     struct geode_error error;
 *     struct geode_session *s = geode_connect("localhost/social", &error);
 *     struct geode_params *p = geode_params_new();
 *     struct geode_result *r = NULL;
 *     geode_params_int(p, "id", 42);
 *     if (geode_execute(s, "MATCH (n:User {id: $id}) RETURN n.name", p, &r) == GEODE_OK)
 *             while (geode_result_next(r) == GEODE_ROW)
 *                     puts(geode_value_string(geode_result_value(r, 0), NULL));
 *     geode_result_free(r);
 *     geode_params_free(p);
 *     geode_disconnect(s);
 *
 * Threads:   an object belongs to one thread at a time; different sessions are independent. The
 *            library has no threads and no global state.
 * Ownership: what a function returns as a non-const pointer is freed by the function of its type.
 *            Values, texts and names are borrowed from the result and hold until its next
 *            geode_result_next() or geode_result_free(); copy what must live longer. A result must
 * be freed before its session. Errors:    functions return enum geode_status; the record of the
 * last failure is geode_error_of(). After GEODE_FAILED the session goes on, after GEODE_BROKEN only
 * geode_disconnect() may follow. Text:      UTF-8 everywhere. */
#ifndef GEODE_H
#define GEODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define GEODE_API __attribute__((visibility("default")))

struct geode_session;
struct geode_result;
struct geode_params;
struct geode_value;

enum geode_status {
	GEODE_OK = 0,
	GEODE_ROW = 1,	   /* geode_result_next: there is a row */
	GEODE_END = 2,	   /* geode_result_next: there is none */
	GEODE_FAILED = -1, /* refused; the session goes on */
	GEODE_BROKEN = -2, /* the connection is of no use any more */
};

/* What went wrong. code is a GQLSTATUS (ISO/IEC 39075:2024 clause 23); 08000 and its like also
 * stand for failures on the way to the server. */
struct geode_error {
	char code[6];
	char message[512];
	char hint[256]; /* what to do about it, or "" */
	uint32_t line,
	    column; /* place in the statement, both from 1, column in code points; 0: none */
	bool retry; /* lost against a concurrent transaction: run the whole transaction again */
};

/* Sessions */

/* address: [quic://][user[:password]@]host[:port][/graph][?key=value&...], percent-encoded where
 * needed, or NULL for GEODE_HOST and its like or localhost:3141. Keys: graph, username, password,
 * role, tenant, ca, pin, insecure_tls_skip_verify, server_name, connect_timeout, read_timeout,
 * idle_timeout (milliseconds), page_size, hello_name, hello_ver.
 *
 * Trust: with ca the chain is verified against that file; with pin=SHA256HEX the certificate must
 * be that one; insecure_tls_skip_verify=true checks nothing. Otherwise a server on a loopback
 * address is pinned on first use in $XDG_STATE_HOME/geode/known_servers (another certificate there
 * later is refused if a password is given, else pinned anew), and others are verified against the
 * system's authorities.
 *
 * NULL with *ret_error filled when there is no session; ret_error may be NULL. */
GEODE_API struct geode_session *geode_connect(const char *address, struct geode_error *ret_error);

/* Ends the connection; an open transaction is rolled back by the server. s may be NULL. */
GEODE_API void geode_disconnect(struct geode_session *s);

/* The record of the session's last failure; holds until the next call on the session. */
GEODE_API const struct geode_error *geode_error_of(const struct geode_session *s);

GEODE_API const char *
geode_session_graph(const struct geode_session *s); /* "" when none is bound */
GEODE_API const char *geode_server_version(const struct geode_session *s);

GEODE_API enum geode_status geode_ping(struct geode_session *s);

/* Parameters: named values of a statement, without the '$'. A failed call (no memory, a wrong order
 * of open and close) is remembered and makes geode_execute fail, so that only that needs a check.
 */

GEODE_API struct geode_params *geode_params_new(void); /* NULL: no memory */
GEODE_API void geode_params_free(struct geode_params *p);
GEODE_API void geode_params_clear(struct geode_params *p); /* keeps memory for the next statement */

/* name is NULL inside a list; a parameter of the same name is replaced. Names and texts are copied.
 */
GEODE_API void geode_params_null(struct geode_params *p, const char *name);
GEODE_API void geode_params_bool(struct geode_params *p, const char *name, bool v);
GEODE_API void geode_params_int(struct geode_params *p, const char *name, int64_t v);
GEODE_API void geode_params_double(struct geode_params *p, const char *name, double v);
GEODE_API void geode_params_string(struct geode_params *p, const char *name, const char *v,
				   size_t len);
GEODE_API void geode_params_bytes(struct geode_params *p, const char *name, const void *v,
				  size_t len);
/* What follows until geode_params_close() goes into the list or the map. */
GEODE_API void geode_params_open_list(struct geode_params *p, const char *name);
GEODE_API void geode_params_open_map(struct geode_params *p, const char *name);
GEODE_API void geode_params_close(struct geode_params *p);

/* Statements */

/* Runs a statement; params may be NULL. *ret is set on GEODE_OK; ret may be NULL when the rows do
 * not matter. An earlier result of the session that is not finished ends here. */
GEODE_API enum geode_status geode_execute(struct geode_session *s, const char *text,
					  const struct geode_params *params,
					  struct geode_result **ret);

/* Pipelining: several statements on their way at once. Each geode_send() is answered by one
 * geode_receive(), in the same order. A result that does not fit one page fails with 54N01 unless
 * it is the last one on the way. Between the two no other function of the session may be called. */
GEODE_API enum geode_status geode_send(struct geode_session *s, const char *text,
				       const struct geode_params *params);
GEODE_API enum geode_status geode_receive(struct geode_session *s, struct geode_result **ret);

/* Transactions. geode_commit() gives GEODE_OK only when the commit is on the server's disk. */
GEODE_API enum geode_status geode_begin(struct geode_session *s, bool read_only);
GEODE_API enum geode_status geode_commit(struct geode_session *s);
GEODE_API enum geode_status geode_rollback(struct geode_session *s);
GEODE_API enum geode_status geode_savepoint(struct geode_session *s, const char *name);
GEODE_API enum geode_status geode_rollback_to(struct geode_session *s, const char *name);

/* Results: a cursor over rows, fetched page by page as it moves. */

GEODE_API uint32_t geode_result_columns(const struct geode_result *r);
GEODE_API const char *geode_result_name(const struct geode_result *r, uint32_t i_column);
/* The wire's name of the column's type, "ANY" when it is mixed or not known: INT, DOUBLE, DECIMAL,
 * BOOL, STRING, BYTEA, DATE, TIME, TIMETZ, TIMESTAMP, TIMESTAMPTZ, INTERVAL, LIST, MAP, NODE, EDGE,
 * PATH. */
GEODE_API const char *geode_result_type(const struct geode_result *r, uint32_t i_column);
/* GQLSTATUS of the statement: "00000", a warning, or "02000" for no data. */
GEODE_API const char *geode_result_status(const struct geode_result *r);
GEODE_API enum geode_status geode_result_next(struct geode_result *r);
/* Never NULL; null for a column that does not exist or without a row. */
GEODE_API const struct geode_value *geode_result_value(const struct geode_result *r,
						       uint32_t i_column);
GEODE_API void geode_result_free(struct geode_result *r); /* r may be NULL */

/* Values */

enum geode_kind {
	GEODE_NULL,
	GEODE_BOOL,
	GEODE_INT,
	GEODE_DOUBLE,
	GEODE_STRING, /* also dates, times and durations, in ISO 8601 */
	GEODE_BYTES,
	GEODE_DECIMAL, /* as text */
	GEODE_LIST,
	GEODE_MAP,
	GEODE_NODE,
	GEODE_EDGE,
	GEODE_PATH,
};

GEODE_API enum geode_kind geode_value_kind(const struct geode_value *v);
/* Of another kind: false, 0, or "" and length 0. An INT also gives a double. */
GEODE_API bool geode_value_bool(const struct geode_value *v);
GEODE_API int64_t geode_value_int(const struct geode_value *v);
GEODE_API double geode_value_double(const struct geode_value *v);
/* Zero-terminated; ret_len may be NULL. STRING and DECIMAL. */
GEODE_API const char *geode_value_string(const struct geode_value *v, size_t *ret_len);
GEODE_API const void *geode_value_bytes(const struct geode_value *v, size_t *ret_len);

/* Elements of a LIST; entries of a MAP; properties of a NODE or an EDGE; elements of a PATH, nodes
 * and edges in turn. */
GEODE_API uint32_t geode_value_count(const struct geode_value *v);
/* Never NULL; null beyond the end. */
GEODE_API const struct geode_value *geode_value_at(const struct geode_value *v, uint32_t i);
/* Key of an entry or a property, "" beyond the end. */
GEODE_API const char *geode_value_key(const struct geode_value *v, uint32_t i);
/* Value of an entry or a property; null when there is none. */
GEODE_API const struct geode_value *geode_value_get(const struct geode_value *v, const char *key);

GEODE_API uint64_t geode_value_id(const struct geode_value *v);	  /* NODE, EDGE */
GEODE_API uint64_t geode_value_from(const struct geode_value *v); /* EDGE: its first node */
GEODE_API uint64_t geode_value_to(const struct geode_value *v);
GEODE_API uint32_t geode_value_labels(const struct geode_value *v); /* how many; an EDGE has one */
GEODE_API const char *geode_value_label(const struct geode_value *v, uint32_t i);

/* The value as a table cell shows it; into out, cut at cap - 1 bytes and zero-terminated. Gives the
 * length of the whole text. */
GEODE_API size_t geode_value_text(const struct geode_value *v, char *out, size_t cap);

#ifdef __cplusplus
}
#endif

#endif
