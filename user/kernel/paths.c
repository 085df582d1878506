/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Instance name -> folders that exist. Everything is 0700: pins and the journal say who is
 * banned and let a writer change the policy.
 */
#include "kernel/paths.h"

#include <dirent.h>
#include <errno.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include "base/cleanup.h"
#include "base/fail.h"

static const char bpffs[] = "/sys/fs/bpf";

int weir_paths_make(const char *instance, struct weir_diags *diags, struct weir_paths *ret_paths)
{
	static const char allowed[] = "-_0123456789abcdefghijklmnopqrstuvwxyz"
				      "ABCDEFGHIJKLMNOPQRSTUVWXYZ";

	/* Among others, bpffs refuses a dot in any name. */
	if (!*instance || *instance == '-' || strlen(instance) > 31 ||
	    instance[strspn(instance, allowed)])
		return weir_fail(diags, -EINVAL,
				 "instance '%s': 1 to 31 letters, digits, - and _, not - first",
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

/* What weir makes in its folders, by the beginnings of the names. */
static const char *const pin_names[] = {"program", "link_", "shared_", "steer_",
					"twin",    "weir_", "new_",    NULL};
static const char *const run_names[] = {"proxy.lock",   "proxy.sock", "apply.lock", "live.lock",
					"capture.lock", "clock",      NULL};
static const char *const state_names[] = {"proxy", "live.journal", "kept.", "confirmed",
					  "trial", "lists",        NULL};

static bool is_one_of(const char *name, const char *const *beginnings)
{
	for (; *beginnings; beginnings++)
		if (!strncmp(name, *beginnings, strlen(*beginnings)))
			return true;
	return false;
}

enum owner { NOBODY, WEIR, OTHERS };

/* Whose is what is in the folder? */
static enum owner owner_of(const char *path, const char *const *names)
{
	_cleanup_closedir_ DIR *folder = opendir(path);
	enum owner owner = !folder && errno == ENOTDIR ? OTHERS : NOBODY;
	struct dirent *entry;

	while (owner != WEIR && folder && (entry = readdir(folder)))
		if (*entry->d_name != '.')
			owner = is_one_of(entry->d_name, names) ? WEIR : OTHERS;
	return owner;
}

/*
 * /run/systemd is no place for locks, nor libxdp's /sys/fs/bpf/xdp for pins. An instance that has
 * something in one of its folders is there, whatever else lies about; and what a service manager
 * puts under weir's own name it puts there for weir.
 */
static int check_owner(const struct weir_paths *paths, struct weir_diags *diags)
{
	const char *folders[] = {paths->pins, paths->run, paths->state}, *taken = NULL;
	const char *const *names[] = {pin_names, run_names, state_names};

	for (int i = 0; i < 3; i++) {
		enum owner owner = owner_of(folders[i], names[i]);

		if (owner == WEIR)
			return 0;
		if (owner == OTHERS)
			taken = folders[i];
	}
	if (!taken || !strcmp(paths->run, "/run/weir"))
		return 0;
	return weir_fail(diags, -EEXIST, "%s is not weir's: give the instance another name", taken);
}

int weir_paths_check(const struct weir_paths *paths, struct weir_diags *diags)
{
	int r = check_owner(paths, diags);

	if (r || is_bpffs() || is_machine_mount_namespace())
		return r;
	return weir_fail(diags, -ENODEV,
			 "%s is no bpf file system in this mount namespace; in a network "
			 "namespace use nsenter --net=/run/netns/NAME, not ip netns exec",
			 bpffs);
}

static int mount_bpffs(const struct weir_paths *paths, struct weir_diags *diags)
{
	int r = weir_paths_check(paths, diags);
	struct statfs fs;

	if (r)
		return r;
	/* What cannot be told must not be mounted over: pins would be out of sight. */
	if (statfs(bpffs, &fs))
		return weir_fail(diags, -errno, "cannot inspect %s: %s", bpffs, strerror(errno));
	if (fs.f_type == BPF_FS_MAGIC)
		return 0;
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

int weir_paths_ensure_files(const struct weir_paths *paths, struct weir_diags *diags)
{
	return make_folder(paths->run, diags) ?: make_folder(paths->state, diags);
}

int weir_paths_ensure(const struct weir_paths *paths, struct weir_diags *diags)
{
	return mount_bpffs(paths, diags) ?: make_folder(paths->pins, diags) ?:
	       weir_paths_ensure_files(paths, diags);
}
