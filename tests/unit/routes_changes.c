/* SPDX-License-Identifier: GPL-2.0-only */
/* The journal's text: what is written is read back, and a request is there whole or not at all. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/journal_line.h"
#include "config/parse.h"
#include "routes/changes.h"

static void add(struct weir_changes *changes, enum weir_change_kind kind,
		enum weir_change_sign sign, const char *key, const char *value)
{
	struct weir_change change = {.kind = kind,
				     .sign = sign,
				     .key = (char *)key,
				     .value = (char *)value,
				     .at_ns = 1700000000000000005ULL,
				     .who = "alice"};

	cr_assert_eq(weir_changes_add(changes, &change), 0);
}

/* As in effect: sorted. */
static struct weir_changes three(void)
{
	struct weir_changes changes = {};

	add(&changes, WEIR_CHANGE_ROUTE, WEIR_CHANGE_GONE, "default", "");
	add(&changes, WEIR_CHANGE_ROUTE, WEIR_CHANGE_HOLDS, "shop.example",
	    "app=shop http 10.0.1.5:8080");
	add(&changes, WEIR_CHANGE_RATE, WEIR_CHANGE_HOLDS, "shop", "5000000 100000000");
	return changes;
}

Test(routes_changes, reads_back_what_it_wrote)
{
	_cleanup_changes_ struct weir_changes changes = three();
	struct weir_changes_read read;
	size_t size;
	_cleanup_free_ char *text = weir_changes_format(&changes, &size);
	const struct weir_change *route;

	cr_assert_eq(weir_changes_parse(text, size, &read), 0);
	cr_expect_eq(read.changes.count, 3);
	cr_expect_eq(read.damaged_lines, 0);
	cr_expect_eq(read.whole_bytes, size);
	route = weir_changes_find(&read.changes, WEIR_CHANGE_ROUTE, "shop.example");
	cr_assert(route);
	cr_expect_str_eq(route->value, "app=shop http 10.0.1.5:8080");
	cr_expect_str_eq(route->who, "alice");
	cr_expect_eq(route->at_ns, 1700000000000000005ULL);
	cr_expect_eq(weir_changes_find(&read.changes, WEIR_CHANGE_ROUTE, "default")->sign,
		     WEIR_CHANGE_GONE);
	weir_changes_done(&read.changes);
}

Test(routes_changes, every_torn_end_leaves_the_requests_before_it)
{
	_cleanup_changes_ struct weir_changes first = {}, second = three();
	size_t first_size, second_size;
	_cleanup_free_ char *before = NULL, *behind = NULL, *both = NULL;

	add(&first, WEIR_CHANGE_DRAIN, WEIR_CHANGE_HOLDS, "10.0.1.5:8080", "");
	before = weir_changes_format(&first, &first_size);
	behind = weir_changes_format(&second, &second_size);
	cr_assert(asprintf(&both, "%s%s", before, behind) > 0);
	for (size_t size = first_size; size < first_size + second_size; size++) {
		/* A copy of exactly this size: reading behind it is found. */
		_cleanup_free_ char *torn = malloc(size);
		struct weir_changes_read read;

		memcpy(torn, both, size);
		cr_assert_eq(weir_changes_parse(torn, size, &read), 0);
		cr_expect_eq(read.changes.count, 1, "%zu of %zu bytes", size,
			     first_size + second_size);
		cr_expect_eq(read.whole_bytes, first_size);
		weir_changes_done(&read.changes);
	}
}

Test(routes_changes, damage_costs_its_line_and_no_other)
{
	_cleanup_changes_ struct weir_changes changes = three();
	struct weir_changes_read read;
	size_t size;
	_cleanup_free_ char *text = weir_changes_format_all(&changes, &size);

	strchr(text, '\n')[-1] ^= 1;
	cr_assert_eq(weir_changes_parse(text, size, &read), 0);
	cr_expect_eq(read.changes.count, 2);
	cr_expect_eq(read.damaged_lines, 1);
	weir_changes_done(&read.changes);
}

