/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The lock-out guard, with a real connection between two network namespaces: the operator's
 * session, which neither attach nor apply nor a ban may cut off.
 */
#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "kernel/attach.h"
#include "kernel/guard.h"
#include "kernel/live.h"
#include "kernel/pins.h"
#include "kernel_lab.h"
#include "net/peers.h"

static struct lab lab;
static int inner = -1, outer = -1, listener = -1, session = -1;
static __u32 machine[1];
static struct weir_management rule;

/* A socket that listens on port 22, as sshd has it: for both families at once. */
static int listen_anywhere(void)
{
	struct sockaddr_in6 any = {.sin6_family = AF_INET6, .sin6_port = htons(22)};
	int fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);

	cr_assert_geq(fd, 0);
	cr_assert_eq(bind(fd, (struct sockaddr *)&any, sizeof(any)), 0);
	cr_assert_eq(listen(fd, 4), 0);
	return fd;
}

static int connect_from_there(const char *address, __u16 port)
{
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(port)};
	int fd;

	to.sin_addr.s_addr = inet_addr(address);
	cr_assert_eq(setns(inner, CLONE_NEWNET), 0);
	fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	cr_assert_eq(connect(fd, (struct sockaddr *)&to, sizeof(to)), 0, "%s: %s", address,
		     strerror(errno));
	cr_assert_eq(setns(outer, CLONE_NEWNET), 0);
	return fd;
}

/* 198.51.100.2 in a namespace of its own, 198.51.100.1 here; a session from there to port 22. */
static void init(void)
{
	char command[128];

	cr_assert_eq(unshare(CLONE_NEWNET), 0);
	inner = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	lab_init(&lab);
	outer = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	cr_assert_eq(system("ip link add v0 type veth peer name v1 && ip link set v0 up && "
			    "ip addr add 198.51.100.1/24 dev v0"),
		     0);
	snprintf(command, sizeof(command), "ip link set v1 netns /proc/%d/fd/%d", getpid(), inner);
	cr_assert_eq(system(command), 0);
	cr_assert_eq(setns(inner, CLONE_NEWNET), 0);
	cr_assert_eq(system("ip link set v1 up && ip addr add 198.51.100.2/24 dev v1 && "
			    "ip route add default via 198.51.100.1"),
		     0);
	cr_assert_eq(setns(outer, CLONE_NEWNET), 0);
	machine[0] = ntohl(inet_addr("198.51.100.1"));
	lab.config.machine = machine;
	lab.config.machine_count = 1;
	listener = listen_anywhere();
	session = connect_from_there("198.51.100.1", 22);
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
	cr_assert_eq(weir_prefix_parse("198.51.100.0/24", 15, &rule.from, NULL, NULL), 0);
	lab.config.management = &rule;
	lab.config.management_count = 1;
}

static void apply_forced(void)
{
	const struct weir_apply_options forced = {.is_forced = true, .wait_ms = 100};
	struct weir_applied applied;

	cr_assert_eq(weir_apply(&lab.paths, &lab.config, &forced, &lab.diags, &applied), 0, "%s",
		     lab_said(&lab));
}

static int attach(bool is_forced)
{
	const struct weir_attach_options options = {.mode = WEIR_MODE_AUTO, .is_forced = is_forced};
	struct weir_attached attached;

	return weir_attach_with(&lab.paths, "v0", &options, &lab.diags, &attached);
}

static bool was_said(const char *text)
{
	for (size_t i = 0; i < lab.diags.count; i++)
		if (strstr(lab.diags.items[i].text, text))
			return true;
	return false;
}

static int guard_prefix(__u32 kind, const char *text)
{
	_cleanup_maps_ struct weir_maps maps = WEIR_MAPS_NONE;
	struct weir_prefix prefix;

	cr_assert_eq(weir_prefix_parse(text, strlen(text), &prefix, NULL, NULL), 0);
	cr_assert_eq(weir_pins_need(&lab.paths, &lab.diags, &maps), 0, "%s", lab_said(&lab));
	return weir_guard_prefixes(&lab.paths, &maps, kind, &prefix, 1, &lab.diags);
}

