/* SPDX-License-Identifier: GPL-2.0-only */
/* What an operator asks for, over files and live changes: the routes that come of it. */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "config/parse.h"
#include "routes/edit.h"

struct scene {
	struct weir_routes base, live;
	struct weir_changes changes;
	struct weir_diags diags;
};

static void scene_done(struct scene *scene)
{
	weir_routes_done(&scene->base);
	weir_routes_done(&scene->live);
	weir_changes_done(&scene->changes);
	weir_diags_done(&scene->diags);
}

#define _cleanup_scene_ __attribute__((cleanup(scene_done)))

static void set_base(struct scene *scene, const char *lines)
{
	weir_routes_done(&scene->base);
	cr_assert_eq(weir_routes_parse("base", lines, strlen(lines), &scene->diags, &scene->base),
		     0);
	cr_assert_eq(weir_routes_finish(&scene->base, &scene->diags), 0);
}

static struct scene scene_of(const char *lines)
{
	struct scene scene = {};

	set_base(&scene, lines);
	return scene;
}

static struct weir_edit edit_of(struct scene *scene)
{
	return (struct weir_edit){.overlay = {&scene->base, &scene->live},
				  .changes = &scene->changes,
				  .path = "asked",
				  .who = "alice",
				  .at_ns = 1700000000000000000ULL,
				  .diags = &scene->diags};
}

/* Put the request in force. */
static void take(struct scene *scene, const struct weir_changes *request)
{
	struct weir_changes after;

	cr_assert_eq(weir_changes_merge(&scene->changes, request, &after), 0);
	weir_changes_done(&scene->changes);
	scene->changes = after;
	weir_routes_done(&scene->live);
	cr_assert_eq(weir_overlay_routes(&scene->changes, &scene->diags, &scene->live), 0);
}

static int add(struct scene *scene, const char *lines, bool replaces)
{
	_cleanup_changes_ struct weir_changes request = {};
	const struct weir_edit edit = edit_of(scene);
	int r = weir_edit_add(&edit, lines, strlen(lines), replaces, &request);

	if (!r)
		take(scene, &request);
	return r;
}

static int del(struct scene *scene, const char *lines)
{
	_cleanup_changes_ struct weir_changes request = {};
	const struct weir_edit edit = edit_of(scene);
	int r = weir_edit_remove(&edit, lines, strlen(lines), &request);

	if (!r)
		take(scene, &request);
	return r;
}

static int revert(struct scene *scene, const char *lines)
{
	_cleanup_changes_ struct weir_changes request = {};
	const struct weir_edit edit = edit_of(scene);
	int r = weir_edit_revert(&edit, lines, lines ? strlen(lines) : 0, &request);

	if (!r)
		take(scene, &request);
	return r;
}

static int drain(struct scene *scene, const char *container, bool is_end)
{
	_cleanup_changes_ struct weir_changes request = {};
	const struct weir_edit edit = edit_of(scene);
	int r = weir_edit_drain(&edit, container, is_end, &request);

	if (!r)
		take(scene, &request);
	return r;
}

/* All routes in force, as lines of a routes file. */
static void expect_routes(const struct scene *scene, const char *want)
{
	const struct weir_overlay overlay = {&scene->base, &scene->live};
	struct weir_overlay_walk walk = weir_overlay_walk(&overlay, NULL);
	const struct weir_route *route;
	size_t size, count = 0;
	_cleanup_free_ char *text = NULL;
	FILE *to = open_memstream(&text, &size);

	while ((route = weir_overlay_next(&overlay, &walk))) {
		_cleanup_free_ char *value = weir_route_value(route);

		fprintf(to, "%s %s\n", weir_route_name(route), value);
		cr_expect_eq(weir_overlay_find(&overlay, route->host), route);
		count++;
	}
	fclose(to);
	cr_expect_str_eq(text, want, "%s", text);
	cr_expect_eq(weir_overlay_count(&overlay), count);
}

