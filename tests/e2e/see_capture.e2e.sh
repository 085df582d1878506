#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Captures: what the gate dropped and why, as tshark and tcpdump read it.
. "$(dirname "$0")/lib.sh"
begin capture
weir apply && weir attach >/dev/null || lab_fail "no gate"

# capturing ARGUMENTS...: weir capture in the background until the lab goes; waits until it runs.
capturing() {
	lab_spawn gate "$WEIR" -I "$LAB" -c "$LAB_DIR/weir.yaml" capture "$@"
	eventually 5 watched || fails "the capture does not run" "$(tail -n 3 "$LAB_DIR/spawned.log")"
}
watchers() { bpftool map dump pinned "/sys/fs/bpf/$LAB/weir_control" | jq '.[0].value.watchers'; }
watched() { [[ $(watchers) -ne 0 ]]; }
knock() { for _ in $(seq "$2"); do can_connect "$1" $BLOG 80 2>/dev/null; done; }
forgotten() { knock $LISTED 1; [[ $(watchers) -eq 0 ]]; }
packets() { tshark -n -r "$1" -T fields -e frame.comment -e ip.src -e tcp.dstport 2>/dev/null; }

story "a dropped packet is in the file with its reason, for tshark and tcpdump"
capturing -n 1 -w "$LAB_DIR/one.pcapng"
knock $LISTED 1
wait "$LAB_PID"
expect_equal "the capture ended well" $? 0
expect_equal "as tshark reads it" "$(packets "$LAB_DIR/one.pcapng")" \
	"$(printf 'drop_denied: the source is on a denylist\t%s\t80' $LISTED)"
expect "tcpdump reads it" tcpdump -n -r "$LAB_DIR/one.pcapng"
expect_said "it shows the packet" "$LISTED.*> $BLOG.80"
expect_equal "its interface" "$(tshark -n -r "$LAB_DIR/one.pcapng" -T fields -e frame.interface_name 2>/dev/null)" wan
taken=$(tshark -n -r "$LAB_DIR/one.pcapng" -T fields -e frame.time_epoch 2>/dev/null)
expect_between "when it came" "$(($(date +%s) - ${taken%.*}))" 0 20
expect_equal "nobody watches any more" "$(watchers)" 0

story "filters: reason, source, destination, outcome"
capturing --reason dropped --reason pass_link --src $CLIENT/32 --dst $BLOG --for 4s \
	-w "$LAB_DIR/some.pcapng"
knock $LISTED 1
knock $CLIENT 1
can_connect $CLIENT $SHOP 80 2>/dev/null
client ping -c 1 -W 1 $GATE >/dev/null
wait "$LAB_PID"
expect_equal "all that is in it" "$(packets "$LAB_DIR/some.pcapng" | sort -u)" \
	"$(printf 'drop_no_listener: %s\t%s\t80' \
	"$(weir counts -a | sed -n 's/^drop_no_listener .*[0-9]  //p')" $CLIENT)"

story "lines for people and for programs, without a file"
capturing --reason drop_denied -n 1
knock $LISTED 1
wait "$LAB_PID"
expect_equal "the line" "$(grep -c "wan drop_denied $LISTED:.* > $BLOG:80 tcp syn" "$LAB_DIR/spawned.log")" 1
capturing -j -n 1
knock $LISTED 1
wait "$LAB_PID"
expect_equal "as JSON" "$(grep '^{' "$LAB_DIR/spawned.log" | jq -r '.reason + " " + .source')" \
	"drop_denied $LISTED"

story "under a flood the rate is kept, and what is left out is counted"
capturing --rate 100 --for 3s -w "$LAB_DIR/flood.pcapng"
client "$FLOOD" -i wire -m $GATE_MAC -d $BLOG -s $LISTED/32 -r 20000 -t 2 >/dev/null
wait "$LAB_PID"
expect_between "frames" "$(packets "$LAB_DIR/flood.pcapng" | wc -l)" 50 420
left=$(sed -n 's/.*left out: \([0-9]*\) beyond.*/\1/p' "$LAB_DIR/spawned.log" | tail -n 1)
expect_between "left out" "${left:-0}" 1000 100000000

story "one capture at a time, and one that was killed costs nothing for long"
capturing -w "$LAB_DIR/killed.pcapng"
first=$LAB_PID
expect_exit 1 "a second capture" weir capture -n 1
expect_said "it names the first" "held by pid $first"
lab_stop "$first" KILL
expect "the gate has forgotten it" eventually 12 forgotten
expect_exit 2 "a usage error" weir capture --nonsense
expect_exit 1 "no such reason" weir capture --reason nonsense
expect_said "it says so" "'nonsense' is no reason"
end
