/* SPDX-License-Identifier: GPL-2.0-only */
/* The attempts, each a few system calls, and their table. */
#include "proxy_attempts.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>

char folder[] = "/tmp/weir-sandbox-XXXXXX", readable_file[96];
static char readable[64], own_file[96];

static long open_as(const char *path, int flags)
{
	return open(path, flags | O_CLOEXEC, 0600);
}

static long open_own(void)
{
	return open_as(own_file, O_WRONLY | O_CREAT | O_TRUNC);
}
static long rename_own(void)
{
	char to[128];

	snprintf(to, sizeof(to), "%s.new", own_file);
	open_own();
	return rename(own_file, to) ?: unlink(to);
}
static long link_own(void)
{
	return symlink("/etc/passwd", own_file);
}
static long folder_own(void)
{
	return mkdir(own_file, 0700);
}
static long read_readable(void)
{
	return open_as(readable_file, O_RDONLY);
}
static long write_readable(void)
{
	return open_as(readable_file, O_WRONLY);
}
static long truncate_readable(void)
{
	return open_as(readable_file, O_RDONLY | O_TRUNC);
}
static long add_to_readable(void)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/new", readable);
	return open_as(path, O_WRONLY | O_CREAT);
}
static long unlink_readable(void)
{
	return unlink(readable_file);
}
static long read_passwd(void)
{
	return open_as("/etc/passwd", O_RDONLY);
}
static long write_null(void)
{
	return open_as("/dev/null", O_WRONLY);
}
static long write_tmp(void)
{
	return open_as("/tmp/weir-sandbox-escaped", O_WRONLY | O_CREAT);
}
static long write_proc(void)
{
	return open_as("/proc/self/oom_score_adj", O_WRONLY);
}
static long bind_tcp(void)
{
	struct sockaddr_in any = {.sin_family = AF_INET};

	any.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	return bind(socket(AF_INET, SOCK_STREAM, 0), (struct sockaddr *)&any, sizeof(any));
}
static long socket_unix(void)
{
	return socket(AF_UNIX, SOCK_STREAM, 0);
}
static long socket_tcp(void)
{
	return socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, IPPROTO_TCP);
}
static long socket_udp(void)
{
	return socket(AF_INET, SOCK_DGRAM, 0);
}
static long socket_raw(void)
{
	return socket(AF_INET, SOCK_RAW, IPPROTO_ICMP);
}
static long socket_mptcp(void)
{
	return socket(AF_INET, SOCK_STREAM, 262);
}
static long socket_inet6(void)
{
	return socket(AF_INET6, SOCK_STREAM, 0);
}
static long socket_packet(void)
{
	return socket(AF_PACKET, SOCK_RAW, 0);
}
static long socket_netlink(void)
{
	return socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE);
}
static long map_code(void)
{
	void *at = mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return at == MAP_FAILED ? -1 : 0;
}
static long make_code(void)
{
	void *at = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return at == MAP_FAILED ? 0 : mprotect(at, 4096, PROT_READ | PROT_EXEC);
}
static long memfd(void)
{
	return syscall(SYS_memfd_create, "x", 0);
}
static long unknown(void)
{
	return syscall(100000);
}
static long signal_parent(void)
{
	return kill(getppid(), 0);
}
static long signal_parents_thread(void)
{
	return syscall(SYS_tgkill, getppid(), getppid(), 0);
}
static long open_pid(void)
{
	return syscall(SYS_pidfd_open, getppid(), 0);
}
static long be_dumpable(void)
{
	return prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
}
static long push_input(void)
{
	return ioctl(0, TIOCSTI, "x");
}
static long raise_limit(void)
{
	struct rlimit limit = {1024, 1024};

	return setrlimit(RLIMIT_NOFILE, &limit);
}
static long make_thread_by_clone3(void)
{
	return syscall(SYS_clone3, NULL, 0);
}
static long run_program(void)
{
	return execl("/bin/true", "true", NULL);
}
/* Straight to the kernel: a library's wrapper runs handlers around it. */
static long make_process(void)
{
	return syscall(SYS_clone, SIGCHLD, NULL, NULL, NULL, NULL);
}
static long make_namespace(void)
{
	return unshare(0x10000000);
}
static long trace(void)
{
	return ptrace(PTRACE_TRACEME, 0, 0, 0);
}
static long call_bpf(void)
{
	return syscall(SYS_bpf, 0, NULL, 0);
}
static long call_uring(void)
{
	return syscall(SYS_io_uring_setup, 1, NULL);
}
static long be_root(void)
{
	return setuid(0);
}
static long use_keys(void)
{
	return syscall(SYS_keyctl, 0, 0, 0);
}
static long load_module(void)
{
	return syscall(SYS_finit_module, 0, "", 0);
}

