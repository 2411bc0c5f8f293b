#include "db/fence.h"

#include <stdio.h>

#include "base/hash.h"
#include "base/log.h"

#define TITLE "geode-current 1"
#define CRC_BYTES 13 /* "crc=XXXXXXXX\n" */
#define GRAIN 512
#define SIZES 4093

void id_to_hex(const uint8_t id[WAL_ID_BYTES], char out[33])
{
	for (unsigned i = 0; i < WAL_ID_BYTES; i++)
		snprintf(out + 2 * i, 3, "%02x", id[i]);
}

bool id_from_hex(struct str s, uint8_t ret[WAL_ID_BYTES])
{
	if (s.len != 2 * WAL_ID_BYTES)
		return false;
	for (unsigned i = 0; i < s.len; i++) {
		char c = s.p[i];
		unsigned digit;
		if (c >= '0' && c <= '9')
			digit = (unsigned)(c - '0');
		else if (c >= 'a' && c <= 'f')
			digit = (unsigned)(c - 'a' + 10);
		else
			return false;
		ret[i / 2] = (uint8_t)(i % 2 == 0 ? digit << 4 : ret[i / 2] | digit);
	}
	return true;
}

static size_t runs_bytes(void)
{
	return (FENCE_RUNS_MAX + 1) * sizeof(struct fence_run);
}

enum status fence_init(struct fence *f)
{
	*f = (struct fence){0};
	f->runs = mem_zalloc(MEM_OTHER, runs_bytes());
	return f->runs != NULL ? ST_OK : ST_NOMEM;
}

void fence_release(struct fence *f)
{
	if (f->runs != NULL)
		mem_free(MEM_OTHER, f->runs, runs_bytes());
	f->runs = NULL;
}

struct fence_run *fence_current(struct fence *f)
{
	return &f->runs[f->n_runs - 1];
}

void fence_begin_run(struct fence *f, const uint8_t run_id[WAL_ID_BYTES], uint64_t last_seq,
		     uint64_t last_lsn, uint64_t chain)
{
	uint64_t epoch = 1;
	if (f->n_runs > 0) {
		struct fence_run *old = fence_current(f);
		old->last_seq = last_seq;
		old->last_lsn = last_lsn;
		old->chain = chain;
		epoch = old->epoch + 1;
	}
	if (f->n_runs == FENCE_RUNS_MAX + 1) {
		memmove(f->runs, f->runs + 1, FENCE_RUNS_MAX * sizeof f->runs[0]);
		f->n_runs--;
	}
	struct fence_run *run = &f->runs[f->n_runs++];
	*run = (struct fence_run){
	    .epoch = epoch,
	    .first_seq = f->max_seq + 1,
	    .first_lsn = last_lsn + 1,
	};
	memcpy(run->run_id, run_id, WAL_ID_BYTES);
}

/* ---- text ------------------------------------------------------------------------------------ */

static void put_number(struct buf *b, const char *name, uint64_t v)
{
	buf_printf(b, " %s=%llu", name, (unsigned long long)v);
}

static void put_text(struct buf *b, const struct fence *f)
{
	const struct fence_run *now = &f->runs[f->n_runs - 1];
	char hex[33];

	buf_puts(b, TITLE);
	put_number(b, "generation", f->generation);
	id_to_hex(f->db_id, hex);
	buf_printf(b, " db=%s", hex);
	id_to_hex(now->run_id, hex);
	buf_printf(b, " run=%s", hex);
	put_number(b, "epoch", now->epoch);
	put_number(b, "max_seq", f->max_seq);
	put_number(b, "max_snapshot", f->max_snapshot);
	put_number(b, "durable", f->durable_lsn);
	put_number(b, "inode", f->inode);
	put_number(b, "btime", (uint64_t)f->btime_ns);
	put_number(b, "dir", f->dir_inode);
	put_number(b, "device", f->device);
	for (uint32_t i = 0; i + 1 < f->n_runs; i++) {
		const struct fence_run *r = &f->runs[i];
		id_to_hex(r->run_id, hex);
		buf_printf(b, " ancestor=%llu:%s:%llu:%llu:%llu:%llu:%llu",
			   (unsigned long long)r->epoch, hex, (unsigned long long)r->first_seq,
			   (unsigned long long)r->first_lsn, (unsigned long long)r->last_seq,
			   (unsigned long long)r->last_lsn, (unsigned long long)r->chain);
	}
	buf_printf(b, " first=%llu:%llu ", (unsigned long long)now->first_seq,
		   (unsigned long long)now->first_lsn);
	size_t least = b->len + CRC_BYTES;
	size_t size = (least + GRAIN - 1) / GRAIN * GRAIN + f->generation % SIZES;
	while (buf_ok(b) && b->len < size - CRC_BYTES)
		buf_putc(b, ' ');
	buf_printf(b, "crc=%08x\n", crc32c(0, b->p, b->len));
}

