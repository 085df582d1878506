/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * weir proxy: configuration -> listeners -> hand-off -> privileges dropped -> workers.
 *
 * The privileged part ends before the first byte from the network is read: listeners are made and
 * handed to the kernel's hand-off, then the process becomes the configured user, without a way
 * back and without a bpf descriptor. SIGHUP reads the routes and opens the log anew, SIGTERM drains.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <grp.h>
#include <pwd.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "base/cleanup.h"
#include "cmd/cmd.h"
#include "cmd/endpoint.h"
#include "cmd/proxy_log.h"
#include "config/config.h"
#include "kernel/steer.h"
#include "proxy/proxy.h"

enum { ROUTES_FILES_MAX = 64 };

#define DRAIN_NS 30000000000ULL

struct options {
	char *listen[2]; /* by enum weir_protocol; NULL: a port of its own, behind the gate */
	char *routes[ROUTES_FILES_MAX];
	size_t routes_count;
	unsigned int workers;
	bool is_quiet;
};

/* Descriptors of both groups, one a worker. */
struct listeners {
	int fds[2][WEIR_WORKERS_MAX];
	unsigned int count;
};

static int fail(const char *what, int error)
{
	fprintf(stderr, "weir: %s: %s\n", what, strerror(-error));
	return WEIR_EXIT_FAILED;
}

static bool parse_count(const char *text, unsigned int max, unsigned int *ret_count)
{
	char *end;
	unsigned long count = strtoul(text, &end, 10);

	if (end == text || *end || count < 1 || count > max)
		return false;
	*ret_count = count;
	return true;
}

static int parse_options(int argc, char **argv, struct options *options)
{
	static const struct option known[] = {{"listen-http", required_argument, NULL, 'h'},
					      {"listen-tls", required_argument, NULL, 't'},
					      {"routes", required_argument, NULL, 'r'},
					      {"workers", required_argument, NULL, 'w'},
					      {"no-log", no_argument, NULL, 'q'},
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
		else if (option == 'r' && options->routes_count < ROUTES_FILES_MAX)
			options->routes[options->routes_count++] = optarg;
		else if (option != 'w' || !parse_count(optarg, WEIR_WORKERS_MAX, &options->workers))
			return -EINVAL;
	}
	return optind == argc ? 0 : -EINVAL;
}

/* `ADDRESS:PORT`, strictly. */
static int parse_listen(const char *text, __u32 *ret_address, __u16 *ret_port)
{
	const char *colon = strrchr(text, ':'), *why;
	unsigned int port;

	if (!colon || !parse_count(colon + 1, 65535, &port) ||
	    weir_address_parse(text, colon - text, ret_address, &why) < 0)
		return -EINVAL;
	*ret_port = port;
	return 0;
}

static int open_listeners(const struct options *options, struct listeners *listeners)
{
	for (int protocol = WEIR_HTTP; protocol <= WEIR_TLS; protocol++) {
		__u32 address = 0x7f000001;
		__u16 port = 0;
		int r;

		if (options->listen[protocol] &&
		    parse_listen(options->listen[protocol], &address, &port) < 0) {
			fprintf(stderr, "weir: '%s' is not ADDRESS:PORT\n",
				options->listen[protocol]);
			return -EINVAL;
		}
		r = weir_listener_open(address, port, listeners->count, listeners->fds[protocol]);
		if (r < 0) {
			fprintf(stderr, "weir: listen: %s\n", strerror(-r));
			return r;
		}
	}
	return 0;
}

/* What the policy says if there is one; with --routes, nothing but routes and defaults. */
static int load(const struct weir_cli *cli, const struct options *options,
		struct weir_config **ret_config)
{
	_cleanup_diags_ struct weir_diags diags = {0};
	struct weir_config *config = NULL;
	int r;

