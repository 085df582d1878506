/* SPDX-License-Identifier: GPL-2.0-only */
/* Interfaces, the hand-off and the pins, on veths of the test's own network namespace. */
#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/if_link.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "kernel/attach.h"
#include "kernel/counts.h"
#include "kernel/pins.h"
#include "kernel/status.h"
#include "kernel/steer.h"
#include "kernel/verify.h"
#include "kernel_lab.h"

static struct lab lab;

static void init(void)
{
	lab_init(&lab);
	cr_assert_eq(system("ip link add v0 type veth peer name v1 && ip link set v0 up && "
			    "ip link set v1 up"),
		     0);
}

static void done(void)
{
	lab_done(&lab);
}

TestSuite(kernel_attach, .init = init, .fini = done);

static __u32 program_on(const char *interface)
{
	struct weir_running running = {};

	cr_assert_eq(weir_running_on(if_nametoindex(interface), &running), 0);
	return running.program_id;
}

Test(kernel_attach, is_refused_without_a_policy)
{
	struct weir_attached attached;

	cr_expect_eq(lab_try_attach(&lab, "v0", WEIR_MODE_AUTO, &attached), -ENOENT);
	cr_expect_eq(program_on("v0"), 0);
}

Test(kernel_attach, prefers_native_mode_and_says_why_not)
{
	struct weir_attached attached;

	lab_apply(&lab);
	attached = lab_attach(&lab, "v0", WEIR_MODE_AUTO);
	cr_expect_eq(attached.mode, WEIR_MODE_NATIVE);
	attached = lab_attach(&lab, "lo", WEIR_MODE_AUTO);
	cr_expect_eq(attached.mode, WEIR_MODE_SKB);
	cr_expect(*attached.why);
	cr_expect_neq(lab_try_attach(&lab, "lo", WEIR_MODE_NATIVE, &attached), 0);
}

Test(kernel_attach, second_attach_changes_nothing)
{
	__u32 program;

	lab_apply(&lab);
	lab_attach(&lab, "v0", WEIR_MODE_SKB);
	program = program_on("v0");
	cr_expect(lab_attach(&lab, "v0", WEIR_MODE_AUTO).was_attached);
	cr_expect(lab_attach(&lab, "v0", WEIR_MODE_SKB).was_attached);
	cr_expect_eq(program_on("v0"), program);
}

/* Another XDP program, which passes everything. */
static void attach_somebody(const char *interface)
{
	static const struct bpf_insn code[] = {
		{.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .imm = XDP_PASS},
		{.code = BPF_JMP | BPF_EXIT},
	};
	_cleanup_close_ int other = bpf_prog_load(BPF_PROG_TYPE_XDP, "somebody", "GPL", code, 2,
						  NULL);

	cr_assert_eq(bpf_xdp_attach(if_nametoindex(interface), other, 0, NULL), 0);
}

Test(kernel_attach, names_the_program_that_holds_the_interface)
{
	struct weir_attached attached;

	lab_apply(&lab);
	attach_somebody("v0");
	cr_expect_eq(lab_try_attach(&lab, "v0", WEIR_MODE_AUTO, &attached), -EBUSY);
	cr_expect(strstr(lab_said(&lab), "'somebody'"), "%s", lab_said(&lab));
}

/* Containers are made alike: each has an eth0, and often with the same number. */
Test(kernel_attach, is_of_one_namespace_where_another_has_the_name_and_the_number)
{
	int here = open("/proc/self/ns/net", O_RDONLY); /* or it goes with its interfaces */
	struct weir_interface wanted = {.name = "v0"};
	_cleanup_drifts_ struct weir_drifts drifts = {};
	struct weir_attached attached;
	bool is_told = false;
	char command[128];

	lab_apply(&lab);
	lab_attach(&lab, "v0", WEIR_MODE_AUTO);
	snprintf(command, sizeof(command), "ip link add v0 index %u type veth",
		 if_nametoindex("v0"));
	cr_assert_eq(unshare(CLONE_NEWNET), 0);
	cr_assert_eq(system(command), 0);
	cr_expect_eq(lab_try_attach(&lab, "v0", WEIR_MODE_AUTO, &attached), -EEXIST);
	cr_expect(strstr(lab_said(&lab), "another network namespace"), "%s", lab_said(&lab));
	attach_somebody("v0");
	lab.config.interfaces = &wanted;
	lab.config.interfaces_count = 1;
	cr_assert_eq(weir_verify(&lab.paths, &lab.config, &lab.diags, &drifts), 0);
	for (size_t i = 0; i < drifts.count; i++)
		is_told |= drifts.items[i].kind == WEIR_DRIFT_INTERFACE;
	cr_expect(is_told, "it counts as attached");
	close(here);
}

