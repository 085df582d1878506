#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Frames of every size: jumbo frames through the native program, and a path that is narrower in
# the middle, which TCP only finds by the one ICMP message that the gate lets in.
#
#    far ---1500 | 1280--- client (routes) ---9000--- wan [gate] lan ------ backends
#    198.18.5.2
. "$(dirname "$0")/lib.sh"
begin mtu
FAR=198.18.5.2
EGRESS=203.0.113.200

lab_host far || lab_fail "cannot make the far client"
client ip link add narrow mtu 1280 type veth peer name wire netns "$LAB-far" mtu 1500
client ip address add 198.18.5.1/24 dev narrow
client ip link set narrow up
client sh -c 'echo 1 >/proc/sys/net/ipv4/ip_forward'
lab_in far ip address add $FAR/24 dev wire
lab_in far ip link set wire up
lab_in far ip route add default via 198.18.5.1
client ip link set wire mtu 9000
gate ip link set wan mtu 9000
gate ip link set lan mtu 9000
backends ip link set wire mtu 9000
gate ip route add 198.18.5.0/24 via $CLIENT
# The backends are behind the gate's NAT too.
gate sh -c 'echo 1 >/proc/sys/net/ipv4/ip_forward'
gate nft -f - <<-END || lab_fail "cannot make the NAT"
	table ip nat { chain out { type nat hook postrouting priority 100;
		oifname "wan" ip saddr 10.66.0.0/24 snat to $EGRESS; }; }
END
backends ip route add default via 10.66.0.1
sed -i '1i egress: nat' "$LAB_DIR/weir.yaml"
echo "egress $EGRESS" >>"$LAB_DIR/lab.region"
lab_app blog 10.66.0.2
head -c 30000000 /dev/urandom >"$LAB_DIR/bulk"
cp "$LAB_DIR/bulk" "$LAB_DIR/blog-10.66.0.2/www/bulk"
lab_start

