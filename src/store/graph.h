/* store/graph.h - the door of the store: read a property graph under a view.
 *
 * Room:    store (below txn, which alone writes: store/write.h).
 * Threads: any number of readers without latches, each with an open view (its epoch slot pins what
 * a call returns: slices, texts and pointers hold until the view's slot is closed or renewed).
 * Errors:  ST_NOMEM, ST_LIMIT; a read of an id that does not exist under the view gives "absent",
 *          never an error.
 *
 * Ids of nodes and edges are slots in two dense spaces of a graph. Names are ids of three
 * dictionaries that all graphs of a store share. */
#ifndef STORE_GRAPH_H
#define STORE_GRAPH_H

#include "store/view.h"
#include "value/batch.h"

#define GRAPH_ELEMENTS_MAX                                                                         \
	(UINT32_MAX - 1)     /* nodes, and edges, of one graph: 32-bit neighbour arrays */
#define GRAPH_LABELS_MAX 64  /* labels of one node */
#define GRAPH_PROPS_MAX 4096 /* properties of one element */
#define GRAPH_NAME_MAX 16383 /* bytes of a label, type, key or graph name (GB01) */
#define GRAPHS_MAX 1024	     /* graphs of a store at a time, dropped ones that are still read too */
#define LSN_NEVER UINT64_MAX

struct store;
struct graph;

/* ---- store and names ---------------------------------------------------------------- */

enum name_kind { NAME_LABEL, NAME_TYPE, NAME_KEY, NAME_N_KINDS };

enum status store_new(struct store **ret) MUST_CHECK;
void store_free(struct store *s); /* no view may be open */
struct epoch_table *store_epochs(struct store *s);

/* NAME_NONE when nobody ever used the name; any thread, no latch. */
name_id store_name_find(struct store *s, enum name_kind kind, struct str name);
/* The id's text; lives as long as the store. */
struct str store_name_text(struct store *s, enum name_kind kind, name_id id);
uint32_t store_name_count(struct store *s, enum name_kind kind);

/* ---- graphs: pinned by the caller's epoch, as all that is read ----
 *
 * A graph is seen at read points from the commit that made it up to the one that dropped it. The
 * default graph is named "default", has id 0 and always exists. Ids are never given again. */

/* The graph with this name that a read point at lsn sees; NULL if there is none. */
struct graph *store_graph_find(struct store *s, struct str name, uint64_t lsn);
struct graph *store_graph_default(struct store *s);
/* Whether a view sees it or not; NULL: never made, or gone. */
struct graph *store_graph_by_id(struct store *s, uint32_t id);
/* Graphs stand in places 0 to n - 1, some of which are empty (NULL). */
uint32_t store_graph_places(struct store *s);
struct graph *store_graph_at(struct store *s, uint32_t place);
bool graph_is_seen(const struct graph *g, uint64_t lsn);
bool graph_is_dropped(const struct graph *g); /* by a commit, be it durable yet or not */
uint32_t graph_id(const struct graph *g);
struct str graph_name(const struct graph *g);
struct store *graph_store(const struct graph *g);
/* Moves when an index, a constraint or a graph is made or dropped; plans are checked against it. */
uint64_t store_catalog_version(struct store *s);

/* ---- nodes and edges ------------------------------------------------------------------ */

bool graph_node_exists(struct graph *g, const struct view *v, elem_id id);
bool graph_edge_exists(struct graph *g, const struct view *v, elem_id id);
/* Labels in ascending id order; the count (0 also for a node that does not exist). */
unsigned graph_node_labels(struct graph *g, const struct view *v, elem_id id,
			   name_id ret[GRAPH_LABELS_MAX]);
/* out[i] = whether ids[i] has the label. */
void graph_nodes_have_label(struct graph *g, const struct view *v, name_id label,
			    const elem_id *ids, uint32_t n, uint8_t *out);
