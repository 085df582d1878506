/* SPDX-License-Identifier: GPL-2.0-only */
/* Lines, tokens and columns; escaping; diagnostics; reading whole files. */
#include <criterion/criterion.h>
#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/array.h"
#include "base/diag.h"
#include "base/file.h"
#include "base/text.h"
#include "guard.h"

Test(text, gives_every_token_with_its_line_and_column)
{
	static const char input[] = "# top\r\n\n  a\tbb # c\r\n;x\nccc ; d\r\n   \r\nlast";
	static const struct {
		const char *text;
		unsigned int line, column;
	} want[] = {{"a", 3, 3}, {"bb", 3, 5}, {"ccc", 5, 1}, {"last", 7, 1}};
	_cleanup_guard_ struct guard guard = guard_of(input, sizeof(input) - 1);
	struct weir_lines lines = weir_lines_of(guard.bytes, sizeof(input) - 1, "#;");
	struct weir_line line;
	struct weir_token token;
	size_t n = 0;

	while (weir_lines_next(&lines, &line)) {
		while (weir_line_take(&line, &token)) {
			cr_assert_lt(n, 4);
			cr_expect(weir_token_is(token, want[n].text), "%.*s",
				  WEIR_TOKEN_ARG(token));
			cr_expect_eq(line.number, want[n].line);
			cr_expect_eq(token.column, want[n].column);
			n++;
		}
	}
	cr_expect_eq(n, 4);
}

Test(text, skips_the_head_of_a_token_and_keeps_the_column)
{
	struct weir_token token = {"app=web", 7, 10};

	cr_expect_not(weir_token_skip(&token, "app=web2"));
	cr_expect(weir_token_skip(&token, "app="));
	cr_expect(weir_token_is(token, "web"));
	cr_expect_eq(token.column, 14);
}

Test(text, escapes_every_unprintable_byte_and_never_cuts_an_escape)
{
	char to[16];

	cr_expect_str_eq(weir_text_escape("a\x1b[\\\n\xff", 6, to, 16), "a\\x1b[\\\\\\x0a");
	cr_expect_str_eq(weir_text_escape("abc", 3, to, 3), "ab");
	cr_expect_str_eq(weir_text_escape("a\n", 2, to, 5), "a");
	cr_expect_str_eq(weir_text_escape("a", 1, to, 1), "");
}

static void print(const struct weir_diags *diags, char *text, size_t size)
{
	FILE *to = fmemopen(text, size, "w");

	weir_diags_print(diags, to);
	fclose(to);
}

Test(diag, prints_what_is_known_and_escapes_the_input)
{
	_cleanup_diags_ struct weir_diags diags = {0};
	char text[512] = "";

	cr_expect_eq(weir_diags_error(&diags, "a.txt", 3, 7, "bad '%s'", "x\x1b"), -EINVAL);
	weir_diags_warning(&diags, "a.txt", 4, 0, "odd");
	weir_diags_error(&diags, "b\n.txt", 0, 0, "missing");
	weir_diags_error(&diags, NULL, 0, 0, "no file");
	weir_diags_error(&diags, "", 0, 0, "missing");
	print(&diags, text, sizeof(text));
	cr_expect_str_eq(text, "a.txt:3:7: bad 'x\\x1b'\n"
			       "a.txt:4: warning: odd\n"
			       "b\\x0a.txt: missing\n"
			       "no file\n"
			       "'': missing\n");
	cr_expect_eq(diags.count, 5);
	cr_expect_eq(diags.errors, 4);
}

Test(diag, keeps_errors_in_the_order_found_and_gives_up_warnings_for_them)
{
	_cleanup_diags_ struct weir_diags diags = {};

	weir_diags_error(&diags, "first", 0, 0, "an error");
	for (int i = 0; i < 2 * WEIR_DIAGS_MAX; i++)
		weir_diags_warning(&diags, "file", i, 0, "a warning");
	weir_diags_error(&diags, "second", 0, 0, "an error");
	weir_diags_error(&diags, "third", 0, 0, "an error");
	cr_assert_eq(diags.count, WEIR_DIAGS_MAX);
	cr_expect_str_eq(diags.items[0].path, "first");
	cr_expect_str_eq(diags.items[WEIR_DIAGS_MAX - 2].path, "second");
	cr_expect_str_eq(diags.items[WEIR_DIAGS_MAX - 1].path, "third");
	cr_expect(diags.is_incomplete);
	for (int i = 0; i < 2 * WEIR_DIAGS_MAX; i++)
		weir_diags_error(&diags, "more", i, 0, "an error");
	cr_expect_eq(diags.count, WEIR_DIAGS_MAX);
	cr_expect_eq(diags.errors, 3 + 2 * WEIR_DIAGS_MAX);
	for (size_t i = 0; i < diags.count; i++)
		cr_assert_eq(diags.items[i].severity, WEIR_ERROR);
}

Test(diag, counts_errors_beyond_what_it_keeps)
{
	_cleanup_diags_ struct weir_diags diags = {0};

	for (int i = 0; i < WEIR_DIAGS_MAX; i++)
		weir_diags_warning(&diags, "a", i + 1, 0, "odd");
	cr_expect_not(diags.is_incomplete);
	weir_diags_error(&diags, "a", 1, 0, "bad");
	cr_expect(diags.is_incomplete);
	cr_expect_eq(diags.count, WEIR_DIAGS_MAX);
	cr_expect_eq(diags.errors, 1);
}

