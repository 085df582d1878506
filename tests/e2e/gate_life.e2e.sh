#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# A gate's life: attached, changed, looked at, detached. Every step is seen from outside.
. "$(dirname "$0")/lib.sh"
begin life
lab_apps

has_program() { gate ip -d link show wan | grep -q 'prog/xdp'; }
is_local() { gate ip route get "$1" | grep -q "^local $1"; }
weirs_running() { pgrep -fc -- "$WEIR -I $LAB" || :; }

story "attach before any apply is refused, and no program is left on the interface"
expect_not "weir attach" weir attach
expect_not "a program is on the interface" has_program

story "attach outlives the command"
expect "weir apply" weir apply
expect "weir attach" weir attach
expect "a program is on the interface" has_program
expect_equal "processes of weir" "$(weirs_running)" 0
expect_not "a listed source reaches the machine" can_connect $LISTED $BLOG 80
lab_proxy
expect_filtering "with the proxy up"

story "attach says mode and sharing, and a second attach changes nothing"
expect "weir attach" weir attach
expect "weir status" weir status
expect_said "status names the interface and the mode" 'wan.*native'
expect "status as JSON" sh -c "nsenter --net=/run/netns/$LAB-gate '$WEIR' -I $LAB \
	-c '$LAB_DIR/weir.yaml' -j status | jq -e ."
expect_filtering "after it"

story "a new ingress address is served, one that went is dropped, the others never notice"
sed -i '/203.0.113.12/d' "$LAB_DIR/lab.region"
echo 'ingress 203.0.113.77/32 rate 1GB/s burst 1GB' >>"$LAB_DIR/lab.region"
rm -f "$LAB_DIR/enough"
(
	lost=0 asked=0
	while [[ ! -e $LAB_DIR/enough ]]; do
		served >/dev/null 2>&1 || lost=$((lost + 1))
		asked=$((asked + 1))
	done
	echo "$lost lost, asked $((asked > 20 ? 1 : 0))" >"$LAB_DIR/asked"
) &
asking=$!
expect "weir plan" weir plan
expect_said "plan names the address to come" '203\.0\.113\.77'
expect_said "plan names the address to go" '203\.0\.113\.12'
expect_not "the address to come is local before apply" is_local 203.0.113.77
for _ in 1 2 3 4 5; do
	expect "weir apply" weir apply
	expect "the new address is served" fetch 203.0.113.77 http://blog.example/ --fail
	expect_not "the old one is" fetch $METERED http://blog.example/ --fail --max-time 1
	cp "$LAB_DIR/lab.region" "$LAB_DIR/new.region"
	lab_files
	expect "weir apply, back" weir apply
	expect "the old address is served again" fetch $METERED http://blog.example/ --fail
	expect_not "the new one is" fetch 203.0.113.77 http://blog.example/ --fail --max-time 1
	cp "$LAB_DIR/new.region" "$LAB_DIR/lab.region"
done
touch "$LAB_DIR/enough"
wait $asking
expect_equal "requests to the other addresses" "$(cat "$LAB_DIR/asked")" "0 lost, asked 1"
lab_files
expect "weir apply" weir apply

story "apply of unchanged files changes nothing"
expect "weir plan" weir plan
before=$(policy_now)
expect "weir apply" weir apply
expect_equal "the policy in force" "$(policy_now | grep -c .)" "$(grep -c . <<<"$before")"
expect_filtering "after it"

story "a live ban takes effect at once, outlives an apply, and goes by deny del"
expect "a client is served" served
expect "weir deny add" weir deny add $CLIENT --note 'a story'
expect_not "a banned client is served" served
expect "weir deny list" weir deny list
expect_said "list names address and note" "$CLIENT.*a story"
expect "weir deny why" weir deny why $CLIENT
expect "weir apply" weir apply
expect_not "a banned client is served after an apply" served
expect "weir deny del" weir deny del $CLIENT
expect "a client is served again" served
expect_exit 1 "weir deny why of an unlisted address" weir deny why $CLIENT

story "a ban that expires lets the client in by itself"
expect "weir deny add --for 2s" weir deny add $CLIENT --for 2s
expect_not "a banned client is served" can_connect $CLIENT $BLOG 80
expect "a client is served when the ban is over" eventually 5 served

story "a listed address is released by allow add, and deny del of it names file and line"
expect_not "weir deny del of an address that a file lists" weir deny del $LISTED
expect_said "it names file and line" 'known-bad\.txt:2'
expect_said "it tells how to release it" "weir allow add $LISTED"
expect "weir deny why" weir deny why $LISTED
expect_said "why names file and line" 'known-bad\.txt:2'
expect "weir allow add" weir allow add $LISTED
expect "the released source gets in" listed_gets_in
expect "weir allow list" weir allow list
expect_said "list names it" "$LISTED"
expect "weir allow del" weir allow del $LISTED
expect_not "the listed source gets in again" listed_gets_in

story "a second writer is told who holds the lock"
exec 9>>"/run/$LAB/apply.lock"
flock 9
echo "pid $$ (weir apply)" >"/run/$LAB/apply.lock"
expect_exit 1 "weir apply" weir apply
expect_said "it names the holder" "held by pid $$"
expect "a ban does not wait for it" timeout 2 nsenter --net="/run/netns/$LAB-gate" \
	"$WEIR" -I "$LAB" -c "$LAB_DIR/weir.yaml" deny add 192.0.2.9
exec 9>&-
expect "weir apply, with the lock free" weir apply

story "counters agree: weir counts and bpftool alone"
expect_equal "every reason above 0" \
	"$(weir -j counts | jq -cS '.reasons | map_values(.packets) | with_entries(select(.value > 0))')" \
	"$(dumped | jq -cS .)"
expect_equal "no packet went undecided" "$(counted drop_undecided)" 0

story "detach takes the program away, and a next attach filters again"
expect "weir detach" weir detach
expect_not "a program is on the interface" has_program
expect "weir attach" weir attach
expect_filtering "after attach"
end
