/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Beside other XDP programs on one interface, through libxdp's dispatcher.
 *
 *   NIC -> xdp_dispatcher -> [gate] -> [other program] -> ...     in the order of priorities
 *
 * The dispatcher is an XDP program of libxdp that calls up to ten others; it is attached by
 * netlink and swapped whole, atomically, whenever a program is added or removed. libxdp keeps
 * its pins in /sys/fs/bpf/xdp (LIBXDP_BPFFS moves it). Private to user/kernel; see shared.h for
 * what weir does with it.
 */
#ifndef WEIR_KERNEL_DISPATCHER_H
#define WEIR_KERNEL_DISPATCHER_H

#include "config/config.h"
#include "kernel/maps.h"

enum { WEIR_SEATS_MAX = 10 }; /* of one dispatcher: libxdp's MAX_DISPATCHER_ACTIONS */

/* A gate that an interface's dispatcher runs. */
struct weir_seat {
	int fd; /* of the program */
	__u32 program_id;
	__u32 owner;                                     /* the number that it was loaded with */
	__u32 control_id, blocks_id, live_id, counts_id; /* its maps */
};

struct weir_seats {
	struct weir_seat items[WEIR_SEATS_MAX];
	size_t count;
	size_t others;      /* programs that are no gates */
	bool is_dispatched; /* the interface runs a dispatcher */
	enum weir_mode mode;
};

/*
 * Can programs share an interface here? Returns 0, or -EOPNOTSUPP and why not, as the end of a
 * sentence. Tries what libxdp would, on no interface.
 */
int weir_dispatcher_probe(char *why, size_t why_size);

/*
 * The next link, by number, that ties a program to the dispatcher; *link_id is 0 at first, then as it was left.
 * Returns its descriptor, the caller's; -ENOENT: there is none; or a negative errno, no diagnostic.
 */
int weir_dispatcher_tie(__u32 dispatcher_id, __u32 *link_id, __u32 *ret_program_id);

/* What a program is, if it is a gate that shares: 0; -ENOENT: it is not; or -errno. */
int weir_seat_read(int program_fd, struct weir_seat *ret_seat);

/* The gates on an interface of this network namespace. 0 or a negative errno; no diagnostic. */
int weir_seats_open(unsigned int ifindex, struct weir_seats *ret_seats);
void weir_seats_done(struct weir_seats *seats);

#define _cleanup_seats_ __attribute__((cleanup(weir_seats_done)))

/* A gate to be added to one or several dispatchers. */
struct weir_newcomer {
	struct weir_gate *gate;
	struct xdp_program *program;
};

/* A gate that uses `maps` and answers to the number `owner`. 0 or -errno with a diagnostic. */
int weir_newcomer_open(const struct weir_maps *maps, __u32 owner, struct weir_diags *diags,
		       struct weir_newcomer *ret_newcomer);
void weir_newcomer_done(struct weir_newcomer *newcomer);

#define _cleanup_newcomer_ __attribute__((cleanup(weir_newcomer_done)))

/*
 * Add it behind the gates that are there; with the first program comes the dispatcher. `mode`
 * must be that of the dispatcher, where there is one. Returns, after a grace period, 0 or a
 * negative errno, no diagnostic; -EOPNOTSUPP when libxdp would have done without a dispatcher.
 */
int weir_newcomer_attach(struct weir_newcomer *newcomer, unsigned int ifindex, enum weir_mode mode);

/* Of the loaded program; owned by the newcomer. */
int weir_newcomer_fd(const struct weir_newcomer *newcomer);

/* Take a gate off the interface's dispatcher; with the last program the dispatcher goes. As above. */
int weir_seat_detach(const struct weir_seat *seat, unsigned int ifindex, enum weir_mode mode);

#endif