	if (!options->routes_count) {
		r = weir_config_load(cli->config_path, &diags, ret_config);
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

static void unload(struct weir_config **config, const struct options *options)
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

static void raise_descriptors(unsigned int connections)
{
	struct rlimit limit;
	rlim_t want = 4ULL * connections + 1024;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return;
	if (limit.rlim_max < want) {
		struct rlimit higher = {want, want};

		if (setrlimit(RLIMIT_NOFILE, &higher) == 0)
			return;
		want = limit.rlim_max;
	}
	limit.rlim_cur = want;
	setrlimit(RLIMIT_NOFILE, &limit);
}

/* The proxy reads what strangers send: no descriptor of it may change the gate. */
static void close_bpf_descriptors(void)
{
	DIR *dir = opendir("/proc/self/fd");
	const struct dirent *entry;

	while (dir && (entry = readdir(dir))) {
		char target[64];
		ssize_t size = readlinkat(dirfd(dir), entry->d_name, target, sizeof(target) - 1);

		if (size <= 0)
			continue;
		target[size] = 0;
		if (!strncmp(target, "anon_inode:bpf", strlen("anon_inode:bpf")))
			close((int)strtol(entry->d_name, NULL, 10));
	}
	if (dir)
		closedir(dir);
}

/* Become `user` for good. Returns 0 or a negative errno. */
static int drop_privileges(const char *user)
{
	const struct passwd *entry;

	close_bpf_descriptors();
	if (geteuid() == 0 && user) {
		errno = 0;
		entry = getpwnam(user);
		if (!entry)
			return errno ? -errno : -ENOENT;
		if (setgroups(0, NULL) < 0 ||
		    setresgid(entry->pw_gid, entry->pw_gid, entry->pw_gid) < 0 ||
		    setresuid(entry->pw_uid, entry->pw_uid, entry->pw_uid) < 0)
			return -errno;
	}
	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ? -errno : 0;
}

/* Tell systemd, if that is who started us (sd_notify(3)). */
static void notify(const char *state)
{
	const char *path = getenv("NOTIFY_SOCKET");
	struct sockaddr_un to = {.sun_family = AF_UNIX};
	_cleanup_close_ int fd = -1;

	if (!path || strlen(path) >= sizeof(to.sun_path))
		return;
	strcpy(to.sun_path, path);
	if (*path == '@')
		to.sun_path[0] = 0;
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd >= 0)
		sendto(fd, state, strlen(state), MSG_NOSIGNAL, (const struct sockaddr *)&to,
		       offsetof(struct sockaddr_un, sun_path) + strlen(path));
}

/* The table holds all of them that is needed; which files they came from stays known. */
static void forget_routes(struct weir_routes *routes)
{
	weir_arena_done(&routes->arena);
	free(routes->items);
	routes->items = NULL;
	routes->count = 0;
}

/*
 * Read the routes files anew: them alone, because the rest of the policy is not this user's to read.
 * What is wrong with them is said, and the old routes stay.
 */
static void reload(const struct weir_config *config, struct weir_proxy *proxy)
{
	_cleanup_diags_ struct weir_diags diags = {0};
	_cleanup_(weir_routes_done) struct weir_routes routes = {0};
	_cleanup_(weir_table_unref) struct weir_table *before = weir_proxy_table(proxy);
	struct weir_table *table;
	int r = weir_routes_load(config->routes.paths, config->routes.paths_count, &diags, &routes);

	weir_diags_print(&diags, stderr);
	if (!r)
		r = weir_table_new(&routes, before, config->default_bytes_per_s,
				   config->default_burst_bytes, &table);
	if (!r)
		weir_proxy_set_table(proxy, table);
	else
		fprintf(stderr, "weir: the routes stay as they were\n");
}

static int wait_for_signals(const struct weir_config *config, int signals, struct weir_proxy *proxy)
{
	struct signalfd_siginfo info;

	for (;;) {
		if (read(signals, &info, sizeof(info)) != sizeof(info)) {
			if (errno == EINTR)
				continue;
			return -errno;
		}
		if (info.ssi_signo != SIGHUP)
			return 0;
		notify("RELOADING=1");
		weir_cmd_log_reopen(&config->proxy, proxy);
		reload(config, proxy);
		notify("READY=1");
	}
}

static int block_signals(void)
{
	sigset_t set;

	/* splice(2) into a closed socket has no flag against it. */
	signal(SIGPIPE, SIG_IGN);
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	sigprocmask(SIG_BLOCK, &set, NULL);
	return signalfd(-1, &set, SFD_CLOEXEC);
}

/* Listeners behind the gate are the gate's to fill; those of --listen-* the kernel fills. */
static int hand_over(const struct weir_cli *cli, const struct options *options,
		     const struct listeners *listeners)
{
	_cleanup_diags_ struct weir_diags diags = {0};
	int r;

	if (options->listen[WEIR_HTTP] && options->listen[WEIR_TLS])
		return 0;
	r = weir_steer_listen(cli->instance, listeners->fds[WEIR_HTTP][0],
			      listeners->fds[WEIR_TLS][0], &diags);
	weir_diags_print(&diags, stderr);
	return r;
}

static int serve(const struct weir_cli *cli, const struct options *options,
		 struct weir_config *config, struct listeners *listeners)
{
	_cleanup_close_ int signals = block_signals();
	struct weir_proxy_limits limits = weir_proxy_limits_default;
	_cleanup_(weir_endpoint_stop) struct weir_endpoint *endpoint = NULL;
	struct weir_proxy *proxy = NULL;
	struct weir_log_settings log = {.fd = -1};
	struct weir_table *table;
	int r;