/* The next part of s up to c, which is dropped; false at the end. */
static bool split(struct str *s, char c, struct str *ret)
{
	if (s->len == 0)
		return false;
	const char *at = memchr(s->p, c, s->len);
	ret->p = s->p;
	ret->len = at != NULL ? (size_t)(at - s->p) : s->len;
	size_t skip = at != NULL ? ret->len + 1 : ret->len;
	s->p += skip;
	s->len -= skip;
	return true;
}

static bool take_number(struct str *s, uint64_t *ret)
{
	struct str part;
	return split(s, ':', &part) && str_to_u64(part, ret);
}

static bool take_ancestor(struct fence *f, struct str s)
{
	if (f->n_runs == FENCE_RUNS_MAX)
		return false;
	struct fence_run *r = &f->runs[f->n_runs];
	struct str hex;
	if (!take_number(&s, &r->epoch) || !split(&s, ':', &hex) || !id_from_hex(hex, r->run_id) ||
	    !take_number(&s, &r->first_seq) || !take_number(&s, &r->first_lsn) ||
	    !take_number(&s, &r->last_seq) || !take_number(&s, &r->last_lsn) ||
	    !take_number(&s, &r->chain) || s.len != 0)
		return false;
	f->n_runs++;
	return true;
}

static bool take_word(struct fence *f, struct fence_run *now, struct str word, unsigned *n_known)
{
	struct str name, value = word;
	if (!split(&value, '=', &name))
		return false;
	uint64_t btime;
	struct {
		const char *name;
		uint64_t *into;
	} numbers[] = {
	    {"generation", &f->generation},
	    {"epoch", &now->epoch},
	    {"max_seq", &f->max_seq},
	    {"max_snapshot", &f->max_snapshot},
	    {"durable", &f->durable_lsn},
	    {"inode", &f->inode},
	    {"dir", &f->dir_inode},
	    {"device", &f->device},
	    {"btime", &btime},
	};
	for (unsigned i = 0; i < ARRAY_LEN(numbers); i++) {
		if (!str_eq(name, str_of(numbers[i].name)))
			continue;
		if (!str_to_u64(value, numbers[i].into))
			return false;
		if (numbers[i].into == &btime)
			f->btime_ns = (int64_t)btime;
		++*n_known;
		return true;
	}
	++*n_known;
	if (str_eq(name, STR("db")))
		return id_from_hex(value, f->db_id);
	if (str_eq(name, STR("run")))
		return id_from_hex(value, now->run_id);
	if (str_eq(name, STR("first")))
		return take_number(&value, &now->first_seq) && take_number(&value, &now->first_lsn);
	--*n_known;
	return str_eq(name, STR("ancestor")) ? take_ancestor(f, value) : true;
}

#define N_WORDS 12 /* that must be there */

static enum status parse(struct fence *f, struct str text)
{
	char crc[CRC_BYTES + 1];
	if (!str_starts(text, STR("geode-current ")) || text.len < CRC_BYTES + sizeof TITLE)
		return ST_CORRUPT;
	struct str body = {text.p, text.len - CRC_BYTES};
	snprintf(crc, sizeof crc, "crc=%08x\n", crc32c(0, body.p, body.len));
	if (memcmp(crc, body.p + body.len, CRC_BYTES) != 0)
		return ST_CORRUPT;
	if (!str_starts(body, STR(TITLE " ")))
		return ST_LIMIT;
	body.p += sizeof TITLE;
	body.len -= sizeof TITLE;
	uint8_t *runs = (uint8_t *)f->runs;
	*f = (struct fence){.runs = (struct fence_run *)runs};
	struct fence_run now = {0};
	struct str word;
	unsigned n_known = 0;
	while (split(&body, ' ', &word))
		if (word.len > 0 && !take_word(f, &now, word, &n_known))
			return ST_CORRUPT;
	f->runs[f->n_runs++] = now;
	return n_known == N_WORDS ? ST_OK : ST_CORRUPT;
}

/* ---- file --------------------------------------------------------------------------------------
 */