/* Type and endpoints of an edge that exists or existed under the view; false when not. */
bool graph_edge_ends(struct graph *g, const struct view *v, elem_id id, name_id *ret_type,
		     elem_id *ret_from, elem_id *ret_to);

/* ---- scans ------------------------------------------------------------------------------ */

struct node_scan { /* opaque; may be kept over a yield */
	struct graph *g;
	const struct view *view;
	name_id label; /* NAME_NONE: all nodes */
	uint64_t at, end;
	uint64_t private_[4];
};

void node_scan_init(struct node_scan *s, struct graph *g, const struct view *v, name_id label);
/* Up to max ids that exist under the view and have the label, ascending; 0: the end. */
uint32_t node_scan_next(struct node_scan *s, elem_id *ids, uint32_t max);
/* The same, and nodes that have the property may be left out; whether there may be more. A slice
 * may be empty before the end: each call does a bounded amount of work. */
bool node_scan_lacking(struct node_scan *s, name_id key, elem_id *ids, uint32_t max,
		       uint32_t *ret_n);

struct edge_scan {
	struct graph *g;
	const struct view *view;
	name_id type; /* NAME_NONE: all edges */
	uint64_t at, end;
	uint64_t private_[4];
};

void edge_scan_init(struct edge_scan *s, struct graph *g, const struct view *v, name_id type);
uint32_t edge_scan_next(struct edge_scan *s, elem_id *ids, elem_id *from, elem_id *to,
			uint32_t max);

/* ---- properties ------------------------------------------------------------------------- */

/* ret becomes a FLAT column over rows[0..n): element rows[i] is the property of ids[rows[i]]
 * (rows NULL: 0..n-1); null when absent. ret->data must be room for BATCH_ROWS of the widest kind
 * (struct value) and ret->nulls for its bits: the call chooses the column kind by what it finds
 * (COL_INT, COL_FLOAT, COL_BOOL, COL_STRING, or COL_VALUE when kinds mix). */
enum status graph_node_props(struct graph *g, const struct view *v, name_id key, const elem_id *ids,
			     const uint16_t *rows, uint32_t n, struct column *ret) MUST_CHECK;
enum status graph_edge_props(struct graph *g, const struct view *v, name_id key, const elem_id *ids,
			     const uint16_t *rows, uint32_t n, struct column *ret) MUST_CHECK;
/* One property; V_NULL when absent. */
struct value graph_node_prop(struct graph *g, const struct view *v, elem_id id, name_id key);
struct value graph_edge_prop(struct graph *g, const struct view *v, elem_id id, name_id key);

struct prop {
	name_id key;
	struct value value;
};
/* All properties in ascending key order; the array is in the arena. */
enum status graph_node_all_props(struct graph *g, const struct view *v, elem_id id, struct arena *a,
				 const struct prop **ret, uint32_t *ret_n) MUST_CHECK;
enum status graph_edge_all_props(struct graph *g, const struct view *v, elem_id id, struct arena *a,
				 const struct prop **ret, uint32_t *ret_n) MUST_CHECK;

/* ---- adjacency ------------------------------------------------------------------------------ */

enum adj_dir { ADJ_OUT, ADJ_IN };

/* A run of visible entries of one adjacency block, contiguous in memory. */
struct adj_slice {
	const uint32_t *nodes; /* neighbours */
	const uint32_t *edges; /* their edges; same order */
	uint32_t n;
	name_id type;
};

struct adj_cursor { /* may be kept over a yield */
	struct graph *g;
	const struct view *view;
	uint64_t private_[10];
};

/* Edges of one node in one direction, of one type or of all (NAME_NONE). */
void adj_open(struct adj_cursor *c, struct graph *g, const struct view *v, elem_id node,
	      enum adj_dir dir, name_id type);
/* The next slice (never empty); false at the end. */
bool adj_next(struct adj_cursor *c, struct adj_slice *ret);
/* Number of visible edges, by adding slices. */
uint64_t adj_degree(struct graph *g, const struct view *v, elem_id node, enum adj_dir dir,
		    name_id type);
