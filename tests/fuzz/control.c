/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Requests at the control socket: whatever the line, the answer is one JSON object on one line,
 * which says whether it worked; a handler is called only for its verb; and the client reads what was
 * said.
 */
#include <errno.h>

#include "control/control.h"
#include "fuzz.h"

static int handled;

static int echo(struct weir_control_call *call)
{
	handled++;
	fuzz_check(!strcmp(json_string_value(json_object_get(call->request, "verb")), "echo"));
	return json_object_set(call->reply, "echo", (json_t *)call->request);
}

static int fail(struct weir_control_call *call)
{
	handled++;
	return weir_diags_error(&call->diags, NULL, 0, 0, "refused");
}

/* Of the diagnostics there may be, one of each kind, in the request's own words. */
static int warn(struct weir_control_call *call)
{
	const char *path = json_string_value(json_object_get(call->request, "path"));

	handled++;
	weir_diags_warning(&call->diags, path,
			   json_integer_value(json_object_get(call->request, "line")), 1, "%s",
			   path ?: "no path");
	return 0;
}

static int flood(struct weir_control_call *call)
{
	handled++;
	for (int i = 0; i <= 2 * WEIR_DIAGS_MAX; i++)
		weir_diags_error(&call->diags, "path", i, i, "refused");
	return -EINVAL;
}

static int break_down(struct weir_control_call *call)
{
	(void)call;
	handled++;
	return -EIO;
}

static const struct weir_control_verb verbs[] = {
	{"echo", echo},   {"fail", fail},        {"warn", warn},
	{"flood", flood}, {"break", break_down}, {0},
};

/* The client's side: what the reply's diagnostics say, said once more, is the same. */
static void check_diags(const json_t *array)
{
	struct weir_diags diags = {0};
	json_t *again;

	fuzz_check(!weir_control_diags_parse(array, &diags));
	fuzz_check(diags.count == json_array_size(array) || diags.is_incomplete);
	again = weir_control_diags_json(&diags);
	for (size_t i = 0; i < diags.count; i++) {
		const json_t *was = json_array_get(array, i), *is = json_array_get(again, i);

		fuzz_check(json_integer_value(json_object_get(was, "line")) ==
			   json_integer_value(json_object_get(is, "line")));
		fuzz_check(!json_object_get(was, "warning") == !json_object_get(is, "warning"));
	}
	json_decref(again);
	weir_diags_done(&diags);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *line = fuzz_copy(data, size), *answer;
	json_t *reply;
	bool is_ok;

	handled = 0;
	answer = weir_control_answer(verbs, NULL, NULL, line, size);
	free(line);
	fuzz_check(answer && strchr(answer, '\n') == answer + strlen(answer) - 1);
	reply = json_loads(answer, 0, NULL);
	fuzz_check(json_is_object(reply));
	fuzz_check(json_is_boolean(json_object_get(reply, "ok")));
	is_ok = json_is_true(json_object_get(reply, "ok"));
	fuzz_check(handled <= 1 && (!is_ok || handled == 1));
	fuzz_check(is_ok || json_array_size(json_object_get(reply, "diags")) > 0);
	check_diags(json_object_get(reply, "diags"));
	json_decref(reply);
	free(answer);
	return 0;
}
