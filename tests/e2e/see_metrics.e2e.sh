#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The gate's metrics: what Prometheus' own tool says of them, and that they agree with the counters.
. "$(dirname "$0")/lib.sh"
begin metrics

# The value of one sample, as it is written.
sample() { weir metrics | awk -v name="$1" '$1 == name { print $2 }'; }

judged() { # promtool says nothing of a text that it has nothing to say of
	[[ $(weir metrics | promtool check metrics 2>&1) == '' ]]
}

story "without a gate, metrics say that none is loaded"
expect "weir metrics" weir metrics
expect_said "it says so" '^weir_gate_loaded 0$'
expect "promtool accepts it" judged

story "promtool finds nothing to say of the metrics of a gate that works"
expect "weir apply" weir apply
expect "weir attach" weir attach
can_connect $LISTED $BLOG 80 2>/dev/null # is dropped, and counted
can_connect $CLIENT $BLOG 80 2>/dev/null # passes
expect "promtool accepts it" judged

story "metrics agree with the counters, and name interface, list and policy"
expect_equal "listed packets" "$(sample 'weir_packets_total{reason="drop_denied",outcome="dropped"}')" \
	"$(counted drop_denied)"
expect "packets of a listed source were counted" test "$(counted drop_denied)" -gt 0
expect_equal "the interface" "$(sample 'weir_interface_info{interface="wan",mode="native"}')" 1
expect_equal "the list" "$(sample 'weir_denylist_prefixes{list="known-bad"}')" 2
expect_equal "denied addresses" "$(sample weir_denied_addresses)" 257
expect_between "when it was applied" "$(($(date +%s) - $(sample weir_policy_applied_timestamp_seconds)))" 0 60
expect_equal "the bucket" "$(sample "weir_destination_burst_bytes{destination=\"$METERED\"}")" 4000000
expect_equal "the files" "$(sample 'weir_files_state{state="same"}')" 1
expect "weir deny add" weir deny add 192.0.2.9
expect_equal "live bans" "$(sample 'weir_live_entries{kind="ban"}')" 1

story "a file for a collector is replaced whole, and readable by it"
expect "weir metrics -o" weir metrics -o "$LAB_DIR/weir.prom"
expect_equal "its mode" "$(stat -c %a "$LAB_DIR/weir.prom")" 644
inode=$(stat -c %i "$LAB_DIR/weir.prom")
expect "weir metrics -o, again" weir metrics -o "$LAB_DIR/weir.prom"
expect_not "it was written in place" test "$(stat -c %i "$LAB_DIR/weir.prom")" = "$inode"
expect_equal "nothing is left beside it" "$(find "$LAB_DIR" -name 'weir.prom.*' | wc -l)" 0
expect_exit 1 "weir metrics -o, where there is no folder" weir metrics -o "$LAB_DIR/none/weir.prom"

story "a device stays one, and - is standard output"
mknod -m 666 "$LAB_DIR/null" c 1 3
expect "weir metrics -o DEVICE" weir metrics -o "$LAB_DIR/null"
expect "it is one still" test -c "$LAB_DIR/null"
ln -s /proc/self/fd/1 "$LAB_DIR/stdout"
expect_equal "to what /dev/stdout is" "$(weir metrics -o "$LAB_DIR/stdout" | grep -c ^weir_build_info)" 1
expect_equal "to -" "$(cd "$LAB_DIR" && weir metrics -o - | grep -c ^weir_build_info)" 1
expect_exit 1 "to a folder" weir metrics -o "$LAB_DIR"
expect_said "why not" "$LAB_DIR: cannot write: Is a directory"

story "files with errors do not keep the metrics back"
echo 'nonsense' >"$LAB_DIR/known-bad.txt"
expect_equal "the files" "$(sample 'weir_files_state{state="bad"}')" 1
expect "promtool accepts it" judged
end