Test(kernel_attach, survives_the_interface_being_made_again)
{
	lab_apply(&lab);
	lab_attach(&lab, "v0", WEIR_MODE_AUTO);
	cr_assert_eq(system("ip link del v0 && ip link add v0 type veth peer name v1"), 0);
	lab_apply(&lab);
	cr_expect_not(lab_attach(&lab, "v0", WEIR_MODE_AUTO).was_attached);
	cr_expect_neq(program_on("v0"), 0);
}

Test(kernel_attach, takes_interfaces_with_a_dot_in_their_name)
{
	_cleanup_status_ struct weir_status status = {};

	cr_assert_eq(system("ip link add v.9 type veth peer name v.8"), 0);
	lab_apply(&lab);
	lab_attach(&lab, "v.9", WEIR_MODE_AUTO);
	cr_assert_eq(weir_status_read(&lab.paths, lab.instance, &lab.diags, &status), 0);
	cr_assert_eq(status.interfaces_count, 1);
	cr_expect_str_eq(status.interfaces[0].name, "v.9");
	cr_expect_eq(weir_detach(&lab.paths, "v.9", &lab.diags), 0);
	cr_expect_eq(program_on("v.9"), 0);
	cr_expect_eq(weir_detach(&lab.paths, "v.9", &lab.diags), -ENOENT);
}

Test(kernel_attach, growth_replaces_the_program_on_every_interface)
{
	__u32 before;

	lab_apply(&lab);
	lab_attach(&lab, "v0", WEIR_MODE_AUTO);
	lab_attach(&lab, "v1", WEIR_MODE_SKB);
	before = program_on("v0");
	lab_deny_many(&lab);
	lab_apply(&lab);
	lab_apply(&lab);
	lab_apply(&lab);
	cr_expect_neq(program_on("v0"), before);
	cr_expect_eq(program_on("v1"), program_on("v0"));
}

Test(kernel_attach, links_find_the_gate_when_every_other_pin_is_gone)
{
	char command[256];

	lab_apply(&lab);
	lab_attach(&lab, "v0", WEIR_MODE_AUTO);
	snprintf(command, sizeof(command), "cd %s && rm program weir_* twin*", lab.paths.pins);
	cr_assert_eq(system(command), 0);
	cr_expect_eq(lab_send(&lab, "203.0.113.7", "198.18.0.1", 80), XDP_DROP);
	lab.denylist.count = 0;
	lab_apply(&lab);
	cr_expect_eq(lab_send(&lab, "203.0.113.7", "198.18.0.1", 80), XDP_PASS);
	snprintf(command, sizeof(command), "test -e %s/weir_counts", lab.paths.pins);
	cr_expect_eq(system(command), 0);
}

Test(kernel_attach, foreign_pin_is_refused_by_name)
{
	char path[256];
	int map;

	lab_apply(&lab);
	map = bpf_map_create(BPF_MAP_TYPE_ARRAY, "other", 4, 4, 1, NULL);
	snprintf(path, sizeof(path), "%s/link_v0", lab.paths.pins);
	cr_assert_eq(bpf_obj_pin(map, path), 0);
	cr_expect_eq(lab_try_apply(&lab, 0), -EPROTO);
	cr_expect(strstr(lab_said(&lab), "link_v0"), "%s", lab_said(&lab));
}

Test(kernel_attach, pins_are_for_root_alone)
{
	struct stat folder, pin;
	char path[256];

	lab_apply(&lab);
	snprintf(path, sizeof(path), "%s/weir_control", lab.paths.pins);
	cr_assert_eq(stat(lab.paths.pins, &folder), 0);
	cr_assert_eq(stat(path, &pin), 0);
	cr_expect_eq(folder.st_mode & 0777, 0700);
	cr_expect_eq(pin.st_mode & 0777, 0600);
}

Test(kernel_attach, counts_add_up_over_the_cpus)
{
	_cleanup_counts_ struct weir_counts_report report = {};
	_cleanup_maps_ struct weir_maps maps = WEIR_MAPS_NONE;

	lab_apply(&lab);
	for (int i = 0; i < 5; i++)
		lab_send(&lab, "192.0.2.9", "198.18.0.2", 80);
	lab_send(&lab, "203.0.113.7", "198.18.0.2", 80);
	cr_assert_eq(weir_pins_need(&lab.paths, &lab.diags, &maps), 0);
	cr_assert_eq(weir_counts_read(&maps, &lab.diags, &report), 0);
	cr_expect_eq(report.reasons.pass_ingress.packets, 5);
	cr_expect_eq(report.reasons.pass_ingress.bytes, 5 * WEIR_PROBE_BYTES);
	cr_expect_eq(report.reasons.drop_denied.packets, 1);
	cr_assert_eq(report.count, 2);
	cr_expect_eq(report.destinations[1].counts.passed.packets, 5);
	cr_expect_eq(report.destinations[1].counts.dropped.packets, 1);
	cr_expect_eq(report.destinations[0].counts.passed.packets, 0);
}

