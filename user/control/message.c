/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A request's line -> the verb's handler -> the reply's line. Pure: no descriptor is touched.
 *
 * Every request gets a reply, be it only that it was no JSON. Diagnostics travel as values and become
 * diagnostics again on the other side, so that an operator reads of a file's line as if it had been
 * read by the command itself.
 */
#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "control/control.h"

static json_t *diag_json(const struct weir_diag *diag)
{
	json_t *value = json_pack("{s:s}", "text", diag->text);

	if (diag->path)
		json_object_set_new(value, "path", json_string(diag->path));
	if (diag->line)
		json_object_set_new(value, "line", json_integer(diag->line));
	if (diag->column)
		json_object_set_new(value, "column", json_integer(diag->column));
	if (diag->severity == WEIR_WARNING)
		json_object_set_new(value, "warning", json_true());
	return value;
}

json_t *weir_control_diags_json(const struct weir_diags *diags)
{
	json_t *array = json_array();

	for (size_t i = 0; i < diags->count; i++)
		json_array_append_new(array, diag_json(&diags->items[i]));
	if (diags->is_incomplete)
		json_array_append_new(array, json_pack("{s:s}", "text", "there is more to say"));
	return array;
}

int weir_control_diags_parse(const json_t *array, struct weir_diags *diags)
{
	const json_t *item;
	size_t i;

	json_array_foreach(array, i, item)
	{
		const char *text = json_string_value(json_object_get(item, "text"));
		const char *path = json_string_value(json_object_get(item, "path"));
		unsigned int line = json_integer_value(json_object_get(item, "line"));
		unsigned int column = json_integer_value(json_object_get(item, "column"));

		if (!text)
			return -EPROTO;
		if (json_is_true(json_object_get(item, "warning")))
			weir_diags_warning(diags, path, line, column, "%s", text);
		else
			weir_diags_error(diags, path, line, column, "%s", text);
	}
	return 0;
}

static int refuse(struct weir_control_call *call, const char *what, const char *name)
{
	return weir_diags_error(&call->diags, NULL, 0, 0, "%s '%.64s'", what, name);
}

/* Find the verb and run it. */
static int dispatch(const struct weir_control_verb *verbs, struct weir_control_call *call)
{
	const json_t *version = json_object_get(call->request, "version");
	const char *name = json_string_value(json_object_get(call->request, "verb"));

	if (!json_is_object(call->request))
		return weir_diags_error(&call->diags, NULL, 0, 0, "a request is a JSON object");
	if (!json_is_integer(version))
		return weir_diags_error(&call->diags, NULL, 0, 0, "a request states its version");
	if (json_integer_value(version) != WEIR_CONTROL_VERSION)
		return weir_diags_error(
			&call->diags, NULL, 0, 0, "version %lld is not spoken here, %d is",
			(long long)json_integer_value(version), WEIR_CONTROL_VERSION);
	if (!name)
		return weir_diags_error(&call->diags, NULL, 0, 0, "a request has a verb");
	for (; verbs->name; verbs++)
		if (!strcmp(verbs->name, name))
			return verbs->handle(call);
	return refuse(call, "no verb", name);
}

static char *reply_text(struct weir_control_call *call, int r)
{
	_cleanup_json_ json_t *reply = json_object();
	char *text, *line;
	size_t size;

	if (r && !call->diags.errors)
		weir_diags_error(&call->diags, NULL, 0, 0, "%s", strerror(-r));
	json_object_set_new(reply, "version", json_integer(WEIR_CONTROL_VERSION));
	json_object_set_new(reply, "ok", json_boolean(!call->diags.errors));
	if (call->diags.count || call->diags.is_incomplete)
		json_object_set_new(reply, "diags", weir_control_diags_json(&call->diags));
	if (!call->diags.errors)
		json_object_update(reply, call->reply);
	text = json_dumps(reply, JSON_COMPACT);
	size = text ? strlen(text) : 0;
	line = text ? realloc(text, size + 2) : NULL;
	if (!line) {
		free(text);
		return NULL;
	}
	memcpy(line + size, "\n", 2);
	return line;
}

char *weir_control_answer(const struct weir_control_verb *verbs, void *context,
			  struct weir_control_conn *conn, const char *line, size_t size)
{
	struct weir_control_call call = {.conn = conn, .context = context};
	_cleanup_json_ json_t *request = NULL, *reply = json_object();
	json_error_t error;
	char *text;
	int r;

	request = json_loadb(line, size, JSON_REJECT_DUPLICATES, &error);
	call.request = request;
	call.reply = reply;
	if (request)
		r = dispatch(verbs, &call);
	else
		r = weir_diags_error(&call.diags, NULL, 0, 0, "no JSON: %s", error.text);
	text = reply_text(&call, r);
	weir_diags_done(&call.diags);
	return text;
}
