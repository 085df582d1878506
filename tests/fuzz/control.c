/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Requests at the control socket: whatever the line, the answer is one JSON object on one line,
 * which says whether it worked; a handler is called only for its verb.
 */
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

static const struct weir_control_verb verbs[] = {{"echo", echo}, {"fail", fail}, {0}};

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
	json_decref(reply);
	free(answer);
	return 0;
}
