/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Collects what is wrong with the input, then prints it.
 *
 * Paths and texts are copied and made printable as they are added, so that no byte of an input
 * file reaches a terminal unescaped. Beyond WEIR_DIAGS_MAX an error takes the place of a warning,
 * or many of those would hide why a command fails; where all are errors it is not kept but counted:
 * the input is wrong all the same.
 */
#include "base/diag.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/cleanup.h"
#include "base/text.h"

static void diag_done(struct weir_diag *diag)
{
	free(diag->path);
	free(diag->text);
}

void weir_diags_done(struct weir_diags *diags)
{
	for (size_t i = 0; i < diags->count; i++)
		diag_done(&diags->items[i]);
	free(diags->items);
	*diags = (struct weir_diags){0};
}

/* A printable copy, or NULL. The text of a message has no backslash but the input's own. */
static char *printable_copy(const char *text)
{
	size_t size = strlen(text), room = size * 4 + 1;
	char *copy = malloc(room);

	return copy ? weir_text_escape(text, size, copy, room) : NULL;
}

/* Could another one be kept? There is a warning to give up for as long as errors are fewer. */
static bool has_room(const struct weir_diags *diags, enum weir_severity severity)
{
	return diags->count < WEIR_DIAGS_MAX ||
	       (severity == WEIR_ERROR && diags->errors <= WEIR_DIAGS_MAX);
}

/* A place at the end, for which the last warning goes if need be; NULL: there is none. */
static struct weir_diag *take_place(struct weir_diags *diags)
{
	size_t i = diags->count;

	if (diags->count < WEIR_DIAGS_MAX)
		return weir_array_add(&diags->items, &diags->count);
	diags->is_incomplete = true;
	while (i && diags->items[i - 1].severity != WEIR_WARNING)
		i--;
	if (!i)
		return NULL;
	diag_done(&diags->items[i - 1]);
	memmove(&diags->items[i - 1], &diags->items[i], (diags->count - i) * sizeof(*diags->items));
	return &diags->items[diags->count - 1];
}

static void diags_add(struct weir_diags *diags, struct weir_diag diag, const char *path,
		      const char *format, va_list arguments)
{
	_cleanup_free_ char *text = NULL;
	struct weir_diag *item;

	diags->errors += diag.severity == WEIR_ERROR;
	if (!has_room(diags, diag.severity) || vasprintf(&text, format, arguments) < 0) {
		diags->is_incomplete = true;
		return;
	}
	diag.text = printable_copy(text);
	diag.path = path ? printable_copy(*path ? path : "''") : NULL;
	item = diag.text && (diag.path || !path) ? take_place(diags) : NULL;
	if (!item) {
		diag_done(&diag);
		diags->is_incomplete = true;
		return;
	}
	*item = diag;
}

int weir_diags_error(struct weir_diags *diags, const char *path, unsigned int line,
		     unsigned int column, const char *format, ...)
{
	struct weir_diag diag = {.severity = WEIR_ERROR, .line = line, .column = column};
	va_list arguments;

	va_start(arguments, format);
	diags_add(diags, diag, path, format, arguments);
	va_end(arguments);
	return -EINVAL;
}

void weir_diags_warning(struct weir_diags *diags, const char *path, unsigned int line,
			unsigned int column, const char *format, ...)
{
	struct weir_diag diag = {.severity = WEIR_WARNING, .line = line, .column = column};
	va_list arguments;

	va_start(arguments, format);
	diags_add(diags, diag, path, format, arguments);
	va_end(arguments);
}

void weir_diags_print(const struct weir_diags *diags, FILE *to)
{
	for (size_t i = 0; i < diags->count; i++) {
		const struct weir_diag *diag = &diags->items[i];

		if (diag->path)
			fprintf(to, "%s:", diag->path);
		if (diag->path && diag->line)
			fprintf(to, "%u:", diag->line);
		if (diag->path && diag->line && diag->column)
			fprintf(to, "%u:", diag->column);
		fprintf(to, "%s%s%s\n", diag->path ? " " : "",
			diag->severity == WEIR_WARNING ? "warning: " : "", diag->text);
	}
	if (diags->is_incomplete)
		fprintf(to, "and more, not shown; errors in all: %zu\n", diags->errors);
}
