/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The pool of pipes of one worker: what does splice(2) move bytes through?
 *
 * Empty pipes are kept when they come back, up to a number, because making one costs system calls
 * and memory; one with bytes in it is closed, because they are nobody's. No lock: one worker.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "proxy/pipes.h"

static struct weir_pipe *pipe_new(void)
{
	struct weir_pipe *new = calloc(1, sizeof(*new));
	int fds[2], size;

	if (!new || pipe2(fds, O_NONBLOCK | O_CLOEXEC) < 0) {
		free(new);
		return NULL;
	}
	new->read_fd = fds[0];
	new->write_fd = fds[1];
	/* Refused once the user's share of pipe pages is used up: what there is will do. */
	fcntl(new->write_fd, F_SETPIPE_SZ, WEIR_PIPE_SIZE);
	size = fcntl(new->write_fd, F_GETPIPE_SZ);
	new->size = size > 0 ? size : 4096;
	return new;
}

static void pipe_free(struct weir_pipe *old)
{
	close(old->read_fd);
	close(old->write_fd);
	free(old);
}

struct weir_pipe *weir_pipes_borrow(struct weir_pipes *pipes)
{
	struct weir_pipe *pipe = pipes->free;

	if (pipes->lent >= WEIR_PIPES_MAX)
		return NULL;
	if (pipe) {
		pipes->free = pipe->next;
		pipes->free_count--;
	} else {
		pipe = pipe_new();
	}
	pipes->lent += pipe != NULL;
	return pipe;
}

void weir_pipes_return(struct weir_pipes *pipes, struct weir_pipe **pipe)
{
	struct weir_pipe *old = take_pointer(*pipe);

	if (!old)
		return;
	pipes->lent--;
	if (old->bytes || pipes->free_count >= WEIR_PIPES_KEPT) {
		pipe_free(old);
		return;
	}
	old->next = pipes->free;
	pipes->free = old;
	pipes->free_count++;
}

void weir_pipes_done(struct weir_pipes *pipes)
{
	while (pipes->free) {
		struct weir_pipe *old = pipes->free;

		pipes->free = old->next;
		pipe_free(old);
	}
	pipes->free_count = 0;
}
