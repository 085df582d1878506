/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a shell may complete to, as it is now: commands, reasons, regions, instances, interfaces, and
 * what the gate's maps hold. Nothing is waited for, and nothing is said of what cannot be read: see
 * complete.c, which bounds the time. Values of the proxy are in complete_routes.c.
 */
#include <net/if.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/prefix.h"
#include "cmd/complete.h"
#include "kernel/counts.h"
#include "kernel/live.h"
#include "kernel/pins.h"
#include "report/reason.h"

/* Words: a shell shows no more of them. */
enum { LINES_MAX = 1000 };

void weir_offer(struct weir_words *line, const char *word)
{
	if (line->printed < LINES_MAX && !strncmp(word, line->last, strlen(line->last))) {
		printf("%.*s%s\n", line->head_size, line->head, word);
		line->printed++;
	}
}

void weir_offer_words(struct weir_words *line, const char *words)
{
	_cleanup_free_ char *copy = strdup(words);
	char *rest = copy, *word;

	while (rest && (word = strsep(&rest, " ")))
		if (*word)
			weir_offer(line, word);
}

void weir_offer_file(struct weir_words *line)
{
	line->is_file = true;
}

void weir_offer_commands(struct weir_words *line)
{
#define X(name, function, arguments, text) weir_offer(line, #name);
	WEIR_COMMAND_LIST(X)
#undef X
	weir_offer(line, "help");
}

void weir_offer_reasons(struct weir_words *line)
{
	weir_offer_words(line, "dropped passed all");
	for (unsigned int reason = 1; reason < WEIR_REASONS_END; reason++)
		weir_offer(line, weir_reason_slug(reason));
}

/* ---- folders ---------------------------------------------------------------------------- */

/* Files of regions/ beside weir.yaml, without their ending. */
void weir_offer_regions(struct weir_words *line)
{
	const char *path = line->cli.config_path, *slash = strrchr(path, '/');
	_cleanup_free_ char *folder = NULL;
	_cleanup_closedir_ DIR *dir = NULL;
	struct dirent *entry;

	if (asprintf(&folder, "%.*sregions", slash ? (int)(slash - path + 1) : 0, path) < 0)
		return;
	dir = opendir(folder);
	while (dir && (entry = readdir(dir))) {
		char *ending = strrchr(entry->d_name, '.');

		if (!ending || strcmp(ending, ".region") != 0)
			continue;
		*ending = '\0';
		weir_offer(line, entry->d_name);
	}
}

void weir_offer_instances(struct weir_words *line)
{
	static const char bpffs[] = "/sys/fs/bpf";
	_cleanup_closedir_ DIR *dir = opendir(bpffs);
	struct dirent *entry;

	while (dir && (entry = readdir(dir))) {
		char counters[sizeof(bpffs) + sizeof(entry->d_name) + sizeof("/weir_counts")];

		snprintf(counters, sizeof(counters), "%s/%s/weir_counts", bpffs, entry->d_name);
		if (!access(counters, F_OK))
			weir_offer(line, entry->d_name);
	}
}

/* ---- the machine and its gate ----------------------------------------------------------- */

void weir_offer_interfaces(struct weir_words *line)
{
	struct if_nameindex *all = if_nameindex();

	for (struct if_nameindex *i = all; i && i->if_index; i++)
		if (strcmp(i->if_name, "lo") != 0)
			weir_offer(line, i->if_name);
	if (all)
		if_freenameindex(all);
}

void weir_offer_attached(struct weir_words *line)
{
	_cleanup_links_ struct weir_links links = {};
	_cleanup_diags_ struct weir_diags unread = {};
	struct weir_paths paths;

	if (weir_paths_make(line->cli.instance, &unread, &paths) ||
	    weir_links_open(&paths, &unread, &links))
		return;
	for (size_t i = 0; i < links.count; i++)
		weir_offer(line, links.items[i].interface);
}

static bool find_gate(struct weir_words *line, struct weir_paths *paths, struct weir_maps *maps)
{
	_cleanup_diags_ struct weir_diags unread = {};

	return !weir_paths_make(line->cli.instance, &unread, paths) &&
	       !weir_pins_find(paths, &unread, maps);
}

static void offer_live(struct weir_words *line, __u32 kind)
{
	_cleanup_maps_ struct weir_maps maps = WEIR_MAPS_NONE;
	_cleanup_free_ struct weir_record *records = NULL;
	_cleanup_diags_ struct weir_diags unread = {};
	struct weir_paths paths;
	size_t count = 0;

	if (!find_gate(line, &paths, &maps) ||
	    weir_live_list(&paths, &maps, &unread, &records, &count))
		return;
	for (size_t i = 0; i < count; i++) {
		char prefix[WEIR_PREFIX_TEXT_MAX];

		if (records[i].kind == kind)
			weir_offer(line, weir_prefix_format(records[i].prefix, prefix));
	}
}

void weir_offer_bans(struct weir_words *line)
{
	offer_live(line, WEIR_LIVE_BAN);
}

void weir_offer_releases(struct weir_words *line)
{
	offer_live(line, WEIR_LIVE_RELEASE);
}

void weir_offer_targets(struct weir_words *line)
{
	_cleanup_maps_ struct weir_maps maps = WEIR_MAPS_NONE;
	_cleanup_counts_ struct weir_counts_report report = {};
	_cleanup_diags_ struct weir_diags unread = {};
	struct weir_paths paths;

	if (line->operands != 1 || !find_gate(line, &paths, &maps) ||
	    weir_counts_read(&maps, &unread, &report))
		return;
	for (size_t i = 0; i < report.count; i++) {
		char address[WEIR_PREFIX_TEXT_MAX + 1];

		weir_address_format(report.destinations[i].address, address);
		weir_offer(line, strcat(address, ":"));
	}
}
