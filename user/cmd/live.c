/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * deny and allow as commands: options and verbs of a ban and of a release, `list`, and which of the
 * others is asked for. What changes entries is live_change.c, `why` and what is said of those that
 * were not there is why.c.
 */
#include "cmd/live.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cmd/progress.h"
#include "cmd/watch.h"
#include "kernel/live.h"
#include "kernel/pins.h"
#include "report/live.h"

static void run_done(struct weir_live_run *run)
{
	weir_maps_done(&run->maps);
	weir_diags_done(&run->diags);
}

static int list_text(struct weir_live_run *run, char **ret_text)
{
	_cleanup_free_ struct weir_record *records = NULL;
	__u32 kind = run->options.kind;
	size_t count;
	int r = weir_live_list(&run->paths, &run->maps, &run->diags, &records, &count);

	if (r)
		return r;
	*ret_text = run->cli->json
			    ? weir_live_json(records, count, kind, run->options.interval_ns != 0)
			    : weir_live_table(records, count, kind);
	return 0;
}

static int list(struct weir_live_run *run, char **operands)
{
	char *text = NULL;
	int r;

	(void)operands;
	if (!run->options.interval_ns)
		return list_text(run, &text) ?: weir_cmd_print(text, &run->diags);
	weir_watch_begin();
	do {
		r = list_text(run, &text) ?: weir_watch_print(text, &run->diags);
		if (r || !weir_watch_wait(run->options.interval_ns))
			break;
		r = weir_pins_follow(&run->paths, &run->diags, &run->maps);
	} while (r >= 0);
	return weir_watch_end(r);
}

/* Options may stand anywhere; what is left are the verb and its operands. 1: usage. */
static int parse(int argc, char **argv, struct weir_live_run *run)
{
	static const struct option known[] = {{"for", required_argument, NULL, 'f'},
					      {"note", required_argument, NULL, 'n'},
					      {"force", no_argument, NULL, 'F'},
					      {"watch", optional_argument, NULL, 'w'},
					      {}};
	int option, r = 0;

	while (!r && (option = getopt_long(argc, argv, "", known, NULL)) != -1) {
		if (!strchr(run->options.given, option))
			run->options.given[strlen(run->options.given)] = (char)option;
		switch (option) {
		case 'f':
			r = weir_cmd_duration("--for", optarg, &run->diags, &run->options.for_ns);
			break;
		case 'n':
			run->options.note = optarg;
			if (strlen(optarg) >= WEIR_NOTE_MAX)
				r = weir_diags_error(&run->diags, NULL, 0, 0,
						     "--note: longer than %d bytes",
						     WEIR_NOTE_MAX - 1);
			break;
		case 'F':
			run->options.is_forced = true;
			break;
		case 'w':
			r = weir_watch_interval("--watch", optarg, &run->diags,
						&run->options.interval_ns);
			break;
		default:
			return 1;
		}
	}
	return r;
}

/* Verbs that need the gate, and the options that each takes of a ban and of a release. */
static const struct verb {
	const char *name;
	int (*run)(struct weir_live_run *run, char **operands);
	const char *progress;
	bool has_operands;
	const char *options[2];
} verbs[] = {
	{"add", weir_live_add, "adding", true, {"fnF", "fn"}},
	{"del", weir_live_del, "taking them out", true, {"", "F"}},
	{"flush", weir_live_flush, "taking them out", false, {"", "F"}},
	{"list", list, "reading the gate", false, {"w", "w"}},
};

/* Which verb, with its operands. 1: usage. */
static int dispatch(struct weir_live_run *run, const char *name, char **operands)
{
	const struct weir_live_options *options = &run->options;
	bool is_ban = options->kind == WEIR_LIVE_BAN;

	for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++) {
		const struct verb *verb = &verbs[i];

		if (strcmp(name, verb->name) != 0)
			continue;
		if (!operands[0] == verb->has_operands ||
		    options->given[strspn(options->given, verb->options[!is_ban])])
			return 1;
		/* Whoever types what is added is not to be talked to. */
		if (!isatty(STDIN_FILENO) || !operands[0] || strcmp(operands[0], "-") != 0)
			weir_progress_say(verb->progress);
		return weir_pins_need(&run->paths, &run->diags, &run->maps)
			       ?: verb->run(run, operands);
	}
	if (is_ban && !strcmp(name, "why") && operands[0] && !operands[1] && !*options->given)
		return weir_live_why(run->cli, &run->paths, operands[0], &run->diags);
	return 1;
}

int weir_live_command(const struct weir_cli *cli, int argc, char **argv, __u32 kind)
{
	__attribute__((cleanup(run_done))) struct weir_live_run run = {
		.cli = cli, .maps = WEIR_MAPS_NONE, .options.kind = kind};
	int r = parse(argc, argv, &run);

	if (!r && optind == argc)
		r = 1;
	if (!r)
		r = weir_paths_make(cli->instance, &run.diags, &run.paths)
			    ?: dispatch(&run, argv[optind], argv + optind + 1);
	if (r == 1)
		return weir_cmd_usage(argv[0]);
	/* Not denied: an answer, not a failure. */
	if (r == -ENOMSG)
		return weir_cmd_end(&run.diags, 0) ?: WEIR_EXIT_FAILED;
	return weir_cmd_end(&run.diags, r);
}