static void change_live(__u32 kind, const char *text, bool is_removal)
{
	_cleanup_maps_ struct weir_maps maps = WEIR_MAPS_NONE;
	struct weir_record record = {.kind = kind, .is_removal = is_removal, .who = "test"};
	enum weir_live_outcome outcome;

	cr_assert_eq(weir_prefix_parse(text, strlen(text), &record.prefix, NULL, NULL), 0);
	cr_assert_eq(weir_pins_need(&lab.paths, &lab.diags, &maps), 0, "%s", lab_said(&lab));
	cr_assert_eq(weir_live_apply(&lab.paths, &maps, &record, 1, &lab.diags, &outcome), 0, "%s",
		     lab_said(&lab));
}

#define LINE "  - {protocol: tcp, from: 198.51.100.2/32, to: 198.51.100.1/32, port: 22}"

Test(kernel_guard, finds_who_is_connected_to_a_service)
{
	_cleanup_free_ struct weir_peer *peers = NULL;
	int twice = connect_from_there("198.51.100.1", 22);
	size_t count;

	cr_assert_eq(weir_peers_read(&lab.diags, &peers, &count), 0, "%s", lab_said(&lab));
	cr_assert_eq(count, 1);
	cr_expect_eq(weir_peer_address(&peers[0]), ntohl(inet_addr("198.51.100.2")));
	cr_expect_eq(weir_peer_local(&peers[0]), machine[0]);
	cr_expect_eq(peers[0].port, 22);
	cr_expect_not(peers[0].is_ipv6, "it came by IPv4 to a socket of IPv6");
	close(twice);
}

Test(kernel_guard, finds_them_among_more_services_than_a_filter_holds)
{
	_cleanup_free_ struct weir_peer *peers = NULL;
	struct sockaddr_in here = {.sin_family = AF_INET};
	size_t count;

	for (int i = 0; i < 100; i++) {
		int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

		here.sin_port = htons(3000 + i);
		cr_assert_eq(bind(fd, (struct sockaddr *)&here, sizeof(here)), 0);
		cr_assert_eq(listen(fd, 1), 0);
		if (i == 40) {
			cr_assert_eq(weir_peers_read(&lab.diags, &peers, &count), 0);
			cr_expect_eq(count, 1);
			free(take_pointer(peers));
		}
	}
	connect_from_there("198.51.100.1", 3099);
	cr_assert_eq(weir_peers_read(&lab.diags, &peers, &count), 0, "%s", lab_said(&lab));
	cr_assert_eq(count, 2);
	cr_expect_eq(peers[1].port, 3099);
}

Test(kernel_guard, apply_refuses_a_policy_that_locks_out_and_says_what_to_add)
{
	cr_expect_eq(lab_try_apply(&lab, 0), -EPERM);
	cr_expect(was_said(LINE), "%s", lab_said(&lab));
	cr_expect(was_said("add to weir.yaml under `management:`"));
	cr_expect(was_said("198.51.100.2 to 198.51.100.1 port 22: drop_unsolicited"));
	manage();
	lab_apply(&lab);
}

Test(kernel_guard, refused_apply_leaves_the_policy_in_force)
{
	manage();
	lab_apply(&lab);
	rule.port_low = rule.port_high = 23;
	lab_deny(&lab, "192.0.2.0/24");
	cr_expect_eq(lab_try_apply(&lab, 0), -EPERM);
	cr_expect_eq(lab_send(&lab, "198.51.100.2", "198.51.100.1", 22), XDP_PASS);
	cr_expect_eq(lab_send(&lab, "192.0.2.9", "198.18.0.1", 80), XDP_PASS);
	apply_forced();
	cr_expect_eq(lab_send(&lab, "198.51.100.2", "198.51.100.1", 22), XDP_DROP);
}

Test(kernel_guard, attach_refuses_too_and_force_insists)
{
	apply_forced();
	cr_expect_eq(attach(false), -EPERM);
	cr_expect_eq(attach(true), 0);
}

