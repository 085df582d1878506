#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The proxy with one kind of its system calls failing now and then, under load. A request may fail
# for it, with an answer or a closed connection; none may get a wrong byte, none may hang, and when
# the faults are over all is served, with no descriptor lost.
. "$(dirname "$0")/lib.sh"
begin faults-proxy
lab_app blog 10.66.0.2
head -c 3000000 /dev/urandom >"$LAB_DIR/blog-10.66.0.2/www/blob"
SUM=$(sha256sum <"$LAB_DIR/blog-10.66.0.2/www/blob")
lab_start

# Only what the kernel may answer: an EAGAIN that is none would be waited for forever, by anybody.
FAULTS='accept4:EMFILE accept4:ENFILE accept4:ENOMEM accept4:ECONNABORTED socket:EMFILE socket:ENOBUFS
	connect:EADDRNOTAVAIL connect:ENETUNREACH connect:ECONNREFUSED epoll_ctl:ENOMEM epoll_ctl:ENOSPC
	epoll_wait:EINTR recvfrom:EINTR recvfrom:ECONNRESET recvfrom:ENOMEM sendto:EINTR
	sendto:ENOBUFS splice:EINTR splice:ENOMEM pipe2:EMFILE setsockopt:ENOBUFS write:ENOSPC shutdown:ENOTCONN'

descriptors() { find "/proc/$LAB_PROXY/fd" -mindepth 1 | wc -l; }
holds_at_most() { test "$(descriptors)" -le "$1"; }

# Ask until the load is over; each line is what became of one request.
ask() { # SECONDS
	local until=$((SECONDS + $1)) sum
	while ((SECONDS < until)); do
		sum=$(fetch $BLOG http://blog.example/blob --fail --max-time 5 2>/dev/null | sha256sum)
		[[ $sum == "$SUM" ]] && echo whole || echo "short"
		fetch $BLOG https://blog.example/ --fail --max-time 5 >/dev/null 2>&1
		[[ $? -ne 28 ]] || echo hung
	done
}

for item in ${FAULTS_CALLS:-$FAULTS}; do
	call=${item%:*} error=${item#*:}
	story "$call failing with $error now and then: no wrong byte, nothing hangs, and then all is served"
	before=$(descriptors)
	lab_spawn gate strace -f -qqq -o "$LAB_DIR/trace" -p "$LAB_PROXY" -e trace="$call" \
		-e inject="$call:error=$error:when=3+5"
	eventually 3 test -s "$LAB_DIR/trace" || sleep 0.3
	ask "$([[ $FAULTS_MAX == 1 ]] && echo 1 || echo 2)" >"$LAB_DIR/asked"
	lab_stop "$LAB_PID"
	echo "  $item: $(grep -c INJECTED "$LAB_DIR/trace") faults, $(grep -c whole "$LAB_DIR/asked") whole," \
		"$(grep -c short "$LAB_DIR/asked") short"
	expect_not "a request hung" grep -q hung "$LAB_DIR/asked"
	expect "the proxy is there" kill -0 "$LAB_PROXY"
	expect "then a request is served" eventually 3 served
	expect "and one more" eventually 3 served
	expect "no descriptor is lost" eventually 8 holds_at_most $((before + 8))
done
end
