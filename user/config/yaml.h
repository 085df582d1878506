/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A YAML text bound to C structures by a libcyaml schema, with two things that libcyaml alone
 * does not give: every error at once, and where each value was written.
 *
 * Works for schemas of mappings, lists and strings (pointers), all fields optional.
 */
#ifndef WEIR_CONFIG_YAML_H
#define WEIR_CONFIG_YAML_H

#include <cyaml/cyaml.h>
#include <stddef.h>

#include "base/diag.h"

struct weir_mark {
	const void *value; /* the string, or the structure of a mapping */
	unsigned int line, column;
};

struct weir_yaml {
	void *data; /* as the schema says */
	const cyaml_schema_value_t *schema;
	struct weir_mark *marks;
	size_t marks_count;
};

/*
 * Bind `bytes`. Unknown keys, keys stated twice, values of a wrong kind, aliases and further
 * documents are errors in `diags`; all else is bound none the less, so that the caller can check
 * it too. A key without a value (`allowlist:`) counts as not there. In a list of mappings a plain
 * value stands for the mapping's first field.
 * Returns 0 with errors or without; -EINVAL when it is no YAML at all, -ENOMEM.
 */
int weir_yaml_load(const cyaml_schema_value_t *schema, const char *path, const char *bytes,
		   size_t size, struct weir_diags *diags, struct weir_yaml *ret_yaml);
void weir_yaml_done(struct weir_yaml *yaml);

/* Where a string or structure of yaml->data was written; line 0 for what was not. */
struct weir_mark weir_yaml_mark(const struct weir_yaml *yaml, const void *value);

#endif
