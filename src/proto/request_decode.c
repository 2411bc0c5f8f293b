/* proto/request_decode.c - the bytes of a request as a struct.
 *
 * ExecuteRequest, whose parameters nest, is read by hand straight into the arena. All others are
 * flat and go through the generated code, which then cannot recurse; its allocations are the
 * arena's. */
#include "proto/request.h"

#include "proto/geode.pb-c.h"
#include "proto/value_wire.h"

static enum status malformed(struct diag *d)
{
	return diag_fail(d, ST_CORRUPT, GQL_PROTOCOL_VIOLATION, DIAG_NO_POSITION,
			 "the frame is not a message of the protocol");
}

static enum status no_memory(struct arena *a, struct diag *d)
{
	if (!arena_over_budget(a))
		return ST_NOMEM;
	return diag_fail(d, ST_LIMIT, GQL_QUERY_MEMORY, DIAG_NO_POSITION,
			 "the request is above the memory limit of a query");
}

static void *alloc_in_arena(void *a, size_t size)
{
	return arena_alloc(a, size);
}

static void keep(void *a, void *p)
{
	(void)a;
	(void)p;
}

static enum status take_text(struct str s, struct arena *a, struct str *ret, struct diag *d)
{
	if (!utf8_valid(s))
		return diag_fail(d, ST_INVALID, GQL_BAD_TEXT, DIAG_NO_POSITION,
				 "the request's text is not valid UTF-8");
	*ret = arena_str(a, s);
	return ret->p != NULL ? ST_OK : no_memory(a, d);
}

static enum status read_param(struct str m, struct arena *a, struct map_entry *ret, struct diag *d)
{
	struct reader r = wire_reader(m);
	struct wire_field f;
	struct str name = STR("");

	*ret = (struct map_entry){.value = VALUE_NULL};
	while (wire_next(&r, &f)) {
		if (f.type == WIRE_BYTES && f.number == 1)
			name = f.bytes;
		else if (f.type == WIRE_BYTES && f.number == 2)
			TRY(value_read(f.bytes, a, &ret->value, d));
	}
	if (r.failed)
		return malformed(d);
	if (name.len > 0 && name.p[0] == '$')
		name = (struct str){name.p + 1, name.len - 1};
	if (name.len == 0)
		return diag_set(d, GQL_PROTOCOL_VIOLATION, DIAG_NO_POSITION,
				"a parameter has no name");
	return take_text(name, a, &ret->key, d);
}

static enum status read_execute(struct str m, struct arena *a, struct request_execute *ret,
				struct diag *d)
{
	struct reader r = wire_reader(m);
	struct wire_field f;
	struct str text = STR("");
	const size_t n = wire_count(m, 3);

	*ret = (struct request_execute){0};
	if (n == SIZE_MAX)
		return malformed(d);
	if (n > REQUEST_PARAMS_MAX)
		return diag_fail(d, ST_LIMIT, GQL_PROGRAM_LIMIT, DIAG_NO_POSITION,
				 "%zu parameters are above the limit of %u", n, REQUEST_PARAMS_MAX);
	ret->params = ARENA_ARRAY(a, struct map_entry, n);
	if (ret->params == NULL)
		return no_memory(a, d);
	while (wire_next(&r, &f)) {
		if (f.type == WIRE_BYTES && f.number == 2)
			text = f.bytes;
		else if (f.type == WIRE_BYTES && f.number == 3)
			TRY(read_param(f.bytes, a, &ret->params[ret->n_params++], d));
		else if (f.type == WIRE_VARINT && f.number == 1000)
			ret->page_size = (uint32_t)f.value;
		else if (f.type == WIRE_VARINT && f.number == 1001)
			ret->timeout_ms = (uint32_t)f.value;
	}
	TRY(value_keys_unique(ret->params, ret->n_params, a, d));
	return take_text(text, a, &ret->text, d);
}

static struct str optional(bool sent, const char *z)
{
	return sent ? str_of(z) : STR_NULL;
}

