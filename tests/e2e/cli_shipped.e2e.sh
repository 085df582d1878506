#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# weir check of the files that ship, and of lists as large as real ones: in every format met in
# the wild, from the generator here or, with WEIR_LISTS=DIR, from real public lists.
. "$(dirname "$0")/lib.sh"
begin shipped

use_example() { # REGION
	rm -rf "${LAB_DIR:?}/etc"
	cp -r "$LAB_ROOT/etc" "$LAB_DIR/etc"
	sed -i "s#^region:.*#region: regions/$1.region#" "$LAB_DIR/etc/weir.yaml"
}

check() { gate "$WEIR" -I "$LAB" -c "$LAB_DIR/etc/weir.yaml" check; }

# 25,000 lines as public lists have them.
generate_list() {
	awk 'BEGIN {
		srand(7)
		print "# a generated list; CRLF, comments, counts"
		for (i = 0; i < 25000; i++) {
			a = sprintf("%d.%d.%d.%d", 11 + rand() * 80, rand() * 256, rand() * 256, rand() * 256)
			k = i % 20
			if (k == 0) printf "%s/24\n", a
			else if (k == 1) printf "%s/32\r\n", a
			else if (k == 2) printf "%s\t%d\n", a, rand() * 9
			else if (k == 3) printf "%s ; seen twice\n\n", a
			else if (k == 4) printf "%s # scans\n", a
			else print a
		}
		printf "192.0.2.1" }'
}

for region in osc-fr1 osc-secnum-fr1; do
	story "the example with $region is checked without an error"
	use_example $region
	expect "weir check" check
done

story "lists of 25,000 entries are checked without an error, in under two seconds"
use_example osc-fr1
generate_list >"$LAB_DIR/etc/lists/known-bad.txt"
[[ -z ${WEIR_LISTS:-} ]] || cat "$WEIR_LISTS"/*ipsum*.txt "$WEIR_LISTS"/*vpn*.txt \
	>"$LAB_DIR/etc/lists/known-bad.txt"
began=$(now_ms)
expect "weir check" check
expect_between "ms that it took" $(($(now_ms) - began)) 0 2000

story "the smallest file, of three lines, is enough to be checked"
use_example osc-fr1
cat >"$LAB_DIR/etc/weir.yaml" <<-END
	region: regions/osc-fr1.region
	interfaces: [{name: wan}]
	proxy: {routes: [routes/$(basename "$LAB_ROOT"/etc/routes/*.routes)]}
END
expect "weir check" check

story "a command line that makes no sense is a usage error"
expect_exit 2 "no command" gate "$WEIR"
expect_exit 2 "an unknown command" gate "$WEIR" -I "$LAB" flytothemoon
expect_exit 2 "an instance that is a path" gate "$WEIR" -I ../x check
expect_exit 2 "an argument too many" weir check twice
expect_exit 0 "help" gate "$WEIR" help
expect_said "help lists the commands" 'apply'
end
