/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What would change: the generation in force and the one to come in, the lines of `weir plan`
 * out. Both are read only; the diff owns its items.
 *
 * Every part is compared as a set, by what decides a packet: in `wanted` and not in `live` is
 * added, the reverse is removed, the same address with other roles or another rate is changed.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <stdarg.h>
#include <string.h>

#include "base/cleanup.h"
#include "plan/diff.h"

/* What a gate without a policy holds: nothing. */
static const struct weir_policy no_policy;

/* The items grow here; out of memory is noted once and returned at the end. */
struct changes {
	struct weir_diff diff;
	size_t room;
	int error;
};

static void changes_done(struct changes *changes)
{
	weir_diff_done(&changes->diff);
}

void weir_diff_done(struct weir_diff *diff)
{
	free(diff->items);
	*diff = (struct weir_diff){};
}

const char *weir_change_slug(enum weir_change_kind kind)
{
	static const char *const slugs[] = {
#define X(id, slug) [WEIR_CHANGE_##id] = slug,
		WEIR_CHANGE_LIST(X)
#undef X
	};

	return slugs[kind];
}

static struct weir_change *next_item(struct changes *changes)
{
	struct weir_diff *diff = &changes->diff;

	if (diff->count == changes->room) {
		size_t room = changes->room ? changes->room * 2 : 64;
		struct weir_change *items = realloc(diff->items, room * sizeof(*items));

		if (!items) {
			changes->error = -ENOMEM;
			return NULL;
		}
		diff->items = items;
		changes->room = room;
	}
	return &diff->items[diff->count++];
}

__attribute__((format(printf, 4, 5))) static void add(struct changes *changes,
						      enum weir_change_kind kind, char sign,
						      const char *format, ...)
{
	struct weir_change *item = next_item(changes);
	va_list arguments;

	if (!item)
		return;
	item->kind = kind;
	item->sign = sign;
	va_start(arguments, format);
	vsnprintf(item->text, sizeof(item->text), format, arguments);
	va_end(arguments);
}

/* ---- destinations ------------------------------------------------------------------------ */

static int compare_address(const void *a, const void *b)
{
	__u32 left = ntohl(((const struct weir_slot *)a)->address);
	__u32 right = ntohl(((const struct weir_slot *)b)->address);

	return left < right ? -1 : left > right;
}

/* The destinations of a generation by address; none of no generation. */
static int sorted_slots(const struct weir_generation *generation, struct weir_slot **ret_slots,
			size_t *ret_count)
{
	int r;

	if (!generation)
		return 0;
	r = weir_generation_slots(generation, ret_slots, ret_count);
	if (r)
		return r;
	qsort(*ret_slots, *ret_count, sizeof(**ret_slots), compare_address);
	return 0;
}

/* Of a slot that the maps say; one out of bounds, which only a torn read has, has no rate. */
static const struct weir_rate *rate_of(const struct weir_generation *generation,
				       const struct weir_slot *slot)
{
	static const struct weir_rate none;

	return slot->slot < WEIR_DESTINATIONS_MAX ? &generation->rates[slot->slot] : &none;
}

static void add_destination(struct changes *changes, char sign,
			    const struct weir_generation *generation, const struct weir_slot *slot)
{
	char words[WEIR_WORDS_MAX];

	weir_words_destination(slot, rate_of(generation, slot), words);
	add(changes, WEIR_CHANGE_DESTINATION, sign, "%s", words);
}

static void compare_destination(struct changes *changes, const struct weir_generation *live,
				const struct weir_slot *old, const struct weir_generation *wanted,
				const struct weir_slot *new)
{
	const struct weir_rate *from = rate_of(live, old), *to = rate_of(wanted, new);
	char before[WEIR_WORDS_MAX], after[WEIR_WORDS_MAX];

	if (old->roles == new->roles && memcmp(from, to, sizeof(*from)) == 0)
		return;
	weir_words_destination(old, from, before);
	weir_words_destination(new, to, after);
	add(changes, WEIR_CHANGE_DESTINATION, '~', "%s -> %s", before, strchr(after, ' ') + 1);
}

static int diff_destinations(struct changes *changes, const struct weir_generation *live,
			     const struct weir_generation *wanted)
{
	_cleanup_free_ struct weir_slot *old = NULL, *new = NULL;
	size_t old_count = 0, new_count = 0;
	int r;

	r = sorted_slots(live, &old, &old_count) ?: sorted_slots(wanted, &new, &new_count);
	if (r)
		return r;
	for (size_t i = 0, j = 0; i < old_count || j < new_count;) {
		int order = i == old_count   ? 1
			    : j == new_count ? -1
					     : compare_address(&old[i], &new[j]);

		if (order < 0)
			add_destination(changes, '-', live, &old[i++]);
		else if (order > 0)
			add_destination(changes, '+', wanted, &new[j++]);
		else
			compare_destination(changes, live, &old[i++], wanted, &new[j++]);
	}
	return 0;
}

/* ---- ports, rules, backends, settings ---------------------------------------------------- */

static bool is_tls(const struct weir_policy *policy, bool is_cdn, int i)
{
	return policy->tls_ports >> (is_cdn ? i + WEIR_TLS_CDN_SHIFT : i) & 1;
}

static bool has_port(const struct weir_policy *policy, bool is_cdn, __u32 port, bool wants_tls)
{
	const __u32 *ports = is_cdn ? policy->cdn_ports : policy->open_ports;

	for (int i = 0; i < WEIR_PORTS_MAX; i++)
		if (ports[i] == port && is_tls(policy, is_cdn, i) == wants_tls)
			return true;
	return false;
}

