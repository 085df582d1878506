/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What this machine and its kernel allow -> struct weir_facts. What can be tried is tried, by small
 * programs and maps that are thrown away again; the rest is read from /proc and /sys, interfaces in
 * facts_nic.c. What could not be learnt stays unknown.
 */
#include "kernel/facts.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/magic.h>
#include <linux/membarrier.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <sys/utsname.h>

#include "base/array.h"
#include "base/cleanup.h"
#include "base/fail.h"
#include "kernel/conntrack.h"
#include "kernel/dispatcher.h"
#include "kernel/libbpf_log.h"
#include "kernel/paths.h"
#include "net/interfaces.h"

/* `r0 = code; exit`: a program of any type that says one thing. */
#define SAYS(code)                                                                                 \
	{                                                                                          \
		{.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .imm = (code)},        \
		{                                                                                  \
			.code = BPF_JMP | BPF_EXIT                                                 \
		}                                                                                  \
	}

void weir_facts_done(struct weir_facts *facts)
{
	free(facts->nics);
	*facts = (struct weir_facts){};
}

static enum weir_answer answer_of(bool is_so)
{
	return is_so ? WEIR_YES : WEIR_NO;
}

long weir_facts_number(const char *path)
{
	_cleanup_fclose_ FILE *file = fopen(path, "re");
	char line[32], *end;
	long number;

	if (!file || !fgets(line, sizeof(line), file))
		return -1;
	number = strtol(line, &end, 10);
	return end == line ? -1 : number;
}

static enum weir_answer read_switch(const char *path)
{
	long number = weir_facts_number(path);

	return number < 0 ? WEIR_UNKNOWN : answer_of(number);
}

/* Does the kernel take this program? Says nothing when we may not ask. */
static enum weir_answer try_program(enum bpf_prog_type type, enum bpf_attach_type attach,
				    __u32 flags, int code)
{
	const struct bpf_insn insns[] = SAYS(code);
	LIBBPF_OPTS(bpf_prog_load_opts, options, .expected_attach_type = attach,
		    .prog_flags = flags);
	_cleanup_close_ int fd = bpf_prog_load(type, "weir_try", "GPL", insns,
					       sizeof(insns) / sizeof(insns[0]), &options);

	return fd >= 0 ? WEIR_YES : errno == EPERM ? WEIR_UNKNOWN : WEIR_NO;
}

/* Was a program compiled that was just loaded? The switch is not to be seen in other network namespaces. */
static enum weir_answer try_jit(void)
{
	const int code = 2;
	const struct bpf_insn insns[] = SAYS(code);
	struct bpf_prog_info info = {};
	__u32 size = sizeof(info);
	_cleanup_close_ int fd = bpf_prog_load(BPF_PROG_TYPE_XDP, "weir_try", "GPL", insns,
					       sizeof(insns) / sizeof(insns[0]), NULL);

	if (fd < 0 || bpf_obj_get_info_by_fd(fd, &info, &size))
		return WEIR_UNKNOWN;
	return answer_of(info.jited_prog_len);
}

static enum weir_answer try_ring(void)
{
	_cleanup_close_ int fd = bpf_map_create(BPF_MAP_TYPE_RINGBUF, "weir_try", 0, 0, 1 << 16,
						NULL);

	return fd >= 0 ? WEIR_YES : errno == EPERM ? WEIR_UNKNOWN : WEIR_NO;
}

static void ask_programs(struct weir_facts *facts)
{
	facts->is_privileged = try_program(BPF_PROG_TYPE_XDP, 0, 0, 2) == WEIR_YES;
	if (facts->jit == WEIR_UNKNOWN)
		facts->jit = try_jit();
	facts->xdp_frags = try_program(BPF_PROG_TYPE_XDP, 0, BPF_F_XDP_HAS_FRAGS, 2);
	facts->sk_lookup = try_program(BPF_PROG_TYPE_SK_LOOKUP, BPF_SK_LOOKUP, 0, 1);
	facts->ring = try_ring();
	facts->conntrack = facts->is_privileged ? answer_of(weir_has_conntrack_lookup())
						: WEIR_UNKNOWN;
	facts->dispatcher = WEIR_UNKNOWN;
	if (facts->is_privileged)
		facts->dispatcher = answer_of(!weir_dispatcher_probe(
			facts->dispatcher_why, sizeof(facts->dispatcher_why)));
}

