/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * weir proxy, by parts: what was asked for, its listeners, what it gives up, what it then serves.
 * Private to user/cmd.
 */
#ifndef WEIR_CMD_PROXY_H
#define WEIR_CMD_PROXY_H

#include "cmd/cmd.h"
#include "cmd/common.h"
#include "config/config.h"
#include "config/parse.h"
#include "control/control.h"
#include "kernel/paths.h"
#include "proxy/proxy.h"
#include "routes/journal.h"
#include "routes/overlay.h"

enum { WEIR_PROXY_ROUTES_FILES_MAX = 64 };

struct weir_proxy_options {
	char *listen[2]; /* by enum weir_protocol; NULL: a port of its own, behind the gate */
	char *routes[WEIR_PROXY_ROUTES_FILES_MAX];
	size_t routes_count;
	unsigned int workers;
	bool is_quiet;
	bool takes_over;
	bool is_background;
};

/* What a proxy knows of the one that it takes over from, or of the one that takes over from it. */
struct weir_takeover {
	int giver_fd;    /* the new one's connection to the old one; -1: none */
	int giver_pidfd; /* by which it learns of the old one's death; -1: cannot */
	const struct weir_control_conn *taker;
	__u64 taker_number; /* tells whether `taker` is still the same connection */
	pid_t taker_pid;
	bool is_handed_over;
};

/* The routes in force: files, what changed since, and the journal of that. The main thread's. */
struct weir_proxy_routes {
	int folder_fd; /* of the journal; -1: none, and no changes either */
	struct weir_routes_journal journal;
	struct weir_changes changes;
	struct weir_routes live;
	struct weir_table *base; /* of the files alone */
	__u64 number;            /* one more with each change and each reload */
};

/* One run of the proxy, from its options to its end. */
struct weir_proxy_run {
	const struct weir_cli *cli;
	struct weir_proxy_options options;
	struct weir_listeners listeners;
	struct weir_config *config;
	struct weir_paths paths;
	int lock_fd;    /* -1: none, run without privileges */
	int control_fd; /* the listener, until the server has it; -1: none */
	int metrics_fd; /* likewise, until the endpoint has it */
	int notify_fd;  /* as weir_notify_open returns it */
	struct weir_log_settings log;
	struct weir_proxy *proxy;
	unsigned int workers;
	struct weir_takeover takeover;
	struct {
		int control_fd, metrics_fd; /* their server's, for the next proxy to share */
	} shared;
	int ready_fd; /* written to when it serves; -1: nobody waits for that */
	struct weir_proxy_routes routes;
	__u64 since_s; /* CLOCK_REALTIME */
};

/* Print `what: the error's text`. Returns WEIR_EXIT_FAILED. */
int weir_proxy_fail(const char *what, int error);

/* ---- proxy_options.c ------------------------------------------------------------------- */

/* 0, or -EINVAL: usage. */
int weir_proxy_options_parse(int argc, char **argv, struct weir_proxy_options *options);

/* What the policy says if there is one; with --routes, nothing but routes and defaults. */
int weir_proxy_config_load(const struct weir_cli *cli, const struct weir_proxy_options *options,
			   struct weir_config **ret_config);
void weir_proxy_config_free(struct weir_config **config, const struct weir_proxy_options *options);

/* As many workers as asked for, by option or policy, else one a core. */
unsigned int weir_proxy_workers(const struct weir_proxy_options *options,
				const struct weir_config *config);

/* ---- proxy_listeners.c ----------------------------------------------------------------- */

/* `ADDRESS:PORT`, strictly. Host order. Returns 0 or -EINVAL. */
int weir_listen_parse(const char *text, __u32 *ret_address, __u16 *ret_port);

/* `count` of each protocol, none of them open yet. */
void weir_listeners_init(struct weir_listeners *listeners, unsigned int count);

/* Open both groups where the options say, and give those behind the gate to its hand-off. */
int weir_listeners_open(const struct weir_cli *cli, const struct weir_proxy_options *options,
			struct weir_listeners *listeners);
void weir_listeners_close(struct weir_listeners *listeners);

/* ---- proxy_privileges.c ---------------------------------------------------------------- */

/*
 * Be the only proxy of the instance, and listen at its control socket. Who is not root and may
 * not write there runs without, and says so. Prints what fails.
 */
int weir_proxy_claim(struct weir_proxy_run *run);

/*
 * Open the folder that the proxy's user keeps live changes in, and nobody else reads or writes; not
 * where there is no control socket to change anything by. Prints what fails.
 */
int weir_proxy_open_state(struct weir_proxy_run *run);

/* As many descriptors as connections need, as far as that is allowed. */
void weir_proxy_raise_descriptors(unsigned int connections);

/* Become the configured user for good, in a sandbox. 0, or a negative errno that has been told. */
int weir_proxy_drop_privileges(const struct weir_proxy_run *run);

/* ---- proxy_notify.c -------------------------------------------------------------------- */

/* A way to tell systemd, if that is who started us, or -1. To be opened before the sandbox is. */
int weir_notify_open(void);

/* Tell it (sd_notify(3)); -1: nobody. */
void weir_notify(int fd, const char *state);

/* ---- proxy_routes.c -------------------------------------------------------------------- */

/* Read the journal and make the table in force. Prints what fails; 0 or a negative errno. */
int weir_proxy_routes_start(struct weir_proxy_run *run, struct weir_table **ret_table);
void weir_proxy_routes_done(struct weir_proxy_routes *routes);

/*
 * Carry out a request: on the disk first, then in force. Returns 0, or a negative errno with a
 * diagnostic and nothing changed.
 */
int weir_proxy_routes_change(struct weir_proxy_run *run, const struct weir_changes *request,
			     struct weir_diags *diags);

/* Read the routes files anew, and put the live changes on top. What is wrong is said. */
void weir_proxy_routes_reload(struct weir_proxy_run *run);

/* The routes in force: the files', and what changed since. */
static inline struct weir_overlay weir_proxy_overlay(const struct weir_proxy_run *run)
{
	return (struct weir_overlay){&run->config->routes, &run->routes.live};
}

/* ---- proxy_serve.c, proxy_control.c ---------------------------------------------------- */

/* Serve until SIGTERM or SIGINT, then drain. Returns the exit code. */
int weir_proxy_serve(struct weir_proxy_run *run);

/* The verbs of the control socket; their context is the run. */
extern const struct weir_control_verb weir_proxy_verbs[];

/* Those of proxy_control_routes.c and proxy_control_list.c. */
weir_control_handler weir_proxy_list, weir_proxy_add, weir_proxy_del, weir_proxy_revert,
	weir_proxy_drain_container, weir_proxy_set_rate;

/* Where the control socket of an instance is. Returns `to`. */
char *weir_proxy_socket_path(const struct weir_paths *paths, char to[static 2 * WEIR_PATH_MAX]);

#endif