/* What the parser puts in place of an app that is not stated: the host, whatever its form. */
Test(routes_changes, a_route_without_an_app_reads_back_whatever_its_host)
{
	static const char *const hosts[] = {
		"shop.example", "*.shop.example", "default",
		"a-label-of-some-length.and-another-one-of-some-length.shop.example"};

	for (size_t i = 0; i < sizeof(hosts) / sizeof(hosts[0]); i++) {
		_cleanup_diags_ struct weir_diags diags = {};
		struct weir_routes routes = {}, again = {};
		_cleanup_free_ char *line = NULL, *value = NULL, *written = NULL;

		cr_assert_gt(asprintf(&line, "%s http 10.0.1.5:8080", hosts[i]), 0);
		cr_assert_eq(weir_routes_parse("a", line, strlen(line), &diags, &routes), 0);
		value = weir_route_value(&routes.items[0]);
		cr_assert_gt(asprintf(&written, "%s %s", hosts[i], value), 0);
		cr_expect_eq(weir_routes_parse("b", written, strlen(written), &diags, &again), 0,
			     "%s: %s", written, diags.count ? diags.items[0].text : "");
		weir_routes_done(&routes);
		weir_routes_done(&again);
	}
}

/* As a host's name, the journal would say it with the word that stands for the default route. */
Test(routes_changes, default_is_the_default_route_however_it_is_written)
{
	static const char lines[] = "DeFault http 10.0.1.5:8080\n";
	_cleanup_diags_ struct weir_diags diags = {};
	struct weir_routes routes = {};

	cr_assert_eq(weir_routes_parse("a", lines, strlen(lines), &diags, &routes), 0);
	cr_expect_null(routes.items[0].host);
	cr_expect_str_eq(routes.items[0].app, "default");
	weir_routes_done(&routes);
}

Test(routes_changes, a_line_with_a_nul_is_damaged)
{
	_cleanup_changes_ struct weir_changes changes = three();
	struct weir_changes_read read;
	size_t size;
	_cleanup_free_ char *text = weir_changes_format_all(&changes, &size);
	char *newline = strchr(text, '\n'), behind = newline[1];

	newline[-1] = 0;
	weir_journal_line_seal(text, newline - text - WEIR_JOURNAL_HEAD);
	newline[1] = behind;
	cr_assert_eq(weir_changes_parse(text, size, &read), 0);
	cr_expect_eq(read.changes.count, 2);
	cr_expect_eq(read.damaged_lines, 1);
	weir_changes_done(&read.changes);
}

/* As a line of another release may have: whole by its checksum. */
Test(routes_changes, a_line_by_somebody_with_too_long_a_name_is_damaged)
{
	char line[WEIR_JOURNAL_HEAD + 200];
	struct weir_changes_read read;

	for (int length = WEIR_WHO_MAX - 1; length <= WEIR_WHO_MAX; length++) {
		int size = sprintf(line + WEIR_JOURNAL_HEAD,
				   "+ . route 1700000000.000000005 %0*d a.example app=a", length,
				   0);

		size = weir_journal_line_seal(line, size);
		cr_assert_eq(weir_changes_parse(line, size, &read), 0);
		cr_expect_eq(read.changes.count, length < WEIR_WHO_MAX, "%d", length);
		cr_expect_eq(read.damaged_lines, length >= WEIR_WHO_MAX, "%d", length);
		weir_changes_done(&read.changes);
	}
}

Test(routes_changes, latest_of_a_key_counts)
{
	_cleanup_changes_ struct weir_changes before = three(), request = {}, after = {};

	add(&request, WEIR_CHANGE_ROUTE, WEIR_CHANGE_HOLDS, "shop.example", "app=a");
	add(&request, WEIR_CHANGE_ROUTE, WEIR_CHANGE_HOLDS, "shop.example", "app=b");
	add(&request, WEIR_CHANGE_ROUTE, WEIR_CHANGE_REVERTS, "default", "");
	add(&request, WEIR_CHANGE_RATE, WEIR_CHANGE_REVERTS, "shop", "");
	add(&request, WEIR_CHANGE_DRAIN, WEIR_CHANGE_REVERTS, "192.0.2.1:1", "");
	cr_assert_eq(weir_changes_merge(&before, &request, &after), 0);
	cr_assert_eq(after.count, 1);
	cr_expect_str_eq(after.items[0].value, "app=b");
}

Test(routes_changes, who_cannot_forge_a_line)
{
	_cleanup_changes_ struct weir_changes changes = three();
	struct weir_changes_read read;
	size_t size, lines = 0;
	_cleanup_free_ char *text = NULL;

	strcpy(changes.items[0].who, "eve\n- . x");
	text = weir_changes_format(&changes, &size);
	for (const char *at = text; (at = strchr(at, '\n')); at++)
		lines++;
	cr_expect_eq(lines, 3);
	cr_assert_eq(weir_changes_parse(text, size, &read), 0);
	cr_expect_eq(read.changes.count, 3);
	weir_changes_done(&read.changes);
}
