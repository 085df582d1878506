/* SPDX-License-Identifier: GPL-2.0-only */
/* Path -> descriptor. What a descriptor is, the name of its file in /proc says: bpf-map, ... */
#include "kernel/pin.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fail.h"

static const char *const kinds[] = {
	[WEIR_PIN_MAP] = "map",
	[WEIR_PIN_PROGRAM] = "program",
	[WEIR_PIN_LINK] = "link",
};

enum { KINDS = sizeof(kinds) / sizeof(*kinds) };

/* Or KINDS: cannot be told. Kernels differ in what stands before the word. */
static int kind_of(int fd)
{
	static const char file[] = "anon_inode:bpf?";
	char path[64], name[64];
	ssize_t size;
	int kind = 0;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	size = readlink(path, name, sizeof(name) - 1);
	if (size <= (ssize_t)strlen(file))
		return KINDS;
	name[size] = 0;
	while (kind < KINDS && strncmp(name + strlen(file), kinds[kind], 3))
		kind++;
	return kind;
}

int weir_pin_open(const char *path, enum weir_pin_kind kind, struct weir_diags *diags, int *ret_fd)
{
	_cleanup_close_ int fd = bpf_obj_get(path);
	int found;

	if (fd < 0 && errno == ENOENT)
		return -ENOENT;
	if (fd < 0)
		return weir_fail(diags, -errno, "cannot open %s: %s", path, strerror(errno));
	found = kind_of(fd);
	if (found == KINDS)
		return weir_fail(diags, -EPROTO, "%s: cannot tell whether it is a %s", path,
				 kinds[kind]);
	if (found != (int)kind)
		return weir_fail(diags, -EPROTO, "%s is a %s, not a %s: not pinned by weir", path,
				 kinds[found], kinds[kind]);
	*ret_fd = take_fd(&fd);
	return 0;
}

int weir_pin_open_listed(const char *path, enum weir_pin_kind kind, struct weir_diags *diags,
			 int *ret_fd)
{
	int r = weir_pin_open(path, kind, diags, ret_fd);

	return r == -ENOENT ? weir_fail(diags, r, "%s has just gone", path) : r;
}

static void swap_byte(char *text, char from, char to)
{
	for (; *text; text++)
		if (*text == from)
			*text = to;
}

void weir_pin_name_encode(char *interface)
{
	swap_byte(interface, '.', ':');
}

void weir_pin_name_decode(char *pin_name)
{
	swap_byte(pin_name, ':', '.');
}
