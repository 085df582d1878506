/* SPDX-License-Identifier: GPL-2.0-only */
/* An input as a file that only this process sees, and as a journal whose checksums are right. */
#include "fuzz.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/journal_line.h"

int fuzz_file(const uint8_t *data, size_t size, char path[static 32])
{
	int fd = memfd_create("input", MFD_CLOEXEC);

	fuzz_check(fd >= 0);
	fuzz_check(write(fd, data, size) == (ssize_t)size);
	snprintf(path, 32, "/proc/self/fd/%d", fd);
	return fd;
}

char *fuzz_seal_lines(const uint8_t *data, size_t size, size_t room, size_t *ret_size)
{
	const uint8_t *end = data + size, *newline;
	/* A checksum for each byte, were they all newlines; the last line is sealed past its end. */
	char *text = malloc((size + 1) * (WEIR_JOURNAL_HEAD + 1) + 2 + room), *to = text;

	fuzz_check(text);
	for (; data < end; data = newline + 1) {
		newline = memchr(data, '\n', end - data);
		newline = newline ? newline : end;
		memcpy(to + WEIR_JOURNAL_HEAD, data, newline - data);
		to += weir_journal_line_seal(to, newline - data);
	}
	*ret_size = to - text;
	return text;
}
