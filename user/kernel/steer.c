/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Listeners -> the steering program's map. The program reads the gate's control word and policy,
 * and looks for listeners where the gate does, so that both always agree; its link and the
 * listeners outlive every apply.
 *
 *   steer_link (pinned) -> weir_steer -> weir_control, weir_policy, weir_dests, weir_listeners
 */
#include "kernel/steer.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/fail.h"
#include "kernel/libbpf_log.h"
#include "kernel/lock.h"
#include "kernel/object.h"
#include "kernel/pin.h"
#include "kernel/pins.h"
#include "steer.skel.h"

static const char link_pin[] = "steer_link";

enum { STEER_MAPS_MAX = 16 };

/* The pinned hand-off: -1 where there is none. */
struct steer {
	int link_fd;
	int listeners_fd;
	__u32 control_id; /* of the gate that it follows */
	__u64 tag;
};

static void steer_done(struct steer *steer)
{
	closep(&steer->link_fd);
	closep(&steer->listeners_fd);
}

#define _cleanup_steer_ __attribute__((cleanup(steer_done)))

static void skeleton_destroyp(struct weir_steer **skeleton)
{
	weir_steer__destroy(*skeleton);
}

/* Remember the maps that matter of those that the program uses. */
static int note_map(struct steer *steer, __u32 id)
{
	_cleanup_close_ int fd = bpf_map_get_fd_by_id(id);
	struct bpf_map_info info = {};
	__u32 size = sizeof(info);

	if (fd < 0 || bpf_obj_get_info_by_fd(fd, &info, &size))
		return -errno;
	if (!strcmp(info.name, weir_map_name(WEIR_MAP_CONTROL)))
		steer->control_id = id;
	if (!strcmp(info.name, weir_map_name(WEIR_MAP_LISTENERS)))
		steer->listeners_fd = take_fd(&fd);
	return 0;
}

static int note_program(struct steer *steer, __u32 program_id)
{
	_cleanup_close_ int fd = bpf_prog_get_fd_by_id(program_id);
	__u32 ids[STEER_MAPS_MAX] = {};
	struct bpf_prog_info info = {
		.nr_map_ids = STEER_MAPS_MAX,
		.map_ids = (__u64)(unsigned long)ids,
	};
	__u32 size = sizeof(info);
	int r = 0;

	if (fd < 0 || bpf_obj_get_info_by_fd(fd, &info, &size))
		return -errno;
	if (info.type != BPF_PROG_TYPE_SK_LOOKUP || strcmp(info.name, "weir_steer"))
		return -EPROTO;
	memcpy(&steer->tag, info.tag, sizeof(steer->tag));
	for (__u32 i = 0; !r && i < info.nr_map_ids && i < STEER_MAPS_MAX; i++)
		r = note_map(steer, ids[i]);
	return r ?: steer->listeners_fd < 0 || !steer->control_id ? -EPROTO : 0;
}

static int find(const struct weir_paths *paths, struct weir_diags *diags, struct steer *ret_steer)
{
	_cleanup_steer_ struct steer steer = {.link_fd = -1, .listeners_fd = -1};
	struct bpf_link_info info = {};
	__u32 size = sizeof(info);
	char path[2 * WEIR_PATH_MAX];
	int r;

	*ret_steer = steer;
	snprintf(path, sizeof(path), "%s/%s", paths->pins, link_pin);
	r = weir_pin_open(path, WEIR_PIN_LINK, diags, &steer.link_fd);
	if (r)
		return r == -ENOENT ? 0 : r;
	if (bpf_obj_get_info_by_fd(steer.link_fd, &info, &size))
		return weir_fail(diags, -errno, "cannot open %s: %s", path, strerror(errno));
	r = info.type == BPF_LINK_TYPE_NETNS ? note_program(&steer, info.prog_id) : -EPROTO;
	if (r)
		return weir_fail(diags, r, "%s is not weir's hand-off: %s", path, strerror(-r));
	/* Its network namespace has gone, and the link is dead. */
	if (!info.netns.netns_ino) {
		unlink(path);
		return 0;
	}
	*ret_steer = steer;
	steer = (struct steer){.link_fd = -1, .listeners_fd = -1};
	return 0;
}

static int share(struct weir_steer *skeleton, const struct weir_maps *maps)
{
	static const enum weir_map shared[] = {WEIR_MAP_CONTROL, WEIR_MAP_POLICY, WEIR_MAP_DESTS,
					       WEIR_MAP_LISTENERS};

	for (size_t i = 0; i < sizeof(shared) / sizeof(*shared); i++) {
		struct bpf_map *map = bpf_object__find_map_by_name(skeleton->obj,
								   weir_map_name(shared[i]));
		int r = map ? bpf_map__reuse_fd(map, maps->fds[shared[i]]) : -ENOENT;

		if (r)
			return r;
	}
	return 0;
}

static int load(const struct weir_maps *maps, struct weir_diags *diags,
		struct weir_steer **ret_skeleton)
{
	__attribute__((cleanup(skeleton_destroyp))) struct weir_steer *skeleton = NULL;
	int r;