Test(kernel_guard, listed_peer_is_told_of_allow)
{
	manage();
	lab_deny(&lab, "198.51.100.2/31");
	cr_expect_eq(lab_try_apply(&lab, 0), -EPERM);
	cr_expect(was_said("weir allow add"), "%s", lab_said(&lab));
	cr_expect_not(was_said(LINE), "it has a rule");
	lab_allow(&lab, "198.51.100.2");
	lab_apply(&lab);
}

Test(kernel_guard, ban_of_a_connected_peer_is_refused)
{
	manage();
	lab_apply(&lab);
	cr_expect_eq(guard_prefix(WEIR_LIVE_BAN, "198.51.100.0/30"), -EPERM);
	cr_expect(was_said("drop_banned"), "%s", lab_said(&lab));
	cr_expect_eq(guard_prefix(WEIR_LIVE_BAN, "198.51.100.4/30"), 0);
	/* Not listed: it needs no release. */
	cr_expect_eq(guard_prefix(WEIR_LIVE_RELEASE, "198.51.100.0/30"), 0);
}

Test(kernel_guard, ban_that_changes_nothing_for_the_peer_is_no_matter)
{
	manage();
	lab_allow(&lab, "198.51.100.2");
	lab_apply(&lab);
	cr_expect_eq(guard_prefix(WEIR_LIVE_BAN, "198.51.100.0/24"), 0, "the allowlist has it");
	lab.config.allowlist.count = 0;
	lab_apply(&lab);
	change_live(WEIR_LIVE_RELEASE, "198.51.100.0/28", false);
	cr_expect_eq(guard_prefix(WEIR_LIVE_BAN, "198.51.100.0/24"), 0, "it is released");
	change_live(WEIR_LIVE_RELEASE, "198.51.100.0/28", true);
	lab.config.management_count = 0;
	apply_forced();
	cr_expect_eq(guard_prefix(WEIR_LIVE_BAN, "198.51.100.0/24"), 0, "it is locked out now");
}

Test(kernel_guard, removing_a_release_that_a_peer_needs_is_refused)
{
	manage();
	lab_apply(&lab);
	change_live(WEIR_LIVE_RELEASE, "198.51.100.2", false);
	cr_expect_eq(guard_prefix(WEIR_LIVE_RELEASE, "198.51.100.2"), 0, "nothing denies it");
	change_live(WEIR_LIVE_BAN, "198.51.100.0/24", false);
	cr_expect_eq(guard_prefix(WEIR_LIVE_RELEASE, "198.51.100.2"), -EPERM);
	cr_expect(was_said("drop_banned"), "%s", lab_said(&lab));
	change_live(WEIR_LIVE_RELEASE, "198.51.100.0/30", false);
	cr_expect_eq(guard_prefix(WEIR_LIVE_RELEASE, "198.51.100.2"), 0, "another one is left");
	change_live(WEIR_LIVE_RELEASE, "198.51.100.0/30", true);
	change_live(WEIR_LIVE_BAN, "198.51.100.0/24", true);
	lab_deny(&lab, "198.51.100.2/31");
	lab_apply(&lab);
	cr_expect_eq(guard_prefix(WEIR_LIVE_RELEASE, "198.51.100.2"), -EPERM);
	cr_expect(was_said("drop_denied"), "%s", lab_said(&lab));
}

Test(kernel_guard, users_of_apps_are_no_matter)
{
	struct sockaddr_in here = {.sin_family = AF_INET, .sin_port = htons(443)};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	here.sin_addr.s_addr = inet_addr("198.18.0.1");
	cr_assert_eq(system("ip addr add 198.18.0.1/32 dev v0"), 0);
	cr_assert_eq(bind(fd, (struct sockaddr *)&here, sizeof(here)), 0);
	cr_assert_eq(listen(fd, 4), 0);
	connect_from_there("198.18.0.1", 443);
	manage();
	lab_apply(&lab);
	cr_assert_eq(attach(false), 0, "%s", lab_said(&lab));
	lab_deny(&lab, "198.51.100.2/31");
	lab_allow(&lab, "198.51.100.2");
	lab_apply(&lab);
	/* Nor when their address goes. */
	lab.config.region.ingress++;
	lab.config.region.ingress_count = 1;
	lab_apply(&lab);
}

