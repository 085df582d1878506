/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A folder with a region and a list, for tests of what weir.yaml says. Each test has its own, which
 * is its working directory.
 */
#ifndef WEIR_TESTS_CONFIG_SCENE_H
#define WEIR_TESTS_CONFIG_SCENE_H

#include <errno.h>

#include "base/cleanup.h"
#include "config/parse.h"
#include "diags_text.h"
#include "folder.h"

#define _cleanup_config_ _cleanup_(weir_config_free)

#define THREE_LINES "region: lab\ninterfaces: [eth1]\ndenylists: [lists/bad.txt]\n"

static const char region_text[] = "region lab\n"
				  "ingress 203.0.113.10 rate 1.6GB/s burst 1.6GB\n"
				  "ingress 203.0.113.11 rate 20MB/s burst 1MB\n"
				  "egress 203.0.113.200\n";

static inline void scene_init(void)
{
	folder_enter();
	cr_assert_eq(mkdir("regions", 0755) | mkdir("lists", 0755), 0);
	write_file("regions/lab.region", region_text);
	write_file("lists/bad.txt", "192.0.2.1\n");
}

/* Every error of the file, and nothing loaded. */
static inline void refuse(const char *yaml, const char *want)
{
	_cleanup_diags_ struct weir_diags diags = {0};
	struct weir_config *config = NULL;

	write_file("weir.yaml", yaml);
	cr_expect_eq(weir_config_load("weir.yaml", &diags, &config), -EINVAL, "%s", yaml);
	cr_expect_null(config);
	cr_expect_str_eq(diags_text(&diags), want, "%s", diags_text(&diags));
}

/* The file, with these warnings; the caller frees. */
static inline struct weir_config *load(const char *yaml, const char *warnings)
{
	_cleanup_diags_ struct weir_diags diags = {0};
	struct weir_config *config = NULL;

	write_file("weir.yaml", yaml);
	cr_assert_eq(weir_config_load("weir.yaml", &diags, &config), 0, "%s", diags_text(&diags));
	cr_expect_str_eq(diags_text(&diags), warnings, "%s", diags_text(&diags));
	return config;
}

#endif
