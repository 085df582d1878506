/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A new proxy in the place of the running one, without a moment in which nobody accepts. Private to
 * user/cmd.
 *
 *   new: takeover --->  old: its sockets (groups, metrics, control) and its lock, by SCM_RIGHTS
 *   new: accepts from the same sockets, beside the old one
 *   new: serving  --->  old: what its containers owe; then it accepts no more, and drains
 */
#ifndef WEIR_CMD_PROXY_TAKEOVER_H
#define WEIR_CMD_PROXY_TAKEOVER_H

#include "cmd/proxy.h"

/* The order in which they are passed: lock, control socket, both groups, metrics if there are any. */
enum { WEIR_PASSED_LOCK, WEIR_PASSED_CONTROL, WEIR_PASSED_GROUPS };

/* ---- proxy_give.c: the old one; verbs of the control socket ---------------------------- */

/* `takeover`: pass what we accept from. The connection is the taker's claim: it ends with it. */
int weir_takeover_give(struct weir_control_call *call);

/* `serving`: the taker accepts; tell it what the containers owe, and be done. */
int weir_takeover_finish(struct weir_control_call *call);

/* Has somebody asked for our sockets, and not gone away? What changes routes waits until then. */
bool weir_takeover_is_under_way(const struct weir_proxy_run *run);

/* Is another one in charge, and told all that it asked? */
bool weir_takeover_is_over(const struct weir_proxy_run *run);

/* ---- proxy_takeover.c: the new one ----------------------------------------------------- */

/*
 * Get the running proxy's lock, control socket and listeners into the run, and more listeners where
 * there are more workers. To be called with privileges. Returns 0; -ENOENT: nobody runs, start as
 * usual; or another negative errno: then nothing has changed for the running one. Prints what
 * fails.
 */
int weir_takeover_begin(struct weir_proxy_run *run);

/*
 * Our workers accept: relieve the old one and go on from what its containers owe. Returns 0, or a
 * negative errno: then the old one is in charge still. Prints what fails.
 */
int weir_takeover_complete(struct weir_proxy_run *run);

#endif
