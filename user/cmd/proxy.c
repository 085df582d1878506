/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * weir proxy: configuration -> listeners -> hand-off -> privileges dropped -> workers.
 *
 * The privileged part ends before the first byte from the network is read: listeners and the
 * control socket are made, then the process becomes the configured user, without a way back and
 * without a bpf descriptor.
 */
#include "cmd/proxy.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

int weir_proxy_fail(const char *what, int error)
{
	fprintf(stderr, "weir: %s: %s\n", what, strerror(-error));
	return WEIR_EXIT_FAILED;
}

/*
 * Serve, in a child with --background: that is no daemon's trick, but how a service manager's
 * reload gets to know that it is over. The child reports by its end of a pipe, or by ending. A
 * grandchild, in fact: when it says who it is, it is the service manager's own child. A process
 * that is not, systemd neither waits for when it stops it nor notices when it dies.
 */
static int run_it(struct weir_proxy_run *run)
{
	int ends[2];
	pid_t child;
	char ready;

	if (!run->options.is_background)
		return weir_proxy_serve(run);
	if (pipe2(ends, O_CLOEXEC))
		return weir_proxy_fail("pipe", -errno);
	child = fork();
	if (child == 0) {
		close(ends[0]);
		child = fork();
		if (child)
			_exit(child < 0 ? WEIR_EXIT_FAILED : WEIR_EXIT_DONE);
		setsid();
		run->ready_fd = ends[1];
		return weir_proxy_serve(run);
	}
	close(ends[1]);
	if (child > 0)
		waitpid(child, NULL, 0);
	if (child > 0 && read(ends[0], &ready, 1) == 1)
		return WEIR_EXIT_DONE;
	return child < 0 ? weir_proxy_fail("fork", -errno) : WEIR_EXIT_FAILED;
}

int weir_cmd_proxy(const struct weir_cli *cli, int argc, char **argv)
{
	struct weir_proxy_run run = {
		.cli = cli,
		.lock_fd = -1,
		.control_fd = -1,
		.metrics_fd = -1,
		.notify_fd = -1,
		.ready_fd = -1,
		.takeover.giver_fd = -1,
		.takeover.giver_pidfd = -1,
		.shared = {-1, -1},
		.log.fd = -1,
		.routes = {.folder_fd = -1, .journal = WEIR_ROUTES_JOURNAL_NONE},
	};
	int exit_code;

	if (weir_proxy_options_parse(argc, argv, &run.options) < 0)
		return weir_cmd_usage(argv[0]);
	if (weir_proxy_config_load(cli, &run.options, &run.config) < 0)
		return WEIR_EXIT_FAILED;
	run.workers = weir_proxy_workers(&run.options, run.config);
	weir_listeners_init(&run.listeners, run.workers);
	exit_code = run_it(&run);
	weir_listeners_close(&run.listeners);
	weir_proxy_routes_done(&run.routes);
	closep(&run.log.fd);
	closep(&run.notify_fd);
	closep(&run.ready_fd);
	closep(&run.takeover.giver_fd);
	closep(&run.takeover.giver_pidfd);
	closep(&run.metrics_fd);
	closep(&run.control_fd);
	closep(&run.lock_fd);
	weir_proxy_config_free(&run.config, &run.options);
	return exit_code;
}
