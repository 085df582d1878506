/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What is pinned under /sys/fs/bpf/INSTANCE, and which program is the live one.
 *
 *   link_IFNAME   an attached interface; a dot of the name (a VLAN's) reads as a colon
 *   shared_...    one that is shared with other programs: see shared.h
 *   program       the gate: holds its maps while nothing is attached
 *   weir_*        the maps, for bpftool and people
 *
 * The live program is that of the links; while nothing is attached, the pinned one. A command
 * that was killed between two links leaves two programs, which share every map but weir_blocks or
 * weir_live; the one with more blocks is then the newer, or the one whose weir_live the control
 * word's neighbour names, and weir_pins_converge finishes the work.
 */
#ifndef WEIR_KERNEL_PINS_H
#define WEIR_KERNEL_PINS_H

#include <net/if.h>
#include <stdint.h>

#include "kernel/maps.h"
#include "kernel/paths.h"

struct weir_link {
	char interface[IF_NAMESIZE]; /* its name now: see renamed.h */
	char pin[IF_NAMESIZE + 32];  /* the file: of the link, or the record (shared.h) */
	int fd;
	__u32 id;
	__u32 program_id;
	__u32 ifindex;  /* 0: the interface has gone, and the link with it */
	bool is_shared; /* attached through libxdp's dispatcher; `fd` and `id` are the program's */
};

/* The gate's name among the pins. */
#define WEIR_GATE_PIN "program"

/* `ifindex` of a shared interface of another network namespace. */
#define WEIR_IFINDEX_ELSEWHERE UINT32_MAX

struct weir_links {
	struct weir_link *items;
	size_t count;
};

/* Every pinned link of the instance, by name. No folder or no bpffs: no links. */
int weir_links_open(const struct weir_paths *paths, struct weir_diags *diags,
		    struct weir_links *ret_links);
void weir_links_done(struct weir_links *links);

#define _cleanup_links_ __attribute__((cleanup(weir_links_done)))

/*
 * Open the live gate. Returns 0; -ENOENT, without a diagnostic, when there is none; or a
 * negative errno with a diagnostic: foreign pins, another layout, no privilege.
 */
int weir_pins_find(const struct weir_paths *paths, struct weir_diags *diags,
		   struct weir_maps *ret_maps);

/* The same for commands that need a gate: none is an error that says what to do. */
int weir_pins_need(const struct weir_paths *paths, struct weir_diags *diags,
		   struct weir_maps *ret_maps);

/* Is this map the live gate's? After a purge or a new layout, packets know of another. */
bool weir_pins_is_live(const struct weir_paths *paths, const struct weir_maps *maps,
		       enum weir_map map);

/*
 * Keep `maps` those of the live gate, for commands that go on. Returns 0; 1 when they are others now,
 * so that nothing compares with what was read before; or as weir_pins_need, with `maps` closed.
 */
int weir_pins_follow(const struct weir_paths *paths, struct weir_diags *diags,
		     struct weir_maps *maps);

/*
 * Make links and pins agree with `maps`: every link runs its program, the program and each map
 * are pinned by name. Replaces by rename, so that no name is ever missing.
 */
int weir_pins_converge(const struct weir_paths *paths, const struct weir_maps *maps,
		       struct weir_diags *diags);

/* The pinned program, whosever it is; errors are those of weir_pin_open. */
int weir_pins_program(const struct weir_paths *paths, struct weir_diags *diags, int *ret_fd);

/* Pin `fd` under `name`, in place of what is pinned there. */
int weir_pin_replace(const struct weir_paths *paths, const char *name, int fd,
		     struct weir_diags *diags);

/* The pin of an interface's link. */
void weir_link_path(const struct weir_paths *paths, const char *interface,
		    char to[static WEIR_PATH_MAX]);

/* Unpin everything and remove the folder. What is attached by our links goes with them. */
int weir_pins_remove_all(const struct weir_paths *paths, struct weir_diags *diags);

#endif
