/* Which slots an operator with a batch of its own has to copy: those of its input that something
 * above it still reads. One walk down with the set that is needed, one answer up with the set that
 * the operator's rows have. */
#include "plan/plan_int.h"

struct carry {
	struct planner *p;
	struct slot_set outer;	     /* slots of the row that an apply hands to its right side */
	struct slot_set *outer_need; /* those of them that the right side reads */
};

void expr_slots(const struct expr *e, struct slot_set *ret)
{
	if (e == NULL)
		return;
	if (e->kind == EXPR_SLOT)
		slot_add(ret, e->slot);
	for (uint32_t i = 0; i < e->n_args; i++)
		expr_slots(e->args[i], ret);
}

static void assign_slots(uint32_t n, const struct assign *items, struct slot_set *need)
{
	for (uint32_t i = 0; i < n; i++)
		slot_del(need, items[i].slot);
	for (uint32_t i = 0; i < n; i++)
		expr_slots(items[i].expr, need);
}

static void set_item_slots(uint32_t n, const struct set_item *items, struct slot_set *need)
{
	for (uint32_t i = 0; i < n; i++) {
		expr_slots(items[i].target, need);
		expr_slots(items[i].value, need);
	}
}

static void make_slots(uint32_t n, const struct make *items, struct slot_set *need)
{
	for (uint32_t i = 0; i < n; i++)
		if (!items[i].bound)
			slot_del(need, items[i].slot);
	for (uint32_t i = 0; i < n; i++) {
		for (uint32_t j = 0; j < items[i].n_props; j++)
			expr_slots(items[i].values[j], need);
		expr_slots(items[i].map, need);
		if (items[i].bound)
			slot_add(need, items[i].slot);
	}
	/* Endpoints that the same operator makes are not its input's. */
	for (uint32_t i = 0; i < n; i++) {
		if (!items[i].is_edge)
			continue;
		uint32_t ends[2] = {items[i].from, items[i].to};
		for (unsigned k = 0; k < 2; k++) {
			bool made = false;
			for (uint32_t j = 0; j < n && !made; j++)
				made = !items[j].is_edge && !items[j].bound &&
				       items[j].slot == ends[k];
			if (!made)
				slot_add(need, ends[k]);
		}
	}
}

static void expand_need(const struct pop *o, struct slot_set *need)
{
	if (o->kind == POP_DEGREE || o->kind == POP_TWO_HOPS)
		slot_del(need, o->expand.weight);
	for (uint32_t i = 0; o->kind == POP_TWO_HOPS && i < o->expand.then->expand.n_unique; i++)
		slot_add(need, o->expand.then->expand.unique[i]);
	slot_del(need, o->expand.edge);
	slot_del(need, o->expand.path);
	if (o->expand.into)
		slot_add(need, o->expand.to);
	slot_add(need, o->expand.from);
	for (uint32_t i = 0; i < o->expand.n_unique; i++)
		slot_add(need, o->expand.unique[i]);
	expr_slots(o->expand.edge_pred, need);
	expr_slots(o->expand.node_pred, need);
	if (!o->expand.into)
		slot_del(need, o->expand.to);
}

static void merge_need(const struct pop *o, struct slot_set *need)
{
	make_slots(o->merge.n, o->merge.items, need);
	set_item_slots(o->merge.n_on_create, o->merge.on_create, need);
	set_item_slots(o->merge.n_on_match, o->merge.on_match, need);
	for (uint32_t i = 0; i < o->merge.n; i++)
		if (!o->merge.items[i].bound)
			slot_del(need, o->merge.items[i].slot);
}

/* What the input must have, given what is needed above: the reads of the operator itself added,
 * what it makes removed. */
