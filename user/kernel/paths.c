/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Instance name -> folders that exist. Everything is 0700: pins and the journal say who is
 * banned and let a writer change the policy.
 */
#include "kernel/paths.h"

#include <errno.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include "kernel/fail.h"

static const char bpffs[] = "/sys/fs/bpf";

int weir_paths_make(const char *instance, struct weir_diags *diags, struct weir_paths *ret_paths)
{
	/* bpffs refuses a dot in any name. */
	if (!*instance || strlen(instance) > 31 || strpbrk(instance, "./"))
		return weir_fail(diags, -EINVAL, "instance '%s': 1 to 31 characters, no dot or /",
				 instance);
	snprintf(ret_paths->pins, sizeof(ret_paths->pins), "%s/%s", bpffs, instance);
	snprintf(ret_paths->run, sizeof(ret_paths->run), "/run/%s", instance);
	snprintf(ret_paths->state, sizeof(ret_paths->state), "/var/lib/%s", instance);
	return 0;
}

static int is_bpffs(void)
{
	struct statfs fs;

	return statfs(bpffs, &fs) == 0 && fs.f_type == BPF_FS_MAGIC;
}

/* A process that may not look at PID 1 is in a container: its mount namespace is all it has. */
static int is_machine_mount_namespace(void)
{
	struct stat own, init;

	if (stat("/proc/self/ns/mnt", &own) || stat("/proc/1/ns/mnt", &init))
		return 1;
	return own.st_ino == init.st_ino && own.st_dev == init.st_dev;
}

int weir_paths_check(const struct weir_paths *paths, struct weir_diags *diags)
{
	(void)paths;
	if (is_bpffs() || is_machine_mount_namespace())
		return 0;
	return weir_fail(diags, -ENODEV,
			 "%s is no bpf file system in this mount namespace; in a network "
			 "namespace use nsenter --net=/run/netns/NAME, not ip netns exec",
			 bpffs);
}

static int mount_bpffs(const struct weir_paths *paths, struct weir_diags *diags)
{
	int r = weir_paths_check(paths, diags);

	if (r || is_bpffs())
		return r;
	if (mount("bpf", bpffs, "bpf", MS_NOSUID | MS_NODEV | MS_NOEXEC, "mode=0700"))
		return weir_fail(diags, -errno, "cannot mount the bpf file system on %s: %s", bpffs,
				 strerror(errno));
	return 0;
}

static int make_folder(const char *path, struct weir_diags *diags)
{
	if (mkdir(path, 0700) && errno != EEXIST)
		return weir_fail(diags, -errno, "cannot make %s: %s", path, strerror(errno));
	return 0;
}

int weir_paths_ensure(const struct weir_paths *paths, struct weir_diags *diags)
{
	return mount_bpffs(paths, diags) ?: make_folder(paths->pins, diags) ?:
	       make_folder(paths->run, diags) ?: make_folder(paths->state, diags);
}
