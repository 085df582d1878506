/* SPDX-License-Identifier: GPL-2.0-only */
/* Large bodies both ways, in every framing and pace: what arrives is what was sent. */
#include <errno.h>
#include <linux/sockios.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "proxy/worker.h"
#include "proxy_lab.h"
#include "random.h"
#include "sniff_hello.h"

static struct lab lab;

/* Byte `at` of every body: any loss, swap or repetition shows. */
static __u8 body_byte(size_t at)
{
	return (at * 2654435761U) >> 13 ^ at >> 20;
}

static void fill(__u8 *to, size_t at, size_t size)
{
	for (size_t i = 0; i < size; i++)
		to[i] = body_byte(at + i);
}

/* Read and compare until EOF; returns how many bytes were right from the start. */
static size_t check(int fd, int pause_ms)
{
	__u8 data[1 << 16], want[1 << 16];
	size_t at = 0;
	ssize_t n;

	while ((n = recv(fd, data, sizeof(data), 0)) > 0) {
		fill(want, at, n);
		if (memcmp(data, want, n))
			return at;
		at += n;
		if (pause_ms && at % 7 == 0)
			lab_sleep_ms(pause_ms);
	}
	return at;
}

static void send_body(int fd, size_t size, size_t piece)
{
	__u8 data[1 << 16];

	for (size_t at = 0; at < size;) {
		size_t run = size - at < piece ? size - at : piece;

		fill(data, at, run);
		lab_send(fd, data, run);
		at += run;
	}
}

static void send_chunks(int fd, size_t size, size_t piece)
{
	__u8 data[1 << 16];
	char line[20];

	for (size_t at = 0; at < size;) {
		size_t run = size - at < piece ? size - at : piece;

		sprintf(line, "%zx\r\n", run);
		lab_say(fd, line);
		fill(data, at, run);
		lab_send(fd, data, run);
		lab_say(fd, "\r\n");
		at += run;
	}
	lab_say(fd, "0\r\n\r\n");
}

static size_t body_size, piece_size;
static bool is_chunked;

static void serve_download(struct lab_container *container, int fd)
{
	char head[65536];

	(void)container;
	while (lab_read_head(fd, head, sizeof(head))) {
		if (is_chunked)
			lab_say(fd, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
		else
			sprintf(head, "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\n\r\n", body_size),
				lab_say(fd, head);
		if (is_chunked)
			send_chunks(fd, body_size, piece_size);
		else
			send_body(fd, body_size, piece_size);
	}
}

static void start(void)
{
	lab_init(&lab);
	lab.limits.body_max = 1ULL << 40;
}

static void stop(void)
{
	lab_stop(&lab);
}

#define STORY(name) Test(bulk, name, .init = start, .fini = stop)
#define A           "a.example app=a http %0 tls %0\n"

/* HTTP/1.0, so that the body ends with the connection and comes without framing. */
static void download(int pause_ms)
{
	char head[65536];
	int fd = lab_connect(lab.http_port);

	lab_say(fd, "GET / HTTP/1.0\r\nHost: a.example\r\n\r\n");
	lab_read_head(fd, head, sizeof(head));
	expect_has(head, "200 OK");
	cr_expect_eq(check(fd, pause_ms), body_size);
	close(fd);
}

STORY(downloads_arrive_whole)
{
	static const size_t sizes[] = {1, 16383, 65536, 65537, 1 << 20, 20000003};

	lab_container(&lab, 0, serve_download, NULL);
	lab_start(&lab, A);
	piece_size = 50000;
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		body_size = sizes[i];
		is_chunked = false;
		download(0);
		is_chunked = true;
		download(0);
	}
}

STORY(chunks_of_every_size_arrive_whole)
{
	static const size_t pieces[] = {1, 2, 1000, 16384, 65536};

	lab_container(&lab, 0, serve_download, NULL);
	lab_start(&lab, A);
	is_chunked = true;
	for (size_t i = 0; i < sizeof(pieces) / sizeof(pieces[0]); i++) {
		piece_size = pieces[i];
		body_size = piece_size < 10 ? 3000 : 3000000;
		download(0);
	}
}

STORY(a_slow_reader_gets_all)
{
	lab_container(&lab, 0, serve_download, NULL);
	lab_start(&lab, A);
	piece_size = 65536;
	body_size = 12000000;
	download(2);
	is_chunked = true;
	download(2);
}

static int poured;

/* As much as is taken of it; what this side's own socket would hold is kept small. */
static void serve_pour(struct lab_container *container, int fd)
{
	static const char block[1 << 14];
	const int small = 1 << 14;
	char head[65536];
	ssize_t n;

	(void)container;
	setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &small, sizeof(small));
	lab_read_head(fd, head, sizeof(head));
	lab_say(fd, "HTTP/1.1 200 OK\r\nContent-Length: 70000000\r\n\r\n");
	while ((n = send(fd, block, sizeof(block), MSG_NOSIGNAL)) > 0)
		__atomic_add_fetch(&poured, n, __ATOMIC_SEQ_CST);
}

/* What the proxy has given its kernel for its one client, and what that has not yet sent. */
static int unsent(void)
{
	const struct weir_worker *worker = &lab.proxy->workers[0];
	const struct weir_conn *conn = weir_container_of(worker->conns.next, struct weir_conn, all);
	int bytes = -1;

	cr_assert_eq(ioctl(conn->client.fd, SIOCOUTQNSD, &bytes), 0);
	return bytes;
}

