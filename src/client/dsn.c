/* client/dsn.c - addresses of servers as text. */
#include "client/dsn.h"

#include <stddef.h>
#include <stdlib.h>

static enum status bad(struct diag *d, const char *what, struct str subject)
{
	return diag_set(d, GQL_CONNECTION, DIAG_NO_POSITION, "%s '" STR_FMT "' in the address",
			what, STR_ARG(subject));
}

static int hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Percent-decoded copy. A zero byte is refused: texts are passed on zero-terminated. */
static enum status decode(struct str s, struct arena *a, struct str *ret, struct diag *d)
{
	char *out = arena_alloc(a, s.len + 1);
	size_t n = 0;

	if (out == NULL)
		return ST_NOMEM;
	for (size_t i = 0; i < s.len; i++) {
		if (s.p[i] != '%') {
			out[n++] = s.p[i];
			continue;
		}
		const bool whole = s.len - i > 2;
		const int high = whole ? hex(s.p[i + 1]) : -1, low = whole ? hex(s.p[i + 2]) : -1;
		if (high < 0 || low < 0 || (high == 0 && low == 0))
			return bad(d, "a bad percent sequence", s);
		out[n++] = (char)(high << 4 | low);
		i += 2;
	}
	out[n] = 0;
	*ret = (struct str){out, n};
	return ST_OK;
}

enum key_type {
	KEY_TEXT,
	KEY_NUMBER,
	KEY_BOOL,
};

static const struct key {
	const char *name, *alias;
	enum key_type type;
	size_t at;
} keys[] = {
    {"page_size", NULL, KEY_NUMBER, offsetof(struct dsn, page_size)},
    {"hello_name", NULL, KEY_TEXT, offsetof(struct dsn, hello_name)},
    {"hello_ver", NULL, KEY_TEXT, offsetof(struct dsn, hello_ver)},
    {"conformance", NULL, KEY_TEXT, offsetof(struct dsn, conformance)},
    {"username", "user", KEY_TEXT, offsetof(struct dsn, username)},
    {"password", "pass", KEY_TEXT, offsetof(struct dsn, password)},
    {"ca", "ca_cert", KEY_TEXT, offsetof(struct dsn, ca)},
    {"cert", "client_cert", KEY_TEXT, offsetof(struct dsn, cert)},
    {"key", "client_key", KEY_TEXT, offsetof(struct dsn, key)},
    {"pin", NULL, KEY_TEXT, offsetof(struct dsn, pin)},
    {"insecure_tls_skip_verify", "insecure", KEY_BOOL, offsetof(struct dsn, insecure)},
    {"skip_verify", NULL, KEY_BOOL, offsetof(struct dsn, insecure)},
    {"server_name", NULL, KEY_TEXT, offsetof(struct dsn, server_name)},
    {"connect_timeout", "timeout", KEY_NUMBER, offsetof(struct dsn, connect_timeout_ms)},
    {"read_timeout", NULL, KEY_NUMBER, offsetof(struct dsn, read_timeout_ms)},
    {"idle_timeout", NULL, KEY_NUMBER, offsetof(struct dsn, idle_timeout_ms)},
    {"graph", NULL, KEY_TEXT, offsetof(struct dsn, graph)},
    {"tenant", "tenant_id", KEY_TEXT, offsetof(struct dsn, tenant)},
    {"role", NULL, KEY_TEXT, offsetof(struct dsn, role)},
};

static const struct key *find_key(struct str name)
{
	for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
		if (str_eq(name, str_of(keys[i].name)) ||
		    (keys[i].alias != NULL && str_eq(name, str_of(keys[i].alias))))
			return &keys[i];
	}
	return NULL;
}

static enum status set_key(struct dsn *dsn, struct str name, struct str value, struct diag *d)
{
	const struct key *k = find_key(name);
	void *at = (char *)dsn + (k != NULL ? k->at : 0);

	if (k == NULL)
		return bad(d, "unknown key", name);
	switch (k->type) {
	case KEY_TEXT:
		*(struct str *)at = value;
		return ST_OK;
	case KEY_NUMBER:
		return str_to_u64(value, at) && *(uint64_t *)at <= UINT32_MAX
			   ? ST_OK
			   : bad(d, "no valid number:", value);
	default:
		*(bool *)at = str_eq(value, STR("true")) || str_eq(value, STR("1"));
		return *(bool *)at || str_eq(value, STR("false")) || str_eq(value, STR("0"))
			   ? ST_OK
			   : bad(d, "neither true nor false:", value);
	}
}

/* The part before the first c; s moves behind it. The whole of s, and *ret_found false, without. */
static struct str cut(struct str *s, char c, bool *ret_found)
{
	const char *at = s->len != 0 ? memchr(s->p, c, s->len) : NULL;
	const struct str before = {s->p, at != NULL ? (size_t)(at - s->p) : s->len};
	const size_t used = before.len + (at != NULL);

	*ret_found = at != NULL;
	*s = (struct str){s->p + used, s->len - used};
	return before;
}

static enum status parse_query(struct dsn *dsn, struct str query, struct arena *a, struct diag *d)
{
	bool more = query.len != 0, has_value;

