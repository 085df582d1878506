/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * weir check: read every file, report every error, change nothing.
 *
 * The policy is built as apply would build it, on paper, so that what does not fit the gate is
 * found here too. The kernel is asked for nothing but the addresses of the interfaces.
 */
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "cmd/common.h"
#include "cmd/progress.h"
#include "config/config.h"
#include "net/machine.h"
#include "plan/plan.h"

/* Which clock a bucket gets does not matter to a check: any usual tick will do. */
enum { TICK_NS = 4000000 };

static int files_check(const char *path, struct weir_diags *diags)
{
	_cleanup_(weir_generation_free) struct weir_generation *generation = NULL;
	_cleanup_(weir_config_free) struct weir_config *config = NULL;
	_cleanup_free_ __u32 *machine = NULL;
	size_t machine_count = 0;
	int r, covered;

	r = weir_config_load(path, diags, &config);
	if (r)
		return r;
	r = weir_machine_addresses(config, diags, &machine, &machine_count);
	if (r)
		return r;
	covered = weir_config_check_cover(config, machine, machine_count, false, diags);
	r = weir_generation_build(config, machine, machine_count, NULL, 0, TICK_NS, diags,
				  &generation);
	return covered ? covered : r;
}

static int diag_append(json_t *errors, const struct weir_diag *diag)
{
	json_t *item = json_pack("{s:s, s:s?, s:i, s:i, s:s}", "severity",
				 diag->severity == WEIR_WARNING ? "warning" : "error", "file",
				 diag->path, "line", diag->line, "column", diag->column, "text",
				 diag->text);

	return item ? json_array_append_new(errors, item) : -1;
}

/* {"ok": .., "errors": [..]}: line and column are 0 where there is none. */
static int json_print(const struct weir_diags *diags, bool is_ok)
{
	json_t *errors = json_array(), *report;
	int r = errors ? 0 : -1;

	for (size_t i = 0; i < diags->count && !r; i++)
		r = diag_append(errors, &diags->items[i]);
	report = json_pack("{s:b, s:b, s:o}", "ok", is_ok, "complete", !diags->is_incomplete,
			   "errors", errors);
	if (!r)
		r = report ? json_dumpf(report, stdout, JSON_COMPACT) : -1;
	json_decref(report);
	return r || putchar('\n') == EOF ? -EIO : 0;
}

int weir_cmd_check(const struct weir_cli *cli, int argc, char **argv)
{
	_cleanup_diags_ struct weir_diags diags = {0};
	int r;

	if (argc > 1)
		return weir_cmd_usage(argv[0]);
	weir_progress_say("reading the files");
	r = files_check(cli->config_path, &diags);
	weir_progress_done();
	if (!cli->json)
		weir_diags_print(&diags, stderr);
	else if (json_print(&diags, !r))
		r = -EIO;
	if (r && !diags.errors)
		fprintf(stderr, "weir: %s\n", strerror(-r));
	return r ? WEIR_EXIT_FAILED : WEIR_EXIT_DONE;
}
