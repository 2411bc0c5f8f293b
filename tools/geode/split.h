/* tools/geode/split.h - cutting a text into statements, without parsing them.
 *
 * Threads: any; pure. */
#ifndef GEODE_SPLIT_H
#define GEODE_SPLIT_H

#include "base/str.h"

/* The first statement of a text: the bytes before the next ';' that stands in no quotes and no
 * comment, trimmed. *ret_used: bytes with the ';'. False: no ';' there, and *ret is the whole rest.
 */
bool statement_next(struct str text, struct str *ret, size_t *ret_used);
/* Nothing but white space and comments. */
bool statement_is_empty(struct str text);

#endif
