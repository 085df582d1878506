/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * weir: global options -> the command's file. Options may stand before or after the command,
 * as long as they come before its own arguments' `--`.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "cmd/common.h"
#include "cmd/privileges.h"
#include "kernel/paths.h"

static const struct command {
	const char *name;
	weir_command *run;
	const char *arguments;
	const char *text;
} commands[] = {
#define X(name, function, arguments, text) {#name, function, arguments, text},
	WEIR_COMMAND_LIST(X)
#undef X
};

enum { COMMANDS = sizeof(commands) / sizeof(commands[0]) };

static void print_usage(FILE *to)
{
	fputs("usage: weir [-c FILE] [-I INSTANCE] [-j] COMMAND ...\n\n", to);
	for (int i = 0; i < COMMANDS; i++) {
		int width = fprintf(to, "  %s %s", commands[i].name, commands[i].arguments);

		fprintf(to, "%*s%s\n", width < 38 ? 38 - width : 1, "", commands[i].text);
	}
	fputs("\n  -c FILE      the configuration; " WEIR_SYSCONFDIR "/weir/weir.yaml\n"
	      "  -I INSTANCE  which gate, where a machine has several; weir\n"
	      "  -j           JSON, for every command that reads\n"
	      "\nweir COMMAND --help says how that is used; man weir has the rest\n"
	      "exit:",
	      to);
#define X(id, code, text) fprintf(to, "%s %d %s", (code) ? "," : "", code, text);
	WEIR_EXIT_LIST(X)
#undef X
	fputc('\n', to);
}

/*
 * Take the global options out of argv, wherever they stand before a `--`.
 * Returns the new argc, or -1, with a message, when an option lacks its value.
 */
static int take_options(int argc, char **argv, struct weir_cli *cli)
{
	int kept = 1, i = 1;

	for (; i < argc && strcmp(argv[i], "--"); i++) {
		const char **value = !strcmp(argv[i], "-c")   ? &cli->config_path
				     : !strcmp(argv[i], "-I") ? &cli->instance
							      : NULL;
		if (value && i + 1 == argc) {
			fprintf(stderr, "weir: %s needs a value\n", argv[i]);
			return -1;
		}
		if (value)
			*value = argv[++i];
		else if (!strcmp(argv[i], "-j"))
			cli->json = true;
		else
			argv[kept++] = argv[i];
	}
	while (i < argc)
		argv[kept++] = argv[i++];
	argv[kept] = NULL;
	return kept;
}

static int refuse_command(const char *name)
{
	char shown[128];

	weir_text_escape(name, strlen(name), shown, sizeof(shown));
	for (int i = 0; i < COMMANDS; i++) {
		if (weir_text_is_near(name, commands[i].name)) {
			fprintf(stderr, "weir: no command '%s': is it '%s'?\n", shown,
				commands[i].name);
			return WEIR_EXIT_USAGE;
		}
	}
	fprintf(stderr, "weir: no command '%s'; weir help lists them\n", shown);
	return WEIR_EXIT_USAGE;
}

static bool is_help(const char *word)
{
	return !strcmp(word, "--help") || !strcmp(word, "-h");
}

/* `help COMMAND`, or words that end in --help, unless it is an option's value or behind a `--`. */
static bool asks_for_help(int argc, char **argv)
{
	for (int i = 1; i < argc; i++)
		if (!strcmp(argv[i], "--"))
			return false;
	return !strcmp(argv[1], "help") ||
	       (argc > 2 && is_help(argv[argc - 1]) && *argv[argc - 2] != '-');
}

/* The command, or help about it or about all. */
static int run(const struct weir_cli *cli, int argc, char **argv)
{
	bool is_asked = asks_for_help(argc, argv);
	const char *name = is_asked && !strcmp(argv[1], "help") && argc > 2 ? argv[2] : argv[1];

	if (!strcmp(name, "help") || is_help(name)) {
		print_usage(stdout);
		return WEIR_EXIT_DONE;
	}
	weir_privileges_trim(!strcmp(name, "proxy"));
	for (int i = 0; i < COMMANDS; i++) {
		if (strcmp(name, commands[i].name) != 0)
			continue;
		if (!is_asked)
			return commands[i].run(cli, argc - 1, argv + 1);
		weir_cmd_help(name, commands[i].text);
		return WEIR_EXIT_DONE;
	}
	return refuse_command(name);
}

/*
 * Where standard input, output or error is closed, the next file or socket would take its place,
 * and be sent what is printed. What is opened here can be neither read nor written.
 */
static void fill_standard_descriptors(void)
{
	int fd;

	do
		fd = open("/", O_PATH);
	while (fd >= 0 && fd <= STDERR_FILENO);
	closep(&fd);
}

int main(int argc, char **argv)
{
	struct weir_cli cli = {.config_path = WEIR_SYSCONFDIR "/weir/weir.yaml",
			       .instance = "weir"};
	_cleanup_diags_ struct weir_diags diags = {};
	struct weir_paths paths;
	int code;

	fill_standard_descriptors();
	argc = take_options(argc, argv, &cli);
	if (argc == 1)
		print_usage(stderr);
	if (argc < 2)
		return WEIR_EXIT_USAGE;
	if (weir_paths_make(cli.instance, &diags, &paths)) {
		weir_diags_print(&diags, stderr);
		return WEIR_EXIT_USAGE;
	}
	code = run(&cli, argc, argv);
	/* What was said has to have arrived, whichever command it was. */
	return code == WEIR_EXIT_DONE ? weir_cmd_end(&diags, 0) : code;
}