static enum status take_hello(const Geode__HelloRequest *h, struct request_hello *ret,
			      struct diag *d)
{
	*ret = (struct request_hello){
	    .username = str_of(h->username),
	    .password = str_of(h->password),
	    .client_name = str_of(h->client_name),
	    .client_version = str_of(h->client_version),
	    .wanted_conformance = str_of(h->wanted_conformance),
	    .tenant_id = optional(h->has_tenant_id_case != 0, h->tenant_id),
	    .graph = optional(h->has_graph_case != 0, h->graph),
	    .role = optional(h->has_role_case != 0, h->role),
	};
	const struct str texts[] = {ret->username, ret->client_name, ret->client_version,
				    ret->graph,	   ret->role,	     ret->tenant_id};
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		if (!utf8_valid(texts[i]))
			return diag_set(d, GQL_BAD_TEXT, DIAG_NO_POSITION,
					"a text of the hello is not valid UTF-8");
	}
	return ST_OK;
}

static enum status take_flat(const Geode__QuicClientMessage *m, struct request *ret, struct diag *d)
{
	switch (m->msg_case) {
	case GEODE__QUIC_CLIENT_MESSAGE__MSG_HELLO:
		return take_hello(m->hello, &ret->hello, d);
	case GEODE__QUIC_CLIENT_MESSAGE__MSG_PULL:
		ret->pull.page_size = m->pull->page_size;
		return ST_OK;
	case GEODE__QUIC_CLIENT_MESSAGE__MSG_BEGIN:
		ret->begin.read_only = m->begin->read_only;
		return ST_OK;
	case GEODE__QUIC_CLIENT_MESSAGE__MSG_SAVEPOINT:
		ret->savepoint.name = str_of(m->savepoint->name);
		return ST_OK;
	case GEODE__QUIC_CLIENT_MESSAGE__MSG_ROLLBACK_TO:
		ret->savepoint.name = str_of(m->rollback_to->name);
		return ST_OK;
	case GEODE__QUIC_CLIENT_MESSAGE__MSG__NOT_SET:
		return malformed(d);
	default:
		return ST_OK; /* no payload that anybody reads */
	}
}

static enum status read_flat(struct str message, struct arena *a, struct request *ret,
			     struct diag *d)
{
	ProtobufCAllocator in_arena = {alloc_in_arena, keep, a};
	const Geode__QuicClientMessage *m =
	    geode__quic_client_message__unpack(&in_arena, message.len, (const uint8_t *)message.p);

	if (m == NULL)
		return arena_over_budget(a) ? no_memory(a, d) : malformed(d);
	ret->kind = (enum request_kind)m->msg_case;
	return take_flat(m, ret, d);
}

/* Finds the one alternative that counts: the last. */
static enum status find_kind(struct str message, struct wire_field *ret, uint32_t *ret_n_execute,
			     struct diag *d)
{
	struct reader r = wire_reader(message);
	struct wire_field f;

	*ret = (struct wire_field){0};
	*ret_n_execute = 0;
	while (wire_next(&r, &f)) {
		if (f.number < REQUEST_HELLO || f.number > REQUEST_UPLOAD_BACKUP)
			continue;
		if (f.type != WIRE_BYTES)
			return malformed(d);
		*ret = f;
		*ret_n_execute += f.number == REQUEST_EXECUTE;
	}
	return r.failed || ret->number == 0 ? malformed(d) : ST_OK;
}

enum status request_decode(struct str message, struct arena *a, struct request *ret, struct diag *d)
{
	struct wire_field f;
	struct request r = {0};
	uint32_t n_execute;

	TRY(find_kind(message, &f, &n_execute, d));
	if (f.number == REQUEST_EXECUTE) {
		r.kind = REQUEST_EXECUTE;
		TRY(read_execute(f.bytes, a, &r.execute, d));
	} else if (n_execute == 0) {
		TRY(read_flat(message, a, &r, d));
	} else { /* the generated code would read values without a limit of depth */
		return malformed(d);
	}
	*ret = r;
	return ST_OK;
}
