#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# weir check, without a gate: what it says of the shipped files, of good ones and of wrong ones.
. "$(dirname "$0")/lib.sh"
cd "$(dirname "$0")/../.." || exit 1

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
check() { build/weir -c "$folder/weir.yaml" "$@" check; }

good_files() {
	rm -rf "${folder:?}"/*
	cp -r etc/regions etc/lists "$folder"
	cat >"$folder/weir.yaml" <<-END
		region: osc-fr1
		interfaces: [weirtest0]
		denylists: [lists/known-bad.txt]
	END
}

story "the shipped files are right, and check says nothing of them"
expect "check succeeds" build/weir -c etc/weir.yaml check
expect_equal "what it says" "$SAID" ""

story "three lines are a whole configuration"
good_files
expect "check succeeds" check
expect_equal "what it says" "$SAID" ""
expect "check succeeds in JSON" check -j
expect_equal "what it says in JSON" "$SAID" '{"ok":true,"complete":true,"errors":[]}'

story "every error of every file is told in one run, with file, line and column"
echo 'colour: blue' >>"$folder/weir.yaml"
echo 'ingress 203.0.113.256' >>"$folder/regions/osc-fr1.region"
echo '192.0.2.0/33' >>"$folder/lists/known-bad.txt"
printf 'proxy: {routes: [a.routes, missing.routes]}\n' >>"$folder/weir.yaml"
echo 'two words.example http 10.0.0.1:80' >"$folder/a.routes"
expect_exit 1 "check fails" check
expect_said "the unknown key" 'weir\.yaml:4:1: .colour'
expect_said "the address out of range" 'osc-fr1\.region:[0-9]+:9: '
expect_said "the prefix of 33" 'known-bad\.txt:6:1: '
expect_said "the host name with a space" 'a\.routes:1:5: '
expect_said "the missing file" 'weir\.yaml:5:28: .*missing\.routes.*No such file'
expect_equal "how many" "$(wc -l <<<"$SAID")" 5

story "the same errors come as JSON, with their places"
expect_exit 1 "check fails in JSON" check -j
expect_equal "ok, and how many" "$(jq -c '[.ok, (.errors | length)]' <<<"$SAID")" '[false,5]'
expect_equal "the place of the first" \
	"$(jq -c '.errors[0] | [.severity, (.file | sub(".*/"; "")), .line, .column]' <<<"$SAID")" \
	'["error","weir.yaml",4,1]'

story "a list that would lock out the region is refused by name, unless it is released"
good_files
echo '5.104.101.0/24' >>"$folder/lists/known-bad.txt"
expect_exit 1 "check fails" check
expect_said "what is covered" 'known-bad\.txt:6: 5\.104\.101\.0/24 covers the ingress address 5\.104\.101\.30 '
echo 5.104.101.30 >"$folder/allow.txt"
echo 'allowlist: allow.txt' >>"$folder/weir.yaml"
expect "check succeeds" check

story "a real or generated list of 25,000 entries is read"
good_files
if [[ -n ${WEIR_LISTS:-} ]]; then
	printf 'denylists: [%s]\n' "$(printf '%s, ' "$WEIR_LISTS"/ipsum-level3.txt "$WEIR_LISTS"/x4b-vpn-ipv4.txt)" >"$folder/denylists"
else
	awk 'BEGIN { for (i = 0; i < 25000; i++) printf "198.%d.%d.%d\n", 18 + i % 2, i / 256, i % 256 }' >"$folder/many.txt"
	echo 'denylists: [many.txt]' >"$folder/denylists"
fi
sed -i '/^denylists/d' "$folder/weir.yaml"
cat "$folder/denylists" >>"$folder/weir.yaml"
expect "check succeeds" check
expect_equal "what it says" "$SAID" ""

story "an argument that check does not have is a usage error"
expect_exit 2 "check exits with 2" check now
end
