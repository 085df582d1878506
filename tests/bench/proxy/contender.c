/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * /proc -> CPU time and memory of a proxy's processes. See contender.h.
 */
#include "contender.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench/bench.h"

static struct contender parse(const char *argument)
{
	struct contender contender = {.at.sin_family = AF_INET};
	char address[INET_ADDRSTRLEN];
	unsigned int port;

	if (sscanf(argument, "%31[^=]=%15[0-9.]:%u=%d", contender.name, address, &port,
		   &contender.pid) != 4 ||
	    inet_pton(AF_INET, address, &contender.at.sin_addr) != 1 || port > 65535)
		bench_die("'%s' is not NAME=ADDRESS:PORT=PID", argument);
	contender.at.sin_port = htons(port);
	return contender;
}

struct contenders contenders_parse(char **arguments)
{
	struct contenders contenders = {};

	for (; *arguments; arguments++) {
		if (contenders.count == CONTENDERS_MAX)
			bench_die("more than %d contenders", CONTENDERS_MAX);
		contenders.items[contenders.count++] = parse(*arguments);
	}
	if (!contenders.count)
		bench_die("no contender");
	return contenders;
}

const struct contender *contenders_find(const struct contenders *contenders, const char *name)
{
	for (int i = 0; i < contenders->count; i++)
		if (!strcmp(contenders->items[i].name, name))
			return &contenders->items[i];
	return NULL;
}

/* The first number after `key` in the file, or 0. */
static __u64 number_in(const char *path, const char *key)
{
	char line[512];
	__u64 number = 0;
	FILE *file = fopen(path, "r");

	while (file && fgets(line, sizeof(line), file)) {
		if (strncmp(line, key, strlen(key)) != 0)
			continue;
		number = strtoull(line + strlen(key), NULL, 10);
		break;
	}
	if (file)
		fclose(file);
	return number;
}

static __u64 threads_cpu_ns(pid_t pid)
{
	char path[64];
	const struct dirent *entry;
	__u64 sum = 0;
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%d/task", pid);
	dir = opendir(path);
	while (dir && (entry = readdir(dir))) {
		if (entry->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "/proc/%d/task/%.16s/schedstat", pid, entry->d_name);
		sum += number_in(path, "");
	}
	if (dir)
		closedir(dir);
	return sum;
}

static __u64 memory_of(pid_t pid)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/status", pid);
	return number_in(path, "RssAnon:") * 1024;
}

/* The sum of `value` over the process and its children. */
static __u64 sum_over(pid_t parent, __u64 (*value)(pid_t pid))
{
	DIR *dir = opendir("/proc");
	const struct dirent *entry;
	__u64 sum = 0;
	bool is_alive = false;

	while (dir && (entry = readdir(dir))) {
		pid_t pid = (pid_t)strtol(entry->d_name, NULL, 10);
		char path[64];

		if (pid <= 0)
			continue;
		snprintf(path, sizeof(path), "/proc/%d/status", pid);
		is_alive |= pid == parent;
		if (pid == parent || number_in(path, "PPid:") == (__u64)parent)
			sum += value(pid);
	}
	if (dir)
		closedir(dir);
	if (!is_alive)
		bench_die("process %d is gone", parent);
	return sum;
}

__u64 contender_cpu_ns(const struct contender *contender)
{
	return sum_over(contender->pid, threads_cpu_ns);
}

__u64 contender_settled_cpu_ns(const struct contender *contender)
{
	__u64 now = contender_cpu_ns(contender), before;

	for (int i = 0; i < 40; i++) {
		before = now;
		usleep(50000);
		now = contender_cpu_ns(contender);
		/* Timers and a log's thread go on at less than 1 % of a CPU. */
		if (now - before < 500000)
			break;
	}
	return now;
}

__u64 contender_memory_bytes(const struct contender *contender)
{
	return sum_over(contender->pid, memory_of);
}
