/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Interface -> the gates that its dispatcher runs, as the kernel has them: the dispatcher, the links that tie
 * programs to it, the programs' maps. libxdp is not asked: what it reads from its pins is gone once somebody else
 * changes the dispatcher meanwhile, and before 1.4.1 each read leaves descriptors open.
 */
#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "kernel/attach.h"
#include "kernel/dispatcher.h"

static const char program_name[] = "weir_gate";

/* The program's constant weir_owner, whatever release it is of: found by its type information. */
static int read_owner(int map_fd, const struct bpf_map_info *info, __u32 *ret_owner)
{
	_cleanup_free_ char *constants = malloc(info->value_size);
	struct btf *btf = btf__load_from_kernel_by_id(info->btf_id);
	const struct btf_type *section = btf ? btf__type_by_id(btf, info->btf_value_type_id) : NULL;
	__u32 key = 0;
	int r = -ENOENT;

	if (constants && section && btf_is_datasec(section) &&
	    !bpf_map_lookup_elem(map_fd, &key, constants))
		for (int i = 0; r && i < btf_vlen(section); i++) {
			const struct btf_var_secinfo *var = btf_var_secinfos(section) + i;
			const struct btf_type *type = btf__type_by_id(btf, var->type);

			if (strcmp(btf__name_by_offset(btf, type->name_off), "weir_owner") ||
			    var->size != sizeof(*ret_owner))
				continue;
			memcpy(ret_owner, constants + var->offset, sizeof(*ret_owner));
			r = 0;
		}
	btf__free(btf);
	return r;
}

/* One map of the program: what of it tells this gate from others. */
static int read_map(__u32 map_id, struct weir_seat *seat)
{
	_cleanup_close_ int fd = bpf_map_get_fd_by_id(map_id);
	struct bpf_map_info info = {};
	__u32 size = sizeof(info);
	const char *dot;

	if (fd < 0 || bpf_obj_get_info_by_fd(fd, &info, &size))
		return -errno;
	dot = strchr(info.name, '.');
	if (!strcmp(info.name, weir_map_name(WEIR_MAP_CONTROL)))
		seat->control_id = info.id;
	else if (!strcmp(info.name, weir_map_name(WEIR_MAP_BLOCKS)))
		seat->blocks_id = info.id;
	else if (!strcmp(info.name, weir_map_name(WEIR_MAP_LIVE)))
		seat->live_id = info.id;
	else if (!strcmp(info.name, weir_map_name(WEIR_MAP_COUNTS)))
		seat->counts_id = info.id;
	else if (dot && !strcmp(dot, ".rodata"))
		return read_owner(fd, &info, &seat->owner);
	return 0;
}

int weir_seat_read(int program_fd, struct weir_seat *ret_seat)
{
	struct weir_seat seat = {.fd = -1};
	__u32 map_ids[64];
	struct bpf_prog_info info = {.nr_map_ids = 64, .map_ids = (uintptr_t)map_ids};
	__u32 size = sizeof(info);
	int r = 0;

	if (bpf_obj_get_info_by_fd(program_fd, &info, &size))
		return -errno;
	if (strcmp(info.name, program_name))
		return -ENOENT;
	for (__u32 i = 0; !r && i < info.nr_map_ids && i < 64; i++)
		r = read_map(map_ids[i], &seat);
	if (r || !seat.owner || !seat.control_id)
		return r ?: -ENOENT;
	seat.program_id = info.id;
	seat.fd = fcntl(program_fd, F_DUPFD_CLOEXEC, 3);
	if (seat.fd < 0)
		return -errno;
	*ret_seat = seat;
	return 0;
}

void weir_seats_done(struct weir_seats *seats)
{
	for (size_t i = 0; i < seats->count; i++)
		closep(&seats->items[i].fd);
	*seats = (struct weir_seats){};
}

int weir_dispatcher_tie(__u32 dispatcher_id, __u32 *link_id, __u32 *ret_program_id)
{
	while (!bpf_link_get_next_id(*link_id, link_id)) {
		_cleanup_close_ int fd = bpf_link_get_fd_by_id(*link_id);
		struct bpf_link_info info = {};
		__u32 size = sizeof(info);

		/* It has just gone, or is being made for a dispatcher that does not run yet. */
		if (fd < 0 && (errno == ENOENT || errno == EAGAIN))
			continue;
		if (fd < 0 || bpf_obj_get_info_by_fd(fd, &info, &size))
			return -errno;
		if (info.type != BPF_LINK_TYPE_TRACING ||
		    info.tracing.target_obj_id != dispatcher_id)
			continue;
		*ret_program_id = info.prog_id;
		return take_fd(&fd);
	}
	return -errno;
}

/* The gates that the dispatcher calls. */
static int read_seats(__u32 dispatcher_id, struct weir_seats *seats)
{
	__u32 link_id = 0, program_id;

	for (;;) {
		_cleanup_close_ int link = weir_dispatcher_tie(dispatcher_id, &link_id,
							       &program_id);
		_cleanup_close_ int program = link < 0 ? -1 : bpf_prog_get_fd_by_id(program_id);
		int r;

		if (link < 0)
			return link == -ENOENT ? 0 : link;
		if (program < 0)
			return -errno;
		r = seats->count < WEIR_SEATS_MAX
			    ? weir_seat_read(program, &seats->items[seats->count])
			    : -E2BIG;
		if (r && r != -ENOENT)
			return r;
		if (r)
			seats->others++;
		else
			seats->count++;
	}
}

static int is_dispatcher(__u32 program_id, bool *ret_is)
{
	_cleanup_close_ int fd = bpf_prog_get_fd_by_id(program_id);
	struct bpf_prog_info info = {};
	__u32 size = sizeof(info);

	if (fd < 0 || bpf_obj_get_info_by_fd(fd, &info, &size))
		return -errno;
	*ret_is = !strcmp(info.name, "xdp_dispatcher");
	return 0;
}

static int read_running(const struct weir_running *running, struct weir_seats *seats)
{
	int r = running->program_id ? is_dispatcher(running->program_id, &seats->is_dispatched) : 0;

	if (r || !seats->is_dispatched)
		return r;
	seats->mode = running->mode;
	return read_seats(running->program_id, seats);
}

enum { SWAPS_MAX = 100 }; /* by others, while it is looked at */

int weir_seats_open(unsigned int ifindex, struct weir_seats *ret_seats)
{
	for (int i = 0; i < SWAPS_MAX; i++) {
		_cleanup_seats_ struct weir_seats seats = {};
		struct weir_running running, after;
		int r = weir_running_on(ifindex, &running), read;

		if (r)
			return r;
		read = read_running(&running, &seats);
		r = weir_running_on(ifindex, &after);
		if (r)
			return r;
		if (after.program_id != running.program_id)
			continue;
		if (read)
			return read;
		*ret_seats = seats;
		seats = (struct weir_seats){};
		return 0;
	}
	return -EAGAIN;
}
