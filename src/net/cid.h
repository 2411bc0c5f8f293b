/* net/cid.h - connection ids: who owns one, and which I/O thread a datagram belongs to.
 *
 * Room:    net.
 * Threads: one table per loop.
 * The first byte of an id of ours is the loop's index plus a multiple of the number of loops, so
 * that the kernel can steer by it (udp.c). The table is keyed by SipHash-2-4 (Aumasson, Bernstein,
 * 2012): a client chooses the first id of its connection, and must not be able to choose its
 * bucket. */
#ifndef NET_CID_H
#define NET_CID_H

#include "base/status.h"

#define CID_LEN 12     /* bytes of the ids we give out */
#define CID_LEN_MAX 20 /* RFC 9000, 17.2 */

struct cid_owner { /* embedded by the connection; zero owns nothing */
	struct cid_entry *first;
};

struct cid_table {
	struct cid_entry **bucket;
	uint32_t mask, n;
	uint64_t key[2];
};

enum status cid_table_init(struct cid_table *t) MUST_CHECK;
void cid_table_release(struct cid_table *t);
/* ST_EXISTS: somebody has it already; ST_NOMEM. */
enum status cid_table_add(struct cid_table *t, const uint8_t *id, size_t len,
			  struct cid_owner *owner) MUST_CHECK;
struct cid_owner *cid_table_get(const struct cid_table *t, const uint8_t *id, size_t len);
void cid_table_del(struct cid_table *t, const uint8_t *id, size_t len);
void cid_table_del_all(struct cid_table *t, struct cid_owner *owner);

/* A random id that leads to loop `index` of `n_loops`. */
void cid_make(uint32_t index, uint32_t n_loops, uint8_t ret[CID_LEN]);

uint64_t siphash(const uint64_t key[2], const uint8_t *p, size_t n);

#endif