#define BASE "default http 10.0.0.9:80\nshop.example app=shop http 10.0.0.1:80 10.0.0.2:80\n"

Test(routes_edit, add_makes_a_route_or_adds_containers)
{
	_cleanup_scene_ struct scene scene = scene_of(BASE);

	cr_assert_eq(add(&scene,
			 "blog.example http 10.0.0.3:80\n"
			 "shop.example tls 10.0.0.1:443\nshop.example. http 10.0.0.1:80",
			 false),
		     -EINVAL);
	cr_assert_eq(add(&scene,
			 "blog.example http 10.0.0.3:80\n"
			 "shop.example http 10.0.0.3:80 10.0.0.1:80 tls 10.0.0.1:443\n",
			 false),
		     0);
	expect_routes(&scene, "default app=default http 10.0.0.9:80\n"
			      "blog.example app=blog.example http 10.0.0.3:80\n"
			      "shop.example app=shop http 10.0.0.1:80 10.0.0.2:80 10.0.0.3:80 "
			      "tls 10.0.0.1:443\n");
}

Test(routes_edit, add_gives_a_host_to_no_other_app_unless_told_to)
{
	_cleanup_scene_ struct scene scene = scene_of(BASE);

	cr_assert_eq(add(&scene, "x.example\n\nshop.example app=blog http 10.0.0.3:80", false),
		     -EINVAL);
	cr_expect_eq(scene.diags.items[0].line, 3);
	cr_expect(strstr(scene.diags.items[0].text, "app shop already"), "%s",
		  scene.diags.items[0].text);
	cr_expect_eq(scene.changes.count, 0);
	cr_assert_eq(add(&scene, "shop.example app=blog http 10.0.0.3:80", true), 0);
	expect_routes(&scene, "default app=default http 10.0.0.9:80\n"
			      "shop.example app=blog http 10.0.0.3:80\n");
}

Test(routes_edit, del_takes_out_routes_and_containers)
{
	_cleanup_scene_ struct scene scene = scene_of(BASE);

	cr_assert_eq(del(&scene, "default\nshop.example http 10.0.0.1:80"), 0);
	expect_routes(&scene, "shop.example app=shop http 10.0.0.2:80\n");
	cr_expect_eq(del(&scene, "default"), -EINVAL);
	cr_expect_eq(del(&scene, "shop.example http 10.0.0.1:80"), -EINVAL);
	cr_expect_eq(del(&scene, "shop.example app=blog"), -EINVAL);
	cr_assert_eq(del(&scene, "shop.example"), 0);
	expect_routes(&scene, "");
}

Test(routes_edit, what_leads_back_to_the_files_is_no_change_any_more)
{
	_cleanup_scene_ struct scene scene = scene_of(BASE);

	cr_assert_eq(add(&scene, "shop.example http 10.0.0.3:80\nnew.example", false), 0);
	cr_expect_eq(scene.changes.count, 2);
	cr_assert_eq(del(&scene, "shop.example http 10.0.0.3:80\nnew.example"), 0);
	cr_expect_eq(scene.changes.count, 0);
	cr_assert_eq(del(&scene, "default"), 0);
	cr_assert_eq(add(&scene, "default http 10.0.0.9:80", false), 0);
	cr_expect_eq(scene.changes.count, 0);
	cr_assert_eq(add(&scene, "shop.example http 10.0.0.1:80", false), 0);
	cr_expect_eq(scene.changes.count, 0);
}

