#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# What -j prints: every command's, in as many states as there are keys for, against etc/weir.schema.json.
. "$(dirname "$0")/lib.sh"
begin seejson
lab_apps
mkdir "$LAB_DIR/json"
number=0
# said NAME ARGUMENTS...: what `weir -j ARGUMENTS` prints is a document of the schema's definition NAME.
said() {
	number=$((number + 1))
	timeout 20 nsenter --net="/run/netns/$LAB-gate" -- "$WEIR" -I "$LAB" -c "$LAB_DIR/weir.yaml" -j "${@:2}" \
		>"$LAB_DIR/json/$1.$number" 2>>"$LAB_DIR/said.log"
}
watched() { # NAME ARGUMENTS...: likewise for two seconds of --watch
	number=$((number + 1))
	gate timeout -s INT 2 "$WEIR" -I "$LAB" -c "$LAB_DIR/weir.yaml" -j "${@:2}" --watch=0.5 \
		>"$LAB_DIR/json/$1.$number" 2>>"$LAB_DIR/said.log"
}

story "every command says in JSON what it says"
said version version
said check check
echo 'no address' >>"$LAB_DIR/known-bad.txt"
said check check
sed -i '$d' "$LAB_DIR/known-bad.txt"
said status status
said verify verify
said plan plan
said apply apply
expect "attach" weir attach
sed -i '$d' "$LAB_DIR/lab.region"
said plan plan
expect "a trial" weir apply --try 60s
said status status
expect "confirm" weir confirm
lab_files
said apply apply
said verify verify
lab_proxy
expect "a ban" weir deny add 198.18.0.0/24 --note "for JSON"
expect "a ban that ends" weir deny add 198.18.1.0/24 --for 1h
expect "a release" weir allow add $LISTED/32
said live deny list
said live allow list
said why deny why $LISTED
said why deny why 198.18.0.1
said why deny why 198.18.9.1
said explain explain 198.18.0.1 $BLOG:80
said explain explain 192.0.2.1 $BLOG --proto icmp
client timeout 8 tcpdump -qi wire -w "$LAB_DIR/frames" -c 3 tcp >"$LAB_DIR/dump.log" 2>&1 &
expect "the capture begins" eventually 5 grep -q listening "$LAB_DIR/dump.log"
expect "a request" served
wait $!
said explain explain --frame "$LAB_DIR/frames"
expect "no release" weir allow del $LISTED/32
lab_spawn client "$FLOOD" -i wire -m $GATE_MAC -d $BLOG -s $LISTED/32 -r 2000 -t 40
lab_spawn client "$FLOOD" -i wire -m $GATE_MAC -d $BLOG -s 198.51.100.7/32 -r 1000 -t 40
eventually 10 counted_to drop_denied 500
said counts counts
said sources counts --sources
said frame capture -n 5
client ping -qc 1 -W 1 198.51.100.9 >/dev/null # who has it? a frame without IPv4
said frame capture --reason passed -n 3
said doctor doctor
said status status
watched rates counts
watched sources counts --sources
watched status status
watched live deny list

story "so do the routes of a proxy"
said routes route list
said changed route add new.example app=new http proxy=v1 10.66.0.2:8080 tls proxy=v2 10.66.0.2:8443
said changed route add shop.example http 10.66.0.2:8080
said changed route del blog.example
said changed route drain 10.66.0.2:8080
said changed route set new --rate 5MB/s --burst 100MB
said routes route list
"$WEIR" -I "$LAB" route export >"$LAB_DIR/apps.routes"
expect "a reload" kill -HUP "$LAB_PROXY"
agrees() { "$WEIR" -I "$LAB" -j route list | jq -e '.gone[0].caught_up and .routes[0].caught_up'; }
expect "the files agree" eventually 5 agrees
said routes route list
said hosts route list --hosts
said changed route undrain 10.66.0.2:8080
said changed route unset new
said changed route revert --same
watched routes route list
watched hosts route list --hosts

story "all of it is as the schema says, and everything that the schema says is printed"
unseen=()
# Where the kernel lets programs share the interface there is no reason why not.
grep -q '"shared": true' "$LAB_DIR"/json/status.* && unseen+=(status.why_alone)
expect "the schema" /usr/bin/python3 "$LAB_ROOT/tests/tools/json_schema.py" "$LAB_ROOT/etc/weir.schema.json" \
	"$LAB_DIR/json" "${unseen[@]}"
expect_equal "all reasons" "$(jq '.reasons | keys | length' "$LAB_DIR"/json/counts.*)" \
	"$(jq '.reasons | keys | length' < <(head -n 1 "$LAB_DIR"/json/rates.*))"

story "a command that the schema does not name prints no JSON"
for command in $("$WEIR" help | sed -n 's/^  \([a-z]\+\) .*/\1/p'); do
	grep -qE "\"title\": \".*weir -j $command\b" "$LAB_ROOT/etc/weir.schema.json" && continue
	# The proxy would serve.
	[[ $command == proxy ]] && arguments=(proxy --no-such) || arguments=("$command")
	[[ $command == complete ]] && arguments=(complete -- status '')
	SAID=$(gate timeout 20 "$WEIR" -I "$LAB" -c "$LAB_DIR/weir.yaml" -j "${arguments[@]}" 2>/dev/null </dev/null)
	[[ ! ${SAID:- } =~ ^[[\{] ]] || fails "$command prints JSON" "$SAID"
done
end
