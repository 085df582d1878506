/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * weir top: the live screen. On a terminal by ncurses; anywhere else, or where the terminal cannot
 * place text, the same lines, one screen after the other. What is on it and what keys do is in the other files of top.
 */
#include "cmd/top.h"

#include <curses.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmd/common.h"
#include "cmd/terminal.h"

enum { PLAIN_HEIGHT = 40, KEY_WAIT_MS = 100 };

struct options {
	unsigned long long interval_ns;
	unsigned long long count; /* of screens; 0: no end */
};

static int parse_arguments(int argc, char **argv, struct weir_diags *diags, struct options *options)
{
	int option, r = weir_watch_interval("-d", NULL, diags, &options->interval_ns);

	while (!r && (option = getopt(argc, argv, "d:n:")) != -1) {
		if (option == 'd') {
			r = weir_watch_interval("-d", optarg, diags, &options->interval_ns);
		} else if (option == 'n') {
			r = weir_cmd_number("-n", optarg, 1, ~0ULL >> 1, diags, &options->count);
		} else {
			r = 1;
		}
	}
	return r ? r : optind < argc;
}

/* ---- the terminal ---------------------------------------------------------------------- */

static int key_of(int key)
{
	switch (key) {
	case KEY_UP:
		return WEIR_KEY_UP;
	case KEY_DOWN:
		return WEIR_KEY_DOWN;
	case '\t':
		return WEIR_KEY_TAB;
	case '\n':
	case '\r':
	case KEY_ENTER:
		return WEIR_KEY_ENTER;
	case KEY_BACKSPACE:
	case '\b':
	case 0x7f:
		return WEIR_KEY_BACK;
	case 0x1b:
		return WEIR_KEY_ESCAPE;
	default:
		return key >= ' ' && key < 0x7f ? key : 0;
	}
}

static void draw_line(int row, const struct weir_top_line *line)
{
	attrset(line->is_title ? A_BOLD : A_NORMAL);
	mvaddnstr(row, 0, line->text, COLS);
	clrtoeol();
	if (line->mark_size)
		mvchgat(row, (int)line->mark_at, (int)line->mark_size, A_REVERSE, 0, NULL);
}

/* Returns how many rows of sources there are, or a negative errno. */
static int draw(const struct weir_top *top)
{
	struct weir_top_data data = weir_top_data_of(top);
	struct weir_top_screen screen;
	int r = weir_top_make(&data, &top->view, (size_t)COLS, (size_t)LINES, &screen);

	if (r)
		return r;
	for (int i = 0; i < LINES && (size_t)i < screen.count; i++)
		draw_line(i, &screen.lines[i]);
	/* Where not all fits, what is asked is still to be seen. */
	if ((size_t)LINES < screen.count)
		draw_line(LINES - 1, &screen.lines[screen.count - 1]);
	refresh();
	r = (int)screen.sources_rows;
	weir_top_screen_done(&screen);
	return r;
}

/* Keys, and samples as they come, until it is time for the next reading. */
static int wait_for_keys(struct weir_top *top, __u64 until_ns)
{
	__u64 keep_up_ns = weir_now_ns() + WEIR_SAMPLING_READ_NS;
	int rows = draw(top);

	while (rows >= 0 && !top->ends && !weir_watch_is_over() && weir_now_ns() < until_ns) {
		int key = getch(), r = 0;

		if (key == KEY_RESIZE) {
			rows = draw(top); /* a window that changes answers no question */
		} else if (key != ERR) {
			weir_top_key(top, key_of(key), (size_t)rows);
			rows = draw(top);
		}
		if (weir_now_ns() >= keep_up_ns) {
			r = weir_top_keep_up(top);
			keep_up_ns = weir_now_ns() + WEIR_SAMPLING_READ_NS;
		}
		if (r)
			return r;
	}
	return rows < 0 ? rows : 0;
}

