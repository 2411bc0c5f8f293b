/* tests/support/hand_log.h - options of a log without a thread: wal_step() runs its rounds. */
#ifndef SUPPORT_HAND_LOG_H
#define SUPPORT_HAND_LOG_H

#include "wal/doublewrite.h"
#include "wal/writer.h"

static inline enum status hand_log_fence(void *before_ctx, uint64_t seq)
{
	(void)before_ctx;
	(void)seq;
	return ST_OK;
}

/* dir is there and empty. */
static inline struct wal_options
hand_log(const char *dir, void (*published)(void *ctx, uint64_t durable_lsn), void *ctx)
{
	return (struct wal_options){
	    .dir = dir,
	    .db_id = "database-id-0001",
	    .run_id = "run-id-000000001",
	    .epoch = 1,
	    .next_seq = 1,
	    .before_segment = hand_log_fence,
	    .published = published,
	    .ctx = ctx,
	    .doublewrite_bytes = 4 * DOUBLEWRITE_PAGE,
	    .no_thread = true,
	};
}

#endif
