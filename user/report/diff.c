/* SPDX-License-Identifier: GPL-2.0-only */
/* A difference between generations -> lines or JSON. */
#include "report/diff.h"

#include <stdio.h>

#include "base/cleanup.h"
#include "report/json.h"

char *weir_diff_table(const struct weir_diff *diff)
{
	char *text = NULL;
	size_t size;
	FILE *to = open_memstream(&text, &size);

	if (!to)
		return NULL;
	for (size_t i = 0; i < diff->count; i++)
		fprintf(to, "%c %-12s %s\n", diff->items[i].sign,
			weir_change_slug(diff->items[i].kind), diff->items[i].text);
	return take_text(to, &text);
}

static json_t *moved_json(const struct weir_moved *moved)
{
	return json_pack("{s:I, s:I}", "added", (json_int_t)moved->added, "removed",
			 (json_int_t)moved->removed);
}

char *weir_diff_json(const struct weir_diff *diff)
{
	json_t *changes = json_array();

	for (size_t i = 0; i < diff->count; i++) {
		const struct weir_change *change = &diff->items[i];
		const char sign[2] = {change->sign};

		json_array_append_new(changes, json_pack("{s:s, s:s, s:s}", "sign", sign, "kind",
							 weir_change_slug(change->kind), "text",
							 change->text));
	}
	return weir_json_text(json_pack("{s:o, s:o, s:o, s:o}", "changes", changes, "denied",
					moved_json(&diff->denied), "allowed",
					moved_json(&diff->allowed), "cdn", moved_json(&diff->cdn)));
}
