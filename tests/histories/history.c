#include "tests/histories/history.h"

bool history_tx(struct history *h, uint32_t session)
{
	struct tx t = {.session = session, .outcome = TX_UNKNOWN, .first = h->ops.n};

	return vec_push(MEM_OTHER, &h->txs, t);
}

static bool add_op(struct history *h, struct op op)
{
	vec_last(&h->txs).n++;
	h->n_lists = MAX_OF(h->n_lists, op.list + 1);
	return vec_push(MEM_OTHER, &h->ops, op);
}

bool history_append(struct history *h, uint32_t list, uint32_t value)
{
	h->n_values = MAX_OF(h->n_values, value + 1);
	return add_op(h, (struct op){.is_append = true, .list = list, .value = value});
}

bool history_read(struct history *h, uint32_t list, const uint32_t *values, uint32_t n)
{
	struct op op = {.list = list, .first = h->values.n, .n = n};

	for (uint32_t i = 0; i < n; i++) {
		h->n_values = MAX_OF(h->n_values, values[i] + 1);
		if (!vec_push(MEM_OTHER, &h->values, values[i]))
			return false;
	}
	return add_op(h, op);
}

void history_outcome(struct history *h, enum outcome outcome)
{
	vec_last(&h->txs).outcome = outcome;
}

bool history_join(struct history *h, const struct history *other)
{
	for (uint32_t i = 0; i < other->txs.n; i++) {
		const struct tx *t = &other->txs.v[i];
		if (!history_tx(h, t->session))
			return false;
		history_outcome(h, t->outcome);
		for (uint32_t k = 0; k < t->n; k++) {
			const struct op *op = &other->ops.v[t->first + k];
			if (op->is_append
				? !history_append(h, op->list, op->value)
				: !history_read(h, op->list, other->values.v + op->first, op->n))
				return false;
		}
	}
	return true;
}

void history_free(struct history *h)
{
	vec_release(MEM_OTHER, &h->txs);
	vec_release(MEM_OTHER, &h->ops);
	vec_release(MEM_OTHER, &h->values);
}
