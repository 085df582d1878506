/* SPDX-License-Identifier: GPL-2.0-only */
/* Names -> apps and their containers: whose turn it is, who is quarantined, over reloads and changes. */
#include <criterion/criterion.h>
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "proxy/table.h"
#include "proxy/timers.h"
#include "random.h"

static struct weir_container http[3] = {{1, 80}, {2, 80}, {3, 80}}, tls[1] = {{9, 443}};

static struct weir_route route(char *host, char *app, size_t http_count)
{
	return (struct weir_route){.host = host,
				   .app = app,
				   .containers = {http, tls},
				   .containers_count = {http_count, 1}};
}

static struct weir_table *table_of(struct weir_route *routes, size_t count,
				   const struct weir_table *before)
{
	const struct weir_routes all = {.items = routes, .count = count};
	struct weir_table *table = NULL;

	cr_assert_eq(weir_table_new(&all, before, 0, 0, &table), 0);
	return table;
}

static const char *app_of(const struct weir_table *table, const char *name)
{
	const struct weir_pool *pool = weir_table_find(table, name, strlen(name), WEIR_HTTP);

	return pool ? pool->app : "none";
}

Test(table, finds_the_exact_name_then_the_wildcard_then_the_default)
{
	struct weir_route routes[] = {route(NULL, "default", 1), route("*.a.example", "wild", 1),
				      route("a.example", "a", 1), route("x.a.example", "x", 1)};
	_cleanup_(weir_table_unref) struct weir_table *table = table_of(routes, 4, NULL);
	_cleanup_(weir_table_unref) struct weir_table *without = table_of(routes + 1, 3, NULL);

	cr_expect_str_eq(app_of(table, "a.example"), "a");
	cr_expect_str_eq(app_of(table, "x.a.example"), "x");
	cr_expect_str_eq(app_of(table, "y.a.example"), "wild");
	cr_expect_str_eq(app_of(table, "z.y.a.example"), "default");
	cr_expect_str_eq(app_of(table, "b.example"), "default");
	cr_expect_str_eq(app_of(table, ""), "default");
	cr_expect_str_eq(app_of(without, "b.example"), "none");
	cr_expect_str_eq(app_of(without, ""), "none");
	cr_expect_str_eq(app_of(without, "example"), "none");
}

static struct weir_table *overlay_of(struct weir_table *base, struct weir_route *routes,
				     size_t count, const struct weir_table *before)
{
	const struct weir_routes live = {.items = routes, .count = count};
	struct weir_table *table = NULL;

	cr_assert_eq(weir_table_overlay(base, &live, before, 0, 0, &table), 0);
	return table;
}

Test(table, live_routes_lie_over_those_of_the_files)
{
	struct weir_route routes[] = {route(NULL, "default", 1), route("*.a.example", "wild", 1),
				      route("a.example", "a", 1), route("x.a.example", "x", 1)};
	struct weir_route live[] = {route(NULL, "gone", 1), route("a.example", "live", 1),
				    route("new.example", "new", 1),
				    route("x.a.example", "gone", 1)};
	_cleanup_(weir_table_unref) struct weir_table *base = table_of(routes, 4, NULL);
	_cleanup_(weir_table_unref) struct weir_table *table = NULL;

	live[0].is_gone = live[3].is_gone = true;
	table = overlay_of(base, live, 4, NULL);
	cr_expect_str_eq(app_of(table, "a.example"), "live");
	cr_expect_str_eq(app_of(table, "new.example"), "new");
	cr_expect_str_eq(app_of(table, "x.a.example"), "wild", "what is gone leaves the wildcard");
	cr_expect_str_eq(app_of(table, "y.a.example"), "wild");
	cr_expect_str_eq(app_of(table, "b.example"), "none", "the default route is gone");
	cr_expect_str_eq(app_of(base, "b.example"), "default");
}

/* The addresses that n picks give, as text. */
static char *picks(struct weir_pool *pool, int n, __u64 now_ns)
{
	static char text[100];

	text[0] = 0;
	for (int i = 0; i < n; i++) {
		struct weir_container_state *container;
		int r = weir_pool_pick(pool, now_ns, 0, NULL, &container);

		sprintf(text + strlen(text), "%d",
			r ? 0 : (int)ntohl(container->address.sin_addr.s_addr));
	}
	return text;
}

