/* SPDX-License-Identifier: GPL-2.0-only */
/* Attackers, each a process of its own with the first core's time that the good client leaves. */
#include "attack.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench/bench.h"

#define HOST     "Host: n0000000.example.org\r\n"
#define NS_PER_S 1000000000ULL
#define SIXTEEN  "0123456789abcdef"
#define HUNDREDS                                                                                   \
	SIXTEEN SIXTEEN SIXTEEN SIXTEEN SIXTEEN SIXTEEN SIXTEEN SIXTEEN SIXTEEN SIXTEEN SIXTEEN    \
		SIXTEEN

enum { CONNS_MAX = 10000, SOURCES = 64, FILL_S_MAX = 8, CONNECT_US_MAX = 100000 };

static bool says(int fd, const char *text)
{
	size_t size = strlen(text);

	return send(fd, text, size, MSG_DONTWAIT | MSG_NOSIGNAL) >= 0 || errno == EAGAIN;
}

/* Whatever has come, up to so much at a time. */
static bool hears(int fd, size_t size)
{
	static char to[1 << 16];
	ssize_t got = recv(fd, to, size, MSG_DONTWAIT);

	return got > 0 || (got < 0 && errno == EAGAIN);
}

static bool turn_letter(int fd)
{
	return says(fd, "a") && hears(fd, 4096);
}

static bool turn_sip(int fd)
{
	return hears(fd, 1);
}

static bool turn_gulp(int fd)
{
	return hears(fd, 1024);
}

static bool turn_wait(int fd)
{
	return hears(fd, 4096);
}

static bool turn_end(int fd)
{
	(void)fd;
	return false;
}

static bool turn_header(int fd)
{
	return says(fd, "X-" SIXTEEN ": " HUNDREDS HUNDREDS HUNDREDS HUNDREDS "\r\n") &&
	       hears(fd, 4096);
}

static bool turn_request(int fd)
{
	return says(fd, "GET /small?%0a%0d\"" HUNDREDS HUNDREDS HUNDREDS " HTTP/1.1\r\n" HOST
			"User-Agent: " HUNDREDS "\r\nReferer: " HUNDREDS "\r\n\r\n") &&
	       hears(fd, 1 << 16);
}

const struct attack attacks[] = {
	{.name = "slow_headers",
	 .conns = 2000,
	 .pause_us = 200000,
	 .opening = "GET /small HTTP/1.1\r\n" HOST "X: ",
	 .turn = turn_letter},
	{.name = "slow_bodies",
	 .conns = 1000,
	 .pause_us = 200000,
	 .opening = "PUT /up/x HTTP/1.1\r\n" HOST "Content-Length: 1000000\r\n\r\n",
	 .turn = turn_letter},
	{.name = "slow_readers",
	 .conns = 500,
	 .pause_us = 100000,
	 .opening = "GET /big HTTP/1.1\r\n" HOST "\r\n",
	 .turn = turn_sip,
	 .receive_bytes = 4096},
	{.name = "idle_10000",
	 .conns = 10000,
	 .pause_us = 500000,
	 .opening = "",
	 .turn = turn_wait},
	{.name = "conn_flood", .conns = 1, .opening = "", .turn = turn_end},
	{.name = "rst_flood",
	 .conns = 1,
	 .opening = "GET /small HTTP/1.1\r\n" HOST "\r\n",
	 .turn = turn_end,
	 .resets = true},
	{.name = "header_bombs",
	 .conns = 64,
	 .opening = "GET /small HTTP/1.1\r\n" HOST,
	 .turn = turn_header},
	{.name = "tiny_windows",
	 .conns = 200,
	 .opening = "GET /big HTTP/1.1\r\n" HOST "\r\n",
	 .turn = turn_gulp,
	 .receive_bytes = 1},
	{.name = "log_flood", .conns = 32, .opening = "", .turn = turn_request},
	{},
};

static __u64 *turns; /* shared with the attacker */

/* A connection with its first words said; -1 when there is none to be had now. */
static int open_conn(const struct attack *attack, const struct sockaddr_in *to)
{
	static __u32 opened;
	struct sockaddr_in from = {.sin_family = AF_INET,
				   .sin_addr.s_addr = htonl(0x7f400001 + opened++ % SOURCES)};
	struct timeval patience = {.tv_usec = CONNECT_US_MAX};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -1;
	if (attack->receive_bytes)
		setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &attack->receive_bytes, sizeof(int));
	if (attack->resets)
		setsockopt(fd, SOL_SOCKET, SO_LINGER, &(struct linger){.l_onoff = 1},
			   sizeof(struct linger));
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
	if (bind(fd, (struct sockaddr *)&from, sizeof(from)) < 0 ||
	    connect(fd, (const struct sockaddr *)to, sizeof(*to)) < 0 ||
	    !says(fd, attack->opening)) {
		close(fd);
		return -1;
	}
	return fd;
}

static _Noreturn void run(const struct attack *attack, const struct sockaddr_in *to, int ready_fd)
{
	static int fds[CONNS_MAX];
	__u64 fill_until_ns = bench_now_ns() + FILL_S_MAX * NS_PER_S;

	for (__u32 i = 0; i < attack->conns; i++)
		fds[i] = bench_now_ns() < fill_until_ns ? open_conn(attack, to) : -1;
	if (write(ready_fd, "", 1) != 1)
		_exit(1);
	for (;;) {
		for (__u32 i = 0; i < attack->conns; i++) {
			__atomic_add_fetch(turns, 1, __ATOMIC_RELAXED);
			if (fds[i] < 0)
				fds[i] = open_conn(attack, to);
			if (fds[i] < 0 || attack->turn(fds[i]))
				continue;
			close(fds[i]);
			fds[i] = -1;
		}
		if (attack->pause_us)
			usleep(attack->pause_us);
	}
}

/* After the good client, which has real-time priority, and before all else on the machine. */
static void take_what_is_left(void)
{
	struct sched_param none = {};

	if (sched_setscheduler(0, SCHED_OTHER, &none) < 0 || setpriority(PRIO_PROCESS, 0, -20) < 0)
		bench_die("priority of the attacker: %m");
}

pid_t attack_start(const struct attack *attack, const struct sockaddr_in *to)
{
	int ready[2];
	pid_t pid;
	char byte;

	if (!turns)
		turns = mmap(NULL, sizeof(*turns), PROT_READ | PROT_WRITE,
			     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (turns == MAP_FAILED)
		bench_die("memory shared with the attacker: %m");
	*turns = 0;
	if (pipe(ready) < 0 || (pid = fork()) < 0)
		bench_die("the attacker: %m");
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		close(ready[0]);
		take_what_is_left();
		run(attack, to, ready[1]);
	}
	close(ready[1]);
	if (read(ready[0], &byte, 1) != 1)
		bench_die("the attacker did not start");
	close(ready[0]);
	return pid;
}

__u64 attack_stop(pid_t pid)
{
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	return *turns;
}
