#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# What scripts/kernels runs inside the virtual machine: the kernel's own tests, their loads of the
# gate that other compilers made, weir itself from an empty machine to a page through the gate and
# the proxy, then those gate tests that scripts/kernels names. Prints `ok NAME` and `not ok NAME`
# lines for it to read.
modprobe -a veth 8021q dummy

# Criterion's TAP -> verdicts; a program that dies without one is a failure of its own.
run() { # PROGRAM ARGUMENTS...
	name=${1#/tests/}
	code=0
	"$@" --tap=/tmp/tap 2>&1 || code=$?
	sed -n -e '/# SKIP/d' -e "s,^\(ok\|not ok\) - ,\1 $name ,p" /tmp/tap
	if [ $code -ne 0 ] && ! grep -q '^not ok' /tmp/tap; then
		echo "not ok $name: ended with exit code $code"
	fi
	rm -f /tmp/tap
}

check() { # NAME COMMAND...
	name=$1
	shift
	if "$@" >/tmp/said 2>&1; then
		echo "ok weir $name"
	else
		head -n 20 /tmp/said
		echo "not ok weir $name"
	fi
}

# A client in a namespace of its own, the gate's interface, and a container's page on loopback.
make_world() {
	echo 'root:x:0:0::/root:/bin/sh
nobody:x:65534:65534::/:/bin/false' >/etc/passwd
	mkdir -p /world/www
	echo 'a page through the gate' >/world/www/index.html
	printf 'region lab\ningress 198.18.0.1\n' >/world/lab.region
	echo 203.0.113.0/24 >/world/known-bad.txt
	echo 'blog.example http 10.66.0.2:8080' >/world/apps.routes
	cat >/world/weir.yaml <<-END
		region: lab.region
		interfaces: [wan]
		denylists: [known-bad.txt]
		proxy: {user: nobody, routes: [apps.routes]}
	END
	ip netns add client
	ip link add wan type veth peer name client netns client
	ip addr add 198.51.100.1/24 dev wan
	ip addr add 10.66.0.2/32 dev lo
	ip link set wan up
	for address in 198.51.100.7/24 203.0.113.9/32; do
		ip -n client addr add $address dev client
	done
	ip -n client link set client up
	busybox httpd -p 10.66.0.2:8080 -h /world/www
}

come_from() { ip -n client route replace 198.18.0.0/24 via 198.51.100.1 src "$1"; }
page() { # SOURCE: the page as that client gets it
	come_from "$1"
	for _ in 1 2 3 4 5; do # the proxy may just have started
		printf 'GET / HTTP/1.1\r\nHost: blog.example\r\nConnection: close\r\n\r\n' |
			nsenter --net=/run/netns/client nc -w 5 198.18.0.1 80
		sleep 1
	done | grep 'a page through the gate'
}
no_page() { ! page "$1"; }
denied() { weir -j counts | tr -d ' \n' | grep '"drop_denied":{"packets":[1-9]'; }
confined() { grep -q '^Seccomp:[^0-9]*2' "/proc/$proxy/status" && grep -q '^Uid:[^0-9]*65534' "/proc/$proxy/status"; }

get() { # how many of so many requests are answered with the page
	for _ in $(seq "$1"); do
		printf 'GET / HTTP/1.1\r\nHost: blog.example\r\nConnection: close\r\n\r\n' |
			nsenter --net=/run/netns/client nc -w 10 198.18.0.1 80
	done | grep -c 'a page through the gate'
}
up() { cut -d. -f1 /proc/uptime; }
lasted() { # FILE LEAST MOST: the seconds in it, once they are there
	for _ in $(seq "$3"); do
		[ -s "$1" ] && break
		sleep 1
	done
	echo "$(cat "$1") s"
	[ "$(cat "$1")" -ge "$2" ] && [ "$(cat "$1")" -le "$3" ]
}
half_a_request() {
	began=$(up)
	{ printf 'GET / HTTP/1.1\r\nHost: blog'; sleep 60; } | {
		nsenter --net=/run/netns/client nc -w 80 198.18.0.1 80 >/dev/null
		echo $(($(up) - began)) >/tmp/half
	}
}
banned() {
	began=$(up)
	weir deny add 198.51.100.7 --for 6s
	date -s "@$(($(date +%s) + year))"
	until [ "$(get 1)" -eq 1 ] || [ $(($(up) - began)) -gt 60 ]; do :; done
	echo $(($(up) - began)) >/tmp/banned
	lasted /tmp/banned 6 40
}
logged() {
	grep -oE '^20[0-9]{2}-' /tmp/proxy | sort | uniq -c
	[ "$(grep -c 'blog.example' /tmp/proxy)" -ge 44 ] && [ "$(grep -oE '^20[0-9]{2}-' /tmp/proxy | sort -u | grep -c '')" -eq 3 ]
}
ends() {
	kill "$proxy"
	for _ in 1 2 3 4 5 6 7 8; do
		grep -q '^State:.[^Z]' "/proc/$proxy/status" 2>/dev/null || return 0
		sleep 1
	done
	return 1
}

# The machine's own wall clock, which is nobody else's here: a year ahead, back, a year behind, and right again.
steps_clock() {
	year=31536000 right=$(date +%s) since=$(up)
	come_from 198.51.100.7
	half_a_request &
	get 40 >/tmp/answered &
	load=$!
	for by in 1 -1 -1 2 -2 1; do
		sleep 1
		date -s "@$(($(date +%s) + by * year))" >/dev/null
	done
	wait $load
	check 'answers every request while the wall clock steps by years' [ "$(cat /tmp/answered)" -eq 40 ]
	come_from 203.0.113.9
	check 'drops what is listed after it' [ "$(get 1)" -eq 0 ]
	come_from 198.51.100.7
	check 'ends a ban in time though the clock steps' banned
	date -s "@$((right - year))" >/dev/null
	check 'answers a year behind' [ "$(get 3)" -eq 3 ]
	check 'gives half a request its ten seconds' lasted /tmp/half 9 40
	check 'ends the proxy in time a year behind' ends
	check 'writes a line a request, in the year that it was' logged
	date -s "@$((right + $(up) - since))" >/dev/null
}

run_weir() {
	make_world
	check 'takes a configuration' weir -c /world/weir.yaml apply
	check 'attaches' weir -c /world/weir.yaml attach wan
	weir -c /world/weir.yaml proxy >/tmp/proxy 2>&1 &
	proxy=$!
	check 'serves a page through gate, hand-off and proxy' page 198.51.100.7
	check 'serves none to a listed source' no_page 203.0.113.9
	check 'counts it as listed' denied
	check 'confines the proxy' confined
	steps_clock
	cat /tmp/proxy
	check 'detaches' weir detach --purge
}

run /tests/kernel-tests --jobs=1 # they load and unload modules
for program in /tests/clang-*/kernel-tests; do
	[ -e "$program" ] || continue
	echo "fact: by ${program#/tests/}:"
	run "$program" --jobs=1 --filter='load/takes_*'
done
run_weir
modprobe nf_conntrack            # the lookup of it is resolved when the gate is loaded
export LIBXDP_SKIP_DISPATCHER=1  # the gate tests attach by links
run /tests/gate-tests --jobs=1 --filter="$(cat /tests/filter)"
