/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Private networks in a list of public sources: seldom meant, and of no use against packets from the
 * Internet. One warning a list, at the first of them, with their number.
 */
#include "config/loader.h"

void weir_list_warn_private(const struct weir_list *list, struct weir_diags *diags)
{
	static const struct weir_prefix networks[] = {
		{0x0a000000, 8},  {0x7f000000, 8},  {0xa9fe0000, 16},
		{0xac100000, 12}, {0xc0a80000, 16},
	};
	const struct weir_listed *first = NULL;
	char text[WEIR_PREFIX_TEXT_MAX];
	size_t count = 0;

	for (size_t i = 0; i < list->count; i++) {
		struct weir_prefix prefix = list->entries[i].prefix;

		for (size_t n = 0; n < sizeof(networks) / sizeof(networks[0]); n++) {
			if (!weir_prefix_has(networks[n], prefix.address) &&
			    !weir_prefix_has(prefix, networks[n].address))
				continue;
			first = first ? first : &list->entries[i];
			count++;
			break;
		}
	}
	if (first)
		weir_diags_warning(diags, list->path, first->line, 0,
				   "%s is private, loopback or link-local; entries in all that "
				   "are: %zu",
				   weir_prefix_format(first->prefix, text), count);
}
