/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What one dependent load costs on this machine, by how much memory the loads are spread over: the
 * scale on which to read figures that wait for memory.
 *
 *   load_ns_N   each load's address comes out of the one before; N MB, a cache line a load, in an
 *               order that no prefetcher knows, on small pages as the kernel's maps are
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "bench.h"
#include "benchmarks.h"
#include "random.h"

enum { LINE = 64, LOADS = 1 << 20, SEED = 1, MB = 1 << 20 };

struct line {
	struct line *next;
	char rest[LINE - sizeof(struct line *)];
};

/* One ring through all lines (Sattolo's shuffle of where each leads). */
static void link_ring(struct line *lines, size_t count)
{
	struct random random = {SEED};

	for (size_t i = 0; i < count; i++)
		lines[i].next = &lines[i];
	for (size_t i = count - 1; i > 0; i--) {
		size_t other = random_below(&random, i);
		struct line *next = lines[i].next;

		lines[i].next = lines[other].next;
		lines[other].next = next;
	}
}

static double follow(const struct line *from, size_t loads)
{
	const struct line *volatile at = from;
	__u64 took_ns = bench_thread_ns();

	for (size_t i = 0; i < loads; i++)
		from = from->next;
	at = from;
	(void)at;
	return (double)(bench_thread_ns() - took_ns) / loads;
}

static void measure(size_t bytes, const char *name)
{
	struct line *lines = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
				  -1, 0);
	struct bench_series took;

	if (lines == MAP_FAILED || madvise(lines, bytes, MADV_NOHUGEPAGE))
		bench_die("no memory for %zu bytes", bytes);
	link_ring(lines, bytes / LINE);
	follow(lines, bytes / LINE);
	bench_hold_cpu();
	for (int i = 0; i < BENCH_ROUNDS; i++)
		took.at[i] = follow(lines, LOADS);
	bench_yield_cpu();
	bench_result(name, bench_median(&took), "ns");
	munmap(lines, bytes);
}

void bench_load(void)
{
	measure(MB / 4, "load_ns_256k");
	measure(MB, "load_ns_1M");
	measure(4 * MB, "load_ns_4M");
	measure(8 * MB, "load_ns_8M");
	measure(16 * MB, "load_ns_16M");
	measure(64 * MB, "load_ns_64M");
}
