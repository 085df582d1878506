/* SPDX-License-Identifier: GPL-2.0-only */
/* Lists of prefixes: what was read, written out again, reads the same and without a complaint. */
#include "config/parse.h"
#include "fuzz.h"

static char *write_list(const struct weir_list *list, size_t *ret_size)
{
	char *text = malloc(list->count * (WEIR_PREFIX_TEXT_MAX + 1) + 1);
	size_t size = 0;

	fuzz_check(text);
	for (size_t i = 0; i < list->count; i++) {
		weir_prefix_format(list->entries[i].prefix, text + size);
		size += strlen(text + size);
		text[size++] = '\n';
	}
	*ret_size = size;
	return text;
}

static void check_again(const struct weir_list *list)
{
	struct weir_diags diags = {0};
	struct weir_list again;
	size_t size;
	char *text = write_list(list, &size);

	fuzz_check(!weir_list_parse("again", "again", text, size, &diags, &again));
	fuzz_check(!list->count || !diags.count);
	fuzz_check(again.count == list->count);
	for (size_t i = 0; i < list->count; i++)
		fuzz_check(again.entries[i].prefix.address == list->entries[i].prefix.address &&
			   again.entries[i].prefix.length == list->entries[i].prefix.length);
	weir_list_done(&again);
	weir_diags_done(&diags);
	free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *bytes = fuzz_copy(data, size);
	struct weir_diags diags = {0};
	struct weir_list list;
	int r = weir_list_parse("list", "list", bytes, size, &diags, &list);

	fuzz_check_told(r, &diags);
	if (!r) {
		for (size_t i = 0; i < list.count; i++)
			fuzz_check(weir_prefix_has(list.entries[i].prefix,
						   list.entries[i].prefix.address) &&
				   list.entries[i].line);
		check_again(&list);
		weir_list_done(&list);
	}
	weir_diags_done(&diags);
	free(bytes);
	return 0;
}
