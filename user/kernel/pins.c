/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Folder of pins -> links; program and maps -> pins. Nothing is believed for its name: a pin is
 * opened, and the kernel says what it is. Which program is the live one: pins_find.c.
 */
#include "kernel/pins.h"

#include <bpf/bpf.h>
#include <dirent.h>
#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/fail.h"
#include "kernel/pin.h"
#include "kernel/renamed.h"
#include "kernel/shared.h"

static const char link_prefix[] = "link_";

void weir_link_path(const struct weir_paths *paths, const char *interface,
		    char to[static WEIR_PATH_MAX])
{
	int size = snprintf(to, WEIR_PATH_MAX, "%s/%s%s", paths->pins, link_prefix, interface);

	weir_pin_name_encode(to + size - strlen(interface));
}

void weir_links_done(struct weir_links *links)
{
	for (size_t i = 0; i < links->count; i++)
		closep(&links->items[i].fd);
	free(links->items);
	*links = (struct weir_links){};
}

static int open_link(const struct weir_paths *paths, const char *name, struct weir_diags *diags,
		     struct weir_link *ret_link)
{
	struct weir_link link = {.fd = -1};
	struct bpf_link_info info = {};
	__u32 size = sizeof(info);
	char path[2 * WEIR_PATH_MAX];
	_cleanup_close_ int fd = -1;
	int r;

	snprintf(path, sizeof(path), "%s/%s", paths->pins, name);
	r = weir_pin_open_listed(path, WEIR_PIN_LINK, diags, &fd);
	if (r)
		return r;
	if (bpf_obj_get_info_by_fd(fd, &info, &size))
		return weir_fail(diags, -errno, "cannot inspect %s: %s", path, strerror(errno));
	if (info.type != BPF_LINK_TYPE_XDP)
		return weir_fail(diags, -EPROTO, "%s is no XDP link: not pinned by weir", path);
	snprintf(link.interface, sizeof(link.interface), "%s", name + strlen(link_prefix));
	weir_pin_name_decode(link.interface);
	snprintf(link.pin, sizeof(link.pin), "%s", name);
	link.id = info.id;
	link.program_id = info.prog_id;
	link.ifindex = info.xdp.ifindex;
	link.fd = take_fd(&fd);
	*ret_link = link;
	return 0;
}

static int by_interface(const void *a, const void *b)
{
	return strcmp(((const struct weir_link *)a)->interface,
		      ((const struct weir_link *)b)->interface);
}

int weir_links_open(const struct weir_paths *paths, struct weir_diags *diags,
		    struct weir_links *ret_links)
{
	_cleanup_closedir_ DIR *folder = opendir(paths->pins);
	_cleanup_links_ struct weir_links links = {};
	struct dirent *entry;

	if (!folder && errno != ENOENT)
		return weir_fail(diags, -errno, "cannot read %s: %s", paths->pins, strerror(errno));
	while (folder && (errno = 0, entry = readdir(folder))) {
		bool is_shared = weir_shared_is_record(entry->d_name);
		struct weir_link *grown;
		int r;

		if (!is_shared && strncmp(entry->d_name, link_prefix, strlen(link_prefix)))
			continue;
		grown = reallocarray(links.items, links.count + 1, sizeof(*grown));
		if (!grown)
			return weir_fail(diags, -ENOMEM, "out of memory");
		links.items = grown;
		r = is_shared ? weir_shared_open(paths, entry->d_name, diags,
						 &links.items[links.count])
			      : open_link(paths, entry->d_name, diags, &links.items[links.count]);
		if (r)
			return r;
		links.count++;
	}
	/* An interface that is not found would keep a program that is to go. */
	if (folder && errno)
		return weir_fail(diags, -errno, "cannot read %s: %s", paths->pins, strerror(errno));
	weir_links_rename(&links);
	if (links.count)
		qsort(links.items, links.count, sizeof(*links.items), by_interface);
	*ret_links = links;
	links = (struct weir_links){};
	return 0;
}

int weir_pins_need(const struct weir_paths *paths, struct weir_diags *diags,
		   struct weir_maps *ret_maps)
{
	int r = weir_pins_find(paths, diags, ret_maps);

	if (r == -ENOENT)
		weir_diags_error(diags, NULL, 0, 0, "no gate is loaded: run weir apply first");
	return r;
}

/* By map; 0 where there is no gate. */
static void read_live_ids(const struct weir_paths *paths, __u32 ids[static WEIR_MAPS_END])
{
	_cleanup_maps_ struct weir_maps now = WEIR_MAPS_NONE;
	_cleanup_diags_ struct weir_diags unread = {};

	weir_pins_find(paths, &unread, &now);
	memcpy(ids, now.ids, sizeof(now.ids));
}

