/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * weir complete -- WORD...: what the last word of a command line can become, for the shells.
 *
 * The words behind `weir`, the last one unfinished or empty -> candidates, one a line: commands,
 * options, and values as they are now (reasons, interfaces, bans, hosts). Nothing where a file is
 * wanted or nothing is known: then the shell completes file names. Never says what is wrong.
 */
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/host.h"
#include "cmd/common.h"
#include "cmd/route.h"
#include "config/config.h"
#include "kernel/live.h"
#include "kernel/maps.h"
#include "kernel/pins.h"
#include "report/reason.h"

enum { LINES_MAX = 1000 };

/* A command line so far. */
struct line {
	struct weir_cli cli;
	const char *command; /* NULL: it is yet to come */
	const char *sub;     /* the first word behind it that is no option */
	const char *before;  /* the word before the last */
	const char *last;
	int lines; /* printed */
};

/* ---- values ----------------------------------------------------------------------------- */

static void offer(struct line *line, const char *word)
{
	if (line->lines < LINES_MAX && !strncmp(word, line->last, strlen(line->last))) {
		puts(word);
		line->lines++;
	}
}

static void offer_words(struct line *line, const char *words)
{
	_cleanup_free_ char *copy = strdup(words);
	char *rest = copy, *word;

	while (rest && (word = strsep(&rest, " ")))
		if (*word)
			offer(line, word);
}

/* Options only when they are asked for, where there are values to choose from. */
static bool wants_words(const struct line *line, bool has_values)
{
	return !has_values || *line->last == '-';
}

static void offer_commands(struct line *line)
{
#define X(name, function, arguments, text) offer(line, #name);
	WEIR_COMMAND_LIST(X)
#undef X
}

static void offer_reasons(struct line *line)
{
	offer_words(line, "dropped passed all");
	for (unsigned int reason = 1; reason < WEIR_REASONS_END; reason++)
		offer(line, weir_reason_slug(reason));
}

static void offer_interfaces(struct line *line)
{
	struct if_nameindex *all = if_nameindex();

	for (struct if_nameindex *i = all; i && i->if_index; i++)
		if (strcmp(i->if_name, "lo") != 0)
			offer(line, i->if_name);
	if (all)
		if_freenameindex(all);
}

static void offer_attached(struct line *line)
{
	_cleanup_links_ struct weir_links links = {};
	_cleanup_diags_ struct weir_diags unread = {};
	struct weir_paths paths;

	if (weir_paths_make(line->cli.instance, &unread, &paths) ||
	    weir_links_open(&paths, &unread, &links))
		return;
	for (size_t i = 0; i < links.count; i++)
		offer(line, links.items[i].interface);
}

static void offer_live(struct line *line, __u32 kind)
{
	_cleanup_maps_ struct weir_maps maps = WEIR_MAPS_NONE;
	_cleanup_free_ struct weir_record *records = NULL;
	_cleanup_diags_ struct weir_diags unread = {};
	struct weir_paths paths;
	size_t count = 0;

	if (weir_paths_make(line->cli.instance, &unread, &paths) ||
	    weir_pins_find(&paths, &unread, &maps) ||
	    weir_live_list(&paths, &maps, &unread, &records, &count))
		return;
	for (size_t i = 0; i < count; i++) {
		char prefix[WEIR_PREFIX_TEXT_MAX];

		if (records[i].kind == kind)
			offer(line, weir_prefix_format(records[i].prefix, prefix));
	}
}

static void offer_bans(struct line *line)
{
	offer_live(line, WEIR_LIVE_BAN);
}

static void offer_releases(struct line *line)
{
	offer_live(line, WEIR_LIVE_RELEASE);
}

/*
 * Hosts that begin so: one page of the proxy's list, from just before the first of them. No host
 * has a byte as high as 0x7f.
 */
static void offer_hosts(struct line *line)
{
	_cleanup_diags_ struct weir_diags unread = {};
	_cleanup_json_ json_t *page = NULL;
	_cleanup_close_ int fd = -1;
	size_t size = strlen(line->last), i;
	char after[WEIR_HOST_MAX + 2] = "";
	json_t *row;

	if (size >= WEIR_HOST_MAX || weir_cmd_proxy_connect(&line->cli, &unread, &fd))
		return;
	if (size)
		snprintf(after, sizeof(after), "%.*s%c\x7f", (int)size - 1, line->last,
			 line->last[size - 1] - 1);
	if (weir_control_call(fd, "list", json_pack("{s:s*}", "after", size ? after : NULL),
			      &unread, &page))
		return;
	json_array_foreach(json_object_get(page, "routes"), i, row)
		offer(line, json_string_value(json_object_get(row, "host")) ?: "");
}

/* ---- what goes where -------------------------------------------------------------------- */

typedef void offer_values(struct line *line);

