/* SPDX-License-Identifier: GPL-2.0-only */
/* Keys -> what weir top shows next, and the ban of a source. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "cmd/top.h"

#define BAN_FOR "1h"

enum { SAID_MAX = 16384 };

/* ---- the ban --------------------------------------------------------------------------- */

/* The one line that matters of what the command said, which may be a line for each who is connected. */
static const char *last_line(char *said)
{
	size_t size = strlen(said);
	const char *line;

	while (size && said[size - 1] == '\n')
		said[--size] = 0;
	line = strrchr(said, '\n');
	return line ? line + 1 : said;
}

static void run_deny(const struct weir_cli *cli, const char *prefix, int to)
{
	const char *const arguments[] = {
		"weir", "-I",    cli->instance, "-c",     cli->config_path, "deny", "add",
		prefix, "--for", BAN_FOR,       "--note", "weir top",       NULL};

	if (dup2(to, STDOUT_FILENO) >= 0 && dup2(to, STDERR_FILENO) >= 0)
		execv("/proc/self/exe", (char *const *)arguments);
	_exit(WEIR_EXIT_FAILED);
}

static size_t read_all(int from, char *to, size_t size)
{
	size_t count = 0;
	ssize_t n;

	while (count + 1 < size && (n = read(from, to + count, size - count - 1)) > 0)
		count += (size_t)n;
	to[count] = 0;
	return count;
}

/*
 * Run `weir deny add PREFIX --for 1h`; `to` has what it said, or that it is done. The command itself,
 * so that its checks (who may not be banned) are the same.
 */
static void ban(const struct weir_cli *cli, struct weir_prefix prefix, char *to, size_t size)
{
	char text[WEIR_PREFIX_TEXT_MAX], said[SAID_MAX];
	int ends[2], status = 0;
	pid_t child;

	weir_prefix_format(prefix, text);
	if (pipe(ends)) {
		snprintf(to, size, "not banned: %s", strerror(errno));
		return;
	}
	child = fork();
	if (!child)
		run_deny(cli, text, ends[1]);
	close(ends[1]);
	read_all(ends[0], said, sizeof(said));
	close(ends[0]);
	snprintf(to, size, "%s", last_line(said));
	if (child < 0 || waitpid(child, &status, 0) < 0 || !WIFEXITED(status) ||
	    WEXITSTATUS(status)) {
		if (!*to)
			snprintf(to, size, "%s was not banned", text);
		return;
	}
	snprintf(to, size, "banned %s for " BAN_FOR "; weir deny del %s lifts it", text, text);
}

/* ---- keys ------------------------------------------------------------------------------ */

static void say(struct weir_top *top, const char *text)
{
	snprintf(top->view.say, sizeof(top->view.say), "%s", text);
}

static void ask_ban(struct weir_top *top)
{
	struct weir_top_data data = weir_top_data_of(top);
	const struct weir_source *source = weir_top_selected(&data, &top->view);
	char prefix[WEIR_PREFIX_TEXT_MAX];

	if (!source) {
		say(top, "no source is selected");
		return;
	}
	top->to_ban = source->prefix;
	top->asks_ban = true;
	snprintf(top->view.say, sizeof(top->view.say),
		 "ban %s for " BAN_FOR "?  y yes  any other key no",
		 weir_prefix_format(source->prefix, prefix));
}

static void answer_ban(struct weir_top *top, int key)
{
	top->asks_ban = false;
	if (key == 'y')
		ban(top->cli, top->to_ban, top->view.say, sizeof(top->view.say));
	else
		say(top, "not banned");
}

static void show_filter(struct weir_top *top)
{
	snprintf(top->view.say, sizeof(top->view.say),
		 "only sources within: %s_   Enter done  Esc all", top->view.filter);
}

static void finish_filter(struct weir_top *top)
{
	struct weir_prefix prefix;
	const char *why = "";

	top->types_filter = false;
	say(top, "");
	if (*top->view.filter &&
	    weir_prefix_parse(top->view.filter, strlen(top->view.filter), &prefix, NULL, &why)) {
		snprintf(top->view.say, sizeof(top->view.say), "%s %s", top->view.filter, why);
		top->view.filter[0] = 0;
	}
}

static void type_filter(struct weir_top *top, int key)
{
	size_t size = strlen(top->view.filter);

	if (key == WEIR_KEY_ESCAPE)
		top->view.filter[0] = 0;
	if (key == WEIR_KEY_ESCAPE || key == WEIR_KEY_ENTER) {
		finish_filter(top);
		return;
	}
	if (key == WEIR_KEY_BACK && size)
		top->view.filter[size - 1] = 0;
	if (((key >= '0' && key <= '9') || key == '.' || key == '/') &&
	    size + 1 < sizeof(top->view.filter)) {
		top->view.filter[size] = (char)key;
		top->view.filter[size + 1] = 0;
	}
	show_filter(top);
}

static void move(struct weir_top *top, int by, size_t rows)
{
	size_t count = top->sources_count[top->view.panel];
	size_t last = count < rows ? count : rows;

	if (by < 0 && top->view.selected)
		top->view.selected--;
	if (by > 0 && top->view.selected + 1 < last)
		top->view.selected++;
}

static void command(struct weir_top *top, int key, size_t rows)
{
	struct weir_top_view *view = &top->view;

	switch (key) {
	case 'q':
		top->ends = true;
		break;
	case 's':
		view->order = (view->order + 1) % WEIR_SOURCES_ORDERS;
		break;
	case 'n':
		view->length = view->length == 32 ? 24 : 32;
		break;
	case 'p':
	case ' ':
		view->is_paused = !view->is_paused;
		break;
	case 'f':
		top->types_filter = true;
		show_filter(top);
		break;
	case 'b':
		ask_ban(top);
		break;
	case WEIR_KEY_TAB:
		view->panel = (view->panel + 1) % WEIR_WATCH_OUTCOMES;
		view->selected = 0;
		break;
	case WEIR_KEY_UP:
		move(top, -1, rows);
		break;
	case WEIR_KEY_DOWN:
		move(top, 1, rows);
		break;
	default:
		break;
	}
}

void weir_top_key(struct weir_top *top, int key, size_t rows)
{
	if (top->asks_ban) {
		answer_ban(top, key);
	} else if (top->types_filter) {
		type_filter(top, key);
	} else {
		say(top, "");
		command(top, key, rows);
	}
}
