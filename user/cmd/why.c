/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Why an address is denied: the kernel says whether it is, the live entries and the files say by
 * what. The kernel's denylist carries no names, so that the files are searched for them.
 */
#include "kernel/why.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/array.h"
#include "cmd/files.h"
#include "cmd/live.h"
#include "cmd/progress.h"
#include "kernel/pins.h"
#include "report/live.h"
#include "weir/deny.h"

struct whys {
	struct weir_reason_why *items;
	size_t count;
};

static int add_list(struct whys *whys, const struct weir_list *list, __u32 address, bool is_release)
{
	for (size_t i = 0; i < list->count; i++) {
		struct weir_reason_why *why;

		if (!weir_prefix_has(list->entries[i].prefix, address))
			continue;
		why = weir_array_add(&whys->items, &whys->count);
		if (!why)
			return -ENOMEM;
		*why = (struct weir_reason_why){
			.list = list->name,
			.path = list->path,
			.line = list->entries[i].line,
			.prefix = list->entries[i].prefix,
			.is_release = is_release,
		};
	}
	return 0;
}

static int add_files(struct whys *whys, const struct weir_config *config, __u32 address)
{
	int r = 0;

	for (size_t i = 0; !r && i < config->denylists_count; i++)
		r = add_list(whys, &config->denylists[i], address, false);
	return r ?: add_list(whys, &config->allowlist, address, true);
}

static int add_live(struct whys *whys, const struct weir_why *kernel)
{
	for (size_t i = 0; i < kernel->count; i++) {
		struct weir_reason_why *why = weir_array_add(&whys->items, &whys->count);

		if (!why)
			return -ENOMEM;
		*why = (struct weir_reason_why){
			.list = "live",
			.prefix = kernel->records[i].prefix,
			.is_release = kernel->records[i].kind == WEIR_LIVE_RELEASE,
			.record = &kernel->records[i],
		};
	}
	return 0;
}

/* The base denylist in force against what the files say now. */
static void warn_of_drift(const struct weir_config *config, const struct whys *whys,
			  const struct weir_why *kernel, struct weir_diags *diags)
{
	bool is_denied = false, is_released = false;

	for (size_t i = 0; i < whys->count; i++)
		if (whys->items[i].path)
			*(whys->items[i].is_release ? &is_released : &is_denied) = true;
	if (!config)
		weir_diags_warning(diags, NULL, 0, 0,
				   "the files cannot be read: weir check says why");
	else if (kernel->is_base_listed != (is_denied && !is_released))
		weir_diags_warning(diags, NULL, 0, 0,
				   "the files have changed since the last apply");
}

static int print(const struct weir_cli *cli, __u32 address, const struct weir_why *kernel,
		 const struct whys *whys, struct weir_diags *diags)
{
	bool is_denied = kernel->is_denied;

	return weir_cmd_print(
		cli->json ? weir_why_json(address, is_denied, whys->items, whys->count)
			  : weir_why_table(address, is_denied, whys->items, whys->count),
		diags);
}

int weir_live_why(const struct weir_cli *cli, const struct weir_paths *paths, const char *text,
		  struct weir_diags *diags)
{
	__attribute__((cleanup(weir_config_free))) struct weir_config *config = NULL;
	__attribute__((cleanup(weir_why_done))) struct weir_why kernel = {};
	_cleanup_maps_ struct weir_maps maps = WEIR_MAPS_NONE;
	_cleanup_diags_ struct weir_diags unread = {};
	const struct weir_policy *policy;
	struct whys whys = {};
	const char *why = NULL;
	__u32 address;
	int r;

	if (weir_address_parse(text, strlen(text), &address, &why))
		return weir_diags_error(diags, NULL, 0, 0, "'%s': %s", text, why);
	weir_progress_say("reading the files and the gate");
	r = weir_pins_need(paths, diags, &maps)
		    ?: weir_why_read(paths, &maps, address, diags, &kernel);
	if (r)
		return r;
	policy = weir_maps_policy_in_force(&maps);
	weir_config_load(cli->config_path, &unread, &config);
	if (policy)
		weir_cmd_files_in_force(paths, policy->fingerprint, diags, &config);
	r = config ? add_files(&whys, config, address) : 0;
	r = r ?: add_live(&whys, &kernel);
	if (!r) {
		warn_of_drift(config, &whys, &kernel, diags);
		r = print(cli, address, &kernel, &whys, diags);
	}
	free(whys.items);
	return r ?: kernel.is_denied ? 0 : -ENOMSG;
}

/* The first entry of the list that holds all of the prefix, or NULL. */
static const struct weir_listed *find_in(const struct weir_list *list, struct weir_prefix prefix)
{
	for (size_t i = 0; i < list->count; i++)
		if (list->entries[i].prefix.length <= prefix.length &&
		    weir_prefix_has(list->entries[i].prefix, prefix.address))
			return &list->entries[i];
	return NULL;
}

int weir_live_explain_held(const struct weir_paths *paths, struct weir_maps *maps, __u32 kind,
			   struct weir_prefix prefix, struct weir_diags *diags)
{
	__attribute__((cleanup(weir_why_done))) struct weir_why kernel = {};
	char text[WEIR_PREFIX_TEXT_MAX], held[WEIR_PREFIX_TEXT_MAX];
	bool is_ban = kind == WEIR_LIVE_BAN;
	int r = weir_why_read(paths, maps, prefix.address, diags, &kernel);

	weir_prefix_format(prefix, text);
	for (size_t i = 0; !r && i < kernel.count; i++) {
		const struct weir_record *record = &kernel.records[i];

		if (record->kind != kind || record->prefix.length >= prefix.length)
			continue;
		weir_prefix_format(record->prefix, held);
		r = weir_diags_error(diags, NULL, 0, 0,
				     "%s has no %s of its own, it is in that of %s: "
				     "weir %s del %s%s%s",
				     text, is_ban ? "ban" : "release", held,
				     is_ban ? "deny" : "allow", held,
				     is_ban ? ", or weir allow add " : "", is_ban ? text : "");
	}
	return r;
}

int weir_live_explain_absent(const struct weir_cli *cli, __u32 kind, struct weir_prefix prefix,
			     bool is_absent, const struct weir_config *config,
			     struct weir_diags *diags)
{
	char text[WEIR_PREFIX_TEXT_MAX];
	const struct weir_listed *entry;

	weir_prefix_format(prefix, text);
	for (size_t i = 0; config && kind == WEIR_LIVE_BAN && i < config->denylists_count; i++) {
		const struct weir_list *list = &config->denylists[i];

		entry = find_in(list, prefix);
		if (entry)
			return weir_diags_error(diags, list->path, entry->line, 0,
						"%s is listed here; to release it at once: "
						"weir allow add %s",
						text, text);
	}
	entry = config && kind == WEIR_LIVE_RELEASE ? find_in(&config->allowlist, prefix) : NULL;
	if (entry)
		return weir_diags_error(diags, config->allowlist.path, entry->line, 0,
					"%s is allowed here; remove it and run weir apply", text);
	if (!is_absent)
		return weir_diags_error(diags, NULL, 0, 0,
					"%s is still denied: the policy in force lists it, and %s "
					"does not say where",
					text, cli->config_path);
	return weir_diags_error(diags, NULL, 0, 0, "%s is not %s", text,
				kind == WEIR_LIVE_BAN ? "banned" : "released");
}
