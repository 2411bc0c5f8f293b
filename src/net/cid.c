/* net/cid.c - the table of connection ids. */
#include "net/cid.h"

#include <endian.h>

#include "base/hash.h"
#include "base/mem.h"

#define BUCKETS_MIN 64

struct cid_entry {
	struct cid_entry *next;	      /* in the bucket */
	struct cid_entry *owner_next; /* of the same connection */
	struct cid_owner *owner;
	uint8_t len;
	uint8_t id[CID_LEN_MAX];
};

static uint64_t rotate(uint64_t x, int by)
{
	return x << by | x >> (64 - by);
}

static void sip_round(uint64_t v[4])
{
	v[0] += v[1];
	v[1] = rotate(v[1], 13) ^ v[0];
	v[0] = rotate(v[0], 32);
	v[2] += v[3];
	v[3] = rotate(v[3], 16) ^ v[2];
	v[0] += v[3];
	v[3] = rotate(v[3], 21) ^ v[0];
	v[2] += v[1];
	v[1] = rotate(v[1], 17) ^ v[2];
	v[2] = rotate(v[2], 32);
}

static void sip_word(uint64_t v[4], uint64_t word)
{
	v[3] ^= word;
	sip_round(v);
	sip_round(v);
	v[0] ^= word;
}

uint64_t siphash(const uint64_t key[2], const uint8_t *p, size_t n)
{
	uint64_t v[4] = {
	    key[0] ^ UINT64_C(0x736f6d6570736575), key[1] ^ UINT64_C(0x646f72616e646f6d),
	    key[0] ^ UINT64_C(0x6c7967656e657261), key[1] ^ UINT64_C(0x7465646279746573)};
	uint64_t last = (uint64_t)n << 56;
	uint64_t word;
	size_t at = 0;

	for (; at + 8 <= n; at += 8) {
		memcpy(&word, p + at, 8);
		sip_word(v, le64toh(word));
	}
	for (size_t i = at; i < n; i++)
		last |= (uint64_t)p[i] << 8 * (i - at);
	sip_word(v, last);
	v[2] ^= 0xff;
	for (int i = 0; i < 4; i++)
		sip_round(v);
	return v[0] ^ v[1] ^ v[2] ^ v[3];
}

enum status cid_table_init(struct cid_table *t)
{
	*t = (struct cid_table){.mask = BUCKETS_MIN - 1};
	rand_secret(t->key, sizeof t->key);
	t->bucket = mem_zalloc(MEM_NET, BUCKETS_MIN * sizeof *t->bucket);
	return t->bucket != NULL ? ST_OK : ST_NOMEM;
}

void cid_table_release(struct cid_table *t)
{
	if (t->bucket == NULL)
		return;
	for (uint32_t i = 0; i <= t->mask; i++) {
		while (t->bucket[i] != NULL) {
			struct cid_entry *e = t->bucket[i];
			t->bucket[i] = e->next;
			MEM_FREE(MEM_NET, e);
		}
	}
	mem_free(MEM_NET, t->bucket, ((size_t)t->mask + 1) * sizeof *t->bucket);
	t->bucket = NULL;
}

/* The link that points to the entry, or the bucket's end. */
static struct cid_entry **find(const struct cid_table *t, const uint8_t *id, size_t len)
{
	struct cid_entry **at = &t->bucket[siphash(t->key, id, len) & t->mask];

	while (*at != NULL && ((*at)->len != len || memcmp((*at)->id, id, len) != 0))
		at = &(*at)->next;
	return at;
}

/* Without memory the chains just get longer. */
static void grow(struct cid_table *t)
{
	uint32_t mask = t->mask * 2 + 1;
	struct cid_entry **bucket = mem_zalloc(MEM_NET, ((size_t)mask + 1) * sizeof *bucket);

	if (bucket == NULL)
		return;
	for (uint32_t i = 0; i <= t->mask; i++) {
		while (t->bucket[i] != NULL) {
			struct cid_entry *e = t->bucket[i];
			struct cid_entry **to = &bucket[siphash(t->key, e->id, e->len) & mask];
			t->bucket[i] = e->next;
			e->next = *to;
			*to = e;
		}
	}
	mem_free(MEM_NET, t->bucket, ((size_t)t->mask + 1) * sizeof *t->bucket);
	t->bucket = bucket;
	t->mask = mask;
}

enum status cid_table_add(struct cid_table *t, const uint8_t *id, size_t len,
			  struct cid_owner *owner)
{
	assert(len <= CID_LEN_MAX);
	if (t->n > t->mask)
		grow(t);

	struct cid_entry **at = find(t, id, len);
	if (*at != NULL)
		return ST_EXISTS;
	struct cid_entry *e = MEM_NEW(MEM_NET, struct cid_entry);
	if (e == NULL)
		return ST_NOMEM;
	e->owner = owner;
	e->len = (uint8_t)len;
	memcpy(e->id, id, len);
	e->owner_next = owner->first;
	owner->first = e;
	*at = e;
	t->n++;
	return ST_OK;
}

struct cid_owner *cid_table_get(const struct cid_table *t, const uint8_t *id, size_t len)
{
	const struct cid_entry *e = len <= CID_LEN_MAX ? *find(t, id, len) : NULL;

	return e != NULL ? e->owner : NULL;
}

void cid_table_del(struct cid_table *t, const uint8_t *id, size_t len)
{
	struct cid_entry **at = find(t, id, len);
	struct cid_entry *e = *at;

	if (e == NULL)
		return;
	*at = e->next;
	struct cid_entry **own = &e->owner->first;
	while (*own != e)
		own = &(*own)->owner_next;
	*own = e->owner_next;
	MEM_FREE(MEM_NET, e);
	t->n--;
}

void cid_table_del_all(struct cid_table *t, struct cid_owner *owner)
{
	while (owner->first != NULL)
		cid_table_del(t, owner->first->id, owner->first->len);
}

void cid_make(uint32_t index, uint32_t n_loops, uint8_t ret[CID_LEN])
{
	assert(index < n_loops && n_loops <= 256);
	uint32_t n_choices = (256 - index + n_loops - 1) / n_loops;

	rand_secret(ret, CID_LEN);
	ret[0] = (uint8_t)(index + n_loops * (ret[0] % n_choices));
}
