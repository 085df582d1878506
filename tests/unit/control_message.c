/* SPDX-License-Identifier: GPL-2.0-only */
/* A request's line to the reply's, without a socket. */
#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "control/control.h"

static int echo(struct weir_control_call *call)
{
	json_object_set(call->reply, "said", json_object_get(call->request, "say"));
	return 0;
}

static int fail_twice(struct weir_control_call *call)
{
	json_object_set_new(call->reply, "half", json_true());
	weir_diags_error(&call->diags, "routes", 3, 7, "is wrong");
	return weir_diags_error(&call->diags, NULL, 0, 0, "so is this");
}

static int fail_mutely(struct weir_control_call *call)
{
	(void)call;
	return -ENOSPC;
}

static const struct weir_control_verb verbs[] = {
	{"echo", echo}, {"twice", fail_twice}, {"mute", fail_mutely}, {}};

static void expect_reply(const char *line, const char *want)
{
	_cleanup_free_ char *reply = weir_control_answer(verbs, NULL, NULL, line, strlen(line));

	cr_expect_str_eq(reply, want, "to %s: %s", line, reply);
}

Test(control_message, runs_the_verb_that_is_asked_for)
{
	expect_reply("{\"version\":1,\"verb\":\"echo\",\"say\":[1,\"\\n\"]}",
		     "{\"version\":1,\"ok\":true,\"said\":[1,\"\\n\"]}\n");
}

Test(control_message, refuses_what_it_does_not_know_by_name)
{
	expect_reply("{\"version\":1,\"verb\":\"eco\"}",
		     "{\"version\":1,\"ok\":false,\"diags\":[{\"text\":\"no verb 'eco'\"}]}\n");
	expect_reply("{\"version\":7,\"verb\":\"echo\"}",
		     "{\"version\":1,\"ok\":false,\"diags\":[{\"text\":\"version 7 is not spoken "
		     "here, 1 is\"}]}\n");
	expect_reply("{\"verb\":\"echo\"}", "{\"version\":1,\"ok\":false,\"diags\":[{\"text\":\"a "
					    "request states its version\"}]}\n");
	expect_reply("{\"version\":1}", "{\"version\":1,\"ok\":false,\"diags\":[{\"text\":\"a "
					"request has a verb\"}]}\n");
	expect_reply("[1]", "{\"version\":1,\"ok\":false,\"diags\":[{\"text\":\"a request is a "
			    "JSON object\"}]}\n");
}

Test(control_message, answers_whatever_is_no_json)
{
	static const char *const lines[] = {"",      "{",           "{\"a\":1,\"a\":2}",
					    "{} {}", "\"\\u0000\"", "\xff\xfe"};

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		_cleanup_free_ char *reply = weir_control_answer(verbs, NULL, NULL, lines[i],
								 strlen(lines[i]));

		cr_expect(strstr(reply, "\"ok\":false"), "%s: %s", lines[i], reply);
	}
}

Test(control_message, failure_says_everything_and_promises_nothing)
{
	expect_reply("{\"version\":1,\"verb\":\"twice\"}",
		     "{\"version\":1,\"ok\":false,\"diags\":[{\"text\":\"is wrong\",\"path\":"
		     "\"routes\",\"line\":3,\"column\":7},{\"text\":\"so is this\"}]}\n");
	expect_reply("{\"version\":1,\"verb\":\"mute\"}",
		     "{\"version\":1,\"ok\":false,\"diags\":[{\"text\":\"No space left on "
		     "device\"}]}\n");
}

Test(control_message, diagnostics_survive_the_way)
{
	_cleanup_diags_ struct weir_diags diags = {}, back = {};
	_cleanup_json_ json_t *array = NULL;

	weir_diags_error(&diags, "file", 1, 2, "bad \x1b[31m");
	weir_diags_warning(&diags, NULL, 0, 0, "odd");
	array = weir_control_diags_json(&diags);
	cr_assert_eq(weir_control_diags_parse(array, &back), 0);
	cr_assert_eq(back.count, 2);
	cr_expect_str_eq(back.items[0].path, "file");
	cr_expect_eq(back.items[0].line, 1);
	cr_expect_eq(back.items[0].column, 2);
	cr_expect_null(strchr(back.items[0].text, '\x1b'));
	cr_expect_eq(back.items[1].severity, WEIR_WARNING);
	cr_expect_eq(back.errors, 1);
}
