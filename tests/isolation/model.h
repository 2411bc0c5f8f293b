/* Snapshot isolation with first updater wins, told by keeping a copy of the graph for each commit
 * and who has claimed what. What the store answers must be what this answers. */
#ifndef TESTS_ISOLATION_MODEL_H
#define TESTS_ISOLATION_MODEL_H

#include "base/status.h"
#include "tests/isolation/spec.h"

#define LOG_MAX 64
#define EVERY_CLAUSE (1 << 20)

struct image { /* of the graph at one commit */
	bool node[NODES], edge[EDGES_MAX], label[NODES][LABELS];
	struct value x[NODES];
};

struct change {
	enum op op; /* SET, NEW, LABEL, UNLABEL, LINK, UNLINK, DEL */
	int at;	    /* node or edge */
	int label;
	struct value v;
	int clause;
};

struct model_session {
	bool open, failed;
	int view;   /* a commit; NO_VIEW: not taken yet */
	int clause; /* the one that writes now */
	struct change log[LOG_MAX];
	int n_log, n_save;
};
#define NO_VIEW (-1)

struct claims {			  /* of one node or edge: the newest that counts */
	int active;		  /* session, NOBODY: none */
	int last_commit;	  /* of any change */
	int deleter, last_delete; /* the same for deletions */
};
#define NOBODY (-1)

struct model {
	struct image commits[COMMITS_MAX + 1];
	int n_commits;
	struct model_edge {
		int from, to;
		int maker; /* session whose creation is not decided, NOBODY */
		int made;  /* commit that made it */
	} edges[EDGES_MAX];
	int n_edges;
	struct claims node[NODES], edge[EDGES_MAX];
	struct model_session s[SESSIONS_MAX];
	bool unique;
	struct touched { /* values of the constraint that some node took or gave up */
		struct value v[2 * LOG_MAX];
		int n;
	} touched[COMMITS_MAX + 1]; /* by commit */
	int index_since;	    /* commit from which on views use the index; NO_INDEX */
};
#define NO_INDEX (COMMITS_MAX + 2)

void model_start(struct model *m);
void model_begin(struct model *m, int i);
/* The graph as session i sees it, with its own changes of clauses before `clause`. */
struct image model_seen(const struct model *m, int i, int clause);
static inline struct image model_reads(const struct model *m, int i)
{
	return model_seen(m, i, m->s[i].clause);
}
/* ST_OK, ST_CONFLICT or ST_INVALID. at: the value of SET, and of INC, in v; UNLINK: the edge in n.
 */
enum status model_change(struct model *m, int i, struct step x);
void model_back(struct model *m, int i, int n_log); /* to where the log had n_log changes */
void model_end(struct model *m, int i, bool commit);
void model_ddl(struct model *m, bool create);

#endif
