/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Records of shared interfaces: a pin whose name is that of an interface and of its network namespace -> where the
 * gate is. A record says where to look; what runs there is read from the interface's dispatcher every time.
 */
#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/fail.h"
#include "kernel/dispatcher.h"
#include "kernel/pin.h"
#include "kernel/shared.h"

static const char record_prefix[] = "shared_";

enum { RECORD_NAME_MAX = sizeof(record_prefix) + IF_NAMESIZE + 24 };

static __u64 own_namespace(void)
{
	struct stat namespace = {};

	stat("/proc/self/ns/net", &namespace);
	return namespace.st_ino;
}

static void record_name(const char *interface, char to[static RECORD_NAME_MAX])
{
	snprintf(to, RECORD_NAME_MAX, "%s%s@%llu", record_prefix, interface,
		 (unsigned long long)own_namespace());
	weir_pin_name_encode(to);
}

bool weir_shared_is_record(const char *pin_name)
{
	return !strncmp(pin_name, record_prefix, strlen(record_prefix));
}

/* The interface and the namespace that a record names. */
static int parse_record(const char *pin_name, char interface[static IF_NAMESIZE],
			unsigned long long *ret_namespace)
{
	const char *name = pin_name + strlen(record_prefix), *at = strrchr(name, '@');

	if (!at || at - name >= IF_NAMESIZE)
		return -EPROTO;
	*ret_namespace = strtoull(at + 1, NULL, 10);
	snprintf(interface, IF_NAMESIZE, "%.*s", (int)(at - name), name);
	weir_pin_name_decode(interface);
	return 0;
}

/* Does the interface run the gate that uses these maps? Then *program_id is that of its program. */
static bool has_gate(unsigned int ifindex, __u32 control_id, __u32 *program_id)
{
	_cleanup_seats_ struct weir_seats seats = {};
	bool has = false;

	if (!ifindex || weir_seats_open(ifindex, &seats))
		return false;
	for (size_t i = 0; i < seats.count; i++)
		if (seats.items[i].control_id == control_id) {
			*program_id = seats.items[i].program_id;
			has = true;
		}
	return has;
}

int weir_shared_open(const struct weir_paths *paths, const char *pin_name, struct weir_diags *diags,
		     struct weir_link *ret_link)
{
	struct weir_link link = {.is_shared = true};
	struct weir_seat seat = {.fd = -1};
	unsigned long long namespace;
	char path[2 * WEIR_PATH_MAX];
	_cleanup_close_ int fd = -1;
	int r;

	snprintf(path, sizeof(path), "%s/%s", paths->pins, pin_name);
	r = weir_pin_open_listed(path, WEIR_PIN_PROGRAM, diags, &fd);
	if (r)
		return r;
	if (parse_record(pin_name, link.interface, &namespace) || weir_seat_read(fd, &seat))
		return weir_fail(diags, -EPROTO, "%s is no gate: not pinned by weir", path);
	snprintf(link.pin, sizeof(link.pin), "%s", pin_name);
	link.fd = seat.fd;
	link.id = link.program_id = seat.program_id;
	if (namespace != own_namespace())
		link.ifindex = WEIR_IFINDEX_ELSEWHERE;
	else if (has_gate(if_nametoindex(link.interface), seat.control_id, &link.program_id))
		link.ifindex = if_nametoindex(link.interface);
	*ret_link = link;
	return 0;
}

bool weir_shared_is_on(struct weir_link *link, unsigned int ifindex)
{
	struct weir_seat seat = {.fd = -1};
	int r = weir_seat_read(link->fd, &seat);

	closep(&seat.fd);
	return !r && has_gate(ifindex, seat.control_id, &link->program_id);
}

void weir_shared_path(const struct weir_paths *paths, const char *interface,
		      char to[static 2 * WEIR_PATH_MAX])
{
	char name[RECORD_NAME_MAX];

	record_name(interface, name);
	snprintf(to, 2 * WEIR_PATH_MAX, "%s/%s", paths->pins, name);
}

int weir_shared_pin(const struct weir_paths *paths, const char *interface, int program_fd,
		    struct weir_diags *diags)
{
	char name[RECORD_NAME_MAX];

	record_name(interface, name);
	return weir_pin_replace(paths, name, program_fd, diags);
}
