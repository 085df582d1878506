#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Two releases of weir at once on one gate, a bpf file system that is not where it was, and system calls that
# are interrupted, or do a part of what they are asked.
. "$(dirname "$0")/lib.sh"
begin hands
lab_app blog 10.66.0.2
lab_start

other() { gate "$WEIR-other" -I "$LAB" -c "$LAB_DIR/weir.yaml" "$@"; }
# SCRIPT COMMAND...: the script with weir and the command's words as its own, in a mount namespace of its own.
elsewhere() {
	local script=$1
	shift
	gate unshare --mount sh -c "$script" sh "$WEIR" -I "$LAB" -c "$LAB_DIR/weir.yaml" "$@"
}

# Each upgrades the other's gate, again and again.
apply_until() { # COMMAND FILE
	while [[ ! -e $2 ]]; do
		"$1" apply >>"$LAB_DIR/applied" 2>&1 || echo "$1 failed" >>"$LAB_DIR/applied"
	done
}

story "two versions apply at once while bans stream: each ban holds, and the last one to apply is in force"
apply_until weir "$LAB_DIR/stop" &
first=$!
apply_until other "$LAB_DIR/stop" &
second=$!
for i in {1..20}; do
	command=weir
	((i % 2)) || command=other
	expect "ban $i" $command deny add "10.60.0.$i"
	((i % 10)) || expect_filtering "after ban $i"
done
touch "$LAB_DIR/stop"
wait $first $second
expect_not "an apply failed" grep -q failed "$LAB_DIR/applied"
expect "weir deny list" weir deny list
expect_equal "bans" "$(grep -c '^10\.60\.0\.' <<<"$SAID")" 20
expect "weir apply" weir apply
expect "weir verify" weir verify
expect_filtering "after all of it"
expect_equal "packets that went undecided" "$(counted drop_undecided)" 0

# In a container that may not look at PID 1, weir takes any mount namespace for the machine's.
if [[ -n $(readlink /proc/1/ns/mnt) ]]; then
story "a mount namespace without the bpf file system: said, and the gate goes on"
for command in status 'deny add 10.61.0.1' apply; do
	# shellcheck disable=SC2016,SC2086 # for the shell inside; words
	expect_exit 1 "weir $command" elsewhere 'umount -l /sys/fs/bpf; exec "$@"' $command
	expect_said "what is missing" '/sys/fs/bpf is no bpf file system in this mount namespace'
done
expect_filtering "meanwhile"
fi

story "another bpf file system in its place: no interface is taken from the gate that is out of sight"
# shellcheck disable=SC2016
expect_exit 1 "weir attach" elsewhere 'mount -t bpf bpf /sys/fs/bpf; "$@" apply >/dev/null 2>&1; exec "$@" attach'
expect_said "who has it" "wan is held by another XDP program: 'weir_gate'"
expect_filtering "meanwhile"
expect "weir apply" weir apply
expect "weir verify" weir verify
expect_filtering "after it"

story "interrupted and short system calls: every command does what it always does"
short() { gate env LD_PRELOAD="$LAB_ROOT/build/short.so" "$WEIR" -I "$LAB" -c "$LAB_DIR/weir.yaml" "$@"; }
seq 5000 | awk '{ printf "10.70.%d.%d\n", $1 / 250, $1 % 250 + 1 }' >>"$LAB_DIR/known-bad.txt"
expect "check" short check
expect "apply" short apply
expect "verify" short verify
expect "weir verify, as usual" weir verify
expect "explain" short explain 10.70.19.200 $BLOG:80
expect_said "the line" 'known-bad\.txt:[0-9]+'
expect "deny add" short deny add 10.61.0.2
expect "deny add of many" sh -c 'seq 300 | sed s/^/10.62.1./ | head -n 250 | "$@" deny add -' sh \
	nsenter --net="/run/netns/$LAB-gate" env LD_PRELOAD="$LAB_ROOT/build/short.so" "$WEIR" -I "$LAB" -c "$LAB_DIR/weir.yaml"
expect "deny list" short deny list
expect_equal "bans that it lists" "$(grep -c '^10\.6[12]\.' <<<"$SAID")" 251
expect "what the usual one lists" weir deny list
expect_equal "bans that this one lists" "$(grep -c '^10\.6[12]\.' <<<"$SAID")" 251
expect "a gate that was lost" weir detach --purge
expect "apply from nothing, with the bans of the journal" short apply
expect "attach" short attach
expect "its bans" weir deny why 10.62.1.250
lab_stop "$LAB_PROXY"
LD_PRELOAD=$LAB_ROOT/build/short.so lab_proxy
expect_filtering "after it"
expect "route add" short route add short.example app=blog http 10.66.0.2:8080
expect "its page" fetch $BLOG http://short.example/ --fail
head -c 3000000 /dev/urandom >"$LAB_DIR/blog-10.66.0.2/www/blob"
expect "a download" fetch $BLOG http://blog.example/blob --fail -o "$LAB_DIR/got"
expect "its bytes" cmp "$LAB_DIR/got" "$LAB_DIR/blog-10.66.0.2/www/blob"
end
