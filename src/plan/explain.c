/* EXPLAIN: the operators of a plan as rows, root first, with what each works on. */
#include "base/buf.h"
#include "plan/plan_int.h"

static const char *const pop_names[] = {
    [POP_UNIT] = "Unit",
    [POP_NODE_SCAN] = "NodeScan",
    [POP_EDGE_SCAN] = "EdgeScan",
    [POP_INDEX_SEEK] = "IndexSeek",
    [POP_NODE_BY_ID] = "NodeById",
    [POP_EXPAND] = "Expand",
    [POP_DEGREE] = "Degree",
    [POP_TWO_HOPS] = "TwoHops",
    [POP_VAR_EXPAND] = "VarExpand",
    [POP_SHORTEST] = "ShortestPath",
    [POP_FILTER] = "Filter",
    [POP_PROJECT] = "Project",
    [POP_AGGREGATE] = "Aggregate",
    [POP_DISTINCT] = "Distinct",
    [POP_SORT] = "Sort",
    [POP_LIMIT] = "Limit",
    [POP_CROSS] = "CrossProduct",
    [POP_HASH_JOIN] = "HashJoin",
    [POP_APPLY] = "Apply",
    [POP_OPTIONAL] = "Optional",
    [POP_SEMI] = "SemiApply",
    [POP_SEMI_MARK] = "MarkApply",
    [POP_UNWIND] = "Unwind",
    [POP_UNION] = "Union",
    [POP_EXCEPT] = "Except",
    [POP_INTERSECT] = "Intersect",
    [POP_OTHERWISE] = "Otherwise",
    [POP_EAGER] = "Eager",
    [POP_INSERT] = "Insert",
    [POP_MERGE] = "Merge",
    [POP_SET] = "Set",
    [POP_DELETE] = "Delete",
    [POP_USE] = "UseGraph",
    [POP_PRODUCE] = "ProduceResults",
    [POP_DISCARD] = "EmptyResult",
};

const char *pop_kind_name(enum pop_kind k)
{
	return pop_names[k];
}

static void put_name(const struct plan *p, struct buf *b, uint32_t name)
{
	if (name != NAME_NONE)
		buf_put_str(b, p->names[name].text);
}

static void put_slot(const struct plan *p, struct buf *b, uint32_t slot)
{
	struct str n = slot != SLOT_NONE ? p->slot_names[slot] : STR_NULL;

	if (slot == SLOT_NONE)
		return;
	if (n.len != 0)
		buf_put_str(b, n);
	else
		buf_printf(b, "#%u", slot);
}

static void put_source(const struct plan *p, struct buf *b, const struct expr *e)
{
	if (e->length != 0 && (size_t)e->offset + e->length <= p->text.len)
		buf_put(b, p->text.p + e->offset, e->length);
	else
		buf_puts(b, "expression");
}

static void put_range(const struct plan *p, struct buf *b, const struct pop *o)
{
	if (o->seek.value != NULL) {
		buf_puts(b, o->seek.low_kind == BOUND_INCLUSIVE ? " >= " : " > ");
		put_source(p, b, o->seek.value);
	}
	if (o->seek.high != NULL) {
		buf_puts(b, o->seek.value != NULL ? " and" : "");
		buf_puts(b, o->seek.high_kind == BOUND_INCLUSIVE ? " <= " : " < ");
		put_source(p, b, o->seek.high);
	}
}

static void put_seek(const struct plan *p, struct buf *b, const struct pop *o)
{
	static const char *const words[] = {
	    [SEEK_EQUAL] = " = ", [SEEK_IN] = " IN ", [SEEK_PREFIX] = " STARTS WITH "};

	put_slot(p, b, o->seek.out);
	buf_puts(b, ", index ");
	buf_put_str(b, o->seek.index);
	buf_puts(b, " on :");
	put_name(p, b, o->seek.label);
	buf_putc(b, '(');
	put_name(p, b, o->seek.key);
	buf_putc(b, ')');
	if (o->seek.kind != SEEK_RANGE) {
		buf_puts(b, words[o->seek.kind]);
		put_source(p, b, o->seek.value);
	} else {
		put_range(p, b, o);
	}
	if (o->seek.order != SEEK_UNORDERED)
		buf_puts(b, o->seek.order == SEEK_DESCENDING ? ", ordered, largest first"
							     : ", ordered");
}

static bool counts_ends(const struct pop *o)
{
	return o->kind == POP_DEGREE || o->kind == POP_TWO_HOPS;
}

/* From behind the node where it begins. */
static void put_edge_and_end(const struct plan *p, struct buf *b, const struct pop *o, bool counts)
{
	buf_puts(b, o->expand.dir == DIR_IN ? "<-[" : "-[");
	put_slot(p, b, o->expand.edge);
	for (uint32_t i = 0; i < o->expand.n_types; i++) {
		buf_putc(b, i == 0 ? ':' : '|');
		put_name(p, b, o->expand.types[i]);
	}
	buf_puts(b, o->expand.dir == DIR_OUT ? "]->" : "]-");
	if (o->kind == POP_VAR_EXPAND || o->kind == POP_SHORTEST) {
		buf_printf(b, "{%u,", o->expand.min);
		if (o->expand.max != UINT32_MAX)
			buf_printf(b, "%u", o->expand.max);
		buf_putc(b, '}');
	}
	buf_putc(b, '(');
	put_slot(p, b, o->expand.to);
	if (counts && o->expand.to_label != NAME_NONE) {
		buf_putc(b, ':');
		put_name(p, b, o->expand.to_label);
	}
	buf_putc(b, ')');
}

