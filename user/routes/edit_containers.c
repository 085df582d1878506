/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What an operator asks of containers -> changes: drains and rates, whatever routes lead there.
 *
 * Each is one change of one key: `ADDRESS:PORT`, for rates also the name of an app. What is so already
 * is no change; to end what is not so is an error, because it is a slip of the pen.
 */
#include "routes/edit.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "config/parse.h"

int weir_edit_put(const struct weir_edit *edit, enum weir_change_kind kind,
		  enum weir_change_sign sign, const char *key, const char *value,
		  struct weir_changes *request)
{
	struct weir_change change = {.kind = kind,
				     .sign = sign,
				     .key = (char *)key,
				     .value = (char *)value,
				     .at_ns = edit->at_ns};

	snprintf(change.who, sizeof(change.who), "%s", edit->who);
	return weir_changes_add(request, &change);
}

int weir_edit_drain(const struct weir_edit *edit, const char *container, bool is_end,
		    struct weir_changes *request)
{
	struct weir_container parsed;
	char key[WEIR_CONTAINER_TEXT_MAX];
	const char *why;
	bool is_drained;

	if (weir_container_parse(container, strlen(container), &parsed, &why))
		return weir_diags_error(edit->diags, NULL, 0, 0, "'%s' %s", container, why);
	weir_container_format(parsed, key);
	is_drained = weir_changes_find(edit->changes, WEIR_CHANGE_DRAIN, key) != NULL;
	if (is_end && !is_drained)
		return weir_diags_error(edit->diags, NULL, 0, 0, "%s is not drained", key);
	if (!is_end && is_drained)
		return 0;
	return weir_edit_put(edit, WEIR_CHANGE_DRAIN,
			     is_end ? WEIR_CHANGE_REVERTS : WEIR_CHANGE_HOLDS, key, "", request);
}

int weir_edit_rate(const struct weir_edit *edit, const char *of, __u64 bytes_per_s,
		   __u64 burst_bytes, struct weir_changes *request)
{
	struct weir_container parsed;
	char container[WEIR_CONTAINER_TEXT_MAX], value[48];
	struct weir_token token = {.text = of, .size = strlen(of)};
	const char *key = of, *why;

	if (strchr(of, ':')) {
		if (weir_container_parse(of, strlen(of), &parsed, &why))
			return weir_diags_error(edit->diags, NULL, 0, 0, "'%s' %s", of, why);
		key = weir_container_format(parsed, container);
	} else if (weir_name_check(NULL, 0, token, edit->diags)) {
		return -EINVAL;
	}
	if (!bytes_per_s)
		return weir_changes_find(edit->changes, WEIR_CHANGE_RATE, key)
			       ? weir_edit_put(edit, WEIR_CHANGE_RATE, WEIR_CHANGE_REVERTS, key, "",
					       request)
			       : weir_diags_error(edit->diags, NULL, 0, 0,
						  "%s has no rate of its own", key);
	if (weir_limit_check(NULL, 0, 0, bytes_per_s, burst_bytes, edit->diags))
		return -EINVAL;
	snprintf(value, sizeof(value), "%llu %llu", bytes_per_s, burst_bytes);
	return weir_edit_put(edit, WEIR_CHANGE_RATE, WEIR_CHANGE_HOLDS, key, value, request);
}
