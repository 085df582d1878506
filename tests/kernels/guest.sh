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

page() { # SOURCE: the page as that client gets it
	ip -n client route replace 198.18.0.0/24 via 198.51.100.1 src "$1"
	for _ in 1 2 3 4 5; do # the proxy may just have started
		printf 'GET / HTTP/1.1\r\nHost: blog.example\r\nConnection: close\r\n\r\n' |
			nsenter --net=/run/netns/client nc -w 5 198.18.0.1 80
		sleep 1
	done | grep 'a page through the gate'
}
no_page() { ! page "$1"; }
denied() { weir -j counts | tr -d ' \n' | grep '"drop_denied":{"packets":[1-9]'; }
confined() { grep -q '^Seccomp:[^0-9]*2' "/proc/$proxy/status" && grep -q '^Uid:[^0-9]*65534' "/proc/$proxy/status"; }

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
	cat /tmp/proxy
	kill $proxy
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
