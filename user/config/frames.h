/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Frames that an operator hands over: as hexadecimal digits on the command line, or as a capture
 * (pcap or pcapng) in a file.
 */
#ifndef WEIR_CONFIG_FRAMES_H
#define WEIR_CONFIG_FRAMES_H

#include <linux/types.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/diag.h"

enum {
	WEIR_FRAME_BYTES_MAX = 65535,
	WEIR_FRAMES_MAX = 4096, /* of one capture: each is looked for in every list */
};

struct weir_frame {
	__u8 *bytes;
	size_t size;
	unsigned int number; /* from 1, in the capture */
};

struct weir_frames {
	struct weir_frame *items;
	size_t count;
};

/*
 * Read `text`: a frame in hexadecimal, with blanks, colons or dashes wherever they please, or,
 * when it is neither that nor could be meant so, the path of a capture of Ethernet frames or of
 * bare IP packets, which get an Ethernet header. A frame of which the capture has only the
 * beginning is filled up with zeros: the gate looks at headers and lengths.
 * Returns 0; -EINVAL with a diagnostic; or another negative errno with one.
 */
int weir_frames_read(const char *text, struct weir_diags *diags, struct weir_frames *ret_frames,
		     bool *ret_is_capture);

/* Add a copy of a frame. Returns 0 or -ENOMEM. */
int weir_frames_add(struct weir_frames *frames, const void *bytes, size_t size);
void weir_frames_done(struct weir_frames *frames);

#define _cleanup_frames_ __attribute__((cleanup(weir_frames_done)))

#endif