/* What may stand behind an option, or, where there is none, behind a command's first word. */
static const struct place {
	const char *command, *sub, *option; /* NULL: any sub; no option */
	const char *words;
	offer_values *values;
} places[] = {
	{"apply", NULL, NULL, "--confirmed --lists --try --wait --force", NULL},
	{"attach", NULL, NULL, "-m --try --boot --force", offer_interfaces},
	{"attach", NULL, "-m", "auto native skb", NULL},
	{"detach", NULL, NULL, "--purge", offer_attached},
	{"status", NULL, NULL, "--watch", NULL},
	{"deny", "", NULL, "add del list why flush", NULL},
	{"deny", "add", NULL, "--for --note --force", NULL},
	{"deny", "del", NULL, NULL, offer_bans},
	{"deny", "list", NULL, "--watch", NULL},
	{"deny", "why", NULL, NULL, offer_bans},
	{"allow", "", NULL, "add del list flush", NULL},
	{"allow", "add", NULL, "--for --note", NULL},
	{"allow", "del", NULL, "--force", offer_releases},
	{"allow", "list", NULL, "--watch", NULL},
	{"counts", NULL, NULL, "-a --watch --sources --by --nets", NULL},
	{"counts", NULL, "--by", "packets syns bytes", NULL},
	{"top", NULL, NULL, "-d -n", NULL},
	{"capture", NULL, NULL, "--reason --src --dst -n --for --rate -w", NULL},
	{"capture", NULL, "--reason", NULL, offer_reasons},
	{"metrics", NULL, NULL, "-o", NULL},
	{"doctor", NULL, NULL, NULL, offer_interfaces},
	{"proxy", NULL, NULL,
	 "--listen-http --listen-tls --routes --workers --no-log "
	 "--takeover --background",
	 NULL},
	{"route", "", NULL, "add del revert drain undrain set unset list export", NULL},
	{"route", "add", NULL, "--replace", offer_hosts},
	{"route", "del", NULL, NULL, offer_hosts},
	{"route", "revert", NULL, "--same", offer_hosts},
	{"route", "drain", NULL, "--wait", NULL},
	{"route", "set", NULL, "--rate --burst", NULL},
	{"route", "list", NULL, "--hosts --watch", NULL},
	{"explain", NULL, NULL, "--proto --sport --flags --frame", NULL},
	{"explain", NULL, "--proto", "tcp udp icmp", NULL},
	{"explain", NULL, "--flags", "syn ack syn,ack fin,ack rst", NULL},
};

enum { PLACES = sizeof(places) / sizeof(places[0]) };

/* Options whose value is anything, so that what a command takes else would be wrong there. */
static bool takes_value(const char *option)
{
	static const char *const all[] = {"-c",           "-I",       "--try",     "--wait",
					  "--for",        "--note",   "--src",     "--dst",
					  "-n",           "-d",       "--rate",    "-w",
					  "-o",           "--sport",  "--frame",   "--listen-http",
					  "--listen-tls", "--routes", "--workers", "--burst"};

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		if (!strcmp(option, all[i]))
			return true;
	return false;
}

static bool is_here(const struct place *place, const struct line *line, bool is_value)
{
	if (strcmp(place->command, line->command) || is_value != !!place->option)
		return false;
	if (is_value)
		return !strcmp(place->option, line->before);
	return !place->sub || !strcmp(place->sub, line->sub);
}

static bool is_value_known(const struct line *line)
{
	for (int i = 0; i < PLACES; i++)
		if (is_here(&places[i], line, true))
			return true;
	return false;
}

static void answer(struct line *line)
{
	bool is_value;

	if (takes_value(line->before))
		return;
	if (!line->command) {
		offer_commands(line);
		return;
	}
	is_value = is_value_known(line);
	for (int i = 0; i < PLACES; i++) {
		if (!is_here(&places[i], line, is_value))
			continue;
		if (places[i].words && wants_words(line, places[i].values != NULL))
			offer_words(line, places[i].words);
		if (places[i].values)
			places[i].values(line);
	}
}

int weir_cmd_complete(const struct weir_cli *cli, int argc, char **argv)
{
	struct line line = {.cli = *cli, .sub = "", .before = "", .last = ""};

	if (argc > 1 && !strcmp(argv[1], "--"))
		argc--, argv++;
	for (int i = 1; i < argc; i++) {
		line.before = i > 1 ? argv[i - 1] : "";
		line.last = argv[i];
		if (i + 1 == argc)
			break;
		if (!strcmp(line.before, "-c"))
			line.cli.config_path = argv[i];
		else if (!strcmp(line.before, "-I"))
			line.cli.instance = argv[i];
		else if (*argv[i] == '-' || takes_value(line.before))
			continue;
		else if (!line.command)
			line.command = argv[i];
		else if (!*line.sub)
			line.sub = argv[i];
	}
	answer(&line);
	return WEIR_EXIT_DONE;
}
