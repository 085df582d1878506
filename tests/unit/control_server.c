/* SPDX-License-Identifier: GPL-2.0-only */
/* The control socket's server with real sockets, polled by hand, and its client in a thread. */
#include <criterion/criterion.h>
#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "control/control.h"

static int count_up(struct weir_control_call *call)
{
	int *count = call->context;

	json_object_set_new(call->reply, "count", json_integer(++*count));
	json_object_set_new(call->reply, "pid", json_integer(call->conn->pid));
	return 0;
}

static int say_much(struct weir_control_call *call)
{
	static char much[4 << 20];

	memset(much, 'a', sizeof(much) - 1);
	json_object_set_new(call->reply, "much", json_string(much));
	return 0;
}

/* As many descriptors as there may be. */
static int pass(struct weir_control_call *call)
{
	for (size_t i = 0; i < WEIR_CONTROL_PASSED_MAX; i++)
		call->conn->passed[i] = i % 2 ? STDERR_FILENO : STDOUT_FILENO;
	call->conn->passed_count = WEIR_CONTROL_PASSED_MAX;
	return count_up(call);
}

static const struct weir_control_verb verbs[] = {
	{"count", count_up}, {"much", say_much}, {"pass", pass}, {}};

struct scene {
	char folder[32], path[64];
	int count;
	size_t taken;
	struct weir_control_server *server;
};

static void scene_done(struct scene *scene)
{
	weir_control_server_free(&scene->server);
	unlink(scene->path);
	rmdir(scene->folder);
}

static void scene_init(struct scene *scene)
{
	int fd = -1;

	*scene = (struct scene){.folder = "/tmp/weir-control-XXXXXX"};
	cr_assert(mkdtemp(scene->folder));
	snprintf(scene->path, sizeof(scene->path), "%s/sock", scene->folder);
	cr_assert_eq(weir_control_listen(scene->path, &fd), 0);
	cr_assert_eq(weir_control_server_new(fd, verbs, &scene->count, &scene->server), 0);
}

#define _cleanup_scene_ __attribute__((cleanup(scene_done)))

/* Serve for as long as something happens. */
static void serve(struct scene *scene)
{
	struct pollfd items[WEIR_CONTROL_FDS_MAX];
	int timeout_ms;

	for (;;) {
		size_t count = weir_control_polled(scene->server, items, &timeout_ms);

		if (poll(items, count, 50) <= 0)
			return;
		weir_control_serve(scene->server, items, count);
	}
}

/* A client in a thread of its own comes when it gets a CPU. */
static void serve_until_it_ends(struct scene *scene, pthread_t thread)
{
	while (pthread_tryjoin_np(thread, NULL) == EBUSY)
		serve(scene);
}

static int join(const struct scene *scene)
{
	int fd = -1;

	cr_assert_eq(weir_control_connect(scene->path, &fd), 0);
	return fd;
}

static void say(int fd, const char *text)
{
	cr_assert_eq(send(fd, text, strlen(text), MSG_NOSIGNAL), (ssize_t)strlen(text));
}

static const char *heard(int fd)
{
	static char text[4096];
	ssize_t size = recv(fd, text, sizeof(text) - 1, MSG_DONTWAIT);

	text[size > 0 ? size : 0] = 0;
	return size < 0 ? NULL : text;
}

#define COUNT "{\"version\":1,\"verb\":\"count\"}\n"

Test(control_server, answers_each_line_of_a_connection_in_order)
{
	_cleanup_scene_ struct scene scene;
	_cleanup_close_ int fd = -1;
	const char *text;

	scene_init(&scene);
	fd = join(&scene);
	say(fd, COUNT COUNT "{\"version\":1,");
	serve(&scene);
	text = heard(fd);
	cr_assert(text && strstr(text, "\"count\":1") && strstr(text, "\"count\":2"), "%s", text);
	say(fd, "\"verb\":\"count\"}\n");
	serve(&scene);
	text = heard(fd);
	cr_expect(text && strstr(text, "\"count\":3"), "%s", text);
}

Test(control_server, knows_who_asks)
{
	_cleanup_scene_ struct scene scene;
	_cleanup_close_ int fd = -1;
	char want[32];
	const char *text;

	scene_init(&scene);
	fd = join(&scene);
	say(fd, COUNT);
	serve(&scene);
	snprintf(want, sizeof(want), "\"pid\":%d", getpid());
	text = heard(fd);
	cr_expect(text && strstr(text, want), "%s", text);
}

Test(control_server, socket_is_the_owners_alone)
{
	_cleanup_scene_ struct scene scene;
	struct stat file;

	scene_init(&scene);
	cr_assert_eq(stat(scene.path, &file), 0);
	cr_expect_eq(file.st_mode & 07777, 0600);
}

Test(control_server, takes_the_place_of_a_dead_one)
{
	_cleanup_scene_ struct scene scene;
	int fd = -1;

	scene_init(&scene);
	weir_control_server_free(&scene.server);
	cr_expect_eq(weir_control_connect(scene.path, &fd), -ECONNREFUSED);
	cr_assert_eq(weir_control_listen(scene.path, &fd), 0);
	cr_assert_eq(weir_control_server_new(fd, verbs, &scene.count, &scene.server), 0);
	fd = join(&scene);
	closep(&fd);
}