/* A hint that ids[0..n) will be opened soon: touches their heads and blocks ahead of use. */
void adj_prefetch(struct graph *g, const elem_id *ids, uint32_t n, enum adj_dir dir);

/* A hint that all that is known of ids[0..n) will be read soon. */
void graph_prefetch(struct graph *g, bool is_edge, const elem_id *ids, uint32_t n);

/* ---- indexes ------------------------------------------------------------------------------- */

struct prop_index; /* label + key -> ids, ordered by value; pinned by the caller's epoch */

/* The index on label.key, ready for this view; NULL if there is none. */
struct prop_index *graph_index_find(struct graph *g, const struct view *v, name_id label,
				    name_id key);
bool prop_index_unique(const struct prop_index *ix);
struct str prop_index_name(const struct prop_index *ix);
struct graph *prop_index_graph(const struct prop_index *ix);

enum index_bound {
	BOUND_NONE,
	BOUND_INCLUSIVE,
	BOUND_EXCLUSIVE,
	BOUND_EQUAL,  /* low only: what = low is true of; there is no upper bound */
	BOUND_PREFIX, /* low only: texts that begin with it; there is no upper bound */
};

/* Values between two bounds, one of which may be missing: what value_compare() says of both, so
 * null, NaN and kinds without a common order are never in a range. Without both: all values. */
struct index_range {
	uint8_t low_kind, high_kind; /* enum index_bound */
	bool descending;	     /* largest first */
	struct value low, high;	     /* borrowed while a cursor is open on them */
};

bool index_range_has(const struct index_range *r, struct value v);

/* Nodes with the label whose value under the view is in a range, each once, in value_order() as far
 * as keys tell: values of one key stand side by side, in no order. May be kept over a yield. */
struct index_cursor;
struct index_cursor *index_cursor_new(struct arena *a); /* NULL: no memory */
/* On another range, too. ST_NOMEM, ST_LIMIT. */
enum status index_cursor_open(struct index_cursor *c, struct prop_index *ix, const struct view *v,
			      const struct index_range *r) MUST_CHECK;
/* Up to max ids; whether there may be more. A slice may be empty before the end: each call does a
 * bounded amount of work. */
bool index_cursor_next(struct index_cursor *c, elem_id *ids, uint32_t max, uint32_t *ret_n);
/* All nodes of one key at once, in the arena. */
enum status prop_index_lookup(struct prop_index *ix, const struct view *v, struct value key,
			      struct arena *a, const elem_id **ret, uint32_t *ret_n) MUST_CHECK;

/* Whether two values have one key. */
bool index_key_same(struct value a, struct value b);

/* Estimates: of all nodes, of one key, of a range. */
double prop_index_all_rows(const struct prop_index *ix);
double prop_index_rows_per_key(const struct prop_index *ix);
double prop_index_rows(struct prop_index *ix, const struct index_range *r);

/* One row for each index of a graph, for listings and EXPLAIN. */
struct index_info {
	struct str name;
	name_id label, key;
	bool unique;
	uint64_t ready_lsn, dropped_lsn; /* views between the two know it; LSN_NEVER: not yet */
	uint64_t n_entries, n_keys, n_lookups; /* n_keys: different values, about */
};
enum status graph_indexes(struct graph *g, struct arena *a, const struct index_info **ret,
			  uint32_t *ret_n) MUST_CHECK;

/* ---- counts for the planner (estimates; kept on write) ------------------------------------------
 */

uint64_t graph_count_nodes(struct graph *g, name_id label); /* NAME_NONE: all */
uint64_t graph_count_edges(struct graph *g, name_id type);
/* Edges of the type that leave (ADJ_OUT) or reach (ADJ_IN) nodes with the label; NAME_NONE: any. */
uint64_t graph_count_ends(struct graph *g, name_id label, name_id type, enum adj_dir dir);

#endif
