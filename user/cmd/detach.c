/* SPDX-License-Identifier: GPL-2.0-only */
/* weir detach: take the gate off interfaces, and say what nothing filters from now on. */
#include <stdio.h>

#include "cmd/common.h"
#include "cmd/progress.h"
#include "kernel/attach.h"
#include "kernel/pins.h"

static int detach_one(const struct weir_paths *paths, const char *interface,
		      struct weir_diags *diags)
{
	int r;

	weir_progress_say("detaching");
	r = weir_detach(paths, interface, diags);
	weir_progress_done();
	if (!r)
		printf("%s: detached; nothing filters what it receives\n", interface);
	return r;
}

static int detach_every(const struct weir_paths *paths, struct weir_diags *diags)
{
	_cleanup_links_ struct weir_links links = {};
	int r = weir_links_open(paths, diags, &links);

	for (size_t i = 0; !r && i < links.count; i++)
		r = detach_one(paths, links.items[i].interface, diags);
	return r;
}

/* Links, hand-off, routes, maps and counters. The live bans stay in the journal. */
static int purge(const struct weir_paths *paths, struct weir_diags *diags)
{
	_cleanup_links_ struct weir_links links = {};
	int r;

	weir_progress_say("detaching");
	r = weir_links_open(paths, diags, &links) ?: weir_detach_all(paths, diags);
	weir_progress_done();
	for (size_t i = 0; !r && i < links.count; i++)
		printf("%s: detached; nothing filters what it receives\n",
		       links.items[i].interface);
	return r;
}

int weir_cmd_detach(const struct weir_cli *cli, int argc, char **argv)
{
	static const struct option known[] = {{"purge", no_argument, NULL, 'p'}, {}};
	_cleanup_diags_ struct weir_diags diags = {};
	bool wants_purge = false;
	struct weir_paths paths;
	int option, r;

	while ((option = getopt_long(argc, argv, "", known, NULL)) != -1) {
		if (option != 'p')
			return weir_cmd_usage(argv[0]);
		wants_purge = true;
	}
	if (wants_purge && optind < argc)
		return weir_cmd_usage(argv[0]);
	r = weir_paths_make(cli->instance, &diags, &paths);
	if (!r && wants_purge)
		r = purge(&paths, &diags);
	else if (!r && optind == argc)
		r = detach_every(&paths, &diags);
	for (; !r && optind < argc; optind++)
		r = detach_one(&paths, argv[optind], &diags);
	return weir_cmd_end(&diags, r);
}
