/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * User memory of an idle connection: a fresh proxy before, and with some thousands of them: tunnels
 * after a hello, HTTP connections after a request.
 */
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "load.h"
#include "proxy_benchmarks.h"
#include "rounds.h"

enum { WARM = 100, IDLE = 4000, BODY_BYTES = 256, ANSWER_MAX = 4096 };

/* One request on a connection of its own, which stays; -1 when it failed. */
static int kept_conn(const struct sockaddr_in *to)
{
	char text[ANSWER_MAX];
	size_t size = load_request_text(0, BODY_BYTES, text, sizeof(text));
	int fd = load_connect(to);
	size_t received = 0;

	if (fd < 0)
		return -1;
	if (send(fd, text, size, MSG_NOSIGNAL) != (ssize_t)size)
		bench_die("send: %m");
	while (received < sizeof(text) - 1) {
		const char *end;
		ssize_t some = recv(fd, text + received, sizeof(text) - 1 - received, 0);

		if (some <= 0)
			break;
		received += some;
		text[received] = '\0';
		end = strstr(text, "\r\n\r\n");
		if (end && text + received - (end + 4) == BODY_BYTES)
			return fd;
	}
	close(fd);
	return -1;
}

static void hold(const struct contender *contender, int count, int *fds)
{
	bool is_http = strstr(contender->name, "-http") != NULL;

	for (int i = 0; i < count; i++) {
		fds[i] = is_http ? kept_conn(&contender->at) : load_tunnel(&contender->at, 0);
		if (fds[i] < 0)
			bench_die("%s: connection %d failed", contender->name, i);
	}
}

static void let_go(int count, const int *fds)
{
	for (int i = 0; i < count; i++)
		close(fds[i]);
}

void bench_idle(char **arguments)
{
	struct contenders contenders = contenders_parse(arguments);
	static int fds[IDLE];
	double most = 0;

	printf("user memory of an idle connection, of %d, bytes\n", IDLE);
	for (int i = 0; i < contenders.count; i++) {
		const struct contender *contender = &contenders.items[i];
		__u64 before;
		double each;

		hold(contender, WARM, fds);
		before = contender_memory_bytes(contender);
		hold(contender, IDLE - WARM, fds + WARM);
		contender_settled_cpu_ns(contender);
		each = (double)(contender_memory_bytes(contender) - before) / (IDLE - WARM);
		printf("  %-16s %8.0f\n", contender->name, each);
		fflush(stdout);
		if (!strncmp(contender->name, "weir", 4) && each > most)
			most = each;
		let_go(IDLE, fds);
		contender_settled_cpu_ns(contender);
	}
	bench_result("idle_user_bytes", most, "B");
}
