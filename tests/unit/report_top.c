/* SPDX-License-Identifier: GPL-2.0-only */
/* Values -> a screen: every size holds, nothing is too long, what is selected is marked. */
#include "report/top.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "report/proxy_metrics.h"

enum { DESTINATIONS = 30, SOURCES = 100, APPS = 20 };

static struct weir_status_interface interfaces[] = {{.name = "wan", .is_native = true}};
static struct weir_status status = {.instance = "weir",
				    .is_loaded = true,
				    .live_bans = 3,
				    .interfaces = interfaces,
				    .interfaces_count = 1};
static struct weir_destination_rates destinations[DESTINATIONS];
static struct weir_rates_report rates = {.destinations = destinations, .count = DESTINATIONS};
static struct weir_source sources[SOURCES];
static struct weir_app_view apps[APPS];
static struct weir_proxy_view proxy = {
	.apps = apps, .count = APPS, .workers = {0.1, 0.5}, .workers_count = 2};

/* Everything as long as it can be. */
static struct weir_top_data full(void)
{
	struct weir_top_data data = {.status = &status,
				     .rates = &rates,
				     .one_in = {1000000, 1},
				     .proxy = &proxy,
				     .clock = "12:00:00"};

	for (unsigned int i = 1; i < WEIR_REASONS_END; i++)
		rates.reasons[i] = (struct weir_per_s){1.23e9 + i, 9.87e12};
	for (int i = 0; i < DESTINATIONS; i++)
		destinations[i] = (struct weir_destination_rates){.address = 0xfffffff0 + i % 16,
								  .passed = {999e6, 1},
								  .dropped = {(double)i * 1e6, 1},
								  .bucket = {1000, 1000, 1000}};
	for (int i = 0; i < SOURCES; i++)
		sources[i] = (struct weir_source){.prefix = {0xdfdfdf00, 24},
						  .packets = 123e6 - i,
						  .syns = 1.23e6,
						  .bytes = 45.6e9,
						  .reason = WEIR_DROP_TCP_HEADER};
	for (int i = 0; i < APPS; i++)
		snprintf(apps[i].app, sizeof(apps[i].app), "app-with-a-very-long-name-%d", i);
	for (__u32 i = 0; i < WEIR_WATCH_OUTCOMES; i++) {
		data.sources[i] = sources;
		data.sources_count[i] = SOURCES;
	}
	return data;
}

Test(report_top, fits_every_size_whatever_it_shows)
{
	struct weir_top_data data = full();
	struct weir_top_view view = {.length = 24};

	for (size_t width = 1; width < 400; width += 7)
		for (size_t height = 1; height < 120; height += 3) {
			size_t wide = width < 80 ? 80 : width > 300 ? 300 : width;
			struct weir_top_screen screen;

			cr_assert_eq(weir_top_make(&data, &view, width, height, &screen), 0);
			cr_assert_eq(screen.count, height < 24 ? 24 : height);
			for (size_t i = 0; i < screen.count; i++)
				cr_assert_leq(strlen(screen.lines[i].text), wide, "%zux%zu: %s",
					      width, height, screen.lines[i].text);
			cr_expect(strstr(screen.lines[screen.count - 1].text, "q quit"));
			weir_top_screen_done(&screen);
		}
}

Test(report_top, shows_every_section_at_80x24)
{
	struct weir_top_data data = full();
	struct weir_top_view view = {.length = 24, .order = WEIR_BY_SYNS};
	struct weir_top_screen screen;
	_cleanup_free_ char *all = calloc(1, 24 * 82);

	cr_assert_eq(weir_top_make(&data, &view, 80, 24, &screen), 0);
	for (size_t i = 0; i < screen.count; i++) {
		strcat(all, screen.lines[i].text);
		strcat(all, "\n");
	}
	weir_top_screen_done(&screen);
	cr_expect(strstr(all, "wan native  3 bans"), "%s", all);
	cr_expect(strstr(all, "REASON"));
	cr_expect(strstr(all, "\nDROPPED 1 in 1.00M pkts/s SYN/s*"), "%s", all);
	cr_expect(strstr(all, "SYN/s*"));
	cr_expect(strstr(all, "223.223.223.0/24"));
	cr_expect(strstr(all, "PROXY workers 10-50%"), "%s", all);
	cr_expect(strstr(all, "255.255.255.253     999M     29.0M"), "the busiest destination: %s",
		  all);
}

