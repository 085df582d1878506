/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Records <-> the journal's file. A command that was killed while it appended leaves a torn last
 * line; the next append ends that line first, so that it costs one damaged line and no more.
 * No open waits: a pipe in the place of a file must not hold live.lock for ever.
 */
#include "kernel/journal_file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fail.h"
#include "base/file.h"
#include "base/write.h"
#include "weir/limits.h"

/* From here on it is looked at how much of the journal is stale. */
enum { JOURNAL_DUE_BYTES = 1 << 20 };

/* Four times what the largest table can have in effect. */
static const size_t journal_max_bytes = 4UL * WEIR_RECORD_TEXT_MAX * WEIR_LIVE_MAX;

static void journal_path(const struct weir_paths *paths, const char *suffix,
			 char to[static 2 * WEIR_PATH_MAX])
{
	snprintf(to, 2 * WEIR_PATH_MAX, "%s/live.journal%s", paths->state, suffix);
}

int weir_journal_read(const struct weir_paths *paths, __u64 now_ns, struct weir_diags *diags,
		      struct weir_journal *ret_journal)
{
	_cleanup_journal_ struct weir_journal journal = {};
	_cleanup_file_ struct weir_file file = {};
	char path[2 * WEIR_PATH_MAX];
	int r;

	journal_path(paths, "", path);
	r = weir_file_read(path, journal_max_bytes, &file);
	if (r && r != -ENOENT)
		return weir_fail(diags, r, "cannot read %s: %s", path, strerror(-r));
	r = weir_journal_parse(file.bytes, file.size, now_ns, &journal);
	if (r)
		return weir_fail(diags, r, "cannot read %s: %s", path, strerror(-r));
	if (journal.damaged_lines)
		weir_diags_warning(diags, path, 0, 0, "%zu damaged lines were skipped",
				   journal.damaged_lines);
	*ret_journal = journal;
	journal = (struct weir_journal){};
	return 0;
}

/* All lines as one write, so that a kill leaves them whole or not at all in practice. */
static int write_records(int fd, const struct weir_record *records, size_t count)
{
	_cleanup_free_ char *text = malloc(count * WEIR_RECORD_TEXT_MAX + 1);
	size_t size = 0;

	if (!text)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++)
		size += weir_record_format(&records[i], text + size);
	return weir_write_all(fd, text, size) ?: fdatasync(fd) ? -errno : 0;
}

static int end_torn_line(int fd, size_t size)
{
	char last = '\n';

	if (size && pread(fd, &last, 1, size - 1) != 1)
		return -EIO;
	return last == '\n' ? 0 : weir_write_all(fd, "\n", 1);
}

/*
 * Has the file grown beyond a power of two? Whoever writes it anew then does so less often the more
 * there is to write, and a file of which little is in effect shrinks to that. One that is too large
 * to be read is no use as it is.
 */
static bool is_due(size_t before, size_t after)
{
	return after > journal_max_bytes ||
	       (after >= JOURNAL_DUE_BYTES && (before ^ after) > before);
}

int weir_journal_append(const struct weir_paths *paths, const struct weir_record *records,
			size_t count, struct weir_diags *diags, bool *ret_is_due)
{
	_cleanup_close_ int fd = -1;
	char path[2 * WEIR_PATH_MAX];
	struct stat before, after;
	int r;

	journal_path(paths, "", path);
	fd = open(path, O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0 || fstat(fd, &before))
		return weir_fail(diags, -errno, "cannot open %s: %s", path, strerror(errno));
	r = end_torn_line(fd, before.st_size) ?: write_records(fd, records, count);
	if (!r && !before.st_size) /* it may be new */
		r = weir_folder_sync(paths->state);
	if (r || fstat(fd, &after))
		return weir_fail(diags, r ?: -errno, "cannot write %s: %s", path,
				 strerror(r ? -r : errno));
	*ret_is_due = is_due(before.st_size, after.st_size);
	return 0;
}

int weir_journal_replace(const struct weir_paths *paths, const struct weir_record *records,
			 size_t count, struct weir_diags *diags)
{
	_cleanup_close_ int fd = -1;
	char path[2 * WEIR_PATH_MAX], fresh[2 * WEIR_PATH_MAX];
	int r;

	journal_path(paths, "", path);
	journal_path(paths, ".new", fresh);
	fd = open(fresh, O_WRONLY | O_TRUNC | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600);
	if (fd < 0)
		return weir_fail(diags, -errno, "cannot open %s: %s", fresh, strerror(errno));
	r = write_records(fd, records, count);
	if (!r && rename(fresh, path))
		r = -errno;
	r = r ?: weir_folder_sync(paths->state);
	return r ? weir_fail(diags, r, "cannot write %s: %s", path, strerror(-r)) : 0;
}

static int open_clock(const struct weir_paths *paths, int flags)
{
	char path[2 * WEIR_PATH_MAX];
	int fd;

	snprintf(path, sizeof(path), "%s/clock", paths->run);
	fd = open(path, flags | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600);
	return fd < 0 ? -errno : fd;
}

int weir_journal_clock_read(const struct weir_paths *paths, __s64 *ret_ahead_ns)
{
	_cleanup_close_ int fd = open_clock(paths, O_RDONLY);
	__s64 ahead_ns;

	if (fd < 0)
		return fd;
	if (read(fd, &ahead_ns, sizeof(ahead_ns)) != sizeof(ahead_ns))
		return -ENOENT;
	*ret_ahead_ns = ahead_ns;
	return 0;
}

int weir_journal_clock_write(const struct weir_paths *paths, __s64 ahead_ns)
{
	_cleanup_close_ int fd = open_clock(paths, O_WRONLY | O_CREAT);
	ssize_t written;

	if (fd < 0)
		return fd;
	written = pwrite(fd, &ahead_ns, sizeof(ahead_ns), 0);
	if (written < 0)
		return -errno;
	return written == sizeof(ahead_ns) ? 0 : -ENOSPC;
}
