/* SPDX-License-Identifier: GPL-2.0-only */
/* The journal's file: restarts, torn ends, a disk that is full, and being written anew. */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "routes/journal.h"
#include "steps.h"

struct scene {
	char folder[32];
	int folder_fd;
	struct weir_routes_journal journal;
	struct weir_changes changes;
	struct weir_diags diags;
};

static void scene_done(struct scene *scene)
{
	unlinkat(scene->folder_fd, "routes.journal", 0);
	rmdir(scene->folder);
	weir_routes_journal_close(&scene->journal);
	closep(&scene->folder_fd);
	weir_changes_done(&scene->changes);
	weir_diags_done(&scene->diags);
}

#define _cleanup_scene_ __attribute__((cleanup(scene_done)))

static int start(struct scene *scene)
{
	weir_routes_journal_close(&scene->journal);
	weir_changes_done(&scene->changes);
	weir_diags_done(&scene->diags);
	return weir_routes_journal_open(scene->folder_fd, &scene->diags, &scene->journal,
					&scene->changes);
}

static void scene_init(struct scene *scene)
{
	*scene = (struct scene){.folder = "/tmp/weir-journal-XXXXXX",
				.journal = WEIR_ROUTES_JOURNAL_NONE};
	cr_assert(mkdtemp(scene->folder));
	scene->folder_fd = open(scene->folder, O_RDONLY | O_DIRECTORY);
	cr_assert_eq(start(scene), 0);
}

static int append(struct scene *scene, const char *host, int count)
{
	_cleanup_changes_ struct weir_changes request = {};

	for (int i = 0; i < count; i++) {
		struct weir_change change = {.sign = WEIR_CHANGE_HOLDS,
					     .key = (char *)host,
					     .value = "app=a",
					     .who = "alice"};

		cr_assert_eq(weir_changes_add(&request, &change), 0);
	}
	return weir_routes_journal_append(&scene->journal, &request, &scene->diags);
}

static off_t size_of(const struct scene *scene)
{
	struct stat file;

	cr_assert_eq(fstatat(scene->folder_fd, "routes.journal", &file, 0), 0);
	cr_expect_eq(file.st_mode & 07777, 0600);
	return file.st_size;
}

Test(routes_journal, keeps_what_was_acknowledged)
{
	_cleanup_scene_ struct scene scene;

	scene_init(&scene);
	cr_assert_eq(append(&scene, "a.example", 1), 0);
	cr_assert_eq(append(&scene, "b.example", 1), 0);
	cr_assert_eq(start(&scene), 0);
	cr_expect_eq(scene.changes.count, 2);
	cr_expect_eq(scene.diags.count, 0);
}

Test(routes_journal, drops_a_torn_end_and_says_so)
{
	_cleanup_scene_ struct scene scene;
	off_t size;

	scene_init(&scene);
	cr_assert_eq(append(&scene, "a.example", 1), 0);
	size = size_of(&scene);
	cr_assert_eq(write(scene.journal.fd, "1c291ca3 + . ro", 15), 15);
	cr_assert_eq(start(&scene), 0);
	cr_expect_eq(scene.diags.count, 1);
	cr_expect_eq(scene.diags.errors, 0);
	cr_expect_eq(size_of(&scene), size);
	cr_assert_eq(append(&scene, "b.example", 1), 0);
	cr_assert_eq(start(&scene), 0);
	cr_expect_eq(scene.changes.count, 2);
}

