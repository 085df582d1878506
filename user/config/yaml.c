/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * YAML -> C structures, with every error at once and a mark for every value.
 *
 * libcyaml stops at its first error and forgets where values stood. So:
 *
 *   bytes -> libyaml document -> prune -> text -> libcyaml -> data
 *                                  |                            |
 *                                  +--> marks, in schema order --+--> marks by value
 *
 * What is left after pruning always binds. A walk over the bound data in the schema's order
 * gives each mark the value that it belongs to.
 */
#include "config/yaml.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "config/yaml_prune.h"

static const cyaml_config_t cyaml_config = {.mem_fn = cyaml_mem};

#define _cleanup_parser_   _cleanup_(yaml_parser_delete)
#define _cleanup_document_ _cleanup_(yaml_document_delete)

static const int nesting_max = 16; /* the schema has 4 */

/* ---- bytes -> document ----------------------------------------------------------------- */

/* What an operator has most likely done where libyaml says `problem`. */
static const char *syntax_hint(const char *problem, char at)
{
	static const struct {
		const char *problem, *hint;
	} hints[] = {
		{"mapping values are not allowed in this context",
		 ": a blank is missing behind a colon above, or this line is indented too far"},
		{"did not find expected ',' or ']'", ": a [ above is not closed"},
		{"did not find expected ',' or '}'", ": a { above is not closed"},
		{"did not find expected <document start>",
		 ": behind a key comes a colon and a blank"},
		{"could not find expected ':'", ": behind a key comes a colon and a blank"},
		{"did not find expected key", ": indent it as the lines that it belongs to"},
		{"did not find expected '-' indicator",
		 ": indent it as the lines that it belongs to"},
		{"found unexpected end of stream", ": a quote above is not closed"},
	};

	if (problem && strstr(problem, "UTF-8"))
		return ": save the file as UTF-8";
	if (problem && !strcmp(problem, "found character that cannot start any token"))
		return at == '\t' ? ": indent with blanks, not with tabs" : ": put it in quotes";
	for (size_t i = 0; problem && i < sizeof(hints) / sizeof(*hints); i++)
		if (!strcmp(problem, hints[i].problem))
			return hints[i].hint;
	return "";
}

/* What the parser did not like. Trouble with the encoding has an offset in bytes only. */
static int syntax_error(const yaml_parser_t *parser, const char *path, const char *bytes,
			size_t size, struct weir_diags *diags)
{
	size_t line = parser->problem_mark.line, column = parser->problem_mark.column;

	if (parser->error == YAML_MEMORY_ERROR) {
		weir_diags_error(diags, path, 0, 0, "out of memory");
		return -ENOMEM;
	}
	if (parser->error == YAML_READER_ERROR) {
		line = column = 0;
		for (size_t i = 0; i < parser->problem_offset; i++, column++) {
			if (bytes[i] == '\n') {
				line++;
				column = -1;
			}
		}
	}
	return weir_diags_error(
		diags, path, line + 1, column + 1, "is no YAML: %s%s",
		parser->problem ? parser->problem : "cannot be parsed",
		syntax_hint(parser->problem, parser->problem_mark.index < size
						     ? bytes[parser->problem_mark.index]
						     : '\0'));
}

/*
 * Refuse what nests deeper than any file of ours. libyaml's time grows with the square of the
 * depth: 50,000 brackets take it ten seconds. What is no YAML is left to the loader to report.
 */
static int nesting_check(const char *path, const char *bytes, size_t size, struct weir_diags *diags)
{
	_cleanup_parser_ yaml_parser_t parser = {0};
	bool is_end = false;
	int depth = 0;

	if (!yaml_parser_initialize(&parser))
		return -ENOMEM;
	yaml_parser_set_input_string(&parser, (const unsigned char *)bytes, size);
	while (!is_end) {
		yaml_event_t event;
		yaml_mark_t mark;

		if (!yaml_parser_parse(&parser, &event))
			return 0;
		is_end = event.type == YAML_STREAM_END_EVENT;
		depth += event.type == YAML_SEQUENCE_START_EVENT ||
			 event.type == YAML_MAPPING_START_EVENT;
		depth -= event.type == YAML_SEQUENCE_END_EVENT ||
			 event.type == YAML_MAPPING_END_EVENT;
		mark = event.start_mark;
		yaml_event_delete(&event);
		if (depth > nesting_max)
			return weir_diags_error(diags, path, mark.line + 1, mark.column + 1,
						"nests deeper than %d levels", nesting_max);
	}
	return 0;
}

/* The one document of a text. A second one is an error, but does not stand in its way. */
static int document_parse(const char *path, const char *bytes, size_t size,
			  struct weir_diags *diags, yaml_document_t *ret_document)
{
	_cleanup_parser_ yaml_parser_t parser = {0};
	_cleanup_document_ yaml_document_t second = {0};

	if (!yaml_parser_initialize(&parser))
		return -ENOMEM;
	yaml_parser_set_input_string(&parser, (const unsigned char *)bytes, size);
	if (!yaml_parser_load(&parser, ret_document))
		return syntax_error(&parser, path, bytes, size, diags);
	if (!yaml_parser_load(&parser, &second))
		syntax_error(&parser, path, bytes, size, diags);
	else if (yaml_document_get_root_node(&second))
		weir_diags_error(diags, path, second.start_mark.line + 1,
				 second.start_mark.column + 1,
				 "a second document begins here; only one is read");
	return 0;
}

