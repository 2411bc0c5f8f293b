/* tests/unit/txn/logged.h - a world whose log is driven by hand: wal_step() runs a round. */
#ifndef LOGGED_H
#define LOGGED_H

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "tests/support/hand_log.h"
#include "txn_test.h"

struct logged {
	struct world w;
	struct wal_writer *wal;
	char dir[64];
};

static inline void logged_published(void *ctx, uint64_t lsn)
{
	txn_publish(((struct logged *)ctx)->w.m, lsn);
}

static inline void open_logged(struct logged *l)
{
	*l = (struct logged){.dir = "/tmp/geode-test-XXXXXX"};
	assert_non_null(mkdtemp(l->dir));
	const struct wal_options opt = hand_log(l->dir, logged_published, l);
	assert_int_equal(wal_writer_new(&opt, &l->wal), ST_OK);
	assert_int_equal(store_new(&l->w.store), ST_OK);
	assert_int_equal(txn_mgr_new(l->w.store, l->wal, 0, &l->w.m), ST_OK);
	l->w.g = store_graph_default(l->w.store);
	assert_int_equal(wal_start(l->wal), ST_OK);
}

static inline void close_logged(struct logged *l)
{
	char cmd[128];

	wal_stop(l->wal);
	world_close(&l->w);
	wal_writer_free(l->wal);
	snprintf(cmd, sizeof cmd, "rm -rf '%s'", l->dir);
	assert_int_equal(system(cmd), 0);
}

#endif
