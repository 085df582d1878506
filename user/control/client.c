/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The control socket's client: one request, one reply, with a time limit. What comes back is from
 * an unprivileged process: bounded, and printable only once it is a diagnostic.
 */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>

#include "base/cleanup.h"
#include "control/control.h"
#include "control/socket.h"

enum { WAIT_S = 30, READ_BYTES = 1 << 16 };

int weir_control_connect(const char *path, int *ret_fd)
{
	static const struct timeval limit = {.tv_sec = WAIT_S};
	struct sockaddr_un address;
	_cleanup_close_ int fd = -1;
	int r = weir_control_address(path, &address);

	if (r)
		return r;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit)) ||
	    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit)) ||
	    connect(fd, (const struct sockaddr *)&address, sizeof(address)))
		return -errno;
	*ret_fd = take_fd(&fd);
	return 0;
}

/* Both ends of the exchange fail the same way: what EAGAIN says of a socket with a time limit. */
static int fail(struct weir_diags *diags, int error)
{
	error = error == -EAGAIN ? -ETIMEDOUT : error;
	weir_diags_error(diags, NULL, 0, 0, "the control socket: %s", strerror(-error));
	return error;
}

static int send_line(int fd, const json_t *request)
{
	_cleanup_free_ char *text = json_dumps(request, JSON_COMPACT);
	size_t size = text ? strlen(text) : 0, sent = 0;

	if (!text)
		return -ENOMEM;
	if (size >= WEIR_CONTROL_LINE_MAX)
		return -EMSGSIZE;
	text[size++] = '\n'; /* in the place of the NUL */
	while (sent < size) {
		ssize_t n = send(fd, text + sent, size - sent, MSG_NOSIGNAL);

		if (n < 0 && errno != EINTR)
			return -errno;
		sent += n > 0 ? n : 0;
	}
	return 0;
}

/* Descriptors that came with a reply. */
struct passed {
	int fds[WEIR_CONTROL_PASSED_MAX];
	size_t count;
};

static void passed_done(struct passed *passed)
{
	while (passed->count)
		closep(&passed->fds[--passed->count]);
}

/* Keep those that fit. */
static void keep_passed(struct passed *passed, struct msghdr *message)
{
	struct cmsghdr *header = CMSG_FIRSTHDR(message);

	for (; header; header = CMSG_NXTHDR(message, header)) {
		size_t count = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);

		if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS)
			continue;
		for (size_t i = 0; i < count; i++) {
			int fd;

			memcpy(&fd, CMSG_DATA(header) + i * sizeof(fd), sizeof(fd));
			if (passed->count < WEIR_CONTROL_PASSED_MAX)
				passed->fds[passed->count++] = fd;
			else
				close(fd);
		}
	}
}

/* As recv(2), keeping descriptors if `passed`; without, the kernel closes them. */
static ssize_t receive(int fd, void *to, size_t size, struct passed *passed)
{
	union {
		char bytes[CMSG_SPACE(sizeof(passed->fds))];
		struct cmsghdr align;
	} room;
	struct iovec data = {to, size};
	struct msghdr message = {.msg_iov = &data, .msg_iovlen = 1};
	ssize_t n;

	if (passed) {
		message.msg_control = room.bytes;
		message.msg_controllen = sizeof(room.bytes);
	}
	n = recvmsg(fd, &message, MSG_CMSG_CLOEXEC);
	if (n >= 0 && passed)
		keep_passed(passed, &message);
	return n;
}

static int read_line(int fd, struct passed *passed, char **ret_line, size_t *ret_size)
{
	_cleanup_free_ char *line = NULL;
	size_t size = 0, room = 0;

	for (;;) {
		ssize_t n;

		if (room - size < READ_BYTES) {
			char *grown = room < 2 * WEIR_CONTROL_LINE_MAX
					      ? realloc(line, room = 2 * room + READ_BYTES)
					      : NULL;

			if (!grown)
				return room < 2 * WEIR_CONTROL_LINE_MAX ? -ENOMEM : -EMSGSIZE;
			line = grown;
		}
		n = receive(fd, line + size, room - size, passed);
		if (n < 0 && errno != EINTR)
			return -errno;
		if (n == 0)
			return -ECONNRESET;
		size += n > 0 ? n : 0;
		if (size && line[size - 1] == '\n')
			break;
	}
	*ret_line = take_pointer(line);
	*ret_size = size;
	return 0;
}

static json_t *envelope(const char *verb, json_t *request)
{
	json_t *whole = request ?: json_object();

	json_object_set_new(whole, "version", json_integer(WEIR_CONTROL_VERSION));
	json_object_set_new(whole, "verb", json_string(verb));
	return whole;
}

static int call(int fd, const char *verb, json_t *request, struct passed *passed,
		struct weir_diags *diags, json_t **ret_reply)
{
	_cleanup_json_ json_t *whole = envelope(verb, request), *reply = NULL;
	_cleanup_free_ char *line = NULL;
	size_t size = 0;
	int r = send_line(fd, whole) ?: read_line(fd, passed, &line, &size);

	if (r)
		return fail(diags, r);
	reply = json_loadb(line, size, JSON_REJECT_DUPLICATES, NULL);
	if (!reply || weir_control_diags_parse(json_object_get(reply, "diags"), diags))
		return fail(diags, -EPROTO);
	if (!json_is_true(json_object_get(reply, "ok")))
		return diags->errors ? -EINVAL : fail(diags, -EPROTO);
	*ret_reply = take_pointer(reply);
	return 0;
}

int weir_control_call(int fd, const char *verb, json_t *request, struct weir_diags *diags,
		      json_t **ret_reply)
{
	return call(fd, verb, request, NULL, diags, ret_reply);
}

int weir_control_call_passed(int fd, const char *verb, json_t *request, struct weir_diags *diags,
			     json_t **ret_reply, int *ret_fds, size_t *ret_count)
{
	_cleanup_(passed_done) struct passed passed = {};
	int r = call(fd, verb, request, &passed, diags, ret_reply);

	if (r)
		return r;
	memcpy(ret_fds, passed.fds, passed.count * sizeof(*ret_fds));
	*ret_count = passed.count;
	passed.count = 0;
	return 0;
}
