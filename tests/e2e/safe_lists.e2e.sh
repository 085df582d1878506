#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# weir apply --lists, as a timer runs it with nobody at hand: lists alone, not during a trial, and
# not one that was cut short on its way.
. "$(dirname "$0")/lib.sh"
begin lists
lab_app blog 10.66.0.2
seq -f '10.9.8.%g' 1 100 >>"$LAB_DIR/known-bad.txt"

story "lists need a policy to go into"
expect_exit 1 "weir apply --lists before any apply" weir apply --lists
expect_said "what to do" 'weir apply first'
lab_start

story "lists alone are applied; what else has changed waits for an apply"
echo "$CLIENT" >>"$LAB_DIR/known-bad.txt"
sed -i '/203.0.113.10/d' "$LAB_DIR/lab.region"
expect "weir apply --lists" weir apply --lists
expect_said "it says what it left" '1 changes besides lists'
expect_not "the client that the list names" served
expect_exit 3 "weir verify" weir verify
expect_said "the region's change is the only drift" '^policy.* - destination 203\.0\.113\.10'
expect_equal "the kept copy has no such region" \
	"$(grep -c '203.0.113.10' "/var/lib/$LAB/confirmed/"*lab.region)" 1
lab_files
seq -f '10.9.8.%g' 1 100 >>"$LAB_DIR/known-bad.txt"
expect "weir apply --lists, back" weir apply --lists
expect_equal "what it says of other changes" "$(grep -c besides <<<"$SAID")" 0
expect "weir verify" weir verify
expect_filtering "after it"
expect_equal "the files are those in force" "$(weir -j status | jq -r .files)" same

story "a list that lost more than half of its entries is refused, by name, until --force"
head -n 40 "$LAB_DIR/known-bad.txt" >"$LAB_DIR/short" && mv "$LAB_DIR/short" "$LAB_DIR/known-bad.txt"
before=$(policy_now)
expect_exit 1 "weir apply --lists" weir apply --lists
expect_said "it names the list" 'known-bad\.txt: has .* entries, and had 10.* more than half'
expect_equal "the policy in force" "$(policy_now)" "$before"
expect "weir apply --lists --force" weir apply --lists --force
expect "weir apply --lists, from then on" weir apply --lists
: >"$LAB_DIR/known-bad.txt"
expect_exit 1 "of an empty list" weir apply --lists
lab_files
expect "weir apply, by hand, takes any" weir apply

story "during a trial lists wait until it has ended, and come in then"
echo "10.1.2.3" >>"$LAB_DIR/known-bad.txt"
expect "weir apply --try 2s" weir apply --try 2s
began=$(now_ms)
echo "$CLIENT" >>"$LAB_DIR/known-bad.txt"
expect "weir apply --lists" weir apply --lists
expect_between "ms that it waited" $(($(now_ms) - began)) 1000 15000
expect_not "the client that the list names" served
lab_files
expect "weir apply" weir apply

story "a trial that is confirmed lets the waiting lists in"
expect "weir apply --try 50s" weir apply --try 50s
echo "$CLIENT" >>"$LAB_DIR/known-bad.txt"
lab_spawn gate "$WEIR" -I "$LAB" -c "$LAB_DIR/weir.yaml" apply --lists
waiting=$LAB_PID
sleep 0.5
expect "the client that the list names is served meanwhile" served
expect "weir confirm is not kept waiting" weir confirm
wait "$waiting" || fails "apply --lists ended well" "$?"
expect_not "the client that the list names" served

story "a list that covers the region is refused by apply, by name, until --force"
lab_files
echo 203.0.113.0/24 >>"$LAB_DIR/known-bad.txt"
expect_exit 1 "weir apply" weir apply
expect_said "what it covers" 'known-bad\.txt:[0-9]+: 203\.0\.113\.0/24 covers the ingress address'
expect_exit 1 "weir apply --lists" weir apply --lists
expect "weir apply --force" weir apply --force
lab_files
expect "weir apply" weir apply
expect_filtering "after all that"
end