bool weir_pins_is_live(const struct weir_paths *paths, const struct weir_maps *maps,
		       enum weir_map map)
{
	__u32 ids[WEIR_MAPS_END];

	read_live_ids(paths, ids);
	return ids[map] == maps->ids[map];
}

int weir_pins_follow(const struct weir_paths *paths, struct weir_diags *diags,
		     struct weir_maps *maps)
{
	__u32 ids[WEIR_MAPS_END];

	read_live_ids(paths, ids);
	if (!memcmp(ids, maps->ids, sizeof(ids)))
		return 0;
	weir_maps_done(maps);
	return weir_pins_need(paths, diags, maps) ?: 1;
}

int weir_pin_replace(const struct weir_paths *paths, const char *name, int fd,
		     struct weir_diags *diags)
{
	char path[2 * WEIR_PATH_MAX], fresh[2 * WEIR_PATH_MAX];

	snprintf(path, sizeof(path), "%s/%s", paths->pins, name);
	snprintf(fresh, sizeof(fresh), "%s/new_%s", paths->pins, name);
	if (unlink(fresh) && errno != ENOENT) /* of a command that was killed */
		return weir_fail(diags, -errno, "cannot remove %s: %s", fresh, strerror(errno));
	if (bpf_obj_pin(fd, fresh))
		return weir_fail(diags, -errno, "cannot pin %s: %s", fresh, strerror(errno));
	if (rename(fresh, path))
		return weir_fail(diags, -errno, "cannot rename %s to %s: %s", fresh, path,
				 strerror(errno));
	return 0;
}

static __u32 pinned_map_id(const char *path)
{
	_cleanup_diags_ struct weir_diags unread = {};
	_cleanup_close_ int fd = -1;
	struct bpf_map_info info = {};
	__u32 size = sizeof(info);

	return weir_pin_open(path, WEIR_PIN_MAP, &unread, &fd) ||
			       bpf_obj_get_info_by_fd(fd, &info, &size)
		       ? 0
		       : info.id;
}

static int pin_maps(const struct weir_paths *paths, const struct weir_maps *maps,
		    struct weir_diags *diags)
{
	int r = 0;

	for (int i = 0; !r && i < WEIR_MAPS_END; i++) {
		char path[2 * WEIR_PATH_MAX];

		snprintf(path, sizeof(path), "%s/%s", paths->pins, weir_map_name(i));
		if (pinned_map_id(path) != maps->ids[i])
			r = weir_pin_replace(paths, weir_map_name(i), maps->fds[i], diags);
	}
	return r;
}

/* Pins under the names that they have until they take another's place: of commands that were killed. */
static void remove_unfinished(const struct weir_paths *paths)
{
	_cleanup_closedir_ DIR *folder = opendir(paths->pins);
	struct dirent *entry;

	while (folder && (entry = readdir(folder)))
		if (!strncmp(entry->d_name, "new_", strlen("new_")))
			unlinkat(dirfd(folder), entry->d_name, 0);
}

int weir_pins_converge(const struct weir_paths *paths, const struct weir_maps *maps,
		       struct weir_diags *diags)
{
	_cleanup_links_ struct weir_links links = {};
	int r = weir_links_open(paths, diags, &links);

	if (r)
		return r;
	remove_unfinished(paths);
	for (size_t i = 0; i < links.count; i++) {
		const struct weir_link *link = &links.items[i];

		if (link->is_shared || !link->ifindex || link->program_id == maps->program_id)
			continue;
		if (bpf_link_update(link->fd, maps->program_fd, NULL))
			return weir_fail(diags, -errno, "cannot replace the program on %s: %s",
					 link->interface, strerror(errno));
	}
	return weir_shared_converge(paths, &links, maps, diags)
		       ?: weir_pin_replace(paths, WEIR_GATE_PIN, maps->program_fd, diags)
		       ?: pin_maps(paths, maps, diags);
}

int weir_pins_remove_all(const struct weir_paths *paths, struct weir_diags *diags)
{
	_cleanup_closedir_ DIR *folder = opendir(paths->pins);
	struct dirent *entry;

	if (!folder)
		return errno == ENOENT ? 0
				       : weir_fail(diags, -errno, "cannot read %s: %s", paths->pins,
						   strerror(errno));
	while ((entry = readdir(folder)))
		if (entry->d_name[0] != '.' && unlinkat(dirfd(folder), entry->d_name, 0))
			return weir_fail(diags, -errno, "cannot remove %s/%s: %s", paths->pins,
					 entry->d_name, strerror(errno));
	if (rmdir(paths->pins))
		return weir_fail(diags, -errno, "cannot remove %s: %s", paths->pins,
				 strerror(errno));
	return 0;
}
