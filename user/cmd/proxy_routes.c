/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The routes of a running proxy: files and journal -> tables for the workers. A change is made
 * ready whole, then written down, then put in force, so that no step can fail half-way.
 */
#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "cmd/proxy_takeover.h"

/* The table in force: the base itself where nothing has changed. */
static int make_table(const struct weir_proxy_run *run, struct weir_table *base,
		      const struct weir_routes *live, const struct weir_table *before,
		      struct weir_table **ret_table)
{
	if (!live->count) {
		*ret_table = weir_table_ref(base);
		return 0;
	}
	return weir_table_overlay(base, live, before, run->config->default_bytes_per_s,
				  run->config->default_burst_bytes, ret_table);
}

static int make_rule(const struct weir_change *change, struct weir_container_rule *rule)
{
	const char *why;

	*rule = (struct weir_container_rule){.is_drain = change->kind == WEIR_CHANGE_DRAIN};
	if (!rule->is_drain &&
	    weir_rate_value_parse(change->value, &rule->bytes_per_s, &rule->burst_bytes))
		return -EINVAL;
	if (strchr(change->key, ':'))
		return weir_container_parse(change->key, strlen(change->key), &rule->container,
					    &why);
	rule->app = change->key;
	return rule->is_drain ? -EINVAL : 0;
}

/* The names of apps stay those of `changes`. */
static int make_rules(const struct weir_proxy_run *run, const struct weir_changes *changes,
		      struct weir_rules *ret_rules)
{
	struct weir_rules rules = {.bytes_per_s = run->config->default_bytes_per_s,
				   .burst_bytes = run->config->default_burst_bytes};
	int r = 0;

	rules.items = calloc(changes->count ?: 1, sizeof(*rules.items));
	if (!rules.items)
		return -ENOMEM;
	for (size_t i = 0; !r && i < changes->count; i++)
		if (changes->items[i].kind != WEIR_CHANGE_ROUTE)
			r = make_rule(&changes->items[i], &rules.items[rules.count++]);
	if (r) {
		free(rules.items);
		return r;
	}
	weir_rules_sort(&rules);
	*ret_rules = rules;
	return 0;
}

static void rules_done(struct weir_rules *rules)
{
	free(rules->items);
}

static int start(struct weir_proxy_run *run, struct weir_diags *diags,
		 struct weir_table **ret_table)
{
	struct weir_proxy_routes *routes = &run->routes;
	_cleanup_(weir_table_unref) struct weir_table *table = NULL;
	_cleanup_(rules_done) struct weir_rules rules = {};
	int r = 0;

	if (routes->folder_fd >= 0)
		r = weir_routes_journal_open(routes->folder_fd, diags, &routes->journal,
					     &routes->changes);
	r = r ?: weir_overlay_routes(&routes->changes, diags, &routes->live)
		?: weir_table_new(&run->config->routes, NULL, run->config->default_bytes_per_s,
				  run->config->default_burst_bytes, &routes->base)
		?: make_table(run, routes->base, &routes->live, NULL, &table)
		?: make_rules(run, &routes->changes, &rules);
	if (r)
		return r;
	if (rules.count)
		weir_table_apply(table, &rules, true, weir_monotonic_ns());
	*ret_table = take_pointer(table);
	return 0;
}

int weir_proxy_routes_start(struct weir_proxy_run *run, struct weir_table **ret_table)
{
	_cleanup_diags_ struct weir_diags diags = {};
	int r = start(run, &diags, ret_table);

	weir_diags_print(&diags, stderr);
	if (r && !diags.errors)
		weir_proxy_fail("routes", r);
	return r;
}

void weir_proxy_routes_done(struct weir_proxy_routes *routes)
{
	weir_routes_journal_close(&routes->journal);
	weir_changes_done(&routes->changes);
	weir_routes_done(&routes->live);
	weir_table_unref(&routes->base);
	closep(&routes->folder_fd);
}

static bool has_kind(const struct weir_changes *request, bool is_route)
{
	for (size_t i = 0; i < request->count; i++)
		if ((request->items[i].kind == WEIR_CHANGE_ROUTE) == is_route)
			return true;
	return false;
}