static void input_need(const struct pop *o, struct slot_set *need)
{
	switch ((enum pop_kind)o->kind) {
	case POP_INDEX_SEEK:
	case POP_NODE_BY_ID:
		slot_del(need, o->seek.out);
		expr_slots(o->seek.value, need);
		expr_slots(o->seek.high, need);
		break;
	case POP_EXPAND:
	case POP_DEGREE:
	case POP_TWO_HOPS:
	case POP_VAR_EXPAND:
	case POP_SHORTEST:
		expand_need(o, need);
		break;
	case POP_FILTER:
		expr_slots(o->filter.pred, need);
		break;
	case POP_PROJECT:
		assign_slots(o->project.n, o->project.items, need);
		break;
	case POP_AGGREGATE:
		*need = (struct slot_set){0};
		for (uint32_t i = 0; i < o->aggregate.n_keys; i++)
			expr_slots(o->aggregate.keys[i].expr, need);
		for (uint32_t i = 0; i < o->aggregate.n_aggs; i++)
			expr_slots(o->aggregate.aggs[i].arg, need);
		if (o->aggregate.weighted)
			slot_add(need, o->aggregate.weight);
		break;
	case POP_DISTINCT:
		for (uint32_t i = 0; i < o->distinct.n; i++)
			slot_add(need, o->distinct.slots[i]);
		break;
	case POP_USE:
		for (uint32_t i = 0; i < o->use.n; i++)
			slot_add(need, o->use.slots[i]);
		break;
	case POP_SORT:
		for (uint32_t i = 0; i < o->sort.n; i++)
			expr_slots(o->sort.keys[i].expr, need);
		break;
	case POP_UNWIND:
		slot_del(need, o->unwind.out);
		slot_del(need, o->unwind.ordinal);
		expr_slots(o->unwind.list, need);
		break;
	case POP_INSERT:
		make_slots(o->insert.n, o->insert.items, need);
		break;
	case POP_MERGE:
		merge_need(o, need);
		break;
	case POP_SET:
		set_item_slots(o->set.n, o->set.items, need);
		break;
	case POP_DELETE:
		for (uint32_t i = 0; i < o->del.n; i++)
			expr_slots(o->del.targets[i], need);
		break;
	case POP_SEMI_MARK:
		slot_del(need, o->semi.out);
		break;
	case POP_PRODUCE:
		*need = (struct slot_set){0};
		for (uint32_t i = 0; i < o->produce.n; i++)
			slot_add(need, o->produce.slots[i]);
		break;
	case POP_DISCARD:
		*need = (struct slot_set){0};
		break;
	default:
		break;
	}
}

/* Slots that the operator adds to its input's. */
static void made_slots(const struct pop *o, struct slot_set *has)
{
	switch ((enum pop_kind)o->kind) {
	case POP_NODE_SCAN:
		slot_add(has, o->scan.out);
		break;
	case POP_EDGE_SCAN:
		slot_add(has, o->edge_scan.edge);
		slot_add(has, o->edge_scan.from);
		slot_add(has, o->edge_scan.to);
		break;
	case POP_INDEX_SEEK:
	case POP_NODE_BY_ID:
		slot_add(has, o->seek.out);
		break;
	case POP_EXPAND:
	case POP_VAR_EXPAND:
	case POP_SHORTEST:
		slot_add(has, o->expand.edge);
		slot_add(has, o->expand.path);
		slot_add(has, o->expand.to);
		break;
	case POP_DEGREE:
	case POP_TWO_HOPS:
		slot_add(has, o->expand.weight);
		break;
	case POP_PROJECT:
		for (uint32_t i = 0; i < o->project.n; i++)
			slot_add(has, o->project.items[i].slot);
		break;
	case POP_AGGREGATE:
		*has = (struct slot_set){0};
		for (uint32_t i = 0; i < o->aggregate.n_keys; i++)
			slot_add(has, o->aggregate.keys[i].slot);
		for (uint32_t i = 0; i < o->aggregate.n_aggs; i++)
			slot_add(has, o->aggregate.aggs[i].slot);
		break;
	case POP_UNWIND:
		slot_add(has, o->unwind.out);
		slot_add(has, o->unwind.ordinal);
		break;
	case POP_INSERT:
		for (uint32_t i = 0; i < o->insert.n; i++)
			slot_add(has, o->insert.items[i].slot);
		break;
	case POP_MERGE:
		for (uint32_t i = 0; i < o->merge.n; i++)
			slot_add(has, o->merge.items[i].slot);
		break;
	case POP_SEMI_MARK:
		slot_add(has, o->semi.out);
		break;
	case POP_UNION:
	case POP_EXCEPT:
	case POP_INTERSECT:
	case POP_OTHERWISE:
		*has = (struct slot_set){0};
		for (uint32_t i = 0; i < o->set_op.n; i++)
			slot_add(has, o->set_op.out_slots[i]);
		break;
	default:
		break;
	}
}

