/* SPDX-License-Identifier: GPL-2.0-only */
/* A snapshot of the proxy -> Prometheus text, held against a strict reader of the format. */
#include "report/proxy_metrics.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "prom_check.h"

static struct weir_app_row apps[] = {
	{.app = "blog",
	 .open = 3,
	 .connections = 9,
	 .requests = {0, 0, 7, 0, 2, 0},
	 .containers = 1},
	{.app = "sh\"op", .bytes = {10, 20}, .containers = 2, .quarantined = 1},
};

static struct weir_worker_row workers[] = {{2, 1500000000}, {1, 0}};

static char *text_of(size_t others)
{
	struct weir_proxy_snapshot snapshot = {.connections = 11,
					       .workers = workers,
					       .workers_count = 2,
					       .apps = apps,
					       .apps_count = 2,
					       .others_count = others};
	const char *why;
	char *text;

	snapshot.endings[WEIR_END_UNKNOWN_HOST] = 4;
	snapshot.others.containers = 5;
	text = weir_proxy_metrics_text(&snapshot, "1.2");
	cr_assert_not_null(text);
	cr_expect(prom_check(text, &why), "%s", why);
	return text;
}

static void expect_line(const char *text, const char *line)
{
	const char *at = strstr(text, line);

	cr_expect(at && at[-1] == '\n' && at[strlen(line)] == '\n', "no line '%s' in\n%s", line,
		  text);
}

Test(report_proxy_metrics, tells_apps_workers_and_endings)
{
	char *text = text_of(0);

	expect_line(text, "weir_proxy_app_requests_total{app=\"blog\",class=\"2xx\"} 7");
	expect_line(text, "weir_proxy_app_open_connections{app=\"blog\"} 3");
	expect_line(text, "weir_proxy_app_bytes_total{app=\"sh\\\"op\",direction=\"down\"} 20");
	expect_line(text, "weir_proxy_app_quarantined_containers{app=\"sh\\\"op\"} 1");
	expect_line(text, "weir_proxy_worker_cpu_seconds_total{worker=\"0\"} 1.5");
	expect_line(text, "weir_proxy_endings_total{ending=\"unknown_host\"} 4");
	cr_expect_null(strstr(text, "app=\"\""));
	free(text);
}

Test(report_proxy_metrics, the_others_share_an_empty_name)
{
	char *text = text_of(7);

	expect_line(text, "weir_proxy_app_containers{app=\"\"} 5");
	expect_line(text, "weir_proxy_apps 9");
	free(text);
}