Test(array, keeps_its_items_while_it_grows)
{
	unsigned int *items = NULL;
	size_t count = 0;

	for (unsigned int i = 0; i < 10000; i++) {
		unsigned int *item = weir_array_add(&items, &count);

		cr_assert_not_null(item);
		cr_assert_eq(*item, 0);
		*item = i;
	}
	for (unsigned int i = 0; i < 10000; i++)
		cr_assert_eq(items[i], i);
	free(items);
}

struct folder {
	char path[64];
};

static struct folder folder_new(void)
{
	struct folder folder = {"/tmp/weir-unit-base-XXXXXX"};

	cr_assert_not_null(mkdtemp(folder.path));
	cr_assert_eq(chdir(folder.path), 0);
	return folder;
}

static void write_file(const char *path, const void *bytes, size_t size)
{
	FILE *to = fopen(path, "w");

	cr_assert_eq(fwrite(bytes, 1, size, to), size);
	fclose(to);
}

/* Writes on until it is told to stop. */
static void *append(void *stop)
{
	FILE *to = fopen("growing", "a");

	while (!__atomic_load_n((bool *)stop, __ATOMIC_ACQUIRE)) {
		fputs("192.0.2.1\n", to);
		fflush(to);
	}
	fclose(to);
	return NULL;
}

Test(file, refuses_a_text_that_is_written_while_it_is_read)
{
	struct folder folder = folder_new();
	_cleanup_diags_ struct weir_diags diags = {0};
	_cleanup_file_ struct weir_file file = {0};
	bool stop = false;
	pthread_t writer;
	struct stat now = {0};
	int r;

	write_file("growing", "", 0);
	cr_assert_eq(truncate("growing", 64 << 20), 0); /* takes a while to read */
	cr_assert_eq(pthread_create(&writer, NULL, append, &stop), 0);
	while (!stat("growing", &now) && now.st_size == 64 << 20)
		usleep(100);
	r = weir_file_read_text("growing", 1UL << 40, &diags, &file);
	__atomic_store_n(&stop, true, __ATOMIC_RELEASE);
	pthread_join(writer, NULL);
	cr_expect_eq(r, -EINVAL);
	cr_assert_eq(diags.count, 1);
	cr_expect(strstr(diags.items[0].text, "while it was read"), "%s", diags.items[0].text);
	unlink("growing");
	rmdir(folder.path);
}

Test(file, refuses_what_is_no_file_without_waiting)
{
	struct folder folder = folder_new();
	_cleanup_diags_ struct weir_diags diags = {0};
	_cleanup_file_ struct weir_file file = {0};
	char text[512] = "";

	write_file("binary", "1.2.3.4\n\0\n", 10);
	write_file("large", "0123456789", 10);
	write_file("empty", "", 0);
	cr_assert_eq(mkfifo("fifo", 0600), 0);

	cr_expect_eq(weir_file_read("/", 100, &file), -EISDIR);
	cr_expect_eq(weir_file_read("missing", 100, &file), -ENOENT);
	cr_expect_eq(weir_file_read("fifo", 100, &file), -ENOTSUP);
	cr_expect_eq(weir_file_read("/dev/zero", 100, &file), -ENOTSUP);
	cr_expect_eq(weir_file_read("large", 9, &file), -EFBIG);
	cr_expect_null(file.bytes);

	cr_expect_eq(weir_file_read_text("missing", 100, &diags, &file), -ENOENT);
	cr_expect_eq(weir_file_read_text("binary", 100, &diags, &file), -EINVAL);
	cr_expect_eq(weir_file_read_text("fifo", 100, &diags, &file), -EINVAL);
	cr_expect_eq(weir_file_read_text("large", 9, &diags, &file), -EINVAL);
	cr_expect_null(file.bytes);
	print(&diags, text, sizeof(text));
	cr_expect_str_eq(text, "missing: cannot read: No such file or directory\n"
			       "binary: is a binary file, not a text\n"
			       "fifo: is not a regular file\n"
			       "large: is larger than 9 bytes\n");

	cr_expect_eq(weir_file_read_text("large", 10, &diags, &file), 0);
	cr_expect_eq(file.size, 10);
	weir_file_done(&file);
	cr_expect_eq(weir_file_read_text("empty", 10, &diags, &file), 0);
	cr_expect_eq(file.size, 0);

	for (const char *const *name = (const char *const[]){"binary", "large", "empty", "fifo", 0};
	     *name; name++)
		unlink(*name);
	rmdir(folder.path);
}

Test(file, fingerprints_tell_any_changed_byte)
{
	char bytes[64] = "a list of something";
	__u64 first = weir_fingerprint(WEIR_FINGERPRINT_SEED, bytes, sizeof(bytes));

	for (size_t i = 0; i < sizeof(bytes); i++) {
		bytes[i] ^= 1;
		cr_expect_neq(weir_fingerprint(WEIR_FINGERPRINT_SEED, bytes, sizeof(bytes)), first);
		bytes[i] ^= 1;
	}
	cr_expect_eq(weir_fingerprint(WEIR_FINGERPRINT_SEED, bytes, sizeof(bytes)), first);
	cr_expect_neq(weir_fingerprint(WEIR_FINGERPRINT_SEED, bytes, 63), first);
}

Test(text, knows_a_word_that_was_mistyped)
{
	cr_assert(weir_text_is_near("denylist", "denylists"));
	cr_assert(weir_text_is_near("reigon", "region"));
	cr_assert(weir_text_is_near("region", "region"));
	cr_assert(!weir_text_is_near("colour", "region"));
	cr_assert(!weir_text_is_near("port", "region"));
	cr_assert(!weir_text_is_near("?", "to"));
	cr_assert(!weir_text_is_near(
		"a word of so many letters that no key is as long as it is, at all", "region"));
}
