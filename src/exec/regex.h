/* exec/regex.h - regular expressions (=~): compiled once for each text of a pattern, matched within
 * limits.
 *
 * Room:    exec (private to it); the only user of PCRE2.
 * Memory:  an arena of the query's, which is emptied when REGEX_CACHED patterns are in it.
 * Errors:  2201B: the pattern is wrong; 54000: a match needs more steps or memory than the limits;
 *          ST_NOMEM.
 * Source:  openCypher's =~: the whole text matches, as in Java's String.matches. */
#ifndef EXEC_REGEX_H
#define EXEC_REGEX_H

#include "exec/op.h"

#define REGEX_CACHED 16		    /* patterns of one query */
#define REGEX_PATTERN_MAX 10000	    /* bytes */
#define REGEX_STEPS_MAX 1000000	    /* of one match */
#define REGEX_MATCH_MEMORY_KB 10240 /* of one match */

struct regexes;

/* Whether the whole text matches. offset: place of the pattern for errors. */
enum status regex_matches(struct exec *x, struct str pattern, struct str text, uint32_t offset,
			  bool *ret) MUST_CHECK;

#endif
