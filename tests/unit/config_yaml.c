/* SPDX-License-Identifier: GPL-2.0-only */
/* weir.yaml as a file: every error of every file in one run, at its place, whatever is in it. */
#include "config_scene.h"

TestSuite(config, .init = scene_init, .fini = folder_leave);

Test(config, reports_every_error_of_every_file_in_one_run)
{
	write_file("regions/empty.region", "# nothing\n");
	write_file("lists/wrong.txt", "192.0.2.1\n192.0.2.0/33\nx\n");
	write_file("a.routes", "exa mple.org http 10.0.0.1:80\n");
	system("printf '1.2.3.4\\0' > lists/binary.txt");
	refuse("region: empty\n"
	       "interfaces: [eth1]\n"
	       "colour: blue\n"
	       "machine: [10.0.0.256]\n"
	       "backends: [10.0.0.0/33]\n"
	       "denylists:\n"
	       "  - lists/wrong.txt\n"
	       "  - lists/missing.txt\n"
	       "  - {file: lists/binary.txt, colour: red}\n"
	       "proxy: {routes: [a.routes]}\n",
	       "weir.yaml:3:1: 'colour' is no key here: weir.yaml(5) has them all\n"
	       "weir.yaml:9:30: 'colour' is no key here: weir.yaml(5) has them all\n"
	       "weir.yaml:4:11: '10.0.0.256' has a part above 255\n"
	       "weir.yaml:5:12: '10.0.0.0/33' has a prefix length above 32\n"
	       "regions/empty.region: names no region: a line `region NAME` is missing\n"
	       "regions/empty.region: the region is empty: it has no ingress address\n"
	       "lists/wrong.txt:2:1: '192.0.2.0/33' has a prefix length above 32\n"
	       "lists/wrong.txt:3:1: 'x' is a name, not an IPv4 address: names are not "
	       "looked up\n"
	       "weir.yaml:8:5: cannot read 'lists/missing.txt': No such file or directory\n"
	       "lists/binary.txt: is a binary file, not a text\n"
	       "a.routes:1:5: 'mple.org' is none of app=, http, tls: say which before the "
	       "containers\n");
}

Test(config, places_every_kind_of_structural_error)
{
	refuse("region: lab\n"
	       "interfaces: eth1\n"
	       "denylists: [lists/bad.txt, , [x]]\n"
	       "ports: 80\n"
	       "machine: []\n"
	       "region: lab\n"
	       "rates: {default: {a: b}, burst: [1]}\n"
	       "allowlist: &a [x]\n"
	       "? [a]\n"
	       ": b\n",
	       "weir.yaml:3:28: is no YAML: did not find expected node content\n");
	refuse("region: lab\n"
	       "interfaces: eth1\n"
	       "denylists: [lists/bad.txt, ~, [x]]\n"
	       "ports: 80\n"
	       "machine: []\n"
	       "region: lab\n"
	       "rates: {default: {a: b}, burst: [1]}\n"
	       "allowlist: [x]\n"
	       "? [a]\n"
	       ": b\n",
	       "weir.yaml:6:1: 'region' is stated twice\n"
	       "weir.yaml:9:3: '?' is no key here: weir.yaml(5) has them all\n"
	       "weir.yaml:2:13: 'interfaces' needs a list: [a, b]\n"
	       "weir.yaml:4:8: 'ports' needs keys and values\n"
	       "weir.yaml:3:28: 'denylists' has an empty item\n"
	       "weir.yaml:3:31: 'denylists' needs keys and values\n"
	       "weir.yaml:8:12: 'allowlist' needs a single value\n"
	       "weir.yaml:7:18: 'default' needs a single value\n"
	       "weir.yaml:7:33: 'burst' needs a single value\n"
	       "weir.yaml:5:10: 'machine' needs an item or more\n"
	       "weir.yaml: `interfaces` is missing: where the gate is\n");
	refuse("- a\n", "weir.yaml:1:1: 'the file' needs keys and values\n");
	refuse("", "weir.yaml: is empty\n");
	refuse("# nothing\n", "weir.yaml: is empty\n");
	refuse("a: b: c\n",
	       "weir.yaml:1:5: is no YAML: mapping values are not allowed in this context: a "
	       "blank is missing behind a colon above, or this line is indented too far\n");
	refuse("a: x\n  \xff\n", "weir.yaml:2:3: is no YAML: invalid leading UTF-8 octet: save the "
				 "file as UTF-8\n");
	refuse(THREE_LINES "---\nregion: b\n",
	       "weir.yaml:4:1: a second document begins here; only one is read\n");
}

Test(config, takes_no_alias)
{
	refuse("region: &r lab\ninterfaces: [&i eth1]\ndenylists: [{file: lists/bad.txt, name: "
	       "*r}]\n"
	       "machine: &m [10.0.0.1]\nbackends: *m\n",
	       "weir.yaml:1:9: 'name' is used by an alias: write the value out\n"
	       "weir.yaml:4:10: 'machine' is used by an alias: write the value out\n");
}

Test(config, refuses_deep_nesting_before_it_costs_time)
{
	_cleanup_free_ char *yaml = malloc(1000002);
	const char head[] = "region: lab\ndenylists: ";

	cr_assert_not_null(yaml);
	strcpy(yaml, head);
	memset(yaml + strlen(head), '[', 1000000 - strlen(head));
	strcpy(yaml + 1000000, "\n");
	refuse(yaml, "weir.yaml:2:27: nests deeper than 16 levels\n");
}