static void *add_one(void *value)
{
	++*(int *)value;
	return NULL;
}

/* Threads, memory and waiting, as the C library makes them. */
static long live(void)
{
	pthread_t thread;
	int value = 0;
	char *memory = malloc(64 << 20);

	if (!memory || pthread_create(&thread, NULL, add_one, &value))
		return -1;
	memset(memory, 1, 64 << 20);
	free(memory);
	pthread_join(thread, NULL);
	pthread_setname_np(pthread_self(), "inside");
	usleep(1000);
	return value == 1 ? 0 : -1;
}

const struct attempt attempts[] = {
	{"to go on living", live, 0, 0},
	{"to write its own file", open_own, 0, 0},
	{"to replace and remove its own file", rename_own, 0, 0},
	{"to read what it may read", read_readable, 0, 0},
	{"to open /dev/null", write_null, 0, 0},
	{"to make a TCP socket", socket_tcp, 0, 0},

	{"to make a link among its files", link_own, EPERM, 0},
	{"to make a folder among its files", folder_own, EPERM, 0},
	{"to write what it may only read", write_readable, EACCES, 1},
	{"to empty what it may only read", truncate_readable, EACCES, 3},
	{"to add to what it may only read", add_to_readable, EACCES, 1},
	{"to remove what it may only read", unlink_readable, EACCES, 1},
	{"to read another file", read_passwd, EACCES, 1},
	{"to make a file elsewhere", write_tmp, EACCES, 1},
	{"to write below /proc", write_proc, EACCES, 1},
	{"to listen at a port", bind_tcp, EACCES, 4},

	{"to make a unix socket", socket_unix, EPERM, 0},
	{"to make a UDP socket", socket_udp, EPERM, 0},
	{"to make a raw socket", socket_raw, EPERM, 0},
	{"to make an MPTCP socket", socket_mptcp, EPERM, 0},
	{"to make an IPv6 socket", socket_inet6, EPERM, 0},
	{"to make a packet socket", socket_packet, EPERM, 0},
	{"to make a netlink socket", socket_netlink, EPERM, 0},
	{"to map memory as code", map_code, EPERM, 0},
	{"to turn memory into code", make_code, EPERM, 0},
	{"to make a file in memory", memfd, EPERM, 0},
	{"a system call that nobody knows", unknown, EPERM, 0},
	{"to signal its parent", signal_parent, EPERM, 0},
	{"to signal its parent's thread", signal_parents_thread, EPERM, 0},
	{"to get hold of its parent", open_pid, EPERM, 0},
	{"to be dumpable again", be_dumpable, EPERM, 0},
	{"to type into a terminal", push_input, EPERM, 0},
	{"to change its limits", raise_limit, EPERM, 0},
	{"clone3, whose flags no filter sees", make_thread_by_clone3, ENOSYS, 0},
	{"to make a process", make_process, EPERM, 0},

	{"to run a program", run_program, KILLED, 0},
	{"to make a namespace", make_namespace, KILLED, 0},
	{"to be traced", trace, KILLED, 0},
	{"bpf", call_bpf, KILLED, 0},
	{"io_uring", call_uring, KILLED, 0},
	{"to be root", be_root, KILLED, 0},
	{"the kernel's keys", use_keys, KILLED, 0},
	{"to load a module", load_module, KILLED, 0},
};

const size_t attempts_count = sizeof(attempts) / sizeof(*attempts);

void make_files(void)
{
	cr_assert(mkdtemp(folder), "%s", strerror(errno));
	snprintf(readable, sizeof(readable), "%s.read", folder);
	snprintf(readable_file, sizeof(readable_file), "%s/file", readable);
	snprintf(own_file, sizeof(own_file), "%s/file", folder);
	cr_assert(mkdir(readable, 0700) == 0);
	close((int)open_as(readable_file, O_WRONLY | O_CREAT));
}

void remove_files(void)
{
	unlink(own_file);
	unlink(readable_file);
	rmdir(readable);
	rmdir(folder);
	unlink("/tmp/weir-sandbox-escaped");
}
