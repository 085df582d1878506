/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * deny and allow: add, del, list, flush, why. Arguments -> records -> kernel and journal. All
 * prefixes are read and checked before the first one is carried out.
 */
#include "cmd/live.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "cmd/progress.h"
#include "cmd/watch.h"
#include "cmd/who.h"
#include "kernel/generation.h"
#include "kernel/guard.h"
#include "kernel/live.h"
#include "kernel/pins.h"
#include "kernel/why.h"
#include "plan/cover.h"
#include "report/live.h"

/* Each takes a look at the journal. */
enum { HELD_MAX = 100 };

/* Everything that one run of the command works with. */
struct run {
	const struct weir_cli *cli;
	struct weir_live_options options;
	struct weir_paths paths;
	struct weir_maps maps;
	struct weir_diags diags;
};

static void run_done(struct run *run)
{
	weir_maps_done(&run->maps);
	weir_diags_done(&run->diags);
}

static int make_records(const struct run *run, const struct weir_prefix *prefixes, size_t count,
			bool is_removal, struct weir_record **ret_records)
{
	struct weir_record *records = calloc(count ?: 1, sizeof(*records));
	char by[WEIR_WHO_MAX];
	__u64 now_ns = weir_realtime_ns();

	if (!records)
		return -ENOMEM;
	weir_cmd_who(by);
	for (size_t i = 0; i < count; i++) {
		records[i] = (struct weir_record){
			.kind = run->options.kind,
			.prefix = prefixes[i],
			.is_removal = is_removal,
			.at_ns = now_ns,
			.until_ns = run->options.for_ns ? now_ns + run->options.for_ns : 0,
		};
		snprintf(records[i].who, sizeof(records[i].who), "%s", by);
		snprintf(records[i].note, sizeof(records[i].note), "%s", run->options.note ?: "");
	}
	*ret_records = records;
	return 0;
}

/* A ban that takes in the gate itself, or those who manage it, is refused. */
static int guard(struct run *run, const struct weir_prefix *prefixes, size_t count)
{
	_cleanup_free_ struct weir_slot *slots = NULL;
	struct weir_generation live;
	size_t slots_count = 0;
	int r = 0;

	if (run->options.is_forced || run->options.kind != WEIR_LIVE_BAN)
		return 0;
	r = weir_guard_prefixes(&run->paths, &run->maps, run->options.kind, prefixes, count,
				&run->diags);
	if (!weir_generation_view(&run->maps, weir_maps_half(&run->maps), &live))
		return r;
	if (weir_generation_slots(&live, &slots, &slots_count))
		return -ENOMEM;
	for (size_t i = 0; i < count; i++) {
		char what[WEIR_COVER_TEXT_MAX], prefix[WEIR_PREFIX_TEXT_MAX];

		if (weir_cover_find(&live.policy, slots, slots_count, prefixes[i], what))
			r = weir_diags_error(&run->diags, NULL, 0, 0,
					     "%s covers %s; --force bans it all the same",
					     weir_prefix_format(prefixes[i], prefix), what);
	}
	return r;
}

static int add(struct run *run, char **arguments)
{
	_cleanup_free_ struct weir_prefix *prefixes = NULL;
	_cleanup_free_ struct weir_record *records = NULL;
	_cleanup_free_ enum weir_live_outcome *outcomes = NULL;
	size_t count;
	int r = weir_live_prefixes(arguments, &run->diags, &prefixes, &count) ?:
		guard(run, prefixes, count) ?:
		make_records(run, prefixes, count, false, &records);

	if (r)
		return r;
	outcomes = calloc(count ?: 1, sizeof(*outcomes));
	return outcomes ? weir_live_apply(&run->paths, &run->maps, records, count, &run->diags,
					  outcomes)
			: -ENOMEM;
}

