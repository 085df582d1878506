/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A wire to the gate, real packets on it, and a neighbour that counts what comes through.
 */
#include "wire.h"

#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <criterion/criterion.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "kernel/attach.h"
#include "kernel/dispatcher.h"
#include "kernel/trial.h"
#include "neighbour.skel.h"

static struct weir_neighbour *neighbour;

void make_pair(const char *here, const char *there)
{
	char command[256];

	snprintf(command, sizeof(command),
		 "ip link add %s mtu 1500 type veth peer name %s && ip link set %s up && "
		 "ip link set %s up",
		 here, there, here, there);
	cr_assert_eq(system(command), 0);
}

void attach_neighbour(const char *interface, enum xdp_attach_mode mode)
{
	DECLARE_LIBXDP_OPTS(xdp_program_opts, options, .prog_name = "neighbour");
	struct xdp_program *program;

	neighbour = weir_neighbour__open();
	cr_assert_not_null(neighbour);
	options.obj = neighbour->obj;
	program = xdp_program__create(&options);
	cr_assert_eq(libxdp_get_error(program), 0);
	xdp_program__set_xdp_frags_support(program, true);
	cr_assert_eq(xdp_program__attach(program, if_nametoindex(interface), mode, 0), 0);
}

__u64 neighbour_count(void)
{
	__u32 key = 0;
	__u64 count = 0;

	cr_assert_eq(bpf_map_lookup_elem(bpf_map__fd(neighbour->maps.bss), &key, &count), 0);
	return count;
}

/* ---- packets ------------------------------------------------------------------------------- */

static int open_wire(const char *interface, struct sockaddr_ll *to)
{
	int fd = socket(AF_PACKET, SOCK_RAW, 0);

	cr_assert_geq(fd, 0);
	*to = (struct sockaddr_ll){.sll_family = AF_PACKET,
				   .sll_ifindex = if_nametoindex(interface)};
	return fd;
}

static void make_syn(const char *source, __u8 frame[static WEIR_PROBE_BYTES])
{
	const struct weir_probe probe = {inet_addr(source), inet_addr("198.18.0.1"), 40000, 80,
					 IPPROTO_TCP};

	weir_probe_frame(&probe, frame);
}

unsigned int through(const char *wire, const char *source)
{
	__u64 before = neighbour_count();
	__u8 frame[WEIR_PROBE_BYTES];
	struct sockaddr_ll to;
	_cleanup_close_ int fd = open_wire(wire, &to);

	make_syn(source, frame);
	for (int i = 0; i < 10; i++)
		cr_assert_eq(
			sendto(fd, frame, sizeof(frame), 0, (struct sockaddr *)&to, sizeof(to)),
			(ssize_t)sizeof(frame));
	usleep(50000); /* NAPI of the other end */
	return neighbour_count() - before;
}

void expect_judged(const char *wire, const char *when)
{
	cr_expect_eq(through(wire, "203.0.113.9"), 0, "a listed source, %s", when);
	cr_expect_eq(through(wire, "198.51.100.7"), 10, "a good source, %s", when);
}

size_t gates_on(const char *interface)
{
	_cleanup_seats_ struct weir_seats seats = {};

	cr_assert_eq(weir_seats_open(if_nametoindex(interface), &seats), 0);
	return seats.count;
}

static void *run_flood(void *argument)
{
	struct flood *flood = argument;
	__u8 frame[WEIR_PROBE_BYTES];
	struct sockaddr_ll to;
	_cleanup_close_ int fd = open_wire(flood->wire, &to);

	make_syn(flood->source, frame);
	while (!flood->must_stop)
		flood->sent += sendto(fd, frame, sizeof(frame), 0, (struct sockaddr *)&to,
				      sizeof(to)) > 0;
	return NULL;
}

void flood_begin(struct flood *flood)
{
	cr_assert_eq(pthread_create(&flood->thread, NULL, run_flood, flood), 0);
}

/* What is on the way arrives before it returns. */
void flood_end(struct flood *flood)
{
	flood->must_stop = true;
	pthread_join(flood->thread, NULL);
	usleep(100000);
}
