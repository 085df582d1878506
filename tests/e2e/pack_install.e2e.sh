#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# make install and what it puts there: units, manual pages and completion that agree with the
# program.
. "$(dirname "$0")/lib.sh"
begin install
ROOT=$LAB_DIR/root
make_it() { make -s --no-print-directory -C "$LAB_ROOT" "$@"; }

story "install and uninstall leave nothing behind but what was there"
mkdir -p "$ROOT/etc/weir" && echo mine >"$ROOT/etc/weir/weir.yaml"
expect "make install" make_it install DESTDIR="$ROOT" PREFIX=/usr
INSTALLED=$LAB_DIR/installed
cp -r "$ROOT" "$INSTALLED"
expect "make uninstall" make_it uninstall DESTDIR="$ROOT" PREFIX=/usr
expect_equal "files that are left" "$(find "$ROOT" ! -type d)" "$ROOT/etc/weir/weir.yaml"
expect "make install elsewhere" make_it install DESTDIR="$ROOT" PREFIX=/opt/weir SYSCONFDIR=/opt/weir/etc
expect_not "a unit names what is not there" grep -rn '/usr/sbin\|[ =]/etc/weir' "$ROOT/opt/weir/lib/systemd"

story "systemd takes every unit"
mkdir "$LAB_DIR/units"
for unit in "$INSTALLED"/usr/lib/systemd/system/*; do
	sed "s,/usr/sbin/weir,$WEIR,g" "$unit" >"$LAB_DIR/units/${unit##*/}"
done
expect "systemd-analyze verify" systemd-analyze verify --man=no "$LAB_DIR"/units/*
expect_equal "what it says" "$SAID" ""
expect "systemd-analyze security" systemd-analyze security --offline=yes "$LAB_DIR/units/weir-proxy.service"
exposure=$(sed -n 's/.*exposure level.*: \([0-9.]*\).*/\1/p' <<<"$SAID")
expect_between "the proxy's exposure, in tenths" "${exposure/./}" 0 19
expect "systemd-sysusers" systemd-sysusers --dry-run "$INSTALLED/usr/lib/sysusers.d/weir.conf"
expect "systemd-tmpfiles" systemd-tmpfiles --create --root="$ROOT" "$INSTALLED/usr/lib/tmpfiles.d/weir.conf"
expect_equal "mode of the state" "$(stat -c %a "$ROOT/var/lib/weir")" 700

# Every command, and the options that the program takes there: it names what it does not know. The
# second option, which nothing knows, keeps a command from doing anything. Those that go before any
# command are weir's own.
COMMANDS=$("$WEIR" help | sed -n 's/^  \([a-z]\+\) .*/\1/p' | grep -v '^-')
# documented COMMAND: the options of its section, one a line.
documented() {
	local source
	source=$(grep -l "^## $1\$" "$LAB_ROOT"/doc/man/*.scd) || return
	sed -n "/^## $1\$/,/^#/p;/^# SEE/q" "$source" | sed -n 's/^\*\(--\?[a-z-]*\)\*.*/\1/p' | sort -u
}
offered() {
	local sub
	for sub in '' add del revert drain set list; do
		"$WEIR" complete -- "$1" ${sub:+"$sub"} -
	done | grep '^-' | sort -u
}
takes() { # COMMAND OPTION [SUBCOMMAND]
	local said letter=${2#-}
	said=$("$WEIR" -I "$LAB" -c /nowhere "$1" ${3:+"$3"} "$2" 1s --no-such-option 2>&1 </dev/null)
	! grep -qE -- "unrecognized option '$2'|option '$2' is ambiguous|invalid option -- '${letter::1}'" <<<"$said"
}
# taken COMMAND [SUBCOMMAND]: every option that it takes, in full. One that only begins another
# is an abbreviation, unless the page has it.
taken() {
	local option all=()
	for option in $KNOWN -{a,b,d,e,f,g,h,i,k,l,m,n,o,p,q,r,s,t,u,v,w,x,y,z}; do
		takes "$1" "$option" "${2:-}" && all+=("$option")
	done
	for option in "${all[@]}"; do
		[[ " ${all[*]}" != *" $option"[a-z]* || $(documented "$1") == *"$option"$'\n'* ]] &&
			printf "%s\n" "$option"
	done | sort -u | xargs
}

story "every command has a section in a manual page, and every option in it exists, and the reverse"
KNOWN=$(grep -ohE '\{"[a-z-]+", (no|required|optional)_argument' "$LAB_ROOT"/user/cmd/*.c |
	sed 's/{"\([a-z-]*\).*/--\1/' | sort -u)
for command in $COMMANDS; do
	[[ $command != complete ]] || continue
	expect "$command in weir(8)" grep -q "^| .*\*$command\*" "$LAB_ROOT/doc/man/weir.8.scd"
	expect "a section on $command" grep -qx "## $command" "$LAB_ROOT"/doc/man/*.8.scd
	# These read no option at all, and would take one for an operand, or do their work.
	[[ ! $command =~ ^(init|check|plan|confirm|verify|version)$ ]] || continue
	taken=$(taken "$command" "$([[ $command =~ ^(deny|allow|route)$ ]] && echo add)")
	expect_equal "the options of $command in its page" "$(documented "$command" | xargs)" "$taken"
	expect_equal "the options of $command that are completed" "$(offered "$command" | xargs)" "$taken"
done

story "every key of weir.yaml is in its page"
for key in $(grep -ohE '^	(TEXT|LIST|GROUP)\("[a-z_]+"' "$LAB_ROOT/user/config/schema.c" |
	sed 's/.*"\(.*\)"/\1/' | sort -u); do
	expect "$key" grep -qF "*$key*" "$LAB_ROOT/doc/man/weir.yaml.5.scd"
done
end
