/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * weir capture: frames that the gate dropped or passed, with the reason, as lines or as pcapng.
 *
 * The gate keeps to a rate and counts what it leaves out; what was left out is said at the end.
 */
#include <errno.h>
#include <net/if.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdio_ext.h>
#include <string.h>

#include "base/array.h"
#include "base/clock.h"
#include "cmd/common.h"
#include "kernel/pins.h"
#include "kernel/watch.h"
#include "report/frame.h"
#include "report/pcapng.h"
#include "report/reason.h"

enum { POLL_MS = 250, RATE_DEFAULT = 1000, RATE_MAX = 1000000 };

/* Is the gate still the one that is asked for frames? */
#define LOOK_NS 1000000000ULL

struct run {
	struct weir_capture_filter filter;
	const char *path;             /* -w; NULL: lines */
	unsigned long long count_max; /* 0: no end */
	unsigned long long for_ns;
	bool json;
	FILE *to;
	__u64 count;
	__s64 realtime_offset_ns; /* to be added to CLOCK_MONOTONIC */
	__u32 *interfaces;        /* indices, by their number in the file */
	size_t interfaces_count;
};

static volatile sig_atomic_t is_interrupted;

static void interrupt(int signal)
{
	(void)signal;
	is_interrupted = 1;
}

/* ---- arguments ------------------------------------------------------------------------- */

/* `drop_port`, or `dropped`, `passed`, `all`. */
static int add_reason(const char *text, struct weir_diags *diags, __u64 *reasons)
{
	__u64 all = ~0ULL >> (64 - WEIR_REASONS_END) & ~1ULL, wanted = 0;

	if (!strcmp(text, "all"))
		wanted = all;
	else if (!strcmp(text, "passed"))
		wanted = all & weir_reasons_passing;
	else if (!strcmp(text, "dropped"))
		wanted = all & ~weir_reasons_passing;
	for (unsigned int i = 1; !wanted && i < WEIR_REASONS_END; i++)
		if (!strcmp(text, weir_reason_slug(i)))
			wanted = 1ULL << i;
	*reasons |= wanted;
	if (wanted)
		return 0;
	return weir_diags_error(diags, NULL, 0, 0, "'%s' is no reason; weir counts -a lists them",
				text);
}

static int parse_prefix(const char *option, const char *text, struct weir_diags *diags,
			struct weir_prefix *ret_prefix)
{
	const char *why = NULL;

	if (weir_prefix_parse(text, strlen(text), ret_prefix, NULL, &why))
		return weir_diags_error(diags, NULL, 0, 0, "%s '%s': %s", option, text, why);
	return 0;
}

static const struct option options[] = {
	{"reason", required_argument, NULL, 'r'}, {"src", required_argument, NULL, 's'},
	{"dst", required_argument, NULL, 'd'},    {"for", required_argument, NULL, 'f'},
	{"rate", required_argument, NULL, 'R'},   {0}};

/* Returns 1 when this is not how the command is used. */
static int take_option(int option, struct run *run, struct weir_diags *diags)
{
	unsigned long long number = 0;
	int r;

	switch (option) {
	case 'r':
		return add_reason(optarg, diags, &run->filter.reasons);
	case 's':
		return parse_prefix("--src", optarg, diags, &run->filter.source);
	case 'd':
		return parse_prefix("--dst", optarg, diags, &run->filter.destination);
	case 'f':
		return weir_cmd_duration("--for", optarg, diags, &run->for_ns);
	case 'n':
		return weir_cmd_number("-n", optarg, 1, ~0ULL >> 1, diags, &run->count_max);
	case 'R':
		r = weir_cmd_number("--rate", optarg, 1, RATE_MAX, diags, &number);
		run->filter.frames_per_s = number;
		return r;
	case 'w':
		run->path = optarg;
		return 0;
	default:
		return 1;
	}
}

