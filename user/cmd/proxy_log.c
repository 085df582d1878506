/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Opening the proxy's log, at the start and after the file was moved away.
 *
 * Done as the proxy's own user, who has to be able to do it again. Others than the owner's group read
 * nothing: the log names clients.
 */
#include "cmd/proxy_log.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

static int open_file(const char *path)
{
	int fd = path ? open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY, 0640)
		      : fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 0);
	int error = errno;

	if (fd >= 0)
		return fd;
	fprintf(stderr, "weir: %s: %s\n", path ? path : "standard output", strerror(error));
	return -error;
}

int weir_cmd_log_open(const struct weir_proxy_settings *settings, struct weir_log_settings *ret_log)
{
	int fd = settings->log == WEIR_LOG_OFF ? -1 : open_file(settings->log_file);

	if (fd < 0 && settings->log != WEIR_LOG_OFF)
		return fd;
	*ret_log = (struct weir_log_settings){
		.fd = fd,
		.is_json = settings->log == WEIR_LOG_JSON,
		.lines_max = settings->log_max,
	};
	return 0;
}

void weir_cmd_log_reopen(const struct weir_proxy_settings *settings, struct weir_proxy *proxy)
{
	int fd;

	if (settings->log == WEIR_LOG_OFF || !settings->log_file)
		return;
	fd = open_file(settings->log_file);
	if (fd >= 0)
		weir_log_reopen(&proxy->log, fd);
	else
		fprintf(stderr, "weir: the log goes on in the old file\n");
}
