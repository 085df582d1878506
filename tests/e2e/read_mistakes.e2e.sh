#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Mistakes that a reader of doc/tutorial.md makes in its files and commands: each leads to a message
# that names the place and says what to do, and changes nothing.
. "$(dirname "$0")/lib.sh"
begin mistakes
lab_spawn gate socat TCP-LISTEN:22,reuseaddr,fork EXEC:cat # stands for sshd
eventually 5 gate sh -c 'ss -Hltn | grep -q :22' || lab_fail "no server"
lab_spawn client socat -u "TCP4:$GATE:22,bind=$CLIENT" -
eventually 5 gate sh -c "ss -Htn state established | grep -q '$CLIENT:'" || lab_fail "no session"

# The files of the tutorial, as it has them, on this lab's interface.
page_file() { # PATH: the block under its marker
	awk -v marker=": $1 -->" 'index($0, marker) { inside = 1; next }
		inside && !/^    / { exit } inside { print substr($0, 5) }' "$LAB_ROOT/doc/tutorial.md"
}
good_files() {
	rm -rf "$LAB_DIR"/{regions,lists,routes,weir.yaml}
	mkdir "$LAB_DIR"/{regions,lists,routes}
	page_file /etc/weir/regions/example.region >"$LAB_DIR/regions/example.region"
	page_file /etc/weir/lists/known-bad.txt >"$LAB_DIR/lists/known-bad.txt"
	page_file /etc/weir/routes/apps.routes >"$LAB_DIR/routes/apps.routes"
	{
		weir init example
		page_file /etc/weir/weir.yaml
	} >"$LAB_DIR/made.yaml"
	mv "$LAB_DIR/made.yaml" "$LAB_DIR/weir.yaml"
}

story "the files of the tutorial have no mistake"
good_files
expect "weir check" weir check
expect_equal "what it says" "$SAID" ""
expect "weir apply" weir apply

# mistake WHAT MESSAGE COMMAND [FILE CHANGE]: a change is sed's, or `+LINE` at the end, or `-` for no file.
TRIED=0
mistake() {
	local what=$1 message=$2 command=$3 file=${4:+$LAB_DIR/$4} change=${5:-} before
	TRIED=$((TRIED + 1))
	good_files
	case $change in
	'') ;;
	-) rm "$file" ;;
	+*) echo "${change#+}" >>"$file" ;;
	*) sed -i "$change" "$file" && [[ -n $file ]] ;;
	esac
	before=$(policy_now | head -n 1)
	# shellcheck disable=SC2086 # words
	SAID=$(weir $command 2>&1) && fails "$what: weir $command fails" "$SAID"
	SAID=${SAID//"$LAB_DIR/"/}
	grep -qF -- "$message" <<<"$SAID" || fails "$what: it says '$message'" "$SAID"
	expect_equal "$what: the policy in force" "$(policy_now | head -n 1)" "$before"
}

YAML=weir.yaml REGION=regions/example.region LIST=lists/known-bad.txt ROUTES=routes/apps.routes
LINE=$(grep -n '^denylists' "$LAB_DIR/$YAML" | cut -d: -f1)
rule="  - {protocol: tcp, from: $CLIENT/32, to: $GATE/32, port: 22}"

story "a mistake in weir.yaml leads to a message that says what to do"
mistake "a key is misspelt" "$YAML:$LINE:1: 'denylist' is no key here: is it 'denylists'?" \
	check $YAML 's/^denylists/denylist/'
mistake "a tab" 'indent with blanks, not with tabs' check $YAML 's/^  routes/\troutes/'
mistake "no blank behind a colon" 'behind a key comes a colon and a blank' check $YAML 's/^region: /region:/'
mistake "a bracket is left open" 'a [ above is not closed' check $YAML 's/known-bad.txt\]/known-bad.txt/'
mistake "a list without brackets" "'routes' needs a list: [a, b]" check $YAML 's/\[\(routes.*\)\]/\1/'
mistake "a port by its name" "'ssh' is no port or range of ports up to 65535: 22, or 8000-8010" \
	check $YAML 's/port: 22/port: ssh/'
mistake "a rule without protocol" 'the rule lacks `protocol`: tcp, or any' check $YAML 's/protocol: tcp, //'
mistake "a key one level too high" "'log' belongs under 'proxy': indent it there" check $YAML '+log: json'
mistake "two ports in a rule" "'22,80': a rule has one port or range; write a rule for each" \
	check $YAML "s/port: 22/port: '22,80'/"
