/* Two threads: one reads and unpacks objects, the other puts them into the store; two decoders go
 * back and forth between them. */
#include "snapshot/load.h"

#include "base/thread.h"
#include "store/image.h"

#define DECODERS 2

struct unpacked {
	struct snapshot_decoder *decoder;
	const uint8_t *p;
	size_t n;
	const char *why;
	enum status st;
	bool ready; /* under the lock: the loader's turn; else the unpacker's */
};

struct load {
	struct snapshot_reader *reader;
	struct store *store;
	struct thread thread;
	struct mutex lock;
	struct cond turn;
	bool stop; /* under the lock: the loader wants no more */
	struct unpacked slots[DECODERS];
};

static void unpack_all(void *arg)
{
	struct load *l = arg;
	uint32_t n = snapshot_count(l->reader);
	bool stop = false;
	for (uint32_t i = 0; i < n && !stop; i++) {
		struct unpacked *u = &l->slots[i % DECODERS];
		mutex_lock(&l->lock);
		while (u->ready && !l->stop)
			cond_wait(&l->turn, &l->lock);
		stop = l->stop;
		mutex_unlock(&l->lock);
		if (stop)
			break;
		u->st = snapshot_decode(u->decoder, i, &u->p, &u->n, &u->why);
		stop = u->st != ST_OK;
		mutex_lock(&l->lock);
		u->ready = true;
		cond_signal(&l->turn);
		mutex_unlock(&l->lock);
	}
}

static enum status put_into_store(struct load *l, const struct snapshot_item *item,
				  const struct unpacked *u, const char **why)
{
	struct str bytes = {(const char *)u->p, u->n};
	struct graph *g = NULL;
	*why = "an object whose content makes no sense";
	switch (item->section) {
	case IMAGE_NAMES:
		return image_load_names(l->store, bytes);
	case IMAGE_CATALOG:
		return image_load_catalog(l->store, bytes);
	case IMAGE_NODES:
	case IMAGE_EDGES:
		g = store_graph_by_id(l->store, item->graph);
		if (g == NULL)
			return ST_CORRUPT;
		return image_load_chunk(g, (enum image_section)item->section, bytes);
	default:
		*why = "an object of an unknown section";
		return ST_CORRUPT;
	}
}

static enum status load_objects(struct load *l, const char **why)
{
	uint32_t n = snapshot_count(l->reader);
	enum status st = ST_OK;
	for (uint32_t i = 0; i < n && st == ST_OK; i++) {
		struct unpacked *u = &l->slots[i % DECODERS];
		mutex_lock(&l->lock);
		while (!u->ready)
			cond_wait(&l->turn, &l->lock);
		mutex_unlock(&l->lock);
		st = u->st;
		*why = u->why;
		if (st == ST_OK)
			st = put_into_store(l, snapshot_item(l->reader, i), u, why);
		mutex_lock(&l->lock);
		u->ready = false;
		l->stop = st != ST_OK;
		cond_signal(&l->turn);
		mutex_unlock(&l->lock);
	}
	return st;
}

static enum status load_with_thread(struct load *l, const char **why)
{
	mutex_init(&l->lock, LOCK_RANK_LEAF);
	cond_init(&l->turn);
	enum status st = thread_start(&l->thread, "unpack", unpack_all, l);
	if (st == ST_OK) {
		st = load_objects(l, why);
		thread_join(&l->thread);
	}
	cond_destroy(&l->turn);
	mutex_destroy(&l->lock);
	return st;
}

enum status snapshot_load(const char *path, struct store *s, struct snapshot_meta *ret,
			  const char **why)
{
	struct load l = {.store = s};
	TRY(snapshot_open(path, &l.reader, ret, why));
	enum status st = ST_OK;
	for (unsigned i = 0; i < DECODERS && st == ST_OK; i++)
		st = snapshot_decoder_new(l.reader, &l.slots[i].decoder);
	if (st == ST_OK)
		st = load_with_thread(&l, why);
	if (st == ST_OK) {
		*why = "adjacency and indexes cannot be built";
		st = image_end(s);
	}
	for (unsigned i = 0; i < DECODERS; i++)
		snapshot_decoder_free(l.slots[i].decoder);
	snapshot_close(l.reader);
	return st;
}
