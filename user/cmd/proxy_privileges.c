/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the proxy does while it is privileged, besides its listeners: it makes sure that it is the
 * only one, makes its control socket, and then becomes somebody else for good.
 */
#include "cmd/proxy.h"

#include <dirent.h>
#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include "control/control.h"
#include "kernel/lock.h"

char *weir_proxy_socket_path(const struct weir_paths *paths, char to[static 2 * WEIR_PATH_MAX])
{
	snprintf(to, 2 * WEIR_PATH_MAX, "%s/proxy.sock", paths->run);
	return to;
}

static int claim(struct weir_proxy_run *run, struct weir_diags *diags)
{
	char path[2 * WEIR_PATH_MAX];
	int r = weir_paths_make(run->cli->instance, diags, &run->paths)
			?: weir_paths_ensure_files(&run->paths, diags)
			?: weir_lock_take(&run->paths, WEIR_LOCK_PROXY, "proxy", 0, diags,
					  &run->lock_fd);

	if (r)
		return r;
	/* Whoever holds the lock is the only one: a socket that is there is a killed proxy's. */
	r = weir_control_listen(weir_proxy_socket_path(&run->paths, path), &run->control_fd);
	if (r)
		weir_diags_error(diags, NULL, 0, 0, "%s: %s", path, strerror(-r));
	return r;
}

int weir_proxy_claim(struct weir_proxy_run *run)
{
	_cleanup_diags_ struct weir_diags diags = {};
	int r = claim(run, &diags);

	if ((r == -EACCES || r == -EPERM) && geteuid() != 0) {
		fprintf(stderr, "weir: no control socket: /run and /var/lib are not ours\n");
		return 0;
	}
	weir_diags_print(&diags, stderr);
	return r;
}

void weir_proxy_raise_descriptors(unsigned int connections)
{
	struct rlimit limit;
	rlim_t want = 4ULL * connections + 1024;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return;
	if (limit.rlim_max < want) {
		struct rlimit higher = {want, want};

		if (setrlimit(RLIMIT_NOFILE, &higher) == 0)
			return;
		want = limit.rlim_max;
	}
	limit.rlim_cur = want;
	setrlimit(RLIMIT_NOFILE, &limit);
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

int weir_proxy_drop_privileges(const char *user)
{
	const struct passwd *entry;

	close_bpf_descriptors();
	if (geteuid() == 0 && user) {
		errno = 0;
		entry = getpwnam(user);
		if (!entry)
			return errno ? -errno : -ENOENT;
		if (setgroups(0, NULL) < 0 ||
		    setresgid(entry->pw_gid, entry->pw_gid, entry->pw_gid) < 0 ||
		    setresuid(entry->pw_uid, entry->pw_uid, entry->pw_uid) < 0)
			return -errno;
	}
	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ? -errno : 0;
}
