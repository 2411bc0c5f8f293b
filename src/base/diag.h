/* base/diag.h - the user's error record.
 *
 * Room:    base.
 * Threads: one owner.
 * A diag carries one GQLSTATUS (gqlstatus.def: ISO/IEC 39075:2024 clause 23 and our own codes), a
 * one-line message, a hint, the byte offset of the place in the statement's text, and causes.
 * Texts: lower case, no full stop, the subject quoted, what before why: "unknown label 'Persn'",
 * hint "did you mean 'Person'?". */
#ifndef BASE_DIAG_H
#define BASE_DIAG_H

#include <stdarg.h>

#include "base/status.h"
#include "base/str.h"

enum gqlstatus {
#define GQLSTATUS(name, code, text) GQL_##name,
#include "base/gqlstatus.def"
#undef GQLSTATUS
	GQL_N_STATUS,
};

#define DIAG_MESSAGE_MAX 512 /* bytes, longer texts are cut at a code point */
#define DIAG_HINT_MAX 256
#define DIAG_NO_POSITION UINT32_MAX

struct diag {
	enum gqlstatus code; /* GQL_SUCCESS: nothing set */
	uint32_t offset;     /* bytes into the statement, DIAG_NO_POSITION when there is no place */
	uint32_t length;     /* bytes of the place, 0: a point */
	char message[DIAG_MESSAGE_MAX];
	char hint[DIAG_HINT_MAX]; /* "" when we cannot guess the cure */
	enum gqlstatus cause;	  /* GQL_SUCCESS: none */
	char cause_message[DIAG_HINT_MAX];
};

void diag_reset(struct diag *d);

/* Sets code, place and message unless one is set already (the first error stands). Always returns
 * ST_INVALID, so that a caller can write `return diag_set(...)`. */
enum status diag_set(struct diag *d, enum gqlstatus code, uint32_t offset, const char *fmt, ...)
    PRINTF_LIKE(4, 5);
/* The same with the status to return chosen by the caller. */
enum status diag_fail(struct diag *d, enum status st, enum gqlstatus code, uint32_t offset,
		      const char *fmt, ...) PRINTF_LIKE(5, 6);
void diag_hint(struct diag *d, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* An analyser reads one file at a time: here it is told that neither gives ST_OK. */
#ifdef __clang_analyzer__
#define diag_set(...) ((void)(diag_set)(__VA_ARGS__), ST_INVALID)
#define diag_fail(d, st, ...) ((void)(diag_fail)((d), (st), __VA_ARGS__), (st))
#endif

static inline bool diag_is_set(const struct diag *d)
{
	return d->code != GQL_SUCCESS;
}

/* "22012" and the like; five characters and a zero. */
const char *gqlstatus_code(enum gqlstatus s);
/* The condition's standard text. */
const char *gqlstatus_text(enum gqlstatus s);
bool gqlstatus_find(struct str code, enum gqlstatus *ret);

/* Line and column (both from 1, the column in code points) of a byte offset. */
void diag_position(struct str text, uint32_t offset, uint32_t *ret_line, uint32_t *ret_column);

#endif
