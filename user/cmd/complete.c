/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * weir complete -- WORD...: what the last word of a command line can become, for the shells.
 *
 * The words behind `weir`, the last one unfinished or empty -> candidates, one a line: commands,
 * options, and values as they are now (reasons, interfaces, bans, hosts). Exit code 0: these are
 * all; 1: the name of a file is wanted, which the shell knows. Never says what is wrong, and ends
 * when a second is over, whoever holds a lock or does not answer.
 */
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "cmd/complete.h"

enum { SECONDS_MAX = 1 };

/* What may stand behind an option, or, where there is none, behind a command's first word. */
static const struct place {
	const char *command, *sub, *option; /* NULL: any command; any sub; no option */
	const char *words;
	weir_offer_values *values;
} places[] = {
	{NULL, NULL, "-c", NULL, weir_offer_file},
	{NULL, NULL, "-I", NULL, weir_offer_instances},
	{"help", "", NULL, NULL, weir_offer_commands},
	{"init", "", NULL, NULL, weir_offer_regions},
	{"apply", NULL, NULL, "--confirmed --lists --try --wait --force", NULL},
	{"apply", NULL, "--try", "30s 60s 5m", NULL},
	{"apply", NULL, "--wait", "10s 60s 5m", NULL},
	{"attach", NULL, NULL, "-m --try --boot --force", weir_offer_interfaces},
	{"attach", NULL, "-m", "auto native skb", NULL},
	{"attach", NULL, "--try", "30s 60s 5m", NULL},
	{"detach", NULL, NULL, "--purge", weir_offer_attached},
	{"status", NULL, NULL, "--watch", NULL},
	{"deny", "", NULL, "add del list why flush", NULL},
	{"deny", "add", NULL, "--for --note --force", NULL},
	{"deny", "del", NULL, NULL, weir_offer_bans},
	{"deny", "list", NULL, "--watch", NULL},
	{"deny", "why", NULL, NULL, weir_offer_bans},
	{"deny", NULL, "--for", "15m 1h 1d 7d", NULL},
	{"deny", NULL, "--note", NULL, NULL},
	{"allow", "", NULL, "add del list flush", NULL},
	{"allow", "add", NULL, "--for --note", NULL},
	{"allow", "del", NULL, "--force", weir_offer_releases},
	{"allow", "list", NULL, "--watch", NULL},
	{"allow", NULL, "--for", "15m 1h 1d 7d", NULL},
	{"allow", NULL, "--note", NULL, NULL},
	{"counts", NULL, NULL, "-a --watch --sources --by --nets", NULL},
	{"counts", NULL, "--by", "packets syns bytes", NULL},
	{"top", NULL, NULL, "-d -n", NULL},
	{"top", NULL, "-d", "1 2 5 10", NULL},
	{"top", NULL, "-n", NULL, NULL},
	{"capture", NULL, NULL, "--reason --src --dst -n --for --rate -w", NULL},
	{"capture", NULL, "--reason", NULL, weir_offer_reasons},
	{"capture", NULL, "--src", NULL, weir_offer_bans},
	{"capture", NULL, "--dst", NULL, NULL},
	{"capture", NULL, "-n", "10 100 1000", NULL},
	{"capture", NULL, "--for", "1s 10s 1m", NULL},
	{"capture", NULL, "--rate", "100 1000 10000", NULL},
	{"capture", NULL, "-w", NULL, weir_offer_file},
	{"metrics", NULL, NULL, "-o", NULL},
	{"metrics", NULL, "-o", NULL, weir_offer_file},
	{"doctor", NULL, NULL, NULL, weir_offer_interfaces},
	{"proxy", NULL, NULL,
	 "--listen-http --listen-tls --routes --workers --no-log "
	 "--takeover --background",
	 NULL},
	{"proxy", NULL, "--listen-http", NULL, NULL},
	{"proxy", NULL, "--listen-tls", NULL, NULL},
	{"proxy", NULL, "--routes", NULL, weir_offer_file},
	{"proxy", NULL, "--workers", "1 2 4 8", NULL},
	{"route", "", NULL, "add del revert drain undrain set unset list export", NULL},
	{"route", "add", NULL, "--replace", weir_offer_route},
	{"route", "del", NULL, NULL, weir_offer_route},
	{"route", "revert", NULL, "--same", weir_offer_hosts},
	{"route", "drain", NULL, "--wait", weir_offer_containers},
	{"route", "undrain", NULL, NULL, weir_offer_drained},
	{"route", "set", NULL, "--rate --burst", weir_offer_metered},
	{"route", "unset", NULL, NULL, weir_offer_rated},
	{"route", "list", NULL, "--hosts --watch", NULL},
	{"route", NULL, "--wait", "10s 60s 5m", NULL},
	{"route", NULL, "--rate", "1MB/s 5MB/s 20MB/s", NULL},
	{"route", NULL, "--burst", "10MB 100MB 1.6GB", NULL},
	{"explain", NULL, NULL, "--proto --sport --flags --frame", weir_offer_targets},
	{"explain", NULL, "--proto", "tcp udp icmp", NULL},
	{"explain", NULL, "--sport", NULL, NULL},
	{"explain", NULL, "--flags", "syn ack syn,ack fin,ack rst", NULL},
	{"explain", NULL, "--frame", NULL, weir_offer_file},
};

