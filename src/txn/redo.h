/* txn/redo.h - logical redo: what a transaction changed, with element ids; and its application.
 *
 * Room:    txn. Recovery applies, nobody else.
 * Threads: encoding: the transaction's; applying: one, before anybody uses the store.
 * Errors:  redo_apply: ST_CORRUPT: bytes or ids that make no sense; ST_NOMEM, ST_LIMIT.
 *
 * A record is a sequence of operations; each begins with a varint operation code and, but for NAME,
 * the varint number of its graph. Numbers are varints, names lstr, values value/vcodec.h's.
 *
 *    1 NAME         kind, id, name        a definition; known ones are repeated without harm
 *    2 NODE         graph, id, count, labels.., count, (key, value)..
 *    3 EDGE         graph, id, type, from, to, count, (key, value)..
 *    4 NODE_SET     graph, id, key, value     null removes
 *    5 EDGE_SET     graph, id, key, value
 *    6 LABEL_ADD    graph, id, label
 *    7 LABEL_REMOVE graph, id, label
 *    8 NODE_DELETE  graph, id
 *    9 EDGE_DELETE  graph, id
 *   10 INDEX_CREATE graph, name, label, key, unique
 *   11 INDEX_DROP   graph, name
 *   12 GRAPH_CREATE graph, name     makes it
 *   13 GRAPH_DROP   graph           with all that is in it
 *
 * Codes are never reused. A record is applied once, in the order of LSNs, to the state before it.
 */
#ifndef TXN_REDO_H
#define TXN_REDO_H

#include "base/codec.h"
#include "store/graph.h"

enum redo_op {
	REDO_NAME = 1,
	REDO_NODE,
	REDO_EDGE,
	REDO_NODE_SET,
	REDO_EDGE_SET,
	REDO_LABEL_ADD,
	REDO_LABEL_REMOVE,
	REDO_NODE_DELETE,
	REDO_EDGE_DELETE,
	REDO_INDEX_CREATE,
	REDO_INDEX_DROP,
	REDO_GRAPH_CREATE,
	REDO_GRAPH_DROP,
};

void redo_name(struct buf *b, enum name_kind kind, name_id id, struct str name);
void redo_node(struct buf *b, struct graph *g, elem_id id, const name_id *labels, uint32_t n_labels,
	       const struct prop *props, uint32_t n_props);
void redo_edge(struct buf *b, struct graph *g, elem_id id, name_id type, elem_id from, elem_id to,
	       const struct prop *props, uint32_t n_props);
void redo_set(struct buf *b, enum redo_op op, struct graph *g, elem_id id, name_id key,
	      struct value v);
void redo_label(struct buf *b, enum redo_op op, struct graph *g, elem_id id, name_id label);
void redo_delete(struct buf *b, enum redo_op op, struct graph *g, elem_id id);
void redo_index_create(struct buf *b, struct graph *g, struct str name, name_id label, name_id key,
		       bool unique);
void redo_index_drop(struct buf *b, struct graph *g, struct str name);
void redo_graph_create(struct buf *b, struct graph *g);
void redo_graph_drop(struct buf *b, struct graph *g);

enum status redo_apply(struct store *s, uint64_t lsn, const uint8_t *redo, size_t len) MUST_CHECK;

#endif
