/* tests/differential/engine.h - what is checked: parser, planner, executor and transactions over a
 * store in memory. */
#ifndef DIFFERENTIAL_ENGINE_H
#define DIFFERENTIAL_ENGINE_H

#include "tests/differential/tree.h"
#include "tests/support/memory_db.h"

enum engine_kind {
	ENGINE_PLAIN,
	ENGINE_INDEXED, /* with indexes, and traces of elements that came and went */
	ENGINE_OPEN,	/* the same; half of it was written by the transaction that reads */
};

struct engine {
	struct memory_db db;
	struct txn *open; /* or NULL */
	struct plan_cache *cache;
	struct txn *script; /* the transaction that a script runs in, and where it began */
	struct txn_savepoint before;
};

struct way { /* to run a statement */
	const char *name;
	uint8_t engine;			    /* enum engine_kind */
	bool no_rewrites, any_cost, cached; /* plan_options */
	bool single_rows, yields;
};

struct job {
	const char *text;
	const char *other_text; /* of the same tokens with other literals */
	const struct value *params;
	uint32_t n_params;
	bool unordered[ITEMS_MAX]; /* columns with lists in any order */
	uint64_t yield_seed;
};

void engine_open(struct engine *e, enum engine_kind kind, const struct small_graph *g,
		 struct rng *r);
void engine_close(struct engine *e);
/* Rows of a statement that reads, in a transaction of its own. */
void engine_run(struct engine *e, struct arena *a, const struct job *job, const struct way *way,
		struct result *ret);

/* A script: statements, each undone whole when it fails, and savepoints between them. */
void script_begin(struct engine *e);
void script_run(struct engine *e, struct arena *a, const struct job *job, const struct way *way,
		struct result *ret);
void script_savepoint(struct engine *e, struct txn_savepoint *ret);
void script_rollback_to(struct engine *e, const struct txn_savepoint *sp);
/* The graph as the transaction sees it, read along both directions of its edges; or a row that says
 * what cannot be. As graph_rows(), look-ups by statements. */
void script_graph(struct engine *e, struct arena *a, uint32_t i_lookup, struct result *ret);
/* commits: not for ENGINE_OPEN; the engine holds another graph then. False: that has failed. */
bool script_end(struct engine *e, bool commits);

#endif
