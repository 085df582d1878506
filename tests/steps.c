/* SPDX-License-Identifier: GPL-2.0-only */
/* The child filters itself and acts; the parent takes the filter's listener and decides. */
#include "steps.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "random.h"

/* What each call fails with in practice. */
static const struct {
	int number, error;
	const char *name;
} calls[] = {
#define CALL(name, error)                                                                          \
	{                                                                                          \
		__NR_##name, error, #name                                                          \
	}
	CALL(bpf, ENOMEM),       CALL(openat, EMFILE),   CALL(read, EIO),
	CALL(pread64, EIO),      CALL(write, ENOSPC),    CALL(pwrite64, ENOSPC),
	CALL(fsync, EIO),        CALL(fdatasync, EIO),   CALL(ftruncate, EIO),
	CALL(renameat, ENOSPC),  CALL(unlinkat, EACCES), CALL(mkdirat, ENOSPC),
	CALL(symlinkat, ENOSPC), CALL(getdents64, EIO),  CALL(socket, ENFILE),
	CALL(bind, EADDRINUSE),  CALL(sendto, ENOBUFS),  CALL(sendmsg, ENOBUFS),
	CALL(recvfrom, ENOMEM),  CALL(recvmsg, ENOBUFS), CALL(mmap, ENOMEM),
	CALL(flock, EINTR),      CALL(fcntl, EMFILE),    CALL(perf_event_open, EACCES),
	CALL(membarrier, EPERM),
#ifdef __NR_rename /* where there are both, the C library uses the older ones */
	CALL(rename, ENOSPC),    CALL(unlink, EACCES),   CALL(mkdir, ENOSPC),
	CALL(symlink, ENOSPC),   CALL(rmdir, EACCES),    CALL(open, ENFILE),
#endif
#undef CALL
};

enum { CALLS = sizeof(calls) / sizeof(*calls), STDIO_BYTES = 1024, LARGE_BYTES = 1 << 16 };

enum { NOT_YET = -1, NOT_WANTED = -2, NOT_ALLOWED = -3 };

struct shared {
	int listener; /* the child's descriptor, or one of these */
	char said[STEPS_SAID_MAX];
};

static int filter_ourselves(void)
{
	struct sock_filter code[CALLS + 7];
	struct sock_fprog program = {CALLS + 7, code};
	size_t n = 0;

	/* No steps: kallsyms and the kernel's BTF, which take thousands. */
	code[n++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
						 offsetof(struct seccomp_data, args[2]));
	code[n++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, STDIO_BYTES, 1, 0);
	code[n++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JGT | BPF_K, LARGE_BYTES, 0, 1);
	code[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);

	code[n++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
						 offsetof(struct seccomp_data, nr));
	for (int i = 0; i < CALLS; i++)
		code[n++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, calls[i].number,
							 CALLS - i, 0);
	code[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	code[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF);
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		return -1;
	return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER,
		       &program);
}

static void __attribute__((noreturn))
be_child(steps_act *act, bool is_stepped, struct shared *shared)
{
	int fd = is_stepped ? filter_ourselves() : NOT_WANTED;

	__atomic_store_n(&shared->listener, fd == -1 ? NOT_ALLOWED : fd, __ATOMIC_SEQ_CST);
	_exit(act(shared->said) ? 1 : 0);
}

static int take_listener(pid_t child, struct shared *shared)
{
	int pidfd = pidfd_open(child, 0), fd, theirs;

	cr_assert_geq(pidfd, 0);
	while ((theirs = __atomic_load_n(&shared->listener, __ATOMIC_SEQ_CST)) == NOT_YET)
		usleep(20);
	if (theirs == NOT_WANTED)
		return close(pidfd), -1;
	fd = pidfd_getfd(pidfd, theirs, 0);
	cr_assert_geq(fd, 0, "no listener (%d): %s", theirs, strerror(errno));
	close(pidfd);
	return fd;
}

static int index_of(int number)
{
	int i = 0;

	while (i < CALLS && calls[i].number != number)
		i++;
	return i;
}

/* Killed before a call that changes nothing is as killed before the next that does. */
static bool changes_something(const struct seccomp_data *data)
{
	switch (data->nr) {
	case __NR_bpf:
		switch (data->args[0]) {
		case BPF_MAP_CREATE: /* what nobody pins goes with the process */
		case BPF_PROG_LOAD:
		case BPF_BTF_LOAD:
		case BPF_OBJ_GET:
		case BPF_OBJ_GET_INFO_BY_FD:
		case BPF_PROG_GET_FD_BY_ID:
		case BPF_MAP_GET_FD_BY_ID:
		case BPF_LINK_GET_FD_BY_ID:
			return false;
		}
		return true;
	case __NR_openat:
		return data->args[2] & O_CREAT;
	case __NR_read:
	case __NR_pread64:
	case __NR_getdents64:
	case __NR_socket:
	case __NR_recvmsg:
	case __NR_recvfrom:
	case __NR_mmap:
	case __NR_fcntl:
		return false;
	}
	return true;
}

static bool is_step(const struct seccomp_data *data, enum step_fault fault)
{
	return fault != STEP_KILLS || changes_something(data);
}

/* False: the child has gone. */
static bool serve_one(int listener, pid_t child, struct step step, struct steps_end *end)
{
	struct pollfd item = {listener, POLLIN, 0};
	struct seccomp_notif asked = {};
	struct seccomp_notif_resp answer = {};
	int i;

	if (poll(&item, 1, -1) != 1 || !(item.revents & POLLIN) ||
	    ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &asked))
		return false;
	answer.id = asked.id;
	answer.flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE;
	if (is_step(&asked.data, step.fault) && ++end->count == step.number) {
		i = index_of(asked.data.nr);
		end->call = calls[i].name;
		if (step.fault == STEP_KILLS)
			return kill(child, SIGKILL), false;
		answer.flags = 0;
		answer.error = -calls[i].error;
	}
	return !ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &answer) || errno == ENOENT;
}

void steps_run(steps_act *act, struct step step, struct steps_end *ret_end)
{
	struct shared *shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
				     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	struct steps_end end = {};
	int listener, status;
	pid_t child;

	cr_assert_neq(shared, MAP_FAILED);
	shared->listener = NOT_YET;
	fflush(NULL);
	child = fork();
	cr_assert_geq(child, 0);
	if (!child)
		be_child(act, step.fault != STEP_NONE, shared);
	listener = take_listener(child, shared);
	while (listener >= 0 && serve_one(listener, child, step, &end))
		;
	closep(&listener);
	cr_assert_eq(waitpid(child, &status, 0), child);
	end.was_killed = WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
	end.is_done = WIFEXITED(status) && !WEXITSTATUS(status);
	cr_assert(WIFEXITED(status) || end.was_killed, "the act died of signal %d at %s %zu",
		  WTERMSIG(status), end.call ?: "no", step.number);
	memcpy(end.said, shared->said, sizeof(end.said) - 1);
	munmap(shared, sizeof(*shared));
	*ret_end = end;
}

size_t steps_next(size_t number, size_t count, size_t some)
{
	static struct random random;
	const char *max = getenv("FAULTS_MAX");
	size_t wanted = max && atoi(max) ? (size_t)atoi(max) * some / 6 ?: 1 : some, stride;

	if (max && !strcmp(max, "all"))
		return number < count ? number + 1 : 0;
	if (!random.state)
		random.state = random_seed();
	stride = count / wanted ?: 1;
	number = number ? number + stride : 1 + random_below(&random, stride);
	return number <= count ? number : 0;
}
