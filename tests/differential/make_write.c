/* Random writing statements whose effect does not depend on the order of rows. */
#include "tests/differential/make.h"

static void add_text(struct maker *m, struct branch *b, enum clause_kind kind, const char *fmt, ...)
    PRINTF_LIKE(4, 5);
static void add_text(struct maker *m, struct branch *b, enum clause_kind kind, const char *fmt, ...)
{
	struct clause *c = &b->clauses[b->n_clauses++];
	va_list ap;

	*c = (struct clause){.kind = (uint8_t)kind, .var = NO_VAR};
	va_start(ap, fmt);
	vsnprintf(c->text, sizeof(c->text), fmt, ap);
	va_end(ap);
}

static void add_insert(struct maker *m, struct branch *b, const char *n, const char *o)
{
	const char *word = chance(m, 50) ? "INSERT" : "CREATE";
	const char *label = label_names[below(m, N_LABELS)], *type = type_names[below(m, N_TYPES)];

	switch (n == NULL ? 0 : below(m, 4)) {
	case 0:
		add_text(m, b, C_INSERT, "%s (:%s {x: %u, s: 'new'})", word, label, below(m, 5));
		return;
	case 1:
		add_text(m, b, C_INSERT, "%s (:%s {x: %s.x, y: %s.id})", word, label, n, o);
		return;
	case 2:
		add_text(m, b, C_INSERT, "%s (%s)-[:%s {x: %s.x}]->(%s)", word, n, type, n, o);
		return;
	default:
		add_text(m, b, C_INSERT, "%s (%s)<-[:%s]-(z:%s {x: 3})-[:%s {x: 1}]->(%s)", word, n,
			 type, label, type, o);
	}
}

static void add_set(struct maker *m, struct branch *b, const char *n, const char *e)
{
	const char *label = label_names[below(m, N_LABELS)];
	const char *x = e != NULL && chance(m, 30) ? e : n;

	switch (below(m, 8)) {
	case 0:
		add_text(m, b, C_SET, "SET %s.x = %u", x, below(m, 5));
		return;
	case 1:
		add_text(m, b, C_SET, "SET %s.x = %s.x + 1, %s.y = 'set'", x, x, x);
		return;
	case 2:
		add_text(m, b, C_SET, "SET %s:%s", n, label);
		return;
	case 3:
		add_text(m, b, C_SET, "REMOVE %s:%s", n, label);
		return;
	case 4:
		add_text(m, b, C_SET, "REMOVE %s.x", x);
		return;
	case 5:
		add_text(m, b, C_SET, "SET %s += {x: 2, s: null}", x);
		return;
	case 6:
		add_text(m, b, C_SET, "SET %s = {id: %s.id, x: %u}", x, x, below(m, 3));
		return;
	default:
		add_text(m, b, C_SET, "SET %s.y = %s.id * 10, %s.x = %s.y", x, x, x, x);
	}
}

static void add_delete(struct maker *m, struct branch *b, const char *n, const char *e)
{
	switch (below(m, 5)) {
	case 0:
		if (e != NULL) {
			add_text(m, b, C_DELETE, "DELETE %s", e);
			return;
		}
		/* fall through */
	case 1:
		if (e != NULL) {
			add_text(m, b, C_DELETE, "DELETE %s, %s", e, n);
			return;
		}
		/* fall through */
	case 2:
		add_text(m, b, C_DELETE, "DELETE %s", n);
		return;
	default:
		add_text(m, b, C_DELETE, "DETACH DELETE %s", n);
	}
}

static void add_merge(struct maker *m, struct branch *b, const char *n, const char *o)
{
	const char *label = label_names[below(m, N_LABELS)], *type = type_names[below(m, N_TYPES)];
	const char *tail =
	    chance(m, 50) ? " ON CREATE SET z.y = 'made' ON MATCH SET z.s = 'met'" : "";

	switch (n == NULL ? 0 : below(m, 3)) {
	case 0:
		add_text(m, b, C_MERGE, "MERGE (z:%s {x: %u})%s", label, below(m, 5), tail);
		return;
	case 1:
		add_text(m, b, C_MERGE, "MERGE (z:%s {x: coalesce(%s.x, 9)})%s", label, n, tail);
		return;
	default:
		add_text(m, b, C_MERGE, "MERGE (%s)-[z:%s]->(%s)%s", n, type, o, tail);
	}
}

void make_write(struct maker *m, struct branch *b)
{
	enum var_kind kind;
	uint32_t n = NO_VAR, o = NO_VAR, e = NO_VAR;

	if (chance(m, 85)) {
		struct clause *c = &b->clauses[b->n_clauses++];
		*c = (struct clause){.kind = C_MATCH, .var = NO_VAR};
		c->pattern = make_pattern(m, false);
		n = make_pick(m, 1u << K_NODE, &kind);
		o = make_pick(m, 1u << K_NODE, &kind);
		e = make_pick(m, 1u << K_EDGE, &kind);
	}
	const char *nt = n != NO_VAR ? m->s->vars[n].text : NULL;
	const char *ot = o != NO_VAR ? m->s->vars[o].text : NULL;
	const char *et = e != NO_VAR ? m->s->vars[e].text : NULL;
	uint32_t which = nt == NULL ? (chance(m, 50) ? 0 : 9) : below(m, 10);
	if (which < 3)
		add_insert(m, b, nt, ot);
	else if (which < 6)
		add_set(m, b, nt, et);
	else if (which < 8)
		add_delete(m, b, nt, et);
	else
		add_merge(m, b, nt, ot);
	if (which >= 3 && which < 6 && chance(m, 30))
		add_insert(m, b, nt, ot);
	if (chance(m, 30))
		add_text(m, b, C_SET, "RETURN count(*) AS c");
}
