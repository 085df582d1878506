/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the proxy does while it is privileged, besides its listeners: it makes sure that it is the
 * only one, makes its control socket, and then becomes somebody else for good.
 */
#include "cmd/proxy.h"

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "cmd/privileges.h"
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

/*
 * The folder, if it is the user's already: opened by the owner's right, so that a service manager
 * who has made it need not leave us the capabilities to change it. -1: it is not, or not there.
 */
static int open_owned(int state, const struct passwd *entry)
{
	_cleanup_close_ int folder = openat(state, "proxy",
					    O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	struct stat found;
	int fd = -1;

	if (folder < 0 || fstat(folder, &found) || found.st_uid != entry->pw_uid ||
	    found.st_gid != entry->pw_gid || (found.st_mode & 07777) != 0700)
		return -1;
	if (!seteuid(entry->pw_uid))
		fd = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return seteuid(0) ? -1 : fd;
}

static int open_state(struct weir_proxy_run *run, struct weir_diags *diags)
{
	const char *user = run->config->proxy.user;
	const struct passwd *entry = geteuid() == 0 ? weir_privileges_user(user) : NULL;
	_cleanup_close_ int state = open(run->paths.state,
					 O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	_cleanup_close_ int fd = state >= 0 && entry ? open_owned(state, entry) : -1;

	if (fd >= 0) {
		run->routes.folder_fd = take_fd(&fd);
		return 0;
	}
	/* That there is no such user is said when it is to become the proxy's. */
	if (state >= 0 && (!mkdirat(state, "proxy", 0700) || errno == EEXIST))
		fd = openat(state, "proxy", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 || fchmod(fd, 0700) || (entry && fchown(fd, entry->pw_uid, entry->pw_gid))) {
		int error = errno;

		weir_diags_error(diags, NULL, 0, 0, "%s/proxy: %s", run->paths.state,
				 strerror(error));
		return -error;
	}
	run->routes.folder_fd = take_fd(&fd);
	return 0;
}

int weir_proxy_open_state(struct weir_proxy_run *run)
{
	_cleanup_diags_ struct weir_diags diags = {};
	int r = run->control_fd >= 0 ? open_state(run, &diags) : 0;

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

/* What the running proxy opens besides its sockets. */
int weir_proxy_drop_privileges(const struct weir_proxy_run *run)
{
	_cleanup_sandbox_ struct weir_sandbox sandbox = {};
	const struct weir_config *config = run->config;
	int r = weir_sandbox_allow(&sandbox, "/dev/null", WEIR_SANDBOX_WRITE);

	for (size_t i = 0; !r && i < config->routes.paths_count; i++)
		r = weir_sandbox_allow_folder_of(&sandbox, config->routes.paths[i],
						 WEIR_SANDBOX_READ);
	if (!r && run->routes.folder_fd >= 0)
		r = weir_sandbox_allow_open(&sandbox, run->routes.folder_fd, WEIR_SANDBOX_WRITE);
	if (!r && config->proxy.log_file)
		r = weir_sandbox_allow_folder_of(&sandbox, config->proxy.log_file,
						 WEIR_SANDBOX_WRITE);
	return r ?: weir_privileges_drop(config->proxy.user, &sandbox);
}
