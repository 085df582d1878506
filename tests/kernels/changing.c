/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Shared interfaces on which somebody else is at work: one who adds and removes programs of the dispatcher
 * while weir looks, and one who takes the interface to another network namespace.
 */
#include <criterion/criterion.h>
#include <errno.h>
#include <net/if.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "gate/kernel_lab.h"
#include "kernel/attach.h"
#include "kernel/pins.h"
#include "neighbour.skel.h"
#include "wire.h"

TestSuite(changing, .timeout = 1800);

enum { LOOK_S = 30 };

static struct lab lab;

static void set_up(void)
{
	lab_init(&lab);
	make_pair("va", "vb");
	make_pair("vc", "vd");
	lab_apply(&lab);
}

static void tear_down(void)
{
	lab_done(&lab);
}

/* Add a program and remove it. */
static void meddle(unsigned int ifindex)
{
	DECLARE_LIBXDP_OPTS(xdp_program_opts, options, .prog_name = "neighbour");
	struct weir_neighbour *other = weir_neighbour__open();
	struct xdp_program *program;

	if (!other)
		return;
	options.obj = other->obj;
	program = xdp_program__create(&options);
	if (!libxdp_get_error(program)) {
		xdp_program__set_xdp_frags_support(program, true);
		if (!xdp_program__attach(program, ifindex, XDP_MODE_NATIVE, 0))
			xdp_program__detach(program, ifindex, XDP_MODE_NATIVE, 0);
		xdp_program__close(program);
	}
	weir_neighbour__destroy(other);
}

static pid_t begin_meddling(const char *interface)
{
	pid_t pid = fork();

	cr_assert_geq(pid, 0);
	while (!pid)
		meddle(if_nametoindex(interface));
	return pid;
}

Test(changing, is_found_while_another_changes_the_dispatcher, .init = set_up, .fini = tear_down)
{
	time_t end = time(NULL) + LOOK_S;
	int looks = 0, missed = 0;
	pid_t pid;

	cr_expect(lab_attach(&lab, "va", WEIR_MODE_NATIVE).is_shared);
	pid = begin_meddling("va");
	for (; time(NULL) < end; looks++) {
		_cleanup_links_ struct weir_links links = {};

		cr_assert_eq(weir_links_open(&lab.paths, &lab.diags, &links), 0, "%s",
			     lab_said(&lab));
		missed += links.count != 1 || !links.items[0].ifindex;
	}
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	fprintf(stderr, "fact: looked %d times while another changed the dispatcher, missed %d\n",
		looks, missed);
	cr_expect_gt(looks, 10);
	cr_expect_eq(missed, 0);
}

/* Lists that need a larger map, so that every gate is replaced. What the last apply returned. */
static int upgrade(void)
{
	int r = 0;

	lab_deny_many(&lab);
	for (int i = 0; i < 3; i++) {
		lab.config.fingerprint++;
		r = lab_try_apply(&lab, 0);
	}
	return r;
}

Test(changing, does_not_keep_others_from_an_upgrade_once_it_is_gone, .init = set_up,
     .fini = tear_down)
{
	attach_neighbour("va", XDP_MODE_NATIVE);
	cr_expect(lab_attach(&lab, "va", WEIR_MODE_NATIVE).is_shared);
	cr_expect(lab_attach(&lab, "vc", WEIR_MODE_NATIVE).is_shared);
	cr_assert_eq(system("ip link del vc"), 0);
	cr_expect_eq(upgrade(), 0, "%s", lab_said(&lab));
	expect_judged("vb", "after the upgrade");
}

Test(changing, is_not_opened_by_an_upgrade_from_where_it_was_taken, .init = set_up,
     .fini = tear_down)
{
	attach_neighbour("va", XDP_MODE_NATIVE);
	cr_expect(lab_attach(&lab, "va", WEIR_MODE_NATIVE).is_shared);
	cr_expect(lab_attach(&lab, "vc", WEIR_MODE_NATIVE).is_shared);
	cr_assert_eq(system("ip netns add weirtaken && ip link set va netns weirtaken && "
			    "ip -n weirtaken link set va up"),
		     0);
	expect_judged("vb", "elsewhere");
	cr_expect_eq(upgrade(), -EXDEV);
	cr_expect(strstr(lab_said(&lab), "another network namespace"), "%s", lab_said(&lab));
	expect_judged("vb", "after the upgrade");
	cr_assert_eq(system("ip netns del weirtaken"), 0);
}