	while (more) {
		struct str value = cut(&query, '&', &more);
		const struct str name = cut(&value, '=', &has_value);
		if (!has_value)
			return bad(d, "a key without a value:", name);
		TRY(decode(value, a, &value, d));
		TRY(set_key(dsn, name, value, d));
	}
	return ST_OK;
}

static enum status parse_port(struct dsn *dsn, struct str s, struct diag *d)
{
	return str_to_u64(s, &dsn->port) && dsn->port >= 1 && dsn->port <= UINT16_MAX
		   ? ST_OK
		   : bad(d, "a bad port", s);
}

/* host, host:port, [v6], [v6]:port, or a bare v6 address. */
static enum status parse_host(struct dsn *dsn, struct str s, struct arena *a, struct diag *d)
{
	const char *colon = s.len != 0 ? memrchr(s.p, ':', s.len) : NULL;
	struct str host = s, port = STR("");

	if (s.len != 0 && s.p[0] == '[') {
		const char *close = memchr(s.p, ']', s.len);
		if (close == NULL)
			return bad(d, "a '[' without ']':", s);
		host = (struct str){s.p + 1, (size_t)(close - s.p - 1)};
		port = (struct str){close + 1, (size_t)(s.p + s.len - close - 1)};
		if (port.len != 0 && port.p[0] != ':')
			return bad(d, "unexpected text", port);
	} else if (colon != NULL && memchr(s.p, ':', (size_t)(colon - s.p)) == NULL) {
		host.len = (size_t)(colon - s.p);
		port = (struct str){colon, s.len - host.len};
	}
	if (port.len != 0)
		TRY(parse_port(dsn, (struct str){port.p + 1, port.len - 1}, d));
	return host.len != 0 ? decode(host, a, &dsn->host, d) : ST_OK;
}

static enum status parse_scheme(struct str *s, struct diag *d)
{
	const char *at = s->len >= 3 ? memmem(s->p, s->len, "://", 3) : NULL;

	if (at == NULL)
		return ST_OK;
	const struct str scheme = {s->p, (size_t)(at - s->p)};
	*s = (struct str){at + 3, s->len - scheme.len - 3};
	if (str_eq_nocase(scheme, STR("quic")) || str_eq_nocase(scheme, STR("geode")))
		return ST_OK;
	(void)bad(d, "unknown scheme", scheme);
	diag_hint(d, "this client speaks quic://");
	return ST_INVALID;
}

static enum status parse_text(struct dsn *dsn, struct str s, struct arena *a, struct diag *d)
{
	bool found;

	TRY(parse_scheme(&s, d));
	struct str rest = cut(&s, '?', &found);
	const struct str query = found ? s : STR("");
	struct str authority = cut(&rest, '/', &found);
	const struct str graph = found ? rest : STR("");
	const char *at = authority.len != 0 ? memrchr(authority.p, '@', authority.len) : NULL;

	if (at != NULL) {
		struct str password = {authority.p, (size_t)(at - authority.p)};
		const struct str user = cut(&password, ':', &found);
		TRY(decode(user, a, &dsn->username, d));
		if (found)
			TRY(decode(password, a, &dsn->password, d));
		authority = (struct str){at + 1, (size_t)(authority.p + authority.len - at - 1)};
	}
	if (graph.len != 0)
		TRY(decode(graph, a, &dsn->graph, d));
	TRY(parse_host(dsn, authority, a, d));
	return parse_query(dsn, query, a, d);
}

static struct str environment(const char *name)
{
	const char *z = getenv(name);

	return z != NULL ? str_of(z) : STR("");
}

enum status dsn_parse(const char *text, struct arena *a, struct dsn *ret, struct diag *d)
{
	const struct str empty = STR(""), port = environment("GEODE_PORT");
	struct dsn dsn = {
	    .host = environment("GEODE_HOST"),
	    .username = environment("GEODE_USERNAME"),
	    .password = environment("GEODE_PASSWORD"),
	    .ca = environment("GEODE_TLS_CA"),
	    .graph = empty,
	    .role = empty,
	    .tenant = empty,
	    .pin = empty,
	    .server_name = empty,
	    .cert = empty,
	    .key = empty,
	    .hello_name = STR("geode-c"),
	    .hello_ver = STR(GEODE_VERSION),
	    .conformance = STR("min"),
	    .port = DSN_PORT,
	    .page_size = DSN_PAGE_SIZE,
	    .connect_timeout_ms = DSN_CONNECT_TIMEOUT_MS,
	    .idle_timeout_ms = DSN_IDLE_TIMEOUT_MS,
	};

	if (port.len != 0)
		TRY(parse_port(&dsn, port, d));
	if (text != NULL)
		TRY(parse_text(&dsn, str_of(text), a, d));
	if (dsn.host.len == 0)
		dsn.host = STR("localhost");
	if ((dsn.cert.len != 0) != (dsn.key.len != 0))
		return diag_set(d, GQL_CONNECTION, DIAG_NO_POSITION,
				"cert and key of a client belong together");
	*ret = dsn;
	return ST_OK;
}
