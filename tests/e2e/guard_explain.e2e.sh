#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# weir explain: the verdict is the live program's, the line is the file's, and nothing is charged.
. "$(dirname "$0")/lib.sh"
begin explain
cat >"$LAB_DIR/weir.yaml" <<-END
	region: lab.region
	interfaces:
	  - name: wan
	    mode: native
	ports:
	  open: [80, 443]
	  cdn: [8080]
	  cdn_sources: cdn.txt
	denylists:
	  - name: known-bad
	    file: known-bad.txt
	  - name: more
	    file: more.txt
	allowlist: allow.txt
	management:
	  - {from: 10.9.0.0/16, protocol: udp, port: 53}
	  - {from: $CLIENT/32, protocol: tcp, port: 22}
END
echo 'egress 203.0.113.200/32' >>"$LAB_DIR/lab.region"
printf '%s\n' '# nothing' 192.0.2.0/25 >"$LAB_DIR/more.txt"
echo 198.18.0.0/16 >"$LAB_DIR/cdn.txt"
echo 192.0.2.9 >"$LAB_DIR/allow.txt"
weir apply && weir attach >/dev/null || lab_fail "no gate"

# explains WORDS PATTERN ARGUMENTS...: exit 0, first line with WORDS, and PATTERN somewhere.
explains() {
	local words=$1 pattern=$2
	shift 2
	expect "explain $*" weir explain "$@"
	expect_said "the verdict of $*" "$words"
	expect_said "the evidence of $*" "$pattern"
}

story "each verdict names the line that decided"
explains 'pass pass_ingress' 'lab.region:2: ingress 203.0.113.10' $CLIENT $BLOG:80
explains 'pass pass_ingress' 'weir.yaml:6: open port 443' $CLIENT $BLOG:443
explains 'drop drop_denied' 'known-bad.txt:2: denylist known-bad has 198.51.100.66' $LISTED $BLOG:80
explains 'drop drop_denied' 'more.txt:2: denylist more has 192.0.2.0/25' 192.0.2.7 $BLOG:80
expect_said "the other list too" 'known-bad.txt:3: denylist known-bad has 192.0.2.0/24'
explains 'pass pass_ingress' 'allow.txt:1: released: the allowlist has 192.0.2.9' 192.0.2.9 $BLOG:80
expect_said "the list that is overruled" 'known-bad.txt:3:'
explains 'drop drop_port' 'lab.region:2: ingress' $CLIENT $BLOG:25
explains 'pass pass_cdn' 'cdn.txt:1: the CDN.s ranges have 198.18.0.0/16' 198.18.3.4 $BLOG:8080
explains 'drop drop_cdn_source' 'cdn.txt: no range' $CLIENT $BLOG:8080
explains 'drop drop_not_tcp' 'lab.region:2:' $CLIENT $BLOG:80 --proto udp
explains 'drop drop_icmp' 'lab.region:2:' $CLIENT $BLOG --proto icmp
explains 'drop drop_not_ingress' 'lab.region: 203.0.113.99 is no ingress' $CLIENT 203.0.113.99:80
explains 'pass pass_management' 'weir.yaml:17: management: tcp from 198.51.100.2' $CLIENT $GATE:22
explains 'pass pass_management' 'weir.yaml:16: management: udp' 10.9.1.2 $GATE:53 --proto udp
explains 'drop drop_unsolicited' 'machine.s own address' $CLIENT $GATE:25
explains 'drop drop_unsolicited' 'lab.region:5: egress 203.0.113.200' $CLIENT 203.0.113.200:25 --flags ack
explains 'drop drop_tcp_flags' 'fin,syn' $CLIENT $BLOG:80 --flags syn,fin
explains 'drop drop_source' '' 127.0.0.1 $BLOG:80

story "live bans and releases are named with who and until"
expect "deny add" weir deny add 198.51.100.2/31 --for 1h --note 'a scanner' --force
explains 'drop drop_banned' 'live ban of 198.51.100.2/31, until .*, by .*: a scanner' $CLIENT $BLOG:80
expect "allow add" weir allow add $LISTED
explains 'pass pass_ingress' 'live release of 198.51.100.66' $LISTED $BLOG:80
expect_said "the list that is overruled" 'known-bad.txt:2:'
expect "deny del" weir deny del 198.51.100.2/31
expect "allow del" weir allow del $LISTED
explains 'pass pass_ingress' '' $CLIENT $BLOG:80

