# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# The network lab of the demo and of the e2e tests: three hosts, each a network namespace.
#
#     client                   gate                      backends
#    +------------------+     +---------------------+     +------------------------+
#    | 198.51.100.2     |     |    198.51.100.1     |     | 10.66.0.2  app "blog"  |
#    | 198.51.100.66    |     |    weir, proxy      |     | 10.66.0.3  app "shop"  |
#    |           [wire]-|-----|-[wan]         [lan]-|-----|-[wire]     10.66.0.4   |
#    | 203.0.113.0/24   |     |  XDP     10.66.0.1  |     |            app "shop"  |
#    |   via .1         |     +---------------------+     +------------------------+
#    +------------------+       ingress 203.0.113.10, .11, .12
#
# lab_up NAME makes it and arranges that it goes away with the shell, however that ends. Names
# come from NAME and the process, and the wires are made inside the namespaces, so that any
# number of labs run side by side and none has a way out. Sourced, with `set -u`.

umask 022 # the proxy reads what root has written
LAB_ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
WEIR=${WEIR:-$LAB_ROOT/build/weir}
FLOOD=${FLOOD:-$LAB_ROOT/build/flood}
LAB='' LAB_DIR='' LAB_PIDS=() LAB_HOSTS=()

CLIENT=198.51.100.2   # allowed by every list of the lab
LISTED=198.51.100.66  # on the denylist of the lab; another address of the client
GATE=198.51.100.1     # the machine's own address
BLOG=203.0.113.10     # ingress: unlimited, the platform's ports
SHOP=203.0.113.11     # ingress: likewise
METERED=203.0.113.12  # ingress: the default 20 MB/s, with a burst of 4 MB
GATE_MAC=02:00:00:00:00:01
CLIENT_MAC=02:00:00:00:00:02

lab_in() { # HOST COMMAND...: run it there; bpffs stays visible, which `ip netns exec` hides
	local host=$1
	shift
	nsenter --net="/run/netns/$LAB-$host" -- "$@"
}

client() { lab_in client "$@"; }
gate() { lab_in gate "$@"; }
backends() { lab_in backends "$@"; }

# The program under test, in the gate's namespace, on this lab's configuration and instance.
weir() { gate "$WEIR" -I "$LAB" -c "$LAB_DIR/weir.yaml" "$@"; }

# lab_spawn HOST COMMAND...: in the background until the lab goes; LAB_PID is its process.
lab_spawn() {
	local host=$1
	shift
	nsenter --net="/run/netns/$LAB-$host" -- "$@" >>"$LAB_DIR/spawned.log" 2>&1 </dev/null &
	LAB_PID=$!
	LAB_PIDS+=("$LAB_PID")
}

# lab_stop PID [SIGNAL]: end a spawned process and wait for it.
lab_stop() {
	kill "-${2:-TERM}" "$1" 2>/dev/null
	wait "$1" 2>/dev/null
	return 0
}

# eventually SECONDS COMMAND...: true as soon as the command is; looks 20 times a second.
eventually() {
	local tries=$(($1 * 20))
	shift
	while ! "$@" >/dev/null 2>&1; do
		((tries-- > 0)) || return 1
		sleep 0.05
	done
}

# A namespace with loopback and without IPv6, which takes over nothing of what the machine is set to: a
# new one has its settings of interfaces.
lab_host() { # HOST
	LAB_HOSTS+=("$1")
	ip netns add "$LAB-$1" || return
	lab_in "$1" sh -c 'for c in all default lo; do
		echo 1 >/proc/sys/net/ipv6/conf/$c/disable_ipv6
		for key in forwarding rp_filter arp_filter arp_ignore arp_announce accept_local route_localnet; do
			echo 0 >/proc/sys/net/ipv4/conf/$c/$key
		done; done 2>/dev/null
		ip link set lo up'
}

# Not by `ip -n`, which remounts / and so fails in a chroot.
lab_wires() {
	ip link add wire netns "$LAB-client" address $CLIENT_MAC type veth \
		peer name wan netns "$LAB-gate" address $GATE_MAC || return
	ip link add lan netns "$LAB-gate" type veth peer name wire netns "$LAB-backends" || return
	lab_in client ip -batch - <<-END || return
		address add $CLIENT/24 dev wire
		address add $LISTED/24 dev wire
		link set wire up
		route add 203.0.113.0/24 via $GATE src $CLIENT
	END
	lab_in gate ip -batch - <<-END || return
		address add $GATE/24 dev wan
		address add 10.66.0.1/24 dev lan
		link set wan up
		link set lan up
	END
	lab_in backends ip -batch - <<-END
		address add 10.66.0.2/24 dev wire
		address add 10.66.0.3/24 dev wire
		address add 10.66.0.4/24 dev wire
		link set wire up
	END
}