/* Errors are kept for when the terminal is a terminal again. */
static int run_screen(struct weir_top *top, const struct options *options, struct weir_diags *diags)
{
	SCREEN *terminal = newterm(NULL, stdout, stdin);
	int r = 0;

	if (!terminal)
		return weir_diags_error(diags, NULL, 0, 0, "this terminal (TERM=%s) is not usable",
					getenv("TERM"));
	cbreak();
	noecho();
	keypad(stdscr, TRUE);
	set_escdelay(25);
	curs_set(0);
	timeout(KEY_WAIT_MS);
	for (unsigned long long i = 0;
	     !r && !top->ends && !weir_watch_is_over() && (!options->count || i <= options->count);
	     i++) {
		r = weir_top_read(top, diags);
		/* The first reading has nothing to compare with. */
		if (!r)
			r = wait_for_keys(top, weir_now_ns() + (i ? options->interval_ns
								  : WEIR_SAMPLING_READ_NS));
	}
	endwin();
	delscreen(terminal);
	return r;
}

/* ---- anything else --------------------------------------------------------------------- */

static int print_lines(const struct weir_top_screen *screen, struct weir_diags *diags)
{
	char *text = NULL;
	size_t bytes;
	FILE *to = open_memstream(&text, &bytes);

	for (size_t i = 0; to && i + 1 < screen->count; i++) {
		size_t size = strlen(screen->lines[i].text);

		while (size && screen->lines[i].text[size - 1] == ' ')
			size--;
		/* Rows that are empty are for the eye. */
		if (size)
			fprintf(to, "%.*s\n", (int)size, screen->lines[i].text);
	}
	if (to && fclose(to)) {
		free(text);
		text = NULL;
	}
	return weir_watch_print(text, diags);
}

static int print_screen(const struct weir_top *top, struct weir_diags *diags)
{
	struct weir_top_data data = weir_top_data_of(top);
	struct weir_top_view view = top->view;
	struct weir_top_screen screen;
	int r;

	view.selected = WEIR_TOP_SOURCES_MAX; /* nothing to select */
	view.say[0] = ' ';                    /* and no keys */
	r = weir_top_make(&data, &view, WEIR_TOP_WIDTH_MIN, PLAIN_HEIGHT, &screen);
	if (r)
		return r;
	r = print_lines(&screen, diags);
	weir_top_screen_done(&screen);
	return r;
}

static bool wait_and_keep_up(struct weir_top *top, unsigned long long ns, int *ret_error)
{
	__u64 end_ns = weir_now_ns() + ns, now_ns;

	while (!*ret_error && (now_ns = weir_now_ns()) < end_ns) {
		__u64 left_ns = end_ns - now_ns;

		if (!weir_watch_wait(left_ns < WEIR_SAMPLING_READ_NS ? left_ns
								     : WEIR_SAMPLING_READ_NS))
			return false;
		*ret_error = weir_top_keep_up(top);
	}
	return true;
}

static int run_plain(struct weir_top *top, const struct options *options, struct weir_diags *diags)
{
	int r = weir_top_read(top, diags);

	for (unsigned long i = 0; !r && (!options->count || i < options->count); i++) {
		if (!wait_and_keep_up(top, options->interval_ns, &r))
			break;
		if (i)
			putchar('\n');
		r = r ?: weir_top_read(top, diags) ?: print_screen(top, diags);
	}
	return weir_watch_end(r);
}

int weir_cmd_top(const struct weir_cli *cli, int argc, char **argv)
{
	_cleanup_(weir_top_close) struct weir_top top = {.maps = WEIR_MAPS_NONE};
	_cleanup_diags_ struct weir_diags diags = {};
	struct options options = {};
	int r = parse_arguments(argc, argv, &diags, &options);

	if (r > 0 || cli->json)
		return weir_cmd_usage(argv[0]);
	if (!r)
		r = weir_top_open(&top, cli, &diags);
	if (r)
		return weir_cmd_end(&diags, r);
	weir_watch_begin();
	r = isatty(STDIN_FILENO) && weir_is_terminal(STDOUT_FILENO)
		    ? run_screen(&top, &options, &diags)
		    : run_plain(&top, &options, &diags);
	return weir_cmd_end(&diags, r);
}