Test(routes_journal, full_disk_refuses_the_change_and_leaves_the_file_as_it_was)
{
	_cleanup_scene_ struct scene scene;
	struct rlimit before, small;
	off_t size;

	scene_init(&scene);
	cr_assert_eq(append(&scene, "a.example", 1), 0);
	size = size_of(&scene);
	/* No disk of its own here: a limit of the file's size fails in the middle as well. */
	signal(SIGXFSZ, SIG_IGN);
	getrlimit(RLIMIT_FSIZE, &before);
	small = (struct rlimit){size + 100, before.rlim_max};
	setrlimit(RLIMIT_FSIZE, &small);
	cr_expect_eq(append(&scene, "b.example", 3), -EFBIG);
	setrlimit(RLIMIT_FSIZE, &before);
	cr_expect_eq(scene.diags.errors, 1);
	cr_expect_eq(size_of(&scene), size);
	cr_assert_eq(append(&scene, "c.example", 1), 0);
	cr_assert_eq(start(&scene), 0);
	cr_expect_eq(scene.changes.count, 2);
}

Test(routes_journal, is_written_anew_when_most_of_it_is_stale)
{
	_cleanup_scene_ struct scene scene;
	off_t size;

	scene_init(&scene);
	cr_assert_eq(append(&scene, "a.example", 1100), 0);
	size = size_of(&scene);
	cr_assert_eq(start(&scene), 0);
	weir_routes_journal_tidy(&scene.journal, &scene.changes, &scene.diags);
	cr_expect_eq(scene.diags.count, 0);
	cr_expect_lt(size_of(&scene), size / 100);
	cr_assert_eq(append(&scene, "b.example", 1), 0);
	cr_assert_eq(start(&scene), 0);
	cr_expect_eq(scene.changes.count, 2);
}

Test(routes_journal, follows_no_link)
{
	_cleanup_scene_ struct scene scene;

	scene_init(&scene);
	cr_assert_eq(unlinkat(scene.folder_fd, "routes.journal", 0), 0);
	cr_assert_eq(symlinkat("/etc/passwd", scene.folder_fd, "routes.journal"), 0);
	cr_expect_eq(start(&scene), -ELOOP);
}

/* ---- every step failing, and killed there ------------------------------------------------ */

static struct scene stepped;

/* A change, then a journal that is written anew, then another change; says which are acknowledged. */
static int act_change(char said[STEPS_SAID_MAX])
{
	if (start(&stepped))
		return -1;
	if (!append(&stepped, "b.example", 1))
		strcat(said, "b.example ");
	if (start(&stepped))
		return -1;
	weir_routes_journal_tidy(&stepped.journal, &stepped.changes, &stepped.diags);
	if (!append(&stepped, "c.example", 1))
		strcat(said, "c.example ");
	return 0;
}

static bool is_in_effect(const char *host)
{
	return weir_changes_find(&stepped.changes, WEIR_CHANGE_ROUTE, host) != NULL;
}

/* True: there was such a step. */
static bool try_step(struct step step)
{
	static const char *const hosts[] = {"b.example", "c.example"};
	const char *how = step.fault == STEP_KILLS ? "killed" : "failed";
	struct steps_end end;

	scene_init(&stepped);
	cr_assert_eq(append(&stepped, "a.example", 1100), 0);
	steps_run(act_change, step, &end);
	cr_assert_eq(start(&stepped), 0, "%s at %zu, %s", how, step.number, end.call);
	cr_expect(is_in_effect("a.example"), "%s at %zu, %s: lost", how, step.number, end.call);
	for (int i = 0; i < 2; i++)
		if (strstr(end.said, hosts[i]))
			cr_expect(is_in_effect(hosts[i]), "%s at %zu, %s: %s is lost", how,
				  step.number, end.call, hosts[i]);
	cr_expect_eq(append(&stepped, "d.example", 1), 0);
	unlinkat(stepped.folder_fd, "routes.journal.new", 0);
	scene_done(&stepped);
	return end.call;
}

Test(routes_journal, no_step_that_fails_loses_what_was_acknowledged)
{
	for (size_t n = 1; try_step((struct step){n, STEP_FAILS}); n++)
		;
}

Test(routes_journal, no_step_that_it_is_killed_at_loses_what_was_acknowledged)
{
	for (size_t n = 1; try_step((struct step){n, STEP_KILLS}); n++)
		;
}
