/* SPDX-License-Identifier: GPL-2.0-only */
/* Configuration <-> a folder of its files, found by a symbolic link. */
#include "kernel/kept.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/fail.h"

static const char folder_prefix[] = "kept.";
static const char confirmed_link[] = "confirmed", trial_link[] = "trial";

enum { NAME_BYTES = 64 };

/* The folder `name` in `state`, or NULL. */
static DIR *open_folder(int state, const char *name)
{
	_cleanup_close_ int fd = openat(state, name,
					O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	DIR *folder = fd < 0 ? NULL : fdopendir(fd);

	if (folder)
		take_fd(&fd);
	return folder;
}

static int open_state(const struct weir_paths *paths)
{
	return open(paths->state, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

/* The name of the folder that a link leads to; empty where there is none. */
static void read_link(int state, const char *link, char to[static NAME_BYTES])
{
	ssize_t size = readlinkat(state, link, to, NAME_BYTES - 1);

	to[size > 0 ? size : 0] = 0;
	if (strncmp(to, folder_prefix, strlen(folder_prefix)) || strchr(to, '/'))
		*to = 0;
}

/* Is what the link leads to a copy of that policy? Its name says so. */
static bool leads_to(int state, const char *link, __u64 fingerprint)
{
	char name[NAME_BYTES], wanted[NAME_BYTES];
	int size = snprintf(wanted, sizeof(wanted), "%s%016llx.", folder_prefix, fingerprint);
	struct stat folder;

	read_link(state, link, name);
	return *name && !strncmp(name, wanted, size) && !fstatat(state, name, &folder, 0);
}

/* Lead `link` to the folder `name`, which is on disk. */
static int set_link(int state, const char *link, const char *name)
{
	char fresh[NAME_BYTES];

	snprintf(fresh, sizeof(fresh), "%s.new", link);
	if (unlinkat(state, fresh, 0) && errno != ENOENT) /* of a command that was killed */
		return -errno;
	if (symlinkat(name, state, fresh) || renameat(state, fresh, state, link))
		return -errno;
	return fsync(state) ? -errno : 0;
}

static void remove_folder(int state, const char *name)
{
	_cleanup_closedir_ DIR *folder = open_folder(state, name);
	struct dirent *entry;

	while (folder && (entry = readdir(folder)))
		if (strcmp(entry->d_name, ".") && strcmp(entry->d_name, ".."))
			unlinkat(dirfd(folder), entry->d_name, 0);
	unlinkat(state, name, AT_REMOVEDIR);
}

/* Copies that no link leads to: former ones, and what a killed command has left. */
static void remove_others(int state)
{
	_cleanup_closedir_ DIR *folder = open_folder(state, ".");
	char confirmed[NAME_BYTES], trial[NAME_BYTES];
	struct dirent *entry;

	read_link(state, confirmed_link, confirmed);
	read_link(state, trial_link, trial);
	while (folder && (entry = readdir(folder)))
		if (!strncmp(entry->d_name, folder_prefix, strlen(folder_prefix)) &&
		    strcmp(entry->d_name, confirmed) && strcmp(entry->d_name, trial))
			remove_folder(state, entry->d_name);
}

static int sync_folder(const char *path)
{
	_cleanup_close_ int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	return fd < 0 || fsync(fd) ? -errno : 0;
}

static int save(const struct weir_paths *paths, int state, const struct weir_config *config,
		const char *link, struct weir_diags *diags)
{
	char path[WEIR_PATH_MAX + NAME_BYTES];
	int r;

	snprintf(path, sizeof(path), "%s/%s%016llx.XXXXXX", paths->state, folder_prefix,
		 config->fingerprint);
	if (!mkdtemp(path))
		return weir_fail(diags, -errno, "cannot make %s: %s", path, strerror(errno));
	r = weir_config_keep(config, path, diags);
	if (r)
		return r;
	r = sync_folder(path) ?: set_link(state, link, strrchr(path, '/') + 1);
	return r ? weir_fail(diags, r, "cannot write %s: %s", path, strerror(-r)) : 0;
}

/* What is on trial is what was confirmed before. */
static int try_confirmed(int state)
{
	char name[NAME_BYTES];

	read_link(state, confirmed_link, name);
	return set_link(state, trial_link, name);
}

static void warn(const struct weir_diags *said, int error, struct weir_diags *diags)
{
	const struct weir_diag *last = said->count ? &said->items[said->count - 1] : NULL;

	weir_diags_warning(diags, last ? last->path : NULL, 0, 0,
			   "%s; the policy is in force, and not kept for weir apply --confirmed: "
			   "the next weir apply tries again",
			   last ? last->text : strerror(-error));
}

void weir_kept_save(const struct weir_paths *paths, const struct weir_config *config, bool is_trial,
		    struct weir_diags *diags)
{
	const char *link = is_trial ? trial_link : confirmed_link;
	_cleanup_close_ int state = open_state(paths);
	_cleanup_diags_ struct weir_diags said = {};
	int r = 0;

	if (state < 0)
		r = -errno;
	else if (is_trial && leads_to(state, confirmed_link, config->fingerprint))
		r = try_confirmed(state);
	else if (!leads_to(state, link, config->fingerprint))
		r = save(paths, state, config, link, &said);
	if (r)
		warn(&said, r, diags);
	if (!is_trial && state >= 0)
		unlinkat(state, trial_link, 0);
	if (state >= 0)
		remove_others(state);
}

void weir_kept_confirm(const struct weir_paths *paths, __u64 fingerprint, struct weir_diags *diags)
{
	_cleanup_close_ int state = open_state(paths);
	_cleanup_diags_ struct weir_diags said = {};
	char name[NAME_BYTES] = "";
	int r;

	if (state < 0 || !leads_to(state, trial_link, fingerprint)) {
		r = weir_fail(&said, -ENOENT, "%s/%s is no copy of it", paths->state, trial_link);
	} else {
		read_link(state, trial_link, name);
		r = set_link(state, confirmed_link, name);
		if (r)
			weir_fail(&said, r, "cannot write %s/%s: %s", paths->state, confirmed_link,
				  strerror(-r));
	}
	if (r) {
		warn(&said, r, diags);
		return;
	}
	unlinkat(state, trial_link, 0);
	remove_others(state);
}

bool weir_kept_is(const struct weir_paths *paths, __u64 fingerprint)
{
	_cleanup_close_ int state = open_state(paths);

	return state >= 0 && leads_to(state, confirmed_link, fingerprint);
}

int weir_kept_load(const struct weir_paths *paths, struct weir_diags *diags,
		   struct weir_config **ret_config)
{
	char path[2 * WEIR_PATH_MAX];

	snprintf(path, sizeof(path), "%s/%s", paths->state, confirmed_link);
	if (access(path, F_OK))
		return weir_fail(diags, -errno, "no policy is kept in %s: %s", paths->state,
				 strerror(errno));
	return weir_config_load_kept(path, diags, ret_config);
}
