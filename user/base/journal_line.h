/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Lines of a journal: `CRC32 BODY`, so that a torn or damaged one is told from a whole one, and what
 * all journals put into their bodies: times, and words of people. Pure.
 */
#ifndef WEIR_BASE_JOURNAL_LINE_H
#define WEIR_BASE_JOURNAL_LINE_H

#include <linux/types.h>
#include <stdbool.h>

#include "base/text.h"

enum {
	WEIR_JOURNAL_HEAD = 9, /* the checksum in hex (CRC-32 of IEEE 802.3) and a blank */
	WEIR_WHO_MAX = 33,
};

/*
 * Complete a line whose body of `body_size` bytes stands at line + WEIR_JOURNAL_HEAD, with room for
 * a newline and a NUL behind it. Returns the size of the line, newline included.
 */
size_t weir_journal_line_seal(char *line, size_t body_size);

/* A line without its newline: is it whole? If so, its body. Returns 0 or -EINVAL. */
int weir_journal_line_open(const char *line, size_t size, const char **ret_body, size_t *ret_size);

/* One word or one line of printable ASCII: whatever else was in it reads as `?`. Cut to `room`. */
void weir_journal_clean(const char *from, char *to, size_t room, bool is_word);

/* CLOCK_REALTIME as `SECONDS.NNNNNNNNN`, for printf(3) and back. Returns 0 or -EINVAL. */
#define WEIR_JOURNAL_TIME         "%llu.%09llu"
#define WEIR_JOURNAL_TIME_ARG(ns) (ns) / 1000000000ULL, (ns) % 1000000000ULL
int weir_journal_time_parse(struct weir_token token, __u64 *ret_ns);

#endif
