/* store/image.h - a graph as bytes, a chunk at a time: for snapshots, and for building a graph in
 * bulk.
 *
 * Room:    store.
 * Threads: writing: beside readers and writers, under a view; the epoch of the view's slot may be
 *          renewed between two calls (no pointer is kept). Loading and building: one thread, nobody
 *          else uses the store; no versions, no log.
 * Errors:  ST_NOMEM, ST_LIMIT; loading: ST_CORRUPT for bytes that make no sense.
 * Format:  little-endian; each function's comment is the layout. Values: value/vcodec.h.
 *
 * Order of loading: names, catalog, node chunks, edge chunks, end. */
#ifndef STORE_IMAGE_H
#define STORE_IMAGE_H

#include "base/codec.h"
#include "store/graph.h"

enum image_section { IMAGE_NAMES = 1, IMAGE_CATALOG = 2, IMAGE_NODES = 3, IMAGE_EDGES = 4 };

/* Three dictionaries: for each a varint count, then the names in the order of their ids. */
enum status image_names(struct store *s, struct buf *out) MUST_CHECK;
enum status image_load_names(struct store *s, struct str bytes) MUST_CHECK;

/* The graphs that the view sees. Varint count of graphs; each: id, name, varint count of indexes;
 * each: name, label, key, unique. Then, varint, the id of the next graph that will be made. */
enum status image_catalog(struct store *s, const struct view *v, struct buf *out) MUST_CHECK;
enum status image_load_catalog(struct store *s, struct str bytes) MUST_CHECK;

uint32_t image_chunks(struct graph *g, enum image_section section); /* node or edge chunks so far */
/* What chunk i has under the view; out stays empty when it has nothing. *ret_first, *ret_last: ids.
 * Layout: u64 first id, u32 slots, slots / 64 words of existence; nodes: varint count of label
 * sets, each a list of varint label ids, then a varint set number for each existing slot; edges:
 * varint type, then two u32 (from, to) for each slot; then a varint count of keys, each: varint
 * key, words of presence, and a value (vcodec) for each present slot. */
enum status image_chunk(struct graph *g, enum image_section section, uint32_t i,
			const struct view *v, struct buf *out, uint64_t *ret_first,
			uint64_t *ret_last) MUST_CHECK;
enum status image_load_chunk(struct graph *g, enum image_section section,
			     struct str bytes) MUST_CHECK;

/* After the last chunk or element: builds adjacency with exact room, and the indexes. */
enum status image_end(struct store *s) MUST_CHECK;

/* ---- building in bulk --------------------------------------------------------------------------
 */

enum status image_name(struct store *s, enum name_kind kind, struct str name,
		       name_id *ret) MUST_CHECK;
/* A graph in the store, made unless it is the default one. ST_LIMIT: the name's length. */
enum status image_graph(struct store *s, struct str name, struct graph **ret) MUST_CHECK;
/* An index that image_end fills. */
enum status image_index(struct graph *g, struct str name, name_id label, name_id key) MUST_CHECK;
enum status image_add_node(struct graph *g, const name_id *labels, uint32_t n_labels,
			   const struct prop *props, uint32_t n_props, elem_id *ret) MUST_CHECK;
/* Both nodes were added before. */
enum status image_add_edge(struct graph *g, name_id type, elem_id from, elem_id to,
			   const struct prop *props, uint32_t n_props, elem_id *ret) MUST_CHECK;

#endif