Test(kernel_guard, sessions_that_come_by_no_filtered_interface_are_no_matter)
{
	machine[0] = ntohl(inet_addr("192.0.2.1"));
	lab_apply(&lab);
}

/* A service on an address of lo, a VLAN, a bridge: what counts is the way that packets come. */
Test(kernel_guard, sessions_to_unnamed_addresses_count_where_they_come_by_a_filtered_interface)
{
	static const char *const lines[] = {
		"  - {protocol: tcp, from: 198.51.100.2/32, to: 198.51.100.1/32, port: 22}",
		"  - {protocol: tcp, from: 198.51.100.2/32, to: 10.77.0.1/32, port: 22}",
	};

	cr_assert_eq(system("ip addr add 10.77.0.1/32 dev lo"), 0);
	connect_from_there("10.77.0.1", 22);
	machine[0] = ntohl(inet_addr("192.0.2.1"));
	lab_apply(&lab);
	cr_expect_eq(attach(false), -EPERM);
	for (int i = 0; i < 2; i++)
		cr_expect(was_said(lines[i]), "%s", lines[i]);
}

/* A session by 10.78.0.1 of an interface that lies on v0, to one that lies on v1. */
static void expect_counted(const char *here, const char *there)
{
	cr_assert_eq(setns(inner, CLONE_NEWNET), 0);
	cr_assert_eq(system(there), 0);
	cr_assert_eq(setns(outer, CLONE_NEWNET), 0);
	connect_from_there("10.78.0.1", 22);
	manage();
	lab_apply(&lab);
	cr_expect_eq(attach(false), -EPERM, "%s", here);
	cr_expect(was_said("from: 10.78.0.2/32, to: 10.78.0.1/32, port: 22"));
}

Test(kernel_guard, sessions_over_a_bridge_on_a_filtered_interface_count)
{
	const char *here = "ip link add br0 type bridge && ip link set br0 up && "
			   "ip addr add 10.78.0.1/24 dev br0 && ip link set v0 master br0";

	cr_assert_eq(system(here), 0);
	expect_counted(here, "ip addr add 10.78.0.2/24 dev v1");
}

/* Kernels without VLAN devices have no such sessions either. */
Test(kernel_guard, sessions_over_a_vlan_of_a_filtered_interface_count)
{
	const char *here = "ip link add link v0 name v0.7 type vlan id 7 2>/dev/null && "
			   "ip link set v0.7 up && ip addr add 10.78.0.1/24 dev v0.7";

	if (!system(here))
		expect_counted(here, "ip link add link v1 name v1.7 type vlan id 7 && "
				     "ip link set v1.7 up && ip addr add 10.78.0.2/24 dev v1.7");
}

Test(kernel_guard, ipv6_session_is_told_that_no_rule_lets_it_in)
{
	struct sockaddr_in6 to = {.sin6_family = AF_INET6, .sin6_port = htons(22)};
	int fd;

	if (system("echo 0 > /proc/sys/net/ipv6/conf/v0/disable_ipv6 2>/dev/null && "
		   "ip -6 addr add 2001:db8::1/64 dev v0 nodad"))
		cr_skip_test("no IPv6 here");
	cr_assert_eq(setns(inner, CLONE_NEWNET), 0);
	cr_assert_eq(system("echo 0 > /proc/sys/net/ipv6/conf/v1/disable_ipv6; "
			    "ip -6 addr add 2001:db8::2/64 dev v1 nodad"),
		     0);
	inet_pton(AF_INET6, "2001:db8::1", &to.sin6_addr);
	fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
	cr_assert_eq(connect(fd, (struct sockaddr *)&to, sizeof(to)), 0, "%s", strerror(errno));
	cr_assert_eq(setns(outer, CLONE_NEWNET), 0);
	manage();
	lab_apply(&lab);
	cr_expect_eq(attach(false), -EPERM);
	cr_expect(was_said("2001:db8::2 to 2001:db8::1 port 22: drop_ipv6"), "%s", lab_said(&lab));
	cr_expect(was_said("no rule lets IPv6 in"));
	cr_expect_not(was_said("  - {"), "there is no line that would help");
}
