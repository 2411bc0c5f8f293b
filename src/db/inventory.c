#include "db/inventory.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/log.h"
#include "snapshot/format.h"
#include "wal/doublewrite.h"

static enum status take_name(void *ctx, const char *name)
{
	struct inventory *inv = ctx;
	struct data_file f = {0};
	struct str s = str_of(name);

	if (wal_segment_name_parse(name, &f.epoch, &f.number, f.run)) {
		memcpy(f.name, name, s.len + 1);
		if (inv->segments.n == INVENTORY_MAX)
			return ST_LIMIT;
		return vec_push(MEM_OTHER, &inv->segments, f) ? ST_OK : ST_NOMEM;
	}
	if (snapshot_name_parse(name, &f.epoch, &f.number, f.run)) {
		memcpy(f.name, name, s.len + 1);
		if (inv->snapshots.n == INVENTORY_MAX)
			return ST_LIMIT;
		return vec_push(MEM_OTHER, &inv->snapshots, f) ? ST_OK : ST_NOMEM;
	}
	if (str_eq(s, STR(FENCE_NAME)))
		inv->has_fence = true;
	else if (str_eq(s, STR(ID_NAME)))
		inv->has_id = true;
	else if (str_starts(s, STR(".tmp.")))
		inv->n_temporary++;
	else if (!str_eq(s, STR(LOCK_NAME)) && !str_eq(s, STR(DOUBLEWRITE_NAME)))
		inv->n_others++;
	return ST_OK;
}

static int by_rising_number(const void *a, const void *b)
{
	const struct data_file *x = a, *y = b;
	return (x->number > y->number) - (x->number < y->number);
}

static int by_falling_number(const void *a, const void *b)
{
	return by_rising_number(b, a);
}

enum status inventory_read(const char *dir, struct inventory *ret)
{
	*ret = (struct inventory){0};
	enum status st = file_io->list(dir, take_name, ret);
	if (st != ST_OK) {
		inventory_release(ret);
		return st;
	}
	if (ret->segments.n > 1)
		qsort(ret->segments.v, ret->segments.n, sizeof ret->segments.v[0],
		      by_rising_number);
	if (ret->snapshots.n > 1)
		qsort(ret->snapshots.v, ret->snapshots.n, sizeof ret->snapshots.v[0],
		      by_falling_number);
	return ST_OK;
}

void inventory_release(struct inventory *inv)
{
	vec_release(MEM_OTHER, &inv->segments);
	vec_release(MEM_OTHER, &inv->snapshots);
}

void inventory_judge(struct inventory *inv, const struct fence *f)
{
	for (uint32_t i = 0; i < inv->segments.n; i++) {
		struct data_file *d = &inv->segments.v[i];
		d->side = fence_segment_side(f, d->epoch, d->number, d->run);
	}
	for (uint32_t i = 0; i < inv->snapshots.n; i++) {
		struct data_file *d = &inv->snapshots.v[i];
		d->side = fence_snapshot_side(f, d->epoch, d->number, d->run);
	}
}

bool inventory_is_empty(const struct inventory *inv)
{
	return inv->segments.n == 0 && inv->snapshots.n == 0 && !inv->has_fence && !inv->has_id;
}

struct temporary {
	VEC(struct data_file) names;
};

static enum status take_temporary(void *ctx, const char *name)
{
	struct temporary *t = ctx;
	struct data_file f = {0};
	if (!str_starts(str_of(name), STR(".tmp.")) || strlen(name) >= sizeof f.name)
		return ST_OK;
	memcpy(f.name, name, strlen(name) + 1);
	return vec_push(MEM_OTHER, &t->names, f) ? ST_OK : ST_NOMEM;
}

enum status inventory_remove_temporary(const char *dir)
{
	struct temporary t = {0};
	char path[FILE_PATH_MAX];
	enum status st = file_io->list(dir, take_temporary, &t);
	for (uint32_t i = 0; i < t.names.n && st == ST_OK; i++) {
		if (!file_join(path, sizeof path, dir, t.names.v[i].name))
			st = ST_LIMIT;
		else
			st = file_io->unlink(path);
	}
	vec_release(MEM_OTHER, &t.names);
	return st;
}

enum status inventory_quarantine(const char *dir, const uint8_t run_id[WAL_ID_BYTES],
				 const char *name)
{
	char from[FILE_PATH_MAX], to[FILE_PATH_MAX], orphan[WAL_NAME_MAX + 48];
	struct file_info info;
	enum status st = ST_OK;

	for (unsigned n = 0; st == ST_OK; n++) { /* the first free number */
		snprintf(orphan, sizeof orphan, "orphan-%02x%02x%02x%02x-%u-%s", run_id[0],
			 run_id[1], run_id[2], run_id[3], n, name);
		if (!file_join(from, sizeof from, dir, name) ||
		    !file_join(to, sizeof to, dir, orphan))
			return ST_LIMIT;
		st = file_io->info(to, &info);
	}
	if (st != ST_NOT_FOUND)
		return st;
	log_warn("db", "'%s' does not belong to this database's present state: kept as '%s'", name,
		 orphan);
	return file_io->rename(from, to);
}