static int parse_arguments(int argc, char **argv, struct weir_diags *diags, struct run *run)
{
	int option, r = 0;

	run->filter.frames_per_s = RATE_DEFAULT;
	while ((option = getopt_long(argc, argv, "n:w:", options, NULL)) != -1) {
		int taken = take_option(option, run, diags);

		if (taken > 0)
			return 1;
		r = r ?: taken;
	}
	if (optind < argc || (run->path && run->json))
		return 1;
	if (!run->filter.reasons && !r)
		r = add_reason("dropped", diags, &run->filter.reasons);
	return r;
}

/* ---- frames ---------------------------------------------------------------------------- */

static const char *name_of(__u32 ifindex, char to[static IF_NAMESIZE])
{
	if (!if_indextoname(ifindex, to))
		snprintf(to, IF_NAMESIZE, "if%u", ifindex);
	return to;
}

/* The number of an interface in the file; a new one is written first. -1: out of memory. */
static long number_of(struct run *run, __u32 ifindex)
{
	char name[IF_NAMESIZE];
	__u32 *added;

	for (size_t i = 0; i < run->interfaces_count; i++)
		if (run->interfaces[i] == ifindex)
			return (long)i;
	added = weir_array_add(&run->interfaces, &run->interfaces_count);
	if (!added)
		return -1;
	*added = ifindex;
	weir_pcapng_interface(run->to, name_of(ifindex, name), WEIR_WATCH_FRAME_BYTES);
	return (long)run->interfaces_count - 1;
}

static int put_pcapng(struct run *run, const struct weir_watch_frame *frame)
{
	char comment[WEIR_FRAME_COMMENT_MAX];
	long interface = number_of(run, frame->ifindex);
	struct weir_pcapng_frame block = {
		.interface = (__u32)interface,
		.at_ns = frame->at_ns + run->realtime_offset_ns,
		.bytes = frame->bytes,
		.size = frame->size,
		.frame_bytes = frame->frame_bytes,
		.comment = weir_frame_comment(frame, comment),
	};

	if (interface < 0)
		return -ENOMEM;
	weir_pcapng_frame(run->to, &block);
	return 0;
}

static int put_line(struct run *run, const struct weir_watch_frame *frame)
{
	__u64 at_ns = frame->at_ns + run->realtime_offset_ns;
	char text[WEIR_FRAME_TEXT_MAX], name[IF_NAMESIZE];
	_cleanup_free_ char *json = NULL;

	name_of(frame->ifindex, name);
	if (!run->json) {
		fprintf(run->to, "%s\n", weir_frame_text(frame, at_ns, name, text));
		return 0;
	}
	json = weir_frame_json(frame, at_ns, name);
	if (!json)
		return -ENOMEM;
	fprintf(run->to, "%s\n", json);
	return 0;
}

/*
 * stdio keeps what it could not write: what is left of it would fail once more at the end, or wait once
 * more for a reader that stands still.
 */
static int flush(const struct run *run)
{
	int r = is_interrupted && ferror(run->to) ? -EINTR : fflush(run->to) ? -errno : 0;

	if (r) {
		__fpurge(run->to);
		clearerr(run->to);
	}
	return r;
}

/* Returns 1 once there are enough. */
static int take_frame(void *argument, const struct weir_watch_frame *frame)
{
	struct run *run = argument;
	int r = run->path ? put_pcapng(run, frame) : put_line(run, frame);

	if (r)
		return r;
	r = ferror(run->to) ? flush(run) ?: -EIO : 0;
	if (r)
		return r;
	run->count++;
	return run->count_max && run->count >= run->count_max;
}

/* ---- the whole ------------------------------------------------------------------------- */

static __s64 realtime_offset_ns(void)
{
	return (__s64)(weir_realtime_ns() - weir_now_ns());
}

static int open_output(struct run *run, struct weir_diags *diags)
{
	run->to = run->path && strcmp(run->path, "-") != 0 ? fopen(run->path, "we") : stdout;
	if (!run->to)
		return weir_diags_error(diags, run->path, 0, 0, "cannot create: %s",
					strerror(errno));
	if (run->path == NULL || run->to != stdout || !isatty(STDOUT_FILENO))
		return 0;
	return weir_diags_error(diags, NULL, 0, 0,
				"a capture is no text for a terminal: -w FILE, "
				"or leave -w out");
}

