/* What concurrent transactions did to lists, and whether snapshot isolation allows it.
 *
 * Every value is appended once, so a read of a list tells in which order its values came; from that
 * follows which transaction overwrote, read from, or was overwritten after being read by which
 * other one. Adya's phenomena are cycles of such dependencies; the way to find them with lists is
 * Elle's (Kingsbury, Alvaro, VLDB 2020). */
#ifndef TESTS_HISTORIES_HISTORY_H
#define TESTS_HISTORIES_HISTORY_H

#include "base/vec.h"

enum outcome { TX_COMMITTED, TX_ABORTED, TX_UNKNOWN };

struct op {
	bool is_append;
	uint32_t list;
	uint32_t value;	   /* appended; 1 and up, each once in a history */
	uint32_t first, n; /* read: values[first ... first + n) of the history */
};

struct tx {
	uint32_t session; /* one transaction of it at a time, in this order */
	enum outcome outcome;
	uint32_t first, n; /* its operations */
};

struct history {
	VEC(struct tx) txs;
	VEC(struct op) ops;
	VEC(uint32_t) values;
	uint32_t n_lists, n_values; /* lists and values are below these */
	bool is_complete;	    /* the longest read of each list is its end */
};

enum anomaly {
	A_INTERNAL = 1 << 0,	 /* a transaction does not see its own writes, or two states */
	A_DUPLICATE = 1 << 1,	 /* a value is there twice, or was never appended */
	A_ABORTED = 1 << 2,	 /* G1a: a value of an aborted transaction was read */
	A_INTERMEDIATE = 1 << 3, /* G1b: a read ends amid the appends of another transaction */
	A_ORDER = 1 << 4,	 /* two reads of a list that cannot both be its beginning */
	A_LOST = 1 << 5,	 /* an acknowledged append is not there at the end */
	A_HALF = 1 << 6,	 /* a transaction is there in part */
	A_G0 = 1 << 7,		 /* a cycle of overwriting */
	A_G1C = 1 << 8,		 /* a cycle of overwriting and reading from */
	A_SINGLE = 1 << 9,   /* a cycle in which no two "was overwritten after" are neighbours */
	A_SESSION = 1 << 10, /* such a cycle with the order of a session's transactions */
	A_G2 = 1 << 11,	     /* write skew: snapshot isolation allows it */
};
#define A_FORBIDDEN (A_G2 - 1)

bool history_tx(struct history *h, uint32_t session); /* begins one; false: no memory */
bool history_append(struct history *h, uint32_t list, uint32_t value);
bool history_read(struct history *h, uint32_t list, const uint32_t *values, uint32_t n);
void history_outcome(struct history *h, enum outcome outcome); /* of the last one begun */
bool history_join(struct history *h, const struct history *other);
void history_free(struct history *h);

/* Bits of enum anomaly; text: the first that is forbidden, told. */
uint32_t history_check(const struct history *h, char *text, size_t cap);

#endif
