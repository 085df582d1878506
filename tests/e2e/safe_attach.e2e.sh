#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# attach --try: with every process of weir dead, an interface that was locked out gets its
# traffic back, unless weir confirm comes.
. "$(dirname "$0")/lib.sh"
begin attachtry
weir apply || lab_fail "weir apply failed"

pings() { client ping -c 1 -W 1 $GATE; }
has_program() { gate ip -d link show wan | grep -q 'prog/xdp'; }
weirs_running() { pgrep -fc -- "$WEIR -I $LAB" || :; }

story "an attach on trial filters, and lets everything pass again by itself"
expect "a ping before" pings
expect "weir attach --try 2s" weir attach --try 2s
expect_said "it says so" 'on trial: .* unless weir confirm comes'
expect_not "a ping while it filters" pings
expect "weir status" weir status
expect_said "how long it has" 'interfaces on trial receive everything again in'
expect_said "on which interface" 'wan, native mode, on trial'
expect_exit 3 "weir verify" weir verify
expect_equal "processes of weir" "$(weirs_running)" 0
expect "a ping when its time is up" eventually 5 pings
expect_between "packets under its own reason" "$(counted pass_trial_over)" 1 100
expect "weir status" weir status
expect_said "how it ended" 'ended unconfirmed: interfaces on trial receive everything'
expect_exit 1 "a confirm that comes too late" weir confirm
expect_said "what to do" 'weir attach'
expect "a ping after that" pings

story "the next apply takes the program off, and says so"
expect "weir apply" weir apply
expect_said "it says so" 'wan is detached: its attach --try has ended'
expect_not "a program is on the interface" has_program
expect "a ping" pings

story "an attach that is confirmed stays"
expect "weir attach --try 2s" weir attach --try 2s
expect_exit 1 "an apply meanwhile" weir apply
expect_said "why not" 'a trial is running'
expect "weir confirm" weir confirm
sleep 2.3
expect_not "a ping" pings
expect_equal "its trial" "$(weir -j status | jq -r .trial.state)" none

story "an interface that is renamed is known by its new name, also where two change names"
names() { weir -j status | jq -c '[.interfaces[] | [.name, .mode]]'; }
expect "weir detach" weir detach
for name in t0 t1; do
	gate ip link add $name type veth peer name "$name-far"
done
expect "weir attach t0" weir attach t0
gate ip link set t0 name t9
expect_equal "what is attached" "$(names)" '[["t9","native"]]'
expect "weir attach t9" weir attach t9
expect_said "it was" 'attached already$'
expect "weir attach --try" weir attach --try 30s t9
expect_said "nothing will go back" 'attached already for good, and goes on no trial$'
gate ip link set t1 name t0
expect "weir attach of another by the former name" weir attach t0
gate ip link set t9 name swap && gate ip link set t0 name t9 &&
	gate ip link set swap name t0
expect "weir attach t0" weir attach t0
expect_equal "what is attached" "$(names)" '[["t0","native"],["t9","native"]]'
expect "weir detach t0" weir detach t0
expect_equal "what is attached" "$(names)" '[["t9","native"]]'
expect "weir detach t9" weir detach t9
expect_equal "what is attached" "$(names)" '[]'
expect "weir attach" weir attach

story "killed at any moment, attach --try leaves no interface filtered for good"
for i in {1..12}; do
	weir detach >/dev/null 2>&1
	nsenter --net="/run/netns/$LAB-gate" "$WEIR" -I "$LAB" -c "$LAB_DIR/weir.yaml" \
		attach --try 300ms >/dev/null 2>&1 &
	pid=$!
	sleep "0.$(printf %02d $((i * 2)))"
	kill -KILL $pid 2>/dev/null
	wait $pid 2>/dev/null
	expect "a ping, after a kill at $((i * 20)) ms" eventually 3 pings
done
expect "weir attach" weir attach
expect_not "a ping, attached for good" pings
end
