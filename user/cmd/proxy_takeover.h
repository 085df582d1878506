/* SPDX-License-Identifier: GPL-2.0-only */
/* One proxy in the place of another: both sides of it. Private to user/cmd. */
#ifndef WEIR_CMD_PROXY_TAKEOVER_H
#define WEIR_CMD_PROXY_TAKEOVER_H

#include "cmd/proxy.h"

/* ---- the old one: verbs of the control socket ------------------------------------------ */

/* `takeover`: pass what we accept from. The connection is the taker's claim: it ends with it. */
int weir_takeover_give(struct weir_control_call *call);

/* `serving`: the taker accepts; tell it what the containers owe, and be done. */
int weir_takeover_finish(struct weir_control_call *call);

/* Has somebody asked for our sockets, and not gone away? What changes routes waits until then. */
bool weir_takeover_is_under_way(const struct weir_proxy_run *run);

/* Is another one in charge, and told all that it asked? */
bool weir_takeover_is_over(const struct weir_proxy_run *run);

/* ---- the new one ----------------------------------------------------------------------- */

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
