/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the proxy gives up before it reads the first byte of a stranger: a process of its own user
 * -> one that can use the sockets and files that it has, open the folders named here, and little else.
 *
 * Three walls, none of which needs privileges: no_new_privs, Landlock (files, binding of ports,
 * signals and abstract sockets of others) and a seccomp allowlist of system calls. There is no way
 * back, for this process and what it starts; threads that run already are not held.
 */
#ifndef WEIR_PROXY_SANDBOX_H
#define WEIR_PROXY_SANDBOX_H

#include <stddef.h>

enum weir_sandbox_access {
	WEIR_SANDBOX_READ,  /* a file, or a folder with all below it */
	WEIR_SANDBOX_WRITE, /* likewise, and in a folder: make, rename and remove files */
};

struct weir_sandbox_path {
	int at_fd; /* what the path is relative to; AT_FDCWD */
	char *path;
	enum weir_sandbox_access access;
};

/* What may be opened, made up before it is entered. Zeroed: nothing. */
struct weir_sandbox {
	struct weir_sandbox_path *paths;
	size_t count;
};

/* Let this be opened. The path must exist. Returns 0 or -ENOMEM. */
int weir_sandbox_allow(struct weir_sandbox *sandbox, const char *path,
		       enum weir_sandbox_access access);

/* A folder that is open already, for those who cannot walk to it; `fd` stays the caller's. */
int weir_sandbox_allow_open(struct weir_sandbox *sandbox, int fd, enum weir_sandbox_access access);

/* The folder that a file is in, because editors put another file in its place. */
int weir_sandbox_allow_folder_of(struct weir_sandbox *sandbox, const char *file,
				 enum weir_sandbox_access access);

void weir_sandbox_done(struct weir_sandbox *sandbox);

#define _cleanup_sandbox_ __attribute__((cleanup(weir_sandbox_done)))

/*
 * Give up what is not needed. Landlock only ever narrows what a file's permissions allow.
 * ret_landlock: the version of the kernel's Landlock; 0 where it has none, and then file
 * permissions alone decide what can be opened. Returns 0, or a negative errno: some of it may be in
 * force then, and the process should end.
 */
int weir_sandbox_enter(const struct weir_sandbox *sandbox, int *ret_landlock);

/* The parts, for weir_sandbox_enter: they need no_new_privs or privileges. */
int weir_landlock_enter(const struct weir_sandbox *sandbox, int *ret_version);
int weir_syscalls_enter(void);

#endif
