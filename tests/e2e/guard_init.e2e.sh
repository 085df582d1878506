#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# weir init: what it sees of a machine, and that what it proposes can be applied as it is.
. "$(dirname "$0")/lib.sh"
begin init
gate ip route add default via $CLIENT
gate ip address add 198.51.100.77/24 dev wan valid_lft 3600 preferred_lft 3600

story "a machine with nobody on it gets interface and address"
expect "weir init" weir init
expect_said "the interface" '^interfaces: \[wan\]'
expect_said "its address" '^# +wan +198.51.100.1/24'
expect_said "another that is not filtered" '^# +lan +10.66.0.1/24, not filtered'
expect_said "that the region is missing" '^region: NAME'
expect_said "the lease" '^dhcp: true'
expect_said "that there is no way in yet" 'Leave yourself a way in'
expect_equal "rules" "$(grep -c '^  - ' <<<"$SAID")" 0

story "sessions and daemons become rules"
lab_spawn gate socat TCP-LISTEN:22,reuseaddr,fork EXEC:cat
lab_spawn gate socat TCP-LISTEN:179,reuseaddr,fork EXEC:cat
lab_spawn gate socat -u UDP-RECV:3784 -
lab_spawn gate socat -u UDP-RECV:68 -
lab_spawn gate socat -u IP-RECV:112 -
lab_spawn gate socat -u IP-RECV:89 -
eventually 5 gate sh -c 'ss -Hltn | grep -q :22 && ss -Hltn | grep -q :179' || lab_fail "no servers"
lab_spawn client socat -u "TCP4:$GATE:22,bind=$CLIENT" -
lab_spawn client socat -u "TCP4:$GATE:179,bind=$CLIENT" -
lab_spawn backends socat -u TCP4:10.66.0.1:22 -
eventually 5 gate sh -c "[ \$(ss -Htn state established | grep -c :) -ge 3 ]"
eventually 5 gate sh -c '[ $(grep -c : /proc/net/raw) -ge 2 ]' # OSPF, VRRP
expect "weir init" weir init lab.region
expect_said "the session" "^  - \{protocol: tcp, from: $CLIENT/32, to: $GATE/32, port: 22\} # SSH"
expect_said "BGP" "^  - \{protocol: tcp, from: $CLIENT/32, to: $GATE/32, port: 179\}"
expect_said "BFD" "^  - \{protocol: udp, from: $CLIENT/32, port: 3784\}"
expect_said "OSPF" '^  - \{protocol: ospf, from: 198.51.100.0/24\}'
expect_said "VRRP" '^  - \{protocol: vrrp, from: 198.51.100.0/24\}'
expect_said "the DHCP client" 'UDP port 68 is open'
expect_equal "lines about the session by another interface" "$(grep -c 10.66.0.2 <<<"$SAID")" 0

story "the proposal is checked, applied and attached as it is, and locks nobody out"
printf '%s\n' "$SAID" >"$LAB_DIR/weir.yaml"
expect "weir check" weir check
expect "weir apply" weir apply
expect "weir attach" weir attach
expect "a new session" can_connect $CLIENT $GATE 22
expect_not "a session to another port" can_connect $CLIENT $GATE 23
expect "weir verify" weir verify
end