enum { PLACES = sizeof(places) / sizeof(places[0]) };

static bool is_here(const struct place *place, const struct weir_words *line, const char *option)
{
	if (place->command && (!line->command || strcmp(place->command, line->command) != 0))
		return false;
	if (option || place->option)
		return option && place->option && !strcmp(place->option, option);
	return !place->sub || !strcmp(place->sub, line->sub);
}

/* Does the option take a value, so that what a command takes else would be wrong there? */
static bool takes_value(const struct weir_words *line, const char *option)
{
	for (int i = 0; *option == '-' && i < PLACES; i++)
		if (is_here(&places[i], line, option))
			return true;
	return false;
}

/* Options only when they are asked for, where there are values to choose from. */
static bool wants_words(const struct weir_words *line, const struct place *place)
{
	return place->option || !place->values || *line->last == '-';
}

static void answer(struct weir_words *line)
{
	const char *option = takes_value(line, line->before) ? line->before : NULL;

	if (!line->command && !option) {
		weir_offer_commands(line);
		if (*line->last == '-')
			weir_offer_words(line, "-c -I -j --help");
		return;
	}
	for (int i = 0; i < PLACES; i++) {
		if (!is_here(&places[i], line, option))
			continue;
		if (places[i].words && wants_words(line, &places[i]))
			weir_offer_words(line, places[i].words);
		if (places[i].values && (option || *line->last != '-'))
			places[i].values(line);
	}
}

/* A word that is not the last one, behind `before`. */
static void word_take(struct weir_words *line, const char *word)
{
	if (!strcmp(line->before, "-c"))
		line->cli.config_path = word;
	else if (!strcmp(line->before, "-I"))
		line->cli.instance = word;
	else if (*word == '-' || takes_value(line, line->before))
		return;
	else if (!line->command)
		line->command = word;
	else if (!line->operands++)
		line->sub = word;
}

/* `--option=val`: as `--option` and `val`, with what is offered complete all the same. */
static void last_cut(struct weir_words *line, char *copy, size_t size)
{
	const char *equals = strchr(line->last, '=');
	size_t head = equals ? equals - line->last : 0;

	if (strncmp(line->last, "--", 2) != 0 || !head || head >= size)
		return;
	memcpy(copy, line->last, head);
	copy[head] = '\0';
	line->head = line->last;
	line->head_size = head + 1;
	line->before = copy;
	line->last = equals + 1;
}

static void end(int signal)
{
	(void)signal;
	_exit(WEIR_EXIT_DONE);
}

int weir_cmd_complete(const struct weir_cli *cli, int argc, char **argv)
{
	struct weir_words line = {.cli = *cli, .sub = "", .before = "", .last = "", .head = ""};
	char option[32];

	signal(SIGALRM, end);
	alarm(SECONDS_MAX);
	if (argc > 1 && !strcmp(argv[1], "--"))
		argc--, argv++;
	for (int i = 1; i + 1 < argc; i++) {
		word_take(&line, argv[i]);
		line.before = argv[i];
	}
	if (argc > 1)
		line.last = argv[argc - 1];
	last_cut(&line, option, sizeof(option));
	answer(&line);
	return line.is_file ? WEIR_EXIT_FAILED : WEIR_EXIT_DONE;
}
