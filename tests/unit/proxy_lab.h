/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A proxy on loopback, in this process, with containers that do as a test says: each connection
 * to a container runs the test's function in a thread, and what it read is kept.
 */
#ifndef WEIR_TESTS_PROXY_LAB_H
#define WEIR_TESTS_PROXY_LAB_H

#include <criterion/criterion.h>

#include "proxy/proxy.h"

enum { LAB_CONTAINERS_MAX = 4, LAB_SEEN_MAX = 1 << 16, LAB_ANSWER_MAX = 1 << 17 };

/* How long a test waits for what must come: far longer than it takes on a machine with other work. */
enum { LAB_PATIENCE_S = 20 };

struct lab_container {
	int listener;
	__u16 port;
	void (*serve)(struct lab_container *container, int fd);
	const char *answer; /* for serve functions that send one */
	size_t size;        /* likewise: of a body to send or expect */
	int accepted;       /* connections */
	pthread_mutex_t lock;
	char seen[LAB_SEEN_MAX]; /* all that was read, by all connections, ends in NUL */
	size_t seen_size;
	pthread_t thread;
};

struct lab {
	struct weir_proxy *proxy;
	struct weir_proxy_limits limits; /* set before lab_start */
	unsigned int workers;            /* likewise */
	struct weir_listeners listeners;
	unsigned int sockets; /* likewise, of each protocol; 0: one a worker */
	__u16 http_port, tls_port;
	struct lab_container containers[LAB_CONTAINERS_MAX];
	struct weir_log_settings log;   /* likewise */
	__u64 bytes_per_s, burst_bytes; /* likewise, of each container; 0: no limit */
};

/* Limits as they are shipped, one worker, no log. */
void lab_init(struct lab *lab);

/* Start a container's listener and thread; without `serve`, one that never accepts. */
void lab_container(struct lab *lab, int number,
		   void (*serve)(struct lab_container *container, int fd), const char *answer);

/*
 * Start the proxy with these routes. Lines as in a routes file, with `%N` for the address and
 * port of container N.
 */
void lab_start(struct lab *lab, const char *routes);

/* A table of such routes, for a second proxy: the caller's. */
struct weir_table *lab_table(struct lab *lab, const char *routes);

/* Replace the routes. */
void lab_reload(struct lab *lab, const char *routes);
void lab_stop(struct lab *lab);

/* What a container has seen so far: a copy, the caller's. */
char *lab_seen(struct lab_container *container);
size_t lab_seen_size(struct lab_container *container);

/* How many requests and tunnels the workers have counted under an ending, which they do after the answer. */
__u64 lab_ended(struct lab *lab, enum weir_ending ending);

/* Ways to serve. Each closes nothing: the descriptor is closed when they return. */
void serve_once(struct lab_container *container, int fd);    /* a head, then the answer */
void serve_loop(struct lab_container *container, int fd);    /* the same for each request */
void serve_echo(struct lab_container *container, int fd);    /* back what comes, until EOF */
void serve_count(struct lab_container *container, int fd);   /* at EOF, how many bytes came */
void serve_nothing(struct lab_container *container, int fd); /* read until EOF */
void serve_slowly(struct lab_container *container, int fd);  /* a head, 0.3 s, the answer */
void serve_reset(struct lab_container *container, int fd);   /* a head, then RST */

/* The port that a socket is bound to. */
__u16 lab_port_of(int fd);

/* A client's side. All wait LAB_PATIENCE_S at most. */
int lab_connect(__u16 port);
void lab_send(int fd, const void *data, size_t size);
void lab_say(int fd, const char *text);
/* Read until EOF, an error or `size` bytes. Returns the bytes; ret_error (may be NULL): errno or 0. */
size_t lab_read(int fd, void *to, size_t size, int *ret_error);
/* Read one head, up to and with its empty line; what follows stays unread. Ends in NUL. */
size_t lab_read_head(int fd, char *to, size_t size);
/* Connect, say, read to the end: what came back, ending in NUL, in a static buffer. */
const char *lab_ask(__u16 port, const char *text);
void lab_reset(int fd); /* close with RST */
void lab_sleep_ms(int ms);
/* Wait until *value (atomically read) is at least `least`. */
void lab_wait(const int *value, int least);
/* Wait until the other end's kernel has all that was sent: a reset destroys what is still on its way. */
void lab_wait_sent(int fd);

/* Wait until it is so, by a test that may be made again and again, and fail where it never is. */
#define lab_until(condition)                                                                       \
	do {                                                                                       \
		for (int tries_ = 0; tries_ < LAB_PATIENCE_S * 100 && !(condition); tries_++)      \
			lab_sleep_ms(10);                                                          \
		cr_expect(condition, "never so: %s", #condition);                                  \
	} while (0)

#define expect_has(text, part)                                                                     \
	do {                                                                                       \
		const char *text_ = (text);                                                        \
		cr_expect(strstr(text_, part), "no '%s' in:\n%s", part, text_);                    \
	} while (0)
#define expect_has_not(text, part)                                                                 \
	do {                                                                                       \
		const char *text_ = (text);                                                        \
		cr_expect(!strstr(text_, part), "'%s' in:\n%s", part, text_);                      \
	} while (0)

#define GET(host)  "GET / HTTP/1.1\r\nHost: " host "\r\n\r\n"
#define LAST(host) "GET / HTTP/1.1\r\nHost: " host "\r\nConnection: close\r\n\r\n"
#define OK(body)   "HTTP/1.1 200 OK\r\nContent-Length: " body

#endif
