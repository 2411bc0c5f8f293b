/* base/log.h - the program's log: text lines that begin with an ISO date.
 *
 * Room:    base.
 * Threads: any; a line is one write(2).
 * Line:    2026-01-24 12:00:00.123456 LEVEL room: message. Continuation lines are indented. */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include "base/str.h"

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARN, LOG_ERROR };

void log_set_level(enum log_level level);
enum log_level log_get_level(void);
bool log_level_parse(struct str s, enum log_level *ret); /* debug, info, warn, error */
void log_set_fd(int fd);				 /* default: standard error */
void log_write(enum log_level level, const char *room, const char *fmt, ...) PRINTF_LIKE(3, 4);
/* Tests: every line goes to fn instead (NULL: back to the fd). */
void log_set_hook(void (*fn)(void *ctx, enum log_level level, const char *line), void *ctx);

#define log_debug(room, ...) log_write(LOG_DEBUG, (room), __VA_ARGS__)
#define log_info(room, ...) log_write(LOG_INFO, (room), __VA_ARGS__)
#define log_warn(room, ...) log_write(LOG_WARN, (room), __VA_ARGS__)
#define log_error(room, ...) log_write(LOG_ERROR, (room), __VA_ARGS__)

#endif
