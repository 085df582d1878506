#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Wrong files: every command that reads them says what is wrong and where, and changes nothing.
. "$(dirname "$0")/lib.sh"
begin badinput
lab_app blog 10.66.0.2
lab_start

# refused NAME PATTERN...: check, plan and apply fail, and each names every pattern; the gate is
# as it was.
refused() {
	local name=$1 command pattern before
	shift
	before=$(policy_now)
	story "$name is refused by check, plan and apply, and nothing changes"
	for command in check plan apply; do
		expect_exit 1 "weir $command fails" weir $command
		for pattern; do
			expect_said "weir $command says where and what" "$pattern"
		done
	done
	expect_equal "the policy in force is the same" "$(policy_now)" "$before"
	expect "traffic goes on" served
	mend
}

# Each case begins with good files.
mend() {
	lab_files
	rm -f "$LAB_DIR/binary.txt"
}

echo 'colour: blue' >>"$LAB_DIR/weir.yaml"
refused "an unknown key" 'weir\.yaml:[0-9]+(:[0-9]+)?: .*colour'

echo 'ingress 203.0.113.256/32' >>"$LAB_DIR/lab.region"
refused "an address out of range" 'lab\.region:5:9: '

echo '192.0.2.0/33' >>"$LAB_DIR/known-bad.txt"
refused "a prefix of 33" 'known-bad\.txt:4:[0-9]+: '

echo 'two words.example http 10.66.0.2:8080' >>"$LAB_DIR/apps.routes"
refused "a host name with a space" 'apps\.routes:3:[0-9]+: '

echo 'region lab' >"$LAB_DIR/lab.region"
refused "a region without addresses" 'lab\.region'

: >"$LAB_DIR/lab.region"
refused "an empty region file" 'lab\.region'

rm "$LAB_DIR/known-bad.txt"
refused "a missing list" 'known-bad\.txt.*[Nn]o such file'

head -c 4096 /dev/urandom >"$LAB_DIR/known-bad.txt"
refused "a binary list" 'known-bad\.txt(:[0-9]+)*: '

head -c 4096 "$(command -v bash)" >"$LAB_DIR/weir.yaml"
refused "a binary weir.yaml" 'weir\.yaml(:[0-9]+)*: '

printf '%s\n' 300.1.1.1 ok 192.0.2.0/40 >>"$LAB_DIR/known-bad.txt"
echo 'ingress 203.0.113.13/24' >>"$LAB_DIR/lab.region"
echo 'bad_name.example tls 10.66.0.2' >>"$LAB_DIR/apps.routes"
refused "everything wrong in several files" 'known-bad\.txt:4:' 'known-bad\.txt:5:' \
	'known-bad\.txt:6:' 'lab\.region:5:' 'apps\.routes:3:'

sed -i 's/burst 4MB/burst 99999999999GB/' "$LAB_DIR/lab.region"
refused "a burst that does not fit" 'lab\.region:4:[0-9]+: '

story "a mended file is applied"
expect "weir check" weir check
expect "weir apply" weir apply
expect_filtering "after it"
end
