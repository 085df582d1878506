/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * gate.bpf.c and the kernel that it sees: maps by their address, one table a native; frames below 4 GB,
 * since a context has addresses of 32 bits.
 *
 *   array that can be mapped  the real one's memory
 *   hash                      asked of the real one by system call
 *   array of each CPU         memory of this native's own
 */
#pragma clang diagnostic ignored "-Wmissing-prototypes"

#include "gate.bpf.c"

#undef bpf_map_lookup_elem

#include <bpf/bpf.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "fuzz.h"
#include "native.h"

#define MAPS(X)                                                                                    \
	X(weir_control)                                                                            \
	X(weir_policy)                                                                             \
	X(weir_dests)                                                                              \
	X(weir_rates)                                                                              \
	X(weir_cdn)                                                                                \
	X(weir_allow)                                                                              \
	X(weir_areas)                                                                              \
	X(weir_ranks)                                                                              \
	X(weir_cells)                                                                              \
	X(weir_blocks)                                                                             \
	X(weir_live)                                                                               \
	X(weir_live_bits)                                                                          \
	X(weir_live_lens)                                                                          \
	X(weir_buckets)                                                                            \
	X(weir_counts)                                                                             \
	X(weir_dst_counts)                                                                         \
	X(weir_meter)                                                                              \
	X(weir_watch)

enum {
#define X(name) MAP_##name,
	MAPS(X)
#undef X
		MAPS_COUNT
};

struct map {
	const void *is; /* the variable that stands for it in the source */
	char *memory;
	size_t value_bytes, count;
	int fd; /* a hash; -1 for others */
};

struct native {
	const struct match *match;
	struct map maps[MAPS_COUNT];
};

static struct native *now; /* whose run is under way */
static struct bpf_sock found;
static __u64 frame_bytes;

/* ---- maps ------------------------------------------------------------------------------- */

static void open_map(struct native *native, int at, const void *is, const char *name)
{
	int fd = gate_map_fd(native->match->gate, name);
	struct map *map = &native->maps[at];
	struct bpf_map_info info = {0};
	__u32 bytes = sizeof(info);

	fuzz_check(!bpf_obj_get_info_by_fd(fd, &info, &bytes));
	*map = (struct map){
		.is = is,
		.value_bytes = (info.value_size + 7) / 8 * 8,
		.count = info.max_entries,
		.fd = info.type == BPF_MAP_TYPE_HASH ? fd : -1,
	};
	if (info.map_flags & BPF_F_MMAPABLE)
		map->memory = mmap(NULL, map->value_bytes * map->count, PROT_READ | PROT_WRITE,
				   MAP_SHARED, fd, 0);
	else
		map->memory = calloc(map->fd < 0 ? map->count : 1, map->value_bytes);
	fuzz_check(map->memory && map->memory != MAP_FAILED);
}

struct native *native_new(const struct match *match)
{
	struct native *native = calloc(1, sizeof(*native));

	fuzz_check(native);
	native->match = match;
#define X(name) open_map(native, MAP_##name, &name, #name);
	MAPS(X)
#undef X
	return native;
}

void *native_map_lookup(void *map_is, const void *key)
{
	for (int i = 0; i < MAPS_COUNT; i++) {
		struct map *map = &now->maps[i];
		__u32 index = *(const __u32 *)key;

		if (map->is != map_is)
			continue;
		if (map->fd >= 0)
			return bpf_map_lookup_elem(map->fd, key, map->memory) ? NULL : map->memory;
		return index < map->count ? map->memory + index * map->value_bytes : NULL;
	}
	fuzz_check(!"a map that MAPS lacks");
	return NULL;
}

/* ---- sockets ---------------------------------------------------------------------------- */

static bool is_at(const struct oracle_socket *socket, __u8 protocol,
		  const struct bpf_sock_tuple *tuple)
{
	return socket->protocol == protocol && socket->near_port == bpf_ntohs(tuple->ipv4.dport) &&
	       (!socket->near || socket->near == bpf_ntohl(tuple->ipv4.daddr));
}

static struct bpf_sock *look_up(__u8 protocol, const struct bpf_sock_tuple *tuple)
{
	const struct match *match = now->match;

