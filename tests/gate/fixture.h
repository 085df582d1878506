/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The real program with real maps, in a network namespace of its own, run by hand.
 *
 * A test program's process is forked for each test: gate_start moves that process into a fresh
 * namespace, loads the program, and everything goes when the process does. Every
 * failure of the set-up itself fails the test at once.
 */
#ifndef WEIR_TESTS_FIXTURE_H
#define WEIR_TESTS_FIXTURE_H

#include "config/config.h"
#include "frames.h"
#include "plan/plan.h"
#include "weir/counts.h"

/* The addresses of the table: documentation and benchmark networks (RFC 5737, RFC 2544). */
#define INGRESS         0xc0000201 /* 192.0.2.1 */
#define INGRESS2        0xc0000202 /* 192.0.2.2 */
#define EGRESS          0xc000020a /* 192.0.2.10 */
#define MACHINE         0xc0000214 /* 192.0.2.20 */
#define NOBODY          0xc0000263 /* 192.0.2.99 */
#define CLIENT          0xc6336407 /* 198.51.100.7 */
#define LISTED          0xcb007109 /* 203.0.113.9, in 203.0.113.0/24 */
#define ALLOWED         0xcb007105 /* 203.0.113.5, on the allowlist */
#define CDN             0xc6120007 /* 198.18.0.7, in 198.18.0.0/16 */
#define CDN_LISTED      0xc6120108 /* 198.18.1.8, in the CDN's ranges and on the denylist */
#define OPERATOR        0x0a010007 /* 10.1.0.7, in the 10.1.0.0/16 that may use SSH */
#define OPERATOR_LISTED 0x0a010108 /* 10.1.1.8, likewise and on the denylist */
#define BACKEND         0x0a020007 /* 10.2.0.7, in the backends' 10.2.0.0/16 */

struct gate;

/* What one run did. */
struct verdict {
	int action;          /* XDP_* */
	unsigned int reason; /* the one counter that grew by one; 0: none or several did */
	__u64 bytes;         /* by how much its bytes grew */
};

/* Load program and maps; `blocks_max` is the room for blocks of one half. */
struct gate *gate_start(__u32 blocks_max);

/* Write the generation into the inactive half and make that half the active one. */
void gate_apply(struct gate *gate, const struct weir_generation *generation);

/* Build the generation of `config` and apply it. The slots of the last one are kept. */
void gate_apply_config(struct gate *gate, const struct weir_config *config, const __u32 *machine,
		       size_t machine_count);

/* The configuration of the addresses above: see scene.c. Belongs to the fixture. */
struct weir_config gate_config(void);

/* Start with that configuration applied. */
struct gate *gate_start_configured(void);

struct verdict gate_run(struct gate *gate, const void *frame, size_t size);

/* The XDP action alone, for tests that run many. */
int gate_action(struct gate *gate, const void *frame, size_t size);

/* The same frame `times` times. Callable from several threads at once. */
void gate_flood(struct gate *gate, const void *frame, size_t size, int times);

/* The same by the twin, which counts nothing: the reason alone. */
unsigned int gate_ask_twin(struct gate *gate, const void *frame, size_t size);

/* Fails the test, with `name`, unless the frame is judged so and counted once, with its length. */
void gate_expect(struct gate *gate, const char *name, const struct frame *frame,
		 unsigned int reason);

/* Build, then expect. */
void gate_expect_spec(struct gate *gate, const char *name, struct frame_spec spec,
		      unsigned int reason);

/* Sum of all CPUs. */
void gate_counts(struct gate *gate, struct weir_counts *ret_counts);
struct weir_destination_counts gate_destination_counts(struct gate *gate, __u32 address);

/* The program, for what the other functions do not do with it. */
int gate_program_fd(const struct gate *gate);

/* The destination's bucket and rate in the active half, for tests that empty or change them. */
struct weir_bucket *gate_bucket(struct gate *gate, __u32 address);
struct weir_rate *gate_rate(struct gate *gate, __u32 address);

/* Add a live ban or release as the loader would: entry, length, live bits. `until_ns` 0: no end. */
void gate_live_add(struct gate *gate, __u32 kind, struct weir_prefix prefix, __u64 until_ns);
void gate_live_del(struct gate *gate, __u32 kind, struct weir_prefix prefix);

/* Remove every live entry. Their bits stay: a bit without an entry decides nothing. */
void gate_live_flush(struct gate *gate);

/* Put a listening socket where the proxy puts its own. `key` is of enum weir_listener. */
void gate_listen(struct gate *gate, __u32 key, int fd);

/* A map by its name, for those that only one test looks at. */
int gate_map_fd(struct gate *gate, const char *name);

/* The maps that tests write by hand. */
struct weir_control *gate_control(struct gate *gate);
struct weir_policy *gate_policy(struct gate *gate); /* of the active half */
/* Of the active half; the address's /20 has one. */
struct weir_cell *gate_cell(struct gate *gate, __u32 address);

__u64 gate_now_ns(void); /* CLOCK_MONOTONIC */
const char *reason_name(unsigned int reason);

/* Set lo up and give it the address (host order). */
void gate_add_address(__u32 address);

#endif