static bool has_reader(const struct run *run)
{
	struct pollfd end = {.fd = fileno(run->to)};

	return poll(&end, 1, 0) <= 0 || !(end.revents & POLLERR);
}

/*
 * The reader at the other end of a pipe may go at any time, with no frame to be written: that is an
 * end like any other.
 */
static int follow(struct run *run, const struct weir_paths *paths, const struct weir_maps *maps,
		  struct weir_capture *capture)
{
	unsigned long long end_ns = run->for_ns ? weir_now_ns() + run->for_ns : 0;
	unsigned long long look_ns = weir_now_ns() + LOOK_NS;
	int r = 0;

	while (!r && !is_interrupted && has_reader(run) && (!end_ns || weir_now_ns() < end_ns)) {
		r = weir_capture_poll(capture, POLL_MS, take_frame, run);
		r = flush(run) ?: r;
		if (r || weir_now_ns() < look_ns)
			continue;
		look_ns = weir_now_ns() + LOOK_NS;
		r = weir_pins_is_live(paths, maps, WEIR_MAP_FRAMES) ? 0 : -ESTALE;
	}
	return r > 0 ? 0 : r;
}

static void say_what_was_left_out(const struct run *run, const struct weir_capture *capture)
{
	struct weir_watch_frame_counts counts = {};

	if (!weir_capture_counts(capture, &counts))
		fprintf(stderr,
			"%llu frames; left out: %llu beyond the rate, %llu that the ring had no "
			"room for\n",
			run->count, counts.beyond_rate, counts.ring_full);
}

static int capture_frames(const struct weir_cli *cli, struct run *run, struct weir_diags *diags)
{
	_cleanup_maps_ struct weir_maps maps = WEIR_MAPS_NONE;
	/* Behind the maps, which it uses until it is stopped. */
	_cleanup_(weir_capture_stop) struct weir_capture *capture = NULL;
	struct weir_paths paths;
	int r = weir_paths_make(cli->instance, diags, &paths) ?:
		weir_pins_need(&paths, diags, &maps) ?:
		/* First: one that is refused leaves the file of another as it is. */
		weir_capture_start(&paths, &maps, &run->filter, diags, &capture) ?:
		open_output(run, diags);

	if (r)
		return r;
	if (run->path)
		weir_pcapng_begin(run->to, "weir " WEIR_VERSION);
	r = flush(run) ?: follow(run, &paths, &maps, capture);
	say_what_was_left_out(run, capture);
	weir_capture_stop(&capture);
	/* To be ended while the reader stands still is an end as well. */
	if (r == -EPIPE || (r == -EINTR && is_interrupted))
		return 0;
	if (r == -ESTALE)
		return weir_diags_error(diags, NULL, 0, 0,
					"the gate was taken away or replaced: capture again");
	return r ? weir_diags_error(diags, run->path, 0, 0, "%s", strerror(-r)) : 0;
}

int weir_cmd_capture(const struct weir_cli *cli, int argc, char **argv)
{
	struct sigaction action = {.sa_handler = interrupt};
	_cleanup_diags_ struct weir_diags diags = {};
	struct run run = {.json = cli->json};
	int r = parse_arguments(argc, argv, &diags, &run);

	if (r > 0)
		return weir_cmd_usage(argv[0]);
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	signal(SIGPIPE, SIG_IGN);
	run.realtime_offset_ns = realtime_offset_ns();
	if (!r)
		r = capture_frames(cli, &run, &diags);
	free(run.interfaces);
	if (run.to && run.to != stdout && fclose(run.to) && !r)
		r = weir_diags_error(&diags, run.path, 0, 0, "cannot write: %s", strerror(errno));
	return weir_cmd_end(&diags, r);
}
