/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Path -> bytes. The kind of the file is asked before anything is read, on the descriptor, and
 * the open does not wait: a FIFO in the place of a list is an error, not a command that hangs.
 */
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"

/* What fstat says of an open file: 0, or why it is not read. */
static int file_measure(int fd, size_t max_bytes, struct stat *ret_stat)
{
	if (fstat(fd, ret_stat))
		return -errno;
	if (S_ISDIR(ret_stat->st_mode))
		return -EISDIR;
	if (!S_ISREG(ret_stat->st_mode))
		return -ENOTSUP;
	return (size_t)ret_stat->st_size > max_bytes ? -EFBIG : 0;
}

/* A writer may cut the file while it is read: what is there is what counts. */
static int read_bytes(int fd, char *bytes, size_t size, size_t *ret_used)
{
	size_t used = 0;

	while (used < size) {
		ssize_t n = read(fd, bytes + used, size - used);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			break;
		used += n;
	}
	*ret_used = used;
	return 0;
}

static bool is_same_version(const struct stat *a, const struct stat *b)
{
	return a->st_size == b->st_size && a->st_mtim.tv_sec == b->st_mtim.tv_sec &&
	       a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

/* *ret_is_whole: nobody has written to the file while it was read. */
static int file_read(const char *path, size_t max_bytes, struct weir_file *ret_file,
		     bool *ret_is_whole)
{
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	_cleanup_free_ char *bytes = NULL;
	struct stat before, after;
	size_t used = 0;
	int r;

	if (fd < 0)
		return -errno;
	r = file_measure(fd, max_bytes, &before);
	if (r)
		return r;
	bytes = malloc(before.st_size ?: 1);
	if (!bytes)
		return -ENOMEM;
	r = read_bytes(fd, bytes, before.st_size, &used);
	if (r || fstat(fd, &after))
		return r ?: -errno;
	ret_file->bytes = take_pointer(bytes);
	ret_file->size = used;
	*ret_is_whole = is_same_version(&before, &after);
	return 0;
}

int weir_file_read(const char *path, size_t max_bytes, struct weir_file *ret_file)
{
	bool is_whole;

	return file_read(path, max_bytes, ret_file, &is_whole);
}

/* A line that ends in CR alone: behind a `#`, the lines that follow would count as its comment. */
static bool has_lone_cr(const struct weir_file *file)
{
	const char *at = file->bytes, *end = at + file->size;

	while ((at = memchr(at, '\r', end - at)) && ++at < end)
		if (*at != '\n' && *at != '\r')
			return true;
	return false;
}

const char *weir_file_refusal(const struct weir_file *file)
{
	static const struct {
		const char *head, *why;
	} kinds[] = {
		{"\xff\xfe", "is UTF-16: save it as UTF-8"},
		{"\xfe\xff", "is UTF-16: save it as UTF-8"},
		{"\x1f\x8b", "is compressed: gunzip it first"},
		{"\x28\xb5\x2f\xfd", "is compressed: unzstd it first"},
		{"\xfd\x37zXZ", "is compressed: unxz it first"},
		{"PK\x03\x04", "is compressed: unzip it first"},
	};

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		size_t size = strlen(kinds[i].head);

		if (file->size >= size && !memcmp(file->bytes, kinds[i].head, size))
			return kinds[i].why;
	}
	if (memchr(file->bytes, '\0', file->size))
		return "is a binary file, not a text";
	return has_lone_cr(file) ? "has lines that end in CR alone: save it with LF" : NULL;
}

int weir_file_read_text(const char *path, size_t max_bytes, struct weir_diags *diags,
			struct weir_file *ret_file)
{
	_cleanup_file_ struct weir_file file = {0};
	const char *why;
	bool is_whole = true;
	int r = file_read(path, max_bytes, &file, &is_whole);

	if (r == -ENOTSUP)
		return weir_diags_error(diags, path, 0, 0, "is not a regular file");
	if (r == -EFBIG)
		return weir_diags_error(diags, path, 0, 0, "is larger than %zu bytes", max_bytes);
	if (r) {
		weir_diags_error(diags, path, 0, 0, "cannot read: %s", strerror(-r));
		return r;
	}
	if (!is_whole)
		return weir_diags_error(diags, path, 0, 0,
					"was written to while it was read: try again");
	why = weir_file_refusal(&file);
	if (why)
		return weir_diags_error(diags, path, 0, 0, "%s", why);
	*ret_file = file;
	file = (struct weir_file){0};
	return 0;
}

void weir_file_done(struct weir_file *file)
{
	free(file->bytes);
	*file = (struct weir_file){0};
}

/* FNV-1a over 8-byte words with a final mix: a list of 10 million lines takes milliseconds. */
__u64 weir_fingerprint(__u64 seed, const void *bytes, size_t size)
{
	const unsigned char *at = bytes;
	__u64 word, hash = seed ^ size;

	for (; size >= sizeof(word); at += sizeof(word), size -= sizeof(word)) {
		memcpy(&word, at, sizeof(word));
		hash = (hash ^ word) * 0x100000001b3ULL;
		hash ^= hash >> 32;
	}
	for (; size; at++, size--)
		hash = (hash ^ *at) * 0x100000001b3ULL;
	hash = (hash ^ hash >> 33) * 0xff51afd7ed558ccdULL;
	return hash ^ hash >> 33;
}
