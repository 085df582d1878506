/* SPDX-License-Identifier: GPL-2.0-only */
/* The journal of live routes: what is in effect, written out again, reads the same; order and keys hold. */
#include "routes/changes.h"
#include "fuzz.h"

static void check_order(const struct weir_changes *changes)
{
	for (size_t i = 0; i < changes->count; i++) {
		const struct weir_change *change = &changes->items[i];

		fuzz_check(change->sign != WEIR_CHANGE_REVERTS && change->key && change->value);
		fuzz_check(weir_changes_find(changes, change->kind, change->key) == change);
	}
}

static void check_again(const struct weir_changes *changes)
{
	struct weir_changes_read again;
	size_t size;
	char *text = weir_changes_format_all(changes, &size);

	fuzz_check(text);
	fuzz_check(!weir_changes_parse(text, size, &again));
	fuzz_check(again.whole_bytes == size && !again.damaged_lines);
	fuzz_check(again.changes.count == changes->count);
	for (size_t i = 0; i < changes->count; i++) {
		const struct weir_change *a = &changes->items[i], *b = &again.changes.items[i];

		fuzz_check(a->kind == b->kind && a->sign == b->sign && a->at_ns == b->at_ns);
		fuzz_check(!strcmp(a->key, b->key) && !strcmp(a->value, b->value));
	}
	weir_changes_done(&again.changes);
	free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *bytes = fuzz_copy(data, size);
	struct weir_changes_read read;

	fuzz_check(!weir_changes_parse(bytes, size, &read));
	fuzz_check(read.whole_bytes <= size);
	check_order(&read.changes);
	check_again(&read.changes);
	weir_changes_done(&read.changes);
	free(bytes);
	return 0;
}
