/* client/trust.c - the file of servers that were seen before. */
#include "client/trust.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/file.h"

bool trust_path(char *out, size_t cap)
{
	const char *state = getenv("XDG_STATE_HOME"), *home = getenv("HOME");
	int n = -1;

	if (state != NULL && state[0] == '/')
		n = snprintf(out, cap, "%s/geode/known_servers", state);
	else if (home != NULL && home[0] == '/')
		n = snprintf(out, cap, "%s/.local/state/geode/known_servers", home);
	return n > 0 && (size_t)n < cap;
}

static int hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool trust_parse_pin(struct str s, uint8_t ret[TRUST_PIN_LEN])
{
	if (s.len != 2 * TRUST_PIN_LEN)
		return false;
	for (size_t i = 0; i < TRUST_PIN_LEN; i++) {
		const int high = hex(s.p[2 * i]), low = hex(s.p[2 * i + 1]);
		if (high < 0 || low < 0)
			return false;
		ret[i] = (uint8_t)(high << 4 | low);
	}
	return true;
}

static void put_server(struct buf *b, struct str host, uint64_t port)
{
	const bool v6 = memchr(host.p, ':', host.len) != NULL;

	buf_printf(b, v6 ? "[" STR_FMT "]:%u " : STR_FMT ":%u ", STR_ARG(host), (unsigned)port);
}

/* The next line of a text without its end; the text moves behind it. */
static struct str next_line(struct str *text)
{
	const char *end = memchr(text->p, '\n', text->len);
	const struct str line = {text->p, end != NULL ? (size_t)(end - text->p) : text->len};
	const size_t used = MIN_OF(line.len + 1, text->len);

	*text = (struct str){text->p + used, text->len - used};
	return line;
}

static bool find_line(struct str text, struct str server, uint8_t ret[TRUST_PIN_LEN])
{
	while (text.len != 0) {
		const struct str line = next_line(&text);
		const struct str pin = {line.p + server.len, line.len - server.len};
		if (str_starts(line, server) && trust_parse_pin(str_trim(pin), ret))
			return true;
	}
	return false;
}

/* All lines but those of a server. */
static void put_others(struct buf *b, struct str text, struct str server)
{
	while (text.len != 0) {
		const struct str line = next_line(&text);
		if (str_starts(line, server))
			continue;
		buf_put_str(b, line);
		buf_putc(b, '\n');
	}
}

enum status trust_find(const char *path, struct str host, uint64_t port, uint8_t ret[TRUST_PIN_LEN])
{
	struct buf server;
	char *text;
	size_t len;

	TRY(file_read_all(path, TRUST_FILE_MAX, &text, &len));
	buf_init(&server, MEM_OTHER, 0);
	put_server(&server, host, port);
	enum status st = ST_NOMEM;
	if (buf_ok(&server))
		st = find_line((struct str){text, len}, buf_str(&server), ret) ? ST_OK
									       : ST_NOT_FOUND;
	buf_release(&server);
	mem_free(MEM_OTHER, text, len + 1);
	return st;
}

/* Every folder of the path; those that exist already are no failure. */
static void make_folders(const char *path)
{
	char part[FILE_PATH_MAX];

	for (const char *slash = strchr(path + 1, '/'); slash != NULL;
	     slash = strchr(slash + 1, '/')) {
		const size_t n = (size_t)(slash - path);
		if (n >= sizeof part)
			return;
		memcpy(part, path, n);
		part[n] = 0;
		(void)file_io->mkdir(part, 0700);
	}
}

static void put_pin(struct buf *b, struct str server, const uint8_t pin[TRUST_PIN_LEN])
{
	buf_put_str(b, server);
	for (size_t i = 0; i < TRUST_PIN_LEN; i++)
		buf_printf(b, "%02x", pin[i]);
	buf_putc(b, '\n');
}

enum status trust_set(const char *path, struct str host, uint64_t port,
		      const uint8_t pin[TRUST_PIN_LEN])
{
	struct buf b, server;
	char *text = NULL;
	size_t len = 0;

	make_folders(path);
	enum status st = file_read_all(path, TRUST_FILE_MAX, &text, &len);
	if (st != ST_OK && st != ST_NOT_FOUND)
		return st;
	buf_init(&b, MEM_OTHER, TRUST_FILE_MAX);
	buf_init(&server, MEM_OTHER, 0);
	put_server(&server, host, port);
	put_others(&b, (struct str){text, len}, buf_str(&server));
	put_pin(&b, buf_str(&server), pin);
	const bool whole = buf_ok(&b) && buf_ok(&server);
	st = whole ? file_write_atomic(path, b.p, b.len, 0600) : ST_NOMEM;
	mem_free(MEM_OTHER, text, text != NULL ? len + 1 : 0);
	buf_release(&server);
	buf_release(&b);
	return st;
}
