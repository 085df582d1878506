#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# What answers a connection of this side comes in, by proof: of the machine's own sockets, and of
# a container behind its NAT. What only looks like an answer does not, and a flood of it costs
# ingress traffic no more than a flood of anything else.
#
#    client ------------ wan [gate] lan ------ backends
#    name, time and              nat ------ container 10.77.0.2, seen as 203.0.113.200
#    file servers
. "$(dirname "$0")/lib.sh"
begin return
EGRESS=203.0.113.200

lab_host container || lab_fail "cannot make the container"
gate ip link add nat netns "$LAB-gate" type veth peer name wire netns "$LAB-container"
gate ip address add 10.77.0.1/24 dev nat
gate ip link set nat up
lab_in container ip address add 10.77.0.2/24 dev wire
lab_in container ip link set wire up
lab_in container ip route add default via 10.77.0.1
gate sh -c 'echo 1 >/proc/sys/net/ipv4/ip_forward'
gate nft -f - <<-END || lab_fail "cannot make the NAT"
	table ip nat { chain out { type nat hook postrouting priority 100;
		oifname "wan" ip saddr 10.77.0.0/24 snat to $EGRESS; }; }
END
sed -i '1i egress: nat' "$LAB_DIR/weir.yaml"
echo "egress $EGRESS" >>"$LAB_DIR/lab.region"

# What the machine asks, and what it downloads from.
mkdir "$LAB_DIR/files"
head -c 20000000 /dev/urandom >"$LAB_DIR/files/package"
echo "nameserver $CLIENT" >"$LAB_DIR/resolv.conf"
lab_spawn client python3 "$LAB_ROOT/tests/tools/answers.py" $CLIENT
lab_spawn client python3 -m http.server --bind $CLIENT --directory "$LAB_DIR/files" 8000
# A server of the machine's own that is nobody's business: TCP on a port, UDP on every address.
lab_spawn gate socat TCP4-LISTEN:22,fork,reuseaddr SYSTEM:'echo hello'
lab_spawn gate socat -u UDP4-RECV:5353 "CREATE:$LAB_DIR/heard"
lab_app blog 10.66.0.2
truncate -s 4G "$LAB_DIR/blog-10.66.0.2/www/free"
lab_start

# grew SLUG COMMAND...: by how many packets while the command ran; its exit code is in CODE.
grew() {
	local slug=$1 before
	shift
	before=$(counted "$slug")
	CODE=0
	SAID=$("$@" 2>&1) || CODE=$?
	GREW=$(($(counted "$slug") - before))
}

# On the machine, with its resolver pointed at the name server. A chroot's / is no mount, whose
# propagation could be changed: there the bind is taken away by hand.
resolving() {
	local propagation=private
	mountpoint -q / || propagation=unchanged
	gate unshare -m --propagation $propagation sh -c '
		mount --bind "$1/resolv.conf" /etc/resolv.conf || exit
		shift
		"$@"
		code=$?
		umount /etc/resolv.conf
		exit $code' - "$LAB_DIR" "$@"
}

container() { lab_in container "$@"; }
fetch_package() { # HOST URL
	rm -f "$LAB_DIR/got"
	"$1" curl -sS --fail --max-time 10 -o "$LAB_DIR/got" "$2" &&
		cmp "$LAB_DIR/got" "$LAB_DIR/files/package"
}

story "the machine resolves names, asks for the time and downloads"
grew pass_return_udp resolving getent ahostsv4 mirror.example
expect_equal "the address of the name" "$(awk 'NR == 1 { print $1 }' <<<"$SAID")" $CLIENT
expect_between "answers of the name server" "$GREW" 1 4
grew pass_return_udp gate python3 -c "
import socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.settimeout(3); s.connect(('$CLIENT', 123)); s.send(b'\x23' + bytes(47))
assert len(s.recv(100)) == 48"
expect_equal "exit code of the time client" "$CODE" 0
expect_equal "answers of the time server" "$GREW" 1
grew pass_return_tcp fetch_package resolving http://mirror.example:8000/package
expect_equal "exit code of a download by name" "$CODE" 0
expect_between "packets of the download" "$GREW" 20 100000

# apt on the machine, with folders of its own: a list of packages, and one of them.
apt() {
	resolving apt-get -o Dir::Etc::sourcelist="$LAB_DIR/sources.list" \
		-o Dir::Etc::sourceparts=- -o Dir::State="$LAB_DIR/apt" \
		-o Dir::Cache="$LAB_DIR/apt" -o APT::Sandbox::User=root \
		-o Acquire::http::Proxy=false -o APT::Update::Error-Mode=any "$@"
}

story "apt works on the machine"
mkdir -p "$LAB_DIR/apt/lists/partial" "$LAB_DIR/apt/archives/partial" "$LAB_DIR/deb/DEBIAN"
echo 'deb [trusted=yes] http://mirror.example:8000/ ./' >"$LAB_DIR/sources.list"
printf '%s\n' 'Package: weir-lab' 'Version: 1' 'Architecture: all' 'Maintainer: lab' \
	'Description: lab' >"$LAB_DIR/deb/DEBIAN/control"