Test(table, gives_each_container_its_turn)
{
	struct weir_route routes[] = {route("a", "a", 3), route("b", "b", 0)};
	_cleanup_(weir_table_unref) struct weir_table *table = table_of(routes, 2, NULL);
	struct weir_container_state *container;

	cr_expect_str_eq(picks(weir_table_find(table, "a", 1, WEIR_HTTP), 7, 1), "1231231");
	cr_expect_str_eq(picks(weir_table_find(table, "a", 1, WEIR_TLS), 2, 1), "99");
	cr_expect_eq(
		weir_pool_pick(weir_table_find(table, "b", 1, WEIR_HTTP), 1, 0, NULL, &container),
		-ENOENT);
}

Test(table, live_changes_keep_turns_and_states)
{
	struct weir_route routes[] = {route("a", "a", 2), route("b", "b", 2)};
	struct weir_route more = route("a", "a", 3), same = route("c", "b", 2);
	_cleanup_(weir_table_unref) struct weir_table *base = table_of(routes, 2, NULL);
	_cleanup_(weir_table_unref) struct weir_table *first = NULL, *second = NULL;
	struct weir_container_state *container;

	cr_expect_str_eq(picks(weir_table_find(base, "a", 1, WEIR_HTTP), 1, 1), "1");
	cr_expect_str_eq(picks(weir_table_find(base, "b", 1, WEIR_HTTP), 1, 1), "1");
	first = overlay_of(base, &more, 1, base);
	cr_expect_str_eq(picks(weir_table_find(first, "a", 1, WEIR_HTTP), 3, 1), "231");
	cr_assert_eq(
		weir_pool_pick(weir_table_find(first, "a", 1, WEIR_HTTP), 1, 0, NULL, &container),
		0);
	cr_expect_eq(container, base->pools[0].containers[1], "its state is the one it had");
	second = overlay_of(base, &same, 1, first);
	cr_expect_str_eq(picks(weir_table_find(second, "c", 1, WEIR_HTTP), 1, 1), "2");
	cr_expect_str_eq(picks(weir_table_find(second, "b", 1, WEIR_HTTP), 1, 1), "1");
}

Test(table, a_drained_container_gets_nothing_new)
{
	struct weir_route routes[] = {route("a", "a", 3)};
	_cleanup_(weir_table_unref) struct weir_table *table = table_of(routes, 1, NULL);
	struct weir_container_rule items[] = {
		{.container = {2, 80}, .is_drain = true},
		{.container = {1, 80}, .is_drain = true},
		{.app = "a", .bytes_per_s = 5, .burst_bytes = 50},
		{.container = {3, 80}, .bytes_per_s = 7, .burst_bytes = 70}};
	struct weir_rules rules = {.items = items, .count = 2};
	struct weir_pool *pool = weir_table_find(table, "a", 1, WEIR_HTTP);
	__u64 connections;

	weir_rules_sort(&rules);
	weir_table_apply(table, &rules, true, 1);
	cr_expect_str_eq(picks(pool, 3, 1), "333");
	cr_expect_eq(weir_table_connections(table, http[2], &connections), 1);
	cr_expect_eq(connections, 3);
	cr_expect_eq(weir_table_connections(table, (struct weir_container){3, 81}, &connections),
		     0);
	rules = (struct weir_rules){.items = items + 2, .count = 2, .bytes_per_s = 9};
	weir_rules_sort(&rules);
	weir_table_apply(table, &rules, true, 1);
	cr_expect_eq(weir_container_rate(pool->containers[0]).bytes_per_s, 5, "its app's");
	cr_expect_eq(weir_container_rate(pool->containers[2]).bytes_per_s, 7, "its own");
	cr_expect_neq(strcmp(picks(pool, 3, 1), "333"), 0);
	rules.count = 0;
	weir_table_apply(table, &rules, true, 1);
	cr_expect_eq(weir_container_rate(pool->containers[2]).bytes_per_s, 9);
	for (size_t i = 0; i < 3; i++)
		weir_container_drain(pool->containers[i], true);
	cr_expect_str_eq(picks(pool, 1, 1), "0");
}

