/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The gate on interfaces, all with one set of maps: through libxdp's dispatcher where the kernel
 * lets programs share an interface, else by a pinned bpf_link.
 */
#ifndef WEIR_KERNEL_ATTACH_H
#define WEIR_KERNEL_ATTACH_H

#include "config/config.h"
#include "kernel/maps.h"
#include "kernel/paths.h"
#include "kernel/pins.h"

/* How an interface came to be filtered. */
struct weir_attached {
	enum weir_mode mode; /* NATIVE or SKB, never AUTO */
	bool was_attached;   /* it was already; nothing was changed */
	bool is_on_trial;    /* it goes off by itself, unless confirmed */
	char why[96];        /* why not native, in auto mode; else "" */
	bool is_shared;      /* by libxdp's dispatcher: other XDP programs can be added */
	char why_alone[128]; /* else why not */
};

struct weir_attach_options {
	enum weir_mode mode;
	bool is_forced;
	/*
	 * On trial: after so long the interface receives everything again unless weir_confirm comes
	 * (kernel/attach_trial.h). 0: for good. One that is attached already goes on no trial.
	 */
	__u64 try_ns;
	int wait_ms; /* for another writer */
};

/*
 * Attach the loaded gate to an interface of this network namespace and pin the link. In auto mode
 * native is tried first. Refuses a gate without a complete policy, and an interface that another
 * XDP program holds alone, which it names. An interface that is attached already stays as it
 * is; -EEXIST when that is not the mode asked for. -EPERM when it would lock out who is connected
 * (kernel/guard.h), unless `is_forced`.
 * Returns 0 or a negative errno with a diagnostic.
 */
int weir_attach_with(const struct weir_paths *paths, const char *interface,
		     const struct weir_attach_options *options, struct weir_diags *diags,
		     struct weir_attached *ret_attached);

/*
 * Detach from the interface and remove the pin. The policy stays loaded. -ENOENT with a
 * diagnostic when it was not attached.
 */
int weir_detach(const struct weir_paths *paths, const char *interface, struct weir_diags *diags);

/*
 * Take everything away: links, the hand-off, routes, pins. Live bans stay in the journal.
 */
int weir_detach_all(const struct weir_paths *paths, struct weir_diags *diags);

/* Detach one link and remove its pin: for those who have it open, under apply.lock. */
int weir_detach_link(const struct weir_paths *paths, const struct weir_link *link,
		     struct weir_diags *diags);

/* What runs on an interface: 0 where nothing does. */
struct weir_running {
	__u32 program_id;
	enum weir_mode mode;
};

/* Returns 0 or a negative errno (-ENODEV: no such interface), without a diagnostic. */
int weir_running_on(unsigned int ifindex, struct weir_running *ret_running);

/* Is the link on that interface, and not on one of its number in another network namespace? */
bool weir_link_is_on(const struct weir_link *link, unsigned int ifindex);

#endif
