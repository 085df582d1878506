/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * weir proxy's options -> what is asked for, and the configuration that goes with it.
 *
 * With --routes there is no weir.yaml: a proxy for tests and for a look, with the platform's limits
 * and nothing else. That configuration is made here and freed here, because weir_config_free() is
 * for those that were read whole.
 */
#include "cmd/proxy.h"

#include <errno.h>
#include <string.h>

static bool parse_count(const char *text, unsigned int max, unsigned int *ret_count)
{
	char *end;
	unsigned long count = strtoul(text, &end, 10);

	if (end == text || *end || count < 1 || count > max)
		return false;
	*ret_count = count;
	return true;
}

int weir_proxy_options_parse(int argc, char **argv, struct weir_proxy_options *options)
{
	static const struct option known[] = {{"listen-http", required_argument, NULL, 'h'},
					      {"listen-tls", required_argument, NULL, 't'},
					      {"routes", required_argument, NULL, 'r'},
					      {"workers", required_argument, NULL, 'w'},
					      {"no-log", no_argument, NULL, 'q'},
					      {"takeover", no_argument, NULL, 'o'},
					      {"background", no_argument, NULL, 'b'},
					      {0}};
	int option;

	optind = 1;
	while ((option = getopt_long(argc, argv, "", known, NULL)) >= 0) {
		if (option == 'h')
			options->listen[WEIR_HTTP] = optarg;
		else if (option == 't')
			options->listen[WEIR_TLS] = optarg;
		else if (option == 'q')
			options->is_quiet = true;
		else if (option == 'o')
			options->takes_over = true;
		else if (option == 'b')
			options->is_background = true;
		else if (option == 'r' && options->routes_count < WEIR_PROXY_ROUTES_FILES_MAX)
			options->routes[options->routes_count++] = optarg;
		else if (option != 'w' || !parse_count(optarg, WEIR_WORKERS_MAX, &options->workers))
			return -EINVAL;
	}
	return optind == argc ? 0 : -EINVAL;
}

int weir_proxy_config_load(const struct weir_cli *cli, const struct weir_proxy_options *options,
			   struct weir_config **ret_config)
{
	_cleanup_diags_ struct weir_diags diags = {0};
	struct weir_config *config = NULL;
	int r;

	if (!options->routes_count) {
		r = weir_config_load(cli->config_path, &diags, ret_config);
		if (!r && !(*ret_config)->routes.paths_count && !options->listen[WEIR_HTTP] &&
		    !options->listen[WEIR_TLS])
			weir_diags_warning(&diags, cli->config_path, 0, 0,
					   "there is no `proxy: routes:`, so the gate hands "
					   "nothing to this proxy");
	} else {
		config = calloc(1, sizeof(*config));
		if (!config)
			return -ENOMEM;
		config->default_bytes_per_s = WEIR_DEFAULT_RATE_BYTES_PER_S;
		config->default_burst_bytes = WEIR_DEFAULT_BURST_BYTES;
		r = weir_routes_load(options->routes, options->routes_count, &diags,
				     &config->routes);
		if (r < 0)
			free(config);
		else
			*ret_config = config;
	}
	weir_diags_print(&diags, stderr);
	return r;
}

void weir_proxy_config_free(struct weir_config **config, const struct weir_proxy_options *options)
{
	if (!options->routes_count) {
		weir_config_free(config);
		return;
	}
	if (*config)
		weir_routes_done(&(*config)->routes);
	freep(config);
	*config = NULL;
}

unsigned int weir_proxy_workers(const struct weir_proxy_options *options,
				const struct weir_config *config)
{
	long cores = sysconf(_SC_NPROCESSORS_ONLN);
	unsigned int count = options->workers        ? options->workers
			     : config->proxy.workers ? config->proxy.workers
						     : (unsigned int)(cores > 0 ? cores : 1);

	return count < WEIR_WORKERS_MAX ? count : WEIR_WORKERS_MAX;
}
