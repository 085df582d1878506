/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The system calls of a proxy that is running, as a seccomp filter by libseccomp.
 *
 * What is not listed fails with EPERM, and the kernel's log says so: a C library that tries
 * something newer than this list must not end every connection. What only an intruder would try, to
 * start a program or to get at other processes or the kernel, ends the process at once.
 */
#include <errno.h>
#include <netinet/in.h>
#include <sched.h>
#include <seccomp.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "proxy/sandbox.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* Those that are harmless with any arguments, on descriptors that the process has or may open. */
static const int allowed[] = {
	/* bytes */
	SCMP_SYS(read),
	SCMP_SYS(write),
	SCMP_SYS(readv),
	SCMP_SYS(writev),
	SCMP_SYS(pread64),
	SCMP_SYS(pwrite64),
	SCMP_SYS(splice),
	SCMP_SYS(tee),
	SCMP_SYS(pipe2),
	SCMP_SYS(close),
	SCMP_SYS(fcntl),
	SCMP_SYS(dup),
	SCMP_SYS(dup3),
	SCMP_SYS(lseek),
	/* sockets that there are; what may be made is below */
	SCMP_SYS(accept4),
	SCMP_SYS(accept),
	SCMP_SYS(connect),
	SCMP_SYS(bind),
	SCMP_SYS(listen),
	SCMP_SYS(shutdown),
	SCMP_SYS(getsockname),
	SCMP_SYS(getpeername),
	SCMP_SYS(getsockopt),
	SCMP_SYS(setsockopt),
	SCMP_SYS(sendto),
	SCMP_SYS(recvfrom),
	SCMP_SYS(sendmsg),
	SCMP_SYS(recvmsg),
	/* waiting */
	SCMP_SYS(epoll_wait),
	SCMP_SYS(epoll_pwait),
	SCMP_SYS(epoll_pwait2),
	SCMP_SYS(epoll_ctl),
	SCMP_SYS(epoll_create1),
	SCMP_SYS(eventfd2),
	SCMP_SYS(poll),
	SCMP_SYS(ppoll),
	SCMP_SYS(signalfd4),
	SCMP_SYS(nanosleep),
	SCMP_SYS(clock_nanosleep),
	SCMP_SYS(futex),
	SCMP_SYS(restart_syscall),
	SCMP_SYS(sched_yield),
	/* time and chance */
	SCMP_SYS(clock_gettime),
	SCMP_SYS(clock_getres),
	SCMP_SYS(gettimeofday),
	SCMP_SYS(time),
	SCMP_SYS(getrandom),
	/* files, within what Landlock and permissions allow */
	SCMP_SYS(open),
	SCMP_SYS(openat),
	SCMP_SYS(fstat),
	SCMP_SYS(stat),
	SCMP_SYS(lstat),
	SCMP_SYS(newfstatat),
	SCMP_SYS(statx),
	SCMP_SYS(access),
	SCMP_SYS(faccessat),
	SCMP_SYS(faccessat2),
	SCMP_SYS(getdents64),
	SCMP_SYS(rename),
	SCMP_SYS(renameat),
	SCMP_SYS(renameat2),
	SCMP_SYS(unlink),
	SCMP_SYS(unlinkat),
	SCMP_SYS(fsync),
	SCMP_SYS(fdatasync),
	SCMP_SYS(ftruncate),
	SCMP_SYS(flock),
	SCMP_SYS(fchmod),
	/* its own memory, threads and signals */
	SCMP_SYS(brk),
	SCMP_SYS(munmap),
	SCMP_SYS(mremap),
	SCMP_SYS(madvise),
	SCMP_SYS(set_robust_list),
	SCMP_SYS(rseq),
	SCMP_SYS(membarrier),
	SCMP_SYS(exit),
	SCMP_SYS(exit_group),
	SCMP_SYS(rt_sigaction),
	SCMP_SYS(rt_sigprocmask),
	SCMP_SYS(rt_sigreturn),
	SCMP_SYS(sigaltstack),
	/* itself */
	SCMP_SYS(getpid),
	SCMP_SYS(gettid),
	SCMP_SYS(getuid),
	SCMP_SYS(geteuid),
	SCMP_SYS(getgid),
	SCMP_SYS(getegid),
	SCMP_SYS(getrusage),
	SCMP_SYS(sched_getaffinity),
	/* qsort(3) asks how much memory there is */
	SCMP_SYS(sysinfo),
};