Test(control_server, serves_others_while_one_dawdles)
{
	_cleanup_scene_ struct scene scene;
	int slow[WEIR_CONTROL_CLIENTS_MAX - 1];
	_cleanup_close_ int fd = -1;
	const char *text;

	scene_init(&scene);
	for (size_t i = 0; i < sizeof(slow) / sizeof(slow[0]); i++) {
		slow[i] = join(&scene);
		say(slow[i], "{\"version\"");
	}
	serve(&scene);
	fd = join(&scene);
	say(fd, COUNT);
	serve(&scene);
	text = heard(fd);
	cr_expect(text && strstr(text, "\"count\":1"), "%s", text);
	for (size_t i = 0; i < sizeof(slow) / sizeof(slow[0]); i++)
		closep(&slow[i]);
}

Test(control_server, closes_whoever_says_too_much)
{
	_cleanup_scene_ struct scene scene;
	_cleanup_close_ int fd = -1;
	static char much[1 << 16];
	size_t sent = 0;
	ssize_t n = 0;

	scene_init(&scene);
	fd = join(&scene);
	memset(much, ' ', sizeof(much));
	for (int i = 0; i < 4096 && sent <= WEIR_CONTROL_LINE_MAX + sizeof(much); i++) {
		n = send(fd, much, sizeof(much), MSG_NOSIGNAL | MSG_DONTWAIT);
		sent += n > 0 ? n : 0;
		if (n < 0 && errno != EAGAIN)
			break;
		if (n < 0)
			serve(&scene);
	}
	cr_expect_lt(n, 0);
	cr_expect(sent >= WEIR_CONTROL_LINE_MAX && sent <= WEIR_CONTROL_LINE_MAX + (4 << 20),
		  "%zu bytes", sent);
}

static void *ask_much(void *argument)
{
	struct scene *scene = argument;
	_cleanup_diags_ struct weir_diags diags = {};
	_cleanup_json_ json_t *reply = NULL;
	int fd = -1;

	if (weir_control_connect(scene->path, &fd) == 0 &&
	    weir_control_call(fd, "much", NULL, &diags, &reply) == 0)
		scene->taken = json_string_length(json_object_get(reply, "much"));
	closep(&fd);
	return NULL;
}

Test(control_server, sends_a_long_reply_as_fast_as_it_is_taken)
{
	_cleanup_scene_ struct scene scene;
	pthread_t thread;

	scene_init(&scene);
	pthread_create(&thread, NULL, ask_much, &scene);
	serve_until_it_ends(&scene, thread);
	cr_expect_eq(scene.taken, (4 << 20) - 1);
}

struct passed {
	const struct scene *scene;
	int fds[WEIR_CONTROL_PASSED_MAX];
	size_t count, count_again;
};

static void *ask_to_pass(void *argument)
{
	struct passed *passed = argument;
	_cleanup_diags_ struct weir_diags diags = {};
	_cleanup_json_ json_t *reply = NULL, *again = NULL;
	int fd = -1, none[WEIR_CONTROL_PASSED_MAX];

	if (weir_control_connect(passed->scene->path, &fd) == 0 &&
	    weir_control_call_passed(fd, "pass", NULL, &diags, &reply, passed->fds,
				     &passed->count) == 0)
		weir_control_call_passed(fd, "count", NULL, &diags, &again, none,
					 &passed->count_again);
	closep(&fd);
	return NULL;
}

Test(control_server, passes_descriptors_with_the_reply_that_they_belong_to)
{
	_cleanup_scene_ struct scene scene;
	struct passed passed = {.scene = &scene, .count_again = 1};
	struct stat want, got;
	pthread_t thread;

	scene_init(&scene);
	pthread_create(&thread, NULL, ask_to_pass, &passed);
	serve_until_it_ends(&scene, thread);
	cr_assert_eq(passed.count, WEIR_CONTROL_PASSED_MAX);
	cr_expect_eq(passed.count_again, 0);
	for (size_t i = 0; i < passed.count; i++) {
		cr_assert_eq(fstat(i % 2 ? STDERR_FILENO : STDOUT_FILENO, &want), 0);
		cr_assert_eq(fstat(passed.fds[i], &got), 0);
		cr_expect(got.st_ino == want.st_ino && got.st_dev == want.st_dev);
		close(passed.fds[i]);
	}
}

Test(control_server, waits_a_moment_where_there_is_no_descriptor_to_accept_with)
{
	_cleanup_scene_ struct scene scene;
	struct pollfd items[WEIR_CONTROL_FDS_MAX];
	_cleanup_close_ int fd = -1;
	struct rlimit limit, none;
	int timeout_ms, rounds = 0;

	scene_init(&scene);
	fd = join(&scene);
	cr_assert(!getrlimit(RLIMIT_NOFILE, &limit));
	none = limit;
	none.rlim_cur = fd;
	cr_assert(!setrlimit(RLIMIT_NOFILE, &none));
	for (bool is_over = false; !is_over && rounds < 100; rounds++) {
		size_t count = weir_control_polled(scene.server, items, &timeout_ms);

		is_over = poll(items, count, 0) == 0;
		weir_control_serve(scene.server, items, count);
	}
	cr_expect_lt(rounds, 100, "it goes round and round");
	cr_expect(timeout_ms > 0 && timeout_ms <= 1000, "%d", timeout_ms);
	cr_assert(!setrlimit(RLIMIT_NOFILE, &limit));
	poll(NULL, 0, timeout_ms);
	say(fd, COUNT);
	serve(&scene);
	cr_expect(heard(fd));
}
