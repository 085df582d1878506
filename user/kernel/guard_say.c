/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Those who would be locked out -> a refusal that names them, with the lines that let them in: a
 * rule of management, or an entry of the allowlist where a denylist has them. A few are named, the
 * rest is a number.
 */
#include <errno.h>

#include "kernel/guard_steps.h"
#include "report/reason.h"

enum { NAMED_MAX = 20 };

#define say(guard, ...) weir_diags_error((guard)->diags, NULL, 0, 0, __VA_ARGS__)

static void say_peers(const struct guard *guard)
{
	char ends[WEIR_ENDS_TEXT_MAX];

	for (size_t i = 0; i < guard->count && i < NAMED_MAX; i++)
		say(guard, "  %s: %s: %s", weir_peer_format(&guard->peers[i], ends),
		    weir_reason_slug(guard->peers[i].reason),
		    weir_reason_text(guard->peers[i].reason));
	if (guard->count > NAMED_MAX)
		say(guard, "  and %zu more", guard->count - NAMED_MAX);
}

/* The rules that are missing. A listed source lacks one too where none names it. */
static void say_rules(const struct guard *guard, const struct weir_policy *policy)
{
	char line[WEIR_LINE_TEXT_MAX];
	size_t said = 0;

	for (size_t i = 0; i < guard->count && said < NAMED_MAX; i++) {
		const struct weir_peer *peer = &guard->peers[i];

		if (peer->is_ipv6 || weir_peer_is_managed(peer, policy))
			continue;
		if (!said++)
			say(guard, "to let them in, add to %s under `management:`",
			    guard->config ? guard->config->path : "weir.yaml");
		say(guard, "%s", weir_peer_rule(peer, line));
	}
}

static bool is_listed(const struct weir_peer *peer)
{
	return peer->reason == WEIR_DROP_DENIED || peer->reason == WEIR_DROP_BANNED;
}

/* No rule overrules a denylist: the allowlist does. */
static void say_allowlist(const struct guard *guard)
{
	const char *path = guard->config ? guard->config->allowlist.path : NULL;
	char address[WEIR_PREFIX_TEXT_MAX];
	size_t said = 0;

	for (size_t i = 0; i < guard->count && said < NAMED_MAX; i++) {
		if (!is_listed(&guard->peers[i]))
			continue;
		if (!said++)
			say(guard,
			    "no rule overrules a denylist: weir allow add, or add to the "
			    "allowlist%s%s",
			    path ? ", " : "", path ?: "");
		say(guard, "  %s/32",
		    weir_address_format(weir_peer_address(&guard->peers[i]), address));
	}
}

static void say_ipv6(const struct guard *guard)
{
	for (size_t i = 0; i < guard->count; i++)
		if (guard->peers[i].is_ipv6) {
			say(guard, "no rule lets IPv6 in: connect by IPv4");
			return;
		}
}

int weir_guard_conclude(const struct guard *guard, const struct weir_policy *policy)
{
	if (!guard->count)
		return 0;
	say(guard, "%s who %s connected to this machine now could not connect again:",
	    guard->count > 1 ? "those" : "one", guard->count > 1 ? "are" : "is");
	say_peers(guard);
	say_rules(guard, policy);
	say_allowlist(guard);
	say_ipv6(guard);
	say(guard, "nothing was changed; --force does it all the same");
	return -EPERM;
}