# The operator's files of the lab, in $LAB_DIR. A test writes over what it wants otherwise.
lab_files() {
	cat >"$LAB_DIR/weir.yaml" <<-END
		region: lab.region
		interfaces:
		  - name: wan
		    mode: native
		denylists:
		  - name: known-bad
		    file: known-bad.txt
		proxy:
		  user: nobody
		  routes: [apps.routes]
	END
	cat >"$LAB_DIR/lab.region" <<-END
		region lab
		ingress $BLOG/32 rate 1.6GB/s burst 1.6GB
		ingress $SHOP/32 rate 1.6GB/s burst 1.6GB
		ingress $METERED/32 rate 20MB/s burst 4MB
	END
	printf '%s\n' '# the lab'\''s denylist' "$LISTED" 192.0.2.0/24 >"$LAB_DIR/known-bad.txt"
	cat >"$LAB_DIR/apps.routes" <<-END
		blog.example app=blog http 10.66.0.2:8080 tls 10.66.0.2:8443
		shop.example app=shop http 10.66.0.3:8080 10.66.0.4:8080 tls 10.66.0.3:8443 10.66.0.4:8443
	END
}

# lab_up NAME: make the lab. Ends the shell with a message when it cannot.
lab_up() {
	[[ $(id -u) -eq 0 ]] || lab_fail "needs root, for network namespaces and BPF"
	[[ -x $WEIR && -x $FLOOD ]] || lab_fail "not built: run make"
	LAB="${1//[^a-z0-9]/}" && LAB="${LAB:0:14}-$$"
	# Killed before it could clean up, one before had the same number.
	while [[ -n $(lab_remains "$LAB" "${TMPDIR:-/tmp}/") ]]; do
		LAB="${LAB%-*}-$((RANDOM + 100000))"
	done
	LAB_DIR=$(mktemp -d "${TMPDIR:-/tmp}/weir-lab-$LAB.XXXXXX") || lab_fail "no scratch folder"
	chmod 755 "$LAB_DIR" # the proxy reads its routes as its own user
	trap lab_down EXIT
	trap 'exit 130' INT TERM HUP
	lab_host client && lab_host gate && lab_host backends && lab_wires ||
		lab_fail "cannot make network namespaces"
	lab_files
}

lab_fail() {
	echo "lab: $*" >&2
	exit 1
}

# Take everything away again: processes by their number, then namespaces, pins, state, files.
lab_down() {
	local host pid
	[[ -n $LAB ]] || return 0
	trap '' INT TERM HUP
	for pid in "${LAB_PIDS[@]}"; do
		kill "$pid" 2>/dev/null
	done
	for host in "${LAB_HOSTS[@]}"; do
		for pid in $(ip netns pids "$LAB-$host" 2>/dev/null); do
			kill -KILL "$pid" 2>/dev/null
		done
	done
	wait "${LAB_PIDS[@]}" 2>/dev/null
	for host in "${LAB_HOSTS[@]}"; do
		ip netns delete "$LAB-$host" 2>/dev/null
	done
	rm -rf "/sys/fs/bpf/${LAB:?}" "/run/$LAB" "/var/lib/$LAB" "$LAB_DIR"
	LAB=''
}

# Is anything of lab $1, whose folder was $2, still here? Prints it.
lab_remains() {
	ip netns list | grep -F "$1"
	find /sys/fs/bpf /run /var/lib "${2%/*}" -maxdepth 1 -name "*$1*" 2>/dev/null
}

# ---- real servers -----------------------------------------------------------------------

# A certificate for the lab's names, once. Clients trust it by --cacert.
lab_certificate() {
	[[ -e $LAB_DIR/cert.pem ]] || openssl req -x509 -newkey ec -pkeyopt \
		ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=weir-lab -addext \
		'subjectAltName=DNS:blog.example,DNS:shop.example,DNS:*.example' \
		-keyout "$LAB_DIR/key.pem" -out "$LAB_DIR/cert.pem" 2>/dev/null
}

