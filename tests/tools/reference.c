/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the code knows of itself, as text for scripts/gen-reference: the keys of weir.yaml, one a
 * line; or the page of commands, exit codes, reasons, endings, metrics and limits.
 *
 *   reference keys | page
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/cmd.h"
#include "config/config.h"
#include "config/schema.h"
#include "report/metrics.h"
#include "report/proxy_metrics.h"
#include "sniff/head.h"
#include "sniff/hello.h"
#include "weir/endings.h"
#include "weir/limits.h"
#include "weir/reasons.h"

/* ---- keys ------------------------------------------------------------------------------- */

static void print_keys(const cyaml_schema_field_t *fields, const char *parent)
{
	for (; fields->key; fields++) {
		const cyaml_schema_value_t *value = &fields->value;
		char path[256];

		snprintf(path, sizeof(path), "%s%s%s", parent, *parent ? "." : "", fields->key);
		puts(path);
		if (value->type == CYAML_SEQUENCE)
			value = value->sequence.entry;
		if (value->type == CYAML_MAPPING)
			print_keys(value->mapping.fields, path);
	}
}

/* ---- the page --------------------------------------------------------------------------- */

/* In a cell of a table, a bar is escaped. */
static void print_usage(const char *name, const char *arguments)
{
	printf("| `weir %s%s", name, *arguments ? " " : "");
	for (; *arguments; arguments++)
		printf(*arguments == '|' ? "\\%c" : "%c", *arguments);
	printf("` | ");
}

static void print_commands(void)
{
	puts("## Commands\n| command | what it does |\n|---|---|");
#define X(name, function, arguments, text)                                                         \
	print_usage(#name, arguments);                                                             \
	puts(text " |");
	WEIR_COMMAND_LIST(X)
#undef X
	puts("\n## Exit codes\n| code | meaning |\n|---|---|");
#define X(id, code, text) printf("| %d | %s |\n", code, text);
	WEIR_EXIT_LIST(X)
#undef X
}

static void print_reasons(void)
{
	puts("\n## Reasons of the gate\n| reason | outcome | what it says |\n|---|---|---|");
#define X(id, outcome, slug, text) puts("| `" #slug "` | " #outcome " | " text " |");
	WEIR_REASON_LIST(X)
#undef X
}

static void print_ending(const char *slug, int status, int alert, const char *text)
{
	printf("| `%s` | ", slug);
	status ? printf("%d | ", status) : printf("| ");
	alert ? printf("%d | ", alert) : printf("| ");
	printf("%s |\n", text);
}

static void print_endings(void)
{
	puts("\n## Endings of the proxy\nStatus is what an HTTP client is sent (499: what the log "
	     "shows), alert what a TLS "
	     "client is.\n\n| ending | status | alert | what it says |\n|---|---|---|---|");
#define X(id, status, alert, slug, text) print_ending(#slug, status, alert, text);
	WEIR_ENDING_LIST(X)
#undef X
}

/* From the exposition itself: `# HELP NAME TEXT`, `# TYPE NAME TYPE`, then the first sample. */
static void print_metrics(char *text)
{
	char help[256] = "", type[32] = "", name[128] = "";

	for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n")) {
		sscanf(line, "# HELP %127s %255[^\n]", name, help);
		if (sscanf(line, "# TYPE %127s %31s", name, type) == 2)
			printf("| `%s` | %s | %s |\n", name, type, help);
	}
	free(text);
}

static void print_all_metrics(void)
{
	struct weir_destination_row row = {0xcb007105, {{1, 1}, {1, 1}}, {1, 1, 1}};
	struct weir_status status = {.instance = "weir", .is_loaded = true};
	struct weir_counts_report counts = {.destinations = &row, .count = 1};
	const struct weir_metrics_list list = {"known-bad", 1};
	const struct weir_metrics metrics = {.version = "0",
					     .status = &status,
					     .counts = &counts,
					     .lists = &list,
					     .lists_count = 1};
	struct weir_worker_row worker = {0};
	struct weir_app_row app = {.app = "shop"};
	const struct weir_proxy_snapshot snapshot = {
		.workers = &worker, .workers_count = 1, .apps = &app, .apps_count = 1};

	puts("\n## Metrics\nThe gate's by `weir metrics`, the proxy's at `proxy.metrics`.\n\n"
	     "| metric | type | what it says |\n|---|---|---|");
	print_metrics(weir_metrics_text(&metrics));
	print_metrics(weir_proxy_metrics_text(&snapshot, "0"));
}

static void print_limits(void)
{
	static const struct {
		const char *what;
		long value;
	} limits[] = {
		{"ingress addresses of a region", WEIR_DESTINATIONS_MAX},
		{"open ports, and as many for the CDN", WEIR_PORTS_MAX},
		{"management rules", WEIR_RULES_MAX},
		{"backend prefixes", WEIR_BACKENDS_MAX},
		{"ranges of the CDN, after merging", WEIR_CDN_RANGES_MAX},
		{"ranges of the allowlist, after merging", WEIR_ALLOW_RANGES_MAX},
		{"entries of all denylists together", WEIR_PREFIXES_MAX},
		{"live bans and releases that `live_max` may ask for", WEIR_LIVE_MAX},
		{"host names of all routes files together", WEIR_ROUTES_MAX},
		{"containers of a host name and protocol", WEIR_CONTAINERS_MAX},
		{"bytes of a request target", WEIR_TARGET_MAX},
		{"bytes of one request header", WEIR_HEADER_MAX},
		{"bytes of all headers of a request", WEIR_HEADERS_MAX},
		{"bytes of a response head", WEIR_RESPONSE_HEAD_MAX},
		{"bytes of a ClientHello", WEIR_HELLO_MAX},
	};

	puts("\n## Limits\n| of what | at most |\n|---|---|");
	for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++)
		printf("| %s | %ld |\n", limits[i].what, limits[i].value);
}

int main(int argc, char **argv)
{
	if (argc == 2 && !strcmp(argv[1], "keys")) {
		print_keys(weir_config_schema.mapping.fields, "");
		return 0;
	}
	if (argc != 2 || strcmp(argv[1], "page"))
		return 2;
	print_commands();
	print_reasons();
	print_endings();
	print_all_metrics();
	print_limits();
	return 0;
}