/* ---- the hand-off ------------------------------------------------------------------------ */

static int listen_anywhere(void)
{
	struct sockaddr_in any = {.sin_family = AF_INET};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);

	cr_assert_eq(bind(fd, (struct sockaddr *)&any, sizeof(any)), 0);
	cr_assert_eq(listen(fd, 8), 0);
	return fd;
}

/* With routes, the apps' connections are the proxy's. */
static void lab_apply_with_proxy(void)
{
	lab.config.routes.paths_count = 1;
	lab_apply(&lab);
}

/* Connect to an ingress address over loopback: 0, or the errno. */
static int connect_to(const char *address, __u16 port)
{
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(port)};
	struct timeval patience = {.tv_usec = 200000};
	_cleanup_close_ int fd = socket(AF_INET, SOCK_STREAM, 0);

	to.sin_addr.s_addr = inet_addr(address);
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
	return connect(fd, (struct sockaddr *)&to, sizeof(to)) ? errno : 0;
}

static bool has_connection(int listener)
{
	_cleanup_close_ int fd = accept(listener, NULL, NULL);

	return fd >= 0;
}

Test(kernel_attach, handoff_gives_each_port_to_its_listener)
{
	int http = listen_anywhere(), tls = listen_anywhere();

	lab_apply_with_proxy();
	cr_assert_eq(weir_steer_listen(lab.instance, http, tls, &lab.diags), 0, "%s",
		     lab_said(&lab));
	cr_assert_eq(connect_to("198.18.0.1", 80), 0);
	cr_expect(has_connection(http));
	cr_assert_eq(connect_to("198.18.0.2", 443), 0);
	cr_expect(has_connection(tls));
	cr_expect_eq(connect_to("198.18.0.1", 81), ECONNREFUSED);
}

Test(kernel_attach, handoff_without_a_listener_gives_the_port_to_nobody_else)
{
	const struct sockaddr_in port_80 = {.sin_family = AF_INET, .sin_port = htons(80)};
	int http = listen_anywhere(), tls = listen_anywhere();
	_cleanup_close_ int other = socket(AF_INET, SOCK_STREAM, 0);
	struct weir_steer_state state;

	lab_apply_with_proxy();
	cr_assert_eq(weir_steer_listen(lab.instance, http, tls, &lab.diags), 0, "%s",
		     lab_said(&lab));
	close(http);
	cr_assert_eq(bind(other, (struct sockaddr *)&port_80, sizeof(port_80)), 0);
	cr_assert_eq(listen(other, 8), 0);
	cr_expect_eq(connect_to("198.18.0.1", 80), ECONNREFUSED);
	cr_assert_eq(weir_steer_state(&lab.paths, &lab.diags, &state), 0);
	cr_expect(state.is_attached);
	cr_expect_not(state.has_listener[WEIR_LISTENER_HTTP]);
	cr_expect(state.has_listener[WEIR_LISTENER_TLS]);
	http = listen_anywhere();
	cr_assert_eq(weir_steer_listen(lab.instance, http, tls, &lab.diags), 0);
	cr_expect_eq(connect_to("198.18.0.1", 80), 0);
	cr_expect(has_connection(http));
}

Test(kernel_attach, handoff_is_not_done_without_routes)
{
	const struct sockaddr_in port_80 = {.sin_family = AF_INET, .sin_port = htons(80)};
	_cleanup_close_ int other = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);

	lab_apply(&lab);
	cr_assert_eq(bind(other, (struct sockaddr *)&port_80, sizeof(port_80)), 0);
	cr_assert_eq(listen(other, 8), 0);
	cr_assert_eq(connect_to("198.18.0.1", 80), 0);
	cr_expect(has_connection(other));
}

Test(kernel_attach, handoff_follows_an_apply)
{
	int http = listen_anywhere(), tls = listen_anywhere();

	lab_apply_with_proxy();
	cr_assert_eq(weir_steer_listen(lab.instance, http, tls, &lab.diags), 0);
	lab.ingress[1].address += 5;
	lab_apply_with_proxy();
	cr_assert_eq(connect_to("198.18.0.7", 443), 0);
	cr_expect(has_connection(tls));
}

Test(kernel_attach, handoff_needs_a_gate)
{
	int http = listen_anywhere(), tls = listen_anywhere();

	cr_expect_eq(weir_steer_listen(lab.instance, http, tls, &lab.diags), -ENOENT);
	cr_expect(strstr(lab_said(&lab), "weir apply"), "%s", lab_said(&lab));
}
