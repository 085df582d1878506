/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How each command is used, in full: on standard output to who asks, on standard error to who has
 * it wrong. One table, so that both read the same; what a command is for is WEIR_COMMAND_LIST's to
 * say, and what each option does its manual page's.
 */
#include <stdio.h>
#include <string.h>

#include "cmd/common.h"

static const struct usage {
	const char *command;
	const char *page; /* of the manual, section 8 */
	const char *text;
} usages[] = {
	{"init", "weir-apply", "init [REGION]"},
	{"check", "weir-apply", "check"},
	{"plan", "weir-apply", "plan"},
	{"apply", "weir-apply",
	 "apply [--confirmed | --lists] [--try TIME] [--wait TIME] [--force]"},
	{"confirm", "weir-apply", "confirm"},
	{"attach", "weir-attach",
	 "attach [-m auto|native|skb] [--try TIME | --boot] [--force] [IFACE...]"},
	{"detach", "weir-attach", "detach [--purge | IFACE...]"},
	{"status", "weir-counts", "status [--watch[=SECONDS]]"},
	{"deny", "weir-deny",
	 "deny add PREFIX...|- [--for TIME] [--note TEXT] [--force]\n"
	 "       weir deny del PREFIX...|-\n"
	 "       weir deny list [--watch[=SECONDS]] | flush | why ADDRESS"},
	{"allow", "weir-deny",
	 "allow add PREFIX...|- [--for TIME] [--note TEXT]\n"
	 "       weir allow del PREFIX...|- [--force]\n"
	 "       weir allow list [--watch[=SECONDS]] | flush [--force]"},
	{"counts", "weir-counts",
	 "counts [-a] [--watch[=SECONDS]] [--sources] [--by packets|syns|bytes] [--nets]"},
	{"top", "weir-counts", "top [-d SECONDS] [-n COUNT]"},
	{"capture", "weir-counts",
	 "capture [--reason SLUG|dropped|passed|all]... [--src PREFIX] [--dst PREFIX]\n"
	 "                    [-n COUNT] [--for TIME] [--rate PER_SECOND] [-w FILE|-]"},
	{"metrics", "weir-counts", "metrics [-o FILE]"},
	{"doctor", "weir-attach", "doctor [IFACE...]"},
	{"proxy", "weir-proxy",
	 "proxy [--listen-http ADDR:PORT] [--listen-tls ADDR:PORT] [--routes FILE]...\n"
	 "                  [--workers N] [--no-log] [--takeover [--background]]"},
	{"route", "weir-route",
	 "route add [--replace] HOST... [app=NAME] [http ADDR:PORT...] [tls ADDR:PORT...] | -\n"
	 "       weir route del HOST... [http ADDR:PORT...] [tls ADDR:PORT...] | -\n"
	 "       weir route revert HOST... | - | --same\n"
	 "       weir route drain ADDR:PORT... [--wait TIME] | undrain ADDR:PORT...\n"
	 "       weir route set APP|ADDR:PORT --rate RATE [--burst SIZE] | unset APP|ADDR:PORT\n"
	 "       weir route list [--hosts] [--watch[=SECONDS]] | export"},
	{"verify", "weir-apply", "verify"},
	{"explain", "weir-deny",
	 "explain SRC DST[:PORT] [--proto tcp|udp|icmp|NUMBER] [--sport N]\n"
	 "                    [--flags syn|ack|syn,ack|...]\n"
	 "       weir explain --frame HEX|FILE"},
	{"complete", "weir", "complete -- WORD..."},
	{"version", "weir-counts", "version"},
};

static const struct usage *find(const char *command)
{
	const struct usage *usage = usages;

	while (strcmp(usage->command, command) != 0)
		usage++;
	return usage;
}

int weir_cmd_usage(const char *command)
{
	fprintf(stderr, "usage: weir %s\n", find(command)->text);
	return WEIR_EXIT_USAGE;
}

void weir_cmd_help(const char *command, const char *text)
{
	const struct usage *usage = find(command);

	printf("usage: weir %s\n\n%s: %s. More: man %s\n", usage->text, command, text, usage->page);
}
