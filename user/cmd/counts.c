/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * weir counts: packets and bytes by reason and by destination, so far or (--watch) a second; who
 * sends them (--sources), from samples of the gate.
 */
#include "kernel/counts.h"

#include <errno.h>
#include <string.h>

#include "cmd/common.h"
#include "cmd/progress.h"
#include "cmd/watch.h"
#include "kernel/pins.h"
#include "report/sources.h"

enum { SOURCES_MAX = 20 };

/* How long one look at the sources takes, without --watch. */
#define SOURCES_NS 2000000000ULL
#define FIRST_NS   300000000ULL

struct run {
	bool json, all, watches, sources;
	unsigned long long interval_ns;
	__u8 length; /* of sources */
	enum weir_sources_order order;
	struct weir_paths paths;
	struct weir_maps maps;
	struct weir_counts_report before; /* of the interval under way */
	__u64 before_ns;
	struct weir_sampling sampling;
};

static void run_done(struct run *run)
{
	weir_sampling_done(&run->sampling);
	weir_counts_report_done(&run->before);
	weir_maps_done(&run->maps);
}

static const struct option options[] = {{"watch", optional_argument, NULL, 'w'},
					{"sources", no_argument, NULL, 's'},
					{"by", required_argument, NULL, 'b'},
					{"nets", no_argument, NULL, 'n'},
					{0}};

static int parse_order(const char *text, enum weir_sources_order *ret_order)
{
	for (int i = 0; i < WEIR_SOURCES_ORDERS; i++)
		if (!strcmp(text, weir_sources_order_word(i))) {
			*ret_order = i;
			return 0;
		}
	return 1;
}

/* Returns 1 when this is not how the command is used. */
static int parse_arguments(int argc, char **argv, struct weir_diags *diags, struct run *run)
{
	int option, r = 0;

	while (!r && (option = getopt_long(argc, argv, "a", options, NULL)) != -1) {
		if (option == 'a')
			run->all = true;
		else if (option == 's')
			run->sources = true;
		else if (option == 'n')
			run->length = 24;
		else if (option == 'b')
			r = parse_order(optarg, &run->order);
		else if (option == 'w')
			run->watches = true,
			r = weir_watch_interval("--watch", optarg, diags, &run->interval_ns);
		else
			r = 1;
		run->sources |= option == 'n' || option == 'b'; /* which have no other meaning */
	}
	return r ? r : optind < argc;
}

/* The gate may be another one by now, whose counters began anew. */
static int follow_gate(struct run *run, struct weir_diags *diags)
{
	int r = weir_pins_follow(&run->paths, diags, &run->maps);

	if (r > 0) {
		weir_counts_report_done(&run->before);
		run->before_ns = 0;
		weir_sampling_restart(&run->sampling);
	}
	return r < 0 ? r : 0;
}

/* What has happened since the last time, or -EAGAIN the first time. */
static int take_rates(struct run *run, struct weir_diags *diags,
		      struct weir_rates_report *ret_rates)
{
	_cleanup_counts_ struct weir_counts_report now = {}, before = {};
	int r = follow_gate(run, diags) ?: weir_counts_read(&run->maps, diags, &now);
	__u64 now_ns = weir_now_ns(), before_ns = run->before_ns;

	if (r)
		return r;
	before = run->before;
	run->before = (struct weir_counts_report){};
	r = before_ns ? weir_rates_make(&before, &now, now_ns - before_ns, ret_rates) : -EAGAIN;
	run->before = now;
	run->before_ns = now_ns;
	now = (struct weir_counts_report){};
	return r;
}

