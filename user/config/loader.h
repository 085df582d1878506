/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the steps of weir_config_load share. Each step reads strings of `raw`, writes values of
 * `config`, and reports what is wrong at the place where the string stands. None stops the next.
 */
#ifndef WEIR_CONFIG_LOADER_H
#define WEIR_CONFIG_LOADER_H

#include <limits.h>

#include "config/config.h"
#include "config/parse.h"
#include "config/schema.h"
#include "config/yaml.h"

struct weir_loader {
	struct weir_diags *diags;
	struct weir_yaml yaml;
	const struct raw_config *raw; /* of yaml */
	struct weir_config *config;   /* being filled; its path is set */
	int error;                    /* the machine's own failure, if there was one */
	const char *kept; /* the folder of a kept copy, to be read in place of the files; or NULL */
};

/*
 * Where the file `path` of the configuration lies: there, or in the kept copy.
 * Returns 0 or -ENAMETOOLONG.
 */
int weir_loader_place(const struct weir_loader *loader, const char *path, char to[static PATH_MAX]);

/* weir_config_load, of the files themselves or of the copy of them in the folder `kept`. */
int weir_config_read(const char *path, const char *kept, struct weir_diags *diags,
		     struct weir_config **ret_config);

/* An error where `value`, a string or item of `raw`, was written. */
#define weir_loader_error(loader, value, ...)                                                      \
	({                                                                                         \
		struct weir_mark mark_ = weir_yaml_mark(&(loader)->yaml, value);                   \
		weir_diags_error((loader)->diags, (loader)->config->path, mark_.line,              \
				 mark_.column, __VA_ARGS__);                                       \
	})

/* Memory ran out: say so, once, and remember. */
void weir_loader_no_memory(struct weir_loader *loader);

/* An item added to an array of the configuration, or NULL after weir_loader_no_memory. */
#define weir_loader_add(loader, items, count)                                                      \
	({                                                                                         \
		__typeof__(*(items)) item_ = weir_array_add(items, count);                         \
		if (!item_)                                                                        \
			weir_loader_no_memory(loader);                                             \
		item_;                                                                             \
	})

struct weir_origin weir_loader_origin(const struct weir_loader *loader, const void *value);

/*
 * Strings of `raw` as values; NULL leaves *ret_value, the default, as it is. False after an
 * error, which has been reported.
 */
bool weir_loader_address(struct weir_loader *loader, const char *text, __u32 *ret_address);
bool weir_loader_prefix(struct weir_loader *loader, const char *text,
			struct weir_prefix *ret_prefix);
bool weir_loader_number(struct weir_loader *loader, const char *text, __u32 min, __u32 max,
			__u32 *ret_number);
bool weir_loader_rate(struct weir_loader *loader, const char *text, __u64 *ret_bytes_per_s);
bool weir_loader_bytes(struct weir_loader *loader, const char *text, __u64 *ret_bytes);
/* One of `words`, which ends in NULL: its index. */
bool weir_loader_word(struct weir_loader *loader, const char *text, const char *const *words,
		      unsigned int *ret_index);

/* The steps, in this order. Rates come before the files, destinations' rates behind them. */
void weir_loader_interfaces(struct weir_loader *loader);
void weir_loader_ports(struct weir_loader *loader);
void weir_loader_rates(struct weir_loader *loader);
void weir_loader_management(struct weir_loader *loader);
void weir_loader_machine(struct weir_loader *loader); /* addresses, backends, egress, live_max */
void weir_loader_proxy(struct weir_loader *loader);
void weir_loader_files(struct weir_loader *loader); /* the region, all lists, the routes */
void weir_loader_destinations(struct weir_loader *loader);

/* Warn, once a list, of private networks (RFC 1918, RFC 1122, RFC 3927) in it. */
void weir_list_warn_private(const struct weir_list *list, struct weir_diags *diags);

#endif
