/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Ownership by scope: what a function takes it gives back on every way out, without a goto.
 *
 *   _cleanup_(freep) char *text = ...;   freed at the end of the scope, unless taken
 *   *ret_text = take_pointer(text);      handed to the caller; the scope frees nothing
 *   return take_fd(&fd);                 likewise for a descriptor, which reads -1 afterwards
 */
#ifndef WEIR_BASE_CLEANUP_H
#define WEIR_BASE_CLEANUP_H

#include <dirent.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define _cleanup_(function) __attribute__((cleanup(function)))

static inline void freep(void *pointer)
{
	free(*(void **)pointer);
}

static inline void closep(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

static inline void fclosep(FILE **file)
{
	if (*file)
		fclose(*file);
	*file = NULL;
}

static inline void closedirp(DIR **folder)
{
	if (*folder)
		closedir(*folder);
	*folder = NULL;
}

#define _cleanup_free_     _cleanup_(freep)
#define _cleanup_close_    _cleanup_(closep)
#define _cleanup_fclose_   _cleanup_(fclosep)
#define _cleanup_closedir_ _cleanup_(closedirp)

#define take_pointer(pointer)                                                                      \
	({                                                                                         \
		__auto_type taken_ = (pointer);                                                    \
		(pointer) = NULL;                                                                  \
		taken_;                                                                            \
	})

/* Close a stream of open_memstream(3). Returns its text, or NULL when memory ran out meanwhile. */
static inline char *take_text(FILE *to, char **text)
{
	bool has_failed = fclose(to) != 0;
	char *taken = take_pointer(*text);

	if (!has_failed)
		return taken;
	free(taken);
	return NULL;
}

static inline int take_fd(int *fd)
{
	int taken = *fd;

	*fd = -1;
	return taken;
}

#endif
