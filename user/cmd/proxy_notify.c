/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The service manager's socket, by the protocol of sd_notify(3): a datagram a state.
 *
 * Opened while the process may still make sockets, and kept. Without NOTIFY_SOCKET nobody is told, and
 * nothing is lost: no state is worth failing for.
 */
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "base/cleanup.h"
#include "cmd/proxy.h"

int weir_notify_open(void)
{
	const char *path = getenv("NOTIFY_SOCKET");
	struct sockaddr_un to = {.sun_family = AF_UNIX};
	_cleanup_close_ int fd = -1;

	if (!path || !*path || strlen(path) >= sizeof(to.sun_path))
		return -1;
	strcpy(to.sun_path, path);
	if (*path == '@')
		to.sun_path[0] = 0;
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || connect(fd, (const struct sockaddr *)&to,
			      offsetof(struct sockaddr_un, sun_path) + strlen(path)))
		return -1;
	return take_fd(&fd);
}

void weir_notify(int fd, const char *state)
{
	if (fd >= 0)
		send(fd, state, strlen(state), MSG_NOSIGNAL);
}