/* What could be taken at once. */
static __u64 credit(struct weir_container_state *container, __u64 now_ns)
{
	__u64 ready_ns = now_ns, sum = 0;

	while (sum < 1 << 30) {
		__u32 granted = weir_container_reserve(container, WEIR_UP, 65536, now_ns,
						       &ready_ns);

		if (ready_ns > now_ns) {
			weir_container_give_back(container, WEIR_UP, granted);
			break;
		}
		sum += granted;
	}
	weir_container_give_back(container, WEIR_UP, sum & 0xfffff);
	for (__u64 left = sum >> 20; left; left--)
		for (int i = 0; i < 2; i++)
			weir_container_give_back(container, WEIR_UP, 1 << 19);
	return sum;
}

Test(table, another_rate_refills_no_bucket_and_forgets_no_debt)
{
	static const __u64 now = 1000000000000ULL, mb = 1000000;
	struct weir_container_state *container = weir_container_new("a", 1, 1, 20 * mb, 400 * mb);
	__u64 ready_ns;

	for (int i = 0; i < 300; i++)
		weir_container_reserve(container, WEIR_UP, mb, now, &ready_ns);
	cr_expect(llabs((long long)(credit(container, now) - 100 * mb)) < 70000);
	weir_container_set_rate(container, 5 * mb, 200 * mb, now);
	cr_expect(llabs((long long)(credit(container, now) - 100 * mb)) < 70000);
	weir_container_set_rate(container, 20 * mb, 50 * mb, now);
	cr_expect(llabs((long long)(credit(container, now) - 50 * mb)) < 70000);
	weir_container_set_rate(container, 20 * mb, 400 * mb, now);
	cr_expect(llabs((long long)(credit(container, now) - 50 * mb)) < 70000);
	cr_expect(llabs((long long)(credit(container, now + 1000000000) - 70 * mb)) < 70000);
	weir_container_unref(&container);
}

Test(table, routes_of_one_app_share_its_turns)
{
	struct weir_route routes[] = {route("a", "app", 3), route("b", "app", 3),
				      route("c", "app", 2)};
	_cleanup_(weir_table_unref) struct weir_table *table = table_of(routes, 3, NULL);

	cr_expect_str_eq(picks(weir_table_find(table, "a", 1, WEIR_HTTP), 1, 1), "1");
	cr_expect_str_eq(picks(weir_table_find(table, "b", 1, WEIR_HTTP), 2, 1), "23");
	cr_expect_str_eq(picks(weir_table_find(table, "c", 1, WEIR_HTTP), 2, 1), "12");
	cr_expect_eq(table->containers_count, 4, "a container is one, whatever route names it");
}

Test(table, leaves_out_who_is_quarantined_ever_longer)
{
	struct weir_route routes[] = {route("a", "a", 3)};
	_cleanup_(weir_table_unref) struct weir_table *table = table_of(routes, 1, NULL);
	struct weir_pool *pool = weir_table_find(table, "a", 1, WEIR_HTTP);
	struct weir_container_state *second = pool->containers[1], *container;
	__u64 now_ns = 1;

	weir_container_failed(second, now_ns);
	cr_expect_str_eq(picks(pool, 4, now_ns), "1313");
	for (int i = 1; i < 10; i++) {
		__u64 wait_ns = second->retry_at_ns - now_ns;

		cr_expect_eq(wait_ns,
			     i <= 6 ? WEIR_QUARANTINE_FIRST_NS << (i - 1) : WEIR_QUARANTINE_MAX_NS);
		now_ns = second->retry_at_ns;
		cr_expect(strchr(picks(pool, 3, now_ns), '2') != NULL);
		/* Failures of the same outage count once. */
		weir_container_failed(second, now_ns);
		weir_container_failed(second, now_ns);
	}
	weir_container_served(second);
	now_ns = second->retry_at_ns;
	weir_container_failed(second, now_ns);
	cr_expect_eq(second->retry_at_ns - now_ns, WEIR_QUARANTINE_FIRST_NS);
	weir_container_failed(pool->containers[0], now_ns);
	weir_container_failed(pool->containers[2], now_ns);
	cr_expect_eq(weir_pool_pick(pool, now_ns, 0, NULL, &container), -EHOSTDOWN);
}

enum { PICKS = 300000 };

struct picker {
	pthread_t thread;
	struct weir_pool *pool;
	int missed; /* how often nobody was found */
};

