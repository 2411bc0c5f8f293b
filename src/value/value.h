/* value/value.h - one GQL value in 16 bytes.
 *
 * Room:    value.
 * Threads: values are plain data; what they point to is immutable once shared.
 * Memory:  texts, lists, maps and paths are borrowed: they live in the query's arena or in the
 * store under the reader's epoch. Copying the 16 bytes never copies what they point to. Source:
 * ISO/IEC 39075:2024 clause 4.16 (value types); order and equality: order.h. */
#ifndef VALUE_VALUE_H
#define VALUE_VALUE_H

#include "base/arena.h"
#include "base/diag.h"

#define VALUE_DEPTH_MAX 64	     /* nesting of lists and maps */
#define VALUE_STRING_MAX (64u << 20) /* bytes of one text or byte string */

typedef uint64_t elem_id; /* slot of a node or an edge in its graph, below 2^48 */
typedef uint32_t name_id; /* of a label, an edge type or a property key in its dictionary */
#define ELEM_NONE UINT64_MAX
#define NAME_NONE UINT32_MAX

enum value_kind {
	V_NULL,
	V_BOOL,
	V_INT,
	V_FLOAT,
	V_STRING,
	V_BYTES,
	V_DECIMAL, /* s: canonical text, 34 digits at most */
	/* Temporal kinds hold i; aux as said. Civil times count microseconds. */
	V_DATE,		  /* days since 1970-01-01 */
	V_LOCAL_TIME,	  /* microseconds since midnight */
	V_ZONED_TIME,	  /* the same, aux: offset in minutes */
	V_LOCAL_DATETIME, /* microseconds since 1970-01-01 00:00 */
	V_ZONED_DATETIME, /* the same in UTC, aux: offset in minutes */
	V_DURATION,	  /* i: microseconds, n: months (signed) */
	V_LIST,
	V_MAP, /* GQL's record */
	V_NODE,
	V_EDGE,
	V_PATH,
	V_N_KINDS,
};

struct value {
	uint8_t kind; /* enum value_kind */
	uint8_t flags;
	int16_t aux;
	uint32_t n; /* bytes of a text, elements of a list or entries of a map */
	union {
		bool b;
		int64_t i;
		double f;
		const char *s;
		const struct value *list;
		const struct map_entry *map; /* in order of insertion, keys unique */
		const struct path_value *path;
		elem_id id; /* V_NODE, V_EDGE: a reference; element() in exec resolves it */
		const struct element *elem; /* with VALUE_RESOLVED */
	};
};

enum value_flags {
	VALUE_RESOLVED = 1, /* V_NODE, V_EDGE: elem is set: the element as the client will see it */
};

_Static_assert(sizeof(struct value) == 16, "a value is two words");

struct map_entry {
	struct str key;
	struct value value;
};

/* A node or an edge by value: what op_produce makes for a client, detached from the store. */
struct element {
	elem_id id;
	bool is_edge;
	uint32_t n_labels; /* an edge has one: its type */
	const struct str *labels;
	elem_id from, to; /* edges */
	uint32_t n_props;
	const struct map_entry *props;
};

struct path_value {
	uint32_t n_edges;		   /* nodes: n_edges + 1 */
	const struct value *nodes, *edges; /* V_NODE and V_EDGE */
};

#define VALUE_NULL ((struct value){.kind = V_NULL})

static inline struct value value_bool(bool b)
{
	return (struct value){.kind = V_BOOL, .i = b};
}
static inline struct value value_int(int64_t i)
{
	return (struct value){.kind = V_INT, .i = i};
}
static inline struct value value_float(double f)
{
	return (struct value){.kind = V_FLOAT, .f = f};
}
static inline struct value value_str(struct str s)
{
	return (struct value){.kind = V_STRING, .n = (uint32_t)s.len, .s = s.p};
}
static inline struct value value_list(const struct value *v, uint32_t n)
{
	return (struct value){.kind = V_LIST, .n = n, .list = v};
}
static inline struct value value_map(const struct map_entry *e, uint32_t n)
{
	return (struct value){.kind = V_MAP, .n = n, .map = e};
}
static inline struct value value_node(elem_id id)
{
	return (struct value){.kind = V_NODE, .id = id};
}
static inline struct value value_edge(elem_id id)
{
	return (struct value){.kind = V_EDGE, .id = id};
}
static inline struct str value_text(struct value v) /* V_STRING, V_BYTES, V_DECIMAL */
{
	return (struct str){v.s, v.n};
}
static inline bool value_is_null(struct value v)
{
	return v.kind == V_NULL;
}
static inline elem_id value_elem_id(struct value v)
{
	return (v.flags & VALUE_RESOLVED) != 0 ? v.elem->id : v.id;
}

/* What an operation on values may use. */
struct func_ctx {
	struct arena *arena; /* of the result */
	struct diag *diag;
	uint32_t offset; /* bytes of the statement, for the diag */
	bool hurried;	 /* what would take long answers ST_RESTART at once */
};

/* Says which of its two limits stopped the arena, in the diag and in the status: ST_LIMIT (query
 * memory limit) or ST_NOMEM. */
enum status func_no_memory(struct func_ctx *x);

/* GQL's name of a kind: "INT", "STRING", "NODE". */
const char *value_kind_name(enum value_kind k);
/* Entry of a map by key, or NULL. */
const struct value *value_map_get(struct value map, struct str key);
/* Deep copy into an arena, texts and resolved elements included. ST_NOMEM, or ST_LIMIT over the
 * arena's budget or nested deeper than VALUE_DEPTH_MAX. */
enum status value_copy(struct arena *a, struct value v, struct value *ret) MUST_CHECK;

#endif