static const int deadly[] = {
	SCMP_SYS(execve),
	SCMP_SYS(execveat),
	SCMP_SYS(fork),
	SCMP_SYS(vfork),
	SCMP_SYS(ptrace),
	SCMP_SYS(process_vm_readv),
	SCMP_SYS(process_vm_writev),
	SCMP_SYS(pidfd_getfd),
	SCMP_SYS(bpf),
	SCMP_SYS(perf_event_open),
	SCMP_SYS(userfaultfd),
	SCMP_SYS(io_uring_setup),
	SCMP_SYS(unshare),
	SCMP_SYS(setns),
	SCMP_SYS(mount),
	SCMP_SYS(move_mount),
	SCMP_SYS(open_tree),
	SCMP_SYS(fsopen),
	SCMP_SYS(umount2),
	SCMP_SYS(pivot_root),
	SCMP_SYS(chroot),
	SCMP_SYS(init_module),
	SCMP_SYS(finit_module),
	SCMP_SYS(kexec_load),
	SCMP_SYS(kexec_file_load),
	SCMP_SYS(add_key),
	SCMP_SYS(keyctl),
	SCMP_SYS(request_key),
	SCMP_SYS(setuid),
	SCMP_SYS(setgid),
	SCMP_SYS(setresuid),
	SCMP_SYS(setresgid),
	SCMP_SYS(setgroups),
	SCMP_SYS(capset),
};

static int add_all(scmp_filter_ctx filter, __u32 action, const int *calls, size_t count)
{
	int r = 0;

	for (size_t i = 0; !r && i < count; i++)
		r = seccomp_rule_add(filter, action, calls[i], 0);
	return r;
}

/*
 * TCP by IPv4, for containers: no other family, nothing raw, no protocol that few have looked at. Unix
 * sockets are made before.
 */
static int add_sockets(scmp_filter_ctx filter)
{
	static const unsigned int types = 0xf; /* the rest of it are flags */
	static const int tcp[] = {0, IPPROTO_TCP};
	int r = 0;

	for (size_t i = 0; !r && i < COUNT(tcp); i++)
		r = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(socket), 3,
				     SCMP_A0(SCMP_CMP_EQ, AF_INET),
				     SCMP_A1(SCMP_CMP_MASKED_EQ, types, SOCK_STREAM),
				     SCMP_A2(SCMP_CMP_EQ, tcp[i]));
	return r;
}

/*
 * Memory that is never code; threads, but neither processes nor namespaces. clone3 has its flags
 * where a filter cannot see them: the C library then uses clone.
 */
static int add_memory_and_threads(scmp_filter_ctx filter)
{
	static const int maps[] = {SCMP_SYS(mmap), SCMP_SYS(mprotect)};
	int r = 0;

	for (size_t i = 0; !r && i < COUNT(maps); i++)
		r = seccomp_rule_add(filter, SCMP_ACT_ALLOW, maps[i], 1,
				     SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
	if (!r)
		r = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(clone), 1,
				     SCMP_A0(SCMP_CMP_MASKED_EQ, CLONE_THREAD, CLONE_THREAD));
	return r ?: seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0);
}

/* Those of which only some arguments are harmless. */
static int add_narrow(scmp_filter_ctx filter)
{
	static const unsigned long queries[] = {FIONREAD, TIOCOUTQ, FIONBIO};
	int r = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(prctl), 1,
				 SCMP_A0(SCMP_CMP_EQ, PR_SET_NAME));

	for (size_t i = 0; !r && i < COUNT(queries); i++)
		r = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(ioctl), 1,
				     SCMP_A1(SCMP_CMP_EQ, queries[i]));
	if (!r) /* its own limits, to read */
		r = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(prlimit64), 2,
				     SCMP_A0(SCMP_CMP_EQ, 0), SCMP_A2(SCMP_CMP_EQ, 0));
	/* abort(3) */
	return r
		       ?: seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(tgkill), 1,
					   SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)getpid()));
}

static void releasep(scmp_filter_ctx *filter)
{
	if (*filter)
		seccomp_release(*filter);
}

int weir_syscalls_enter(void)
{
	_cleanup_(releasep) scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(EPERM));

	if (!filter)
		return -ENOMEM;
	return seccomp_attr_set(filter, SCMP_FLTATR_CTL_LOG, 1) ?:
	       /* a tree instead of a list: the proxy's calls are many, and each is looked up */
	       seccomp_attr_set(filter, SCMP_FLTATR_CTL_OPTIMIZE, 2) ?:
	       add_all(filter, SCMP_ACT_ALLOW, allowed, COUNT(allowed)) ?:
	       add_all(filter, SCMP_ACT_KILL_PROCESS, deadly, COUNT(deadly)) ?:
	       add_sockets(filter) ?: add_memory_and_threads(filter) ?: add_narrow(filter) ?:
	       seccomp_load(filter);
}
