/* SPDX-License-Identifier: GPL-2.0-only */
/* Capabilities, users and the proxy's sandbox. */
#include "cmd/privileges.h"

#include <dirent.h>
#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/cleanup.h"

#define BIT(capability) (1ULL << (capability))

/* What some command needs. CAP_SYS_ADMIN opens maps and programs by their number, and mounts bpffs. */
static const __u64 needed = BIT(CAP_BPF) | BIT(CAP_PERFMON) | BIT(CAP_NET_ADMIN) |
			    BIT(CAP_SYS_ADMIN) | BIT(CAP_SYS_RESOURCE) | BIT(CAP_NET_BIND_SERVICE) |
			    /* files of any owner; folders for the proxy's user */
			    BIT(CAP_DAC_OVERRIDE) | BIT(CAP_DAC_READ_SEARCH) | BIT(CAP_CHOWN) |
			    BIT(CAP_FOWNER) |
			    /* to look at the namespaces and sockets of others */
			    BIT(CAP_SYS_PTRACE);

/* Keep no capability but these. Returns 0 or a negative errno. */
static int keep(__u64 kept)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct sets[_LINUX_CAPABILITY_U32S_3];
	__u32 had = 0;

	if (syscall(SYS_capget, &header, sets) < 0)
		return -errno;
	for (int i = 0; i < _LINUX_CAPABILITY_U32S_3; i++) {
		had |= sets[i].permitted | sets[i].inheritable;
		sets[i].permitted &= kept >> (32 * i);
		sets[i].effective &= kept >> (32 * i);
		sets[i].inheritable = 0;
	}
	/* Nothing to give up: then a filter that forbids the call is no reason to fail. */
	return had && syscall(SYS_capset, &header, sets) < 0 ? -errno : 0;
}

void weir_privileges_trim(bool changes_user)
{
	__u64 kept = needed;

	if (changes_user)
		kept |= BIT(CAP_SETUID) | BIT(CAP_SETGID);
	/* Nor does a program get them that this one starts. */
	for (int capability = 0; prctl(PR_CAPBSET_READ, capability) >= 0; capability++)
		if (!(kept & BIT(capability)))
			prctl(PR_CAPBSET_DROP, capability);
	keep(kept);
}

/* The proxy reads what strangers send: no descriptor of it may change the gate. */
static void close_bpf_descriptors(void)
{
	DIR *dir = opendir("/proc/self/fd");
	const struct dirent *entry;

	while (dir && (entry = readdir(dir))) {
		char target[64];
		ssize_t size = readlinkat(dirfd(dir), entry->d_name, target, sizeof(target) - 1);

		if (size <= 0)
			continue;
		target[size] = 0;
		if (!strncmp(target, "anon_inode:bpf", strlen("anon_inode:bpf")))
			close((int)strtol(entry->d_name, NULL, 10));
	}
	if (dir)
		closedir(dir);
}

const struct passwd *weir_privileges_user(const char *user)
{
	const struct passwd *entry = getpwnam(user ? user : "weir");

	return entry || user ? entry : getpwnam("nobody");
}

static int become(const char *user)
{
	const struct passwd *entry;

	errno = 0;
	entry = weir_privileges_user(user);
	if (!user && entry && strcmp(entry->pw_name, "weir") != 0)
		fprintf(stderr,
			"weir: there is no user weir: running as nobody, as other services may\n");
	if (!entry || !entry->pw_uid || !entry->pw_gid) {
		int r = entry ? -EPERM : errno ? -errno : -ENOENT;

		fprintf(stderr, "weir: proxy: user %s: %s\n", user ? user : "weir",
			entry          ? "the proxy never runs as root"
			: r == -ENOENT ? "no such user: useradd --system makes one"
				       : strerror(-r));
		return r;
	}
	if (setgroups(0, NULL) < 0 || setresgid(entry->pw_gid, entry->pw_gid, entry->pw_gid) < 0 ||
	    setresuid(entry->pw_uid, entry->pw_uid, entry->pw_uid) < 0)
		return -errno;
	return 0;
}

int weir_privileges_drop(const char *user, const struct weir_sandbox *sandbox)
{
	int landlock, r;

	close_bpf_descriptors();
	r = geteuid() == 0 ? become(user) : 0;
	/* Who is not root may still have been given some. */
	if (!r)
		r = keep(0);
	if (!r)
		r = weir_sandbox_enter(sandbox, &landlock);
	if (r)
		fprintf(stderr, "weir: proxy: cannot give up privileges: %s\n", strerror(-r));
	else if (!landlock)
		fprintf(stderr, "weir: proxy: this kernel has no Landlock: file permissions alone "
				"decide what the proxy can open\n");
	return r;
}
