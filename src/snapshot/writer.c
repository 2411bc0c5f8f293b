#include "snapshot/writer.h"

#include <lz4frame.h>
#include <stdio.h>

#include "base/file.h"
#include "base/hash.h"
#include "base/log.h"
#include "base/vec.h"

#define OUT_BYTES (4u << 20) /* collected before a write */

struct snapshot_writer {
	struct snapshot_meta meta;
	char dir[FILE_PATH_MAX], path[FILE_PATH_MAX];
	struct file *file;
	uint64_t at; /* file offset of out[0] */
	uint8_t *out;
	size_t out_len;
	size_t frame_cap;
	uint32_t header_crc;
	VEC(struct snapshot_block) blocks;
	bool published;
};

static const LZ4F_preferences_t preferences = {
    .frameInfo =
	{
	    .blockSizeID = LZ4F_max1MB,
	    .blockMode = LZ4F_blockIndependent,
	    .contentChecksumFlag = LZ4F_contentChecksumEnabled,
	},
};

static enum status flush(struct snapshot_writer *w)
{
	if (w->out_len == 0)
		return ST_OK;
	TRY(file_io->pwrite(w->file, w->out, w->out_len, w->at));
	w->at += w->out_len;
	w->out_len = 0;
	return ST_OK;
}

static enum status append(struct snapshot_writer *w, const void *p, size_t n)
{
	const uint8_t *from = p;
	while (n > 0) {
		if (w->out_len == OUT_BYTES)
			TRY(flush(w));
		size_t part = MIN_OF(n, OUT_BYTES - w->out_len);
		memcpy(w->out + w->out_len, from, part);
		w->out_len += part;
		from += part;
		n -= part;
	}
	return ST_OK;
}

static enum status append_skip(struct snapshot_writer *w, enum snapshot_skip kind, const void *p,
			       uint32_t n)
{
	uint8_t head[SNAPSHOT_SKIP_BYTES];
	snapshot_skip_put(kind, n, head);
	TRY(append(w, head, sizeof head));
	return append(w, p, n);
}

static enum status start(struct snapshot_writer *w)
{
	char name[SNAPSHOT_NAME_MAX + 8];
	snprintf(name, sizeof name, ".tmp.snap-%llu", (unsigned long long)w->meta.lsn);
	if (!file_join(w->path, sizeof w->path, w->dir, name))
		return ST_LIMIT;
	enum status st = file_io->unlink(w->path);
	if (st != ST_OK && st != ST_NOT_FOUND)
		return st;
	TRY(file_io->open(w->path, FILE_READ | FILE_WRITE | FILE_CREATE | FILE_EXCLUSIVE, 0600,
			  &w->file));
	uint8_t head[SNAPSHOT_HEADER_BYTES];
	snapshot_header_put(&w->meta, head);
	w->header_crc = load_u32(head + SNAPSHOT_HEADER_BYTES - 4);
	return append_skip(w, SKIP_HEADER, head, sizeof head);
}

enum status snapshot_writer_new(const char *dir, const struct snapshot_meta *meta,
				struct snapshot_writer **ret)
{
	struct snapshot_writer *w = MEM_NEW(MEM_OTHER, struct snapshot_writer);
	if (w == NULL)
		return ST_NOMEM;
	w->meta = *meta;
	snprintf(w->dir, sizeof w->dir, "%s", dir);
	w->frame_cap = LZ4F_compressFrameBound(SNAPSHOT_BLOCK_MAX, &preferences);
	w->out = mem_alloc(MEM_OTHER, OUT_BYTES + w->frame_cap);
	enum status st = w->out == NULL ? ST_NOMEM : start(w);
	if (st != ST_OK) {
		snapshot_writer_free(w);
		return st;
	}
	*ret = w;
	return ST_OK;
}

