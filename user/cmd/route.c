/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * weir route: the routes of a running proxy, by its control socket. Arguments are the words of a
 * routes file; `-` reads lines of one from standard input.
 */
#include "cmd/route.h"

#include <getopt.h>
#include <string.h>

#include "base/quantity.h"
#include "cmd/watch.h"

static const struct option known[] = {
	{"replace", no_argument, NULL, 'R'},     {"same", no_argument, NULL, 's'},
	{"hosts", no_argument, NULL, 'h'},       {"watch", optional_argument, NULL, 'W'},
	{"wait", required_argument, NULL, 'w'},  {"rate", required_argument, NULL, 'r'},
	{"burst", required_argument, NULL, 'b'}, {}};

static int parse_quantity(struct weir_route_run *run, int option, const char *text)
{
	const char *why = NULL;
	int r = option == 'r' ? weir_rate_parse(text, strlen(text), &run->bytes_per_s, &why)
			      : weir_bytes_parse(text, strlen(text), &run->burst_bytes, &why);

	if (!r && option == 'r' && !run->bytes_per_s)
		why = "nothing would come through; weir route drain takes a container out";
	return why ? weir_diags_error(&run->diags, NULL, 0, 0, "%s '%s': %s",
				      option == 'r' ? "--rate" : "--burst", text, why)
		   : 0;
}

/* 1: usage. */
static int parse(struct weir_route_run *run, int argc, char **argv)
{
	int option, r = 0;

	while (!r && (option = getopt_long(argc, argv, "", known, NULL)) != -1) {
		if (!strchr(run->given, option))
			run->given[strlen(run->given)] = (char)option;
		if (option == 'R')
			run->replaces = true;
		else if (option == 's')
			run->is_same = true;
		else if (option == 'h')
			run->is_hosts = true;
		else if (option == 'W')
			r = weir_watch_interval("--watch", optarg, &run->diags, &run->interval_ns);
		else if (option == 'w')
			r = weir_cmd_duration("--wait", optarg, &run->diags, &run->wait_ns);
		else if (option == 'r' || option == 'b')
			r = parse_quantity(run, option, optarg);
		else
			return 1;
	}
	return r;
}

static const struct verb {
	const char *name;
	int (*run)(struct weir_route_run *run, char **operands);
	bool has_operands;
	bool may_go_without; /* although it takes them */
	const char *options; /* that it takes */
} verbs[] = {
	{"add", weir_route_add, true, false, "R"},
	{"del", weir_route_del, true, false, ""},
	{"revert", weir_route_revert, true, true, "s"},
	{"drain", weir_route_drain, true, false, "w"},
	{"undrain", weir_route_undrain, true, false, ""},
	{"set", weir_route_set, true, false, "rb"},
	{"unset", weir_route_unset, true, false, ""},
	{"list", weir_route_list, false, true, "hW"},
	{"export", weir_route_export, false, true, ""},
};

/* 1: usage. */
static int dispatch(struct weir_route_run *run, const char *name, char **operands)
{
	for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++) {
		const struct verb *verb = &verbs[i];

		if (strcmp(verb->name, name) != 0)
			continue;
		if (operands[0] ? !verb->has_operands : !verb->may_go_without)
			return 1;
		if (run->given[strspn(run->given, verb->options)])
			return 1;
		return weir_cmd_proxy_connect(run->cli, &run->diags, &run->fd)
			       ?: verb->run(run, operands);
	}
	return 1;
}

int weir_cmd_route(const struct weir_cli *cli, int argc, char **argv)
{
	struct weir_route_run run = {.cli = cli, .fd = -1};
	int r = parse(&run, argc, argv);
	int code;

	if (!r && optind == argc)
		r = 1;
	if (!r)
		r = dispatch(&run, argv[optind], argv + optind + 1);
	code = r == 1 ? weir_cmd_usage(argv[0]) : weir_cmd_end(&run.diags, r);
	closep(&run.fd);
	weir_diags_done(&run.diags);
	return code;
}
