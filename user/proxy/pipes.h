/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Pipes for splice, borrowed only while bytes are in them: an empty pipe of 1 MiB still holds
 * 17.8 kB of kernel memory. Only empty ones go back to the pool; one with a residue is closed.
 */
#ifndef WEIR_PROXY_PIPES_H
#define WEIR_PROXY_PIPES_H

#include <linux/types.h>

enum {
	WEIR_PIPE_SIZE = 1 << 20, /* asked for; a user's share of them is limited by the kernel */
	WEIR_PIPES_KEPT = 32,
	WEIR_PIPES_MAX = 4096, /* lent at a time, by one worker; beyond it bytes are copied */
};

struct weir_pipe {
	struct weir_pipe *next;
	int read_fd, write_fd;
	__u32 size;  /* what the kernel granted */
	__u32 bytes; /* in it now */
};

struct weir_pipes {
	struct weir_pipe *free;
	__u32 free_count;
	__u32 lent;
};

/* An empty pipe, or NULL when descriptors or the pool's share are used up: then copy. */
struct weir_pipe *weir_pipes_borrow(struct weir_pipes *pipes);

/* Give one back. Nulls the pointer, accepts NULL. */
void weir_pipes_return(struct weir_pipes *pipes, struct weir_pipe **pipe);

/* Close the kept ones. */
void weir_pipes_done(struct weir_pipes *pipes);

#endif
