/* SPDX-License-Identifier: GPL-2.0-only */
/* weir attach: put the loaded gate on interfaces. Says in which mode, and shared or not. */
#include "kernel/attach.h"

#include <stdio.h>
#include <string.h>

#include "cmd/common.h"
#include "cmd/progress.h"
#include "config/config.h"
#include "kernel/boot.h"
#include "kernel/lock.h"

enum { MODE_OF_CONFIG = -1 };

static int parse_mode(const char *text)
{
	return !strcmp(text, "auto")     ? WEIR_MODE_AUTO
	       : !strcmp(text, "native") ? WEIR_MODE_NATIVE
	       : !strcmp(text, "skb")    ? WEIR_MODE_SKB
					 : -2;
}

/* What the command line asks for. */
struct wish {
	int mode; /* enum weir_mode or MODE_OF_CONFIG */
	bool is_forced;
	bool is_boot; /* with the best policy that there is, and in any mode rather than not */
	unsigned long long try_ns;
};

static int attach_one(const struct weir_paths *paths, const char *interface,
		      enum weir_mode configured, const struct wish *wish, struct weir_diags *diags)
{
	struct weir_attached attached;
	struct weir_attach_options options = {
		.mode = wish->mode == MODE_OF_CONFIG ? configured : (enum weir_mode)wish->mode,
		.is_forced = wish->is_forced,
		.try_ns = wish->try_ns,
		.wait_ms = wish->is_boot ? WEIR_BOOT_WAIT_MS : WEIR_LOCK_WAIT_MS,
	};
	int r;

	if (wish->is_boot && options.mode == WEIR_MODE_NATIVE)
		options.mode = WEIR_MODE_AUTO; /* slow, not open */
	weir_progress_say("attaching");
	r = weir_attach_with(paths, interface, &options, diags, &attached);
	weir_progress_done();
	if (r)
		return r;
	printf("%s: %s mode%s%s%s, %s%s%s%s%s\n", interface, weir_mode_name(attached.mode),
	       *attached.why ? " (" : "", attached.why, *attached.why ? ")" : "",
	       attached.is_shared ? "shared, by libxdp's dispatcher" : "by a bpf link, not shared",
	       *attached.why_alone ? ": " : "", attached.why_alone,
	       attached.was_attached ? "; it was attached already" : "",
	       attached.is_on_trial
		       ? "; on trial: receives everything again unless weir confirm comes"
	       : wish->try_ns ? " for good, and goes on no trial"
			      : "");
	return 0;
}

/*
 * The interfaces of weir.yaml, each in its own mode unless `mode` says otherwise. One that is not
 * there leaves no other open.
 */
static int attach_configured(const struct weir_paths *paths, const struct weir_config *config,
			     const struct wish *wish, struct weir_diags *diags)
{
	int r = 0;

	if (!config->interfaces_count)
		return weir_diags_error(diags, config->path, 0, 0, "names no interface");
	for (size_t i = 0; i < config->interfaces_count; i++)
		r = attach_one(paths, config->interfaces[i].name, config->interfaces[i].mode, wish,
			       diags)
			    ?: r;
	return r;
}

/* What weir.yaml says about an interface that was named; it need not say anything. */
static enum weir_mode configured_mode(const struct weir_config *config, const char *interface)
{
	for (size_t i = 0; config && i < config->interfaces_count; i++)
		if (!strcmp(config->interfaces[i].name, interface))
			return config->interfaces[i].mode;
	return WEIR_MODE_AUTO;
}

/* `config` is NULL where weir.yaml has errors: then each goes in auto mode. */
static int attach_named(const struct weir_paths *paths, const struct weir_config *config,
			char **names, const struct wish *wish, struct weir_diags *diags)
{
	int r = 0;

	for (; *names; names++) {
		enum weir_mode mode = wish->mode == MODE_OF_CONFIG ? configured_mode(config, *names)
								   : WEIR_MODE_AUTO;

		r = attach_one(paths, *names, mode, wish, diags) ?: r;
	}
	return r;
}

/* Says when it is not the files' policy that a machine came up with. */
static int boot(const struct weir_paths *paths, const struct weir_cli *cli,
		struct weir_diags *diags, struct weir_config **ret_config)
{
	enum weir_boot boot;
	int r = weir_boot(paths, cli->config_path, diags, &boot, ret_config);

	weir_progress_done();
	if (!r && boot == WEIR_BOOT_CONFIRMED)
		fputs("weir: the files do not check: the last confirmed policy is in force\n",
		      stderr);
	if (!r && boot == WEIR_BOOT_MANAGEMENT)
		fputs("weir: neither the files nor a copy of confirmed ones check: management "
		      "only, everything else is dropped\n",
		      stderr);
	return r;
}

/* Interfaces that are named need no file; what weir.yaml says of them is used if it can be. */
static int load(const struct weir_cli *cli, bool is_needed, struct weir_diags *diags,
		struct weir_config **ret_config)
{
	_cleanup_diags_ struct weir_diags unread = {};
	int r = weir_config_load(cli->config_path, is_needed ? diags : &unread, ret_config);

	return is_needed ? r : 0;
}

static int parse(int argc, char **argv, struct weir_diags *diags, struct wish *wish)
{
	static const struct option known[] = {{"boot", no_argument, NULL, 'b'},
					      {"force", no_argument, NULL, 'F'},
					      {"try", required_argument, NULL, 't'},
					      {}};
	int option, r = 0;

	while (!r && (option = getopt_long(argc, argv, "m:", known, NULL)) != -1) {
		if (option == 'F')
			wish->is_forced = true;
		else if (option == 'b')
			wish->is_boot = true;
		else if (option == 't')
			r = weir_cmd_duration("--try", optarg, diags, &wish->try_ns);
		else
			wish->mode = option == 'm' ? parse_mode(optarg) : -2;
		if (wish->mode < MODE_OF_CONFIG)
			return 1;
	}
	return r ?: wish->is_boot && wish->try_ns;
}

int weir_cmd_attach(const struct weir_cli *cli, int argc, char **argv)
{
	__attribute__((cleanup(weir_config_free))) struct weir_config *config = NULL;
	struct wish wish = {.mode = MODE_OF_CONFIG};
	_cleanup_diags_ struct weir_diags diags = {};
	struct weir_paths paths;
	int r = parse(argc, argv, &diags, &wish);

	if (r > 0)
		return weir_cmd_usage(argv[0]);
	r = r ?: weir_paths_make(cli->instance, &diags, &paths);
	weir_progress_say("reading the files");
	if (!r && wish.is_boot)
		r = boot(&paths, cli, &diags, &config);
	if (!r && !config)
		r = load(cli, optind == argc, &diags, &config);
	if (!r && optind < argc)
		r = attach_named(&paths, config, argv + optind, &wish, &diags);
	else if (!r && (config->interfaces_count || !wish.is_boot))
		r = attach_configured(&paths, config, &wish, &diags);
	return weir_cmd_end(&diags, r);
}
