#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Live bans through everything: time, nesting, apply, detach, a full table, a reboot, and a wall
# clock that steps. No process of weir is left while they wait.
. "$(dirname "$0")/lib.sh"
begin bans
STRANGER=198.18.40.5 # another address of the client, which bans come and go for

client ip address add $STRANGER/24 dev wire
gate ip route add 198.18.40.0/24 dev wan
lab_app blog 10.66.0.2
lab_start >/dev/null

gets_in() {
	client socat -u OPEN:/dev/null "TCP4:$BLOG:80,bind=$STRANGER,connect-timeout=0.5"
}

# In a Linux that has just been started: nothing in bpffs or /run, no program, no route of weir.
reboot_gate() {
	local link
	for link in $(gate ip -j link show | jq -r '.[] | select(.xdp) | .ifname'); do
		gate ip link set "$link" xdp off 2>/dev/null
	done
	lab_stop "$LAB_PROXY"
	rm -rf "/sys/fs/bpf/${LAB:?}" "/run/$LAB"
	gate ip route flush table local proto 87 2>/dev/null
}

start_again() {
	weir apply && weir attach >/dev/null && lab_proxy
}

# stepped TIME COMMAND...: weir with a wall clock that is off by so much.
stepped() {
	local by=$1
	shift
	gate faketime --exclude-monotonic -f "$by" "$WEIR" -I "$LAB" -c "$LAB_DIR/weir.yaml" "$@"
}

# lasted BAN_AT_MS: how long it took until the stranger got in again.
lasted() {
	until gets_in 2>/dev/null; do
		(($(now_ms) - $1 < 40000)) || break
	done
	echo $(($(now_ms) - $1))
}

story "a machine's first ban is on the disk, the name of its file included"
rm -f "/var/lib/$LAB/live.journal"
expect "weir deny add" gate strace -qq -y -e trace=fsync,fdatasync \
	"$WEIR" -I "$LAB" -c "$LAB_DIR/weir.yaml" deny add $STRANGER
expect_said "the file" "fdatasync.*/live.journal>"
expect_said "its folder" "fsync.*/var/lib/$LAB>"
expect "weir deny del" weir deny del $STRANGER

story "a ban ends by itself, with no process left to end it"
at=$(now_ms)
expect "weir deny add --for 2s" weir deny add $STRANGER --for 2s
expect_not "the banned stranger gets in" gets_in
expect_equal "processes of weir besides the proxy" \
	"$(pgrep -f -- "$WEIR -I $LAB" | grep -vcx "$LAB_PROXY")" 0
expect_between "ms that it lasted" "$(lasted "$at")" 2000 8000
expect "weir deny list" weir -j deny list
expect_equal "entries of it" "$(jq 'length' <<<"$SAID")" 0

story "a narrow ban that has ended hides no wide one that has not"
expect "a wide ban" weir deny add 198.18.40.0/24
expect "a narrow one in it" weir deny add $STRANGER --for 1s
sleep 1.2
expect_not "the stranger gets in" gets_in
expect "weir deny why" weir deny why $STRANGER
expect_said "why names the wide ban" '198\.18\.40\.0/24, without end, by'
expect_exit 1 "weir deny del of the stranger alone" weir deny del $STRANGER
expect_said "which ban it is in, and what to do" \
	"^$STRANGER has no ban of its own, it is in that of 198\.18\.40\.0/24: weir deny del 198\.18\.40\.0/24, or weir allow add $STRANGER\$"
expect "the wide ban goes" weir deny del 198.18.40.0/24
expect "the stranger gets in" gets_in

story "list says who, when, until and why, and why says by its exit code"
SUDO_USER=alice expect "a ban by alice" weir deny add $STRANGER --for 1h --note 'seen in ssh.log'
expect "weir deny list" weir deny list
expect_said "the line of it" "$STRANGER.*alice"
expect_said "its note" 'seen in ssh\.log'
expect "weir deny list as JSON" weir -j deny list
expect_equal "who, and how long" "$(jq -c '.[0] | [.who, .note,
	((.until | fromdateiso8601) - (.at | fromdateiso8601))]' <<<"$SAID" 2>&1)" \
	'["alice","seen in ssh.log",3600]'
expect_exit 0 "why, of a banned address" weir deny why $STRANGER
expect_exit 0 "why, of a listed address" weir deny why $LISTED
expect_exit 1 "why, of neither" weir deny why $CLIENT
expect_exit 2 "why, of nothing" weir deny why

story "a release lets a listed address in through every other change, until it is taken back"
expect "weir allow add" weir allow add $LISTED --for 1h
expect "the released source gets in" can_connect $LISTED $BLOG 80
expect_exit 1 "why" weir deny why $LISTED
echo 198.51.100.64/26 >>"$LAB_DIR/known-bad.txt"
expect "weir apply of a list with more that covers it" weir apply
expect "it still gets in" can_connect $LISTED $BLOG 80
expect "weir deny flush" weir deny flush
expect "it still gets in" can_connect $LISTED $BLOG 80
expect "weir allow del" weir allow del $LISTED
expect_not "it gets in" can_connect $LISTED $BLOG 80

