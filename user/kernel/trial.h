/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Trying a half before packets meet it: a twin of the program that is forced to the half judges
 * packets whose verdict is known.
 */
#ifndef WEIR_KERNEL_TRIAL_H
#define WEIR_KERNEL_TRIAL_H

#include "kernel/maps.h"
#include "kernel/paths.h"
#include "plan/plan.h"
#include "weir/reasons.h"

enum { WEIR_PROBE_BYTES = 60 };

/* A packet without payload, all that a rule of the gate can look at. Addresses as on the wire. */
struct weir_probe {
	__be32 source, destination;
	__u16 source_port, port; /* host order */
	__u8 protocol;           /* IPPROTO_TCP (a SYN) or IPPROTO_UDP */
};

/* The probe as an Ethernet frame, checksums left at 0: the gate reads none. */
void weir_probe_frame(const struct weir_probe *probe, __u8 frame[static WEIR_PROBE_BYTES]);

/*
 * Let a twin forced to `half` judge known packets against what `generation`, just written there,
 * must make of them: each ingress address with an open and a closed port and with UDP, a source
 * that is listed, a destination that is no address of the gate.
 * Returns 0; -EPROTO with a diagnostic that names the packet, the reason wanted and the one got;
 * or a negative errno with a diagnostic. `ret_tag` is the twin's tag (weir_program_tag).
 */
int weir_trial_run(const struct weir_paths *paths, const struct weir_maps *maps, __u32 half,
		   const struct weir_generation *generation, struct weir_diags *diags,
		   __u64 *ret_tag);

#endif
