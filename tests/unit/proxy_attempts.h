/* SPDX-License-Identifier: GPL-2.0-only */
/* What is tried inside the sandbox, some of it as an intruder would, and what must come of it. */
#ifndef WEIR_TESTS_PROXY_ATTEMPTS_H
#define WEIR_TESTS_PROXY_ATTEMPTS_H

#include <stddef.h>

enum { KILLED = 1000 };

/* Each returns -1 with errno, as system calls do. The folder may be written, `readable` only read. */
struct attempt {
	const char *what;
	long (*try)(void);
	int want;     /* 0, an errno, or KILLED */
	int landlock; /* the version that it takes; 0: none */
};

extern const struct attempt attempts[];
extern const size_t attempts_count;

/* The folders, a file in each, and one that is elsewhere: made and removed by these. */
extern char folder[], readable_file[];
void make_files(void);
void remove_files(void);

#endif
