/* SPDX-License-Identifier: GPL-2.0-only */
/* Checks that more than one of the operator's files needs: names, rates, memory. */
#include <errno.h>

#include "base/quantity.h"
#include "config/parse.h"
#include "weir/bucket.h"

/* A full Ethernet frame without VLAN tags: a smaller burst would pass no large packet, ever. */
enum { FRAME_BYTES = 1518 };

static bool is_name_byte(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '.' || c == '_' || c == '-';
}

int weir_name_check(const char *path, unsigned int line, struct weir_token name,
		    struct weir_diags *diags)
{
	size_t i = 0;

	while (i < name.size && is_name_byte(name.text[i]))
		i++;
	if (i < name.size)
		return weir_diags_error(diags, path, line, name.column + i,
					"'%.*s' is no name: letters, digits, '.', '_' and '-'",
					WEIR_TOKEN_ARG(name));
	if (!name.size || name.size > WEIR_ID_MAX)
		return weir_diags_error(diags, path, line, name.column,
					"a name has 1 to %d characters", WEIR_ID_MAX);
	return 0;
}

int weir_no_memory(struct weir_diags *diags, const char *path)
{
	weir_diags_error(diags, path, 0, 0, "out of memory");
	return -ENOMEM;
}

int weir_limit_check(const char *path, unsigned int line, unsigned int column, __u64 bytes_per_s,
		     __u64 burst_bytes, struct weir_diags *diags)
{
	char text[WEIR_QUANTITY_TEXT_MAX];

	if (!bytes_per_s)
		return weir_diags_error(diags, path, line, column, "a rate of 0 passes nothing");
	if (burst_bytes < FRAME_BYTES)
		return weir_diags_error(diags, path, line, column,
					"a burst of %s is smaller than one frame of %d bytes",
					weir_bytes_format(burst_bytes, text), FRAME_BYTES);
	if (burst_bytes / bytes_per_s >= WEIR_BURST_UNITS_MAX / WEIR_UNITS_PER_S)
		return weir_diags_error(diags, path, line, column,
					"a burst of %s takes more than two years at this rate",
					weir_bytes_format(burst_bytes, text));
	return 0;
}