story "bulk transfers of 9000-byte frames pass in native mode, both ways"
expect "weir status" weir status
expect_said "the mode" 'wan.*native'
client ip link set wire gso_max_segs 1
before=$(weir -j counts)
expect "an upload" fetch $BLOG http://blog.example/up/bulk -T "$LAB_DIR/bulk" --fail
frame_bytes=$(jq -n --argjson before "$before" --argjson after "$(weir -j counts)" '
	[$after, $before | .reasons.pass_ingress] |
	(.[0].bytes - .[1].bytes) / (.[0].packets - .[1].packets) | floor')
expect_between "bytes of its frames on average" "$frame_bytes" 5000 9014
expect "what arrived is what was sent" cmp "$LAB_DIR/bulk" \
	"$LAB_DIR/blog-10.66.0.2/www/up/bulk"
client ip link set wire gso_max_segs 65535
expect "an upload in larger pieces yet" fetch $BLOG https://blog.example/up/more \
	-T "$LAB_DIR/bulk" --fail
expect "what arrived is what was sent" cmp "$LAB_DIR/bulk" \
	"$LAB_DIR/blog-10.66.0.2/www/up/more"
expect "a download" fetch $BLOG https://blog.example/bulk --fail -o "$LAB_DIR/got"
expect "what came is what was asked for" cmp "$LAB_DIR/bulk" "$LAB_DIR/got"
expect_equal "frames called truncated" "$(counted drop_truncated)" 0

from_far() { # URL: what is there, whole, fetched through the narrow path
	rm -f "$LAB_DIR/got"
	lab_in far curl -sS --fail --max-time 10 --cacert "$LAB_DIR/cert.pem" \
		--connect-to "blog.example::$BLOG:" -o "$LAB_DIR/got" "$1" &&
		cmp "$LAB_DIR/bulk" "$LAB_DIR/got"
}

path_mtu() { gate ip route get "$1" | grep -o 'mtu [0-9]*'; }

story "a bulk download completes over a path with a 1280-byte hop"
before=$(counted pass_icmp)
expect "over HTTP" from_far http://blog.example/bulk
expect_between "fragmentation-needed messages that passed" \
	$(($(counted pass_icmp) - before)) 1 1000
expect_equal "what the machine learnt" "$(path_mtu $FAR)" "mtu 1280"
expect "over TLS" from_far https://blog.example/bulk

story "a container's bulk upload behind the NAT completes over it too"
lab_spawn far sh -c "socat -u TCP4-LISTEN:7000,reuseaddr CREATE:$LAB_DIR/received; :"
gate ip route flush cache
eventually 3 lab_in far sh -c 'ss -Htln sport = 7000 | grep -q .'
before=$(counted pass_icmp)
expect "the upload" backends timeout 10 socat -u "OPEN:$LAB_DIR/bulk" TCP4:$FAR:7000
expect "what arrived is what was sent" eventually 3 cmp "$LAB_DIR/bulk" "$LAB_DIR/received"
expect_between "fragmentation-needed messages that passed" \
	$(($(counted pass_icmp) - before)) 1 1000

# icmp ADDRESS TYPE CODE [QUOTE]: send it there as the client. QUOTE is PROTOCOL:SOURCE:PORT:
# DESTINATION:PORT, of the packet that it claims to have been too large.
icmp() {
	client python3 - "$@" <<-'END'
		import socket, struct, sys

		def checksum(data):
		    total = sum(struct.unpack("!%dH" % (len(data) // 2), data))
		    total = (total & 0xFFFF) + (total >> 16)
		    return ~(total + (total >> 16)) & 0xFFFF

		to, kind, code = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
		rest = struct.pack("!HH", 0, 600) + bytes(28)
		if len(sys.argv) > 4:
		    protocol, source, port, far, far_port = sys.argv[4].split(":")
		    rest = struct.pack("!HHBBHHHBBH4s4s", 0, 600, 0x45, 0, 1500, 1, 0x4000, 64,
		        int(protocol), 0, socket.inet_aton(source), socket.inet_aton(far))
		    rest += struct.pack("!HHI", int(port), int(far_port), 1)
		head = struct.pack("!BBH", kind, code, 0)
		head = struct.pack("!BBH", kind, code, checksum(head + rest))
		raw = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP)
		raw.sendto(head + rest, (to, 0))
	END
}

# dropped_as SLUG WHAT COMMAND...: exactly one packet more under that reason, none passed.
dropped_as() {
	local slug=$1 what=$2 before
	shift 2
	before=$(weir -j counts)
	"$@" >/dev/null 2>&1
	expect_equal "$what: packets under $slug, under pass_icmp" "$(weir -j counts | jq -c \
		--argjson before "$before" --arg slug "$slug" '[.reasons, $before.reasons] |
		[.[0][$slug, "pass_icmp"].packets, .[1][$slug, "pass_icmp"].packets] |
		[.[0] - .[2], .[1] - .[3]]')" '[1,0]'
}

story "all other ICMP drops"
expect_not "an echo is answered" client ping -c 1 -W 1 $GATE
expect_not "an echo is answered by an ingress address" client ping -c 1 -W 1 $BLOG
for type in 0 5 8 11 12; do
	dropped_as drop_icmp "type $type" icmp $GATE $type 0
done
for code in 1 3 5; do
	dropped_as drop_icmp "unreachable, code $code" icmp $BLOG 3 $code
done

story "fragmentation needed drops when what it quotes is no connection of ours"
lab_spawn gate socat TCP4-LISTEN:22,fork,reuseaddr SYSTEM:'echo hello'
dropped_as drop_unsolicited "a connection that is not" icmp $BLOG 3 4 "6:$BLOG:80:$CLIENT:33333"
dropped_as drop_unsolicited "a listener" icmp $GATE 3 4 "6:$GATE:22:$CLIENT:33333"
dropped_as drop_unsolicited "an exchange of datagrams that is not" icmp $GATE 3 4 \
	"17:$GATE:53:$CLIENT:53"
dropped_as drop_unsolicited "no tracked connection" icmp $EGRESS 3 4 "6:$EGRESS:80:$CLIENT:33333"
dropped_as drop_unsolicited "somebody else's packet" icmp $BLOG 3 4 "6:$SHOP:80:$CLIENT:33333"
dropped_as drop_icmp_header "nothing" icmp $BLOG 3 4
expect_equal "what the machine believes of the client's path" "$(path_mtu $CLIENT)" ""
dropped_as drop_not_ingress "an address that is none of ours" icmp 203.0.113.99 3 4 \
	"6:203.0.113.99:80:$CLIENT:33333"
end
