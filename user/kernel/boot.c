/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Files, copy, management rules: the first that the kernel takes. A policy that cannot be read
 * and one that cannot be applied are the same here: the next one is tried.
 */
#include "kernel/boot.h"

#include <errno.h>

#include "base/cleanup.h"
#include "kernel/apply.h"
#include "kernel/kept.h"
#include "kernel/maps.h"
#include "kernel/pins.h"

/* Is there a policy that was asked for? A gate that cannot be read is apply's to judge. */
static bool is_in_force(const struct weir_paths *paths)
{
	_cleanup_maps_ struct weir_maps maps = WEIR_MAPS_NONE;
	_cleanup_diags_ struct weir_diags unread = {};
	const struct weir_policy *policy;

	if (weir_pins_find(paths, &unread, &maps))
		return false;
	policy = weir_maps_policy_in_force(&maps);
	return policy && policy->fingerprint != WEIR_FINGERPRINT_MANAGEMENT;
}

/* Errors, or warnings where another policy took the place of the one that they are about. */
static void carry(const struct weir_diags *said, bool is_fatal, struct weir_diags *diags)
{
	for (size_t i = 0; i < said->count; i++) {
		const struct weir_diag *diag = &said->items[i];

		if (is_fatal && diag->severity == WEIR_ERROR)
			weir_diags_error(diags, diag->path, diag->line, diag->column, "%s",
					 diag->text);
		else
			weir_diags_warning(diags, diag->path, diag->line, diag->column, "%s",
					   diag->text);
	}
}

static int load(const struct weir_paths *paths, const char *config_path, enum weir_boot boot,
		struct weir_diags *diags, struct weir_config **ret_config)
{
	switch (boot) {
	case WEIR_BOOT_FILES:
		return weir_config_load(config_path, diags, ret_config);
	case WEIR_BOOT_CONFIRMED:
		return weir_kept_load(paths, diags, ret_config);
	default:
		return weir_config_load_management(config_path, ret_config);
	}
}

static int try_one(const struct weir_paths *paths, const char *config_path, enum weir_boot boot,
		   struct weir_diags *diags, enum weir_boot *ret_boot,
		   struct weir_config **ret_config)
{
	__attribute__((cleanup(weir_config_free))) struct weir_config *config = NULL;
	const struct weir_apply_options options = {.wait_ms = WEIR_BOOT_WAIT_MS,
						   .keeps_files = boot != WEIR_BOOT_MANAGEMENT,
						   .is_for_boot = true};
	struct weir_applied applied;
	int r = load(paths, config_path, boot, diags, &config);

	r = r ?: weir_apply(paths, config, &options, diags, &applied);
	if (r && r != -EALREADY)
		return r;
	*ret_boot = r ? WEIR_BOOT_IN_FORCE : boot;
	*ret_config = take_pointer(config);
	return 0;
}

/* For its interfaces alone: the files', the copy's, else what weir.yaml says of them at least. */
static int load_any(const struct weir_paths *paths, const char *config_path,
		    struct weir_diags *diags, struct weir_config **ret_config)
{
	int r = -ENODATA;

	for (enum weir_boot boot = WEIR_BOOT_FILES; r && boot <= WEIR_BOOT_MANAGEMENT; boot++) {
		_cleanup_diags_ struct weir_diags said = {};

		r = load(paths, config_path, boot, &said, ret_config);
		carry(&said, false, diags);
	}
	return r;
}

int weir_boot(const struct weir_paths *paths, const char *config_path, struct weir_diags *diags,
	      enum weir_boot *ret_boot, struct weir_config **ret_config)
{
	int r = -ENODATA;

	if (is_in_force(paths)) {
		*ret_boot = WEIR_BOOT_IN_FORCE;
		return load_any(paths, config_path, diags, ret_config);
	}
	for (enum weir_boot boot = WEIR_BOOT_FILES; r && boot <= WEIR_BOOT_MANAGEMENT; boot++) {
		_cleanup_diags_ struct weir_diags said = {};
		bool is_fatal;

		r = try_one(paths, config_path, boot, &said, ret_boot, ret_config);
		is_fatal = r == -EPERM || r == -EBUSY || (r && boot == WEIR_BOOT_MANAGEMENT);
		carry(&said, is_fatal, diags);
		if (is_fatal)
			return r;
	}
	return r;
}
