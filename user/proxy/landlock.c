/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Paths -> a Landlock ruleset over this process. By raw system calls: the C library has no
 * wrappers. What newer versions can forbid is spelled out here, because headers of the oldest
 * supported distribution know version 2 only (Documentation/userspace-api/landlock.rst has the
 * table of versions).
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <linux/types.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "base/cleanup.h"
#include "proxy/sandbox.h"

#define FS_TRUNCATE  (1ULL << 14) /* from version 3 */
#define FS_IOCTL_DEV (1ULL << 15) /* 5 */
#define NET_BIND_TCP (1ULL << 0)  /* 4 */
#define SCOPES       (3ULL << 0)  /* 6: abstract unix sockets and signals of others */

#define FS_READ (LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR)
#define FS_WRITE                                                                                   \
	(LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_REMOVE_FILE |                          \
	 LANDLOCK_ACCESS_FS_MAKE_REG | FS_TRUNCATE)
/* A rule for a file may name no right that only a folder has. */
#define FS_OF_FILES (LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_WRITE_FILE | FS_TRUNCATE)

/* struct landlock_ruleset_attr as of version 6. Older kernels take its beginning. */
struct ruleset {
	__u64 fs;
	__u64 net;
	__u64 scopes;
};

static int version_of_kernel(void)
{
	return syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
}

/* All that this version can forbid; ret_size: how much of the structure it knows. */
static struct ruleset everything(int version, size_t *ret_size)
{
	struct ruleset ruleset = {.fs = (LANDLOCK_ACCESS_FS_MAKE_SYM << 1) - 1};

	if (version >= 2)
		ruleset.fs |= LANDLOCK_ACCESS_FS_REFER;
	if (version >= 3)
		ruleset.fs |= FS_TRUNCATE;
	if (version >= 4)
		ruleset.net = NET_BIND_TCP;
	if (version >= 5)
		ruleset.fs |= FS_IOCTL_DEV;
	if (version >= 6)
		ruleset.scopes = SCOPES;
	*ret_size = version >= 6   ? sizeof(ruleset)
		    : version >= 4 ? offsetof(struct ruleset, scopes)
				   : offsetof(struct ruleset, net);
	return ruleset;
}

static int allow(int ruleset_fd, __u64 handled, const struct weir_sandbox_path *path)
{
	_cleanup_close_ int fd = openat(path->at_fd, path->path, O_PATH | O_CLOEXEC);
	struct landlock_path_beneath_attr rule = {.parent_fd = fd, .allowed_access = FS_READ};
	struct stat status;

	if (fd < 0 || fstat(fd, &status) < 0)
		return -errno;
	if (path->access == WEIR_SANDBOX_WRITE)
		rule.allowed_access |= FS_WRITE;
	if (!S_ISDIR(status.st_mode))
		rule.allowed_access &= FS_OF_FILES;
	rule.allowed_access &= handled;
	return syscall(SYS_landlock_add_rule, ruleset_fd, LANDLOCK_RULE_PATH_BENEATH, &rule, 0) < 0
		       ? -errno
		       : 0;
}

int weir_landlock_enter(const struct weir_sandbox *sandbox, int *ret_version)
{
	int version = version_of_kernel(), r = 0;
	_cleanup_close_ int fd = -1;
	struct ruleset ruleset;
	size_t size;

	if (version < 1) { /* not built in, or not switched on */
		*ret_version = 0;
		return 0;
	}
	ruleset = everything(version, &size);
	fd = syscall(SYS_landlock_create_ruleset, &ruleset, size, 0);
	if (fd < 0)
		return -errno;
	for (size_t i = 0; !r && i < sandbox->count; i++)
		r = allow(fd, ruleset.fs, &sandbox->paths[i]);
	if (!r && syscall(SYS_landlock_restrict_self, fd, 0) < 0)
		r = -errno;
	if (!r)
		*ret_version = version;
	return r;
}