Test(report_top, marks_what_is_selected_on_its_side)
{
	struct weir_top_data data = full();
	struct weir_top_view view = {.length = 24, .selected = 2, .panel = WEIR_WATCH_PASSED};
	struct weir_top_screen screen;
	int marked = 0;

	cr_assert_eq(weir_top_make(&data, &view, 100, 40, &screen), 0);
	for (size_t i = 0; i < screen.count; i++)
		if (screen.lines[i].mark_size) {
			cr_expect_eq(screen.lines[i].mark_at, 50);
			cr_expect_eq(screen.lines[i].mark_size, 50);
			marked++;
		}
	cr_expect_eq(marked, 1);
	weir_top_screen_done(&screen);
	cr_expect_eq(weir_top_selected(&data, &view), &sources[2]);
	view.selected = SOURCES;
	cr_expect_null(weir_top_selected(&data, &view));
}

Test(report_top, says_why_there_is_no_proxy)
{
	struct weir_top_data data = full();
	struct weir_top_view view = {.say = "a question?"};
	struct weir_top_screen screen;
	bool said = false;

	data.proxy = NULL;
	data.proxy_why = "its metrics do not answer";
	cr_assert_eq(weir_top_make(&data, &view, 80, 24, &screen), 0);
	for (size_t i = 0; i < screen.count; i++)
		said |= !strcmp(screen.lines[i].text, "PROXY  its metrics do not answer");
	cr_expect(said);
	cr_expect_str_eq(screen.lines[23].text, "a question?");
	weir_top_screen_done(&screen);
}

/* ---- the proxy's metrics, read back -------------------------------------------------------- */

static struct weir_proxy_view view_of(struct weir_app_row *rows, size_t count, __u64 cpu_ns)
{
	struct weir_worker_row worker = {1, cpu_ns};
	struct weir_proxy_snapshot snapshot = {
		.workers = &worker, .workers_count = 1, .apps = rows, .apps_count = count};
	_cleanup_free_ char *text = weir_proxy_metrics_text(&snapshot, "1");
	struct weir_proxy_view view;

	cr_assert_eq(weir_proxy_view_read(text, &view), 0);
	return view;
}

Test(report_proxy_view, reads_back_what_the_proxy_writes)
{
	struct weir_app_row rows[] = {{.app = "a\"b\\c", .open = 2, .containers = 3},
				      {.app = "shop",
				       .requests = {1, 0, 5, 0, 4, 0},
				       .bytes = {7, 11},
				       .quarantined = 1}};
	struct weir_proxy_view view = view_of(rows, 2, 250000000);

	cr_assert_eq(view.count, 2);
	cr_expect_str_eq(view.apps[0].app, "a\"b\\c");
	cr_expect_float_eq(view.apps[0].open, 2, 0);
	cr_expect_float_eq(view.apps[0].containers, 3, 0);
	cr_expect_float_eq(view.apps[1].requests, 10, 0);
	cr_expect_float_eq(view.apps[1].up_bytes, 7, 0);
	cr_expect_float_eq(view.apps[1].down_bytes, 11, 0);
	cr_expect_float_eq(view.apps[1].quarantined, 1, 0);
	cr_assert_eq(view.workers_count, 1);
	cr_expect_float_eq(view.workers[0], 0.25, 1e-9);
	weir_proxy_view_done(&view);
}

Test(report_proxy_view, rates_are_what_grew_the_busiest_first)
{
	struct weir_app_row before[] = {{.app = "a", .requests = {0, 0, 10}},
					{.app = "b", .requests = {0, 0, 10}}};
	struct weir_app_row after[] = {{.app = "a", .requests = {0, 0, 12}},
				       {.app = "b", .requests = {0, 0, 30}},
				       {.app = "new", .requests = {0, 0, 1}}};
	struct weir_proxy_view then = view_of(before, 2, 0), now = view_of(after, 3, 500000000);
	struct weir_proxy_view got;

	cr_assert_eq(weir_proxy_view_rates(&then, &now, 2000000000, &got), 0);
	cr_assert_eq(got.count, 3);
	cr_expect_str_eq(got.apps[0].app, "b");
	cr_expect_float_eq(got.apps[0].requests, 10, 1e-9);
	cr_expect_float_eq(got.apps[1].requests, 1, 1e-9);
	cr_expect_float_eq(got.apps[2].requests, 0.5, 1e-9);
	cr_expect_float_eq(got.workers[0], 0.25, 1e-9);
	weir_proxy_view_done(&then);
	weir_proxy_view_done(&now);
	weir_proxy_view_done(&got);
}

Test(report_proxy_view, refuses_what_is_not_the_proxys)
{
	struct weir_proxy_view view;

	cr_expect_eq(weir_proxy_view_read("", &view), -EINVAL);
	cr_expect_eq(weir_proxy_view_read("<html>404</html>\n", &view), -EINVAL);
}
