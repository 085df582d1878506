/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The hand-off: an sk_lookup program of this network namespace that gives new connections to
 * (ingress address, open port) to the proxy's listeners.
 */
#ifndef WEIR_KERNEL_STEER_H
#define WEIR_KERNEL_STEER_H

#include <stdbool.h>

#include "base/diag.h"
#include "kernel/maps.h"
#include "kernel/paths.h"

/*
 * Hand over to these listening TCP sockets, bound to any address and port: attaches the program
 * to the current network namespace and pins its link where that is not so yet, then puts both
 * sockets into its map, in place of those before. The map holds no reference that keeps a
 * listener open: when the last descriptor of one is closed, its connections are refused again.
 * Needs root; to be called before privileges are dropped. Needs a gate (weir apply).
 * Returns 0 or a negative errno with a diagnostic.
 */
int weir_steer_listen(const char *instance, int http_fd, int tls_fd, struct weir_diags *diags);

/* For apply: let a pinned hand-off read the maps of `maps`, if there is one. */
int weir_steer_converge(const struct weir_paths *paths, const struct weir_maps *maps,
			struct weir_diags *diags);

struct weir_steer_state {
	bool is_attached;
	__u32 control_id; /* the map weir_control of the gate that it follows */
	bool has_listener[WEIR_LISTENERS];
};

/* What is pinned now; no hand-off is no error. */
int weir_steer_state(const struct weir_paths *paths, struct weir_diags *diags,
		     struct weir_steer_state *ret_state);

#endif
