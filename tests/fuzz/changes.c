/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The journal of live routes, its lines as they come and sealed with the checksum that they should
 * have: what is in effect, written out again, reads the same; order and keys hold; what is cut off
 * behind the last whole request changes nothing; and no torn end changes what was before it.
 */
#include "routes/changes.h"
#include "fuzz.h"

/* The two numbers of a rate: read as the C library reads them, or not at all. */
static void check_rate(const struct weir_change *change)
{
	unsigned long long rate = 0, burst = 0;
	__u64 bytes_per_s, burst_bytes;
	char rest;

	if (weir_rate_value_parse(change->value, &bytes_per_s, &burst_bytes))
		return;
	fuzz_check(sscanf(change->value, "%llu %llu %c", &rate, &burst, &rest) == 2);
	fuzz_check(rate == bytes_per_s && burst == burst_bytes);
}

static void check_order(const struct weir_changes *changes)
{
	for (size_t i = 0; i < changes->count; i++) {
		const struct weir_change *change = &changes->items[i];

		fuzz_check(change->sign != WEIR_CHANGE_REVERTS && change->key && change->value);
		fuzz_check(weir_changes_find(changes, change->kind, change->key) == change);
		check_rate(change);
	}
}

static void check_same(const struct weir_changes *before, const struct weir_changes *after)
{
	fuzz_check(before->count == after->count);
	for (size_t i = 0; i < before->count; i++) {
		const struct weir_change *a = &before->items[i], *b = &after->items[i];

		fuzz_check(a->kind == b->kind && a->sign == b->sign && a->at_ns == b->at_ns);
		fuzz_check(!strcmp(a->key, b->key) && !strcmp(a->value, b->value));
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
	check_same(changes, &again.changes);
	weir_changes_done(&again.changes);
	free(text);
}

/* All as one request: without its last byte none of it happened. */
static void check_request(const struct weir_changes *changes)
{
	struct weir_changes_read read;
	size_t size;
	char *text = weir_changes_format(changes, &size);

	fuzz_check(text && !weir_changes_parse(text, size, &read));
	check_same(changes, &read.changes);
	weir_changes_done(&read.changes);
	if (size) {
		fuzz_check(!weir_changes_parse(text, size - 1, &read));
		fuzz_check(!read.changes.count && !read.whole_bytes);
		weir_changes_done(&read.changes);
	}
	free(text);
}

/* Cut where the proxy cuts it when it starts, and torn a little further on. */
static void check_cut(const struct weir_changes_read *read, const char *bytes, size_t size)
{
	size_t torn = read->whole_bytes + (size - read->whole_bytes) / 2;
	struct weir_changes_read cut;

	for (size_t at = read->whole_bytes;; at = torn) {
		fuzz_check(!weir_changes_parse(bytes, at, &cut));
		fuzz_check(cut.whole_bytes == read->whole_bytes);
		check_same(&read->changes, &cut.changes);
		weir_changes_done(&cut.changes);
		if (at == torn)
			break;
	}
}

static void check_journal(const char *bytes, size_t size)
{
	struct weir_changes_read read;

	fuzz_check(!weir_changes_parse(bytes, size, &read));
	fuzz_check(read.whole_bytes <= size && read.damaged_lines <= read.lines);
	check_order(&read.changes);
	check_again(&read.changes);
	check_request(&read.changes);
	check_cut(&read, bytes, size);
	weir_changes_done(&read.changes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t sealed_size;
	char *bytes = fuzz_copy(data, size), *exact;
	char *sealed = fuzz_seal_lines(data, size, 0, &sealed_size);

	check_journal(bytes, size);
	exact = fuzz_copy((const uint8_t *)sealed, sealed_size);
	check_journal(exact, sealed_size);
	free(exact);
	free(sealed);
	free(bytes);
	return 0;
}
