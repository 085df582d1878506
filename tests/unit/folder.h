/* SPDX-License-Identifier: GPL-2.0-only */
/* A folder of its own for a test, which is its working directory and goes with all that is in it. */
#ifndef WEIR_TESTS_FOLDER_H
#define WEIR_TESTS_FOLDER_H

#include <criterion/criterion.h>
#include <ftw.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[] = "/tmp/weir-unit-XXXXXX";

static inline void write_file(const char *path, const char *text)
{
	FILE *to = fopen(path, "w");

	cr_assert_not_null(to, "%s", path);
	fputs(text, to);
	fclose(to);
}

static inline void folder_enter(void)
{
	cr_assert_not_null(mkdtemp(folder));
	cr_assert_eq(chdir(folder), 0);
}

static inline int remove_one(const char *path, const struct stat *st, int kind, struct FTW *ftw)
{
	(void)st, (void)kind, (void)ftw;
	return remove(path);
}

static inline void folder_leave(void)
{
	nftw(folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

#endif
