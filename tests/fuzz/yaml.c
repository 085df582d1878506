/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * weir.yaml, whole: the text, every check of its values, and the files that it names, of which a few
 * are there. What loads can be planned; and whatever the bytes, a policy of management rules comes out
 * of them, so that no broken file locks the operator out.
 */
#include <ftw.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config/config.h"
#include "fuzz.h"
#include "plan/plan.h"

enum { TICK_NS = 4000000 };

static char folder[] = "/tmp/weir-fuzz-yaml-XXXXXX";

static int remove_one(const char *path, const struct stat *what, int kind, struct FTW *where)
{
	(void)what, (void)kind, (void)where;
	return remove(path);
}

static void remove_folder(void)
{
	nftw(folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

static void put_file(const char *name, const void *bytes, size_t size)
{
	char path[64];
	FILE *to;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	to = fopen(path, "w");
	fuzz_check(to && fwrite(bytes, 1, size, to) == size && !fclose(to));
}

static void put_folder(const char *name)
{
	char path[64];

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	fuzz_check(!mkdir(path, 0700));
}

static void put_text(const char *name, const char *text)
{
	put_file(name, text, strlen(text));
}

int LLVMFuzzerInitialize(int *count, char ***arguments)
{
	(void)count, (void)arguments;
	fuzz_check(mkdtemp(folder));
	atexit(remove_folder);
	put_folder("regions");
	put_folder("lists");
	put_text("regions/osc-fr1.region",
		 "region osc-fr1\ningress 192.0.2.1\ningress 192.0.2.2 rate 1GB/s burst 1GB\n"
		 "egress 192.0.2.10\n");
	put_text("a.txt", "203.0.113.0/24\n");
	put_text("b.txt", "198.18.0.0/15\n203.0.113.7\n");
	put_text("ok.txt", "203.0.113.7\n");
	put_text("cdn.txt", "198.51.100.0/24\n");
	put_text("lists/known-bad.txt", "203.0.113.0/25\n");
	put_text("a.routes", "shop.example http 10.0.1.5:8080\n");
	return 0;
}

static void check_plan(const struct weir_config *config)
{
	struct weir_generation *generation = NULL;
	struct weir_diags diags = {0};
	int r = weir_generation_build(config, config->machine, config->machine_count, NULL, 0,
				      TICK_NS, &diags, &generation);

	fuzz_check_told(r, &diags);
	fuzz_check(r || (generation->policy.is_complete &&
			 generation->policy.rules_count == config->management_count));
	weir_generation_free(&generation);
	weir_diags_done(&diags);
}

static void check_config(const struct weir_config *config)
{
	struct weir_diags diags = {0};

	fuzz_check(config->region.ingress_count && config->interfaces_count);
	fuzz_check(config->open_ports_count <= WEIR_PORTS_MAX &&
		   config->cdn_ports_count <= WEIR_PORTS_MAX);
	for (size_t i = 0; i < config->management_count; i++)
		fuzz_check(config->management[i].port_low <= config->management[i].port_high &&
			   config->management[i].source_port_low <=
				   config->management[i].source_port_high);
	fuzz_check_told(weir_config_check_cover(config, config->machine, config->machine_count,
						false, &diags),
			&diags);
	weir_diags_done(&diags);
	/* Dear: a few megabytes each time. Which ones depends on the input alone. */
	if (config->fingerprint % 16 == 0)
		check_plan(config);
}

static void check_management(const char *path)
{
	struct weir_config *config = NULL;

	fuzz_check(!weir_config_load_management(path, &config));
	fuzz_check(config->management_count && !config->denylists_count &&
		   !config->region.ingress_count);
	weir_config_free(&config);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct weir_diags diags = {0};
	struct weir_config *config = NULL;
	char path[64];
	int r;

	snprintf(path, sizeof(path), "%s/weir.yaml", folder);
	put_file("weir.yaml", data, size);
	r = weir_config_load(path, &diags, &config);
	fuzz_check_told(r, &diags);
	fuzz_check((r == 0) == (config != NULL));
	for (size_t i = 0; i < diags.count; i++)
		fuzz_check(diags.items[i].text && !strchr(diags.items[i].text, '\n'));
	if (config)
		check_config(config);
	check_management(path);
	weir_config_free(&config);
	weir_diags_done(&diags);
	return 0;
}
