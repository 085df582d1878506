/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * GET /metrics by libmicrohttpd, held to a few connections, little memory and a short time each.
 *
 * The library's thread calls for the text of one scrape and sends it; everything else is refused
 * without being read. The listener is the endpoint's own, and outlives the library's use of it, so
 * that another process can share it.
 */
#include "proxy/endpoint.h"

#include <errno.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/cleanup.h"

enum {
	CONNECTIONS_MAX = 16,
	CONNECTION_BYTES_MAX = 16384, /* of a request and its answer's head */
	TIMEOUT_S = 10,
};

#define CONTENT_TYPE "text/plain; version=0.0.4; charset=utf-8"

struct weir_endpoint {
	struct MHD_Daemon *daemon;
	weir_endpoint_text *text;
	void *argument;
	int fd;
};

/* Takes `body`, which free(3) can free. */
static enum MHD_Result answer(struct MHD_Connection *connection, unsigned int status, char *body,
			      const char *header, const char *value)
{
	struct MHD_Response *response;
	enum MHD_Result result;

	response = MHD_create_response_from_buffer(strlen(body), body, MHD_RESPMEM_MUST_FREE);
	if (!response) {
		free(body);
		return MHD_NO;
	}
	MHD_add_response_header(response, header, value);
	result = MHD_queue_response(connection, status, response);
	MHD_destroy_response(response);
	return result;
}

static enum MHD_Result refuse(struct MHD_Connection *connection, unsigned int status,
			      const char *text, const char *header, const char *value)
{
	char *body = strdup(text);

	return body ? answer(connection, status, body, header, value) : MHD_NO;
}

static enum MHD_Result handle(void *argument, struct MHD_Connection *connection, const char *url,
			      const char *method, const char *version, const char *upload,
			      size_t *upload_size, void **state)
{
	const struct weir_endpoint *endpoint = argument;
	char *text;

	(void)version, (void)upload, (void)state;
	/* A body is not read: the answer comes at once, and the connection ends with it. */
	if (strcmp(method, MHD_HTTP_METHOD_GET) != 0 && strcmp(method, MHD_HTTP_METHOD_HEAD) != 0) {
		*upload_size = 0;
		return refuse(connection, MHD_HTTP_METHOD_NOT_ALLOWED, "only GET\n",
			      MHD_HTTP_HEADER_ALLOW, "GET, HEAD");
	}
	if (strcmp(url, "/metrics") != 0)
		return refuse(connection, MHD_HTTP_NOT_FOUND, "metrics are at /metrics\n",
			      MHD_HTTP_HEADER_CONTENT_TYPE, "text/plain");
	text = endpoint->text(endpoint->argument);
	if (!text)
		return refuse(connection, MHD_HTTP_INTERNAL_SERVER_ERROR, "out of memory\n",
			      MHD_HTTP_HEADER_CONTENT_TYPE, "text/plain");
	return answer(connection, MHD_HTTP_OK, text, MHD_HTTP_HEADER_CONTENT_TYPE, CONTENT_TYPE);
}

int weir_endpoint_listen(__u32 address, __u16 port, int *ret_fd)
{
	static const int on = 1;
	struct sockaddr_in at = {
		.sin_family = AF_INET, .sin_addr.s_addr = htonl(address), .sin_port = htons(port)};
	_cleanup_close_ int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) ||
	    bind(fd, (struct sockaddr *)&at, sizeof(at)) || listen(fd, CONNECTIONS_MAX))
		return -errno;
	*ret_fd = take_fd(&fd);
	return 0;
}

int weir_endpoint_start(int listener_fd, weir_endpoint_text *text, void *argument,
			struct weir_endpoint **ret_endpoint)
{
	_cleanup_free_ struct weir_endpoint *endpoint = calloc(1, sizeof(*endpoint));
	_cleanup_close_ int fd = listener_fd;

	if (!endpoint)
		return -ENOMEM;
	endpoint->text = text;
	endpoint->argument = argument;
	endpoint->daemon = MHD_start_daemon(
		MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_EPOLL | MHD_USE_ITC, 0, NULL, NULL,
		handle, endpoint, MHD_OPTION_LISTEN_SOCKET, fd, MHD_OPTION_CONNECTION_LIMIT,
		CONNECTIONS_MAX, MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)CONNECTION_BYTES_MAX,
		MHD_OPTION_CONNECTION_TIMEOUT, TIMEOUT_S, MHD_OPTION_END);
	if (!endpoint->daemon)
		return -ENOMEM;
	endpoint->fd = take_fd(&fd);
	*ret_endpoint = take_pointer(endpoint);
	return 0;
}

int weir_endpoint_fd(const struct weir_endpoint *endpoint)
{
	return endpoint->fd;
}

void weir_endpoint_stop(struct weir_endpoint **endpoint)
{
	struct weir_endpoint *old = take_pointer(*endpoint);

	if (!old)
		return;
	/* To stop it outright would shut the listener down, which another process may share. */
	MHD_quiesce_daemon(old->daemon);
	MHD_stop_daemon(old->daemon);
	close(old->fd);
	free(old);
}
