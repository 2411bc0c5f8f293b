/* Property columns of a chunk: typed, as narrow as their values; overflow for keys beyond the
 * columns. Writers hold the chunk's latch. */
#include "store/store_int.h"

static struct value pcol_get(const struct table *t, const struct pcol *p, uint32_t slot)
{
	switch ((enum col_kind)p->kind) {
	case PC_INT1:
		return value_int(LOAD((int8_t *)p->data + slot));
	case PC_INT2:
		return value_int(LOAD((int16_t *)p->data + slot));
	case PC_INT4:
		return value_int(LOAD((int32_t *)p->data + slot));
	case PC_INT8:
		return value_int(LOAD((int64_t *)p->data + slot));
	case PC_FLOAT: {
		double f;
		uint64_t bits = LOAD((uint64_t *)p->data + slot);
		memcpy(&f, &bits, sizeof f);
		return value_float(f);
	}
	case PC_BOOL:
		return value_bool(LOAD((uint8_t *)p->data + slot) != 0);
	case PC_CODE:
		return value_str(dict_text(&t->store->texts, LOAD((uint32_t *)p->data + slot)));
	default: {
		struct box *b = LOAD((struct box **)p->data + slot);
		return b != NULL ? b->value : VALUE_NULL;
	}
	}
}

static const struct pcol *find_col(const struct table *t, name_id key)
{
	for (uint32_t i = 0; i < t->n_cols; i++)
		if (t->cols[i].key == key)
			return &t->cols[i];
	return NULL;
}

static struct overflow *overflow_of(const struct table *t, uint32_t slot)
{
	return t->overflow != NULL ? atomic_load_explicit(&t->overflow[slot], memory_order_acquire)
				   : NULL;
}

struct value table_prop(const struct table *t, uint32_t slot, name_id key)
{
	const struct pcol *p = find_col(t, key);

	if (p != NULL)
		return shared_bit(p->present, slot) ? pcol_get(t, p, slot) : VALUE_NULL;
	const struct overflow *o = overflow_of(t, slot);
	for (uint32_t i = 0; o != NULL && i < o->n; i++)
		if (o->props[i].key == key)
			return o->props[i].box->value;
	return VALUE_NULL;
}

/* ---- which column holds a value ------------------------------------------------------------- */

static uint8_t int_kind(int64_t i)
{
	return i == (int8_t)i	 ? PC_INT1
	       : i == (int16_t)i ? PC_INT2
	       : i == (int32_t)i ? PC_INT4
				 : PC_INT8;
}

/* Short texts that repeat are coded: the dictionary takes a bounded number for each key, so that a
 * key whose texts are all different does not fill it. */
static bool is_coded(struct store *s, name_id key, struct str text)
{
	bool is_new, coded = false;
	name_id code;

	if (text.len > CODED_TEXT_MAX)
		return false;
	if (dict_find(&s->texts, text) != NAME_NONE)
		return true;
	mutex_lock(&s->set_lock);
	uint64_t *n = map_u64_slot(&s->text_counts, key, &is_new);
	if (n != NULL && *n < CODED_TEXTS_MAX) {
		(*n)++;
		coded = dict_add(&s->texts, &s->epochs, text, &code) == ST_OK;
	}
	mutex_unlock(&s->set_lock);
	return coded;
}

/* The narrowest kind that holds v. may_code: the column is not one of blocks already. */
static uint8_t kind_for(struct store *s, name_id key, struct value v, bool may_code)
{
	switch ((enum value_kind)v.kind) {
	case V_INT:
		return int_kind(v.i);
	case V_FLOAT:
		return PC_FLOAT;
	case V_BOOL:
		return PC_BOOL;
	case V_STRING:
		return may_code && is_coded(s, key, value_text(v)) ? PC_CODE : PC_TEXT;
	default:
		return PC_BOX;
	}
}

static uint8_t join_kinds(uint8_t a, uint8_t b)
{
	if (a <= PC_INT8 && b <= PC_INT8)
		return MAX_OF(a, b);
	if ((a == PC_CODE || a == PC_TEXT) && (b == PC_CODE || b == PC_TEXT))
		return MAX_OF(a, b);
	return a == b ? a : PC_BOX;
}

