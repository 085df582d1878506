/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * weir metrics: the gate's state and counters in Prometheus' text format, once. No daemon: a
 * timer runs it with -o for node_exporter's textfile collector, which must never read half a file.
 */
#include "report/metrics.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "cmd/common.h"
#include "cmd/files.h"
#include "cmd/progress.h"
#include "kernel/counts.h"
#include "kernel/pins.h"
#include "kernel/status.h"

enum { FILE_PATH_MAX = 4096 };

/* The sizes of the denylists; their names stay the configuration's. free(3) it. */
static struct weir_metrics_list *sizes_of(const struct weir_config *config)
{
	struct weir_metrics_list *lists = calloc(config->denylists_count ?: 1, sizeof(*lists));

	for (size_t i = 0; lists && i < config->denylists_count; i++) {
		lists[i].name = config->denylists[i].name;
		lists[i].prefixes = config->denylists[i].count;
	}
	return lists;
}

static int read_gate(const struct weir_paths *paths, const struct weir_cli *cli,
		     struct weir_diags *diags, struct weir_status *status,
		     struct weir_counts_report *counts)
{
	_cleanup_maps_ struct weir_maps maps = WEIR_MAPS_NONE;
	int r = weir_status_read(paths, cli->instance, diags, status);

	if (r || !status->is_loaded)
		return r;
	return weir_pins_need(paths, diags, &maps) ?: weir_counts_read(&maps, diags, counts);
}

/* No gate is a state like another: a monitor has to see it. */
static int make(const struct weir_cli *cli, struct weir_diags *diags, char **ret_text)
{
	_cleanup_(weir_config_free) struct weir_config *config = NULL;
	_cleanup_counts_ struct weir_counts_report counts = {};
	_cleanup_free_ struct weir_metrics_list *lists = NULL;
	_cleanup_status_ struct weir_status status = {};
	struct weir_metrics metrics = {
		.version = WEIR_VERSION, .status = &status, .counts = &counts};
	struct weir_paths paths;
	int r = weir_paths_make(cli->instance, diags, &paths)
			?: read_gate(&paths, cli, diags, &status, &counts);

	if (r)
		return r;
	if (status.has_policy)
		status.files = weir_cmd_files(cli->config_path, status.fingerprint, &config);
	if (config) {
		lists = sizes_of(config);
		metrics.lists = lists;
		metrics.lists_count = lists ? config->denylists_count : 0;
	}
	*ret_text = weir_metrics_text(&metrics);
	return *ret_text ? 0 : weir_diags_error(diags, NULL, 0, 0, "out of memory");
}

/* A device or a pipe, such as /dev/stdout, stays what it is. */
static int write_special(const char *path, const char *text, struct weir_diags *diags)
{
	FILE *to = fopen(path, "we");
	int r = to && fputs(text, to) >= 0 ? 0 : -errno;

	if (to && fclose(to) && !r)
		r = -errno;
	return r ? weir_diags_error(diags, path, 0, 0, "cannot write: %s", strerror(-r)) : 0;
}

/* Beside the file, then in its place: a reader sees the old text or the new one, whole. */
static int replace_file(const char *path, const char *text, struct weir_diags *diags)
{
	char beside[FILE_PATH_MAX];
	_cleanup_fclose_ FILE *to = NULL;
	int size = snprintf(beside, sizeof(beside), "%s.%ld", path, (long)getpid());
	struct stat there;
	bool is_written;

	if (!stat(path, &there) && !S_ISREG(there.st_mode))
		return write_special(path, text, diags);
	if (size < 0 || size >= FILE_PATH_MAX)
		return weir_diags_error(diags, path, 0, 0, "the name is too long");
	to = fopen(beside, "wxe");
	if (!to)
		return weir_diags_error(diags, beside, 0, 0, "cannot create: %s", strerror(errno));
	is_written = fputs(text, to) >= 0 && !fchmod(fileno(to), 0644) && !fflush(to);
	if (is_written && !rename(beside, path))
		return 0;
	weir_diags_error(diags, path, 0, 0, "cannot write: %s", strerror(errno));
	unlink(beside);
	return -EIO;
}

int weir_cmd_metrics(const struct weir_cli *cli, int argc, char **argv)
{
	_cleanup_diags_ struct weir_diags diags = {};
	_cleanup_free_ char *text = NULL;
	const char *path = NULL;
	int option, r;

	while ((option = getopt(argc, argv, "o:")) != -1) {
		if (option != 'o')
			return weir_cmd_usage(argv[0]);
		path = optarg;
	}
	if (optind < argc || cli->json)
		return weir_cmd_usage(argv[0]);
	weir_progress_say("reading the gate and the files");
	r = make(cli, &diags, &text);
	if (!r && path && strcmp(path, "-") != 0)
		r = replace_file(path, text, &diags);
	else if (!r)
		r = weir_cmd_print(take_pointer(text), &diags);
	return weir_cmd_end(&diags, r);
}
