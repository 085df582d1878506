#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Who may come where, with real traffic: ports of the CDN, rules for the machine itself, DHCP,
# tagged frames, and a second interface under the same policy.
. "$(dirname "$0")/lib.sh"
begin scope
CDN=198.51.100.7     # an address of the client that is in the CDN's ranges
SECOND=198.18.9.2    # the client on its second wire
OTHER=198.18.9.66    # likewise, and listed

client ip link add wire2 type veth peer name wan2 netns "$LAB-gate"
client ip -batch - <<-END
	address add $CDN/24 dev wire
	address add $SECOND/24 dev wire2
	address add $OTHER/24 dev wire2
	link set wire2 up
	route add $SHOP via 198.18.9.1 src $SECOND
END
gate ip address add 198.18.9.1/24 dev wan2
gate ip link set wan2 up
lab_apps
cat >"$LAB_DIR/weir.yaml" <<-END
	region: lab.region
	interfaces: [{name: wan, mode: native}, {name: wan2, mode: native}]
	denylists: [known-bad.txt]
	ports:
	  open: [80, 443]
	  cdn: [8080, 8443]
	  cdn_sources: cdn.txt
	management:
	  - {protocol: tcp, from: $CLIENT, to: $GATE, port: 22}
	  - {protocol: udp, from: 198.51.100.0/24, to: $GATE, port: 5000-5010, source_port: 4000}
	  - {protocol: icmp, from: $CLIENT, to: $GATE}
	proxy:
	  user: nobody
	  routes: [apps.routes]
END
echo "$CDN/32" >"$LAB_DIR/cdn.txt"
printf '%s\n' $OTHER 198.18.7.66 >>"$LAB_DIR/known-bad.txt"
lab_start >/dev/null

# As can_connect, for those who should not: the first packet tells.
tries() {
	client socat -u OPEN:/dev/null "TCP4:$2:$3,bind=$1,connect-timeout=0.3"
}

# dropped_as SLUG WHAT COMMAND...: the command fails, and its packets were dropped so.
dropped_as() {
	local slug=$1 what=$2 before
	shift 2
	before=$(counted "$slug")
	expect_not "$what" "$@"
	expect_between "$what: packets under $slug" $(($(counted "$slug") - before)) 1 10
}

story "8080 and 8443 speak HTTP and TLS, to the CDN alone"
expect "HTTP on 8080, from the CDN" fetch $BLOG http://blog.example:8080/ --interface $CDN
expect_said "the app" 'blog at 10.66.0.2'
expect "TLS on 8443, from the CDN" fetch $BLOG https://blog.example:8443/ --interface $CDN
expect_said "the app" 'blog at 10.66.0.2'
expect_between "packets under pass_cdn" "$(counted pass_cdn)" 8 1000
dropped_as drop_cdn_source "8080 from elsewhere" tries $CLIENT $BLOG 8080
dropped_as drop_cdn_source "8443 from elsewhere" tries $CLIENT $BLOG 8443
dropped_as drop_port "a port that is not open, from the CDN" tries $CDN $BLOG 8081
expect "80 from the CDN" fetch $BLOG http://blog.example/ --interface $CDN
expect_not "HTTP on the port of TLS" fetch $BLOG http://blog.example:8443/ --interface $CDN --fail

# says ADDRESS BIND PORT: a datagram there and back.
says() { [[ $(echo hi | client socat -T 0.5 - "UDP4:$1:$3,bind=$2") == hi ]]; }

story "a management rule matches by protocol, source, destination and port"
lab_spawn gate socat TCP4-LISTEN:22,fork,reuseaddr SYSTEM:'echo hello'
lab_spawn gate socat TCP4-LISTEN:23,fork,reuseaddr SYSTEM:'echo hello'
lab_spawn gate socat UDP4-LISTEN:5005,fork,reuseaddr PIPE
lab_spawn gate socat UDP4-LISTEN:5011,fork,reuseaddr PIPE
expect "TCP 22 from the manager" eventually 3 can_connect $CLIENT $GATE 22
dropped_as drop_unsolicited "another source" tries $CDN $GATE 22
dropped_as drop_unsolicited "another port" tries $CLIENT $GATE 23
dropped_as drop_port "another destination" tries $CLIENT $BLOG 22
dropped_as drop_denied "a listed source" tries $LISTED $GATE 22
expect "UDP in the range of ports" says $GATE $CLIENT:4000 5005
dropped_as drop_unsolicited "beyond the range" says $GATE $CLIENT:4000 5011
dropped_as drop_unsolicited "another source port" says $GATE $CLIENT:4001 5005
expect "an echo from the manager" client ping -c 1 -W 2 -I $CLIENT $GATE
dropped_as drop_icmp "an echo from another source" client ping -c 1 -W 0.3 -I $CDN $GATE

# A datagram from port $1 to port 68 of everybody, as a DHCP server sends its offer.
offer() {
	client python3 -c "
import socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
s.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, b'wire')
s.bind(('$CLIENT', $1)); s.sendto(b'offer from $1 ', ('255.255.255.255', 68))"
}

story "replies of a DHCP server come in unless weir.yaml says otherwise"
lab_spawn gate socat -u UDP4-RECV:68,broadcast "CREATE:$LAB_DIR/offers"
eventually 3 gate sh -c 'ss -Huln sport = 68 | grep -q .'
before=$(counted drop_not_ingress)
offer 67
offer 1067
echo 'dhcp: false' >>"$LAB_DIR/weir.yaml"
expect "weir apply, without DHCP" weir apply
offer 67
eventually 3 counted_to drop_not_ingress $((before + 2))
expect "what the DHCP client got" eventually 3 grep -qx 'offer from 67 ' "$LAB_DIR/offers"
expect_equal "the rest dropped as to no address of ours" \
	$(($(counted drop_not_ingress) - before)) 2