# lab_app NAME ADDRESS: nginx on ADDRESS:8080 (HTTP) and :8443 (TLS, HTTP/2 too). GET / answers
# "NAME at ADDRESS", /big is 256 MiB at 40 MB/s, PUT /up/FILE takes an upload.
lab_app() {
	local dir=$LAB_DIR/$1-$2
	lab_certificate || lab_fail "no certificate"
	mkdir -p "$dir/www/up" "$dir/tmp"
	truncate -s 256M "$dir/www/big"
	cat >"$dir/nginx.conf" <<-END
		daemon off; user root; worker_processes 1; pid $dir/pid; error_log $dir/error.log;
		events { worker_connections 512; }
		http {
			access_log $dir/access.log;
			client_body_temp_path $dir/tmp; proxy_temp_path $dir/tmp;
			fastcgi_temp_path $dir/tmp; scgi_temp_path $dir/tmp; uwsgi_temp_path $dir/tmp;
			client_max_body_size 0;
			server {
				listen $2:8080;
				listen $2:8443 ssl http2;
				ssl_protocols TLSv1.2 TLSv1.3;
				ssl_certificate $LAB_DIR/cert.pem; ssl_certificate_key $LAB_DIR/key.pem;
				root $dir/www;
				location = / { default_type text/plain; return 200 "$1 at $2\n"; }
				location = /big { limit_rate 40m; }
				location /up/ { dav_methods PUT; }
			}
		}
	END
	lab_spawn backends nginx -e "$dir/error.log" -c "$dir/nginx.conf"
	eventually 5 backends curl -so /dev/null "http://$2:8080/" || lab_fail "nginx did not start"
}

# lab_apps: the three servers of the drawing.
lab_apps() {
	lab_app blog 10.66.0.2
	lab_app shop 10.66.0.3
	lab_app shop 10.66.0.4
}

# fetch ADDRESS URL [CURL OPTIONS...]: as the client, with the URL's name resolved to ADDRESS.
fetch() {
	local address=$1 url=$2 name
	shift 2
	name=${url#*://}
	name=${name%%[/:]*}
	client curl -sS --max-time 10 --cacert "$LAB_DIR/cert.pem" \
		--connect-to "$name::$address:" "$@" "$url"
}

# ---- what was seen ----------------------------------------------------------------------

# counted SLUG: packets under one reason so far, all CPUs, as weir counts says.
counted() {
	weir -j counts | jq --arg slug "$1" '.reasons[$slug].packets'
}

# dumped: the counters map by bpftool alone, as {"SLUG": PACKETS, ...} summed over the CPUs.
dumped() {
	bpftool map dump pinned "/sys/fs/bpf/$LAB/weir_counts" | jq -c "$LAB_JQ_SUM // {}"
}

# The line that README.md gives for summing the counters of all CPUs.
LAB_JQ_SUM=$(sed -n "s/^.*weir_counts | jq '\(.*\)'$/\1/p" "$LAB_ROOT/README.md" | head -n 1)

# IPv4 packets that the gate's kernel has received behind weir, which knows nothing of weir.
received() {
	gate awk '$1 == "Ip:" && $3 ~ /^[0-9]+$/ { print $4 }' /proc/net/snmp
}

# The policy in force, as one word: the control word and both halves of the policy's head.
policy_now() {
	bpftool map dump pinned "/sys/fs/bpf/$LAB/weir_control" | jq -c '.[].value.word'
	bpftool map dump pinned "/sys/fs/bpf/$LAB/weir_policy" |
		jq -c '.[].value | [.fingerprint, .applied_at_s, .denied_addresses]'
}

# Can the client open a TCP connection from its address $1 to $2:$3 within a second?
can_connect() {
	client socat -u OPEN:/dev/null "TCP4:$2:$3,bind=$1,connect-timeout=1"
}

now_ms() { date +%s%3N; }

# lab_start: the main job, as an operator starts it. Ends the shell when any of it fails.
lab_start() {
	weir apply || lab_fail "weir apply failed"
	weir attach || lab_fail "weir attach failed"
	lab_proxy
}

# lab_proxy: the proxy, until the lab goes; LAB_PROXY is its process.
lab_proxy() {
	lab_spawn gate "$WEIR" -I "$LAB" -c "$LAB_DIR/weir.yaml" proxy
	# shellcheck disable=SC2034 # for who sources this
	LAB_PROXY=$LAB_PID
	eventually 5 fetch $BLOG http://blog.example/ ||
		lab_fail "the proxy does not answer: $(tail -n 5 "$LAB_DIR/spawned.log")"
}
