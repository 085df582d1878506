#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# make install and what it puts there: units, manual pages and completion that agree with the
# program.
. "$(dirname "$0")/lib.sh"
begin install
ROOT=$LAB_DIR/root
files_of() { (cd "$1" && find . -mindepth 1 | sort); }
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

# completes SHELL WORDS: what it says when the line is completed for real, one word a line.
cat >"$LAB_DIR/complete.bash" <<-'END'
	. "$1"
	COMP_WORDS=($2)
	[[ $2 != *' ' ]] || COMP_WORDS+=('')
	COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
	$(complete -p weir | sed 's/.*-F \([^ ]*\).*/\1/')
	printf '%s\n' "${COMPREPLY[@]}"
END
mkdir "$LAB_DIR/bin"
printf '#!/bin/sh\nexec nsenter --net=/run/netns/%s-gate %s -I %s -c %s/weir.yaml "$@"\n' \
	"$LAB" "$WEIR" "$LAB" "$LAB_DIR" >"$LAB_DIR/bin/weir"
chmod 755 "$LAB_DIR/bin/weir"
export PATH=$LAB_DIR/bin:$PATH
in_bash() { bash "$LAB_DIR/complete.bash" "$INSTALLED/usr/share/bash-completion/completions/weir" "$*"; }
in_fish() { HOME=$LAB_DIR fish -c "source $INSTALLED/usr/share/fish/vendor_completions.d/weir.fish; complete -C '$*'"; }

story "bash completes commands, options and what is there now"
expect "weir apply" weir apply
expect "weir attach" weir attach
expect "weir deny add" weir deny add 192.0.2.77 198.18.0.0/16
expect_equal "commands" "$(in_bash weir de | sort | xargs)" "deny detach"
expect_equal "options" "$(in_bash weir attach --t)" --try
expect_equal "reasons" "$(in_bash weir capture --reason drop_den)" drop_denied
expect_equal "bans" "$(in_bash 'weir deny del ' | sort | xargs)" "192.0.2.77 198.18.0.0/16"
expect_equal "what is attached" "$(in_bash 'weir detach ')" wan
expect_equal "an option's value that is anything" "$(in_bash 'weir apply --try ')" ''

story "bash does so at a real prompt"
tmux -L "$LAB" -f /dev/null new-session -d -x 120 -y 20 \
	"env PATH='$PATH' PS1='> ' bash --norc --noprofile -i" || fails "tmux"
screen() { tmux -L "$LAB" capture-pane -p; }
keys() { tmux -L "$LAB" send-keys "$@"; }
shows() { screen | grep -qE -- "$1"; }
keys ". $INSTALLED/usr/share/bash-completion/completions/weir" Enter
keys 'weir capture --reas' Tab 'drop_den' Tab
expect "the line" eventually 5 shows '> weir capture --reason drop_denied $|> weir capture --reason drop_denied'
tmux -L "$LAB" kill-server

story "fish and zsh complete likewise"
expect_equal "fish: commands" "$(in_fish weir de | xargs)" "deny detach"
expect_equal "fish: bans" "$(in_fish weir deny del 198 | xargs)" 198.18.0.0/16
cat >"$LAB_DIR/complete.zsh" <<-END
	compadd() { shift; print -l -- "\$@"; }
	_files() { print files; }
	words=(\${(s: :)1}) CURRENT=\${#words}
	. $INSTALLED/usr/share/zsh/site-functions/_weir
END
expect_equal "zsh: what is said of bans" "$(zsh -f "$LAB_DIR/complete.zsh" 'weir deny del 198' | xargs)" 198.18.0.0/16
expect_equal "zsh: where nothing is said" "$(zsh -f "$LAB_DIR/complete.zsh" 'weir metrics -o x')" files
end
