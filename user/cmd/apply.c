/* SPDX-License-Identifier: GPL-2.0-only */
/* weir apply: make the kernel match the files. Silent when it did. */
#include "kernel/apply.h"

#include <stdio.h>

#include "cmd/common.h"
#include "cmd/progress.h"
#include "config/config.h"
#include "kernel/kept.h"
#include "kernel/lock.h"

struct wish {
	struct weir_apply_options options;
	bool is_confirmed; /* the files of the last confirmed policy, not those of weir.yaml */
};

static int parse(int argc, char **argv, struct weir_diags *diags, struct wish *wish)
{
	static const struct option known[] = {
		{"confirmed", no_argument, NULL, 'c'}, {"lists", no_argument, NULL, 'l'},
		{"try", required_argument, NULL, 't'}, {"wait", required_argument, NULL, 'w'},
		{"force", no_argument, NULL, 'F'},     {}};
	struct weir_apply_options *options = &wish->options;
	unsigned long long ns;
	int option, r = 0;

	while (!r && (option = getopt_long(argc, argv, "", known, NULL)) != -1) {
		switch (option) {
		case 'c':
			wish->is_confirmed = true;
			break;
		case 'l':
			options->is_lists_only = true;
			break;
		case 't':
			r = weir_cmd_duration("--try", optarg, diags, &ns);
			if (!r)
				options->try_ns = ns;
			break;
		case 'w':
			r = weir_cmd_duration("--wait", optarg, diags, &ns);
			if (!r)
				options->wait_ms = ns / 1000000 < 3600000 ? ns / 1000000 : 3600000;
			break;
		case 'F':
			options->is_forced = true;
			break;
		default:
			return 1;
		}
	}
	/* A trial of lists would be over before whoever fetches them could look. */
	if (options->is_lists_only && (wish->is_confirmed || options->try_ns))
		return 1;
	return r ?: optind < argc;
}

static void report(const struct weir_cli *cli, const struct weir_applied *applied)
{
	if (cli->json)
		printf("{\"first\":%s,\"replaced\":%s,\"routes_added\":%zu,\"routes_removed\":%zu,"
		       "\"routes_in_use\":%zu}\n",
		       applied->is_first ? "true" : "false",
		       applied->is_replaced ? "true" : "false", applied->routes_added,
		       applied->routes_removed, applied->routes_in_use);
	if (applied->routes_in_use)
		fprintf(stderr,
			"weir: %zu former ingress addresses stay local while connections use "
			"them; the next apply looks again\n",
			applied->routes_in_use);
}

int weir_cmd_apply(const struct weir_cli *cli, int argc, char **argv)
{
	struct wish wish = {.options = {.wait_ms = WEIR_LOCK_WAIT_MS, .keeps_files = true}};
	__attribute__((cleanup(weir_config_free))) struct weir_config *config = NULL;
	_cleanup_diags_ struct weir_diags diags = {};
	struct weir_applied applied = {};
	struct weir_paths paths;
	int r = parse(argc, argv, &diags, &wish);

	if (r > 0)
		return weir_cmd_usage(argv[0]);
	weir_progress_say("reading the files");
	r = r ?: weir_paths_make(cli->instance, &diags, &paths);
	if (!r)
		r = wish.is_confirmed ? weir_kept_load(&paths, &diags, &config)
				      : weir_config_load(cli->config_path, &diags, &config);
	weir_progress_say("putting the policy in force");
	r = r ?: weir_apply(&paths, config, &wish.options, &diags, &applied);
	weir_progress_done();
	if (!r)
		report(cli, &applied);
	return weir_cmd_end(&diags, r);
}