static enum status put_block(struct snapshot_writer *w, const struct snapshot_object *o,
			     const uint8_t *p, size_t n, uint32_t flags)
{
	uint8_t *frame = w->out + OUT_BYTES; /* behind what is collected */
	LZ4F_preferences_t prefs = preferences;
	prefs.frameInfo.contentSize = n;
	size_t len = LZ4F_compressFrame(frame, w->frame_cap, p, n, &prefs);
	if (LZ4F_isError(len))
		return ST_NOMEM; /* with room for the bound nothing else can fail */
	struct snapshot_block b = {
	    .section = o->section,
	    .graph = o->graph,
	    .number = w->blocks.n,
	    .flags = flags,
	    .raw_len = (uint32_t)n,
	    .frame_len = (uint32_t)len,
	    .first = o->first,
	    .last = o->last,
	    .frame_crc = crc32c(0, frame, len),
	    .offset = w->at + w->out_len,
	};
	if (!vec_push(MEM_OTHER, &w->blocks, b))
		return ST_NOMEM;
	uint8_t head[SNAPSHOT_BLOCK_BYTES];
	snapshot_block_put(&b, head);
	TRY(append_skip(w, SKIP_BLOCK, head, sizeof head));
	return append(w, frame, len);
}

enum status snapshot_put(struct snapshot_writer *w, const struct snapshot_object *o)
{
	if (o->n > SNAPSHOT_OBJECT_MAX)
		return ST_LIMIT;
	size_t at = 0;
	do {
		size_t part = MIN_OF(o->n - at, (size_t)SNAPSHOT_BLOCK_MAX);
		bool more = at + part < o->n;
		TRY(put_block(w, o, o->p + at, part, more ? SNAPSHOT_FLAG_CONTINUES : 0));
		at += part;
	} while (at < o->n);
	return ST_OK;
}

enum status snapshot_writer_sync(struct snapshot_writer *w)
{
	struct snapshot_trailer t = {
	    .index_at = w->at + w->out_len,
	    .n_blocks = w->blocks.n,
	    .header_crc = w->header_crc,
	};
	uint64_t index_len = t.n_blocks * SNAPSHOT_ENTRY_BYTES;
	if (index_len > UINT32_MAX)
		return ST_LIMIT;
	uint8_t head[SNAPSHOT_SKIP_BYTES], entry[SNAPSHOT_ENTRY_BYTES];
	snapshot_skip_put(SKIP_INDEX, (uint32_t)index_len, head);
	TRY(append(w, head, sizeof head));
	for (uint32_t i = 0; i < w->blocks.n; i++) {
		snapshot_entry_put(&w->blocks.v[i], entry);
		t.index_crc = crc32c(t.index_crc, entry, sizeof entry);
		TRY(append(w, entry, sizeof entry));
	}
	uint8_t end[SNAPSHOT_TRAILER_BYTES];
	t.file_len = w->at + w->out_len + SNAPSHOT_SKIP_BYTES + sizeof end;
	snapshot_trailer_put(&t, end);
	TRY(append_skip(w, SKIP_TRAILER, end, sizeof end));
	TRY(flush(w));
	return file_io->sync(w->file);
}

enum status snapshot_writer_publish(struct snapshot_writer *w)
{
	char name[SNAPSHOT_NAME_MAX], path[FILE_PATH_MAX];
	snapshot_name(w->meta.epoch, w->meta.lsn, w->meta.run_id, name);
	if (!file_join(path, sizeof path, w->dir, name))
		return ST_LIMIT;
	TRY(file_io->rename(w->path, path));
	w->published = true;
	return file_io->sync_dir(w->dir);
}

uint64_t snapshot_writer_bytes(const struct snapshot_writer *w)
{
	return w->at + w->out_len;
}

void snapshot_writer_free(struct snapshot_writer *w)
{
	if (w == NULL)
		return;
	if (w->file != NULL) {
		file_io->close(w->file);
		if (!w->published && file_io->unlink(w->path) != ST_OK)
			log_warn("snapshot", "cannot remove '%s'", w->path);
	}
	mem_free(MEM_OTHER, w->out, OUT_BYTES + w->frame_cap);
	vec_release(MEM_OTHER, &w->blocks);
	MEM_FREE(MEM_OTHER, w);
}
