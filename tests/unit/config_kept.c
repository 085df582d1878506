/* SPDX-License-Identifier: GPL-2.0-only */
/* The files of a policy, kept and read back: the same policy, whatever became of the files. */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "config/config.h"
#include "diags_text.h"
#include "folder.h"

static struct weir_diags diags;

static void setup(void)
{
	folder_enter();
	cr_assert_eq(mkdir("kept", 0700) | mkdir("lists", 0755) | mkdir("etc", 0755), 0);
	write_file("lists/bad%2F.txt", "192.0.2.1\n192.0.2.7\n");
	write_file("etc/lab.region", "region lab\ningress 203.0.113.10 rate 1GB/s burst 1GB\n");
	write_file("etc/allowed.txt", "192.0.2.7\n");
	write_file("etc/apps.routes", "blog.example http 10.0.0.1:80\n");
	write_file("etc/weir.yaml",
		   "region: lab.region\ninterfaces: [eth0]\nallowlist: allowed.txt\n"
		   "denylists: [{name: bad, file: ../lists/bad%2F.txt}]\n"
		   "proxy: {routes: [apps.routes]}\n");
}

static void teardown(void)
{
	weir_diags_done(&diags);
	folder_leave();
}

TestSuite(config_kept, .init = setup, .fini = teardown);

static struct weir_config *load(void)
{
	struct weir_config *config = NULL;

	cr_assert_eq(weir_config_load("etc/weir.yaml", &diags, &config), 0, "%s",
		     diags_text(&diags));
	return config;
}

Test(config_kept, reads_back_what_was_kept_after_the_files_are_gone)
{
	_cleanup_(weir_config_free) struct weir_config *config = load(), *kept = NULL;

	cr_assert_eq(weir_config_keep(config, "kept", &diags), 0, "%s", diags_text(&diags));
	cr_assert_eq(system("rm -r etc lists"), 0);
	cr_assert_eq(weir_config_load_kept("kept", &diags, &kept), 0, "%s", diags_text(&diags));
	cr_expect_eq(kept->fingerprint, config->fingerprint);
	cr_expect_str_eq(kept->path, "etc/weir.yaml");
	cr_assert_eq(kept->denylists_count, 1);
	cr_expect_str_eq(kept->denylists[0].path, "etc/../lists/bad%2F.txt");
	cr_expect_eq(kept->denylists[0].count, 2);
	cr_expect_eq(kept->denylists[0].entries[1].line, 2);
	cr_expect_eq(kept->allowlist.count, 1);
	cr_expect_eq(kept->region.ingress_count, 1);
	cr_expect_eq(kept->routes.paths_count, 1);
}

Test(config_kept, refuses_files_that_changed_after_they_were_read)
{
	_cleanup_(weir_config_free) struct weir_config *config = load();

	write_file("etc/allowed.txt", "192.0.2.8\n");
	cr_expect_eq(weir_config_keep(config, "kept", &diags), -ESTALE);
}

Test(config_kept, names_the_file_that_cannot_be_kept)
{
	_cleanup_(weir_config_free) struct weir_config *config = load();

	cr_assert_eq(remove("etc/allowed.txt"), 0);
	cr_expect_eq(weir_config_keep(config, "kept", &diags), -ENOENT);
	cr_expect(strstr(diags_text(&diags), "etc/allowed.txt"), "%s", diags_text(&diags));
}

Test(config_kept, keeps_copies_for_root_alone)
{
	_cleanup_(weir_config_free) struct weir_config *config = load();
	struct stat copy;

	cr_assert_eq(weir_config_keep(config, "kept", &diags), 0);
	cr_assert_eq(stat("kept/etc%2Flab.region", &copy), 0);
	cr_expect_eq(copy.st_mode & 0777, 0600);
}

Test(config_kept, refuses_a_folder_that_lacks_a_file_or_its_beginning)
{
	_cleanup_(weir_config_free) struct weir_config *config = load(), *kept = NULL;

	cr_expect_eq(weir_config_load_kept("kept", &diags, &kept), -ENOENT);
	cr_assert_eq(weir_config_keep(config, "kept", &diags), 0);
	cr_assert_eq(remove("kept/etc%2Flab.region"), 0);
	cr_expect_eq(weir_config_load_kept("kept", &diags, &kept), -EINVAL);
}