/* On loopback a send buffer has 2.5 MB from the start, and would be full. */
STORY(little_is_held_for_a_reader_that_has_stopped)
{
	char head[65536];
	int fd, before = -1;

	poured = 0;
	lab_container(&lab, 0, serve_pour, NULL);
	lab_start(&lab, A);
	fd = lab_connect(lab.http_port);
	lab_say(fd, GET("a.example"));
	lab_read_head(fd, head, sizeof(head));
	lab_wait(&poured, 1 << 16);
	while (poured != before) {
		before = poured;
		lab_sleep_ms(300);
	}
	cr_expect(unsent() > 0 && unsent() <= 256 << 10, "%d bytes of %d", unsent(), poured);
	close(fd);
}

static size_t uploaded;

/* Read a run of the body; returns how much of it was right. */
static size_t check_run(int fd, size_t at, size_t left)
{
	static __u8 data[1 << 16], want[1 << 16];
	size_t start = at;

	while (left) {
		size_t run = lab_read(fd, data, left < sizeof(data) ? left : sizeof(data), NULL);

		fill(want, at, run);
		if (!run || memcmp(data, want, run))
			break;
		at += run;
		left -= run;
	}
	return at - start;
}

static size_t read_chunk_size(int fd)
{
	char line[32] = "", *to = line;

	while (!strchr(line, '\n') && to - line < 31 && recv(fd, to, 1, 0) == 1)
		to++;
	return strtoull(line, NULL, 16);
}

/* Take a body of either framing; what came right is counted. */
static void serve_upload(struct lab_container *container, int fd)
{
	static char head[65536];
	size_t at = 0, left;

	(void)container;
	if (!lab_read_head(fd, head, sizeof(head)))
		return;
	if (strstr(head, "Content-Length: "))
		at = check_run(fd, 0, body_size);
	else
		while ((left = read_chunk_size(fd))) {
			char end[2];

			at += check_run(fd, at, left);
			lab_read(fd, end, 2, NULL);
		}
	__atomic_store_n(&uploaded, at, __ATOMIC_SEQ_CST);
	lab_say(fd, OK("2\r\n\r\nOK"));
}

static void upload(size_t size, size_t piece, bool in_chunks)
{
	char head[300], answer[1000] = "";
	int fd = lab_connect(lab.http_port);

	body_size = size;
	uploaded = 0;
	if (in_chunks)
		lab_say(fd, "POST / HTTP/1.1\r\nHost: a.example\r\nConnection: close\r\n"
			    "Transfer-Encoding: chunked\r\n\r\n");
	else
		sprintf(head,
			"POST / HTTP/1.1\r\nHost: a.example\r\nConnection: close\r\n"
			"Content-Length: %zu\r\n\r\n",
			size),
			lab_say(fd, head);
	if (in_chunks)
		send_chunks(fd, size, piece);
	else
		send_body(fd, size, piece);
	lab_read(fd, answer, sizeof(answer) - 1, NULL);
	expect_has(answer, "\r\n\r\nOK");
	cr_expect_eq(uploaded, size, "%zu of %zu", uploaded, size);
	close(fd);
}

STORY(uploads_arrive_whole)
{
	lab_container(&lab, 0, serve_upload, NULL);
	lab_start(&lab, A);
	upload(20000003, 65536, false);
	upload(20000003, 65536, true);
	upload(300000, 999, true);
	upload(70000, 10, false);
}

static void *send_tunnel(void *argument)
{
	int fd = *(int *)argument;

	send_body(fd, body_size, 65536);
	shutdown(fd, SHUT_WR);
	return NULL;
}

static void serve_tunnel(struct lab_container *container, int fd)
{
	static char hello[1000];
	pthread_t sender;

	lab_read(fd, hello, container->size, NULL);
	pthread_create(&sender, NULL, send_tunnel, &fd);
	__atomic_store_n(&uploaded, check(fd, 0), __ATOMIC_SEQ_CST);
	pthread_join(sender, NULL);
}

STORY(a_tunnel_carries_both_ways_at_once)
{
	static struct bytes message, wire;
	pthread_t sender;
	int fd;

	hello_message(&message, &(struct hello_parts){.name = "a.example"});
	cut_records(&wire, &message, 16384);
	lab_container(&lab, 0, serve_tunnel, NULL);
	lab.containers[0].size = wire.size;
	lab_start(&lab, A);
	body_size = 30000001;
	fd = lab_connect(lab.tls_port);
	lab_send(fd, wire.data, wire.size);
	pthread_create(&sender, NULL, send_tunnel, &fd);
	cr_expect_eq(check(fd, 0), body_size);
	pthread_join(sender, NULL);
	lab_until(__atomic_load_n(&uploaded, __ATOMIC_SEQ_CST) == body_size);
	close(fd);
}

/* Many at once, so that pipes and buffers go round. */
static void *download_thread(void *argument)
{
	(void)argument;
	for (int i = 0; i < 5; i++)
		download(0);
	return NULL;
}

STORY(many_at_once_do_not_mix)
{
	pthread_t threads[8];

	lab.workers = 3;
	lab_container(&lab, 0, serve_download, NULL);
	lab_start(&lab, A);
	piece_size = 60000;
	body_size = 700000;
	for (int i = 0; i < 8; i++)
		pthread_create(&threads[i], NULL, download_thread, NULL);
	for (int i = 0; i < 8; i++)
		pthread_join(threads[i], NULL);
}
