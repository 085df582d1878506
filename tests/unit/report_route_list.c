/* SPDX-License-Identifier: GPL-2.0-only */
/* Pages of a proxy's list -> a table, JSON, a routes file, names. */
#include <criterion/criterion.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "report/route_list.h"

static const char first_page[] =
	"{\"version\": 1, \"ok\": true, \"number\": 4, \"more\": true, \"routes\": ["
	"{\"host\": \"blog.example\", \"app\": \"blog\", \"http\": [\"10.0.0.1:80\", "
	"\"10.0.0.2:80\"],"
	" \"tls\": [], \"path\": \"apps.routes\", \"line\": 3}],"
	"\"gone\": [{\"host\": \"old.example\", \"who\": \"bob\", \"at\": 1700000000}],"
	"\"drains\": [{\"container\": \"10.0.0.2:80\", \"who\": \"bob\", \"at\": 1700000000,"
	" \"connections\": 7, \"routed\": true}],"
	"\"rates\": [{\"of\": \"blog\", \"who\": \"bob\", \"at\": 1700000000,"
	" \"bytes_per_s\": 5000000, \"burst_bytes\": 100000000}]}";

static const char second_page[] =
	"{\"version\": 1, \"ok\": true, \"number\": 4, \"more\": false, \"routes\": ["
	"{\"host\": \"a-longer-name.example\", \"app\": \"shop\", \"http\": [],"
	" \"tls\": [\"10.0.0.3:443\"], \"tls_proxy\": \"v2\", \"who\": \"al\\u001b[2J\\tice\","
	" \"at\": 1700000000}]}";

static void add(struct weir_route_list *list, const char *page)
{
	json_t *value = json_loads(page, 0, NULL);

	cr_assert_not_null(value);
	cr_assert_eq(weir_route_list_add(list, value), 0);
	json_decref(value);
}

static char *text_of(enum weir_route_form form, const char *first, const char *second)
{
	struct weir_route_list *list = weir_route_list_new(form);
	char *text;

	cr_assert_not_null(list);
	add(list, first);
	if (second)
		add(list, second);
	text = weir_route_list_text(list);
	weir_route_list_free(&list);
	cr_assert_null(list);
	cr_assert_not_null(text);
	return text;
}

static void expect_text(enum weir_route_form form, const char *first, const char *second,
			const char *want)
{
	char *text = text_of(form, first, second);

	cr_expect_str_eq(text, want);
	free(text);
}

Test(report_route_list, table_aligns_what_came_in_several_pages)
{
	char *text = text_of(WEIR_ROUTES_TABLE, first_page, second_page);
	const char *head = strstr(text, "containers"), *row = strchr(text, '\n');

	cr_assert(head && row, "%s", text);
	cr_expect_eq(strstr(row, " http 10.0.0.1:80 10.0.0.2:80(drained)\n") + 1 - row,
		     head - text + 1, "%s", text);
	cr_expect_not_null(strstr(text, "a-longer-name.example  shop  live: al\\x1b[2J\\x09ice, "
					"2023-11-14T22:13:20Z"),
			   "%s", text);
	cr_expect_not_null(strstr(text, " tls proxy=v2 10.0.0.3:443\n"), "%s", text);
	free(text);
}

Test(report_route_list, table_ends_with_what_else_was_changed_live)
{
	char *text = text_of(WEIR_ROUTES_TABLE, first_page, second_page);

	cr_expect_not_null(strstr(text, "\ntaken out: old.example  live: bob, 2023-11-14"), "%s",
			   text);
	cr_expect_not_null(strstr(text, "\ndrained: 10.0.0.2:80  7 connections  live: bob"), "%s",
			   text);
	cr_expect_not_null(strstr(text, "\nrate: blog  5MB/s burst 100MB  live: bob"), "%s", text);
	free(text);
}

Test(report_route_list, table_of_nothing_is_empty)
{
	expect_text(WEIR_ROUTES_TABLE, "{\"routes\": [], \"gone\": []}", NULL, "");
}

Test(report_route_list, file_is_one_line_a_route)
{
	expect_text(WEIR_ROUTES_FILE, first_page, second_page,
		    "blog.example app=blog http 10.0.0.1:80 10.0.0.2:80\n"
		    "a-longer-name.example app=shop tls proxy=v2 10.0.0.3:443\n");
}

Test(report_route_list, hosts_are_one_a_line_and_escaped)
{
	expect_text(WEIR_ROUTES_HOSTS, "{\"routes\": [\"a.example\"], \"more\": true}",
		    "{\"routes\": [\"b\\u0007.example\"]}", "a.example\nb\\x07.example\n");
}

/* One form of JSON, loaded again: the envelope is gone, all routes are there. */
static void expect_json(enum weir_route_form form, size_t lines)
{
	char *text = text_of(form, first_page, second_page);
	json_t *root = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
	size_t newlines = 0;

	cr_assert_not_null(root, "%s", text);
	for (const char *at = text; *at; at++)
		newlines += *at == '\n';
	cr_expect_eq(newlines, lines, "%s", text);
	cr_expect_eq(json_object_size(root), 5, "%s", text);
	cr_expect_eq(json_integer_value(json_object_get(root, "number")), 4);
	cr_expect_eq(json_array_size(json_object_get(root, "routes")), 2);
	cr_expect_eq(json_array_size(json_object_get(root, "gone")), 1);
	/* A time is text as everywhere in JSON. */
	cr_expect_str_eq(json_string_value(json_object_get(
				 json_array_get(json_object_get(root, "routes"), 1), "at")),
			 "2023-11-14T22:13:20Z");
	cr_expect_str_eq(json_string_value(json_object_get(
				 json_array_get(json_object_get(root, "drains"), 0), "at")),
			 "2023-11-14T22:13:20Z");
	json_decref(root);
	free(text);
}

Test(report_route_list, json_holds_every_page_and_no_envelope)
{
	expect_json(WEIR_ROUTES_JSON, 10);
}

Test(report_route_list, json_is_one_line_where_asked_for)
{
	expect_json(WEIR_ROUTES_JSON_LINE, 1);
}

Test(report_route_list, json_of_nothing_is_an_empty_array)
{
	expect_text(WEIR_ROUTES_JSON, "{\"routes\": [], \"number\": 0}", NULL,
		    "{\n  \"routes\": [],\n  \"number\": 0\n}\n");
	expect_text(WEIR_ROUTES_HOSTS_JSON, "{\"routes\": [\"a\"], \"number\": 0}", NULL,
		    "{\"hosts\":[\"a\"],\"number\":0}\n");
}
