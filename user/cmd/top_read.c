/* SPDX-License-Identifier: GPL-2.0-only */
/* What weir top reads, once an interval. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/cleanup.h"
#include "cmd/files.h"
#include "cmd/top.h"
#include "kernel/counts.h"
#include "kernel/status.h"

int weir_top_open(struct weir_top *top, const struct weir_cli *cli, struct weir_diags *diags)
{
	int r;

	*top = (struct weir_top){.cli = cli, .maps = WEIR_MAPS_NONE, .view = {.length = 32}};
	weir_cmd_files(cli->config_path, 0, &top->config);
	r = weir_paths_make(cli->instance, diags, &top->paths)
		    ?: weir_pins_need(&top->paths, diags, &top->maps);
	top->sampling.maps = &top->maps;
	return r;
}

void weir_top_close(struct weir_top *top)
{
	weir_sampling_done(&top->sampling);
	weir_status_done(&top->status);
	weir_counts_report_done(&top->counts);
	weir_rates_done(&top->rates);
	weir_proxy_view_done(&top->proxy);
	weir_proxy_view_done(&top->proxy_rates);
	for (__u32 i = 0; i < WEIR_WATCH_OUTCOMES; i++)
		free(top->sources[i]);
	weir_config_free(&top->config);
	weir_maps_done(&top->maps);
}

/* The gate may be another one by now, whose counters began anew. */
static int follow_gate(struct weir_top *top, struct weir_diags *diags)
{
	int r = weir_pins_follow(&top->paths, diags, &top->maps);

	if (r > 0) {
		top->counts_ns = top->samples_ns = 0;
		weir_sampling_restart(&top->sampling);
	}
	return r < 0 ? r : 0;
}

static int read_rates(struct weir_top *top, struct weir_diags *diags)
{
	_cleanup_counts_ struct weir_counts_report now = {};
	struct weir_rates_report rates;
	int r = follow_gate(top, diags) ?: weir_counts_read(&top->maps, diags, &now);
	__u64 now_ns = weir_now_ns();

	if (!r)
		r = weir_rates_make(top->counts_ns ? &top->counts : &now, &now,
				    top->counts_ns ? now_ns - top->counts_ns : 1, &rates);
	if (r)
		return r;
	weir_rates_done(&top->rates);
	weir_counts_report_done(&top->counts);
	top->rates = rates;
	top->counts = now;
	top->counts_ns = now_ns;
	now = (struct weir_counts_report){};
	return 0;
}

static int read_status(struct weir_top *top, struct weir_diags *diags)
{
	struct weir_status status = {};
	int r = weir_status_read(&top->paths, top->cli->instance, diags, &status);

	if (r)
		return r;
	weir_status_done(&top->status);
	top->status = status;
	return 0;
}

static int rank_sources(struct weir_top *top, __u64 interval_ns)
{
	struct weir_sources_asked asked = {.length = top->view.length,
					   .order = top->view.order,
					   .interval_s = (double)(interval_ns ?: 1) / 1e9,
					   .rows_max = WEIR_TOP_SOURCES_MAX};
	const char *why;

	if (*top->view.filter && weir_prefix_parse(top->view.filter, strlen(top->view.filter),
						   &asked.within, NULL, &why))
		return 0;
	for (__u32 i = 0; i < WEIR_WATCH_OUTCOMES; i++) {
		struct weir_source *sources;
		size_t count;
		int r;

		asked.passed = i == WEIR_WATCH_PASSED;
		r = weir_sources_make(top->sampling.samples, top->sampling.count, &asked, &sources,
				      &count);
		if (r)
			return r;
		free(top->sources[i]);
		top->sources[i] = sources;
		top->sources_count[i] = count;
	}
	return 0;
}

static int read_sources(struct weir_top *top)
{
	__u64 now_ns = weir_now_ns();
	int r = weir_sampling_read(&top->sampling);

	if (!r)
		r = rank_sources(top, top->samples_ns ? now_ns - top->samples_ns : 0);
	weir_sampling_clear(&top->sampling);
	top->samples_ns = now_ns;
	return r;
}

/* A proxy that cannot be seen is no failure of top's. */
static int read_proxy(struct weir_top *top)
{
	__u64 now_ns = weir_now_ns();
	_cleanup_free_ char *text = NULL;
	struct weir_proxy_view now, rates;
	int r;

	top->proxy_why = "weir.yaml cannot be read";
	if (top->config)
		text = weir_top_fetch(&top->config->proxy, &top->proxy_why);
	if (!text || weir_proxy_view_read(text, &now)) {
		weir_proxy_view_done(&top->proxy);
		weir_proxy_view_done(&top->proxy_rates);
		top->proxy_ns = 0;
		return 0;
	}
	r = weir_proxy_view_rates(top->proxy_ns ? &top->proxy : &now, &now,
				  top->proxy_ns ? now_ns - top->proxy_ns : 1, &rates);
	weir_proxy_view_done(&top->proxy);
	top->proxy = now;
	if (r)
		return r;
	weir_proxy_view_done(&top->proxy_rates);
	top->proxy_rates = rates;
	top->proxy_ns = now_ns;
	return 0;
}

static void read_clock(struct weir_top *top)
{
	time_t now = time(NULL);
	struct tm local;

	if (!localtime_r(&now, &local) ||
	    !strftime(top->clock, sizeof(top->clock), "%H:%M:%S", &local))
		top->clock[0] = 0;
}

int weir_top_keep_up(struct weir_top *top)
{
	return weir_sampling_read(&top->sampling);
}

int weir_top_read(struct weir_top *top, struct weir_diags *diags)
{
	int r;

	if (top->view.is_paused) {
		weir_sampling_clear(&top->sampling);
		return 0;
	}
	r = read_rates(top, diags) ?: read_status(top, diags) ?: read_sources(top) ?:
		read_proxy(top);
	if (!r)
		weir_sampling_ask(&top->sampling, &top->rates);
	read_clock(top);
	return r;
}

struct weir_top_data weir_top_data_of(const struct weir_top *top)
{
	struct weir_top_data data = {
		.status = &top->status,
		.rates = &top->rates,
		.proxy = top->proxy_ns ? &top->proxy_rates : NULL,
		.proxy_why = top->proxy_why,
	};

	for (__u32 i = 0; i < WEIR_WATCH_OUTCOMES; i++) {
		data.sources[i] = top->sources[i];
		data.sources_count[i] = top->sources_count[i];
		data.one_in[i] = top->sampling.one_in[i];
	}
	memcpy(data.clock, top->clock, sizeof(data.clock));
	return data;
}