static bool has_own_batch(const struct pop *o)
{
	switch ((enum pop_kind)o->kind) {
	case POP_INDEX_SEEK:
	case POP_NODE_BY_ID:
	case POP_EXPAND:
	case POP_VAR_EXPAND:
	case POP_SHORTEST:
	case POP_SORT:
	case POP_UNWIND:
	case POP_EAGER:
	case POP_CROSS:
	case POP_HASH_JOIN:
	case POP_APPLY:
	case POP_OPTIONAL:
	case POP_MERGE:
		return true;
	default:
		return false;
	}
}

static bool is_apply(const struct pop *o)
{
	return o->kind == POP_APPLY || o->kind == POP_OPTIONAL || o->kind == POP_SEMI ||
	       o->kind == POP_SEMI_MARK || o->kind == POP_MERGE;
}

static bool is_setop(const struct pop *o)
{
	return o->kind == POP_UNION || o->kind == POP_EXCEPT || o->kind == POP_INTERSECT ||
	       o->kind == POP_OTHERWISE;
}

static enum status slot_list(struct planner *p, const struct slot_set *s, uint32_t *ret_n,
			     const uint32_t **ret)
{
	uint32_t n = 0;

	for (unsigned i = 0; i < ARRAY_LEN(s->w); i++)
		n += bit_count(s->w[i]);
	uint32_t *list = ARENA_ARRAY(p->a, uint32_t, n + 1);
	if (list == NULL)
		return ST_NOMEM;
	n = 0;
	for (uint32_t slot = 0; slot < p->slot_names.n; slot++)
		if (slot_has(s, slot))
			list[n++] = slot;
	*ret = list;
	*ret_n = n;
	return ST_OK;
}

static struct slot_set slot_and(const struct slot_set *a, const struct slot_set *b)
{
	struct slot_set r;

	for (unsigned i = 0; i < ARRAY_LEN(r.w); i++)
		r.w[i] = a->w[i] & b->w[i];
	return r;
}

static enum status carry_walk(struct carry *c, struct pop *o, struct slot_set need,
			      struct slot_set *ret_has);

/* The right side: inside an apply it begins with the left row; elsewhere it stands alone. */
static enum status carry_right(struct carry *c, struct pop *o, const struct slot_set *need,
			       const struct slot_set *left_has, struct slot_set *outer_need,
			       struct slot_set *ret_has)
{
	struct carry inner = {.p = c->p, .outer_need = outer_need};
	struct slot_set right_need =
	    o->kind == POP_SEMI || o->kind == POP_SEMI_MARK ? (struct slot_set){0} : *need;

	if (is_apply(o))
		inner.outer = *left_has;
	else
		inner = *c;
	if (o->kind == POP_HASH_JOIN)
		for (uint32_t i = 0; i < o->join.n; i++)
			expr_slots(o->join.right_keys[i], &right_need);
	if (is_setop(o)) {
		right_need = (struct slot_set){0};
		for (uint32_t i = 0; i < o->set_op.n; i++)
			slot_add(&right_need, o->set_op.right_slots[i]);
	}
	return carry_walk(&inner, (struct pop *)o->right, right_need, ret_has);
}

