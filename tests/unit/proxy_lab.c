/* SPDX-License-Identifier: GPL-2.0-only */
/* The loopback lab of the proxy's tests. */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/sockios.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "proxy_lab.h"

#define LOOPBACK 0x7f000001

void lab_sleep_ms(int ms)
{
	const struct timespec time = {ms / 1000, ms % 1000 * 1000000L};

	nanosleep(&time, NULL);
}

void lab_wait(const int *value, int least)
{
	lab_until(__atomic_load_n(value, __ATOMIC_SEQ_CST) >= least);
}

void lab_wait_sent(int fd)
{
	int left = 1;

	lab_until(!ioctl(fd, SIOCOUTQ, &left) && !left);
}

__u16 lab_port_of(int fd)
{
	struct sockaddr_in at;
	socklen_t size = sizeof(at);

	cr_assert(!getsockname(fd, (struct sockaddr *)&at, &size));
	return ntohs(at.sin_port);
}

void lab_init(struct lab *lab)
{
	memset(lab, 0, sizeof(*lab));
	lab->limits = weir_proxy_limits_default;
	lab->workers = 1;
	lab->log.fd = -1;
}

static void set_timeout(int fd)
{
	const struct timeval timeout = {.tv_sec = LAB_PATIENCE_S};

	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout));
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof(timeout));
}

struct served {
	struct lab_container *container;
	int fd;
};

static void *serve_thread(void *argument)
{
	struct served served = *(struct served *)argument;

	free(argument);
	set_timeout(served.fd);
	served.container->serve(served.container, served.fd);
	close(served.fd);
	return NULL;
}

static void *container_thread(void *argument)
{
	struct lab_container *container = argument;
	int fd;

	for (;;) {
		struct served *served;
		pthread_t thread;

		fd = accept(container->listener, NULL, NULL);
		if (fd < 0 && errno == EMFILE) {
			lab_sleep_ms(20);
			continue;
		}
		if (fd < 0)
			break;
		served = malloc(sizeof(*served));
		__atomic_add_fetch(&container->accepted, 1, __ATOMIC_SEQ_CST);
		*served = (struct served){container, fd};
		pthread_create(&thread, NULL, serve_thread, served);
		pthread_detach(thread);
	}
	return NULL;
}

void lab_container(struct lab *lab, int number,
		   void (*serve)(struct lab_container *container, int fd), const char *answer)
{
	struct lab_container *container = &lab->containers[number];
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(LOOPBACK)};

	container->serve = serve;
	container->answer = answer;
	pthread_mutex_init(&container->lock, NULL);
	container->listener = socket(AF_INET, SOCK_STREAM, 0);
	cr_assert(!bind(container->listener, (struct sockaddr *)&at, sizeof(at)));
	cr_assert(!listen(container->listener, serve ? 128 : 0));
	container->port = lab_port_of(container->listener);
	if (!serve)
		return;
	pthread_create(&container->thread, NULL, container_thread, container);
	pthread_detach(container->thread);
}

/* The test's shorthand -> a routes file -> a table. */
static struct weir_table *make_table(struct lab *lab, const char *routes,
				     const struct weir_table *before)
{
	_cleanup_diags_ struct weir_diags diags = {0};
	struct weir_routes parsed = {0};
	char path[] = "/tmp/weir-proxy-lab-XXXXXX", *paths[] = {path};
	FILE *file = fdopen(mkstemp(path), "w");
	struct weir_table *table = NULL;

	for (; *routes; routes++)
		if (*routes == '%')
			fprintf(file, "127.0.0.1:%u", lab->containers[*++routes - '0'].port);
		else
			fputc(*routes, file);
	fclose(file);
	cr_assert_eq(weir_routes_load(paths, 1, &diags, &parsed), 0, "%s",
		     diags.count ? diags.items[0].text : "");
	unlink(path);
	cr_assert_eq(weir_table_new(&parsed, before, lab->bytes_per_s, lab->burst_bytes, &table),
		     0);
	weir_routes_done(&parsed);
	return table;
}

struct weir_table *lab_table(struct lab *lab, const char *routes)
{
	return make_table(lab, routes, NULL);
}

void lab_start(struct lab *lab, const char *routes)
{
	struct weir_listeners *listeners = &lab->listeners;

	listeners->count = lab->sockets ? lab->sockets : lab->workers;
	for (int i = 0; i < 2; i++)
		cr_assert_eq(weir_listener_open(LOOPBACK, 0, listeners->count, listeners->fds[i]),
			     0);
	lab->http_port = lab_port_of(listeners->fds[WEIR_HTTP][0]);
	lab->tls_port = lab_port_of(listeners->fds[WEIR_TLS][0]);
	cr_assert_eq(weir_proxy_start(&lab->limits, lab_table(lab, routes), listeners, lab->workers,
				      &lab->log, &lab->proxy),
		     0);
}

void lab_reload(struct lab *lab, const char *routes)
{
	struct weir_table *before = weir_proxy_table(lab->proxy);

	weir_proxy_set_table(lab->proxy, make_table(lab, routes, before));
	weir_table_unref(&before);
}

