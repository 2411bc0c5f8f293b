/* base/log.c - one line, one write. */
#include "base/log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <unistd.h>

#include "base/clock.h"

#define LOG_LINE_MAX 4096 /* bytes of a line with its newline; a longer one is cut */
#define LOG_INDENT "    "

static _Atomic int log_level_now = LOG_INFO;
static _Atomic int log_fd = STDERR_FILENO;
static void (*log_hook)(void *ctx, enum log_level level, const char *line);
static void *log_hook_ctx;

static const char *const level_names[] = {
    [LOG_DEBUG] = "debug",
    [LOG_INFO] = "info",
    [LOG_WARN] = "warn",
    [LOG_ERROR] = "error",
};
static const char *const level_marks[] = {
    [LOG_DEBUG] = "DEBUG",
    [LOG_INFO] = "INFO",
    [LOG_WARN] = "WARN",
    [LOG_ERROR] = "ERROR",
};

void log_set_level(enum log_level level)
{
	atomic_store_explicit(&log_level_now, (int)level, memory_order_relaxed);
}

enum log_level log_get_level(void)
{
	return (enum log_level)atomic_load_explicit(&log_level_now, memory_order_relaxed);
}

bool log_level_parse(struct str s, enum log_level *ret)
{
	for (size_t i = 0; i < ARRAY_LEN(level_names); i++) {
		if (str_eq(s, str_of(level_names[i]))) {
			*ret = (enum log_level)i;
			return true;
		}
	}
	return false;
}

void log_set_fd(int fd)
{
	atomic_store_explicit(&log_fd, fd, memory_order_relaxed);
}

void log_set_hook(void (*fn)(void *ctx, enum log_level level, const char *line), void *ctx)
{
	log_hook = fn;
	log_hook_ctx = ctx;
}

/* Copies text so that no line of it can be mistaken for the head of another one. */
static size_t put_message(char *line, size_t at, const char *text)
{
	for (; *text != '\0' && at < LOG_LINE_MAX - 1 - sizeof LOG_INDENT; text++) {
		unsigned char c = (unsigned char)*text;
		line[at++] = c == '\n' || c == '\t' || c >= 0x20 ? (char)c : '?';
		if (c == '\n') {
			memcpy(line + at, LOG_INDENT, sizeof LOG_INDENT - 1);
			at += sizeof LOG_INDENT - 1;
		}
	}
	return at;
}

void log_write(enum log_level level, const char *room, const char *fmt, ...)
{
	if (level < log_get_level())
		return;

	char line[LOG_LINE_MAX], message[LOG_LINE_MAX], when[27];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(message, sizeof message, fmt, ap);
	va_end(ap);
	clock_format(clock_wall_us(), when);
	int head = snprintf(line, 256, "%s %s %s: ", when, level_marks[level], room);
	if (head < 0)
		return;
	size_t len = put_message(line, MIN_OF((size_t)head, (size_t)255), message);

	if (log_hook != NULL) {
		line[len] = '\0';
		log_hook(log_hook_ctx, level, line);
		return;
	}
	line[len++] = '\n';
	ssize_t written;
	do {
		written = write(atomic_load_explicit(&log_fd, memory_order_relaxed), line, len);
	} while (written < 0 && errno == EINTR);
}