story "two interfaces share one policy, its bans and its counters"
expect "the second serves" fetch $SHOP http://shop.example/
expect_not "it lets a listed source in" tries $OTHER $SHOP 80
before=$(counted drop_banned)
expect "weir deny add" weir deny add --force $SECOND $CLIENT
expect_not "the second serves a banned source" tries $SECOND $SHOP 80
expect_not "the first does" tries $CLIENT $BLOG 80
expect_between "packets of both under drop_banned" $(($(counted drop_banned) - before)) 2 10
expect "weir deny flush" weir deny flush
expect "the second serves again" fetch $SHOP http://shop.example/
expect "weir detach of the second" weir detach wan2
expect "which then lets everybody in" can_connect $OTHER $SHOP 80
expect_filtering "the first is as it was"
expect "weir attach" weir attach
expect_not "a listed source gets in by the second" tries $OTHER $SHOP 80

# vlan HOST WIRE NAME TAG...: a VLAN interface: the kernel's where it has them.
vlan() {
	local host=$1 wire=$2 name=$3
	shift 3
	if [[ $# -eq 1 ]] && lab_in "$host" ip link add link "$wire" name "$name" \
		type vlan id "${1#*:}" 2>/dev/null; then
		return
	fi
	lab_spawn "$host" python3 "$LAB_ROOT/tests/tools/tagger.py" "$wire" "$name" "$@"
	eventually 3 lab_in "$host" test -e "/proc/sys/net/ipv4/conf/$name" || return
	lab_in "$host" ip link set "$name" address "$(lab_in "$host" ip -j link show "$wire" |
		jq -r '.[].address')"
}

# served_tagged NET TAG...: is the client served through such tags, and a listed source not?
served_tagged() {
	local seen
	vlan client wire tagged "$@" && vlan gate wan tagged "$@" || lab_fail "cannot tag"
	client ip -batch - <<-END
		address add 198.18.7.2/24 dev tagged
		address add 198.18.7.66/24 dev tagged
		link set tagged mtu 1400 up
		route replace $BLOG via 198.18.7.1 src 198.18.7.2
	END
	gate ip address add 198.18.7.1/24 dev tagged
	gate ip link set tagged mtu 1400 up
	client timeout 10 tcpdump -nnei wire -c 1 "$FILTER" >"$LAB_DIR/tagged" 2>"$LAB_DIR/tagged.log" &
	seen=$!
	eventually 5 grep -q listening "$LAB_DIR/tagged.log"
	expect "a client is served" fetch $BLOG http://blog.example/
	expect_said "the app" 'blog at 10.66.0.2'
	expect "and uploads" fetch $BLOG https://blog.example/up/tagged -T "$LAB_DIR/upload" --fail
	expect "what arrived is what was sent" cmp "$LAB_DIR/upload" \
		"$LAB_DIR/blog-10.66.0.2/www/up/tagged"
	wait $seen || fails "the frames were not tagged" "$(cat "$LAB_DIR/tagged")"
	dropped_as drop_denied "a listed source" tries 198.18.7.66 $BLOG 80
	dropped_as drop_port "a closed port" tries 198.18.7.2 $BLOG 25
	dropped_as drop_unsolicited "the machine's server" tries 198.18.7.2 198.18.7.1 22
	client ip route delete $BLOG
	client ip link delete tagged
	gate ip link delete tagged
}

head -c 300000 /dev/urandom >"$LAB_DIR/upload"
# The gate takes the machine's addresses from the interfaces of weir.yaml unless it is told.
sed -i "1i machine: [$GATE, 198.18.9.1, 198.18.7.1]" "$LAB_DIR/weir.yaml"
expect "weir apply" weir apply

story "tagged frames of a VLAN are served and filtered"
FILTER='vlan 7' served_tagged 8100:7

story "frames with two tags are served and filtered"
FILTER='vlan 7 and vlan 8' served_tagged 88a8:7 8100:8

story "a third tag drops"
before=$(counted drop_vlan)
vlan client wire tagged 88a8:7 8100:8 8100:9
client ip address add 198.18.7.2/24 dev tagged
client ip link set tagged up
client ping -c 1 -W 0.3 198.18.7.1 >/dev/null 2>&1
expect_between "packets under drop_vlan" $(($(counted drop_vlan) - before)) 1 20
expect_equal "packets that no stage decided" "$(counted drop_undecided)" 0

story "random frames, near to valid ones, are each counted once"
seed=$RANDOM
of_all() { weir -j counts | jq -c '[.passed, .dropped] | [(map(.packets) | add), (map(.bytes) | add)]'; }
read -r packets bytes < <(of_all | tr -d '[]' | tr , ' ')
expect "seed $seed" client python3 "$LAB_ROOT/tests/tools/odd_frames.py" wire 20000 $seed
sent=$SAID
all_counted() { (($(of_all | jq '.[0]') >= packets + 20000)); }
eventually 5 all_counted
read -r packets_now bytes_now < <(of_all | tr -d '[]' | tr , ' ')
# Neighbours look for each other meanwhile.
expect_between "frames counted beyond 20000, seed $seed" $((packets_now - packets - 20000)) 0 10
expect_between "bytes counted beyond those sent, seed $seed" $((bytes_now - bytes - sent)) 0 1000
expect_equal "frames that no stage decided, seed $seed" "$(counted drop_undecided)" 0
end
