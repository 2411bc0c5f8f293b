/* Reads a spec; a mistake in it ends the program. */
#include "tests/isolation/spec.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const op_names[N_OPS] = {
    "begin",  "open",  "get",  "scan", "find",	"range",   "down", "rest",   "deg",
    "image",  "set",   "inc",  "new",  "label", "unlabel", "link", "unlink", "del",
    "detach", "index", "drop", "next", "save",	"back",	   "fail", "commit", "abort"};

static const char long_text[] = "a text that is longer than what the dictionary of texts takes, so "
				"that it is a block of its own";

static void bad(const char *what)
{
	fprintf(stderr, "not a step: '%s'\n", what);
	exit(1);
}

static struct value parse_value(const char *word)
{
	char *end;

	if (strcmp(word, "red") == 0 || strcmp(word, "green") == 0)
		return value_str(strcmp(word, "red") == 0 ? STR("red") : STR("green"));
	if (strcmp(word, "long") == 0)
		return value_str(str_of(long_text));
	if (strcmp(word, "none") == 0)
		return VALUE_NULL;
	if (strcmp(word, "true") == 0)
		return value_bool(true);
	if (strchr(word, '.') != NULL)
		return value_float(strtod(word, &end));
	int64_t n = strtoll(word, &end, 10);
	if (*end != '\0')
		bad(word);
	return value_int(n);
}

static int parse_node(const char *word)
{
	if (word[0] < 'a' || word[0] >= 'a' + NODES || word[1] != '\0')
		bad(word);
	return word[0] - 'a';
}

static int parse_label(const char *word)
{
	if (strcmp(word, "N") != 0 && strcmp(word, "M") != 0)
		bad(word);
	return word[0] == 'M';
}

static struct step parse_step(const char *z)
{
	struct step x = {.op = N_OPS};
	char word[3][16] = {"", "", ""};
	int k = sscanf(z, " %15s %15s %15s", word[0], word[1], word[2]);
	const char *name = word[0];

	x.is_auto = *name == '!';
	name += x.is_auto;
	for (int op = 0; op < N_OPS; op++)
		if (k > 0 && strcmp(name, op_names[op]) == 0)
			x.op = (enum op)op;
	if (x.op == N_OPS)
		bad(z);
	if (x.op == SCAN)
		x.m = parse_label(word[1]);
	else if (x.op == FIND || x.op == RANGE || x.op == DOWN)
		x.v = parse_value(word[1]);
	else if (word[1][0] != '\0')
		x.n = parse_node(word[1]);
	if (x.op == SET)
		x.v = parse_value(word[2]);
	else if (x.op == LABEL || x.op == UNLABEL)
		x.m = parse_label(word[2]);
	else if (x.op == LINK)
		x.m = parse_node(word[2]);
	return x;
}

static void parse_line(struct spec *spec, char *line)
{
	char *colon = strchr(line, ':'), *rest = NULL;

	if (line[0] == '#' || colon == NULL)
		return;
	if (strncmp(line, "start:", 6) == 0) {
		spec->wide = strstr(colon, "wide") != NULL;
		spec->index = strstr(colon, "index") != NULL;
		spec->unique = strstr(colon, "unique") != NULL;
		return;
	}
	if (spec->n_sessions == SESSIONS_MAX)
		bad(line);
	struct session *s = &spec->sessions[spec->n_sessions++];
	for (char *z = strtok_r(colon + 1, ",\n", &rest); z != NULL;
	     z = strtok_r(NULL, ",\n", &rest)) {
		if (s->n_steps == STEPS_MAX)
			bad(z);
		s->steps[s->n_steps++] = parse_step(z);
	}
}

void spec_read(const char *path, struct spec *ret)
{
	char line[256];
	FILE *f = fopen(path, "r");

	*ret = (struct spec){0};
	if (f == NULL) {
		perror(path);
		exit(1);
	}
	while (fgets(line, sizeof line, f) != NULL)
		parse_line(ret, line);
	fclose(f);
	if (ret->n_sessions == 0)
		bad(path);
}