mistake "a URL for a list" 'is a URL, and weir fetches nothing' check $YAML 's#lists/known-bad.txt#https://example.org/a#'
mistake "a folder for a list" "'lists' is a directory: name a file in it" check $YAML 's#lists/known-bad.txt#lists#'
mistake "an interface that is not there" 'there is no interface '\''wna'\'' here: ip link shows' attach $YAML 's/\[wan\]/[wna]/'
mistake "a region that has no file" "cannot read 'regions/exmaple.region': No such file" \
	check $YAML 's/^region: example/region: exmaple/'
mistake "no way in for who is connected" "$rule" apply $YAML '/^  - {protocol/d'

story "a mistake in region, list or routes leads to a message that says what to do"
mistake "a network for an address" "$REGION:2:9: '203.0.113.10/24' is a network; a region has addresses, each a /32" \
	check $REGION 's#10/32#10/24#'
mistake "a rate without unit" "$REGION:2:30: '1.6' needs a unit such as MB/s" check $REGION 's#rate 1.6GB/s#rate 1.6#'
mistake "an address twice" "$REGION:3:9: 203.0.113.10 is on line 2 already" check $REGION 's/113.11/113.10/'
mistake "an address that is none" "$LIST:4:1: '192.0.2.256' has a part above 255" check $LIST +192.0.2.256
mistake "two on a line" "$LIST:4:1: '192.0.2.1,192.0.2.2' has a comma: write one a line" check $LIST +192.0.2.1,192.0.2.2
mistake "a list that holds the operator" "$LIST:4: 198.51.100.0/24 covers the management source 198.51.100.2 ($YAML:" \
	apply $LIST +198.51.100.0/24
mistake "a list that is not there" "cannot read '$LIST': No such file" check $LIST -
mistake "everybody" "$LIST:4: 0.0.0.0/0 covers the management source 198.51.100.2 ($YAML:" apply $LIST +0.0.0.0/0
mistake "a netmask" "$LIST:4:1: '192.0.2.0/255.255.255.0' has a netmask: write its length, as in 192.0.2.0/24" \
	check $LIST +192.0.2.0/255.255.255.0
mistake "a range the wrong way round" "$LIST:4:11: the range ends before it begins" check $LIST +192.0.2.9-192.0.2.5
mistake "a list in UTF-16" "$LIST: is UTF-16: save it as UTF-8" check $LIST '1s/^/\xff\xfe/'
mistake "a rate with a decimal comma" "'1,6GB/s' has a comma: write a point, as in 1.6GB" \
	check $REGION 's#rate 1.6GB/s#rate 1,6GB/s#'
mistake "an ingress address of the machine alone" "'127.0.0.1/32' is no address that a packet comes to from outside" \
	check $REGION 's/203.0.113.10/127.0.0.1/'
mistake "the port in front" "'8080:10.66.0.2' has the port in front: write ADDRESS:PORT" \
	check $ROUTES 's/10.66.0.2:8080/8080:10.66.0.2/'
mistake "a comma between containers" 'has a comma: put a blank between containers' \
	check $ROUTES 's/:8080 10.66.0.4/:8080,10.66.0.4/'
mistake "a name that is not ASCII" 'is not ASCII: write the name as A-labels, xn--...' check $ROUTES 's/^blog/blög/'
mistake "a URL for a name" 'is a URL or has a port: write the name alone' check $ROUTES 's#^blog.example#http://blog.example/#'
mistake "a container without port" "'10.66.0.2' is not ADDRESS:PORT" check $ROUTES 's/10.66.0.2:8080/10.66.0.2/'
mistake "neither http nor tls" "'10.66.0.2:8080' is none of app=, http, tls: say which before the containers" \
	check $ROUTES 's/http 10.66.0.2/10.66.0.2/'

story "a mistake on the command line leads to a message that says what to do"
mistake "a command is misspelt" "no command 'aply': is it 'apply'?" aply
mistake "a time without unit" '--try '\''60'\'': needs a unit: d, h, m, s or ms' 'apply --try 60'
mistake "no port to explain" '203.0.113.10:PORT' 'explain 198.51.100.7 203.0.113.10'
mistake "a ban that a file makes" 'weir allow add 198.51.100.66' 'deny del 198.51.100.66'
mistake "a ban of oneself" "$CLIENT to $GATE port 22: drop_banned" "deny add $CLIENT"
mistake "an interface to attach that is not there" 'there is no interface '\''wna'\'' here' 'attach wna'
mistake "weir.yaml is not there" "$YAML: weir init proposes one from this machine" check $YAML -
expect_between "mistakes" "$TRIED" 40 100
end
