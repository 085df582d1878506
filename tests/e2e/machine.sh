# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# A machine of its own for stories that take every path as it is written: /etc/weir, /run,
# /var/lib, /usr/sbin, bpffs. Its root is this one's with a layer in memory above, its network the
# lab's gate, its NIC ens1. No service manager runs in it. All of it goes with one process.
#
#     machine_up                   after `begin`; a second call makes a fresh one
#     machine COMMAND...           as root there; the repository is where it runs
#     machine_install              the package
MACHINE=''

# The package that is installed, of the program as it is built.
machine_package() {
	local deb
	deb=$(echo "$LAB_ROOT"/build/deb/weir_*.deb)
	[[ ! $deb -nt $WEIR ]] || return 0
	make -s --no-print-directory -C "$LAB_ROOT" deb || lab_fail "make deb failed"
}

machine_up() {
	local root=$LAB_DIR/machine
	[[ -z $MACHINE ]] || machine_down
	mkdir -p "$root"
	gate ip link show ens1 >/dev/null 2>&1 || gate ip -batch - <<-END || lab_fail "cannot name the NIC"
		link set wan down
		link set wan name ens1
		link set ens1 up
	END
	lab_spawn gate unshare --mount --propagation private sh -ec '
		mount -t tmpfs layers "$1"
		cd "$1" && mkdir above scratch root
		mount -t overlay -o lowerdir=/,upperdir=above,workdir=scratch machine root
		cd root
		rm -rf etc/weir var/lib/weir var/log/weir usr/sbin/weir usr/local/sbin/weir
		mount -t proc proc proc
		mount -t sysfs sysfs sys
		mount -t bpf bpf sys/fs/bpf
		mount -t tmpfs tmpfs run
		mount --rbind /dev dev
		mkdir -p usr/src/weir
		mount --bind "$2" usr/src/weir
		: >run/ready
		exec sleep 900' sh "$root" "$LAB_ROOT"
	MACHINE=$LAB_PID
	eventually 10 machine test -e /run/ready ||
		lab_fail "cannot make a machine: $(tail -n 3 "$LAB_DIR/spawned.log")"
	machine_systemctl
}

machine() {
	nsenter --mount --net --target "$MACHINE" -- chroot "$LAB_DIR/machine/root" \
		/usr/bin/env -C /usr/src/weir -i HOME=/ TERM=dumb DEBIAN_FRONTEND=noninteractive \
		PATH=/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin "$@"
}

machine_down() {
	local pid
	machine weir detach --purge >/dev/null 2>&1
	for pid in $(machine_processes); do
		kill -KILL "$pid" 2>/dev/null
	done
	kill -KILL "$MACHINE" 2>/dev/null
	wait "$MACHINE" 2>/dev/null
	MACHINE=''
}

# Those in its mount namespace, but for the one that holds it.
machine_processes() {
	local here proc
	here=$(readlink "/proc/$MACHINE/ns/mnt")
	for proc in /proc/[0-9]*; do
		[[ $(readlink "$proc/ns/mnt" 2>/dev/null) != "$here" || ${proc#/proc/} == "$MACHINE" ]] ||
			echo "${proc#/proc/}"
	done
}

machine_install() {
	machine_package
	machine sh -c 'dpkg -i build/deb/weir_*.deb' >"$LAB_DIR/install.log" 2>&1 ||
		lab_fail "the package does not install: $(tail -n 5 "$LAB_DIR/install.log")"
}

# systemctl stands in for a service manager that is not there: enable and disable are the real ones;
# what starts, reloads or stops runs what the installed unit says.
machine_systemctl() {
	machine sh -c 'cat >/usr/local/sbin/systemctl && chmod 755 /usr/local/sbin/systemctl' <<-'END'
		#!/bin/bash
		lines() { sed -n "s/^$1=[-!]*//p" "$file" | sed "s/%[iI]/$name/g"; }
		proxies() { # those of this machine
			for proc in /proc/[0-9]*; do
				[ "$(readlink $proc/ns/mnt)" = "$(readlink /proc/self/ns/mnt)" ] || continue
				tr '\0' ' ' <$proc/cmdline | grep -q 'weir proxy' && echo "${proc#/proc/}"
			done 2>/dev/null
		}
		begin() {
			grep -q ^Type=notify "$file" || { sh -c "$(lines ExecStart)"; return; }
			setsid sh -c "exec $(lines ExecStart)" >>"/run/$unit.log" 2>&1 </dev/null &
			for _ in $(seq 100); do
				weir status | grep -q 'to the proxy' && return
				sleep 0.05
			done
			cat "/run/$unit.log" >&2
			return 1
		}
		finish() {
			[ -z "$(proxies)" ] || kill $(proxies)
			for _ in $(seq 400); do
				[ -n "$(proxies)" ] || return 0
				sleep 0.1
			done
			return 1
		}
		verb=$1 && shift
		[ "$1" != --now ] || { now=1 && shift; }
		[ "$verb" != kill ] || { signal=$2 && shift 3; }
		for unit; do
			[[ $unit == *.* ]] || unit=$unit.service
			name=${unit#*@} name=${name%.*}
			[[ $unit != *@* ]] || file=${unit%@*}@.${unit##*.}
			file=$(ls {,/usr}/lib/systemd/system/"${file:-$unit}" 2>/dev/null | head -n 1)
			[ -n "$file" ] || { echo "Unit $unit not found." >&2; exit 5; }
			case $verb in
			enable) /usr/bin/systemctl enable "$unit" && { [ -z "$now" ] || begin; } ;;
			disable) /usr/bin/systemctl disable "$unit" && { [ -z "$now" ] || finish; } ;;
			start) begin ;;
			restart) finish && begin ;;
			reload) sh -c "$(lines ExecReload)" >>"/run/$unit.log" 2>&1 ;;
			kill) kill -s "$signal" $(proxies) ;;
			stop) finish ;;
			*) echo "systemctl: no $verb here" >&2; false ;;
			esac || exit
			file=
		done
	END
}
