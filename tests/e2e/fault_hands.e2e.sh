#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Two releases of weir at once on one gate, and a bpf file system that is not where it was.
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
for i in {1..40}; do
	command=weir
	((i % 2)) || command=other
	expect "ban $i" $command deny add "10.60.0.$i"
	((i % 10)) || expect_filtering "after ban $i"
done
touch "$LAB_DIR/stop"
wait $first $second
expect_not "an apply failed" grep -q failed "$LAB_DIR/applied"
expect "weir deny list" weir deny list
expect_equal "bans" "$(grep -c '^10\.60\.0\.' <<<"$SAID")" 40
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
end
