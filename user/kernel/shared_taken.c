/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A shared gate that is on no interface here -> is it on one that was taken to another network namespace? Of a
 * dispatcher nothing says where it is attached, so every namespace that is named or has a process is looked at.
 */
#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/array.h"
#include "base/cleanup.h"
#include "kernel/shared.h"

struct search {
	struct weir_link *link;
	ino_t *seen; /* namespaces */
	size_t seen_count;
	bool is_found;
};

static void search_done(struct search *search)
{
	free(search->seen);
}

/* False also where there is no memory to remember it: it is then looked at again. */
static bool is_seen(struct search *search, ino_t namespace)
{
	ino_t *next;

	for (size_t i = 0; i < search->seen_count; i++)
		if (search->seen[i] == namespace)
			return true;
	next = weir_array_add(&search->seen, &search->seen_count);
	if (next)
		*next = namespace;
	return false;
}

/* In the namespace that this process is in. */
static bool is_on_any(struct weir_link *link)
{
	struct if_nameindex *all = if_nameindex();
	bool is_on = false;

	for (struct if_nameindex *at = all; at && at->if_index && !is_on; at++)
		is_on = weir_shared_is_on(link, at->if_index);
	if (all)
		if_freenameindex(all);
	return is_on;
}

static void look_at(struct search *search, const char *path)
{
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat namespace;

	if (fd < 0 || fstat(fd, &namespace) || is_seen(search, namespace.st_ino))
		return;
	search->is_found = !setns(fd, CLONE_NEWNET) && is_on_any(search->link);
}

/* Entries of the folder, with what leads from each to its namespace. */
static void look_into(struct search *search, const char *folder, const char *behind)
{
	_cleanup_closedir_ DIR *entries = opendir(folder);
	struct dirent *entry;
	char path[PATH_MAX];

	while (!search->is_found && entries && (entry = readdir(entries)))
		if (*entry->d_name != '.' && snprintf(path, sizeof(path), "%s/%s%s", folder,
						      entry->d_name, behind) < (int)sizeof(path))
			look_at(search, path);
}

bool weir_shared_is_taken(struct weir_link *link)
{
	_cleanup_close_ int own = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
	__attribute__((cleanup(search_done))) struct search search = {.link = link};
	struct stat here;

	if (own < 0 || fstat(own, &here))
		return false;
	is_seen(&search, here.st_ino); /* gates of other interfaces use the same maps */
	look_into(&search, "/run/netns", "");
	look_into(&search, "/proc", "/ns/net");
	if (setns(own, CLONE_NEWNET))
		abort(); /* whatever came next would be done in another's network */
	return search.is_found;
}
