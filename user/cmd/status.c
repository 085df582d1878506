/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * weir status: what is loaded, where it is attached, and whether the files still say so; with
 * --watch again and again, with what passes and what is dropped a second.
 */
#include "kernel/status.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cmd/common.h"
#include "cmd/files.h"
#include "cmd/progress.h"
#include "cmd/route.h"
#include "cmd/watch.h"
#include "kernel/counts.h"
#include "kernel/pins.h"

static const struct option options[] = {{"watch", optional_argument, NULL, 'w'}, {0}};

struct run {
	const struct weir_cli *cli;
	struct weir_paths paths;
	struct weir_counts_report before;
	__u64 before_ns;
	bool is_watch;
};

/* A proxy that runs says so itself; one that does not answer is as good as none here. */
static void read_proxy(const struct weir_cli *cli, struct weir_status_proxy *proxy)
{
	_cleanup_diags_ struct weir_diags unsaid = {};
	_cleanup_json_ json_t *reply = NULL;
	_cleanup_close_ int fd = -1;

	if (weir_cmd_proxy_connect(cli, &unsaid, &fd) ||
	    weir_control_call(fd, "status", NULL, &unsaid, &reply))
		return;
	*proxy = (struct weir_status_proxy){
		.runs = true,
		.pid = json_integer_value(json_object_get(reply, "pid")),
		.workers = json_integer_value(json_object_get(reply, "workers")),
		.since_s = json_integer_value(json_object_get(reply, "since")),
		.open = json_integer_value(json_object_get(reply, "open")),
		.connections = json_integer_value(json_object_get(reply, "connections")),
		.requests = json_integer_value(json_object_get(reply, "requests")),
		.routes = json_integer_value(json_object_get(reply, "routes")),
		.changes = json_integer_value(json_object_get(reply, "changes")),
	};
}

static int read_status(const struct run *run, struct weir_diags *diags, struct weir_status *status)
{
	int r = weir_status_read(&run->paths, run->cli->instance, diags, status);

	if (!r)
		read_proxy(run->cli, &status->proxy);
	if (!r && status->has_policy)
		status->files = weir_cmd_files(run->cli->config_path, status->fingerprint, NULL);
	return r;
}

static char *text_of(const struct run *run, const struct weir_status *status)
{
	return run->cli->json ? weir_status_json(status, run->is_watch) : weir_status_table(status);
}

static int show_once(const struct run *run, struct weir_diags *diags)
{
	_cleanup_status_ struct weir_status status = {};
	int r;

	weir_progress_say("comparing the files with the gate");
	r = read_status(run, diags, &status);
	return r ? r : weir_cmd_print(text_of(run, &status), diags);
}

/* What has passed since the last time, as a line; "" where that cannot be said. */
static int rates_line(struct run *run, struct weir_diags *diags, char *to, size_t size)
{
	_cleanup_maps_ struct weir_maps maps = WEIR_MAPS_NONE;
	_cleanup_counts_ struct weir_counts_report now = {}, before = run->before;
	_cleanup_rates_ struct weir_rates_report rates = {};
	char numbers[4][WEIR_NUMBER_TEXT_MAX];
	__u64 now_ns = weir_now_ns();
	int r;

	*to = 0;
	run->before = (struct weir_counts_report){};
	r = weir_pins_find(&run->paths, diags, &maps);
	if (r)
		return r == -ENOENT ? 0 : r;
	r = weir_counts_read(&maps, diags, &now);
	if (!r && run->before_ns)
		r = weir_rates_make(&before, &now, now_ns - run->before_ns, &rates);
	if (!r && run->before_ns)
		snprintf(to, size,
			 "rates:       passed %s packets/s, %s bytes/s; dropped %s packets/s, "
			 "%s bytes/s\n",
			 weir_number_text(rates.passed.packets, numbers[0]),
			 weir_number_text(rates.passed.bytes, numbers[1]),
			 weir_number_text(rates.dropped.packets, numbers[2]),
			 weir_number_text(rates.dropped.bytes, numbers[3]));
	run->before = now;
	run->before_ns = now_ns;
	now = (struct weir_counts_report){};
	return r;
}

static int show_again(struct run *run, struct weir_diags *diags)
{
	_cleanup_status_ struct weir_status status = {};
	_cleanup_free_ char *text = NULL;
	char line[160], *both = NULL;
	int r = read_status(run, diags, &status) ?: rates_line(run, diags, line, sizeof(line));

	if (r)
		return r;
	text = text_of(run, &status);
	if (text && asprintf(&both, "%s%s", text, run->cli->json ? "" : line) < 0)
		both = NULL;
	return weir_watch_print(both, diags);
}

static int watch(struct run *run, unsigned long long interval_ns, struct weir_diags *diags)
{
	int r;

	weir_watch_begin();
	do
		r = show_again(run, diags);
	while (!r && weir_watch_wait(interval_ns));
	weir_counts_report_done(&run->before);
	return weir_watch_end(r);
}

int weir_cmd_status(const struct weir_cli *cli, int argc, char **argv)
{
	_cleanup_diags_ struct weir_diags diags = {};
	struct run run = {.cli = cli};
	unsigned long long interval_ns = 0;
	int option, r = 0;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (option != 'w')
			return weir_cmd_usage(argv[0]);
		r = r ?: weir_watch_interval("--watch", optarg, &diags, &interval_ns);
	}
	if (optind < argc)
		return weir_cmd_usage(argv[0]);
	if (!r)
		r = weir_paths_make(cli->instance, &diags, &run.paths);
	if (!r)
		run.is_watch = interval_ns != 0;
	if (!r)
		r = interval_ns ? watch(&run, interval_ns, &diags) : show_once(&run, &diags);
	return weir_cmd_end(&diags, r);
}
