/* A spec: sessions and their steps. The language is described in README.md. */
#ifndef TESTS_ISOLATION_SPEC_H
#define TESTS_ISOLATION_SPEC_H

#include "value/value.h"

#define NODES 5	      /* a to e */
#define NODES_FIRST 3 /* a, b and c are there at the start */
#define LABELS 2      /* N, which a, b and c have, and M */
#define EDGES_MAX 32
#define SESSIONS_MAX 4
#define STEPS_MAX 16
#define COMMITS_MAX 16

enum op {
	BEGIN,
	OPEN,
	GET,
	SCAN,
	FIND,
	RANGE,
	DOWN,
	REST,
	DEG,
	IMAGE,
	SET,
	INC,
	NEW,
	LABEL,
	UNLABEL,
	LINK,
	UNLINK,
	DEL,
	DETACH,
	INDEX,
	DROP,
	NEXT,
	SAVE,
	BACK,
	FAIL,
	COMMIT,
	ABORT,
	N_OPS
};

struct step {
	enum op op;
	bool is_auto; /* a statement that is a transaction of its own */
	int n, m;     /* nodes; m: or a label */
	struct value v;
};

struct session {
	struct step steps[STEPS_MAX];
	int n_steps;
};

struct spec {
	struct session sessions[SESSIONS_MAX];
	int n_sessions;
	bool wide;   /* the chunk has no column left: x overflows */
	bool index;  /* N(x) has an index from the start */
	bool unique; /* no two nodes with M have one x */
};

void spec_read(const char *path, struct spec *ret);

#endif
