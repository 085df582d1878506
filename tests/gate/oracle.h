/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The whole policy once more, slow and obvious: bytes of a frame in, reason out. It reads the
 * operator's configuration, not the maps, and looks at every entry of every list; nothing is
 * shared with the gate or the planner but the names of the reasons.
 */
#ifndef WEIR_TESTS_ORACLE_H
#define WEIR_TESTS_ORACLE_H

#include "config/config.h"
#include "weir/deny.h"
#include "weir/reasons.h"

struct oracle_live {
	__u32 kind; /* WEIR_LIVE_* */
	struct weir_prefix prefix;
	bool has_expired;
};

/* A socket that proves something: TCP in any state but LISTEN, or connected UDP. */
struct oracle_socket {
	__u8 protocol;
	__u32 near, far; /* host order */
	__u16 near_port, far_port;
};

struct oracle {
	const struct weir_config *config;
	const __u32 *machine; /* host order */
	size_t machine_count;
	const struct oracle_live *live;
	size_t live_count;
	const struct oracle_socket *sockets;
	size_t sockets_count;
	const __u32 *drained; /* ingress addresses whose bucket is empty; the others never are */
	size_t drained_count;
};

enum weir_reason oracle_judge(const struct oracle *oracle, const unsigned char *frame, size_t size);

#endif
