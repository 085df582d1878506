/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A whole file as bytes in memory: bounded, regular files only, so that no input can make a
 * command hang or eat the machine.
 */
#ifndef WEIR_BASE_FILE_H
#define WEIR_BASE_FILE_H

#include <linux/types.h>
#include <stddef.h>

#include "base/diag.h"

struct weir_file {
	char *bytes; /* not terminated */
	size_t size;
};

/*
 * Read the file `path`, symbolic links followed.
 * Returns 0; -EISDIR for a directory, -ENOTSUP for whatever else is no regular file (it is never
 * waited for), -EFBIG for more than max_bytes, or open's and read's errno.
 */
int weir_file_read(const char *path, size_t max_bytes, struct weir_file *ret_file);

/*
 * The same for a text: a failure becomes a diagnostic about `path`, and so does a file that holds
 * a NUL byte, which no text of ours has (-EINVAL), or that somebody writes to at that moment, of
 * which half would be taken for the whole (-EINVAL).
 */
int weir_file_read_text(const char *path, size_t max_bytes, struct weir_diags *diags,
			struct weir_file *ret_file);

/*
 * Why the bytes are no text of ours, to be read behind the file's name; NULL: they may be one. Static.
 */
const char *weir_file_refusal(const struct weir_file *file);

void weir_file_done(struct weir_file *file);

#define _cleanup_file_ __attribute__((cleanup(weir_file_done)))

#define WEIR_FINGERPRINT_SEED 0xcbf29ce484222325ULL

/* A 64-bit digest of the bytes, continued from `seed`. Tells versions apart; no cryptography. */
__u64 weir_fingerprint(__u64 seed, const void *bytes, size_t size);

#endif
