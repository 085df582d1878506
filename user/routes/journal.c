/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The journal's file: is what was acknowledged on the disk, and nothing else?
 *
 * Appended to and synced before a change counts. What a crash left half-written is cut off when the
 * file is opened. Written anew beside the old one, then renamed over it. By descriptor of its
 * folder throughout, so that no path is walked by a process without privileges.
 */
#include "routes/journal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/write.h"

static const char name[] = "routes.journal", fresh_name[] = "routes.journal.new";

/* Lines that may be stale before the journal is written anew, besides as many as are in effect. */
enum { STALE_LINES_MAX = 1000 };

#define BYTES_MAX (1ULL << 32)

static int fail(struct weir_diags *diags, int error, const char *what)
{
	weir_diags_error(diags, name, 0, 0, "%s: %s", what, strerror(-error));
	return error;
}

static int read_all(int fd, char **ret_bytes, size_t *ret_size)
{
	_cleanup_free_ char *bytes = NULL;
	struct stat file;
	size_t size = 0;

	if (fstat(fd, &file))
		return -errno;
	if (!S_ISREG(file.st_mode))
		return -ENOTSUP;
	if ((__u64)file.st_size > BYTES_MAX)
		return -EFBIG;
	bytes = malloc(file.st_size + 1);
	if (!bytes)
		return -ENOMEM;
	while (size < (size_t)file.st_size) {
		ssize_t n = pread(fd, bytes + size, file.st_size - size, size);

		if (n < 0 && errno != EINTR)
			return -errno;
		if (n == 0)
			break;
		size += n > 0 ? n : 0;
	}
	*ret_bytes = take_pointer(bytes);
	*ret_size = size;
	return 0;
}

/* What was under way when the last proxy ended was not acknowledged: cut it off. */
static int cut_torn_end(int fd, const struct weir_changes_read *read, size_t size,
			struct weir_diags *diags)
{
	if (read->damaged_lines)
		weir_diags_warning(diags, name, 0, 0, "%zu damaged lines were skipped",
				   read->damaged_lines);
	if (read->whole_bytes == size)
		return 0;
	weir_diags_warning(diags, name, 0, 0,
			   "the last change was never completed and is dropped (%zu bytes)",
			   size - read->whole_bytes);
	return ftruncate(fd, read->whole_bytes) || fdatasync(fd) ? -errno : 0;
}

int weir_routes_journal_open(int folder_fd, struct weir_diags *diags,
			     struct weir_routes_journal *ret_journal,
			     struct weir_changes *ret_changes)
{
	_cleanup_close_ int fd = openat(folder_fd, name,
					O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	_cleanup_free_ char *bytes = NULL;
	struct weir_changes_read read = {};
	size_t size = 0;
	int r = fd < 0 || fsync(folder_fd) ? -errno : 0;

	r = r ?: read_all(fd, &bytes, &size) ?: weir_changes_parse(bytes, size, &read);
	if (r)
		return fail(diags, r, "cannot be read");
	r = cut_torn_end(fd, &read, size, diags);
	if (r) {
		weir_changes_done(&read.changes);
		return fail(diags, r, "cannot be cut");
	}
	*ret_journal = (struct weir_routes_journal){.folder_fd = folder_fd,
						    .fd = take_fd(&fd),
						    .size = read.whole_bytes,
						    .lines = read.lines};
	*ret_changes = read.changes;
	return 0;
}

void weir_routes_journal_close(struct weir_routes_journal *journal)
{
	closep(&journal->fd);
}

int weir_routes_journal_append(struct weir_routes_journal *journal,
			       const struct weir_changes *request, struct weir_diags *diags)
{
	size_t size;
	_cleanup_free_ char *text = weir_changes_format(request, &size);
	int r = text ? weir_write_all(journal->fd, text, size) : -ENOMEM;

	if (!r && (fdatasync(journal->fd) || (journal->is_moved && fsync(journal->folder_fd))))
		r = -errno;
	if (r) {
		/* Behind a torn end nothing would be read: then no more changes are taken. */
		if (ftruncate(journal->fd, journal->size))
			closep(&journal->fd);
		return fail(diags, r, "nothing was changed");
	}
	journal->is_moved = false;
	journal->size += size;
	journal->lines += request->count;
	return 0;
}

static int replace(struct weir_routes_journal *journal, const struct weir_changes *changes)
{
	size_t size;
	_cleanup_free_ char *text = weir_changes_format_all(changes, &size);
	_cleanup_close_ int fd = openat(
		journal->folder_fd, fresh_name,
		O_RDWR | O_APPEND | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	int r = fd < 0 ? -errno : text ? weir_write_all(fd, text, size) : -ENOMEM;

	if (!r &&
	    (fdatasync(fd) || renameat(journal->folder_fd, fresh_name, journal->folder_fd, name)))
		r = -errno;
	if (r) {
		unlinkat(journal->folder_fd, fresh_name, 0);
		return r;
	}
	closep(&journal->fd);
	journal->fd = take_fd(&fd);
	journal->size = size;
	journal->lines = changes->count;
	/* Whatever becomes of this, the old file has no name any more; the next change tries again. */
	journal->is_moved = fsync(journal->folder_fd);
	return 0;
}

void weir_routes_journal_tidy(struct weir_routes_journal *journal,
			      const struct weir_changes *changes, struct weir_diags *diags)
{
	int r = 0;

	if (journal->lines > 2 * changes->count + STALE_LINES_MAX)
		r = replace(journal, changes);
	if (r)
		weir_diags_warning(diags, name, 0, 0, "stays long: %s", strerror(-r));
}
