/* Where a part of a pattern begins: a seek that a predicate allows, or a scan. */
#include "plan/logical.h"

#define FEW_ROWS 1024 /* of one key: found by the index whatever a scan would cost */

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

static bool is_known(const struct expr *e, const struct slot_set *bound)
{
	struct slot_set used = {0};

	expr_slots(e, &used);
	return slot_subset(&used, bound);
}

/* What `e` with the key on one side (0: left) says about it; false: nothing that an index answers.
 */
static bool seek_of(const struct expr *e, unsigned side, struct pop_seek *ret)
{
	const struct expr *other = e->args[1 - side];
	bool is_low = side == 0;

	*ret = (struct pop_seek){.value = other};
	switch ((enum expr_kind)e->kind) {
	case EXPR_EQ:
		ret->kind = SEEK_EQUAL;
		return true;
	case EXPR_IN:
		ret->kind = SEEK_IN;
		return side == 0;
	case EXPR_STARTS_WITH:
		ret->kind = SEEK_PREFIX;
		return side == 0;
	case EXPR_LT:
	case EXPR_LE:
		is_low = !is_low;
		break;
	case EXPR_GT:
	case EXPR_GE:
		break;
	default:
		return false;
	}
	bool with = e->kind == EXPR_LE || e->kind == EXPR_GE;
	enum index_bound bound = with ? BOUND_INCLUSIVE : BOUND_EXCLUSIVE;
	ret->kind = SEEK_RANGE;
	ret->value = is_low ? other : NULL;
	ret->high = is_low ? NULL : other;
	ret->low_kind = is_low ? bound : BOUND_NONE;
	ret->high_kind = is_low ? BOUND_NONE : bound;
	return true;
}

/* A seek on node n by predicate i whose other side is known from *bound. */
static bool try_seek(struct qgraph *q, uint32_t n, uint32_t i, const struct slot_set *bound,
		     struct start *ret)
{
	const struct expr *e = q->preds[i].e;
	const struct qnode *node = &q->nodes[n];

	*ret = (struct start){.node = n, .preds = {i, UINT32_MAX}, .rows = 1};
	for (unsigned side = 0; side < 2 && e->n_args == 2 && !q->preds[i].done; side++) {
		const struct expr *key = e->args[side];
		if (!is_known(e->args[1 - side], bound) || !seek_of(e, side, &ret->seek))
			continue;
		ret->by_id = ret->seek.kind == SEEK_EQUAL && is_id_of(key, node->slot);
		if (ret->by_id)
			return true;
		if (node->label == NAME_NONE || !is_key_of(key, node->slot))
			continue;
		struct prop_index *ix = find_index(q->p, node->label, key->name);
		if (ix == NULL)
			continue;
		ret->seek.key = key->name;
		ret->seek.index = prop_index_name(ix);
		ret->rows = cost_seek_rows(q->p, ix, &ret->seek);
		return true;
	}
	return false;
}

/* The other end of a range that has one. */
static void add_other_end(struct qgraph *q, const struct slot_set *bound, struct start *s)
{
	for (uint32_t i = 0; i < q->n_preds && s->preds[1] == UINT32_MAX; i++) {
		struct start o;
		if (!try_seek(q, s->node, i, bound, &o) || o.seek.kind != SEEK_RANGE ||
		    o.seek.key != s->seek.key || (o.seek.value == NULL) == (s->seek.value == NULL))
			continue;
		const struct pop_seek *low = s->seek.value != NULL ? &s->seek : &o.seek;
		const struct pop_seek *high = s->seek.value != NULL ? &o.seek : &s->seek;
		s->seek = (struct pop_seek){.kind = SEEK_RANGE,
					    .key = s->seek.key,
					    .index = s->seek.index,
					    .value = low->value,
					    .low_kind = low->low_kind,
					    .high = high->high,
					    .high_kind = high->high_kind};
		s->preds[1] = i;
		s->rows = cost_seek_rows(
		    q->p, find_index(q->p, q->nodes[s->node].label, s->seek.key), &s->seek);
	}
}

struct start start_best(struct qgraph *q, uint32_t n, const struct slot_set *bound)
{
	struct start best = {
	    .node = n,
	    .preds = {UINT32_MAX, UINT32_MAX},
	    .rows = cost_label_rows(q->p, q->nodes[n].label),
	};
	double all = best.rows;
	for (uint32_t i = 0; i < q->n_preds; i++) {
		struct start s;
		if (!try_seek(q, n, i, bound, &s))
			continue;
		if (s.seek.kind == SEEK_RANGE)
			add_other_end(q, bound, &s);
		bool few = s.seek.kind == SEEK_EQUAL && s.rows <= FEW_ROWS;
		if (!few && s.rows * PLAN_SEEK_ROW_COST > all)
			continue;
		if (!start_seeks(&best) || s.rows < best.rows)
			best = s;
	}
	return best;
}

bool start_ordered(struct qgraph *q, uint32_t n, uint32_t key, struct start *ret)
{
	const struct slot_set none = {0};
	struct prop_index *ix = find_index(q->p, q->nodes[n].label, key);

	if (ix == NULL)
		return false;
	for (uint32_t i = 0; i < q->n_preds; i++) {
		if (!try_seek(q, n, i, &none, ret) || ret->by_id || ret->seek.key != key)
			continue;
		if (ret->seek.kind == SEEK_RANGE)
			add_other_end(q, &none, ret);
		ret->key_rows = prop_index_rows_per_key(ix);
		return ret->seek.kind == SEEK_RANGE || ret->seek.kind == SEEK_PREFIX;
	}
	*ret = (struct start){
	    .node = n, .preds = {UINT32_MAX, UINT32_MAX}, .key_rows = prop_index_rows_per_key(ix)};
	ret->seek = (struct pop_seek){
	    .kind = SEEK_RANGE, .key = key, .index = prop_index_name(ix), .nulls = SEEK_NULLS_LAST};
	ret->rows = cost_label_rows(q->p, q->nodes[n].label);
	return true;
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
	o->seek = at->seek;
	o->seek.out = q->nodes[at->node].slot;
	o->seek.label = q->nodes[at->node].label;
	o->seek.index = arena_str(q->p->a, at->seek.index);
	o->offset = q->preds[at->preds[0]].e->offset;
	for (unsigned i = 0; i < 2 && at->preds[i] != UINT32_MAX; i++)
		q->preds[at->preds[i]].done = true;
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
