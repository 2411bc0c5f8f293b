/* Where a part of a pattern begins: a seek that a predicate allows, or a scan. */
#include "plan/logical.h"

static bool is_key_of(const struct expr *e, uint32_t slot)
{
	return e->kind == EXPR_PROP && e->args[0]->kind == EXPR_SLOT && e->args[0]->slot == slot;
}

static bool is_id_of(const struct expr *e, uint32_t slot)
{
	return e->kind == EXPR_GRAPH_CALL && e->sub == GF_ID && e->args[0]->kind == EXPR_SLOT &&
	       e->args[0]->slot == slot;
}

static struct prop_index *find_index(struct planner *p, uint32_t label, uint32_t key)
{
	name_id l = store_name_find(p->store, NAME_LABEL, p->names.v[label].text);
	name_id k = store_name_find(p->store, NAME_KEY, p->names.v[key].text);

	return l == NAME_NONE || k == NAME_NONE ? NULL : graph_index_find(p->g, NULL, l, k);
}

/* A seek on node n by predicate i whose other side is known from *bound. */
static bool try_seek(struct qgraph *q, uint32_t n, uint32_t i, const struct slot_set *bound,
		     struct start *ret)
{
	const struct expr *e = q->preds[i].e;
	const struct qnode *node = &q->nodes[n];

	if (q->preds[i].done || e->kind != EXPR_EQ)
		return false;
	for (unsigned side = 0; side < 2; side++) {
		const struct expr *key = e->args[side], *value = e->args[1 - side];
		struct slot_set used = {0};
		expr_slots(value, &used);
		if (!slot_subset(&used, bound))
			continue;
		*ret = (struct start){.node = n, .i_pred = i, .value = value};
		if (is_id_of(key, node->slot)) {
			ret->by_id = true;
			ret->rows = 1;
			return true;
		}
		if (node->label == NAME_NONE || !is_key_of(key, node->slot))
			continue;
		struct prop_index *ix = find_index(q->p, node->label, key->name);
		if (ix == NULL)
			continue;
		ret->key = key->name;
		ret->index = prop_index_name(ix);
		ret->rows = cost_seek_rows(q->p, node->label, prop_index_unique(ix));
		return true;
	}
	return false;
}

struct start start_best(struct qgraph *q, uint32_t n, const struct slot_set *bound)
{
	struct start best = {
	    .node = n,
	    .i_pred = UINT32_MAX,
	    .rows = cost_label_rows(q->p, q->nodes[n].label),
	};
	for (uint32_t i = 0; i < q->n_preds; i++) {
		struct start s;
		if (try_seek(q, n, i, bound, &s) &&
		    (best.i_pred == UINT32_MAX || s.rows < best.rows))
			best = s;
	}
	return best;
}

/* A scan or a seek by the node's label has checked it. */
static void label_is_checked(struct qgraph *q, uint32_t n)
{
	for (uint32_t i = 0; i < q->n_preds; i++) {
		const struct expr *e = q->preds[i].e;
		if (e->kind == EXPR_HAS_LABEL && e->args[0]->kind == EXPR_SLOT &&
		    e->args[0]->slot == q->nodes[n].slot && e->name == q->nodes[n].label)
			q->preds[i].done = true;
	}
}

enum status seek_begin(struct qgraph *q, const struct start *at, struct step *s)
{
	struct pop *o = pop_new(q->p, at->by_id ? POP_NODE_BY_ID : POP_INDEX_SEEK, s->op);

	if (o == NULL)
		return ST_NOMEM;
	o->seek.out = q->nodes[at->node].slot;
	o->seek.label = q->nodes[at->node].label;
	o->seek.key = at->key;
	o->seek.value = at->value;
	o->seek.index = arena_str(q->p->a, at->index);
	o->offset = at->value->offset;
	q->preds[at->i_pred].done = true;
	if (!at->by_id)
		label_is_checked(q, at->node);
	s->rows = MAX_OF(s->rows * at->rows, 0.01);
	slot_add(&s->bound, o->seek.out);
	s->op = pop_estimate(o, s->rows, s->op->est_cost + s->rows);
	return ST_OK;
}

enum status scan_begin(struct qgraph *q, const struct start *at, struct step *s)
{
	struct pop *o = pop_new(q->p, POP_NODE_SCAN, NULL);

	if (o == NULL)
		return ST_NOMEM;
	o->scan.out = q->nodes[at->node].slot;
	o->scan.label = q->nodes[at->node].label;
	label_is_checked(q, at->node);
	*s = (struct step){.rows = at->rows};
	slot_add(&s->bound, o->scan.out);
	s->op = pop_estimate(o, at->rows, at->rows);
	return ST_OK;
}
