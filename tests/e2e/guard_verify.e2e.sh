#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# weir verify: each thing that can differ between files and kernel is named, and only that.
. "$(dirname "$0")/lib.sh"
begin verify

holds() { # WHEN
	expect "weir verify, $1" weir verify
	expect_equal "what it says" "$SAID" ''
}
drifts() { # PATTERN WHEN: exactly one drift, which matches
	expect_exit 3 "weir verify, $2" weir verify
	expect_said "the drift is named" "$1"
	expect_equal "drifts" "$(grep -c . <<<"$SAID")" 1
}
map_set() { # MAP KEY-BYTES VALUE-BYTES: as somebody else's hand would
	# shellcheck disable=SC2086 # bytes are words
	bpftool map update pinned "/sys/fs/bpf/$LAB/$1" key $2 value $3
}

story "without a gate there is a drift, and with files that are wrong it cannot be told"
drifts '^gate: none is loaded \(weir apply\)' "before apply"
echo 'nonsense: 1' >>"$LAB_DIR/weir.yaml"
expect_exit 1 "weir verify of a wrong file" weir verify
lab_files

story "after apply and attach there is none"
expect "weir apply" weir apply
drifts '^interface: wan is not attached' "before attach"
expect "weir attach" weir attach
holds "after attach"
expect_equal "the same as JSON" "$(weir -j verify | jq -c .)" '{"drift":false,"drifts":[]}'

story "a file that has changed since the last apply is told to the address"
echo 192.0.3.0/24 >>"$LAB_DIR/known-bad.txt"
drifts '^policy: .* denylist .*256' "with a longer list"
expect "weir apply" weir apply
holds "after apply"
sed -i 's/203.0.113.12/203.0.113.13/' "$LAB_DIR/lab.region"
expect_exit 3 "weir verify, with another address" weir verify
expect_said "the address to come" 'policy: \+ destination 203.0.113.13'
expect_said "the address to go" 'policy: - destination 203.0.113.12'
expect_said "its route" 'route: 203.0.113.13 is not local'
expect_said "the other's route" 'route: 203.0.113.12 is still local'
lab_files
expect "weir apply" weir apply
holds "after apply"

story "a local route that somebody removed is named"
expect "ip route" gate ip route del local $SHOP dev lo table local
drifts "^route: $SHOP is not local" "without it"
expect "weir apply" weir apply
holds "after apply"

story "a mode and an interface that the files do not name are told"
sed -i 's/mode: native/mode: skb/' "$LAB_DIR/weir.yaml"
drifts '^interface: wan is attached in native mode, not skb' "with another mode"
sed -i 's/mode: skb/mode: auto/' "$LAB_DIR/weir.yaml"
expect "weir apply" weir apply
holds "in any mode"
expect "weir attach lan" weir attach lan
drifts '^interface: lan is attached, and the files do not name it' "with one more"
expect "weir detach lan" weir detach lan
lab_files
expect "weir apply" weir apply
holds "after detach"

story "an interface that was attached by hand and has gone is told"
expect "another interface" gate ip link add name spare type veth peer name spare-peer
expect "weir attach" weir attach -m skb spare
expect "it goes" gate ip link delete spare
drifts '^interface: spare was attached, and is filtered no longer' "without it"
expect "weir detach spare" weir detach spare
holds "once it is forgotten"

story "a trial is told while it runs and after it went back"
echo 192.0.9.0/24 >>"$LAB_DIR/known-bad.txt"
expect "weir apply --try" weir apply --try 3s
drifts '^trial: the policy in force goes back in' "while it runs"
sleep 3.2
expect_exit 3 "weir verify, when it went back" weir verify
expect_said "the trial" '^trial: a trial has ended unconfirmed: .* \(weir apply clears it away\)$'
expect_said "the policy" '^policy: '
expect "weir apply" weir apply
holds "after apply"

story "live bans are compared with the journal, both ways"
expect "weir deny add" weir deny add 203.0.112.0/24
expect "weir allow add" weir allow add 192.0.2.7 --for 1h
holds "with live entries"
cp "/var/lib/$LAB/live.journal" "$LAB_DIR/journal"
: >"/var/lib/$LAB/live.journal"
expect_exit 3 "weir verify, without a journal" weir verify
expect_said "the ban" '^live: the ban of 203.0.112.0/24 is in force and not in the journal'
expect_said "the release" '^live: the release of 192.0.2.7 is in force and not in the journal'
cp "$LAB_DIR/journal" "/var/lib/$LAB/live.journal"
expect "bpftool" bpftool map delete pinned "/sys/fs/bpf/$LAB/weir_live" \
	key 1 0 0 0 24 0 0 0 203 0 112 0
drifts '^live: the ban of 203.0.112.0/24 is in the journal and not in force' "without an entry"
expect "weir deny add" weir deny add 203.0.112.0/24
holds "with it again"

story "a ban that packets would not look for is told"
expect "bpftool" map_set weir_live '1 0 0 0 31 0 0 0 203 0 100 0' '0 0 0 0 0 0 0 0'
expect_exit 3 "weir verify, with a hidden ban" weir verify
expect_said "the ban" '^live: the ban of 203.0.100.0/31 is not seen by packets'
expect "bpftool" bpftool map delete pinned "/sys/fs/bpf/$LAB/weir_live" \
	key 1 0 0 0 31 0 0 0 203 0 100 0
holds "without it"

# The entry of weir_areas for an address, in the half in force: its key, and its bytes in area.
read_area() { # ADDRESS
	local half index
	half=$(($(bpftool map dump pinned "/sys/fs/bpf/$LAB/weir_control" | jq '.[0].value.word') & 1))
	index=$((half << 14 | $1 >> 18))
	key="$((index & 255)) $((index >> 8 & 255)) $((index >> 16 & 255)) 0"
	# shellcheck disable=SC2086 # bytes are words
	bpftool -j map lookup pinned "/sys/fs/bpf/$LAB/weir_areas" key $key |
		jq -r '.value | map(ltrimstr("0x")) | join(" ")' >"$LAB_DIR/area"
	expect "an area is read" grep -qE '^([0-9a-f]{2} ){15}[0-9a-f]{2}$' "$LAB_DIR/area"
}
read_area 0xcb007000
# shellcheck disable=SC2046,SC2086 # bytes are words
expect "bpftool" bpftool map update pinned "/sys/fs/bpf/$LAB/weir_areas" key $key value hex \
	$(cut -d' ' -f 1-8 "$LAB_DIR/area") $(printf '00 %.0s' 1 2 3 4 5 6 7 8)
drifts '^live: the ban of 203.0.112.0/24 is not seen by packets' "with a /20 that says it has none"
expect "weir apply" weir apply
holds "after apply"

story "a word of the policy that another hand has written is found"
read_area 0xc0000200
# shellcheck disable=SC2046,SC2086 # bytes are words
expect "bpftool" bpftool map update pinned "/sys/fs/bpf/$LAB/weir_areas" key $key value hex \
	$(printf '00 %.0s' 1 2 3 4 5 6 7 8) $(cut -d' ' -f 9-16 "$LAB_DIR/area")
drifts '^policy: .* denylist .*512' "with a hole in the denylist"
expect "weir apply" weir apply
holds "after apply"

story "the live gate's hand-off is no drift, and neither is its absence"
lab_apps
lab_proxy
holds "with the proxy up"
expect "detach" weir detach --purge
drifts '^gate: none is loaded' "after detach"
end