static void *pick_often(void *argument)
{
	struct picker *picker = argument;

	for (int i = 0; i < PICKS; i++) {
		struct weir_container_state *container;

		if (weir_pool_pick(picker->pool, 1, 0, NULL, &container))
			picker->missed++;
		else
			weir_container_leave(container);
	}
	return NULL;
}

Test(table, finds_the_one_that_is_well_whoever_else_picks)
{
	struct weir_route routes[] = {route("a", "a", 2)};
	_cleanup_(weir_table_unref) struct weir_table *table = table_of(routes, 1, NULL);
	struct weir_pool *pool = weir_table_find(table, "a", 1, WEIR_HTTP);
	struct picker pickers[3];

	weir_container_failed(pool->containers[0], 1);
	for (int i = 0; i < 3; i++) {
		pickers[i] = (struct picker){.pool = pool};
		pthread_create(&pickers[i].thread, NULL, pick_often, &pickers[i]);
	}
	for (int i = 0; i < 3; i++) {
		pthread_join(pickers[i].thread, NULL);
		cr_expect_eq(pickers[i].missed, 0, "%d of %d", pickers[i].missed, PICKS);
	}
}

Test(table, keeps_turns_and_quarantine_over_a_reload)
{
	struct weir_route routes[] = {route("a", "a", 3)}, fewer[] = {route("a", "a", 2)};
	struct weir_table *before = table_of(routes, 1, NULL);
	struct weir_pool *pool = weir_table_find(before, "a", 1, WEIR_HTTP);
	_cleanup_(weir_table_unref) struct weir_table *after = NULL;

	picks(pool, 3, 1);
	weir_container_failed(pool->containers[0], 1);
	after = table_of(fewer, 1, before);
	weir_table_unref(&before);
	pool = weir_table_find(after, "a", 1, WEIR_HTTP);
	cr_expect(weir_container_is_quarantined(pool->containers[0], 1));
	cr_expect_eq(pool->turn, 3);
	cr_expect_str_eq(picks(pool, 2, 1), "22");
}

Test(table, holds_a_million_names)
{
	enum { COUNT = 1000000 };
	struct weir_route *routes = calloc(COUNT, sizeof(*routes));
	char *names = malloc(COUNT * 24UL);
	struct weir_table *table;

	for (int i = 0; i < COUNT; i++) {
		sprintf(names + i * 24UL, "host-%d.example", i);
		routes[i] = route(names + i * 24UL, "app", 3);
	}
	table = table_of(routes, COUNT, NULL);
	for (int i = 0; i < COUNT; i += 997)
		cr_assert_str_eq(app_of(table, routes[i].host), "app");
	cr_expect_str_eq(app_of(table, "host-1000000.example"), "none");
	weir_table_unref(&table);
	free(routes);
	free(names);
}

/* How many of these names share the fullest of so many slots. */
static int fullest(const struct weir_hash_key *key, char (*names)[16], int count, int slots)
{
	int used[1024] = {0}, most = 0;

	for (int i = 0; i < count; i++) {
		int at = weir_hash(key, names[i], strlen(names[i])) % slots;

		used[at]++;
		most = used[at] > most ? used[at] : most;
	}
	return most;
}

/* Names chosen to meet in one slot do so for one key alone, and nobody knows the table's. */
Test(table, cannot_be_filled_with_names_that_collide)
{
	enum { COUNT = 200, SLOTS = 1024 };
	const struct weir_hash_key known = {};
	char names[COUNT][16];
	struct weir_route routes[] = {route("a", "app", 3)};
	_cleanup_(weir_table_unref) struct weir_table *table = table_of(routes, 1, NULL);
	_cleanup_(weir_table_unref) struct weir_table *reloaded = table_of(routes, 1, table);
	_cleanup_(weir_table_unref) struct weir_table *other = table_of(routes, 1, NULL);

	for (int i = 0, chosen = 0; chosen < COUNT; i++) {
		sprintf(names[chosen], "n%d.example", i);
		chosen += weir_hash(&known, names[chosen], strlen(names[chosen])) % SLOTS == 7;
	}
	cr_expect_eq(fullest(&known, names, COUNT, SLOTS), COUNT);
	cr_expect_leq(fullest(&table->key, names, COUNT, SLOTS), 10);
	cr_expect(memcmp(&table->key, &other->key, sizeof(table->key)) != 0);
	cr_expect(memcmp(&table->key, &reloaded->key, sizeof(table->key)) == 0);
}
