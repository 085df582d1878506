/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A lock by name -> a descriptor that holds it. The file keeps the last holder's pid and command,
 * which is read only when somebody has to wait too long.
 */
#include "kernel/lock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>

#include "base/cleanup.h"
#include "base/fail.h"

enum { STEP_MS = 20 };

static int take(int fd, int wait_ms)
{
	static const struct timespec step = {.tv_nsec = STEP_MS * 1000000L};

	for (int waited_ms = 0;; waited_ms += STEP_MS) {
		if (flock(fd, LOCK_EX | LOCK_NB) == 0)
			return 0;
		if (errno != EWOULDBLOCK && errno != EINTR)
			return -errno;
		if (waited_ms >= wait_ms)
			return -EBUSY;
		nanosleep(&step, NULL);
	}
}

static int open_file(const char *path)
{
	return open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
}

static int fail_busy(int fd, const char *path, struct weir_diags *diags)
{
	char holder[128] = "";
	ssize_t size = pread(fd, holder, sizeof(holder) - 1, 0);

	holder[size > 0 ? size : 0] = 0;
	holder[strcspn(holder, "\n")] = 0;
	return weir_fail(diags, -EBUSY, "%s is held by %s", path,
			 *holder ? holder : "another process");
}

void weir_lock_sign(int fd, pid_t pid, const char *command)
{
	char text[128];
	int size = snprintf(text, sizeof(text), "pid %d (weir %s)\n", pid, command);

	/*
	 * Only a courtesy to whoever waits: a full disk must not stop an operator. Written over what
	 * is there, so that no reader finds nothing.
	 */
	if (pwrite(fd, text, size, 0) == size && ftruncate(fd, size))
		return;
}

int weir_lock_take(const struct weir_paths *paths, const char *name, const char *command,
		   int wait_ms, struct weir_diags *diags, int *ret_fd)
{
	_cleanup_close_ int fd = -1;
	char path[WEIR_PATH_MAX + 32];
	int r;

	snprintf(path, sizeof(path), "%s/%s", paths->run, name);
	fd = open_file(path);
	if (fd < 0 && errno == ENOENT && !mkdir(paths->run, 0700))
		fd = open_file(path); /* somebody has tidied /run */
	if (fd < 0)
		return weir_fail(diags, -errno, "cannot open %s: %s", path, strerror(errno));
	r = take(fd, wait_ms);
	if (r == -EBUSY)
		return fail_busy(fd, path, diags);
	if (r)
		return weir_fail(diags, r, "cannot lock %s: %s", path, strerror(-r));
	weir_lock_sign(fd, getpid(), command);
	*ret_fd = take_fd(&fd);
	return 0;
}
