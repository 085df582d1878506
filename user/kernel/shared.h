/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The gate on interfaces that it shares with other XDP programs.
 *
 *   /sys/fs/bpf/INSTANCE/shared_IFNAME@NETNS    the gate's program there, pinned as a record;
 *                                               what attaches it are libxdp's own pins
 *
 * A gate that shares is a program of its own, of another kind than the one that links attach,
 * but with the same maps and instructions. Each has a number, and only those judge whose number
 * the control word names. An upgrade, of all shared interfaces at once:
 *
 *   1. add a gate of the next number behind the old one; it passes everything
 *   2. store its number in the control word: from here on it judges, and the old one passes
 *   3. remove the old gate
 *
 * Killed after 1, the next run removes the new gates and begins again; after 2, the old ones.
 */
#ifndef WEIR_KERNEL_SHARED_H
#define WEIR_KERNEL_SHARED_H

#include "kernel/attach.h"
#include "kernel/pins.h"

/* Is the pin of this name such a record? */
bool weir_shared_is_record(const char *pin_name);

/* The record as a link. Its interface is gone when the gate is not on one of that name any more. */
int weir_shared_open(const struct weir_paths *paths, const char *pin_name, struct weir_diags *diags,
		     struct weir_link *ret_link);

/* Is the gate of this record on the interface? Then the link's program is the one there. */
bool weir_shared_is_on(struct weir_link *link, unsigned int ifindex);

/* Of one that is on no interface here: does its gate go on in another network namespace? */
bool weir_shared_is_taken(struct weir_link *link);

/* Pin the gate's program as the record of an interface of this network namespace; replaces the one before. */
int weir_shared_pin(const struct weir_paths *paths, const char *interface, int program_fd,
		    struct weir_diags *diags);

/* Where the record of an interface of this network namespace is. */
void weir_shared_path(const struct weir_paths *paths, const char *interface,
		      char to[static 2 * WEIR_PATH_MAX]);

/*
 * Attach the gate of `maps` beside whatever the interface's dispatcher runs, or with a new
 * dispatcher. Returns 0 or a negative errno with a diagnostic. Takes the apply lock as held.
 */
int weir_shared_attach(const struct weir_paths *paths, const struct weir_maps *maps,
		       const char *interface, unsigned int ifindex, enum weir_mode mode,
		       struct weir_diags *diags, struct weir_attached *attached);

/* Take the gate off the interface and remove the record. Other programs stay. */
int weir_shared_detach(const struct weir_paths *paths, const struct weir_link *link,
		       struct weir_diags *diags);

/* Does a gate of the instructions and the maps of `maps` judge what the interface receives? */
bool weir_shared_is_live(const struct weir_link *link, const struct weir_maps *maps);

/* Make every shared interface run a gate of the instructions and the maps of `maps`. */
int weir_shared_converge(const struct weir_paths *paths, const struct weir_links *links,
			 const struct weir_maps *maps, struct weir_diags *diags);

#endif
