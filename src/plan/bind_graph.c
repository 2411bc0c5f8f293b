/* Names of graphs. */
#include "plan/bind.h"

static void suggest_graph(struct store *s, struct str name, uint64_t lsn, struct diag *d)
{
	uint32_t n = store_graph_places(s);
	unsigned best_distance = 3;
	struct str best = STR_NULL;

	for (uint32_t i = 0; i < n; i++) {
		struct graph *g = store_graph_at(s, i);
		if (g == NULL || !graph_is_seen(g, lsn))
			continue;
		unsigned distance = str_distance(name, graph_name(g), best_distance);
		if (distance < best_distance) {
			best = graph_name(g);
			best_distance = distance;
		}
	}
	if (best.len != 0)
		diag_hint(d, "did you mean '" STR_FMT "'?", STR_ARG(best));
}

enum status plan_find_graph(struct store *s, const struct ast_name *name, uint64_t lsn,
			    struct graph **ret, struct diag *d)
{
	*ret = store_graph_find(s, name->text, lsn);
	if (*ret != NULL)
		return ST_OK;
	(void)diag_set(d, GQL_BAD_REFERENCE, name->offset, "there is no graph '" STR_FMT "'",
		       STR_ARG(name->text));
	suggest_graph(s, name->text, lsn, d);
	return ST_INVALID;
}
