/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Single steps of benchmarks whose course is in scripts/bench-gate.
 */
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/ethtool.h>
#include <linux/if_link.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "base/cleanup.h"
#include "base/ranges.h"
#include "bench.h"
#include "benchmarks.h"
#include "flood.skel.h"
#include "lists.h"

extern char **environ;

static const char *need(char **arguments, const char *what)
{
	if (!arguments[0])
		bench_die("needs %s", what);
	return arguments[0];
}

void bench_drop(char **arguments)
{
	const char *name = need(arguments, "an interface");
	struct flood_bpf *object = flood_bpf__open_and_load();
	bool reads = arguments[1] && !strcmp(arguments[1], "read");
	int interface = if_nametoindex(name);

	if (!object || !interface ||
	    bpf_xdp_attach(
		    interface,
		    bpf_program__fd(reads ? object->progs.bench_read : object->progs.bench_drop),
		    XDP_FLAGS_DRV_MODE, NULL))
		bench_die("cannot attach to %s: %s", name, strerror(errno));
	flood_bpf__destroy(object);
}

static void set_feature(const char *name, __u32 command, bool is_on)
{
	_cleanup_close_ int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct ethtool_value value = {.cmd = command, .data = is_on};
	struct ifreq request = {.ifr_data = (void *)&value};

	snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", name);
	if (fd < 0 || ioctl(fd, SIOCETHTOOL, &request))
		bench_die("cannot turn a feature of %s on or off: %s", name, strerror(errno));
}

void bench_gro(char **arguments)
{
	set_feature(need(arguments, "an interface"), ETHTOOL_SGRO, true);
}

void bench_no_tso(char **arguments)
{
	set_feature(need(arguments, "an interface"), ETHTOOL_STSO, false);
}

/* For those who take no overlapping entries. */
static void print_ranges(const struct bench_list *list)
{
	struct weir_range *ranges = calloc(list->count, sizeof(*ranges));
	char low[WEIR_PREFIX_TEXT_MAX], high[WEIR_PREFIX_TEXT_MAX];
	size_t count;

	if (!ranges)
		bench_die("no memory for %zu ranges", list->count);
	for (size_t i = 0; i < list->count; i++)
		ranges[i] = (struct weir_range){list->prefixes[i].address,
						weir_prefix_last(list->prefixes[i])};
	count = weir_ranges_merge(ranges, list->count);
	for (size_t i = 0; i < count; i++)
		printf("%s-%s\n", weir_address_format(ranges[i].low, low),
		       weir_address_format(ranges[i].high, high));
	free(ranges);
}

void bench_list(char **arguments)
{
	size_t count = strtoull(need(arguments, "a number of entries"), NULL, 10);
	char text[WEIR_PREFIX_TEXT_MAX];
	struct bench_list list;

	if (!count || count > WEIR_PREFIXES_MAX)
		bench_die("a list has 1 to %d entries", WEIR_PREFIXES_MAX);
	bench_list_make(BENCH_REALISTIC, BENCH_LIST_SEED, count, &list);
	if (arguments[1])
		print_ranges(&list);
	else
		for (size_t i = 0; i < list.count; i++)
			puts(weir_prefix_format(list.prefixes[i], text));
	bench_list_done(&list);
}

void bench_time(char **arguments)
{
	const char *command = need(arguments, "a command");
	__u64 took_ns = bench_now_ns();
	int status, r;
	pid_t pid;

	r = posix_spawnp(&pid, command, NULL, NULL, arguments, environ);
	if (r || waitpid(pid, &status, 0) < 0)
		bench_die("cannot run %s: %s", command, strerror(r ?: errno));
	took_ns = bench_now_ns() - took_ns;
	if (status)
		bench_die("%s failed", command);
	printf("%.2f\n", took_ns / 1e6);
}