Test(config, refuses_a_value_or_key_with_a_nul_in_it)
{
	refuse("region: \"lab\\0x\"\ninterfaces: [ens1]\n",
	       "weir.yaml:1:9: 'region' has a NUL character\n"
	       "weir.yaml: `region` is missing: the file of its addresses\n");
	refuse("region: lab\n\"interfaces\\0x\": [ens1]\n",
	       "weir.yaml:2:1: '?' is no key here: weir.yaml(5) has them all\n"
	       "weir.yaml: `interfaces` is missing: where the gate is\n");
}

Test(config, tells_a_missing_file_from_a_bad_one)
{
	_cleanup_diags_ struct weir_diags diags = {0};
	struct weir_config *config = NULL;

	cr_expect_eq(weir_config_load("missing.yaml", &diags, &config), -ENOENT);
	cr_expect_str_eq(diags_text(&diags),
			 "missing.yaml: cannot read: No such file or directory\n"
			 "missing.yaml: weir init proposes one from this machine\n");
}

Test(config, survives_every_cut_and_every_changed_byte)
{
	static const char yaml[] = THREE_LINES "ports: {open: [80, 443]}\nmanagement:\n"
					       "  - {from: 198.51.100.0/24, protocol: tcp}\n";

	for (size_t i = 0; i < 2 * (sizeof(yaml) - 1); i++) {
		_cleanup_diags_ struct weir_diags diags = {0};
		_cleanup_config_ struct weir_config *config = NULL;
		char text[sizeof(yaml)];
		int r;

		memcpy(text, yaml, sizeof(yaml));
		text[i / 2] = i & 1 ? "&*!{[:]}\"'-?#"[i / 2 % 13] : '\0';
		write_file("weir.yaml", text);
		r = weir_config_load("weir.yaml", &diags, &config);
		cr_assert_eq(!r, config != NULL);
		cr_assert_eq(!r, !diags.errors, "%s: %s", text, diags_text(&diags));
	}
}

Test(config, says_what_mends_a_slip_of_yaml)
{
	refuse("denylist: [a]\n", "weir.yaml:1:1: 'denylist' is no key here: is it 'denylists'?\n"
				  "weir.yaml: `interfaces` is missing: where the gate is\n"
				  "weir.yaml: `region` is missing: the file of its addresses\n");
	refuse("region: [a\ninterfaces: [b]\n",
	       "weir.yaml:2:11: is no YAML: did not find expected ',' or ']': a [ above is not "
	       "closed\n");
	refuse("proxy:\n\tuser: a\n",
	       "weir.yaml:2:1: is no YAML: found character that cannot start any token: indent "
	       "with blanks, not with tabs\n");
	refuse("region: %a\n", "weir.yaml:1:9: is no YAML: found character that cannot start any "
			       "token: put it in quotes\n");
	refuse(THREE_LINES "routes: [a]\n",
	       "weir.yaml:4:1: 'routes' belongs under 'proxy': indent it there\n");
	refuse(THREE_LINES "proxy:\n  allowlist: a\n",
	       "weir.yaml:5:3: 'allowlist' belongs at the top: do not indent it\n");
	refuse(THREE_LINES "management: [{from: 10.0.0.1, protocol: tcp, ports: 22}]\n",
	       "weir.yaml:4:46: 'ports' is no key here: is it 'port'?\n");
}

Test(config, says_what_a_file_is_that_is_no_text)
{
	static const struct {
		const char *head, *want;
	} rows[] = {
		{"\xff\xfe"
		 "1",
		 "lists/bad.txt: is UTF-16: save it as UTF-8\n"},
		{"\xfe\xff"
		 "1",
		 "lists/bad.txt: is UTF-16: save it as UTF-8\n"},
		{"\x1f\x8b\x08", "lists/bad.txt: is compressed: gunzip it first\n"},
		{"# bad\r203.0.113.7\r",
		 "lists/bad.txt: has lines that end in CR alone: save it with LF\n"},
		{"# bad\r203.0.113.7\r# more\n192.0.2.1\n",
		 "lists/bad.txt: has lines that end in CR alone: save it with LF\n"},
		{"\xfd\x37zXZ", "lists/bad.txt: is compressed: unxz it first\n"},
		{"\x28\xb5\x2f\xfd", "lists/bad.txt: is compressed: unzstd it first\n"},
		{"PK\x03\x04", "lists/bad.txt: is compressed: unzip it first\n"},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		write_file("lists/bad.txt", rows[i].head);
		refuse(THREE_LINES, rows[i].want);
	}
}

Test(config, reads_files_that_begin_with_a_byte_order_mark)
{
	_cleanup_config_ struct weir_config *config = NULL;

	write_file("lists/bad.txt", "\xef\xbb\xbf"
				    "192.0.2.1\n");
	write_file("regions/lab.region",
		   "\xef\xbb\xbfregion lab\ningress 203.0.113.10 rate 1GB/s\n");
	write_file("a.routes", "\xef\xbb\xbf"
			       "a.example http 10.0.0.1:80\n");
	config = load("\xef\xbb\xbf" THREE_LINES "proxy: {routes: [a.routes]}\n", "");
	cr_expect_eq(config->denylists[0].count, 1);
	cr_expect_str_eq(config->routes.items[0].host, "a.example");
}
