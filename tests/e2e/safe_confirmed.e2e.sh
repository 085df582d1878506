#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The last confirmed policy: kept on disk by what confirmed it, loaded when the files are no use.
. "$(dirname "$0")/lib.sh"
begin confirmed
lab_app blog 10.66.0.2
lab_start

kept() { ls "/var/lib/$LAB/confirmed/"; }
copies() { find "/var/lib/$LAB" -maxdepth 1 -name 'kept.*' | wc -l; }
spoil() { echo '  - what is this' >>"$LAB_DIR/weir.yaml"; }

story "apply keeps the files that it has applied, for root alone"
expect "the kept copy" kept
expect_said "it has the denylist" 'known-bad\.txt$'
expect_equal "mode of the folder" "$(stat -Lc %a "/var/lib/$LAB/confirmed")" 700
expect_equal "copies" "$(copies)" 1

story "with files that do not check, the gate of a rebooted machine gets the policy that was confirmed"
spoil
expect "weir detach --purge" weir detach --purge
expect_exit 1 "weir apply of broken files" weir apply
expect "weir apply --confirmed" weir apply --confirmed
expect "weir attach" weir attach wan
expect "explain names the line" weir explain $LISTED $BLOG:80
expect_said "of the copy" "known-bad\.txt:2"
expect_said "and says so" 'from the copy in'
lab_stop "$LAB_PROXY"
lab_files
lab_proxy
expect_filtering "after that"

story "a trial is not kept until it is confirmed"
echo "$CLIENT" >>"$LAB_DIR/known-bad.txt"
expect "weir apply --try 1s" weir apply --try 1s
expect_not "the kept copy has the trial's list" grep -qx "$CLIENT" "/var/lib/$LAB"/confirmed/*known-bad.txt
expect "the trial ends" eventually 4 served
expect "weir apply --try 20s" weir apply --try 20s
expect "weir confirm" weir confirm
expect "the kept copy has the list" grep -qx "$CLIENT" "/var/lib/$LAB"/confirmed/*known-bad.txt
expect_equal "copies" "$(copies)" 1
lab_files
expect "weir apply" weir apply
expect_not "the kept copy still has it" grep -qx "$CLIENT" "/var/lib/$LAB"/confirmed/*known-bad.txt

story "killed at any moment, apply leaves a whole copy"
for i in {0..19}; do
	echo "# $i" >>"$LAB_DIR/known-bad.txt"
	nsenter --net="/run/netns/$LAB-gate" "$WEIR" -I "$LAB" -c "$LAB_DIR/weir.yaml" apply &
	pid=$!
	sleep "0.0$((i * 5))"
	kill -KILL $pid 2>/dev/null
	wait $pid 2>/dev/null
	expect "apply --confirmed after a kill" weir apply --confirmed
done
expect_filtering "after all that"
expect "weir apply" weir apply
expect_equal "copies" "$(copies)" 1

story "a copy that cannot be made is a warning, and the policy is in force"
rm -rf "/var/lib/$LAB/confirmed" "/var/lib/$LAB"/kept.*
mkdir "/var/lib/$LAB/confirmed"
echo "$CLIENT" >>"$LAB_DIR/known-bad.txt"
expect "weir apply" weir apply
expect_said "it says what is not kept" 'not kept'
expect_not "the client that the list names is served" served
rmdir "/var/lib/$LAB/confirmed"
lab_files
expect "weir apply" weir apply
expect_equal "what it says" "$SAID" ""
expect "the kept copy" kept
end
