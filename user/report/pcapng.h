/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A capture file in pcapng (draft-ietf-opsawg-pcapng), of Ethernet frames with nanoseconds and a
 * comment each. Written here because libpcap writes no comments.
 *
 *   weir_pcapng_begin(to, "weir 0.1.0");
 *   weir_pcapng_interface(to, "eth0", 512);        interfaces are numbered from 0
 *   weir_pcapng_frame(to, &frame);
 *
 * Errors are the stream's: ferror(3) tells.
 */
#ifndef WEIR_REPORT_PCAPNG_H
#define WEIR_REPORT_PCAPNG_H

#include <linux/types.h>
#include <stdio.h>

/* Once, before all else. `application` is who writes. */
void weir_pcapng_begin(FILE *to, const char *application);

/* `frame_bytes_max` is how much of a frame is kept at most. */
void weir_pcapng_interface(FILE *to, const char *name, __u32 frame_bytes_max);

struct weir_pcapng_frame {
	__u32 interface; /* its number */
	__u64 at_ns;     /* CLOCK_REALTIME */
	const void *bytes;
	__u32 size;        /* of `bytes` */
	__u32 frame_bytes; /* of the whole frame */
	const char *comment;
};

void weir_pcapng_frame(FILE *to, const struct weir_pcapng_frame *frame);

#endif