static bool is_boxed(uint8_t kind)
{
	return kind == PC_TEXT || kind == PC_BOX;
}

static enum status store_value(struct store *s, const struct pcol *p, uint32_t slot, struct value v,
			       struct box **ret_old)
{
	if (is_boxed(p->kind)) {
		struct box **at = (struct box **)p->data + slot, *b = box_new(v);
		if (b == NULL)
			return ST_NOMEM;
		*ret_old = LOAD(at);
		STORE(at, b);
		return ST_OK;
	}
	switch ((enum col_kind)p->kind) {
	case PC_INT1:
		STORE((int8_t *)p->data + slot, (int8_t)v.i);
		break;
	case PC_INT2:
		STORE((int16_t *)p->data + slot, (int16_t)v.i);
		break;
	case PC_INT4:
		STORE((int32_t *)p->data + slot, (int32_t)v.i);
		break;
	case PC_INT8:
		STORE((int64_t *)p->data + slot, v.i);
		break;
	case PC_BOOL:
		STORE((uint8_t *)p->data + slot, (uint8_t)v.b);
		break;
	case PC_CODE: /* it was coded before: texts are never removed */
		STORE((uint32_t *)p->data + slot, dict_find(&s->texts, value_text(v)));
		break;
	default: {
		uint64_t bits;
		memcpy(&bits, &v.f, sizeof bits);
		STORE((uint64_t *)p->data + slot, bits);
		break;
	}
	}
	return ST_OK;
}

/* ---- changes of layout --------------------------------------------------------------------------
 */

/* The values of a column in another kind; the old array stays as it is. */
static enum status convert(const struct table *t, const struct pcol *from, struct pcol *to)
{
	struct box *old = NULL;

	to->data = array_new(t->cap * pcol_width(to->kind));
	if (to->data == NULL)
		return ST_NOMEM;
	for (uint32_t slot = 0; slot < t->cap; slot++) {
		if (!shared_bit(from->present, slot))
			continue;
		if (store_value(t->store, to, slot, pcol_get(t, from, slot), &old) == ST_OK)
			continue;
		for (uint32_t i = 0; i < slot; i++)
			box_free(((struct box **)to->data)[i]);
		array_free(to->data, t->cap * pcol_width(to->kind));
		return ST_NOMEM;
	}
	return ST_OK;
}

/* Versions hold numbers that may have to come back into a column that becomes boxed: each that an
 * active transaction could restore gets its box now, so that undoing needs no memory. */
static enum status box_versions(struct chunk *c, name_id key)
{
	struct undo_side *s = atomic_load_explicit(&c->undo, memory_order_relaxed);

	for (uint32_t slot = 0; s != NULL && slot < s->cap; slot++) {
		for (struct undo *u = chunk_chain(c, slot); u != NULL;
		     u = atomic_load_explicit(&u->next, memory_order_relaxed)) {
			if (u->kind != UNDO_PROP || u->key != key || u->undone ||
			    u->taken.box != NULL || u->old.kind == V_NULL ||
			    atomic_load_explicit(&u->mark->word, memory_order_acquire) !=
				MARK_ACTIVE)
				continue;
			u->taken.box = box_new(u->old);
			if (u->taken.box == NULL)
				return ST_NOMEM;
		}
	}
	return ST_OK;
}

static enum status change_kind(struct chunk *c, uint32_t i_col, uint8_t kind)
{
	struct table *old = atomic_load_explicit(&c->table, memory_order_relaxed);
	struct table *t = NULL;

	if (is_boxed(kind) && !is_boxed(old->cols[i_col].kind))
		TRY(box_versions(c, old->cols[i_col].key));
	t = table_clone(old, old->n_cols);

	if (t == NULL)
		return ST_NOMEM;
	t->cols[i_col].kind = kind;
	bool keeps_array = old->cols[i_col].kind == PC_TEXT; /* boxes stay boxes */
	if (!keeps_array && convert(old, &old->cols[i_col], &t->cols[i_col]) != ST_OK) {
		table_free(&t->retired);
		return ST_NOMEM;
	}
	chunk_set_table(c, t, keeps_array ? TABLE_NONE : i_col);
	return ST_OK;
}