story "an answer is judged by the sockets of the gate's namespace"
lab_spawn client socat TCP-LISTEN:7777,reuseaddr,bind=$CLIENT,fork EXEC:cat
eventually 5 client sh -c 'ss -Hltn | grep -q 7777'
lab_spawn gate socat -u TCP4:$CLIENT:7777,sourceport=33333,bind=$GATE -
eventually 5 gate sh -c 'ss -Htn state established | grep -q 33333'
explains 'pass pass_return_tcp' '' $CLIENT $GATE:33333 --sport 7777 --flags ack
explains 'drop drop_unsolicited' '' $CLIENT $GATE:33334 --sport 7777 --flags ack
explains 'drop drop_unsolicited' '' $CLIENT $GATE:33333 --sport 7777 --flags syn

story "nothing is counted and nothing is charged"
seen() { # what those packets would have been counted under
	weir -j counts | jq -c --arg to $METERED '[.reasons.pass_ingress, .reasons.drop_denied,
		(.destinations[] | select(.address == $to))]'
}
before=$(seen)
for _ in 1 2 3; do
	weir explain $CLIENT $METERED:80 >/dev/null
	weir explain $LISTED $METERED:80 >/dev/null
done
expect_equal "the counters" "$(seen)" "$before"

story "a frame in hexadecimal and a capture are explained as they are"
syn='02:00:00:00:00:01 02:00:00:00:00:02 0800 45000028 00004000 40060000 c6336442 cb00710a
	9c400050 00000000 00000000 50022000 00000000'
explains 'drop drop_denied' 'known-bad.txt:2:' --frame "$syn"
explains 'drop drop_truncated' '14 bytes' --frame '020000000001 020000000002 0800'
explains 'drop drop_ipv6' 'a frame of 54 bytes' --frame \
	"020000000001 020000000002 86dd $(printf '%080d' 0)"
LAB_SYN=$syn python3 - "$LAB_DIR/two.pcap" <<-'END'
	import os, struct, sys
	frame = bytes.fromhex(''.join(os.environ['LAB_SYN'].replace(':', ' ').split()))
	good = frame[:26] + bytes([198, 51, 100, 2]) + frame[30:]
	with open(sys.argv[1], 'wb') as out:
	    out.write(struct.pack('<IHHiIII', 0xa1b2c3d4, 2, 4, 0, 0, 65535, 1))
	    for n, f in enumerate((frame, good)):
	        out.write(struct.pack('<IIII', n, 0, len(f), len(f)) + f)
END
explains '^#1 198.51.100.66:40000 > 203.0.113.10:80 tcp syn: drop drop_denied' \
	'^#2 198.51.100.2:40000 .*: pass pass_ingress' --frame "$LAB_DIR/two.pcap"
expect_equal "JSON of a capture" "$(weir -j explain --frame "$LAB_DIR/two.pcap" |
	jq -c '[.[] | [.number, .verdict, .because[0].line]]')" '[[1,"drop",2],[2,"pass",6]]'

story "JSON has verdict, reason, file and line"
expect_equal "the verdict" "$(weir -j explain $LISTED $BLOG:80 | jq -c \
	'[.verdict, .reason, (.because[0].path | sub(".*/"; "")), .because[0].line, .files]')" \
	'["drop","drop_denied","known-bad.txt",2,"same"]'

story "files that have changed are told from the policy in force"
sed -i '1i # a line more' "$LAB_DIR/known-bad.txt"
explains 'drop drop_denied' 'known-bad.txt:2:' $LISTED $BLOG:80
expect_said "that the line is that of the kept copy" 'from the copy in'
rm -r "/var/lib/$LAB/confirmed"
explains 'drop drop_denied' 'known-bad.txt:3:' $LISTED $BLOG:80
expect_said "that the files have changed" 'files have changed since'
echo nonsense >>"$LAB_DIR/weir.yaml"
explains 'drop drop_denied' 'cannot be read' $LISTED $BLOG:80
sed -i '$d' "$LAB_DIR/weir.yaml"

story "what cannot be explained is an error by name"
expect_exit 2 "no destination" weir explain $CLIENT
expect_exit 1 "no port" weir explain $CLIENT $BLOG
expect_said "what is needed" 'need a port'
expect_exit 1 "a wrong address" weir explain 1.2.3 $BLOG:80
expect_exit 1 "a wrong port" weir explain $CLIENT $BLOG:99999
expect_exit 1 "a wrong flag" weir explain $CLIENT $BLOG:80 --flags xyz
expect_exit 1 "a missing capture" weir explain --frame "$LAB_DIR/missing.pcap"
expect_said "its name, once" "^$LAB_DIR/missing.pcap: No such file"
expect_exit 1 "no capture" weir explain --frame "$LAB_DIR/weir.yaml"
expect_said "its name" "^$LAB_DIR/weir.yaml: "
expect_exit 1 "a short frame" weir explain --frame 0102
expect "detach" weir detach --purge
expect_exit 1 "no gate" weir explain $CLIENT $BLOG:80
end
