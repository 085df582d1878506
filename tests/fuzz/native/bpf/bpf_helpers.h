/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The helpers of the kernel that bpf/ calls, for a gate compiled as part of a program: maps are memory
 * that native.c knows, sockets are those that the oracle was told. Found in place of libbpf's header
 * (-Itests/fuzz/native).
 */
#ifndef WEIR_TESTS_NATIVE_BPF_HELPERS_H
#define WEIR_TESTS_NATIVE_BPF_HELPERS_H

#include <linux/bpf.h>
#include <stdbool.h>
#include <stddef.h>

#define SEC(name)
#define __uint(name, value) int(*name)[value]
#define __type(name, value) typeof(value) *name
#undef __always_inline /* linux/stddef.h has one */
#define __always_inline inline
#define __noinline      __attribute__((noinline))
#define __weak          __attribute__((weak))
#define __ksym
#define barrier_var(var) asm volatile("" : "+r"(var))

/* libbpf has a function of this name, which the fixture needs. */
#define bpf_map_lookup_elem native_map_lookup

void *bpf_map_lookup_elem(void *map, const void *key);
__u64 bpf_ktime_get_ns(void);
__u64 bpf_ktime_get_coarse_ns(void);
__u64 bpf_jiffies64(void);
__u32 bpf_get_prandom_u32(void);
struct bpf_sock *bpf_skc_lookup_tcp(void *ctx, struct bpf_sock_tuple *tuple, __u32 tuple_bytes,
				    __u64 netns, __u64 flags);
struct bpf_sock *bpf_sk_lookup_udp(void *ctx, struct bpf_sock_tuple *tuple, __u32 tuple_bytes,
				   __u64 netns, __u64 flags);
long bpf_sk_release(void *socket);
__u64 bpf_xdp_get_buff_len(struct xdp_md *ctx);
long bpf_xdp_load_bytes(struct xdp_md *ctx, __u32 offset, void *to, __u32 size);
void *bpf_ringbuf_reserve(void *ringbuf, __u64 size, __u64 flags);
void bpf_ringbuf_submit(void *data, __u64 flags);

#endif