Test(routes_edit, live_changes_win_until_the_files_have_caught_up_and_they_are_let_go)
{
	_cleanup_scene_ struct scene scene = scene_of(BASE);
	const struct weir_overlay overlay = {&scene.base, &scene.live};

	cr_assert_eq(del(&scene, "default"), 0);
	cr_assert_eq(add(&scene, "shop.example http 10.0.0.3:80", false), 0);
	set_base(&scene, "default http 10.0.0.9:80\n"
			 "shop.example app=shop http 10.0.0.1:80 10.0.0.2:80 10.0.0.3:80\n");
	expect_routes(&scene, "shop.example app=shop http 10.0.0.1:80 10.0.0.2:80 10.0.0.3:80\n");
	cr_expect(weir_overlay_is_caught_up(&overlay, &scene.live.items[1]));
	cr_expect_not(weir_overlay_is_caught_up(&overlay, &scene.live.items[0]));
	cr_assert_eq(revert(&scene, NULL), 0);
	cr_expect_eq(scene.changes.count, 1);
	cr_expect_eq(revert(&scene, "shop.example"), -EINVAL);
	cr_assert_eq(revert(&scene, "default"), 0);
	cr_expect_eq(scene.changes.count, 0);
}

Test(routes_edit, adding_a_drained_container_ends_the_drain)
{
	_cleanup_scene_ struct scene scene = scene_of(BASE);

	cr_assert_eq(drain(&scene, "10.0.0.1:80", false), 0);
	cr_assert_eq(drain(&scene, "10.0.0.2:80", false), 0);
	cr_expect_eq(scene.changes.count, 2);
	cr_assert_eq(add(&scene, "shop.example http 10.0.0.1:80", false), 0);
	cr_expect_eq(scene.changes.count, 1);
	cr_expect_eq(drain(&scene, "10.0.0.1:80", true), -EINVAL);
	cr_assert_eq(drain(&scene, "10.0.0.2:80", true), 0);
	cr_expect_eq(scene.changes.count, 0);
}

Test(routes_edit, a_route_has_as_many_containers_of_each_protocol_as_in_a_file)
{
	for (int is_tls = 0; is_tls < 2; is_tls++) {
		char lines[32 * WEIR_CONTAINERS_MAX], *to = lines;
		const char *one_more = is_tls ? "a.example tls 10.2.0.1:1"
					      : "a.example http 10.2.0.1:1";

		to += sprintf(to, "a.example app=a %s", is_tls ? "tls" : "http");
		for (int i = 0; i < WEIR_CONTAINERS_MAX - 1; i++)
			to += sprintf(to, " 10.1.%d.%d:1", i / 256, i % 256);
		strcpy(to, "\n");
		_cleanup_scene_ struct scene scene = scene_of(lines);

		cr_assert_eq(add(&scene, one_more, false), 0);
		cr_expect_eq(add(&scene,
				 is_tls ? "a.example tls 10.2.0.2:1" : "a.example http 10.2.0.2:1",
				 false),
			     -EINVAL);
		cr_assert_eq(scene.diags.errors, 1);
		cr_expect(strstr(scene.diags.items[0].text, "WEIR_CONTAINERS_MAX"));
	}
}

Test(routes_edit, says_every_line_that_is_wrong_and_changes_none)
{
	_cleanup_scene_ struct scene scene = scene_of(BASE);

	cr_assert_eq(del(&scene, "a.example\nshop.example\nb.example\n"), -EINVAL);
	cr_expect_eq(scene.diags.errors, 2);
	cr_expect_eq(scene.changes.count, 0);
}

Test(routes_edit, pages_begin_behind_any_host)
{
	_cleanup_scene_ struct scene scene = scene_of(BASE "*.z http 10.0.0.1:1\nz http 1.1.1.1:1");
	const struct weir_overlay overlay = {&scene.base, &scene.live};
	struct weir_overlay_walk walk;

	cr_assert_eq(del(&scene, "default"), 0);
	walk = weir_overlay_walk(&overlay, "default");
	cr_expect_str_eq(weir_overlay_next(&overlay, &walk)->host, "*.z");
	walk = weir_overlay_walk(&overlay, "shop.example");
	cr_expect_str_eq(weir_overlay_next(&overlay, &walk)->host, "z");
	cr_expect_null(weir_overlay_next(&overlay, &walk));
	walk = weir_overlay_walk(&overlay, "b");
	cr_expect_str_eq(weir_overlay_next(&overlay, &walk)->host, "shop.example");
}