story "bans outlive apply, detach and a reboot, and end when they should"
at=$(now_ms)
expect "a ban that outlasts what follows" weir deny add $STRANGER --for 15s --note short
expect "one for ever" weir deny add 192.0.2.66 --note long
expect "weir apply" weir apply
expect_not "the stranger gets in after an apply" gets_in
expect "weir detach" weir detach
expect "weir attach" weir attach
expect_not "the stranger gets in after detach and attach" gets_in
reboot_gate
expect_exit 1 "weir deny list, before any apply" weir deny list
start_again || fails "apply, attach and proxy after a reboot"
expect_not "the stranger gets in after a reboot" gets_in
expect "weir deny list" weir deny list
expect_said "both are there" 'short'
expect_said "both are there" 'long'
expect_between "ms that the short one lasted" "$(lasted "$at")" 15000 30000
expect_exit 0 "the long one holds" weir deny why 192.0.2.66

story "a wall clock that steps moves no ban that is in force"
at=$(now_ms)
expect "a ban while the clock is a year ahead" stepped +1y deny add $STRANGER --for 3s
expect_not "the stranger gets in" gets_in
expect_between "ms that it lasted by a clock set right" "$(lasted "$at")" 3000 9000
at=$(now_ms)
expect "a ban while the clock is right" weir deny add $STRANGER --for 10s --note steps
expect "weir apply, a year later by the clock" stepped +1y apply
expect_not "the stranger gets in" gets_in
expect "weir deny list, a year earlier by the clock" stepped -1y deny list
expect_said "the note is kept" steps
expect "weir deny list, a year later by the clock" stepped +1y deny list
expect_said "the note is kept" steps
expect_between "ms that it lasted" "$(lasted "$at")" 10000 20000

# elsewhen SECONDS COMMAND...: weir in a time namespace whose clocks are so far ahead.
elsewhen() {
	local by=$1
	shift
	gate unshare --time --monotonic "$by" --boottime "$by" --fork "$WEIR" -I "$LAB" \
		-c "$LAB_DIR/weir.yaml" "$@"
}

story "in a time namespace bans and trials end when they do for packets"
at=$(now_ms)
expect "a ban, a day ahead" elsewhen 86400 deny add $STRANGER --for 3s
expect_not "the stranger gets in" gets_in
expect_exit 0 "weir deny why" weir deny why $STRANGER
expect_between "ms that it lasted" "$(lasted "$at")" 3000 9000
at=$(now_ms)
expect "a ban, an hour behind" elsewhen -3600 deny add $STRANGER --for 3s
expect_not "the stranger gets in" gets_in
expect_between "ms that it lasted" "$(lasted "$at")" 3000 9000
at=$(now_ms)
echo "$STRANGER" >>"$LAB_DIR/known-bad.txt"
expect "a trial, a day ahead" elsewhen 86400 apply --try 2s
expect_not "the stranger gets in on trial" gets_in
expect_between "ms that it lasted" "$(lasted "$at")" 2000 8000
sed -i '$d' "$LAB_DIR/known-bad.txt"
expect "an apply, an hour behind" elsewhen -3600 apply

story "a ban of a clock that was wrong ends when it should after the clock was set and a reboot"
at=$(now_ms)
expect "a ban while the clock is a year ahead" stepped +1y deny add $STRANGER --for 15s
expect "weir apply, the clock being right" weir apply
reboot_gate
start_again || fails "apply, attach and proxy after a reboot"
expect_not "the stranger gets in after the reboot" gets_in
expect_between "ms that it lasted" "$(lasted "$at")" 15000 30000

story "thousands a second come from standard input"
awk 'BEGIN { for (i = 0; i < 20000; i++) printf "10.%d.%d.%d\n", 120 + i / 65536, i / 256 % 256, i % 256
	print "'$STRANGER'" }' >"$LAB_DIR/many"
add_many() { weir deny add - --note storm <"$LAB_DIR/many"; }
began=$(now_ms)
expect "20,001 bans" add_many
took=$(($(now_ms) - began))
expect_between "ms that they took" $took 1 5000
expect_not "the last of them gets in" gets_in
expect_equal "entries in the kernel" "$(weir -j deny list | jq 'length')" 20002
echo "  (20,001 bans in $took ms)"
printf '# a comment\r10.121.0.1\r' >"$LAB_DIR/many"
expect_exit 1 "lines that end in CR alone" add_many
expect_said "what they are" '<stdin>: has lines that end in CR alone'
expect "spoofed sources send" client "$FLOOD" -i wire -m $GATE_MAC -d $BLOG -s 0.0.0.0/0 -t 1
expect_equal "entries after a million spoofed sources" "$(weir -j deny list | jq 'length')" 20002
expect "weir deny flush" weir deny flush
expect "the stranger gets in" gets_in

story "a full table is an error by name, and changes nothing"
expect "weir detach --purge" weir detach --purge
echo 'live_max: 8' >>"$LAB_DIR/weir.yaml"
lab_stop "$LAB_PROXY"
start_again || fails "a gate with room for 8"
expect "seven bans" weir deny add 10.120.0.{1..7}
expect_exit 1 "two more" weir deny add 10.121.0.1 $STRANGER
expect_said "the limit by name" 'full.*live_max'
expect "neither is in force" gets_in
expect_exit 1 "nor the other" weir deny why 10.121.0.1
expect_exit 0 "those before are" weir deny why 10.120.0.7
expect "one more fits" weir deny add $STRANGER --for 3s
expect_not "and is in force" gets_in
expect "what has ended makes room" eventually 8 weir deny add 10.121.0.1
expect_equal "packets that no stage decided" "$(counted drop_undecided)" 0
end