static void ports_missing(struct changes *changes, char sign, bool is_cdn,
			  const struct weir_policy *from, const struct weir_policy *in)
{
	const __u32 *ports = is_cdn ? from->cdn_ports : from->open_ports;
	char words[WEIR_WORDS_MAX];

	for (int i = 0; i < WEIR_PORTS_MAX; i++) {
		bool tls = is_tls(from, is_cdn, i);

		if (!ports[i] || has_port(in, is_cdn, ports[i], tls))
			continue;
		weir_words_port(ports[i], tls, words);
		add(changes, is_cdn ? WEIR_CHANGE_CDN_PORT : WEIR_CHANGE_PORT, sign, "%s", words);
	}
}

/* Is the item one of `count` items of `size` bytes? */
static bool has_item(const void *items, size_t count, const void *item, size_t size)
{
	for (size_t i = 0; i < count; i++)
		if (memcmp((const char *)items + i * size, item, size) == 0)
			return true;
	return false;
}

static void rules_missing(struct changes *changes, char sign, const struct weir_policy *from,
			  const struct weir_policy *in)
{
	for (__u32 i = 0; i < from->rules_count && i < WEIR_RULES_MAX; i++) {
		const struct weir_rule *rule = &from->rules[i];
		char words[sizeof(((struct weir_change *)0)->text)];

		if (has_item(in->rules, in->rules_count, rule, sizeof(*rule)))
			continue;
		weir_words_rule(rule, words, sizeof(words));
		add(changes, WEIR_CHANGE_RULE, sign, "%s", words);
	}
}

static void backends_missing(struct changes *changes, char sign, const struct weir_policy *from,
			     const struct weir_policy *in)
{
	for (__u32 i = 0; i < from->backends_count && i < WEIR_BACKENDS_MAX; i++) {
		const struct weir_masked *backend = &from->backends[i];
		char words[WEIR_PREFIX_TEXT_MAX];

		if (has_item(in->backends, in->backends_count, backend, sizeof(*backend)))
			continue;
		weir_words_masked(backend, words);
		add(changes, WEIR_CHANGE_BACKEND, sign, "%s", words);
	}
}

static void diff_policy(struct changes *changes, const struct weir_policy *live,
			const struct weir_policy *wanted)
{
	for (int is_cdn = 0; is_cdn < 2; is_cdn++) {
		ports_missing(changes, '+', is_cdn, wanted, live);
		ports_missing(changes, '-', is_cdn, live, wanted);
	}
	rules_missing(changes, '+', wanted, live);
	rules_missing(changes, '-', live, wanted);
	backends_missing(changes, '+', wanted, live);
	backends_missing(changes, '-', live, wanted);
	if (!live->does_nat != !wanted->does_nat)
		add(changes, WEIR_CHANGE_SETTING, '~', "egress: %s",
		    wanted->does_nat ? "nat" : "no nat");
	if (!live->hands_off != !wanted->hands_off)
		add(changes, WEIR_CHANGE_SETTING, '~', "connections go to %s",
		    wanted->hands_off ? "the proxy" : "the machine's own servers");
	if (live->is_complete && live->proofs_per_tick != wanted->proofs_per_tick)
		add(changes, WEIR_CHANGE_SETTING, '~', "lookups of return traffic a tick: %u -> %u",
		    live->proofs_per_tick, wanted->proofs_per_tick);
}

/* ---- lists ------------------------------------------------------------------------------- */

static void add_moved(struct changes *changes, enum weir_change_kind kind, struct weir_moved moved)
{
	if (moved.added)
		add(changes, kind, '+', "%llu address%s", moved.added,
		    moved.added == 1 ? "" : "es");
	if (moved.removed)
		add(changes, kind, '-', "%llu address%s", moved.removed,
		    moved.removed == 1 ? "" : "es");
}

static void diff_lists(struct changes *changes, const struct weir_generation *live,
		       const struct weir_generation *wanted)
{
	const struct weir_policy *old = live ? &live->policy : &no_policy, *new = &wanted->policy;
	struct weir_diff *diff = &changes->diff;

	diff->denied = weir_moved_rank(live ? &live->rank : NULL, &wanted->rank);
	diff->allowed = weir_moved_ranges(live ? live->allow : NULL, old->allow_ranges_count,
					  wanted->allow, new->allow_ranges_count);
	diff->cdn = weir_moved_ranges(live ? live->cdn : NULL, old->cdn_ranges_count, wanted->cdn,
				      new->cdn_ranges_count);
	add_moved(changes, WEIR_CHANGE_DENYLIST, diff->denied);
	add_moved(changes, WEIR_CHANGE_ALLOWLIST, diff->allowed);
	add_moved(changes, WEIR_CHANGE_CDN, diff->cdn);
}

int weir_diff_make(const struct weir_generation *live, const struct weir_generation *wanted,
		   struct weir_diff *ret_diff)
{
	_cleanup_(changes_done) struct changes changes = {};
	int r;

	if (live && !live->policy.is_complete)
		live = NULL;
	r = diff_destinations(&changes, live, wanted);
	if (r)
		return r;
	diff_policy(&changes, live ? &live->policy : &no_policy, &wanted->policy);
	diff_lists(&changes, live, wanted);
	if (changes.error)
		return changes.error;
	*ret_diff = changes.diff;
	changes.diff = (struct weir_diff){};
	return 0;
}