enum status fence_read(const char *dir, struct fence *f)
{
	char path[FILE_PATH_MAX], *text;
	size_t n;
	if (!file_join(path, sizeof path, dir, FENCE_NAME))
		return ST_LIMIT;
	TRY(file_read_all(path, FENCE_BYTES_MAX, &text, &n));
	enum status st = parse(f, (struct str){text, n});
	mem_free(MEM_OTHER, text, n + 1);
	return st;
}

static enum status place_of(const char *dir, struct fence *f)
{
	struct file_info info;
	TRY(file_io->info(dir, &info));
	f->dir_inode = info.inode;
	f->device = info.device;
	return ST_OK;
}

static enum status write_temp(const char *path, const char *dir, struct fence *f, struct buf *b)
{
	struct file *file;
	struct file_info info;
	enum status st = file_io->unlink(path);
	if (st != ST_OK && st != ST_NOT_FOUND)
		return st;
	TRY(place_of(dir, f));
	TRY(file_io->open(path, FILE_WRITE | FILE_CREATE | FILE_EXCLUSIVE, 0600, &file));
	st = file_io->file_info(file, &info);
	f->inode = info.inode;
	f->btime_ns = info.btime_ns;
	put_text(b, f);
	if (st == ST_OK && !buf_ok(b))
		st = ST_NOMEM;
	if (st == ST_OK)
		st = file_io->pwrite(file, b->p, b->len, 0);
	if (st == ST_OK)
		st = file_io->sync(file);
	file_io->close(file);
	return st;
}

enum status fence_write(const char *dir, struct fence *f)
{
	char path[FILE_PATH_MAX], temp[FILE_PATH_MAX];
	struct buf b;
	if (!file_join(path, sizeof path, dir, FENCE_NAME) ||
	    !file_join(temp, sizeof temp, dir, ".tmp." FENCE_NAME))
		return ST_LIMIT;
	f->generation++;
	buf_init(&b, MEM_OTHER, FENCE_BYTES_MAX);
	enum status st = write_temp(temp, dir, f, &b);
	buf_release(&b);
	if (st == ST_OK)
		st = file_io->rename(temp, path);
	if (st == ST_OK)
		st = file_io->sync_dir(dir);
	if (st != ST_OK)
		log_error("db", "cannot write '%s': %s", path, file_why(st));
	return st;
}

enum status fence_is_copy(const char *dir, const struct fence *f, bool *ret)
{
	char path[FILE_PATH_MAX];
	struct file_info info;
	struct fence here = *f;
	if (!file_join(path, sizeof path, dir, FENCE_NAME))
		return ST_LIMIT;
	TRY(file_io->info(path, &info));
	TRY(place_of(dir, &here));
	bool born_elsewhere =
	    f->btime_ns != 0 && info.btime_ns != 0 && f->btime_ns != info.btime_ns;
	*ret = info.inode != f->inode || here.dir_inode != f->dir_inode || born_elsewhere;
	return ST_OK;
}

static const struct fence_run *find_run(const struct fence *f, uint64_t epoch, const uint8_t run[4])
{
	for (uint32_t i = 0; i < f->n_runs; i++)
		if (f->runs[i].epoch == epoch && memcmp(f->runs[i].run_id, run, 4) == 0)
			return &f->runs[i];
	return NULL;
}

enum fence_side fence_segment_side(const struct fence *f, uint64_t epoch, uint64_t seq,
				   const uint8_t run[4])
{
	if (epoch < f->runs[0].epoch)
		return FENCE_OLDER;
	if (seq > f->max_seq)
		return FENCE_ABOVE;
	const struct fence_run *r = find_run(f, epoch, run);
	if (r == NULL || seq < r->first_seq)
		return FENCE_FOREIGN;
	bool present = r == &f->runs[f->n_runs - 1];
	return present || seq <= r->last_seq ? FENCE_INSIDE : FENCE_FOREIGN;
}

enum fence_side fence_snapshot_side(const struct fence *f, uint64_t epoch, uint64_t lsn,
				    const uint8_t run[4])
{
	if (epoch < f->runs[0].epoch)
		return FENCE_OLDER;
	if (lsn > f->max_snapshot)
		return FENCE_ABOVE;
	const struct fence_run *r = find_run(f, epoch, run);
	if (r == NULL || lsn + 1 < r->first_lsn)
		return FENCE_FOREIGN;
	bool present = r == &f->runs[f->n_runs - 1];
	return present || lsn <= r->last_lsn ? FENCE_INSIDE : FENCE_FOREIGN;
}
