#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The lock-out guard: an operator's session, which no command may cut off by accident.
. "$(dirname "$0")/lib.sh"
begin lockout

LINE="  - {protocol: tcp, from: $CLIENT/32, to: $GATE/32, port: 22}"

lab_spawn gate socat TCP-LISTEN:22,reuseaddr,fork EXEC:cat # stands for sshd
eventually 5 gate sh -c 'ss -Hltn | grep -q :22' || lab_fail "no server"
log_in() { # a session that stays; LAB_PID is its process
	lab_spawn client socat -u "TCP4:$GATE:22,bind=$CLIENT" -
	eventually 5 gate sh -c "ss -Htn state established | grep -q '$CLIENT:'"
}
add_said_lines() { # as the operator copies them
	{
		echo 'management:'
		grep -- '^  - {' <<<"$SAID"
	} >>"$LAB_DIR/weir.yaml"
}
can_log_in() { can_connect $CLIENT $GATE 22; }
log_in || lab_fail "no session"

story "apply that would lock a session out is refused, with the lines to add"
expect_exit 1 "weir apply" weir apply
expect_said "whom" "$CLIENT to $GATE port 22: drop_unsolicited"
expect_said "where" "add to $LAB_DIR/weir.yaml under .management:"
expect_equal "the line" "$(grep -- '^  - {' <<<"$SAID")" "$LINE"
expect_said "that it can be forced" '--force'
add_said_lines
expect "weir check of the file with the line" weir check
expect "weir apply with the line" weir apply
expect "weir attach" weir attach
expect "a new session" can_log_in

story "taking the line out is refused, and leaves the policy as it was"
lab_files
echo 192.0.9.0/24 >>"$LAB_DIR/known-bad.txt"
before=$(policy_now | head -n 1)
expect_exit 1 "weir apply" weir apply
expect_equal "the policy in force" "$(policy_now | head -n 1)" "$before"
expect "a new session" can_log_in
expect_exit 1 "weir apply --try" weir apply --try 5s

story "force insists"
expect "weir apply --force" weir apply --force
expect_not "a new session" can_log_in
expect "a ban of a session that could not come again anyway" weir deny add $CLIENT
expect "weir deny del" weir deny del $CLIENT

story "attach that would lock a session out is refused, and force insists"
expect "weir detach" weir detach
expect "a new session" can_log_in
expect_exit 1 "weir attach" weir attach
expect_equal "the line" "$(grep -- '^  - {' <<<"$SAID")" "$LINE"
expect_not "a program is on the interface" \
	sh -c "nsenter --net=/run/netns/$LAB-gate ip link show wan | grep -q prog/xdp"
expect "weir attach of the other interface" weir attach -m skb lan
expect "weir detach lan" weir detach lan
expect "weir attach --force" weir attach --force
expect_not "a new session" can_log_in

story "a ban of somebody who is logged in is refused"
printf 'management:\n%s\n' "$LINE" >>"$LAB_DIR/weir.yaml"
expect "weir apply" weir apply
expect_exit 1 "weir deny add" weir deny add $CLIENT
expect_said "whom" "$CLIENT to $GATE port 22: drop_banned"
expect "a new session" can_log_in
expect_exit 1 "weir deny add of many" sh -c "seq -f '203.0.114.%g' 1 200 | sed '100i $CLIENT' |
	nsenter --net=/run/netns/$LAB-gate '$WEIR' -I $LAB -c '$LAB_DIR/weir.yaml' deny add -"
expect_equal "bans" "$(weir -j deny list | jq length)" 0
expect "weir deny add of others" weir deny add 203.0.114.0/24
expect "weir deny add --force" weir deny add $CLIENT --force
expect_not "a new session" can_log_in
expect "weir deny del" weir deny del $CLIENT

story "a release that a session needs is not taken away by accident"
expect "weir allow add" weir allow add $CLIENT
echo $CLIENT >>"$LAB_DIR/known-bad.txt"
expect "weir apply of a list with a released source" weir apply --force
expect "a new session" can_log_in
expect_exit 1 "weir allow del" weir allow del $CLIENT
expect_said "whom" "$CLIENT to $GATE port 22: drop_denied"
expect_exit 1 "weir allow flush" weir allow flush
expect_said "whom" "$CLIENT to $GATE port 22: drop_denied"
expect "a new session" can_log_in
expect "weir allow flush --force" weir allow flush --force
expect_not "a new session" can_log_in
expect "weir allow add" weir allow add $CLIENT
expect "weir allow del --force" weir allow del $CLIENT --force
expect_not "a new session" can_log_in

story "users of apps are no matter of the guard"
lab_files
printf 'management:\n%s\n' "$LINE" >>"$LAB_DIR/weir.yaml"
expect "weir apply" weir apply
lab_apps
lab_proxy
lab_spawn client curl -s -o /dev/null --resolve "blog.example:80:$BLOG" http://blog.example/big
eventually 5 gate sh -c "ss -Htn state established | grep -q '$BLOG:80'"
expect "there is one" gate sh -c "ss -Htn state established | grep -q '$BLOG:80'"
sed -i "/$BLOG/d" "$LAB_DIR/lab.region"
expect "weir apply without the address that it uses" weir apply
end