/* All slots that a subtree makes, whoever needs them: what an apply's right side may read of the
 * left has to be known before the left side is walked. */
static struct slot_set subtree_slots(const struct pop *o, const struct slot_set *outer)
{
	struct slot_set has =
	    o->left != NULL ? subtree_slots(o->left, outer) : (struct slot_set){0};

	if (o->kind == POP_UNIT)
		has = *outer;
	if (o->right != NULL && o->kind != POP_SEMI && o->kind != POP_SEMI_MARK && !is_setop(o)) {
		struct slot_set right = subtree_slots(o->right, is_apply(o) ? &has : outer);
		slot_or(&has, &right);
	}
	made_slots(o, &has);
	return has;
}

/* Edges and paths that nobody reads are not made. */
static void drop_unread(struct pop *o, const struct slot_set *above)
{
	if (o->kind != POP_EXPAND && o->kind != POP_VAR_EXPAND && o->kind != POP_SHORTEST)
		return;
	if (!slot_has(above, o->expand.edge))
		o->expand.edge = SLOT_NONE;
	if (!slot_has(above, o->expand.path))
		o->expand.path = SLOT_NONE;
}

static enum status carry_walk(struct carry *c, struct pop *o, struct slot_set need,
			      struct slot_set *ret_has)
{
	struct slot_set above = need, left_has = {0}, right_has = {0}, outer_need = {0};

	if (o->kind == POP_UNIT) {
		if (c->outer_need != NULL)
			slot_or(c->outer_need, &need);
		*ret_has = c->outer;
		return ST_OK;
	}
	drop_unread(o, &above);
	input_need(o, &need);
	if (o->kind == POP_HASH_JOIN)
		for (uint32_t i = 0; i < o->join.n; i++)
			expr_slots(o->join.left_keys[i], &need);
	if (is_setop(o)) {
		need = (struct slot_set){0};
		for (uint32_t i = 0; i < o->set_op.n; i++)
			slot_add(&need, o->set_op.left_slots[i]);
	}
	if (o->right != NULL) {
		struct slot_set all = {0};
		if (o->left != NULL)
			all = subtree_slots(o->left, &c->outer);
		/* A merge's items and set items are evaluated over right rows too. */
		struct slot_set right_need = above;
		if (o->kind == POP_MERGE) {
			slot_or(&right_need, &need);
			set_item_slots(o->merge.n_on_match, o->merge.on_match, &right_need);
		}
		TRY(carry_right(c, o, &right_need, &all, &outer_need, &right_has));
		slot_or(&need, &outer_need);
	}
	if (o->left != NULL)
		TRY(carry_walk(c, (struct pop *)o->left, need, &left_has));
	if (has_own_batch(o)) {
		struct slot_set keep = o->kind == POP_MERGE ? need : above;
		if (o->kind == POP_MERGE)
			slot_or(&keep, &above);
		keep = slot_and(&keep, &left_has);
		TRY(slot_list(c->p, &keep, &o->n_carry, &o->carry));
		if (o->right != NULL) {
			struct slot_set keep_right = slot_and(&above, &right_has);
			for (unsigned i = 0; i < ARRAY_LEN(keep_right.w); i++)
				keep_right.w[i] &= ~left_has.w[i];
			TRY(slot_list(c->p, &keep_right, &o->n_carry_right, &o->carry_right));
		}
	}
	*ret_has = left_has;
	if (o->kind != POP_SEMI && o->kind != POP_SEMI_MARK)
		slot_or(ret_has, &right_has);
	made_slots(o, ret_has);
	return ST_OK;
}

enum status plan_carry(struct planner *p, struct pop *root)
{
	struct carry c = {.p = p};
	struct slot_set has;

	return carry_walk(&c, root, (struct slot_set){0}, &has);
}
