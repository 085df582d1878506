/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The lock-out guard, with a real connection between two network namespaces: the operator's
 * session, which neither attach nor apply nor a ban may cut off.
 */
#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "kernel/attach.h"
#include "kernel/guard.h"
#include "kernel/pins.h"
#include "kernel/sockets.h"
#include "kernel_lab.h"

static struct lab lab;
static int listener = -1, session = -1;
static __u32 machine[1];
static struct weir_management rule;

/* 198.51.100.2 in a namespace of its own, 198.51.100.1 here; a session from there to port 22. */
static void init(void)
{
	struct sockaddr_in here = {.sin_family = AF_INET, .sin_port = htons(22)};
	int outer, inner;

	cr_assert_eq(unshare(CLONE_NEWNET), 0);
	inner = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	lab_init(&lab);
	outer = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	cr_assert_eq(system("ip link add v0 type veth peer name v1 && ip link set v0 up && "
			    "ip addr add 198.51.100.1/24 dev v0"),
		     0);
	{
		char command[128];

		snprintf(command, sizeof(command), "ip link set v1 netns /proc/%d/fd/%d", getpid(),
			 inner);
		cr_assert_eq(system(command), 0);
	}
	machine[0] = here.sin_addr.s_addr = inet_addr("198.51.100.1");
	machine[0] = ntohl(machine[0]);
	lab.config.machine = machine;
	lab.config.machine_count = 1;
	listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	cr_assert_eq(bind(listener, (struct sockaddr *)&here, sizeof(here)), 0);
	cr_assert_eq(listen(listener, 4), 0);
	cr_assert_eq(setns(inner, CLONE_NEWNET), 0);
	cr_assert_eq(system("ip link set v1 up && ip addr add 198.51.100.2/24 dev v1"), 0);
	session = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	cr_assert_eq(connect(session, (struct sockaddr *)&here, sizeof(here)), 0);
	cr_assert_eq(setns(outer, CLONE_NEWNET), 0);
	close(inner);
	close(outer);
}

static void done(void)
{
	lab_done(&lab);
}

TestSuite(kernel_guard, .init = init, .fini = done);

/* The rule that lets the session in. */
static void manage(void)
{
	rule = (struct weir_management){
		.protocol = IPPROTO_TCP,
		.source_port_high = 65535,
		.port_low = 22,
		.port_high = 22,
	};
	cr_assert_eq(weir_prefix_parse("198.51.100.2", 12, &rule.from, NULL, NULL), 0);
	lab.config.management = &rule;
	lab.config.management_count = 1;
}

Test(kernel_guard, finds_who_is_connected_to_a_service)
{
	_cleanup_free_ struct weir_peer *peers = NULL;
	size_t count;

	cr_assert_eq(weir_sockets_inbound(&lab.diags, &peers, &count), 0, "%s", lab_said(&lab));
	cr_assert_eq(count, 1);
	cr_expect_eq(peers[0].peer, ntohl(inet_addr("198.51.100.2")));
	cr_expect_eq(peers[0].local, machine[0]);
	cr_expect_eq(peers[0].port, 22);
}

Test(kernel_guard, apply_refuses_a_policy_that_locks_out_and_says_what_to_add)
{
	cr_expect_eq(lab_try_apply(&lab, 0), -EPERM);
	cr_expect(strstr(lab_said(&lab),
			 "management: [{from: 198.51.100.2, protocol: tcp, port: 22}]"),
		  "%s", lab_said(&lab));
	manage();
	lab_apply(&lab);
}

Test(kernel_guard, attach_refuses_too_and_force_insists)
{
	struct weir_apply_options forced = {.is_forced = true, .wait_ms = 100};
	struct weir_attached attached;
	struct weir_applied applied;

	cr_assert_eq(weir_apply(&lab.paths, &lab.config, &forced, &lab.diags, &applied), 0);
	cr_expect_eq(weir_attach(&lab.paths, "v0", WEIR_MODE_AUTO, false, &lab.diags, &attached),
		     -EPERM);
	cr_expect_eq(weir_attach(&lab.paths, "v0", WEIR_MODE_AUTO, true, &lab.diags, &attached), 0);
}

Test(kernel_guard, listed_peer_is_told_of_allow)
{
	manage();
	lab_deny(&lab, "198.51.100.0/24");
	cr_expect_eq(lab_try_apply(&lab, 0), -EPERM);
	cr_expect(strstr(lab_said(&lab), "weir allow add 198.51.100.2"), "%s", lab_said(&lab));
}

Test(kernel_guard, ban_of_a_connected_peer_is_refused)
{
	_cleanup_maps_ struct weir_maps maps = WEIR_MAPS_NONE;
	struct weir_prefix wide = {ntohl(inet_addr("198.51.100.0")), 30};
	struct weir_prefix other = {ntohl(inet_addr("198.51.100.4")), 30};

	manage();
	lab_apply(&lab);
	cr_assert_eq(weir_pins_need(&lab.paths, &lab.diags, &maps), 0);
	cr_expect_eq(weir_guard_prefixes(&maps, &wide, 1, false, &lab.diags), -EPERM);
	cr_expect_eq(weir_guard_prefixes(&maps, &other, 1, false, &lab.diags), 0);
	/* Not listed: it needs no release. */
	cr_expect_eq(weir_guard_prefixes(&maps, &wide, 1, true, &lab.diags), 0);
}

Test(kernel_guard, sessions_to_addresses_that_weir_does_not_know_are_no_matter)
{
	machine[0] = ntohl(inet_addr("192.0.2.1"));
	lab_apply(&lab);
}
