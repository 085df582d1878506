/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * weir route: the verbs that change routes. Operands -> one request, whole or not at all.
 *
 * Operands are put together as lines of a routes file and sent as text: the proxy reads and checks
 * them, so that a live change and a file are held to the same rules. `drain --wait` then asks until
 * nothing is under way.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "cmd/progress.h"
#include "cmd/proxy.h"
#include "cmd/route.h"
#include "cmd/who.h"

enum { POLL_NS = 200000000 };

int weir_cmd_proxy_connect(const struct weir_cli *cli, struct weir_diags *diags, int *ret_fd)
{
	struct weir_paths paths;
	char path[2 * WEIR_PATH_MAX];
	int r = weir_paths_make(cli->instance, diags, &paths);

	if (r)
		return r;
	r = weir_control_connect(weir_proxy_socket_path(&paths, path), ret_fd);
	if (r == -ENOENT || r == -ECONNREFUSED)
		weir_diags_error(diags, NULL, 0, 0, "no proxy runs: nobody serves %s", path);
	else if (r)
		weir_diags_error(diags, NULL, 0, 0, "%s: %s", path, strerror(-r));
	return r == -ENOENT ? -ECONNREFUSED : r;
}

static bool is_rest(const char *word)
{
	return !strncmp(word, "app=", 4) || !strcmp(word, "http") || !strcmp(word, "tls");
}

/* Each host on a line of its own, with the same words behind it. */
static int print_lines(struct weir_route_run *run, char **operands, FILE *to)
{
	char **rest = operands;

	for (char **word = operands; *word; word++)
		if (!**word || strpbrk(*word, " \t\r\n#"))
			return weir_diags_error(&run->diags, NULL, 0, 0, "'%s' is no word", *word);
	while (*rest && !is_rest(*rest))
		rest++;
	if (rest == operands)
		return 1;
	for (char **host = operands; host < rest; host++) {
		fputs(*host, to);
		for (char **word = rest; *word; word++)
			fprintf(to, " %s", *word);
		fputc('\n', to);
	}
	return 0;
}

static int read_input(struct weir_route_run *run, FILE *to)
{
	char bytes[1 << 14];
	size_t size, all = 0;

	while ((size = fread(bytes, 1, sizeof(bytes), stdin)) > 0) {
		all += size;
		if (memchr(bytes, 0, size))
			return weir_diags_error(&run->diags, "-", 0, 0, "holds a NUL byte");
		if (all >= WEIR_CONTROL_LINE_MAX / 2)
			return weir_diags_error(&run->diags, "-", 0, 0,
						"more than 8 MiB (WEIR_CONTROL_LINE_MAX)");
		fwrite(bytes, 1, size, to);
	}
	return ferror(stdin) ? -EIO : 0;
}

/* Operands, or standard input, as lines of a routes file. */
static int make_lines(struct weir_route_run *run, char **operands, char **ret_lines)
{
	bool is_input = !strcmp(operands[0], "-") && !operands[1];
	char *text = NULL;
	size_t size;
	FILE *to = open_memstream(&text, &size);
	int r;

	if (!to)
		return -ENOMEM;
	r = is_input ? read_input(run, to) : print_lines(run, operands, to);
	if (fclose(to) && !r)
		r = -ENOMEM;
	if (r)
		free(text);
	else
		*ret_lines = text;
	return r;
}

/* Ask, and say how much has changed to whoever wants JSON. */
static int ask(struct weir_route_run *run, const char *verb, json_t *request)
{
	_cleanup_json_ json_t *reply = NULL;
	char who[WEIR_WHO_MAX];
	int r;

	json_object_set_new(request, "who", json_string(weir_cmd_who(who)));
	weir_progress_say("asking the proxy");
	r = weir_control_call(run->fd, verb, request, &run->diags, &reply);
	weir_progress_done();
	if (!r && run->cli->json)
		printf("{\"changes\": %lld}\n",
		       (long long)json_integer_value(json_object_get(reply, "changes")));
	return r;
}