static enum status add_col(struct chunk *c, name_id key, uint8_t kind)
{
	struct table *old = atomic_load_explicit(&c->table, memory_order_relaxed);
	struct table *t = table_clone(old, old->n_cols + 1);

	if (t == NULL)
		return ST_NOMEM;
	struct pcol *p = &t->cols[old->n_cols];
	*p = (struct pcol){.key = key, .kind = kind};
	p->data = array_new(t->cap * pcol_width(kind));
	p->present = array_new((t->cap + 63) / 64 * 8);
	if (p->data == NULL || p->present == NULL) {
		array_free(p->data, t->cap * pcol_width(kind));
		array_free(p->present, (t->cap + 63) / 64 * 8);
		table_free(&t->retired);
		return ST_NOMEM;
	}
	chunk_set_table(c, t, TABLE_NONE);
	return ST_OK;
}

/* ---- overflow
 * ------------------------------------------------------------------------------------- */

static size_t overflow_size(uint32_t n)
{
	return sizeof(struct overflow) + n * sizeof(struct overflow_prop);
}

static void overflow_free(struct retired *r)
{
	struct overflow *o = container_of(r, struct overflow, retired);

	mem_free(MEM_GRAPH, o, overflow_size(o->n));
}

static enum status add_overflow_array(struct chunk *c)
{
	struct table *old = atomic_load_explicit(&c->table, memory_order_relaxed);

	if (old->overflow != NULL)
		return ST_OK;
	struct table *t = table_clone(old, old->n_cols);
	if (t == NULL)
		return ST_NOMEM;
	t->overflow = array_new(t->cap * sizeof t->overflow[0]);
	if (t->overflow == NULL) {
		table_free(&t->retired);
		return ST_NOMEM;
	}
	chunk_set_table(c, t, TABLE_NONE);
	return ST_OK;
}

static enum status put_overflow(struct chunk *c, uint32_t slot, name_id key, struct value v,
				struct taken *ret)
{
	TRY(add_overflow_array(c));
	struct table *t = atomic_load_explicit(&c->table, memory_order_relaxed);
	struct overflow *old = overflow_of(t, slot);
	uint32_t n_old = old != NULL ? old->n : 0, n = 0;

	if (n_old >= GRAPH_PROPS_MAX)
		return ST_LIMIT;
	struct overflow *o = mem_zalloc(MEM_GRAPH, overflow_size(n_old + 1));
	struct box *b = v.kind != V_NULL ? box_new(v) : NULL;
	if (o == NULL || (v.kind != V_NULL && b == NULL)) {
		mem_free(MEM_GRAPH, o, overflow_size(n_old + 1));
		box_free(b);
		return ST_NOMEM;
	}
	for (uint32_t i = 0; i < n_old; i++) {
		if (old->props[i].key == key)
			ret->box = old->props[i].box;
		else
			o->props[n++] = old->props[i];
	}
	if (b != NULL)
		o->props[n++] = (struct overflow_prop){key, b};
	struct overflow *kept = o;
	if (n != n_old + 1) { /* the block's size is told by n: make it exact */
		kept = n > 0 ? mem_alloc(MEM_GRAPH, overflow_size(n)) : NULL;
		if (n > 0 && kept == NULL) {
			mem_free(MEM_GRAPH, o, overflow_size(n_old + 1));
			box_free(b);
			return ST_NOMEM;
		}
		if (kept != NULL)
			memcpy(kept, o, overflow_size(n));
		mem_free(MEM_GRAPH, o, overflow_size(n_old + 1));
	}
	if (kept != NULL)
		kept->n = n;
	atomic_store_explicit(&t->overflow[slot], kept, memory_order_release);
	ret->overflow = old;
	ret->from_overflow = true;
	return ST_OK;
}

/* ---- the door
 * ---------------------------------------------------------------------------------------- */

static enum status put_col(struct chunk *c, uint32_t i_col, uint32_t slot, struct value v,
			   struct box **ret_old)
{
	struct table *t = atomic_load_explicit(&c->table, memory_order_relaxed);
	uint8_t kind = t->cols[i_col].kind;

