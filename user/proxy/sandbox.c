/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The walls, in the order that each needs: what is left to this process once it serves?
 *
 * no_new_privs and not dumpable, then Landlock over the paths that were allowed, then seccomp: last,
 * because it forbids the calls by which the others are made. The caller owns the list of paths.
 */
#include "proxy/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>

#include "base/array.h"
#include "base/cleanup.h"

/* False for a sanitiser, which opens files and threads of its own: make soak SANITIZE=. */
#ifndef WEIR_SANDBOXED
#define WEIR_SANDBOXED true
#endif

static int allow(struct weir_sandbox *sandbox, const char *path, size_t size,
		 enum weir_sandbox_access access)
{
	_cleanup_free_ char *copy = strndup(path, size);
	struct weir_sandbox_path *item;

	item = copy ? weir_array_add(&sandbox->paths, &sandbox->count) : NULL;
	if (!item)
		return -ENOMEM;
	*item = (struct weir_sandbox_path){AT_FDCWD, take_pointer(copy), access};
	return 0;
}

int weir_sandbox_allow(struct weir_sandbox *sandbox, const char *path,
		       enum weir_sandbox_access access)
{
	return allow(sandbox, path, strlen(path), access);
}

int weir_sandbox_allow_open(struct weir_sandbox *sandbox, int fd, enum weir_sandbox_access access)
{
	int r = allow(sandbox, ".", 1, access);

	if (!r)
		sandbox->paths[sandbox->count - 1].at_fd = fd;
	return r;
}

int weir_sandbox_allow_folder_of(struct weir_sandbox *sandbox, const char *file,
				 enum weir_sandbox_access access)
{
	const char *slash = strrchr(file, '/');

	if (!slash)
		return allow(sandbox, ".", 1, access);
	return allow(sandbox, file, slash > file ? slash - file : 1, access);
}

void weir_sandbox_done(struct weir_sandbox *sandbox)
{
	for (size_t i = 0; i < sandbox->count; i++)
		free(sandbox->paths[i].path);
	free(sandbox->paths);
	*sandbox = (struct weir_sandbox){};
}

int weir_sandbox_enter(const struct weir_sandbox *sandbox, int *ret_landlock)
{
	int version, r;

	if (!WEIR_SANDBOXED) {
		*ret_landlock = 0;
		return 0;
	}
	/* Not dumpable: others of the same user cannot read its memory or take its descriptors. */
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 || prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
		return -errno;
	r = weir_landlock_enter(sandbox, &version);
	if (!r)
		r = weir_syscalls_enter();
	if (!r)
		*ret_landlock = version;
	return r;
}
