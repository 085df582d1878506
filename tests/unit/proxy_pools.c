/* SPDX-License-Identifier: GPL-2.0-only */
/* What a worker lends of buffers and pipes: up to the bound, the same again, and no residue of another's. */
#include <criterion/criterion.h>
#include <unistd.h>

#include "proxy/buffers.h"
#include "proxy/pipes.h"

Test(pools, lend_buffers_up_to_the_bound_and_not_a_byte_more)
{
	struct weir_buffers buffers = {.lent_bytes = WEIR_BUFFERS_MAX - WEIR_BUFFER_SIZE};
	struct weir_buffer *last;

	cr_expect_null(weir_buffers_borrow(&buffers, WEIR_BUFFER_SIZE + 1));
	last = weir_buffers_borrow(&buffers, 1);
	cr_assert(last);
	cr_expect_eq(last->size, WEIR_BUFFER_SIZE);
	cr_expect_null(weir_buffers_borrow(&buffers, 1));
	weir_buffers_return(&buffers, &last);
	last = weir_buffers_borrow(&buffers, 1);
	cr_expect(last);
	weir_buffers_return(&buffers, &last);
	cr_expect_eq(buffers.lent_bytes, WEIR_BUFFERS_MAX - WEIR_BUFFER_SIZE);
	weir_buffers_done(&buffers);
}

Test(pools, lend_pipes_up_to_the_bound)
{
	struct weir_pipes pipes = {.lent = WEIR_PIPES_MAX - 1};
	struct weir_pipe *last = weir_pipes_borrow(&pipes);

	cr_assert(last);
	cr_expect_null(weir_pipes_borrow(&pipes));
	weir_pipes_return(&pipes, &last);
	cr_expect_eq(pipes.lent, WEIR_PIPES_MAX - 1);
	weir_pipes_done(&pipes);
}

Test(pools, lend_no_pipe_again_that_has_a_residue)
{
	struct weir_pipes pipes = {};
	struct weir_pipe *one = weir_pipes_borrow(&pipes);

	cr_assert(one);
	cr_assert_eq(write(one->write_fd, "x", 1), 1);
	one->bytes = 1;
	weir_pipes_return(&pipes, &one);
	cr_expect_eq(pipes.free_count, 0);
	one = weir_pipes_borrow(&pipes);
	cr_assert(one);
	weir_pipes_return(&pipes, &one);
	cr_expect_eq(pipes.free_count, 1);
	weir_pipes_done(&pipes);
}
