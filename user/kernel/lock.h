/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Who may write. Several locks, so that a ban never waits for an apply:
 *
 *   apply.lock   generations, programs, links, routes; held for as long as an apply takes
 *   live.lock    weir_live, the length masks and the live bits; held for milliseconds
 *   capture.lock weir_watch and the ring of frames; held for as long as a capture takes
 *   proxy.lock   the control socket and what it changes; held for as long as a proxy runs
 *
 * Whoever needs both takes apply.lock first. A lock is flock(2) on a file: it goes with the
 * process that holds it, however that ends.
 */
#ifndef WEIR_KERNEL_LOCK_H
#define WEIR_KERNEL_LOCK_H

#include <sys/types.h>

#include "kernel/paths.h"

enum { WEIR_LOCK_WAIT_MS = 5000 };

/*
 * Take the lock `name` and write our pid and `command` into it, waiting up to `wait_ms`.
 * Returns 0 and a descriptor whose close releases the lock; -EBUSY with a diagnostic that names
 * the holder; or another negative errno with a diagnostic.
 */
int weir_lock_take(const struct weir_paths *paths, const char *name, const char *command,
		   int wait_ms, struct weir_diags *diags, int *ret_fd);

/* Write another holder's pid and `command` into a lock that we share with it. */
void weir_lock_sign(int fd, pid_t pid, const char *command);

#define WEIR_LOCK_APPLY   "apply.lock"
#define WEIR_LOCK_LIVE    "live.lock"
#define WEIR_LOCK_CAPTURE "capture.lock"
#define WEIR_LOCK_PROXY   "proxy.lock"

#endif
