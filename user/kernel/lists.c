/* SPDX-License-Identifier: GPL-2.0-only */
/* Lists -> lines of their lengths, and back. A line that cannot be read is no line. */
#include "kernel/lists.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/fail.h"
#include "base/file.h"

enum { LISTS_BYTES_MAX = 1 << 20 };

static void file_path(const struct weir_paths *paths, const char *suffix,
		      char to[static 2 * WEIR_PATH_MAX])
{
	snprintf(to, 2 * WEIR_PATH_MAX, "%s/lists%s", paths->state, suffix);
}

/* How many entries the file, a terminated text, gives the list at `path`; 0: none. */
static size_t find_count(const char *text, const char *path)
{
	size_t size = strlen(path);

	for (const char *line = text, *next; line && *line; line = next ? next + 1 : NULL) {
		char *name;
		unsigned long count = strtoul(line, &name, 10);

		next = strchr(line, '\n');
		if (next && *name == ' ' && (size_t)(next - name) == size + 1 &&
		    !memcmp(name + 1, path, size))
			return count;
	}
	return 0;
}

static int check_list(const char *text, const struct weir_list *list, bool is_forced,
		      struct weir_diags *diags)
{
	size_t before = list->path ? find_count(text, list->path) : 0;

	if (list->count >= before - before / 2)
		return 0;
	if (!is_forced)
		return weir_diags_error(diags, list->path, 0, 0,
					"has %zu entries, and had %zu when it was last applied: "
					"more than half are gone; --force applies it all the same",
					list->count, before);
	weir_diags_warning(diags, list->path, 0, 0, "has %zu entries of %zu", list->count, before);
	return 0;
}

static int read_text(const struct weir_paths *paths, struct weir_diags *diags, char **ret_text)
{
	_cleanup_file_ struct weir_file file = {};
	char path[2 * WEIR_PATH_MAX];
	int r;

	file_path(paths, "", path);
	r = weir_file_read(path, LISTS_BYTES_MAX, &file);
	if (r && r != -ENOENT)
		return weir_fail(diags, r, "cannot read %s: %s", path, strerror(-r));
	*ret_text = strndup(file.bytes ?: "", file.size);
	return *ret_text ? 0 : weir_fail(diags, -ENOMEM, "out of memory");
}

int weir_lists_check(const struct weir_paths *paths, const struct weir_config *config,
		     bool is_forced, struct weir_diags *diags)
{
	_cleanup_free_ char *text = NULL;
	int r = read_text(paths, diags, &text), bad;

	if (r)
		return r;
	bad = check_list(text, &config->allowlist, is_forced, diags);
	bad = check_list(text, &config->cdn, is_forced, diags) ?: bad;
	for (size_t i = 0; i < config->denylists_count; i++)
		bad = check_list(text, &config->denylists[i], is_forced, diags) ?: bad;
	return bad;
}

static void print_list(FILE *to, const struct weir_list *list)
{
	if (list->path && list->count && !strchr(list->path, '\n'))
		fprintf(to, "%zu %s\n", list->count, list->path);
}

static int write_file(const char *path, const char *text)
{
	_cleanup_close_ int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC,
				      0600);
	size_t size = strlen(text);

	if (fd < 0 || write(fd, text, size) != (ssize_t)size)
		return -1;
	return fdatasync(fd);
}

void weir_lists_save(const struct weir_paths *paths, const struct weir_config *config,
		     struct weir_diags *diags)
{
	char path[2 * WEIR_PATH_MAX], fresh[2 * WEIR_PATH_MAX];
	_cleanup_diags_ struct weir_diags unread = {};
	_cleanup_free_ char *text = NULL, *before = NULL;
	size_t size;
	FILE *to = open_memstream(&text, &size);

	if (!to)
		return;
	print_list(to, &config->allowlist);
	print_list(to, &config->cdn);
	for (size_t i = 0; i < config->denylists_count; i++)
		print_list(to, &config->denylists[i]);
	fclose(to);
	if (!text || (!read_text(paths, &unread, &before) && !strcmp(text, before)))
		return;
	file_path(paths, "", path);
	file_path(paths, ".new", fresh);
	if (write_file(fresh, text) || rename(fresh, path))
		weir_diags_warning(diags, path, 0, 0, "cannot write: %s", strerror(errno));
}
