/* SPDX-License-Identifier: GPL-2.0-only */
/* The first half of yaml.c: a document and a schema -> a document that binds, and its marks. */
#ifndef WEIR_CONFIG_YAML_PRUNE_H
#define WEIR_CONFIG_YAML_PRUNE_H

#include <yaml.h>

#include "config/yaml.h"

/*
 * Report what does not fit the schema, and cut it out of the document. The marks are the
 * caller's to free; their values are not known yet.
 * Returns 0; -EINVAL when nothing is left to bind, -ENOMEM; both are in `diags`.
 */
int weir_yaml_prune(yaml_document_t *document, const cyaml_schema_value_t *schema, const char *path,
		    struct weir_diags *diags, struct weir_mark **ret_marks, size_t *ret_count);

#endif
