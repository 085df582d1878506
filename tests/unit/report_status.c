/* SPDX-License-Identifier: GPL-2.0-only */
/* The state of a gate -> JSON and a table, for an interface that is shared and one that is not. */
#include <criterion/criterion.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "report/status.h"

static struct weir_status_interface interfaces[] = {
	{.name = "eth0", .is_native = true, .is_shared = true, .program_id = 7},
	{.name = "eth1", .is_on_trial = true, .why_alone = "the kernel cannot", .program_id = 8},
};

static struct weir_status status = {
	.instance = "weir",
	.is_loaded = true,
	.has_policy = true,
	.interfaces = interfaces,
	.interfaces_count = 2,
};

Test(report_status, json_says_how_each_interface_is_filtered)
{
	char *text = weir_status_json(&status, false);
	json_t *root = text ? json_loads(text, 0, NULL) : NULL, *first, *second;

	cr_assert_not_null(root);
	first = json_array_get(json_object_get(root, "interfaces"), 0);
	second = json_array_get(json_object_get(root, "interfaces"), 1);
	cr_assert_str_eq(json_string_value(json_object_get(first, "name")), "eth0");
	cr_assert(json_is_true(json_object_get(first, "shared")));
	cr_assert(json_is_false(json_object_get(first, "on_trial")));
	cr_assert_null(json_object_get(first, "why_alone"));
	cr_assert(json_is_false(json_object_get(second, "shared")));
	cr_assert(json_is_true(json_object_get(second, "on_trial")));
	cr_assert_str_eq(json_string_value(json_object_get(second, "why_alone")),
			 "the kernel cannot");
	json_decref(root);
	free(text);
}

Test(report_status, table_names_a_policy_of_management_rules_alone)
{
	char *text;

	status.fingerprint = 0;
	text = weir_status_table(&status);
	cr_assert_not_null(strstr(text, "management only"), "%s", text);
	free(text);
	status.fingerprint = 1;
	text = weir_status_table(&status);
	cr_assert_null(strstr(text, "management only"), "%s", text);
	free(text);
}

Test(report_status, proxy_line_says_who_serves_since_when_and_how_much)
{
	char *text;

	status.proxy = (struct weir_status_proxy){.runs = true,
						  .pid = 4321,
						  .workers = 2,
						  .since_s = 1700000000,
						  .open = 5,
						  .connections = 60,
						  .requests = 700,
						  .routes = 8,
						  .changes = 3};
	text = weir_status_table(&status);
	cr_expect_not_null(strstr(text,
				  "\nproxy:       pid 4321, since 2023-11-14T22:13:20Z, 2 workers, "
				  "5 connections, 8 routes, 3 live changes\n"),
			   "%s", text);
	free(text);
}

Test(report_status, a_proxy_that_this_gate_gives_nothing_is_to_be_restarted)
{
	char *without, *with;

	status.is_loaded = true;
	status.is_steered = false;
	status.proxy = (struct weir_status_proxy){};
	without = weir_status_table(&status);
	status.proxy.runs = true;
	with = weir_status_table(&status);
	cr_expect_not_null(strstr(without, "\nhand-off:    not attached\n"), "%s", without);
	cr_expect_not_null(strstr(with, "\nhand-off:    not attached: the proxy that runs is given "
					"nothing until it is restarted\n"),
			   "%s", with);
	free(without);
	free(with);
}

Test(report_status, proxy_has_no_line_while_none_runs)
{
	char *text, *json;

	status.proxy = (struct weir_status_proxy){.pid = 4321};
	text = weir_status_table(&status);
	json = weir_status_json(&status, true);
	cr_expect_null(strstr(text, "proxy:"), "%s", text);
	cr_expect_not_null(strstr(json, "\"proxy\":null"), "%s", json);
	free(text);
	free(json);
}