dpkg-deb -Znone -b "$LAB_DIR/deb" "$LAB_DIR/files/weir-lab.deb" >/dev/null
{
	cat "$LAB_DIR/deb/DEBIAN/control"
	echo "Filename: ./weir-lab.deb"
	echo "Size: $(stat -c %s "$LAB_DIR/files/weir-lab.deb")"
	echo "SHA256: $(sha256sum "$LAB_DIR/files/weir-lab.deb" | cut -d ' ' -f 1)"
} >"$LAB_DIR/files/Packages"
expect "apt-get update" apt update
cd "$LAB_DIR" || exit # where apt-get download writes
expect "apt-get download" apt download weir-lab
expect "the package is the one" cmp "$LAB_DIR/files/weir-lab.deb" "$LAB_DIR"/weir-lab_1_all.deb

story "a container behind the machine's NAT downloads, by its conntrack entry alone"
grew pass_return_nat fetch_package container http://$CLIENT:8000/package
expect_equal "exit code of the download" "$CODE" 0
[[ $CODE -eq 0 ]] || echo "    $SAID"
expect_between "packets of the download" "$GREW" 20 100000
expect "the server saw the egress address" grep -q "$EGRESS" "$LAB_DIR/spawned.log"
grew pass_return_nat container python3 -c "
import socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.settimeout(3); s.sendto(b'\x23' + bytes(47), ('$CLIENT', 123))
assert len(s.recv(100)) == 48"
expect_equal "exit code of its time client, whose socket is not connected" "$CODE" 0
expect_equal "answers of the time server" "$GREW" 1

story "what answers nothing is dropped under its reason, whatever listens"
expect "the machine's own server answers the machine" gate socat -u /dev/null TCP4:$GATE:22
grew drop_unsolicited can_connect $CLIENT $GATE 22
expect_between "exit code of a connection to it from outside" "$CODE" 1 255
expect_between "SYN packets dropped as unsolicited" "$GREW" 1 2
grew drop_unsolicited client socat -u "EXEC:echo heard" UDP4-SENDTO:$GATE:5353
expect_equal "datagrams to a server on every address, dropped as unsolicited" "$GREW" 1
for address in $GATE $EGRESS; do
	for kind in ack syn udp; do
		grew drop_unsolicited client "$FLOOD" -i wire -m $GATE_MAC -d $address -p 22 \
			-k $kind -s $CLIENT/32 -r 20 -t 1
		expect_equal "$kind to $address, dropped as unsolicited" "$GREW" \
			"$(cut -d ' ' -f 1 <<<"$SAID")"
	done
done
expect "the machine's datagram server is there" gate socat -u "EXEC:echo own" \
	UDP4-SENDTO:127.0.0.1:5353
eventually 3 test -s "$LAB_DIR/heard"
expect_equal "what it has heard" "$(cat "$LAB_DIR/heard")" own
expect_equal "packets that no stage decided" "$(counted drop_undecided)" 0

# goodput_under KIND ADDRESS: bytes that a download gets in 0.8 s beside such a flood.
goodput_under() {
	local flood
	nsenter --net="/run/netns/$LAB-client" "$FLOOD" -i wire -m $GATE_MAC -d "$2" -p 9999 \
		-k "$1" -r 120000 -t 3 >/dev/null &
	flood=$!
	sleep 0.2
	fetch $BLOG http://blog.example/free --max-time 0.8 -o /dev/null -w '%{size_download}' \
		2>/dev/null
	kill $flood
	wait $flood 2>/dev/null
	echo
}

# The best of the rounds: how fast it can be. A wire that overflows makes TCP wait now and then.
best() { sort -n | tail -n 1; }

story "a flood of false answers slows ingress traffic no more than a flood at no address"
for _ in 1 2 3 4; do
	goodput_under ack 203.0.113.99 >>"$LAB_DIR/at-none"
	goodput_under ack $GATE >>"$LAB_DIR/at-tcp"
	goodput_under udp $EGRESS >>"$LAB_DIR/at-nat"
done
none=$(best <"$LAB_DIR/at-none") tcp=$(best <"$LAB_DIR/at-tcp")
nat=$(best <"$LAB_DIR/at-nat")
echo "  (at best, MB/s beside 120,000 packets/s: $((none / 1000000)) at no address," \
	"$((tcp / 1000000)) false TCP answers, $((nat / 1000000)) false answers to the NAT)"
expect_between "goodput beside false TCP answers, % of that beside cheap drops" \
	$((tcp * 100 / none)) 50 1000
expect_between "goodput beside false answers to the NAT, likewise" \
	$((nat * 100 / none)) 50 1000

story "a flood of false answers starves no answer of whom the machine has heard before"
ms_of() { # COMMAND...: how long it takes
	local began
	began=$(now_ms)
	expect "$* beside the flood" "$@"
	MS=$(($(now_ms) - began))
}
floods=() # one on each CPU: lookups are metered by CPU
for ((cpu = 0; cpu < $(nproc) && cpu < 8; cpu++)); do
	nsenter --net="/run/netns/$LAB-client" taskset -c $cpu "$FLOOD" -i wire -m $GATE_MAC -d $GATE \
		-p 9999 -k ack -r 250000 -t 40 >/dev/null &
	floods+=($!)
done
sleep 0.3
before=$(counted drop_proof_rate)
for _ in 1 2 3; do
	ms_of fetch_package resolving http://mirror.example:8000/package
	echo "  (a download of 20 MB by name took $MS ms)"
	took="${took:-} $MS"
done
expect_between "packets beyond the lookups" $(($(counted drop_proof_rate) - before)) 100 100000000
expect_between "ms of the slowest download" "$(tr ' ' '\n' <<<"$took" | sort -n | tail -n 1)" 1 9000
kill "${floods[@]}"
wait "${floods[@]}" 2>/dev/null
end