	weir_libbpf_log_start();
	skeleton = weir_steer__open();
	if (!skeleton)
		return weir_fail(diags, -errno, "cannot open the hand-off's object: %s",
				 strerror(errno));
	r = share(skeleton, maps) ?: weir_steer__load(skeleton);
	if (r)
		return weir_fail(diags, r, "cannot load the hand-off: %s: %s", strerror(-r),
				 weir_libbpf_log_last());
	*ret_skeleton = take_pointer(skeleton);
	return 0;
}

/* Attach to this network namespace and pin. */
static int attach(const struct weir_paths *paths, const struct weir_maps *maps,
		  struct weir_diags *diags, struct steer *ret_steer)
{
	__attribute__((cleanup(skeleton_destroyp))) struct weir_steer *skeleton = NULL;
	_cleanup_close_ int netns = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	_cleanup_steer_ struct steer steer = {.link_fd = -1, .listeners_fd = -1};
	int r = load(maps, diags, &skeleton);

	if (r)
		return r;
	steer.link_fd = bpf_link_create(bpf_program__fd(skeleton->progs.weir_steer), netns,
					BPF_SK_LOOKUP, NULL);
	if (netns < 0 || steer.link_fd < 0)
		return weir_fail(diags, -errno, "cannot attach the hand-off: %s", strerror(errno));
	r = weir_pin_replace(paths, link_pin, steer.link_fd, diags);
	if (r)
		return r;
	*ret_steer = steer;
	steer = (struct steer){.link_fd = -1, .listeners_fd = -1};
	return 0;
}

/* Another release's program, or one of maps that have gone: replace it under the same link. */
static int refresh(const struct steer *steer, const struct weir_maps *maps,
		   struct weir_diags *diags)
{
	__attribute__((cleanup(skeleton_destroyp))) struct weir_steer *skeleton = NULL;
	int r = load(maps, diags, &skeleton), fd;
	__u64 tag;

	if (r)
		return r;
	fd = bpf_program__fd(skeleton->progs.weir_steer);
	if (steer->control_id == maps->ids[WEIR_MAP_CONTROL] && !weir_program_tag(fd, &tag) &&
	    tag == steer->tag)
		return 0;
	if (bpf_link_update(steer->link_fd, fd, NULL))
		return weir_fail(diags, -errno, "cannot replace the hand-off: %s", strerror(errno));
	return 0;
}

int weir_steer_converge(const struct weir_paths *paths, const struct weir_maps *maps,
			struct weir_diags *diags)
{
	_cleanup_steer_ struct steer steer = {.link_fd = -1, .listeners_fd = -1};
	int r = find(paths, diags, &steer);

	return r || steer.link_fd < 0 ? r : refresh(&steer, maps, diags);
}

static int put_listener(const struct weir_maps *maps, __u32 key, int fd, struct weir_diags *diags)
{
	__u64 value = fd;

	if (bpf_map_update_elem(maps->fds[WEIR_MAP_LISTENERS], &key, &value, BPF_ANY))
		return weir_fail(diags, -errno, "cannot hand over to the %s listener: %s",
				 key == WEIR_LISTENER_TLS ? "TLS" : "HTTP", strerror(errno));
	return 0;
}

int weir_steer_listen(const char *instance, int http_fd, int tls_fd, struct weir_diags *diags)
{
	_cleanup_steer_ struct steer steer = {.link_fd = -1, .listeners_fd = -1};
	_cleanup_maps_ struct weir_maps maps = WEIR_MAPS_NONE;
	_cleanup_close_ int lock = -1;
	struct weir_paths paths;
	int r = weir_paths_make(instance, diags, &paths) ?:
		weir_paths_ensure(&paths, diags) ?:
		weir_lock_take(&paths, WEIR_LOCK_APPLY, "proxy", WEIR_LOCK_WAIT_MS, diags, &lock) ?:
		weir_pins_need(&paths, diags, &maps) ?:
		find(&paths, diags, &steer);

	if (r)
		return r;
	r = steer.link_fd < 0 ? attach(&paths, &maps, diags, &steer)
			      : refresh(&steer, &maps, diags);
	return r ?: put_listener(&maps, WEIR_LISTENER_HTTP, http_fd, diags) ?:
	       put_listener(&maps, WEIR_LISTENER_TLS, tls_fd, diags);
}

int weir_steer_state(const struct weir_paths *paths, struct weir_diags *diags,
		     struct weir_steer_state *ret_state)
{
	_cleanup_steer_ struct steer steer = {.link_fd = -1, .listeners_fd = -1};
	struct weir_steer_state state = {};
	int r = find(paths, diags, &steer);

	if (r)
		return r;
	state.is_attached = steer.link_fd >= 0;
	state.control_id = steer.control_id;
	for (__u32 key = 0; state.is_attached && key < WEIR_LISTENERS; key++) {
		__u64 cookie;

		state.has_listener[key] = bpf_map_lookup_elem(steer.listeners_fd, &key, &cookie) ==
					  0;
	}
	*ret_state = state;
	return 0;
}
