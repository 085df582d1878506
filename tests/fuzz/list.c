/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Lists of prefixes: what was read, written out again, reads the same and without a complaint; each
 * line says alone what it says among others; and a range is its prefixes side by side.
 */
#include "config/parse.h"
#include "fuzz.h"

enum { LINES_MAX = 200 };

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

/* The entries of one line: each begins where the one before it ended. */
static void check_line(const struct weir_list *list, size_t first, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const struct weir_listed *entry = &list->entries[first + i];

		fuzz_check(weir_prefix_has(entry->prefix, entry->prefix.address));
		fuzz_check(!i || weir_prefix_last(entry[-1].prefix) + 1 == entry->prefix.address);
	}
}

static void check_entry(const struct weir_listed *alone, const struct weir_listed *among,
			unsigned int line)
{
	fuzz_check(among->line == line && alone->prefix.address == among->prefix.address &&
		   alone->prefix.length == among->prefix.length);
}

/* Each line by itself: the same entries in the same order, and an error where there was one. */
static void check_lines(const struct weir_list *list, bool is_good, const char *bytes, size_t size)
{
	const char *at = bytes, *end = bytes + size, *newline;
	bool was_good = true;
	unsigned int line = 1;
	size_t count = 0;

	for (; at < end && line <= LINES_MAX; at = newline + 1, line++) {
		struct weir_diags diags = {0};
		struct weir_list alone;
		/* With the newline before it: a byte order mark counts only where the text begins. */
		const char *from = at > bytes ? at - 1 : at;

		newline = memchr(at, '\n', end - at) ?: end;
		if (weir_list_parse("line", "line", from, newline - from, &diags, &alone)) {
			was_good = false;
		} else {
			fuzz_check(!is_good || count + alone.count <= list->count);
			for (size_t i = 0; is_good && i < alone.count; i++)
				check_entry(&alone.entries[i], &list->entries[count + i], line);
			if (is_good)
				check_line(list, count, alone.count);
			count += alone.count;
			weir_list_done(&alone);
		}
		weir_diags_done(&diags);
	}
	if (line <= LINES_MAX)
		fuzz_check(was_good == is_good && (!is_good || count == list->count));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *bytes = fuzz_copy(data, size);
	struct weir_diags diags = {0};
	struct weir_list list;
	int r = weir_list_parse("list", "list", bytes, size, &diags, &list);

	fuzz_check_told(r, &diags);
	if (!r) {
		check_again(&list);
		check_lines(&list, true, bytes, size);
		weir_list_done(&list);
	} else {
		check_lines(NULL, false, bytes, size);
	}
	weir_diags_done(&diags);
	free(bytes);
	return 0;
}
