/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The state of a gate at a glance, as people and programs read it. Pure.
 */
#ifndef WEIR_REPORT_STATUS_H
#define WEIR_REPORT_STATUS_H

#include <linux/types.h>
#include <net/if.h>
#include <stdbool.h>
#include <stddef.h>

/* How an interface is filtered. */
struct weir_status_interface {
	char name[IF_NAMESIZE];
	bool is_gone;        /* the interface was deleted: its pin is all that is left */
	bool is_elsewhere;   /* in another network namespace: the mode cannot be seen */
	bool is_native;      /* else skb mode */
	bool is_on_trial;    /* of being attached, running or ended: see weir_status.trial */
	bool is_shared;      /* by libxdp's dispatcher: other XDP programs can run beside it */
	char why_alone[128]; /* else why not; "" when nothing speaks against it any more */
	__u32 program_id;
};

enum weir_status_trial {
	WEIR_TRIAL_NONE,
	WEIR_TRIAL_RUNS,
	/* It ended unconfirmed: the policy before is in force, or interfaces receive everything. */
	WEIR_TRIAL_WENT_BACK,
};

/* What the files say about the policy in force. */
enum weir_status_files {
	WEIR_FILES_UNREAD,
	WEIR_FILES_SAME,
	WEIR_FILES_CHANGED,
	WEIR_FILES_BAD,
};

/* The proxy of the instance, as it says itself. */
struct weir_status_proxy {
	bool runs;
	__u64 pid, workers, since_s; /* CLOCK_REALTIME */
	__u64 open, connections, requests;
	__u64 routes, changes; /* host names in force; live changes among them, drains and rates */
};

struct weir_status {
	char instance[32];
	bool is_loaded;  /* there is a gate */
	bool has_policy; /* and a complete policy in it */
	__u32 program_id;
	__u64 program_tag;
	__u32 layout;
	__u32 half;
	enum weir_status_trial trial;
	__u64 trial_left_ns;
	bool is_attach_trial; /* of interfaces, not of the policy */
	__u64 fingerprint;
	__u64 applied_at_s; /* CLOCK_REALTIME */
	__u32 destinations;
	__u64 denied_addresses;
	__u32 blocks, blocks_max;
	__u32 live_bans, live_releases, live_max;
	bool is_steered; /* the hand-off is attached */
	bool has_http_listener, has_tls_listener;
	__u32 routes_missing; /* ingress addresses that are not local here */
	enum weir_status_files files;
	struct weir_status_proxy proxy;
	struct weir_status_interface *interfaces;
	size_t interfaces_count;
};

void weir_status_done(struct weir_status *status);

#define _cleanup_status_ __attribute__((cleanup(weir_status_done)))

/* native, skb, gone or elsewhere. */
const char *weir_status_interface_state(const struct weir_status_interface *interface);

/* Interfaces that the gate filters: those that are not gone. */
size_t weir_status_attached(const struct weir_status *status);

/* The word of a state in JSON and in metrics. */
const char *weir_status_trial_slug(enum weir_status_trial trial);
const char *weir_status_files_slug(enum weir_status_files files);

/* free(3) what these return; NULL when memory runs out. */
char *weir_status_table(const struct weir_status *status);
char *weir_status_json(const struct weir_status *status, bool is_line);

#endif
