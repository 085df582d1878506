#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The Debian package in a root made from the archive: it installs, upgrades under a flood and a
# download without a gap, refuses to go while it filters, and leaves nothing when it is purged.
#
# The root has the network of the lab's gate, and a bpffs of its own; no service manager runs in it.
. "$(dirname "$0")/lib.sh"
begin deb
lab_app blog 10.66.0.2
ROOT=$LAB_DIR/root DEBS=$LAB_ROOT/build/deb
OTHER=${OTHER:-$LAB_ROOT/build/weir-other}

# A process that holds a mount namespace with a root in memory: all of it goes with the process.
hold_root() {
	mkdir "$ROOT"
	lab_spawn gate unshare --mount sh -c 'mount -t tmpfs root "$1" && exec sleep 900' sh "$ROOT"
	HOLDER=$LAB_PID
	eventually 5 beside mountpoint -q "$ROOT" || lab_fail "cannot mount on $ROOT"
}
beside() { nsenter --mount --target "$HOLDER" -- "$@"; } # with the root in sight
inside() {
	nsenter --mount --net --target "$HOLDER" -- chroot "$ROOT" \
		/usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin DEBIAN_FRONTEND=noninteractive "$@"
}

# All that the package needs from others is there, so that what comes and goes is the package's.
make_root() {
	beside "$LAB_ROOT/scripts/debian-root" "$ROOT" "$DEB" || lab_fail "cannot make a root"
	nsenter --mount --net --target "$HOLDER" -- sh -c 'mount -t proc proc "$1/proc" &&
		mount -t sysfs sysfs "$1/sys" && mount -t bpf bpf "$1/sys/fs/bpf" &&
		mount --bind /dev "$1/dev"' sh "$ROOT" || lab_fail "cannot mount in $ROOT"
}
weir() { inside weir "$@"; }

# Names, owners, modes and sums of everything but logs, caches and dpkg's own.
files() {
	inside find / -xdev \( -path /var/lib/dpkg -o -path /var/log -o -path /var/cache -o -path /tmp \
		-o -path '/etc/*-' -o -path /etc/.pwd.lock \) -prune -o -printf '%p %u %m %l\n' | sort
	inside find /etc -xdev -type f ! -name '*-' -exec md5sum '{}' + | sort
}
policy_files() {
	sed -i '/user: nobody/d' "$LAB_DIR/weir.yaml"
	beside cp "$LAB_DIR"/{weir.yaml,lab.region,known-bad.txt,apps.routes} "$ROOT/etc/weir/"
}
tag() { weir -j status | jq -r .gate.tag; }
# Processes of the root's proxy; after an upgrade its file is a deleted one for the old.
proxies() {
	local pid
	for pid in $(ip netns pids "$LAB-gate"); do
		[[ $(readlink "/proc/$pid/exe") == *"$ROOT"/usr/sbin/weir* || $(readlink "/proc/$pid/exe") == /usr/sbin/weir* ]] &&
			echo "$pid"
	done
}
one_proxy() { [[ $(proxies | wc -l) -eq 1 ]]; }
no_proxy() { [[ -z $(proxies) ]]; }
denied() { counted drop_denied; }

story "the package is built, and lintian finds no error"
expect "make deb" make -s --no-print-directory -C "$LAB_ROOT" deb
DEB=$(echo "$DEBS"/weir_*_amd64.deb)
expect "lintian" lintian --fail-on error "$DEB"
# The next version: the same files with a program that the kernel can tell from this one.
dpkg-deb -R "$DEB" "$LAB_DIR/next"
install -m 755 "$OTHER" "$LAB_DIR/next/usr/sbin/weir"
sed -i 's/^Version: .*/Version: 9.0/' "$LAB_DIR/next/DEBIAN/control"
echo '# of the next version' >>"$LAB_DIR/next/etc/weir/regions/osc-fr1.region"
dpkg-deb -b "$LAB_DIR/next" "$LAB_DIR/next.deb" >/dev/null || lab_fail "dpkg-deb"

story "it installs, starts nothing, and its files check"
hold_root
make_root
beside cp "$DEB" "$LAB_DIR/next.deb" "$ROOT/tmp/"
files >"$LAB_DIR/before"
routes() { inside cat /proc/net/route; gate ip route show table all; }
routes >"$LAB_DIR/routes-before"
expect "dpkg -i" inside dpkg -i "/tmp/${DEB##*/}"
expect "the proxy's user" inside getent passwd weir
expect_equal "enabled services" "$(inside find /etc/systemd -name 'weir*')" ""
expect_exit 1 "a gate" weir counts
policy_files
expect "weir check" weir check

story "an upgrade under a flood and a download has no gap: no listed packet, no byte lost"
expect "weir apply" weir apply
expect "weir attach" weir attach
lab_spawn gate nsenter --mount --target "$HOLDER" -- chroot "$ROOT" weir proxy
PROXY=$LAB_PID
expect "the proxy answers" eventually 5 served
expect_filtering "before the upgrade"
inside sh -c 'echo "# mine" >>/etc/weir/regions/osc-secnum-fr1.region'
own=$(tag)
client curl -sS --connect-to "blog.example::$BLOG:" --limit-rate 20M -o "$LAB_DIR/got" \
	--max-time 60 http://blog.example/big &
