/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A configuration -> a folder with a copy of each file that it was read from; and back.
 *
 *   FOLDER/%2Fetc%2Fweir%2Fweir.yaml     a file, named by its path with / as %2F and % as %25
 *   FOLDER/%weir.yaml                    a symbolic link to the one that names the others
 *
 * Names, and no list of them: what is there is what was kept. Routes decide no packet and are not
 * kept. The caller owns the folder, and makes it appear or not appear as a whole.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "config/loader.h"

static const char begin_name[] = "%weir.yaml"; /* no path's name: %we is no escape */

/* Returns 0, or -ENAMETOOLONG: no file can have that name. */
static int name_of(const char *path, char to[static NAME_MAX + 1])
{
	size_t size = 0;

	for (; *path; path++) {
		bool is_escaped = *path == '/' || *path == '%';
		int n = snprintf(to + size, NAME_MAX + 1 - size, is_escaped ? "%%%02X" : "%c",
				 *path);

		size += n;
		if (size > NAME_MAX)
			return -ENAMETOOLONG;
	}
	return 0;
}

static int path_of(const char *name, char to[static NAME_MAX + 1])
{
	size_t size = 0;

	for (; *name; name++) {
		if (*name != '%')
			to[size++] = *name;
		else if (!strncmp(name, "%2F", 3) || !strncmp(name, "%25", 3))
			to[size++] = name[2] == 'F' ? '/' : '%', name += 2;
		else
			return -EINVAL;
	}
	to[size] = 0;
	return 0;
}

int weir_loader_place(const struct weir_loader *loader, const char *path, char to[static PATH_MAX])
{
	char name[NAME_MAX + 1];
	int r = loader->kept ? name_of(path, name) : 0;

	if (r)
		return r;
	r = loader->kept ? snprintf(to, PATH_MAX, "%s/%s", loader->kept, name)
			 : snprintf(to, PATH_MAX, "%s", path);
	return r < PATH_MAX ? 0 : -ENAMETOOLONG;
}

/* ---- keeping --------------------------------------------------------------------------- */

struct keep {
	const char *folder;
	struct weir_diags *diags;
	__u64 fingerprint; /* of what was copied so far */
};

static int fail(const struct keep *keep, const char *path, int error)
{
	weir_diags_error(keep->diags, path, 0, 0, "cannot keep a copy in %s: %s", keep->folder,
			 strerror(-error));
	return error;
}

static int write_whole(int fd, const struct weir_file *file)
{
	for (size_t done = 0; done < file->size;) {
		ssize_t n = write(fd, file->bytes + done, file->size - done);

		if (n < 0 && errno != EINTR)
			return -errno;
		done += n > 0 ? n : 0;
	}
	return fdatasync(fd) ? -errno : 0;
}

static int keep_file(struct keep *keep, const char *path, size_t max_bytes)
{
	const struct weir_loader at = {.kept = keep->folder};
	_cleanup_file_ struct weir_file file = {0};
	_cleanup_close_ int fd = -1;
	char place[PATH_MAX];
	int r = weir_file_read(path, max_bytes, &file) ?: weir_loader_place(&at, path, place);

	if (r)
		return fail(keep, path, r);
	keep->fingerprint = weir_fingerprint(keep->fingerprint, file.bytes, file.size);
	/* Two lists may be one file. */
	fd = open(place, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
	r = fd < 0 ? -errno : write_whole(fd, &file);
	return r ? fail(keep, path, r) : 0;
}

static int keep_begin(struct keep *keep, const char *path)
{
	char name[NAME_MAX + 1], link[PATH_MAX];
	int r = name_of(path, name);

	if (r)
		return fail(keep, path, r);
	if (snprintf(link, sizeof(link), "%s/%s", keep->folder, begin_name) >= PATH_MAX)
		return fail(keep, path, -ENAMETOOLONG);
	return symlink(name, link) ? fail(keep, path, -errno) : 0;
}

/* In the order in which they were read, which the fingerprint depends on. */
static int keep_all(struct keep *keep, const struct weir_config *config)
{
	int r = keep_file(keep, config->path, WEIR_YAML_BYTES_MAX)
			?: keep_file(keep, config->region.path, WEIR_REGION_BYTES_MAX);

	if (!r && config->cdn.path)
		r = keep_file(keep, config->cdn.path, WEIR_LIST_BYTES_MAX);
	for (size_t i = 0; !r && i < config->denylists_count; i++)
		r = keep_file(keep, config->denylists[i].path, WEIR_LIST_BYTES_MAX);
	if (!r && config->allowlist.path)
		r = keep_file(keep, config->allowlist.path, WEIR_LIST_BYTES_MAX);
	return r ?: keep_begin(keep, config->path);
}

int weir_config_keep(const struct weir_config *config, const char *folder, struct weir_diags *diags)
{
	struct keep keep = {folder, diags, WEIR_FINGERPRINT_SEED};
	int r = keep_all(&keep, config);

	if (r)
		return r;
	if (keep.fingerprint != config->fingerprint) {
		weir_diags_error(diags, config->path, 0, 0,
				 "the files have changed since they were read");
		return -ESTALE;
	}
	return 0;
}

/* ---- and back -------------------------------------------------------------------------- */

int weir_config_load_kept(const char *folder, struct weir_diags *diags,
			  struct weir_config **ret_config)
{
	char link[PATH_MAX], name[NAME_MAX + 1], path[NAME_MAX + 1];
	ssize_t size;
	int r;

	if (snprintf(link, sizeof(link), "%s/%s", folder, begin_name) >= PATH_MAX)
		return -ENAMETOOLONG;
	size = readlink(link, name, NAME_MAX);
	if (size < 0) {
		r = -errno;
		weir_diags_error(diags, link, 0, 0, "cannot read: %s", strerror(-r));
		return r;
	}
	name[size] = 0;
	if (path_of(name, path))
		return weir_diags_error(diags, link, 0, 0, "is not of weir's making");
	return weir_config_read(path, folder, diags, ret_config);
}