/* What a request leads to, made ready. */
struct next {
	struct weir_changes changes;
	struct weir_routes live;
	struct weir_table *table;
	struct weir_rules rules;
};

static void next_done(struct next *next)
{
	weir_changes_done(&next->changes);
	weir_routes_done(&next->live);
	weir_table_unref(&next->table);
	rules_done(&next->rules);
}

static int make_next(struct weir_proxy_run *run, const struct weir_changes *request,
		     struct weir_diags *diags, struct next *next)
{
	_cleanup_(weir_table_unref) struct weir_table *before = weir_proxy_table(run->proxy);

	return weir_changes_merge(&run->routes.changes, request, &next->changes)
		       ?: weir_overlay_routes(&next->changes, diags, &next->live)
		       ?: make_table(run, run->routes.base, &next->live, before, &next->table)
		       ?: make_rules(run, &next->changes, &next->rules);
}

int weir_proxy_routes_change(struct weir_proxy_run *run, const struct weir_changes *request,
			     struct weir_diags *diags)
{
	struct weir_proxy_routes *routes = &run->routes;
	_cleanup_(next_done) struct next next = {};
	bool has_rules = has_kind(request, false);
	int r;

	if (!request->count)
		return 0;
	/* The next proxy has read the journal already. */
	if (weir_takeover_is_under_way(run) || run->takeover.is_handed_over)
		return weir_diags_error(diags, NULL, 0, 0,
					"another proxy is taking over: try again"),
		       -EBUSY;
	r = make_next(run, request, diags, &next)
		    ?: weir_routes_journal_append(&routes->journal, request, diags);
	if (r)
		return r;
	if (has_rules || next.rules.count)
		weir_table_apply(next.table, &next.rules, has_rules, weir_monotonic_ns());
	weir_proxy_set_table(run->proxy, take_pointer(next.table));
	weir_changes_done(&routes->changes);
	weir_routes_done(&routes->live);
	routes->changes = next.changes;
	routes->live = next.live;
	next.changes = (struct weir_changes){};
	next.live = (struct weir_routes){};
	routes->number++;
	weir_routes_journal_tidy(&routes->journal, &routes->changes, diags);
	return 0;
}

/* The base of these routes, and the table in force over it. */
static int make_tables(struct weir_proxy_run *run, const struct weir_routes *files,
		       struct weir_table **ret_base, struct weir_table **ret_table)
{
	_cleanup_(weir_table_unref) struct weir_table *before = weir_proxy_table(run->proxy);
	_cleanup_(weir_table_unref) struct weir_table *base = NULL, *table = NULL;
	_cleanup_(rules_done) struct weir_rules rules = {};
	int r = weir_table_new(files, before, run->config->default_bytes_per_s,
			       run->config->default_burst_bytes, &base)
			?: make_table(run, base, &run->routes.live, before, &table)
			?: make_rules(run, &run->routes.changes, &rules);

	if (r)
		return r;
	if (rules.count)
		weir_table_apply(table, &rules, true, weir_monotonic_ns());
	*ret_base = take_pointer(base);
	*ret_table = take_pointer(table);
	return 0;
}

/* The routes files alone, because the rest of the policy is not this user's to read. */
void weir_proxy_routes_reload(struct weir_proxy_run *run)
{
	_cleanup_diags_ struct weir_diags diags = {};
	struct weir_routes *now = &run->config->routes, files = {};
	struct weir_table *base = NULL, *table;
	int r = weir_routes_load(now->paths, now->paths_count, &diags, &files);

	weir_diags_print(&diags, stderr);
	if (!r)
		r = make_tables(run, &files, &base, &table);
	if (r) {
		weir_routes_done(&files);
		fprintf(stderr, "weir: the routes stay as they were\n");
		return;
	}
	weir_proxy_set_table(run->proxy, table);
	weir_table_unref(&run->routes.base);
	run->routes.base = base;
	weir_routes_done(now);
	*now = files;
	run->routes.number++;
}
