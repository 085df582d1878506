/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * weir explain: what the gate would make of a packet, and which line of which file is behind it.
 *
 * A twin of the live program judges the frame on the live maps: it charges no bucket, spends no
 * lookups and counts nothing. Exits with 0 whatever the verdict, since it was explained.
 */
#include "plan/explain.h"

#include <errno.h>
#include <linux/if_ether.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>

#include "cmd/common.h"
#include "cmd/files.h"
#include "cmd/packet.h"
#include "cmd/progress.h"
#include "config/frames.h"
#include "kernel/live.h"
#include "kernel/object.h"
#include "kernel/pins.h"
#include "kernel/twin.h"
#include "report/explain.h"

struct explain {
	const struct weir_cli *cli;
	struct weir_diags diags;
	struct weir_paths paths;
	struct weir_maps maps;
	int twin_fd;
	struct weir_config *config;
	enum weir_status_files files;
	struct weir_record *records;
	size_t records_count;
	struct weir_frames frames;
	struct weir_verdict *verdicts;
	bool is_capture;
};

static void explain_done(struct explain *explain)
{
	weir_diags_done(&explain->diags);
	weir_maps_done(&explain->maps);
	closep(&explain->twin_fd);
	weir_config_free(&explain->config);
	free(explain->records);
	weir_frames_done(&explain->frames);
	free(explain->verdicts);
}

/* ---- what the gate is ------------------------------------------------------------------- */

/* The twin's lookups see the sockets of this namespace: say so when the gate is in another. */
static void warn_of_namespace(struct explain *explain)
{
	_cleanup_links_ struct weir_links links = {};

	if (weir_links_open(&explain->paths, &explain->diags, &links))
		return;
	for (size_t i = 0; i < links.count; i++)
		if (links.items[i].ifindex &&
		    if_nametoindex(links.items[i].interface) != links.items[i].ifindex)
			weir_diags_warning(&explain->diags, NULL, 0, 0,
					   "%s is in another network namespace: return traffic "
					   "is judged by the sockets of this one",
					   links.items[i].interface);
}

static int open_twin(struct explain *explain)
{
	const struct weir_load load = {
		.share = &explain->maps, .is_twin = true, .forced_half = WEIR_HALF_IN_FORCE};
	__u64 live, twin;
	int r = weir_pins_need(&explain->paths, &explain->diags, &explain->maps)
			?: weir_gate_load(&load, &explain->diags, &explain->twin_fd);

	if (r)
		return r;
	warn_of_namespace(explain);
	if (!weir_program_tag(explain->maps.program_fd, &live) &&
	    !weir_program_tag(explain->twin_fd, &twin) && live != twin)
		weir_diags_warning(
			&explain->diags, NULL, 0, 0,
			"the live program is of another version than this command, whose "
			"twin has judged");
	return 0;
}

/* The files are for naming lines: without them the verdict still stands. */
static void read_files(struct explain *explain)
{
	const struct weir_policy *policy = weir_maps_policy_in_force(&explain->maps);

	if (!policy)
		return;
	explain->files = weir_cmd_files(explain->cli->config_path, policy->fingerprint,
					&explain->config);
	weir_cmd_files_in_force(&explain->paths, policy->fingerprint, &explain->diags,
				&explain->config);
	if (!explain->config) {
		weir_diags_warning(&explain->diags, explain->cli->config_path, 0, 0,
				   "cannot be read, so that no line can be named: weir check "
				   "says why");
		return;
	}
	if (explain->config->fingerprint != policy->fingerprint)
		weir_diags_warning(&explain->diags, explain->cli->config_path, 0, 0,
				   "the files have changed since the policy in force was applied; "
				   "the verdict is that policy's, the lines are the files'");
}

static int open_gate(struct explain *explain)
{
	int r;

	weir_progress_say("reading the gate");
	r = weir_paths_make(explain->cli->instance, &explain->diags, &explain->paths)
			?: open_twin(explain)
			?: weir_live_list(&explain->paths, &explain->maps, &explain->diags,
					  &explain->records, &explain->records_count);

	weir_progress_say("reading the files");
	if (!r)
		read_files(explain);
	weir_progress_say("judging");
	return r;
}

/* ---- packets ---------------------------------------------------------------------------- */

static int judge(struct explain *explain, const struct weir_frame *frame,
		 struct weir_verdict *verdict)
{
	const struct weir_circumstances known = {explain->config, explain->records,
						 explain->records_count};
	int reason;

	if (frame->size < ETH_HLEN)
		return weir_diags_error(&explain->diags, NULL, 0, 0,
					"a frame of %zu bytes: an Ethernet header has %d",
					frame->size, ETH_HLEN);
	reason = weir_twin_judge(explain->twin_fd, frame->bytes, frame->size);
	if (reason < 0) {
		weir_diags_error(&explain->diags, NULL, 0, 0, "cannot try the packet: %s",
				 strerror(-reason));
		return reason;
	}
	verdict->number = frame->number;
	verdict->bytes = frame->size;
	verdict->reason = reason;
	verdict->has_header = !weir_header_read(frame->bytes, frame->size, &verdict->header);
	if (verdict->has_header)
		weir_explain(&known, &verdict->header, reason, &verdict->explanation);
	return 0;
}

static int judge_all(struct explain *explain)
{
	int r = 0;

	explain->verdicts = calloc(explain->frames.count, sizeof(*explain->verdicts));
	if (!explain->verdicts)
		return -ENOMEM;
	for (size_t i = 0; !r && i < explain->frames.count; i++)
		r = judge(explain, &explain->frames.items[i], &explain->verdicts[i]);
	return r;
}

static int make_frames(struct explain *explain, const struct weir_asked *asked)
{
	__u8 frame[WEIR_HEADER_FRAME_BYTES];

	if (asked->frame)
		return weir_frames_read(asked->frame, &explain->diags, &explain->frames,
					&explain->is_capture);
	weir_header_frame(&asked->header, frame);
	return weir_frames_add(&explain->frames, frame, sizeof(frame));
}

static int print(struct explain *explain)
{
	size_t count = explain->frames.count;

	return weir_cmd_print(
		explain->cli->json
			? weir_explain_json(explain->verdicts, count, explain->is_capture,
					    explain->files)
			: weir_explain_table(explain->verdicts, count, explain->is_capture),
		&explain->diags);
}

int weir_cmd_explain(const struct weir_cli *cli, int argc, char **argv)
{
	__attribute__((cleanup(explain_done))) struct explain explain = {
		.cli = cli, .maps = WEIR_MAPS_NONE, .twin_fd = -1};
	struct weir_asked asked = {};
	int r = weir_packet_parse(argc, argv, &explain.diags, &asked);

	if (r > 0)
		return weir_cmd_usage(argv[0]);
	r = r ?: make_frames(&explain, &asked) ?: open_gate(&explain) ?: judge_all(&explain) ?:
	    print(&explain);
	return weir_cmd_end(&explain.diags, r);
}
