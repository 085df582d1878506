/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Make a YAML document fit its schema: what does not fit is reported and dropped, what is left
 * always binds.
 *
 * Keys come out in the schema's order, whatever the file's, and so do the marks: one a string,
 * and one behind those of each mapping in a list. Values that are null are dropped without a
 * word: a key whose values are all commented out is as good as no key.
 */
#include "config/yaml_prune.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/array.h"
#include "base/cleanup.h"
#include "base/text.h"

struct pruner {
	const char *path;
	struct weir_diags *diags;
	yaml_document_t *document;
	const cyaml_schema_field_t *root;
	bool *seen; /* by node, up to seen_max: an alias would bring one up twice */
	int seen_max;
	struct weir_mark *marks;
	size_t marks_count;
	bool has_no_memory;
};

static yaml_node_t *node_of(struct pruner *pruner, int index)
{
	return yaml_document_get_node(pruner->document, index);
}

static bool refuse(struct pruner *pruner, yaml_mark_t mark, const char *key, const char *what)
{
	weir_diags_error(pruner->diags, pruner->path, mark.line + 1, mark.column + 1, "'%.*s' %s",
			 (int)strnlen(key, 80), key, what);
	return false;
}

static void mark_add(struct pruner *pruner, yaml_mark_t at)
{
	struct weir_mark *mark = weir_array_add(&pruner->marks, &pruner->marks_count);

	if (mark)
		*mark = (struct weir_mark){NULL, at.line + 1, at.column + 1};
	else
		pruner->has_no_memory = true;
}

static bool is_null(const yaml_node_t *node)
{
	const char *text = (const char *)node->data.scalar.value;

	return node->type == YAML_SCALAR_NODE &&
	       node->data.scalar.style == YAML_PLAIN_SCALAR_STYLE &&
	       (!*text || !strcmp(text, "~") || !strcmp(text, "null"));
}

/* A quoted scalar can have a NUL, behind which everybody else would not look. */
static bool has_nul(const yaml_node_t *node)
{
	return strlen((const char *)node->data.scalar.value) != node->data.scalar.length;
}

static const char *key_text(struct pruner *pruner, const yaml_node_pair_t *pair)
{
	const yaml_node_t *key = node_of(pruner, pair->key);

	return key->type == YAML_SCALAR_NODE && !has_nul(key) ? (const char *)key->data.scalar.value
							      : "?";
}

static const cyaml_schema_field_t *field_find(const cyaml_schema_field_t *fields, const char *key)
{
	for (; fields->key; fields++)
		if (!strcmp(fields->key, key))
			return fields;
	return NULL;
}

static bool node_prune(struct pruner *pruner, const cyaml_schema_value_t *schema, const char *key,
		       int index);

/* A key of this mapping, of a mapping in it or of the whole file: said where. */
static void refuse_unknown(struct pruner *pruner, yaml_mark_t mark, const char *key,
			   const cyaml_schema_field_t *fields)
{
	char what[128] = "is no key here: weir.yaml(5) has them all";

	if (field_find(pruner->root, key))
		strcpy(what, "belongs at the top: do not indent it");
	for (const cyaml_schema_field_t *field = fields; field->key; field++)
		if (weir_text_is_near(key, field->key))
			snprintf(what, sizeof(what), "is no key here: is it '%s'?", field->key);
	for (const cyaml_schema_field_t *field = fields; field->key; field++)
		if (field->value.type == CYAML_MAPPING &&
		    field_find(field->value.mapping.fields, key))
			snprintf(what, sizeof(what), "belongs under '%s': indent it there",
				 field->key);
	refuse(pruner, mark, key, what);
}

/* Unknown keys and keys stated twice, in the file's order. */
static void keys_check(struct pruner *pruner, const cyaml_schema_field_t *fields,
		       const yaml_node_t *node)
{
	const yaml_node_pair_t *first = node->data.mapping.pairs.start, *pair, *other;

	for (pair = first; pair < node->data.mapping.pairs.top; pair++) {
		const char *key = key_text(pruner, pair);
		yaml_mark_t mark = node_of(pruner, pair->key)->start_mark;

		if (!field_find(fields, key)) {
			refuse_unknown(pruner, mark, key, fields);
			continue;
		}
		for (other = first; other < pair; other++) {
			if (!strcmp(key_text(pruner, other), key)) {
				refuse(pruner, mark, key, "is stated twice");
				break;
			}
		}
	}
}

/* Keep the known keys with a value of the right kind, in the schema's order. */
static bool mapping_prune(struct pruner *pruner, const cyaml_schema_value_t *schema, int index)
{
	yaml_node_t *node = node_of(pruner, index);
	size_t count = node->data.mapping.pairs.top - node->data.mapping.pairs.start, kept = 0;
	_cleanup_free_ yaml_node_pair_t *pairs = calloc(count + 1, sizeof(*pairs));

	if (!pairs) {
		pruner->has_no_memory = true;
		return false;
	}
	if (count)
		memcpy(pairs, node->data.mapping.pairs.start, count * sizeof(*pairs));
	keys_check(pruner, schema->mapping.fields, node);
	for (const cyaml_schema_field_t *field = schema->mapping.fields; field->key; field++) {
		for (size_t i = 0; i < count; i++) {
			if (strcmp(key_text(pruner, &pairs[i]), field->key) != 0)
				continue;
			if (node_prune(pruner, &field->value, field->key, pairs[i].value))
				/* Adding nodes may have moved them all. */
				node_of(pruner, index)->data.mapping.pairs.start[kept++] = pairs[i];
			break;
		}
	}
	node = node_of(pruner, index);
	node->data.mapping.pairs.top = node->data.mapping.pairs.start + kept;
	return true;
}