static void put_hop(const struct plan *p, struct buf *b, const struct pop *o)
{
	buf_putc(b, '(');
	put_slot(p, b, o->expand.from);
	buf_putc(b, ')');
	put_edge_and_end(p, b, o, counts_ends(o));
	if (o->kind == POP_TWO_HOPS)
		put_edge_and_end(p, b, o->expand.then, true);
	if (o->expand.into)
		buf_puts(b, ", both ends bound");
	if (counts_ends(o))
		buf_puts(b, ", counted");
	if (o->expand.ends_once)
		buf_puts(b, ", each end once");
}

static void put_assigns(const struct plan *p, struct buf *b, uint32_t n, const struct assign *items)
{
	for (uint32_t i = 0; i < n; i++) {
		if (i > 0)
			buf_puts(b, ", ");
		put_source(p, b, items[i].expr);
		if (p->slot_names[items[i].slot].len != 0) {
			buf_puts(b, " AS ");
			put_slot(p, b, items[i].slot);
		}
	}
}

static void put_keys(const struct plan *p, struct buf *b, const struct pop *o)
{
	for (uint32_t i = 0; i < o->sort.n; i++) {
		if (i > 0)
			buf_puts(b, ", ");
		put_source(p, b, o->sort.keys[i].expr);
		if (o->sort.keys[i].descending)
			buf_puts(b, " DESC");
	}
	if (o->sort.limit != NULL)
		buf_puts(b, "; first rows only");
}

static void put_aggregate(const struct plan *p, struct buf *b, const struct pop *o)
{
	put_assigns(p, b, o->aggregate.n_keys, o->aggregate.keys);
	buf_puts(b, o->aggregate.n_keys > 0 ? "; " : "");
	for (uint32_t i = 0; i < o->aggregate.n_aggs; i++) {
		if (i > 0)
			buf_puts(b, ", ");
		put_slot(p, b, o->aggregate.aggs[i].slot);
	}
}

static void put_columns(const struct plan *p, struct buf *b)
{
	for (uint32_t i = 0; i < p->n_columns; i++) {
		buf_puts(b, i > 0 ? ", " : "");
		buf_put_str(b, p->columns[i].name);
	}
}

static void put_detail(const struct plan *p, struct buf *b, const struct pop *o)
{
	switch ((enum pop_kind)o->kind) {
	case POP_NODE_SCAN:
		put_slot(p, b, o->scan.out);
		if (o->scan.label != NAME_NONE) {
			buf_putc(b, ':');
			put_name(p, b, o->scan.label);
			buf_puts(b, ", label scan, no index");
		} else {
			buf_puts(b, ", all nodes, no index");
		}
		break;
	case POP_EDGE_SCAN:
		put_slot(p, b, o->edge_scan.edge);
		buf_puts(b, ", all edges, no index");
		break;
	case POP_INDEX_SEEK:
		put_seek(p, b, o);
		break;
	case POP_NODE_BY_ID:
		put_slot(p, b, o->seek.out);
		buf_puts(b, ", id = ");
		put_source(p, b, o->seek.value);
		break;
	case POP_EXPAND:
	case POP_DEGREE:
	case POP_TWO_HOPS:
	case POP_VAR_EXPAND:
	case POP_SHORTEST:
		put_hop(p, b, o);
		break;
	case POP_FILTER:
		put_source(p, b, o->filter.pred);
		break;
	case POP_PROJECT:
		put_assigns(p, b, o->project.n, o->project.items);
		break;
	case POP_AGGREGATE:
		put_aggregate(p, b, o);
		break;
	case POP_SORT:
		put_keys(p, b, o);
		break;
	case POP_HASH_JOIN:
		for (uint32_t i = 0; i < o->join.n; i++) {
			buf_puts(b, i > 0 ? ", " : "");
			put_source(p, b, o->join.left_keys[i]);
			buf_puts(b, " = ");
			put_source(p, b, o->join.right_keys[i]);
		}
		break;
	case POP_USE:
		buf_put_str(b, graph_name(o->use.graph));
		break;
	case POP_UNWIND:
		put_source(p, b, o->unwind.list);
		buf_puts(b, " AS ");
		put_slot(p, b, o->unwind.out);
		break;
	case POP_PRODUCE:
		put_columns(p, b);
		break;
	default:
		break;
	}
}

static enum status explain_walk(const struct plan *p, struct arena *a, const struct pop *o,
				uint32_t depth, struct explain_op *ops, uint32_t *n)
{
	struct explain_op *e = &ops[(*n)++];
	struct buf b;

	buf_init(&b, MEM_PLAN, 4096);
	put_detail(p, &b, o);
	*e = (struct explain_op){
	    .id = o->id,
	    .depth = depth,
	    .kind = pop_kind_name((enum pop_kind)o->kind),
	    .detail = arena_str(a, buf_str(&b)),
	    .est_rows = o->est_rows,
	    .est_cost = o->est_cost,
	};
	buf_release(&b);
	if (o->left != NULL)
		TRY(explain_walk(p, a, o->left, depth + 1, ops, n));
	if (o->right != NULL)
		TRY(explain_walk(p, a, o->right, depth + 1, ops, n));
	return ST_OK;
}

enum status plan_explain(const struct plan *p, struct arena *a, const struct explain_op **ret,
			 uint32_t *ret_n)
{
	struct explain_op *ops = ARENA_ARRAY(a, struct explain_op, p->n_ops);
	uint32_t n = 0;

	if (ops == NULL)
		return ST_NOMEM;
	TRY(explain_walk(p, a, p->root, 0, ops, &n));
	*ret = ops;
	*ret_n = n;
	return ST_OK;
}
