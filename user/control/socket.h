/* SPDX-License-Identifier: GPL-2.0-only */
/* What both sides of the control socket share. Private to user/control. */
#ifndef WEIR_CONTROL_SOCKET_H
#define WEIR_CONTROL_SOCKET_H

#include <errno.h>
#include <string.h>
#include <sys/un.h>

/* Returns 0, or -ENAMETOOLONG. */
static inline int weir_control_address(const char *path, struct sockaddr_un *ret_address)
{
	*ret_address = (struct sockaddr_un){.sun_family = AF_UNIX};
	if (strlen(path) >= sizeof(ret_address->sun_path))
		return -ENAMETOOLONG;
	strcpy(ret_address->sun_path, path);
	return 0;
}

#endif