/* A plain value in a list of mappings: the mapping that has it as its first field, or 0. */
static int scalar_wrap(struct pruner *pruner, const cyaml_schema_field_t *field, int index)
{
	int mapping = yaml_document_add_mapping(pruner->document, NULL, YAML_ANY_MAPPING_STYLE);
	int key = yaml_document_add_scalar(pruner->document, NULL, (yaml_char_t *)field->key, -1,
					   YAML_ANY_SCALAR_STYLE);

	if (!mapping || !key ||
	    !yaml_document_append_mapping_pair(pruner->document, mapping, key, index)) {
		pruner->has_no_memory = true;
		return 0;
	}
	return mapping;
}

/* The item as it is to be bound, or 0. */
static int item_prune(struct pruner *pruner, const cyaml_schema_value_t *entry, const char *key,
		      int item)
{
	const yaml_node_t *node = node_of(pruner, item);
	yaml_mark_t mark = node->start_mark;

	if (is_null(node)) {
		refuse(pruner, mark, key, "has an empty item");
		return 0;
	}
	if (entry->type == CYAML_MAPPING && node->type == YAML_SCALAR_NODE)
		item = scalar_wrap(pruner, entry->mapping.fields, item);
	if (!item || !node_prune(pruner, entry, key, item))
		return 0;
	if (entry->type == CYAML_MAPPING)
		mark_add(pruner, mark);
	return item;
}

static bool sequence_prune(struct pruner *pruner, const cyaml_schema_value_t *schema,
			   const char *key, int index)
{
	yaml_node_t *node = node_of(pruner, index);
	size_t count = node->data.sequence.items.top - node->data.sequence.items.start, kept = 0;

	/* With more, a list cut below its least would leave marks of what is not bound. */
	assert(schema->sequence.min <= 1);
	if (count < schema->sequence.min)
		return refuse(pruner, node->start_mark, key, "needs an item or more");
	for (size_t i = 0; i < count; i++) {
		int item = item_prune(pruner, schema->sequence.entry, key,
				      node_of(pruner, index)->data.sequence.items.start[i]);

		if (item)
			node_of(pruner, index)->data.sequence.items.start[kept++] = item;
	}
	node = node_of(pruner, index);
	node->data.sequence.items.top = node->data.sequence.items.start + kept;
	return kept >= schema->sequence.min;
}

/*
 * Is the node's value to be bound? Recursion is as deep as the schema, whatever the input.
 * Nodes that yaml_document_add_* made lie behind `seen` and are no aliases.
 */
static bool node_prune(struct pruner *pruner, const cyaml_schema_value_t *schema, const char *key,
		       int index)
{
	const yaml_node_t *node = node_of(pruner, index);

	if (is_null(node))
		return false;
	if (index <= pruner->seen_max) {
		if (pruner->seen[index])
			return refuse(pruner, node->start_mark, key,
				      "is used by an alias: write the value out");
		pruner->seen[index] = true;
	}
	switch (schema->type) {
	case CYAML_MAPPING:
		if (node->type != YAML_MAPPING_NODE)
			return refuse(pruner, node->start_mark, key, "needs keys and values");
		return mapping_prune(pruner, schema, index);
	case CYAML_SEQUENCE:
		if (node->type != YAML_SEQUENCE_NODE)
			return refuse(pruner, node->start_mark, key, "needs a list: [a, b]");
		return sequence_prune(pruner, schema, key, index);
	default:
		assert(schema->type == CYAML_STRING);
		if (node->type != YAML_SCALAR_NODE)
			return refuse(pruner, node->start_mark, key, "needs a single value");
		if (has_nul(node))
			return refuse(pruner, node->start_mark, key, "has a NUL character");
		mark_add(pruner, node->start_mark);
		return true;
	}
}

int weir_yaml_prune(yaml_document_t *document, const cyaml_schema_value_t *schema, const char *path,
		    struct weir_diags *diags, struct weir_mark **ret_marks, size_t *ret_count)
{
	int nodes = document->nodes.top - document->nodes.start;
	_cleanup_free_ bool *seen = calloc(nodes + 1, sizeof(*seen));
	struct pruner pruner = {
		.path = path,
		.diags = diags,
		.document = document,
		.root = schema->mapping.fields,
		.seen = seen,
		.seen_max = nodes,
		.has_no_memory = !seen,
	};
	bool is_empty = !nodes || is_null(node_of(&pruner, 1));
	int r = 0;

	if (is_empty)
		r = weir_diags_error(diags, path, 0, 0, "is empty");
	else if (seen && !node_prune(&pruner, schema, "the file", 1))
		r = -EINVAL;
	if (pruner.has_no_memory) {
		weir_diags_error(diags, path, 0, 0, "out of memory");
		r = -ENOMEM;
	}
	if (r) {
		free(pruner.marks);
		return r;
	}
	*ret_marks = pruner.marks;
	*ret_count = pruner.marks_count;
	return 0;
}