	for (size_t i = 0; i < match->sockets_count; i++)
		if (is_at(&match->sockets[i], protocol, tuple) &&
		    match->sockets[i].far == bpf_ntohl(tuple->ipv4.saddr) &&
		    match->sockets[i].far_port == bpf_ntohs(tuple->ipv4.sport)) {
			found = (struct bpf_sock){.state = BPF_TCP_ESTABLISHED,
						  .dst_port = tuple->ipv4.sport};
			return &found;
		}
	for (size_t i = 0; i < match->listeners_count; i++)
		if (is_at(&match->listeners[i], protocol, tuple)) {
			found = (struct bpf_sock){.state = BPF_TCP_LISTEN};
			return &found;
		}
	return NULL;
}

struct bpf_sock *bpf_skc_lookup_tcp(void *ctx, struct bpf_sock_tuple *tuple, __u32 tuple_bytes,
				    __u64 netns, __u64 flags)
{
	(void)ctx, (void)netns, (void)flags;
	fuzz_check(tuple_bytes == sizeof(tuple->ipv4));
	return look_up(IPPROTO_TCP, tuple);
}

struct bpf_sock *bpf_sk_lookup_udp(void *ctx, struct bpf_sock_tuple *tuple, __u32 tuple_bytes,
				   __u64 netns, __u64 flags)
{
	(void)ctx, (void)netns, (void)flags;
	fuzz_check(tuple_bytes == sizeof(tuple->ipv4));
	return look_up(IPPROTO_UDP, tuple);
}

long bpf_sk_release(void *socket)
{
	fuzz_check(socket == &found);
	return 0;
}

/* ---- clocks, and what nobody watches ---------------------------------------------------- */

__u64 bpf_ktime_get_ns(void)
{
	return gate_now_ns();
}

__u64 bpf_ktime_get_coarse_ns(void)
{
	return gate_now_ns();
}

__u64 bpf_jiffies64(void)
{
	return gate_now_ns() / weir_tick_ns;
}

__u32 bpf_get_prandom_u32(void)
{
	return 0;
}

__u64 bpf_xdp_get_buff_len(struct xdp_md *ctx)
{
	(void)ctx;
	return frame_bytes;
}

long bpf_xdp_load_bytes(struct xdp_md *ctx, __u32 offset, void *to, __u32 size)
{
	(void)ctx, (void)offset, (void)to, (void)size;
	return -1;
}

void *bpf_ringbuf_reserve(void *ringbuf, __u64 size, __u64 flags)
{
	(void)ringbuf, (void)size, (void)flags;
	return NULL;
}

void bpf_ringbuf_submit(void *data, __u64 flags)
{
	(void)data, (void)flags;
}

/* ---- running ---------------------------------------------------------------------------- */

/* Where frames end: a page that must not be touched lies behind. */
static char *frame_end(void)
{
	static char *end;
	size_t page = sysconf(_SC_PAGESIZE), room = (NATIVE_FRAME_MAX / page + 1) * page;

	if (end)
		return end;
	end = mmap(NULL, room + page, PROT_READ | PROT_WRITE,
		   MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
	fuzz_check(end != MAP_FAILED);
	end += room;
	fuzz_check(!mprotect(end, page, PROT_NONE));
	return end;
}

/* The one counter that is not 0, which must be 1. */
static unsigned int counted(const struct weir_count *counts, __u64 *ret_bytes)
{
	unsigned int reason = 0;

	for (unsigned int i = 0; i < WEIR_REASON_SLOTS; i++) {
		if (!counts[i].packets && !counts[i].bytes)
			continue;
		fuzz_check(!reason && counts[i].packets == 1);
		reason = i;
		*ret_bytes = counts[i].bytes;
	}
	return reason;
}

struct verdict native_run(struct native *native, const void *frame, size_t size, size_t linear)
{
	struct map *counts = &native->maps[MAP_weir_counts];
	char *end = frame_end(), *start = end - linear;
	struct xdp_md ctx = {.data = (__u32)(long)start, .data_end = (__u32)(long)end};
	struct verdict verdict = {0};

	fuzz_check(linear <= size && linear <= NATIVE_FRAME_MAX);
	memcpy(start, frame, linear);
	memset(counts->memory, 0, counts->value_bytes);
	frame_bytes = size;
	now = native;
	verdict.action = weir_gate(&ctx);
	verdict.reason = counted((const struct weir_count *)counts->memory, &verdict.bytes);
	return verdict;
}
