/* SPDX-License-Identifier: GPL-2.0-only */
/* One GET of the proxy's metrics, with an end to the time and to the size. */
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>

#include "base/cleanup.h"
#include "cmd/top.h"

enum { TIMEOUT_US = 300000, ANSWER_MAX = 4 << 20 };

static int open_connection(const struct weir_proxy_settings *settings)
{
	struct sockaddr_in to = {.sin_family = AF_INET,
				 .sin_addr.s_addr = htonl(settings->metrics_address),
				 .sin_port = htons(settings->metrics_port)};
	struct timeval timeout = {.tv_usec = TIMEOUT_US};
	_cleanup_close_ int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout)) ||
	    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof(timeout)) ||
	    connect(fd, (struct sockaddr *)&to, sizeof(to)))
		return -errno;
	return take_fd(&fd);
}

char *weir_top_fetch(const struct weir_proxy_settings *settings, const char **ret_why)
{
	static const char request[] = "GET /metrics HTTP/1.0\r\n\r\n";
	_cleanup_free_ char *answer = NULL;
	_cleanup_close_ int fd = -1;
	size_t size = 0;
	char *body;
	ssize_t n = 0;

	*ret_why = "weir.yaml has no `proxy: metrics:`";
	if (!settings->metrics_port)
		return NULL;
	*ret_why = "its metrics do not answer";
	fd = open_connection(settings);
	answer = fd >= 0 ? malloc(ANSWER_MAX) : NULL;
	if (!answer || send(fd, request, strlen(request), MSG_NOSIGNAL) < 0)
		return NULL;
	while (size + 1 < ANSWER_MAX && (n = recv(fd, answer + size, ANSWER_MAX - size - 1, 0)) > 0)
		size += (size_t)n;
	answer[size] = 0;
	body = n ? NULL : strstr(answer, "\r\n\r\n");
	return body ? strdup(body + 4) : NULL;
}
