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

#include "base/cleanup.h"
#include "base/fail.h"

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

/*
 * What is shorter in the former layout. Values only ever grow at their end, so that what was
 * there is copied and the rest is 0. Layout 4 gave weir_control the interfaces on trial.
 */
static const struct former {
	enum weir_map map;
	__u32 value_size;
} formers[] = {
	{WEIR_MAP_CONTROL, 64},
};

_Static_assert(WEIR_LAYOUT_FORMER == WEIR_LAYOUT - 1, "say what the former layout is like");
_Static_assert(offsetof(struct weir_control, layout) == 24, "every release must find it there");

const char *weir_map_name(enum weir_map map)
{
	return specs[map].name;
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
		if (maps->former_fds[i] > 0)
			close(maps->former_fds[i]);
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

/* The size of the map's values in the former layout; 0: as in this one. */
static __u32 former_size(int map)
{
	for (size_t i = 0; i < sizeof(formers) / sizeof(*formers); i++)
		if (formers[i].map == (enum weir_map)map)
			return formers[i].value_size;
	return 0;
}

static int inspect_map(__u32 id, struct weir_diags *diags, struct bpf_map_info *ret_info,
		       int *ret_fd)
{
	_cleanup_close_ int fd = bpf_map_get_fd_by_id(id);
	__u32 size = sizeof(*ret_info);

	if (fd < 0)
		return weir_fail(diags, -errno, "cannot open map id %u: %s", id, strerror(errno));
	if (bpf_obj_get_info_by_fd(fd, ret_info, &size))
		return weir_fail(diags, -errno, "cannot inspect map id %u: %s", id,
				 strerror(errno));
	*ret_fd = take_fd(&fd);
	return 0;
}

/* Open the map `id` if it is one of ours; others (.rodata) are left alone. */
static int open_map(struct weir_maps *maps, __u32 id, bool is_former, struct weir_diags *diags)
{
	_cleanup_close_ int fd = -1;
	struct bpf_map_info info = {};
	int r = inspect_map(id, diags, &info, &fd), i = r ? -1 : spec_of(info.name);

	if (r || i < 0 || maps->fds[i] || maps->former_fds[i])
		return r;
	maps->ids[i] = id;
	maps->entries[i] = info.max_entries;
	if (is_former && former_size(i) && former_size(i) == info.value_size) {
		maps->former_fds[i] = take_fd(&fd);
		return 0;
	}
	r = check_shape(&specs[i], &info, diags);
	if (r)
		return r;
	maps->fds[i] = take_fd(&fd);
	return specs[i].is_mapped ? map_memory(maps, i, diags) : 0;
}

static int inspect_program(int program_fd, struct bpf_prog_info *ret_info,
			   __u32 ids[static PROGRAM_MAPS_MAX])
{
	__u32 size = sizeof(*ret_info);

	*ret_info = (struct bpf_prog_info){
		.nr_map_ids = PROGRAM_MAPS_MAX,
		.map_ids = (__u64)(unsigned long)ids,
	};
	return bpf_obj_get_info_by_fd(program_fd, ret_info, &size) ? -errno : 0;
}

/* An extension is a gate behind libxdp's dispatcher. */
static bool is_gate(const struct bpf_prog_info *info)
{
	return (info->type == BPF_PROG_TYPE_XDP || info->type == BPF_PROG_TYPE_EXT) &&
	       !strcmp(info->name, "weir_gate");
}

static int open_all(struct weir_maps *maps, bool is_former, struct weir_diags *diags)
{
	__u32 ids[PROGRAM_MAPS_MAX] = {};
	struct bpf_prog_info info;
	int r = inspect_program(maps->program_fd, &info, ids);

	if (r)
		return weir_fail(diags, r, "cannot inspect the gate's program: %s", strerror(-r));
	maps->program_id = info.id;
	if (!is_gate(&info))
		return weir_fail(diags, -EPROTO, "program id %u is '%s', not weir's gate", info.id,
				 info.name);
	for (__u32 i = 0; !r && i < info.nr_map_ids && i < PROGRAM_MAPS_MAX; i++)
		r = open_map(maps, ids[i], is_former, diags);
	for (int i = 0; !r && i < WEIR_MAPS_END; i++)
		if (!maps->fds[i] && !maps->former_fds[i])
			r = weir_fail(diags, -EPROTO, "the loaded gate (program id %u) has no %s",
				      info.id, specs[i].name);
	return r;
}

int weir_maps_open_base(struct weir_maps *maps, struct weir_diags *diags)
{
	static const enum weir_map base[] = {WEIR_MAP_CELLS, WEIR_MAP_BLOCKS};
	int r = 0;

	for (size_t i = 0; !r && i < sizeof(base) / sizeof(*base); i++)
		if (!maps->memory[base[i]])
			r = map_memory(maps, base[i], diags);
	return r;
}

/* Of a control map, whatever its size. */
static int read_layout(int fd, __u32 value_size, __u32 *ret_layout)
{
	_cleanup_free_ char *value = malloc(value_size);
	__u32 key = 0;

	if (!value || value_size < offsetof(struct weir_control, layout) + sizeof(*ret_layout))
		return value ? -ENOENT : -ENOMEM;
	if (bpf_map_lookup_elem(fd, &key, value))
		return -errno;
	memcpy(ret_layout, value + offsetof(struct weir_control, layout), sizeof(*ret_layout));
	return 0;
}

int weir_program_layout(int program_fd, __u32 *ret_layout)
{
	__u32 ids[PROGRAM_MAPS_MAX] = {};
	_cleanup_diags_ struct weir_diags unread = {};
	struct bpf_prog_info program;
	int r = inspect_program(program_fd, &program, ids);

	if (r || !is_gate(&program))
		return r ?: -ENOENT;
	for (__u32 i = 0; i < program.nr_map_ids && i < PROGRAM_MAPS_MAX; i++) {
		_cleanup_close_ int fd = -1;
		struct bpf_map_info info = {};

		r = inspect_map(ids[i], &unread, &info, &fd);
		if (r || !strcmp(info.name, specs[WEIR_MAP_CONTROL].name))
			return r ?: read_layout(fd, info.value_size, ret_layout);
	}
	return -ENOENT;
}

static int check_layout(int program_fd, struct weir_diags *diags)
{
	__u32 layout;
	int r = weir_program_layout(program_fd, &layout);

	if (r == -ENOENT || (!r && layout == WEIR_LAYOUT))
		return 0; /* of what is no gate, opening it says why */
	if (r)
		return weir_fail(diags, r, "cannot read the loaded gate's layout: %s",
				 strerror(-r));
	if (layout == WEIR_LAYOUT_FORMER)
		return weir_fail(diags, -EPROTO,
				 "the loaded gate has map layout %u, of the release before: weir "
				 "apply takes it over",
				 layout);
	return weir_fail(diags, -EPROTO,
			 "the loaded gate has map layout %u; this release knows %u and %u", layout,
			 WEIR_LAYOUT_FORMER, WEIR_LAYOUT);
}

int weir_maps_open(int program_fd, bool is_new, struct weir_diags *diags,
		   struct weir_maps *ret_maps)
{
	_cleanup_maps_ struct weir_maps maps = {.program_fd = program_fd};
	int r = is_new ? 0 : check_layout(program_fd, diags);

	r = r ?: open_all(&maps, false, diags);
	if (r)
		return r;
	*ret_maps = maps;
	maps = WEIR_MAPS_NONE;
	return 0;
}

int weir_maps_open_former(int program_fd, struct weir_diags *diags, struct weir_maps *ret_maps)
{
	_cleanup_maps_ struct weir_maps maps = {.program_fd = program_fd};
	int r = open_all(&maps, true, diags);

	if (r)
		return r;
	*ret_maps = maps;
	maps = WEIR_MAPS_NONE;
	return 0;
}