static char *sources_text(struct run *run, __u64 interval_ns)
{
	struct weir_sources_asked asked = {.length = run->length,
					   .order = run->order,
					   .interval_s = (double)interval_ns / 1e9,
					   .rows_max = SOURCES_MAX};
	struct weir_sources_report report = {.length = run->length,
					     .order = run->order,
					     .samples = run->sampling.count,
					     .interval_s = asked.interval_s};
	char *text = NULL;
	int r;

	r = weir_sources_make(run->sampling.samples, run->sampling.count, &asked, &report.dropped,
			      &report.dropped_count);
	asked.passed = true;
	if (!r)
		r = weir_sources_make(run->sampling.samples, run->sampling.count, &asked,
				      &report.passed, &report.passed_count);
	if (!r)
		text = run->json ? weir_sources_json(&report, run->watches)
				 : weir_sources_table(&report);
	weir_sources_report_done(&report);
	return text;
}

/* Collect for `ns`, asking anew as the traffic changes. Returns -EINTR when it is time to end. */
static int collect(struct run *run, unsigned long long ns, struct weir_diags *diags)
{
	__u64 end_ns = weir_now_ns() + ns, now_ns;

	while ((now_ns = weir_now_ns()) < end_ns) {
		_cleanup_rates_ struct weir_rates_report rates = {};
		__u64 left_ns = end_ns - now_ns;
		int r = take_rates(run, diags, &rates);

		if (r && r != -EAGAIN)
			return r;
		if (!r)
			weir_sampling_ask(&run->sampling, &rates);
		if (!weir_watch_wait(left_ns < WEIR_SAMPLING_READ_NS ? left_ns
								     : WEIR_SAMPLING_READ_NS))
			return -EINTR;
		r = weir_sampling_read(&run->sampling);
		if (r)
			return r;
	}
	return 0;
}

static int show_sources(struct run *run, struct weir_diags *diags)
{
	unsigned long long ns = run->watches ? run->interval_ns : SOURCES_NS;
	int r;

	if (!run->watches)
		weir_progress_say("taking samples");
	r = collect(run, FIRST_NS, diags); /* how much to thin out */

	while (!r) {
		weir_sampling_clear(&run->sampling);
		r = collect(run, ns, diags);
		if (!r)
			r = weir_watch_print(sources_text(run, ns), diags);
		if (!run->watches)
			break;
	}
	return r;
}

static int show_rates(struct run *run, struct weir_diags *diags)
{
	int r;

	do {
		_cleanup_rates_ struct weir_rates_report rates = {};

		r = take_rates(run, diags, &rates);
		if (!r && run->json)
			r = weir_watch_print(weir_rates_json(&rates), diags);
		else if (!r)
			r = weir_watch_print(weir_rates_table(&rates, run->all), diags);
	} while ((!r || r == -EAGAIN) && weir_watch_wait(run->interval_ns));
	return r == -EAGAIN ? 0 : r;
}

static int show_counts(struct run *run, struct weir_diags *diags)
{
	_cleanup_counts_ struct weir_counts_report report = {};
	int r = weir_counts_read(&run->maps, diags, &report);

	return r ? r
		 : weir_cmd_print(run->json ? weir_counts_json(&report)
					    : weir_counts_table(&report, run->all),
				  diags);
}

int weir_cmd_counts(const struct weir_cli *cli, int argc, char **argv)
{
	_cleanup_(run_done) struct run run = {
		.json = cli->json, .length = 32, .maps = WEIR_MAPS_NONE};
	_cleanup_diags_ struct weir_diags diags = {};
	int r = parse_arguments(argc, argv, &diags, &run);

	if (r > 0)
		return weir_cmd_usage(argv[0]);
	if (!r)
		r = weir_paths_make(cli->instance, &diags, &run.paths)
			    ?: weir_pins_need(&run.paths, &diags, &run.maps);
	if (r)
		return weir_cmd_end(&diags, r);
	run.sampling.maps = &run.maps;
	if (run.watches || run.sources)
		weir_watch_begin();
	r = run.sources   ? show_sources(&run, &diags)
	    : run.watches ? show_rates(&run, &diags)
			  : show_counts(&run, &diags);
	if (run.watches || run.sources)
		r = weir_watch_end(r);
	return weir_cmd_end(&diags, r);
}
