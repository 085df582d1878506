/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What every command is given and what it answers. Only the files of this folder print.
 */
#ifndef WEIR_CMD_CMD_H
#define WEIR_CMD_CMD_H

#include <stdbool.h>

/* X(IDENTIFIER, code, "meaning") */
#define WEIR_EXIT_LIST(X)                                                                          \
	X(DONE, 0, "done")                                                                         \
	X(FAILED, 1, "failed")                                                                     \
	X(USAGE, 2, "usage")                                                                       \
	X(DRIFT, 3, "drift")

enum weir_exit {
#define X(id, code, text) WEIR_EXIT_##id = code,
	WEIR_EXIT_LIST(X)
#undef X
};

/* The options that stand before the command, or anywhere after it. */
struct weir_cli {
	const char *config_path; /* -c FILE; /etc/weir/weir.yaml */
	/*
	 * -I NAME: which gate, where a machine has several, one a network namespace. Its pins are
	 * in /sys/fs/bpf/NAME, its lock and socket in /run/NAME, what survives a reboot in
	 * /var/lib/NAME. `weir` by default.
	 */
	const char *instance;
	bool json; /* -j */
};

/*
 * A command: argv[0] is its name. Returns the exit code. One X(name, function, "arguments",
 * "what it does") line each in WEIR_COMMAND_LIST, in the order that `weir help` prints.
 */
typedef int weir_command(const struct weir_cli *cli, int argc, char **argv);

#define WEIR_COMMAND_LIST(X)                                                                       \
	X(init, weir_cmd_init, "[REGION]", "propose a weir.yaml from this machine")                \
	X(check, weir_cmd_check, "", "read every file, report every error, change nothing")        \
	X(plan, weir_cmd_plan, "", "what apply would change")                                      \
	X(apply, weir_cmd_apply, "[--lists] [--try TIME] [--confirmed] [--force]",                 \
	  "make the kernel match the files")                                                       \
	X(confirm, weir_cmd_confirm, "", "keep what apply or attach --try has")                    \
	X(attach, weir_cmd_attach, "[-m MODE] [--try TIME | --boot] [IFACE...]",                   \
	  "filter what interfaces receive")                                                        \
	X(detach, weir_cmd_detach, "[--purge | IFACE...]", "filter it no longer")                  \
	X(status, weir_cmd_status, "[--watch]", "what is loaded, and where")                       \
	X(deny, weir_cmd_deny, "add|del|list|why|flush ...", "ban sources at once, or ask why")    \
	X(allow, weir_cmd_allow, "add|del|list|flush ...", "release sources at once")              \
	X(counts, weir_cmd_counts, "[-a] [--watch] [--sources]",                                   \
	  "packets by reason and by destination")                                                  \
	X(top, weir_cmd_top, "[-d SECONDS] [-n COUNT]", "the same, live, and who sends it")        \
	X(capture, weir_cmd_capture, "[--reason SLUG] [-w FILE]...", "show packets and why")       \
	X(metrics, weir_cmd_metrics, "[-o FILE]", "the gate's metrics, for Prometheus")            \
	X(doctor, weir_cmd_doctor, "[IFACE...]", "what this machine allows, and what mends it")    \
	X(proxy, weir_cmd_proxy, "[--takeover] [--routes FILE]...", "the splice proxy")            \
	X(route, weir_cmd_route, "add|del|drain|set|list|export ...", "a running proxy's routes")  \
	X(verify, weir_cmd_verify, "", "does the kernel hold what the files say?")                 \
	X(explain, weir_cmd_explain, "SRC DST:PORT | --frame HEX|FILE",                            \
	  "judge a packet, name the line")                                                         \
	X(complete, weir_cmd_complete, "-- WORD...", "what a shell may complete the last word to") \
	X(version, weir_cmd_version, "", "print the version")

#define X(name, function, arguments, text) weir_command function;
WEIR_COMMAND_LIST(X)
#undef X

#endif
