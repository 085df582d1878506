#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# A Debian machine with the package installed comes up under a flood of listed packets, and none
# of them is seen by its IP before the gate drops them. Then its services, a NIC that goes and
# comes back, an upgrade, files that do not check, and no files at all.
#
# A root from the archive is booted from memory by qemu, without KVM, on bookworm's kernel;
# boot_order.guest.sh is what runs in it. The flood comes by loopback: the machine's NIC, a virtio
# one, is a UDP socket. That it would be seen is shown last, with the gate taken off.
set -euo pipefail
cd "$(dirname "$0")/../.."

# A mount namespace of its own, so that the root in memory is gone with this process.
[[ -n ${WEIR_BOOT_INSIDE:-} ]] || WEIR_BOOT_INSIDE=1 exec unshare --mount bash "$0" "$@"
time_max_s=${BOOT_MAX_S:-850}
mac=02:00:00:00:00:01
port=$(python3 -c 'import socket; s = socket.socket(type=socket.SOCK_DGRAM); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
scratch=$(mktemp -d)
trap 'kill "${flood:-}" 2>/dev/null || :; umount -R "$scratch/root" 2>/dev/null || :; rm -rf "$scratch"' EXIT
mkdir "$scratch/root"
root=$scratch/root

# The same package with a program that the kernel can tell from its own, under a higher version.
next_deb() { # FROM TO
	dpkg-deb -R "$1" "$scratch/next"
	install -m 755 build/weir-other "$scratch/next/usr/sbin/weir"
	sed -i 's/^Version: .*/Version: 9.0/' "$scratch/next/DEBIAN/control"
	dpkg-deb -Znone -b "$scratch/next" "$2" >/dev/null
}

operators_files() {
	cat >"$root/etc/weir/weir.yaml" <<-END
		region: lab.region
		interfaces: [eth0]
		denylists: [lists/known-bad.txt]
		proxy: {routes: [apps.routes]}
		management:
		  - {from: 198.51.100.0/24, protocol: tcp, port: 22}
	END
	printf 'region lab\ningress 203.0.113.10\n' >"$root/etc/weir/lab.region"
	echo 198.51.100.66 >"$root/etc/weir/lists/known-bad.txt"
	echo 'blog.example http 10.66.0.2:8080' >"$root/etc/weir/apps.routes"
}

make_root() {
	local deb
	make -s --no-print-directory deb >"$scratch/deb"
	deb=$(tail -n 1 "$scratch/deb")
	mount -t tmpfs root "$root"
	scripts/debian-root "$root" "$deb"
	cp "$deb" "$root/weir.deb"
	next_deb "$deb" "$root/next.deb"
	mount -t proc proc "$root/proc"
	chroot "$root" dpkg -i /weir.deb >"$scratch/dpkg" 2>&1 || { cat "$scratch/dpkg" >&2; exit 1; }
	rm -rf "$root"/weir.deb "$root"/usr/share/{doc,info,man,zoneinfo} "$root"/usr/lib/udev/hwdb*
	operators_files
	cp -a "build/kernels/bookworm:amd64/modules/lib/modules" "$root/lib/"
	chroot "$root" depmod "$(cut -d' ' -f1 build/kernels/bookworm:amd64/release)" 2>/dev/null
	printf 'auto eth0\niface eth0 inet static\n address 198.51.100.1/24\n' >"$root/etc/network/interfaces"
	install -m 755 tests/e2e/boot_order.guest.sh "$root/boot-test"
	cat >"$root/etc/systemd/system/boot-test.service" <<-END
		[Unit]
		After=network-online.target weir-addresses.service weir-proxy.service
		Wants=network-online.target
		[Service]
		Type=idle
		ExecStart=/boot-test
		[Install]
		WantedBy=multi-user.target
	END
	chroot "$root" systemctl -q enable weir-gate@eth0 weir-proxy boot-test
	ln -s lib/systemd/systemd "$root/init"
	umount "$root/proc"
	(cd "$root" && find . -xdev -print0 | cpio --null --quiet -H newc -o) >"$scratch/initramfs"
}

# One CPU: two take turns in one thread of the emulator, and wait for each other in vain.
boot() {
	timeout -k 5 "$time_max_s" qemu-system-x86_64 \
		-machine q35 -accel tcg,thread=single -cpu max -smp 1 -m 1024 \
		-display none -no-reboot -nodefaults -serial stdio -monitor none \
		-netdev "dgram,id=wire,local.type=inet,local.host=127.0.0.1,local.port=$port,remote.type=inet,remote.host=127.0.0.1,remote.port=9" \
		-device "virtio-net-pci,netdev=wire,mac=$mac,romfile=" \
		-kernel build/kernels/bookworm:amd64/vmlinuz -initrd "$scratch/initramfs" \
		-append "console=ttyS0 quiet panic=-1 mitigations=off no_timer_check net.ifnames=0 systemd.show_status=0 systemd.mask=serial-getty@ttyS0.service" \
		</dev/null 2>&1 | sed -u 's/\r$//' | tee "$scratch/console" |
		sed -un '/^vm: up /,/^vm: exit /{/^vm: exit /!p}' || :
	grep -q '^vm: exit ' "$scratch/console" && return
	echo "not ok the machine came up and ran to its end"
	tail -n 40 "$scratch/console"
}

scripts/vm-kernel bookworm:amd64
make_root
python3 tests/tools/frames.py "$port" $mac 198.51.100.66 203.0.113.10 "$time_max_s" &
flood=$!
boot | tee "$scratch/output"
! grep -q '^not ok ' "$scratch/output"
