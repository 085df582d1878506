#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# A policy on trial: apply --try goes back by itself unless weir confirm comes, with no process
# of weir alive; verify and status say so.
. "$(dirname "$0")/lib.sh"
begin trial
lab_app blog 10.66.0.2
lab_start

story "a trial that nobody confirms ends by itself"
expect "verify finds no drift" weir verify
echo "$CLIENT" >>"$LAB_DIR/known-bad.txt"
expect_exit 3 "verify sees that the files have changed" weir verify
expect "weir apply --try 3s" weir apply --try 3s
expect_not "the client that the trial lists is served" served
expect "weir status" weir status
expect_said "status says that it goes back" 'goes back'
expect "the client is served when the trial is over" eventually 6 served
expect "weir status" weir status
expect_said "status says how it ended" 'ended unconfirmed'
expect_exit 3 "verify sees that the files are not in force" weir verify
expect_not "a confirm that comes too late" weir confirm
expect "the client is still served" served

story "a trial that is confirmed stays"
expect "weir apply --try 2s" weir apply --try 2s
expect "weir confirm" weir confirm
sleep 2.5
expect_not "the client that the policy lists is served" served
expect "verify finds no drift" weir verify
lab_files
expect "weir apply" weir apply
expect_filtering "after it"

story "addresses that a trial takes away or brings are served until it is over, and as before after it"
region_with() { # ADDRESS: of the third ingress
	sed -i "s|^ingress $METERED.*|ingress $1/32 rate 1GB/s burst 1GB|" "$LAB_DIR/lab.region"
}
region_with 203.0.113.77
expect "weir apply --try 3s" weir apply --try 3s
expect "the new address is served" fetch 203.0.113.77 http://blog.example/ --fail
expect_not "the old one is" fetch $METERED http://blog.example/ --fail --max-time 0.5
expect "the old one is served when the trial is over" eventually 6 \
	fetch $METERED http://blog.example/ --fail --max-time 0.5
expect_not "the new one is" fetch 203.0.113.77 http://blog.example/ --fail --max-time 0.5
lab_files
expect "weir apply" weir apply
expect "weir verify" weir verify

story "a trial goes back with every process dead, killed at any moment"
went_back() { [[ $(weir -j status | jq -r .trial.state) != running ]] && served; }
for delay in 0.01 0.03 0.06 0.1 0.2; do
	echo "$CLIENT" >>"$LAB_DIR/known-bad.txt"
	nsenter --net="/run/netns/$LAB-gate" "$WEIR" -I "$LAB" -c "$LAB_DIR/weir.yaml" \
		apply --try 1s >/dev/null 2>&1 &
	pid=$!
	sleep $delay
	kill -KILL $pid 2>/dev/null
	wait $pid 2>/dev/null
	sleep 1
	expect "the client is served, killed after $delay s" eventually 4 went_back
	lab_files
	expect "weir apply, after it" weir apply
	expect "weir verify" weir verify
done
expect_filtering "after all of it"

story "a live ban made during a trial outlives it, whichever way it ends"
echo '# changed' >>"$LAB_DIR/known-bad.txt"
expect "weir apply --try 1s" weir apply --try 1s
expect "weir deny add" weir deny add $CLIENT
expect_not "the banned client is served during the trial" can_connect $CLIENT $BLOG 80
sleep 1
expect_not "the banned client is served after it" can_connect $CLIENT $BLOG 80
expect "weir deny del" weir deny del $CLIENT
expect "the client is served" served

story "a trial before any policy, and a confirm without a trial, are refused"
expect_exit 1 "weir confirm" weir confirm
expect_said "the reason" 'no trial|ended'
expect "weir detach --purge" weir detach --purge
expect_exit 1 "weir apply --try" weir apply --try 5s
expect_said "the reason" 'no policy to go back to'
end