/* ---- document -> data ------------------------------------------------------------------ */

/* The document as text. Dumping uses it up: *document is empty then. */
static int document_print(yaml_document_t *document, char **ret_text, size_t *ret_size)
{
	_cleanup_(yaml_emitter_delete) yaml_emitter_t emitter = {0};
	_cleanup_free_ char *text = NULL;
	FILE *to = open_memstream(&text, ret_size);
	bool is_done = false;

	if (!to)
		return -ENOMEM;
	if (yaml_emitter_initialize(&emitter)) {
		yaml_emitter_set_output_file(&emitter, to);
		yaml_emitter_set_unicode(&emitter, 1);
		yaml_emitter_set_width(&emitter, -1);
		is_done = yaml_emitter_open(&emitter);
	}
	if (is_done) {
		is_done = yaml_emitter_dump(&emitter, document) && yaml_emitter_close(&emitter);
		/* Freed by the dump, its directives with the first event: not to be freed again. */
		*document = (yaml_document_t){0};
	}
	if (fclose(to) || !is_done)
		return -ENOMEM;
	*ret_text = take_pointer(text);
	return 0;
}

/* ---- marks ----------------------------------------------------------------------------- */

static void *pointer_at(const char *at)
{
	void *pointer;

	memcpy(&pointer, at, sizeof(pointer));
	return pointer;
}

static struct weir_mark *mappings_assign(const cyaml_schema_field_t *fields, const char *at,
					 struct weir_mark *next);

static struct weir_mark *entries_assign(const cyaml_schema_value_t *entry, const char *at,
					unsigned int count, struct weir_mark *next)
{
	bool is_mapping = entry->type == CYAML_MAPPING;
	size_t step = is_mapping ? entry->data_size : sizeof(char *);

	for (unsigned int i = 0; i < count; i++, at += step) {
		if (is_mapping)
			next = mappings_assign(entry->mapping.fields, at, next);
		next++->value = is_mapping ? at : pointer_at(at);
	}
	return next;
}

/* Give the marks from `next` on to the values of the mapping at `at`. Returns the first not used. */
static struct weir_mark *mappings_assign(const cyaml_schema_field_t *fields, const char *at,
					 struct weir_mark *next)
{
	for (; fields->key; fields++) {
		const cyaml_schema_value_t *value = &fields->value;
		const char *field = at + fields->data_offset;
		unsigned int count;

		if (value->type == CYAML_MAPPING) {
			next = mappings_assign(value->mapping.fields, field, next);
		} else if (value->type == CYAML_SEQUENCE) {
			memcpy(&count, at + fields->count_offset, sizeof(count));
			next = entries_assign(value->sequence.entry, pointer_at(field), count,
					      next);
		} else if (pointer_at(field)) {
			next++->value = pointer_at(field);
		}
	}
	return next;
}

static int mark_compare(const void *a, const void *b)
{
	const struct weir_mark *x = a, *y = b;

	return (x->value > y->value) - (x->value < y->value);
}

struct weir_mark weir_yaml_mark(const struct weir_yaml *yaml, const void *value)
{
	struct weir_mark want = {.value = value}, *found = NULL;

	if (yaml->marks_count)
		found = bsearch(&want, yaml->marks, yaml->marks_count, sizeof(want), mark_compare);
	return found ? *found : want;
}

/* ---- all of it ------------------------------------------------------------------------- */

static int data_bind(struct weir_yaml *yaml, yaml_document_t *document, const char *path,
		     struct weir_diags *diags)
{
	_cleanup_free_ char *text = NULL;
	size_t size = 0;
	cyaml_err_t error;
	int r = document_print(document, &text, &size);

	if (r) {
		weir_diags_error(diags, path, 0, 0, "out of memory");
		return r;
	}
	error = cyaml_load_data((const uint8_t *)text, size, &cyaml_config, yaml->schema,
				&yaml->data, NULL);
	if (error != CYAML_OK)
		return weir_diags_error(diags, path, 0, 0, "%s", cyaml_strerror(error));
	return 0;
}

int weir_yaml_load(const cyaml_schema_value_t *schema, const char *path, const char *bytes,
		   size_t size, struct weir_diags *diags, struct weir_yaml *ret_yaml)
{
	_cleanup_(weir_yaml_done) struct weir_yaml yaml = {.schema = schema};
	_cleanup_document_ yaml_document_t document = {0};
	struct weir_mark *last;
	int r;

	r = nesting_check(path, bytes, size, diags)
		    ?: document_parse(path, bytes, size, diags, &document);
	if (r)
		return r;
	r = weir_yaml_prune(&document, schema, path, diags, &yaml.marks, &yaml.marks_count);
	if (r)
		return r;
	r = data_bind(&yaml, &document, path, diags);
	if (r)
		return r;
	last = mappings_assign(schema->mapping.fields, yaml.data, yaml.marks);
	assert((size_t)(last - yaml.marks) == yaml.marks_count);
	if (yaml.marks_count)
		qsort(yaml.marks, yaml.marks_count, sizeof(*yaml.marks), mark_compare);
	*ret_yaml = yaml;
	yaml = (struct weir_yaml){0};
	return 0;
}

void weir_yaml_done(struct weir_yaml *yaml)
{
	if (yaml->data)
		cyaml_free(&cyaml_config, yaml->schema, yaml->data, 0);
	free(yaml->marks);
	*yaml = (struct weir_yaml){0};
}