static void ask_release(struct weir_facts *facts)
{
	struct utsname name;
	char *end;

	if (uname(&name))
		return;
	snprintf(facts->release, sizeof(facts->release), "%s", name.release);
	facts->major = strtoul(name.release, &end, 10);
	facts->minor = *end == '.' ? strtoul(end + 1, &end, 10) : 0;
}

static __u64 available_bytes(void)
{
	static const char name[] = "MemAvailable:"; /* in kB */
	_cleanup_fclose_ FILE *file = fopen("/proc/meminfo", "re");
	char line[128];

	while (file && fgets(line, sizeof(line), file))
		if (!strncmp(line, name, strlen(name)))
			return strtoull(line + strlen(name), NULL, 10) << 10;
	return 0;
}

/* May nothing be pinned from here? */
static bool is_bpffs_hidden(void)
{
	_cleanup_diags_ struct weir_diags unread = {};
	struct weir_paths paths;

	return !weir_paths_make("weir", &unread, &paths) &&
	       weir_paths_check(&paths, &unread) == -ENODEV;
}

static void ask_kernel(struct weir_facts *facts)
{
	struct statfs bpffs;

	ask_release(facts);
	facts->cpus = (__u32)sysconf(_SC_NPROCESSORS_ONLN);
	facts->memory_bytes = available_bytes();
	facts->btf = answer_of(!access("/sys/kernel/btf/vmlinux", R_OK));
	facts->bpffs = answer_of(!statfs("/sys/fs/bpf", &bpffs) && bpffs.f_type == BPF_FS_MAGIC);
	facts->hides_bpffs = facts->bpffs == WEIR_NO && is_bpffs_hidden();
	facts->jit = read_switch("/proc/sys/net/core/bpf_jit_enable");
	facts->bpf_stats = read_switch("/proc/sys/kernel/bpf_stats_enabled");
	facts->membarrier = answer_of(!syscall(SYS_membarrier, MEMBARRIER_CMD_GLOBAL, 0, 0));
	ask_programs(facts);
}

static int add_nic(const char *name, bool may_be_down, struct weir_diags *diags,
		   struct weir_facts *facts)
{
	struct weir_nic_facts nic = {};
	int r = weir_facts_nic(name, &nic);
	struct weir_nic_facts *added;

	if (r)
		return r == -ENODEV
			       ? weir_fail(diags, r,
					   "there is no interface '%s' here: ip link shows them",
					   name)
			       : weir_fail(diags, r, "'%s': %s", name, strerror(-r));
	if (!nic.is_up && !may_be_down)
		return 0;
	added = weir_array_add(&facts->nics, &facts->nics_count);
	if (!added)
		return weir_fail(diags, -ENOMEM, "out of memory");
	*added = nic;
	return 0;
}

static int add_every_nic(struct weir_diags *diags, struct weir_facts *facts)
{
	struct if_nameindex *all = if_nameindex();
	int r = all ? 0 : weir_fail(diags, -errno, "cannot list interfaces: %s", strerror(errno));

	for (size_t i = 0; !r && all[i].if_index; i++)
		if (strcmp(all[i].if_name, "lo") != 0)
			r = add_nic(all[i].if_name, false, diags, facts);
	if_freenameindex(all);
	return r;
}

int weir_facts_gather(const char *const *names, size_t names_count, struct weir_diags *diags,
		      struct weir_facts *ret_facts)
{
	struct weir_facts facts = {};
	int r = 0;

	weir_libbpf_log_start();
	ask_kernel(&facts);
	for (size_t i = 0; !r && i < names_count; i++)
		r = add_nic(names[i], true, diags, &facts);
	if (!r && !names_count)
		r = add_every_nic(diags, &facts);
	if (r) {
		weir_facts_done(&facts);
		return r;
	}
	*ret_facts = facts;
	return 0;
}
