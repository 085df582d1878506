/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A program's descriptor -> its maps, checked and mapped. The kernel lists the maps of a program
 * by id; the name tells which is which, and type and sizes must be those of this release.
 */
#include "kernel/maps.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#include "base/cleanup.h"
#include "kernel/fail.h"

static const struct spec {
	const char *name;
	enum bpf_map_type type;
	__u32 key_size;
	__u32 value_size; /* 0: not checked */
	__u32 entries;    /* 0: any */
	bool is_mapped;
} specs[WEIR_MAPS_END] = {
#define X(id, name, type, key_size, value_size, entries, is_mapped)                                \
	{name, BPF_MAP_TYPE_##type, key_size, value_size, entries, is_mapped},
	WEIR_MAP_LIST(X)
#undef X
};

enum { PROGRAM_MAPS_MAX = 64 };

const char *weir_map_name(enum weir_map map)
{
	return specs[map].name;
}

__u64 weir_now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000000ULL + now.tv_nsec;
}

__u32 weir_maps_half(const struct weir_maps *maps)
{
	return weir_control_half(__atomic_load_n(&weir_maps_control(maps)->word, __ATOMIC_ACQUIRE),
				 weir_now_ns());
}

const struct weir_policy *weir_maps_policy_in_force(const struct weir_maps *maps)
{
	const struct weir_policy *policy = weir_maps_policy(maps, weir_maps_half(maps));

	return policy->is_complete ? policy : NULL;
}

void weir_maps_done(struct weir_maps *maps)
{
	for (int i = 0; i < WEIR_MAPS_END; i++) {
		if (maps->memory[i])
			munmap(maps->memory[i], maps->sizes[i]);
		if (maps->fds[i] > 0)
			close(maps->fds[i]);
	}
	closep(&maps->program_fd);
	*maps = WEIR_MAPS_NONE;
}

static int spec_of(const char *name)
{
	for (int i = 0; i < WEIR_MAPS_END; i++)
		if (!strcmp(name, specs[i].name))
			return i;
	return -1;
}

static int check_shape(const struct spec *spec, const struct bpf_map_info *info,
		       struct weir_diags *diags)
{
	if (info->type != spec->type || info->key_size != spec->key_size ||
	    (spec->value_size && info->value_size != spec->value_size) ||
	    (spec->entries && info->max_entries != spec->entries))
		return weir_fail(diags, -EPROTO,
				 "the loaded gate's map %s (id %u, %u entries of %u bytes) is not "
				 "of this release (%u entries of %u bytes)",
				 spec->name, info->id, info->max_entries, info->value_size,
				 spec->entries, spec->value_size);
	return 0;
}

static int map_memory(struct weir_maps *maps, int i, struct weir_diags *diags)
{
	size_t page = sysconf(_SC_PAGESIZE);
	size_t size = (size_t)maps->entries[i] * ((specs[i].value_size + 7) & ~7U);
	void *memory;

	size = (size + page - 1) & ~(page - 1);
	memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, maps->fds[i], 0);
	if (memory == MAP_FAILED)
		return weir_fail(diags, -errno, "cannot map %s into memory: %s", specs[i].name,
				 strerror(errno));
	maps->memory[i] = memory;
	maps->sizes[i] = size;
	return 0;
}

/* Open the map `id` if it is one of ours; others (.rodata) are left alone. */
static int open_map(struct weir_maps *maps, __u32 id, struct weir_diags *diags)
{
	_cleanup_close_ int fd = bpf_map_get_fd_by_id(id);
	struct bpf_map_info info = {};
	__u32 size = sizeof(info);
	int i, r;

	if (fd < 0)
		return weir_fail(diags, -errno, "cannot open map id %u: %s", id, strerror(errno));
	if (bpf_obj_get_info_by_fd(fd, &info, &size))
		return weir_fail(diags, -errno, "cannot inspect map id %u: %s", id,
				 strerror(errno));
	i = spec_of(info.name);
	if (i < 0 || maps->fds[i])
		return 0;
	r = check_shape(&specs[i], &info, diags);
	if (r)
		return r;
	maps->fds[i] = take_fd(&fd);
	maps->ids[i] = id;
	maps->entries[i] = info.max_entries;
	return specs[i].is_mapped ? map_memory(maps, i, diags) : 0;
}

static int open_all(struct weir_maps *maps, struct weir_diags *diags)
{
	__u32 ids[PROGRAM_MAPS_MAX] = {};
	struct bpf_prog_info info = {
		.nr_map_ids = PROGRAM_MAPS_MAX,
		.map_ids = (__u64)(unsigned long)ids,
	};
	__u32 size = sizeof(info);
	int r = 0;

	if (bpf_obj_get_info_by_fd(maps->program_fd, &info, &size))
		return weir_fail(diags, -errno, "cannot inspect the gate's program: %s",
				 strerror(errno));
	maps->program_id = info.id;
	/* An extension is a gate behind libxdp's dispatcher. */
	if ((info.type != BPF_PROG_TYPE_XDP && info.type != BPF_PROG_TYPE_EXT) ||
	    strcmp(info.name, "weir_gate"))
		return weir_fail(diags, -EPROTO, "program id %u is '%s', not weir's gate", info.id,
				 info.name);
	for (__u32 i = 0; !r && i < info.nr_map_ids && i < PROGRAM_MAPS_MAX; i++)
		r = open_map(maps, ids[i], diags);
	for (int i = 0; !r && i < WEIR_MAPS_END; i++)
		if (!maps->fds[i])
			r = weir_fail(diags, -EPROTO, "the loaded gate (program id %u) has no %s",
				      info.id, specs[i].name);
	return r;
}

int weir_maps_open_blocks(struct weir_maps *maps, struct weir_diags *diags)
{
	return maps->memory[WEIR_MAP_BLOCKS] ? 0 : map_memory(maps, WEIR_MAP_BLOCKS, diags);
}

int weir_maps_open(int program_fd, bool is_new, struct weir_diags *diags,
		   struct weir_maps *ret_maps)
{
	_cleanup_maps_ struct weir_maps maps = {.program_fd = program_fd};
	__u32 layout;
	int r;

	r = open_all(&maps, diags);
	if (r)
		return r;
	layout = weir_maps_control(&maps)->layout;
	if (!is_new && layout != WEIR_LAYOUT)
		return weir_fail(diags, -EPROTO,
				 "the loaded gate has map layout %u; this release knows %u", layout,
				 WEIR_LAYOUT);
	*ret_maps = maps;
	maps = WEIR_MAPS_NONE;
	return 0;
}
