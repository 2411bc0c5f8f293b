/* client/connect.c - from an address to a session over QUIC. */
#include "client/session.h"

struct geode_session *geode_connect(const char *address, struct geode_error *ret_error)
{
	struct geode_session *s = NULL;
	struct geode_error ignored;
	struct transport *t;
	struct arena a;
	struct dsn dsn;
	struct diag d;

	if (ret_error == NULL)
		ret_error = &ignored;
	*ret_error = (struct geode_error){0};
	diag_reset(&d);
	arena_init(&a, MEM_SESSION, NULL);
	enum status st = dsn_parse(address, &a, &dsn, &d);
	if (st == ST_OK)
		st = transport_quic_open(&dsn, &t, &d);
	if (st == ST_OK) {
		(void)client_start(t, &dsn, &s, ret_error); /* s tells */
	} else {
		error_from_diag(ret_error, &d, st);
	}
	arena_release(&a);
	return s;
}