void lab_stop(struct lab *lab)
{
	weir_proxy_stop(&lab->proxy, 0);
	for (unsigned int i = 0; i < lab->listeners.count; i++) {
		close(lab->listeners.fds[WEIR_HTTP][i]);
		close(lab->listeners.fds[WEIR_TLS][i]);
	}
}

char *lab_seen(struct lab_container *container)
{
	char *copy;

	pthread_mutex_lock(&container->lock);
	copy = strdup(container->seen);
	pthread_mutex_unlock(&container->lock);
	return copy;
}

size_t lab_seen_size(struct lab_container *container)
{
	size_t size;

	pthread_mutex_lock(&container->lock);
	size = container->seen_size;
	pthread_mutex_unlock(&container->lock);
	return size;
}

__u64 lab_ended(struct lab *lab, enum weir_ending ending)
{
	struct weir_counters counters;

	weir_proxy_counters(lab->proxy, &counters);
	return counters.endings[ending];
}

static void keep(struct lab_container *container, const char *data, size_t size)
{
	pthread_mutex_lock(&container->lock);
	if (size > LAB_SEEN_MAX - 1 - container->seen_size)
		size = LAB_SEEN_MAX - 1 - container->seen_size;
	memcpy(container->seen + container->seen_size, data, size);
	container->seen_size += size;
	pthread_mutex_unlock(&container->lock);
}

static size_t keep_head(struct lab_container *container, int fd)
{
	char head[1 << 16];
	size_t size = lab_read_head(fd, head, sizeof(head));

	keep(container, head, size);
	return size;
}

void serve_once(struct lab_container *container, int fd)
{
	if (keep_head(container, fd))
		lab_say(fd, container->answer);
}

void serve_slowly(struct lab_container *container, int fd)
{
	if (keep_head(container, fd)) {
		lab_sleep_ms(300);
		lab_say(fd, container->answer);
	}
}

void serve_loop(struct lab_container *container, int fd)
{
	while (keep_head(container, fd))
		lab_say(fd, container->answer);
}

void serve_echo(struct lab_container *container, int fd)
{
	char data[1 << 16];
	ssize_t n;

	while ((n = recv(fd, data, sizeof(data), 0)) > 0) {
		keep(container, data, n);
		lab_send(fd, data, n);
	}
}

void serve_count(struct lab_container *container, int fd)
{
	char data[1 << 16];
	size_t size = 0;
	ssize_t n;

	while ((n = recv(fd, data, sizeof(data), 0)) > 0)
		size += n;
	/* Late on purpose: a proxy that takes the client's FIN for its end loses this. */
	lab_sleep_ms(200);
	snprintf(data, sizeof(data), "%zu bytes", size);
	lab_say(fd, data);
	(void)container;
}

void serve_nothing(struct lab_container *container, int fd)
{
	char data[1 << 16];
	ssize_t n;

	while ((n = recv(fd, data, sizeof(data), 0)) > 0)
		keep(container, data, n);
}

void serve_reset(struct lab_container *container, int fd)
{
	static const struct linger abort = {.l_onoff = 1};

	keep_head(container, fd);
	setsockopt(fd, SOL_SOCKET, SO_LINGER, &abort, sizeof(abort));
}

int lab_connect(__u16 port)
{
	struct sockaddr_in at = {
		.sin_family = AF_INET, .sin_addr.s_addr = htonl(LOOPBACK), .sin_port = htons(port)};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	cr_assert(!connect(fd, (struct sockaddr *)&at, sizeof(at)), "%s", strerror(errno));
	set_timeout(fd);
	return fd;
}

void lab_send(int fd, const void *data, size_t size)
{
	const char *from = data;

	while (size) {
		ssize_t n = send(fd, from, size, MSG_NOSIGNAL);

		if (n <= 0)
			return;
		from += n;
		size -= n;
	}
}

void lab_say(int fd, const char *text)
{
	lab_send(fd, text, strlen(text));
}

size_t lab_read(int fd, void *to, size_t size, int *ret_error)
{
	size_t have = 0;
	int error = 0;

	while (have < size) {
		ssize_t n = recv(fd, (char *)to + have, size - have, 0);

		if (n < 0)
			error = errno;
		if (n <= 0)
			break;
		have += n;
	}
	if (ret_error)
		*ret_error = error;
	return have;
}

size_t lab_read_head(int fd, char *to, size_t size)
{
	size_t have = 0;

	to[0] = 0;
	while (have < size - 1 && (have < 4 || memcmp(to + have - 4, "\r\n\r\n", 4) != 0)) {
		/* Byte by byte, so that what follows stays where it is. */
		ssize_t n = recv(fd, to + have, 1, 0);

		if (n <= 0)
			break;
		to[++have] = 0;
	}
	return have;
}

const char *lab_ask(__u16 port, const char *text)
{
	static char answer[LAB_ANSWER_MAX];
	int fd = lab_connect(port);

	lab_say(fd, text);
	answer[lab_read(fd, answer, sizeof(answer) - 1, NULL)] = 0;
	close(fd);
	return answer;
}

void lab_reset(int fd)
{
	static const struct linger abort = {.l_onoff = 1};

	setsockopt(fd, SOL_SOCKET, SO_LINGER, &abort, sizeof(abort));
	close(fd);
}
