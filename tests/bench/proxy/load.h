/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Load for a proxy, a fixed number of connections in flight, from one thread.
 *
 *   exchange   connect, hello -> 1200 bytes, 100 bytes -> 200 bytes, close: a TLS connection as
 *              the proxy sees it, a new one each time
 *   request    HTTP/1.1 on connections that are kept, GET with a browser's headers
 *
 * Names are n0000000.example.org and on; each is picked at random. What does not come as it should,
 * refused, reset, cut or other than expected, is a failure.
 */
#ifndef WEIR_TESTS_BENCH_PROXY_LOAD_H
#define WEIR_TESTS_BENCH_PROXY_LOAD_H

#include <linux/types.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/epoll.h>

#include "random.h"

enum {
	HELLO_SIZE = 517,
	HELLO_REPLY_SIZE = 1200,
	COMMAND_SIZE = 100,
	EXCHANGE_REPLY_SIZE = 200,
	IN_FLIGHT_MAX = 256,
};

/* What a client asks of the origin behind the hello: the first byte of the command's payload. */
enum { COMMAND_EXCHANGE = 'X', COMMAND_DOWN = 'D', COMMAND_UP = 'U' };

struct load {
	struct sockaddr_in to;
	__u32 in_flight;
	__u32 names;
	__u64 count;    /* exchanges or requests in all; 0: until `until_ns` */
	__u64 until_ns; /* of bench_now_ns */
	/* request: */
	__u32 body_bytes;
	__u32 requests_per_conn; /* 0: never close */
};

struct load_result {
	__u64 done, failed;
};

/* One run of a load: what exchanges and requests have in common. */
struct load_run {
	const struct load *load;
	struct load_result result;
	struct random random;
	__u64 started; /* exchanges or requests */
	__u32 open;    /* connections */
	int epoll_fd;  /* of the connections; `data.ptr` is the client's own */
};

struct load_run load_begin(const struct load *load);

/* Has all been started that was asked for? */
bool load_is_over(const struct load_run *run);

/*
 * Hand every client whose answer comes to `proceed`, until no connection is open, or until nothing came for
 * 20 s, which is a failure of each.
 */
void load_drive(struct load_run *run, void (*proceed)(struct load_run *run, void *client));

/* A ClientHello for the name of that number, HELLO_SIZE bytes, valid until the next call. */
const __u8 *load_hello(__u32 name);

/* Events of the clients', serving the origin meanwhile if it is here; 0: none came for 20 s. */
int load_wait(int epoll_fd, struct epoll_event *events, int events_max);

/* A connected socket, blocking; -1 when it was refused. */
int load_connect(const struct sockaddr_in *to);

/* Receive so many bytes, serving the origin meanwhile if it is here. False: cut short. */
bool load_receive(int fd, void *to, size_t size);

/* An established tunnel: connected, hello sent, its reply read. -1 when that failed. */
int load_tunnel(const struct sockaddr_in *to, __u32 name);

/* Ask something of the origin through a tunnel. Dies when it cannot be sent. */
void load_command(int fd, char command, __u64 bytes);

/* The request for a body of that size; returns how long it is. */
size_t load_request_text(__u32 name, __u32 body_bytes, char *to, size_t size);

struct load_result load_exchange(const struct load *load);
struct load_result load_request(const struct load *load);

/* The same, but any failure ends the benchmark. */
void load_must(const char *who, struct load_result result);

#endif