/* What was no live entry, or stays denied by a file, is an error that says where it stands. */
static int check_removed(struct run *run, const struct weir_prefix *prefixes,
			 const enum weir_live_outcome *outcomes, size_t count)
{
	__attribute__((cleanup(weir_config_free))) struct weir_config *config = NULL;
	_cleanup_diags_ struct weir_diags unread = {};
	bool has_tried = false;
	int r = 0;

	for (size_t i = 0; i < count; i++) {
		bool is_absent = outcomes[i] == WEIR_LIVE_ABSENT, is_listed = false;

		if (run->options.kind == WEIR_LIVE_BAN)
			weir_base_lists(&run->maps, prefixes[i].address, &run->diags, &is_listed);
		if (!is_absent && !is_listed)
			continue;
		if (!has_tried)
			weir_config_load(run->cli->config_path, &unread, &config);
		has_tried = true;
		if (is_absent && i < HELD_MAX &&
		    weir_live_explain_held(&run->paths, &run->maps, run->options.kind, prefixes[i],
					   &run->diags)) {
			r = -EINVAL;
			continue;
		}
		r = weir_live_explain_absent(run->cli, run->options.kind, prefixes[i], is_absent,
					     config, &run->diags)
			    ?: r;
	}
	return r;
}

/* Whoever is connected thanks to a release must not lose it by accident. */
static int guard_release(struct run *run, const struct weir_prefix *prefixes, size_t count)
{
	if (run->options.is_forced || run->options.kind != WEIR_LIVE_RELEASE)
		return 0;
	return weir_guard_prefixes(&run->paths, &run->maps, run->options.kind, prefixes, count,
				   &run->diags);
}

static int del(struct run *run, char **arguments)
{
	_cleanup_free_ struct weir_prefix *prefixes = NULL;
	_cleanup_free_ struct weir_record *records = NULL;
	_cleanup_free_ enum weir_live_outcome *outcomes = NULL;
	size_t count;
	int r = weir_live_prefixes(arguments, &run->diags, &prefixes, &count)
			?: guard_release(run, prefixes, count)
			?: make_records(run, prefixes, count, true, &records);

	if (r)
		return r;
	outcomes = calloc(count ?: 1, sizeof(*outcomes));
	if (!outcomes)
		return -ENOMEM;
	return weir_live_apply(&run->paths, &run->maps, records, count, &run->diags, outcomes)
		       ?: check_removed(run, prefixes, outcomes, count);
}

/* What there is of the kind, to be removed. */
static int list_removals(struct run *run, struct weir_record **ret_records,
			 struct weir_prefix **ret_prefixes, size_t *ret_count)
{
	_cleanup_free_ struct weir_record *records = NULL;
	struct weir_prefix *prefixes;
	size_t count, kept = 0;
	int r = weir_live_list(&run->paths, &run->maps, &run->diags, &records, &count);

	if (r)
		return r;
	prefixes = calloc(count ?: 1, sizeof(*prefixes));
	if (!prefixes)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++) {
		if (records[i].kind != run->options.kind)
			continue;
		prefixes[kept] = records[i].prefix;
		records[kept] = records[i];
		records[kept].is_removal = true;
		records[kept++].at_ns = weir_realtime_ns();
	}
	*ret_records = take_pointer(records);
	*ret_prefixes = prefixes;
	*ret_count = kept;
	return 0;
}

static int flush(struct run *run, char **operands)
{
	_cleanup_free_ struct weir_record *records = NULL;
	_cleanup_free_ struct weir_prefix *prefixes = NULL;
	_cleanup_free_ enum weir_live_outcome *outcomes = NULL;
	size_t kept = 0;
	int r = list_removals(run, &records, &prefixes, &kept)
			?: guard_release(run, prefixes, kept);

	(void)operands;
	if (r)
		return r;
	outcomes = calloc(kept ?: 1, sizeof(*outcomes));
	return outcomes ? weir_live_apply(&run->paths, &run->maps, records, kept, &run->diags,
					  outcomes)
			: -ENOMEM;
}

static int list_text(struct run *run, char **ret_text)
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

static int list(struct run *run, char **operands)
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
static int parse(int argc, char **argv, struct run *run)
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
	int (*run)(struct run *run, char **operands);
	const char *progress;
	bool has_operands;
	const char *options[2];
} verbs[] = {
	{"add", add, "adding", true, {"fnF", "fn"}},
	{"del", del, "taking them out", true, {"", "F"}},
	{"flush", flush, "taking them out", false, {"", "F"}},
	{"list", list, "reading the gate", false, {"w", "w"}},
};

/* Which verb, with its operands. 1: usage. */
static int dispatch(struct run *run, const char *name, char **operands)
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
	__attribute__((cleanup(run_done))) struct run run = {
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
