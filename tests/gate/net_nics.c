/* SPDX-License-Identifier: GPL-2.0-only */
/* Interfaces, read while others come and go, as where containers start and end. */
#include <criterion/criterion.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "net/interfaces.h"

enum { INTERFACES = 64, READS = 3000 };

/* A shell that makes an interface and takes it away, again and again; *ret_pid leads its group. */
static void come_and_go(pid_t *ret_pid)
{
	pid_t pid = fork();

	cr_assert_geq(pid, 0);
	if (!pid) {
		setpgid(0, 0);
		execlp("sh", "sh", "-c",
		       "while echo link add x0 type veth peer name x1 && echo link del x0; do :; "
		       "done | ip -force -batch -",
		       NULL);
		_exit(127);
	}
	setpgid(pid, pid);
	*ret_pid = pid;
}

Test(net_nics, are_read_whole_while_others_come_and_go)
{
	int failed = 0;
	pid_t pid;

	cr_assert_eq(unshare(CLONE_NEWNET), 0, "needs root");
	cr_assert_eq(system("for i in $(seq 32); do echo link add a$i type veth peer name b$i; "
			    "done | ip -batch -"),
		     0);
	come_and_go(&pid);
	for (int i = 0; i < READS; i++) {
		struct weir_nics nics = {};
		int r = weir_nics_read(&nics);

		failed += r || nics.count < INTERFACES;
		weir_nics_done(&nics);
	}
	kill(-pid, SIGKILL);
	waitpid(pid, NULL, 0);
	cr_expect_eq(failed, 0, "%d of %d", failed, READS);
}