static int ask_lines(struct weir_route_run *run, const char *verb, char **operands)
{
	_cleanup_free_ char *lines = NULL;
	int r = make_lines(run, operands, &lines);
	json_t *request;

	if (r)
		return r;
	request = json_pack("{s:s, s:b}", "lines", lines, "replace", run->replaces);
	if (!request)
		return weir_diags_error(&run->diags, strcmp(operands[0], "-") ? "arguments" : "-",
					0, 0, "no UTF-8");
	if (!strcmp(operands[0], "-"))
		json_object_set_new(request, "path", json_string("-"));
	return ask(run, verb, request);
}

int weir_route_add(struct weir_route_run *run, char **operands)
{
	return ask_lines(run, "add", operands);
}

int weir_route_del(struct weir_route_run *run, char **operands)
{
	return ask_lines(run, "del", operands);
}

int weir_route_revert(struct weir_route_run *run, char **operands)
{
	if (run->is_same != !operands[0])
		return 1;
	return run->is_same ? ask(run, "revert", json_object())
			    : ask_lines(run, "revert", operands);
}

static json_t *containers_json(char **operands)
{
	json_t *array = json_array();

	for (; *operands; operands++)
		json_array_append_new(array, json_string(*operands));
	return array;
}

/* Connections that these containers still have. */
static int count_left(struct weir_route_run *run, char **operands, bool is_shown,
		      long long *ret_left)
{
	_cleanup_json_ json_t *reply = NULL;
	const json_t *row;
	long long left = 0;
	size_t i;
	int r = weir_control_call(run->fd, "list", json_pack("{s:b}", "drains", 1), &run->diags,
				  &reply);

	if (r)
		return r;
	json_array_foreach(json_object_get(reply, "drains"), i, row)
	{
		const char *container = json_string_value(json_object_get(row, "container"));
		long long connections = json_integer_value(json_object_get(row, "connections"));

		for (char **operand = operands; container && *operand; operand++)
			if (!strcmp(*operand, container)) {
				left += connections;
				if (is_shown)
					printf("%s: %lld connections\n", *operand, connections);
			}
	}
	*ret_left = left;
	return 0;
}

static int wait_for_end(struct weir_route_run *run, char **operands)
{
	static const struct timespec pause = {.tv_nsec = POLL_NS};
	long long left = 0;
	int r = count_left(run, operands, !run->wait_ns && !run->cli->json, &left);

	if (!r && left && run->wait_ns)
		weir_progress_say("waiting for what is under way");
	for (unsigned long long waited_ns = 0; !r && left && waited_ns < run->wait_ns;
	     waited_ns += POLL_NS) {
		nanosleep(&pause, NULL);
		r = count_left(run, operands, false, &left);
	}
	if (!r && left && run->wait_ns)
		return weir_diags_error(&run->diags, NULL, 0, 0, "%lld connections are left", left);
	return r;
}

int weir_route_drain(struct weir_route_run *run, char **operands)
{
	return ask(run, "drain", json_pack("{s:o}", "containers", containers_json(operands)))
		       ?: wait_for_end(run, operands);
}

int weir_route_undrain(struct weir_route_run *run, char **operands)
{
	return ask(run, "drain",
		   json_pack("{s:o, s:b}", "containers", containers_json(operands), "end", 1));
}

int weir_route_set(struct weir_route_run *run, char **operands)
{
	if (operands[1] || !run->bytes_per_s)
		return 1;
	return ask(run, "set",
		   json_pack("{s:s, s:I, s:I}", "of", operands[0], "bytes_per_s",
			     (json_int_t)run->bytes_per_s, "burst_bytes",
			     (json_int_t)run->burst_bytes));
}

int weir_route_unset(struct weir_route_run *run, char **operands)
{
	if (operands[1] || run->bytes_per_s)
		return 1;
	return ask(run, "set", json_pack("{s:s}", "of", operands[0]));
}
