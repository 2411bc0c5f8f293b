#include "tools/geode/graphs.h"

#include <stdio.h>

#include "base/attr.h"

void shell_graphs_init(struct shell_graphs *g, struct str name)
{
	*g = (struct shell_graphs){.current = ""};
	if (name.len < sizeof g->home && !str_eq(name, STR("default")))
		snprintf(g->home, sizeof g->home, STR_FMT, STR_ARG(name));
	memcpy(g->current, g->home, sizeof g->current);
}

/* The next word; text behind it. Quotes are part of a word. */
static struct str next_word(struct str *text)
{
	size_t from = 0, to;

	while (from < text->len && strchr(" \t\r\n", text->p[from]) != NULL)
		from++;
	for (to = from; to < text->len && strchr(" \t\r\n", text->p[to]) == NULL;)
		to++;
	const struct str word = {text->p + from, to - from};
	*text = (struct str){text->p + to, text->len - to};
	return word;
}

static void set_current(struct shell_graphs *g, struct str name)
{
	if (name.len > 2 && (name.p[0] == '`' || name.p[0] == '"'))
		name = (struct str){name.p + 1, name.len - 2};
	if (str_eq_nocase(name, STR("CURRENT_GRAPH")) ||
	    str_eq_nocase(name, STR("CURRENT_PROPERTY_GRAPH")))
		return;
	if (str_eq_nocase(name, STR("HOME_GRAPH")) ||
	    str_eq_nocase(name, STR("HOME_PROPERTY_GRAPH")))
		memcpy(g->current, g->home, sizeof g->current);
	else if (str_eq(name, STR("default")) || name.len >= sizeof g->current)
		g->current[0] = 0;
	else
		snprintf(g->current, sizeof g->current, STR_FMT, STR_ARG(name));
}

/* SESSION is taken. */
static void follow_session(struct shell_graphs *g, struct str rest)
{
	const struct str verb = next_word(&rest);
	struct str what = next_word(&rest);

	if (str_eq_nocase(what, STR("PROPERTY")))
		what = next_word(&rest);
	if (str_eq_nocase(verb, STR("SET")) && str_eq_nocase(what, STR("GRAPH")))
		set_current(g, next_word(&rest));
	else if (!str_eq_nocase(verb, STR("SET")) &&
		 (what.len == 0 || str_eq_nocase(what, STR("GRAPH")) ||
		  str_eq_nocase(what, STR("ALL")) || str_eq_nocase(what, STR("CHARACTERISTICS"))))
		set_current(g, STR("HOME_GRAPH"));
}

void shell_graphs_follow(struct shell_graphs *g, struct str statement)
{
	struct str rest = statement;
	const struct str first = next_word(&rest);

	if (str_eq_nocase(first, STR("BEGIN")) || str_eq_nocase(first, STR("START"))) {
		g->in_transaction = true;
	} else if (str_eq_nocase(first, STR("COMMIT"))) {
		g->in_transaction = false;
	} else if (str_eq_nocase(first, STR("ROLLBACK"))) {
		const struct str to = next_word(&rest), again = next_word(&rest);
		g->in_transaction = g->in_transaction && (str_eq_nocase(to, STR("TO")) ||
							  str_eq_nocase(again, STR("TO")));
	} else if (str_eq_nocase(first, STR("SESSION"))) {
		follow_session(g, rest);
	} else if (str_eq_nocase(first, STR("USE"))) {
		const struct str name = next_word(&rest);
		if (next_word(&rest).len == 0) /* else it is for one statement only */
			set_current(g, name);
	}
}
