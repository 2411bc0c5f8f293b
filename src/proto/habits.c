/* proto/habits.c - what published clients expect beyond the protocol. The first row whose prefix
 * fits the client's name counts. */
#include "proto/habits.h"

#include "base/attr.h"

#define MIB (1u << 20)

const struct habits habit_table[] = {
    {
	.client_prefix = "geode-rust",
	.reason = "0.3.2 waits up to 500 ms for one more frame after a final page, and after an "
		  "error that is the first frame of an answer; a status without payload ends the "
		  "wait",
	.first_page_bytes = 4 * MIB,
	.next_page_bytes = 4 * MIB,
	.trailing_status = true,
    },
    {
	.client_prefix = "geode-python",
	.reason = "0.5.0 cannot ask for a page: after a schema it waits until pages arrive by "
		  "themselves",
	.first_page_bytes = 32 * MIB,
	.next_page_bytes = 4 * MIB,
	.pages_unasked = true,
    },
    {
	.client_prefix = "",
	.reason = "the protocol as it is: pages after the first are pulled",
	.first_page_bytes = 4 * MIB,
	.next_page_bytes = 4 * MIB,
    },
};
const unsigned n_habits = ARRAY_LEN(habit_table);

/* off is a comma-separated list. */
static bool is_off(struct str prefix, struct str off)
{
	while (off.len > 0) {
		const char *comma = memchr(off.p, ',', off.len);
		const size_t len = comma != NULL ? (size_t)(comma - off.p) : off.len;
		const struct str item = str_trim((struct str){off.p, len});
		if (str_eq(item, prefix) || str_eq(item, STR("all")))
			return true;
		const size_t used = MIN_OF(len + 1, off.len);
		off.p += used;
		off.len -= used;
	}
	return false;
}

const struct habits *habits_of(struct str client_name, struct str off)
{
	for (unsigned i = 0; i + 1 < n_habits; i++) {
		const struct str prefix = str_of(habit_table[i].client_prefix);
		if (str_starts(client_name, prefix) && !is_off(prefix, off))
			return &habit_table[i];
	}
	return &habit_table[n_habits - 1];
}