download=$!
sleep 0.3
before_denied=$(denied)
gate nft -f - <<-END
	add table ip behind
	add chain ip behind seen { type filter hook prerouting priority -300; }
	add rule ip behind seen ip saddr $LISTED counter
END
slipped() { gate nft -j list table ip behind | jq '[.. | .counter? | select(. != null) | .packets] | add'; }
lab_spawn client "$FLOOD" -i wire -m $GATE_MAC -d $BLOG -s $LISTED/32 -r 20000 -t 20
flood=$LAB_PID
expect "dpkg -i of the next version" inside dpkg -i /tmp/next.deb
expect_not "the gate is that of the version before" test "$(tag)" = "$own"
expect_between "listed packets dropped meanwhile" $(($(denied) - before_denied)) 1000 10000000
# As the package does by the service manager, which is not here.
read -ra reload < <(inside sed -n 's/^ExecReload=!//p' /lib/systemd/system/weir-proxy.service)
take_over() { inside "${reload[@]}" >>"$LAB_DIR/spawned.log" 2>&1; } # it keeps what it writes to open
expect "the proxy unit's reload" take_over
expect_not "the proxy is the one from before" test "$(proxies | head -n 1)" = "$PROXY" -a "$(proxies | wc -l)" = 1
lab_stop "$flood"
expect_equal "listed packets that the kernel behind the gate has seen" "$(slipped)" 0
kill -0 $download 2>/dev/null || fails "the download is still running"
wait $download || fails "the download ended well" "curl said $?"
expect "what arrived" cmp "$LAB_DIR/got" "$LAB_DIR/blog-10.66.0.2/www/big"
expect_filtering "after the upgrade"

story "what the operator has written is kept, and what he has not follows the package"
expect "his line" inside grep -qx '# mine' "/etc/weir/regions/osc-secnum-fr1.region"
expect "the package's" inside grep -q 'of the next version' "/etc/weir/regions/osc-fr1.region"
expect "weir.yaml" weir check

story "the proxy of the version before has gone once its connections had ended"
expect "it is one process again" eventually 35 one_proxy
expect_not "the one from before" test "$(proxies)" = "$PROXY"

story "while the gate is attached, the package does not go"
expect_not "dpkg --purge" inside dpkg --purge weir
expect_said "where it is attached, and what to do" 'attached to wan|detach --purge'
expect_filtering "after that"

story "nor where weir is too slow to say so, as under a flood"
inside mv /usr/sbin/weir /usr/sbin/weir.kept
inside sh -c 'printf "%s\n" "#!/bin/sh" "case \"\$*\" in *complete*) exit 0 ;; esac" "exec weir.kept \"\$@\"" >/usr/sbin/weir
	chmod 755 /usr/sbin/weir'
expect_not "dpkg --remove" inside dpkg --remove weir
expect_said "where it is attached" 'attached to wan '
inside mv /usr/sbin/weir.kept /usr/sbin/weir
expect_filtering "after that as well"

story "nor does it while another instance is attached"
proxies | xargs kill
expect "the proxy ends" eventually 35 no_proxy
expect "weir detach" weir detach
second() { weir -I second -c /etc/weir/weir.yaml "$@"; }
expect "another instance" second apply
expect "it is attached" second attach lan
expect "a ban" second deny add 198.18.0.7
inside mkdir -p /var/lib/other/lists /run/other
inside touch /var/lib/other/live.journal /var/lib/other/.not-weirs /run/other/apply.lock /run/other/not-weirs
expect_not "dpkg --purge" inside dpkg --purge weir
expect_said "which, where, and what to do" 'the gate second is attached to lan'
expect_said "what to do" 'weir -I second detach --purge'
expect_equal "its pins are there" "$(inside test -e /sys/fs/bpf/second/weir_control; echo $?)" 0
expect "weir -I second detach" second detach

story "detached, it goes and leaves no pin, route, user or file"
expect "dpkg --purge" inside dpkg --purge weir
expect_equal "pins" "$(inside find /sys/fs/bpf -mindepth 1 ! -path '/sys/fs/bpf/*.debug')" ""
expect_equal "XDP programs" "$(gate ip link show | grep -c xdp)" 0
gate nft delete table ip behind
expect "folders of others with such names" inside rm -r /var/lib/other/{lists,live.journal,.not-weirs} /run/other/{apply.lock,not-weirs}
inside rmdir /var/lib/other /run/other
files >"$LAB_DIR/after"
expect "files, owners and modes" diff "$LAB_DIR/before" "$LAB_DIR/after"
routes >"$LAB_DIR/routes-after"
expect "routes" diff "$LAB_DIR/routes-before" "$LAB_DIR/routes-after"
kill "$HOLDER" 2>/dev/null
end
