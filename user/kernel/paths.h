/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Where an instance keeps its things, and the folders themselves.
 *
 *   /sys/fs/bpf/NAME   pins: program, link_IFNAME, steer_link, one per map; gone at a reboot
 *   /run/NAME          locks, the control socket, the wall clock as last seen; gone at a reboot
 *   /var/lib/NAME      the journal of live bans, the last confirmed policy; survives
 */
#ifndef WEIR_KERNEL_PATHS_H
#define WEIR_KERNEL_PATHS_H

#include "base/diag.h"

enum { WEIR_PATH_MAX = 128 };

struct weir_paths {
	char pins[WEIR_PATH_MAX];
	char run[WEIR_PATH_MAX];
	char state[WEIR_PATH_MAX];
};

/* The names alone: touches nothing. -EINVAL with a diagnostic for a bad name. */
int weir_paths_make(const char *instance, struct weir_diags *diags, struct weir_paths *ret_paths);

/*
 * Are the folders ours, and can pins be seen from here? -EEXIST with a diagnostic for a folder
 * with something in it and nothing of weir's; -ENODEV with a diagnostic in a mount namespace that
 * hides pins (`ip netns exec`): that none is found there says nothing. 0 also where there is none.
 */
int weir_paths_check(const struct weir_paths *paths, struct weir_diags *diags);

/*
 * Make the folders that are missing (mode 0700), and mount bpffs where it is not. bpffs is
 * mounted only in the machine's own mount namespace: anywhere else (`ip netns exec`) the mount,
 * and the gate with it, would vanish with the command.
 * Returns 0 or a negative errno with a diagnostic.
 */
int weir_paths_ensure(const struct weir_paths *paths, struct weir_diags *diags);

/* The same without bpffs: for what needs no gate. */
int weir_paths_ensure_files(const struct weir_paths *paths, struct weir_diags *diags);

#endif
