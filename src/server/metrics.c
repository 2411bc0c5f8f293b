/* What a server counts of itself, for /metrics. Times and rows are counted when a statement holds.
 */
#include <stdio.h>

#include "server/server_int.h"

struct metric metric_connections = {
    .name = "geode_connections", .help = "Open connections.", .is_gauge = true};
struct metric metric_sessions = {
    .name = "geode_sessions", .help = "Open sessions (streams).", .is_gauge = true};
struct metric metric_statements = {.name = "geode_statements_total", .help = "Statements begun."};
struct metric metric_errors = {.name = "geode_statement_errors_total",
			       .help = "Statements that ended with an error."};
struct metric metric_rows = {.name = "geode_rows_total", .help = "Result rows sent."};
struct metric metric_commits = {.name = "geode_commits_total",
				.help = "Transactions with writes that were committed."};
struct histogram metric_statement_time = {.name = "geode_statement_seconds",
					  .help = "Time from a request to its last frame."};

struct metric metric_plan_hits = {.name = "geode_plan_cache_hits_total",
				  .help = "Statements whose plan was in the cache."};
struct metric metric_plan_misses = {.name = "geode_plan_cache_misses_total",
				    .help = "Statements that were planned."};

static struct metric memory_resident = {.name = "geode_memory_resident_bytes",
					.help = "Memory that the allocator holds.",
					.is_gauge = true};
struct metric metric_waiting = {
    .name = "geode_statements_waiting",
    .help = "Statements that wait for the end of another transaction.",
    .is_gauge = true,
};
struct metric metric_views_given_up = {
    .name = "geode_views_given_up_total",
    .help = "Views of queries that were asked to close because they held back old versions."};
static struct metric memory_by_tag[MEM_N_TAGS];
static char memory_names[MEM_N_TAGS][48];

void metrics_register(void)
{
	static struct metric *const all[] = {
	    &metric_connections, &metric_sessions,	 &metric_statements, &metric_errors,
	    &metric_rows,	 &metric_commits,	 &metric_plan_hits,  &metric_plan_misses,
	    &memory_resident,	 &metric_views_given_up, &metric_waiting,
	};

	for (size_t i = 0; i < ARRAY_LEN(all); i++)
		metric_register(all[i]);
	for (unsigned tag = 0; tag < MEM_N_TAGS; tag++) {
		snprintf(memory_names[tag], sizeof memory_names[tag],
			 "geode_memory_bytes{tag=\"%s\"}", mem_tag_name(tag));
		memory_by_tag[tag].name = memory_names[tag];
		memory_by_tag[tag].help = "Bytes allocated, by what they are for.";
		memory_by_tag[tag].is_gauge = true;
		metric_register(&memory_by_tag[tag]);
	}
	histogram_register(&metric_statement_time);
}

void metrics_refresh(void)
{
	metric_set(&memory_resident, (int64_t)mem_resident());
	for (unsigned tag = 0; tag < MEM_N_TAGS; tag++)
		metric_set(&memory_by_tag[tag], (int64_t)mem_used(tag));
}