	if (signals < 0)
		return fail("signalfd", -errno);
	if (config->proxy.connections_max)
		limits.connections_max = config->proxy.connections_max;
	limits.connections_per_client = config->proxy.connections_per_client;
	limits.connections_per_container = config->proxy.connections_per_container;
	raise_descriptors(limits.connections_max);
	if (open_listeners(options, listeners) < 0 || hand_over(cli, options, listeners) < 0)
		return WEIR_EXIT_FAILED;
	r = drop_privileges(config->proxy.user);
	if (r < 0)
		return fail(config->proxy.user ? config->proxy.user : "privileges", r);
	if (options->is_quiet)
		config->proxy.log = WEIR_LOG_OFF;
	if (weir_cmd_log_open(&config->proxy, &log) < 0)
		return WEIR_EXIT_FAILED;
	r = weir_table_new(&config->routes, NULL, config->default_bytes_per_s,
			   config->default_burst_bytes, &table);
	forget_routes(&config->routes);
	if (!r)
		r = weir_proxy_start(&limits, table, listeners->fds[WEIR_HTTP],
				     listeners->fds[WEIR_TLS], listeners->count, &log, &proxy);
	if (r < 0)
		return fail("proxy", r);
	r = weir_cmd_endpoint(&config->proxy, proxy, &endpoint);
	if (r) {
		weir_proxy_stop(&proxy, 0);
		return WEIR_EXIT_FAILED;
	}
	notify("READY=1");
	r = wait_for_signals(config, signals, proxy);
	notify("STOPPING=1");
	/* Closed at once, so that no connection waits at a listener that nobody serves. */
	weir_proxy_drain(proxy, DRAIN_NS);
	for (unsigned int i = 0; i < listeners->count; i++) {
		closep(&listeners->fds[WEIR_HTTP][i]);
		closep(&listeners->fds[WEIR_TLS][i]);
	}
	weir_endpoint_stop(&endpoint);
	weir_proxy_stop(&proxy, DRAIN_NS);
	closep(&log.fd);
	return r < 0 ? fail("signals", r) : WEIR_EXIT_DONE;
}

static unsigned int count_workers(const struct options *options, const struct weir_config *config)
{
	long cores = sysconf(_SC_NPROCESSORS_ONLN);
	unsigned int count = options->workers        ? options->workers
			     : config->proxy.workers ? config->proxy.workers
						     : (unsigned int)(cores > 0 ? cores : 1);

	return count < WEIR_WORKERS_MAX ? count : WEIR_WORKERS_MAX;
}

int weir_cmd_proxy(const struct weir_cli *cli, int argc, char **argv)
{
	struct options options = {0};
	struct listeners listeners;
	struct weir_config *config = NULL;
	int exit_code;

	memset(&listeners, -1, sizeof(listeners));
	if (parse_options(argc, argv, &options) < 0) {
		fprintf(stderr, "usage: weir proxy [--listen-http ADDR:PORT] "
				"[--listen-tls ADDR:PORT] [--routes FILE]... [--workers N] "
				"[--no-log]\n");
		return WEIR_EXIT_USAGE;
	}
	if (load(cli, &options, &config) < 0)
		return WEIR_EXIT_FAILED;
	listeners.count = count_workers(&options, config);
	exit_code = serve(cli, &options, config, &listeners);
	unload(&config, &options);
	return exit_code;
}
