#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# What boot_order.e2e.sh runs inside the machine once it is up. Prints `ok NAME` and `not ok NAME`
# lines.
exec </dev/ttyS0 >/dev/ttyS0 2>&1
stty -opost
GATE=weir-gate@eth0.service

check() { # NAME COMMAND...
	local name=$1 said
	shift
	if said=$("$@" 2>&1); then
		echo "ok $name"
	else
		echo "not ok $name"
		echo "$said" | head -n 20 | sed 's/^/    /'
	fi
}
eventually() { # SECONDS COMMAND...
	local end=$((SECONDS + $1))
	shift
	until "$@"; do
		((SECONDS < end)) || return 1
		sleep 0.5
	done
}

# IPv4 packets that came up from the NIC: all but those of loopback.
seen() {
	echo $(($(awk '$1 == "Ip:" && $3 ~ /^[0-9]+$/ { print $4 }' /proc/net/snmp) -
		$(cat /sys/class/net/lo/statistics/rx_packets)))
}
packets_seen() { [ "$(seen)" -gt 100 ]; }
no_more_seen() {
	local before
	before=$(seen)
	sleep 3
	echo "$(($(seen) - before)) packets"
	[ "$(seen)" -eq "$before" ]
}
no_packet_seen() { echo "$(seen) packets"; [ "$(seen)" -eq 0 ]; }
denied() { weir -j counts | tr -d ' \n' | sed -n 's/.*"drop_denied":{"packets":\([0-9]*\).*/\1/p'; }
counted() { echo "$(denied) packets"; [ "$(denied)" -gt 100 ]; }
property() { systemctl show -P "$2" "$1"; }
before() { # UNIT WHAT UNIT WHAT: the first event was before the second
	local first second
	first=$(property "$1" "$2TimestampMonotonic") second=$(property "$3" "$4TimestampMonotonic")
	echo "$1 $2 at $first us, $3 $4 at $second us"
	[ "$first" -gt 0 ] && [ "$second" -gt 0 ] && [ "$first" -le "$second" ]
}
in_force() { journalctl -b -u $GATE | tail -n 20 | grep "$1"; }
attached() { weir complete -- detach '' | grep -qx eth0; }
proxy_user() { stat -c %U "/proc/$(property weir-proxy.service MainPID)" | grep -qx weir; }
proxy_serves() { systemctl is-active weir-proxy.service && weir -j status | tr -d ' \n' | grep -q '"http_listener":true'; }
another_proxy() { systemctl is-active weir-proxy.service && [ "$1" != "$(property weir-proxy.service MainPID)" ]; }
stops_well() {
	systemctl stop weir-proxy.service
	[ "$(property weir-proxy.service Result)" = success ] &&
		! journalctl -b -u weir-proxy.service | grep -E 'signal SIGKILL|remains running|not our child'
}
tag() { weir -j status | tr -d ' \n' | sed -n 's/.*"tag":"\([0-9a-f]*\)".*/\1/p'; }

order() {
	check "the gate's unit is active" systemctl is-active $GATE
	check "the gate was there before the network was about to be" before $GATE ActiveEnter network-pre.target ActiveEnter
	check "and before anything brought the network up" before $GATE ActiveEnter networking.service InactiveExit
	check "the flood was dropped as listed: $(denied) packets" counted
	check "no packet was seen by IP" no_packet_seen
}

services() {
	local pid
	check "the machine's addresses were learned" test "$(property weir-addresses.service Result)" = success
	check "the proxy runs in its sandbox" eventually 20 proxy_serves
	check "as its own user" proxy_user
	pid=$(property weir-proxy.service MainPID)
	check "a reload puts a new proxy in its place" systemctl reload weir-proxy.service
	check "which systemd knows" another_proxy "$pid"
	check "as its own user" proxy_user
	pid=$(property weir-proxy.service MainPID)
	kill -KILL "$pid"
	check "killed, it is started again" eventually 20 another_proxy "$pid"
	systemctl reload weir-proxy.service
	check "a reloaded proxy is waited for when it is stopped" stops_well
	check "and started again" systemctl start weir-proxy.service
	check "the lists are applied" systemctl start weir-lists.service
	check "the gate is reloaded" systemctl reload $GATE
	check "stopping the unit leaves the gate" systemctl stop $GATE
	check "where it was" attached
	check "and starting it finds it there" systemctl start $GATE
}

replug() {
	local device
	device=$(readlink -f /sys/class/net/eth0/device)
	while [ "$(cat "$device/vendor" 2>/dev/null)" != 0x1af4 ] || [ ! -e "$device/remove" ]; do
		device=${device%/*}
		[ -n "$device" ] || break
	done
	echo 1 >"$device/remove"
	check "with its device gone the unit stops" eventually 20 sh -c "! systemctl is-active -q $GATE"
	echo 1 >/sys/bus/pci/rescan
	check "and starts when it is back" eventually 40 systemctl is-active -q $GATE
	check "with the gate on it" attached
	ip link set eth0 up
	sleep 3
	check "still no packet was seen by IP" no_packet_seen
}

upgrade() {
	local before pid
	before=$(tag) pid=$(property weir-proxy.service MainPID)
	check "the next version is installed" dpkg -i /next.deb
	check "its gate took the other's place" test "$before" != "$(tag)" -a -n "$(tag)"
	check "and its proxy the other's" another_proxy "$pid"
	check "still no packet was seen by IP" no_packet_seen
}

broken() {
	echo '  - what is this' >>/etc/weir/weir.yaml
	weir detach --purge
	check "with the gate taken off, the flood is seen" eventually 20 packets_seen
	check "with broken files the gate comes up all the same" systemctl restart $GATE
	check "and is attached" attached
	check "with the last confirmed policy" in_force 'last confirmed policy'
	check "which drops what is listed" eventually 20 counted
	check "and no more of it is seen" no_more_seen
	rm -r /etc/weir /var/lib/weir
	weir detach --purge
	check "without files or a copy the gate comes up all the same" systemctl restart $GATE
	check "with management only" in_force 'management only'
	check "and no more of the flood is seen" no_more_seen
}

echo "vm: up $(uname -r) after $(cut -d' ' -f1 /proc/uptime) s"
order
services
replug
upgrade
broken
echo "vm: exit 0"
systemctl poweroff -ff