	if (v.kind == V_NULL) {
		struct pcol *p = &t->cols[i_col];
		if (is_boxed(kind)) {
			*ret_old = LOAD((struct box **)p->data + slot);
			STORE((struct box **)p->data + slot, NULL);
		}
		shared_bit_put(p->present, slot, false);
		return ST_OK;
	}
	uint8_t want = join_kinds(kind, kind_for(t->store, t->cols[i_col].key, v, kind == PC_CODE));
	if (want != kind) {
		TRY(change_kind(c, i_col, want));
		t = atomic_load_explicit(&c->table, memory_order_relaxed);
	}
	TRY(store_value(t->store, &t->cols[i_col], slot, v, ret_old));
	shared_bit_put(t->cols[i_col].present, slot, true);
	return ST_OK;
}

/* Keys get columns as long as the chunk has few; a chunk that is full of columns stays so. */
enum status chunk_put_prop(struct chunk *c, uint32_t slot, name_id key, struct value v,
			   struct taken *ret)
{
	struct table *t = atomic_load_explicit(&c->table, memory_order_relaxed);
	const struct pcol *p = find_col(t, key);

	*ret = (struct taken){0};
	if (p == NULL && t->n_cols >= CHUNK_COLUMNS_MAX)
		return put_overflow(c, slot, key, v, ret);
	if (p == NULL) {
		if (v.kind == V_NULL)
			return ST_OK;
		TRY(add_col(c, key, kind_for(t->store, key, v, true)));
		t = atomic_load_explicit(&c->table, memory_order_relaxed);
		p = find_col(t, key);
	}
	return put_col(c, (uint32_t)(p - t->cols), slot, v, &ret->box);
}

void taken_free(struct taken *t)
{
	box_free(t->box);
	if (t->overflow != NULL)
		overflow_free(&t->overflow->retired);
	*t = (struct taken){0};
}

/* The block that held the other properties of the slot comes back as it was: all later changes of
 * this slot have been taken back before. */
static void restore_overflow(struct table *t, struct undo *u)
{
	struct overflow *now = overflow_of(t, u->slot);

	atomic_store_explicit(&t->overflow[u->slot], u->taken.overflow, memory_order_release);
	u->taken.overflow = now;
	u->taken.box = NULL;
	for (uint32_t i = 0; now != NULL && i < now->n; i++)
		if (now->props[i].key == u->key)
			u->taken.box = now->props[i].box;
}

void chunk_restore_prop(struct chunk *c, struct undo *u)
{
	struct table *t = atomic_load_explicit(&c->table, memory_order_relaxed);
	const struct pcol *p = find_col(t, u->key);
	struct box *old = u->taken.box;

	if (u->taken.from_overflow) {
		restore_overflow(t, u);
		return;
	}
	if (p == NULL)
		return; /* the removal of a key that no element has */
	if (is_boxed(p->kind)) {
		struct box **at = (struct box **)p->data + u->slot;
		BUG_ON((u->old.kind != V_NULL) != (old != NULL));
		u->taken.box = LOAD(at);
		STORE(at, old);
	} else if (u->old.kind != V_NULL) { /* columns only widen: it fits */
		BUG_ON(store_value(t->store, p, u->slot, u->old, &old) != ST_OK);
	}
	shared_bit_put(p->present, u->slot, u->old.kind != V_NULL);
}

void chunk_reset_slot(struct chunk *c, uint32_t slot)
{
	struct table *t = atomic_load_explicit(&c->table, memory_order_relaxed);

	for (uint32_t i = 0; i < t->n_cols; i++) {
		struct pcol *p = &t->cols[i];
		if (is_boxed(p->kind)) {
			box_free(LOAD((struct box **)p->data + slot));
			STORE((struct box **)p->data + slot, NULL);
		}
		shared_bit_put(p->present, slot, false);
	}
	struct overflow *o = overflow_of(t, slot);
	if (o != NULL) {
		atomic_store_explicit(&t->overflow[slot], NULL, memory_order_release);
		for (uint32_t i = 0; i < o->n; i++)
			box_free(o->props[i].box);
		overflow_free(&o->retired);
	}
	if (t->sets != NULL)
		STORE(&t->sets[slot], 0);
	if (t->adj != NULL)
		adj_reset(c, slot);
	shared_bit_put(t->exists, slot, false);
}
