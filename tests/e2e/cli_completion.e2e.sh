#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Tab, at a real prompt of bash, zsh and fish: commands, options, values as they are now; with quotes, colons,
# wildcards and words cut short; with hundreds of thousands to choose from, and with nothing there.
. "$(dirname "$0")/lib.sh"
begin completion
cat >>"$LAB_DIR/apps.routes" <<-END
	*.wild.example app=wild http 10.66.0.2:8080
	dotted.example app=dotted http 10.66.0.3:8080
END
mkdir "$LAB_DIR/regions" "$LAB_DIR/bin"
touch "$LAB_DIR/regions/osc-lab1.region" "$LAB_DIR/regions/odd \$(touch ran).region" "$LAB_DIR/some-file"
lab_apps
lab_start
expect "weir deny add" weir deny add 192.0.2.77 198.18.0.0/16
expect "weir route drain" "$WEIR" -I "$LAB" route drain 10.66.0.3:8080

# `weir` at the prompts is this lab's.
printf '#!/bin/sh\nexec nsenter --net=/run/netns/%s-gate %s -I %s -c %s/weir.yaml "$@"\n' \
	"$LAB" "$WEIR" "$LAB" "$LAB_DIR" >"$LAB_DIR/bin/weir"
chmod 755 "$LAB_DIR/bin/weir"
cp "$LAB_ROOT/etc/completion/weir.zsh" "$LAB_DIR/_weir"

# The shells, each with nothing of its user's but the completion.
start_of() {
	case $1 in
	bash) echo "bash --norc --noprofile -i" ;;
	zsh) echo "zsh -f -i" ;;
	fish) echo "fish --no-config -i" ;;
	esac
}
load_of() {
	case $1 in
	bash) echo ". $LAB_ROOT/etc/completion/weir.bash" ;;
	fish) echo "function fish_prompt; echo '> '; end; . $LAB_ROOT/etc/completion/weir.fish" ;;
	zsh) echo "fpath=($LAB_DIR \$fpath); autoload -U compinit; compinit -u -d $LAB_DIR/zcompdump" ;;
	esac
}
in_tmux() { tmux -L "$LAB" -f /dev/null "$@"; }
screen() { in_tmux capture-pane -p -J -t "$1"; }
shows() { screen "$1" | grep -qE -- "$2"; }

for shell in bash zsh fish; do
	in_tmux new-session -d -s $shell -x 160 -y 30 \
		"cd $LAB_DIR; env PATH='$LAB_DIR/bin:$PATH' HOME=$LAB_DIR PS1='> ' $(start_of $shell)" || fails "tmux: $shell"
	in_tmux send-keys -t $shell -l "$(load_of $shell)"
	in_tmux send-keys -t $shell Enter
	in_tmux send-keys -t $shell -l 'echo it is" "loaded'
	in_tmux send-keys -t $shell Enter
	eventually 20 shows $shell '^it is loaded' || fails "$shell starts" "$(screen $shell)"
done
LAB_PIDS+=("$(in_tmux display-message -p '#{pid}')")

# untouched LINE: Tab adds nothing. What is typed behind it shows that it has been.
untouched() { tab "$1" "$1!" '!'; }

# type_in SHELL LINE [KEY]: on an empty line, with Tab behind it.
type_in() {
	in_tmux send-keys -t "$1" C-e C-u C-l
	in_tmux send-keys -t "$1" -l "$2"
	in_tmux send-keys -t "$1" Tab ${3:+"$3"}
}

# becomes SHELL WANT
becomes() { eventually ${SECONDS_MAX:-8} shows "$1" "> $2 *\$"; }

# Keys that a shell on a loaded machine lost: what it shows last is a prompt without a word.
lost_keys() { [[ $(screen "$1" | sed '/^$/d' | tail -1) =~ ^\>\ *$ ]]; }

# tab LINE WANT [KEY]: with Tab behind it, the line is as the extended regular expression says, in each shell.
tab() {
	for shell in ${SHELLS:-bash zsh fish}; do
		type_in $shell "$1" "${3-}"
		becomes $shell "$2" && continue
		lost_keys $shell && type_in $shell "$1" "${3-}" && becomes $shell "$2" && continue
		fails "$shell: $1<Tab> becomes $2" "$(screen $shell | sed '/^$/d')"
	done
}

story "commands, options and values are completed at a real prompt"
tab 'weir deta' 'weir detach'
tab 'weir help deta' 'weir help detach'
tab 'weir apply --conf' 'weir apply --confirmed'
tab 'weir capture --reason drop_den' 'weir capture --reason drop_denied'
tab 'weir counts --by pa' 'weir counts --by packets'
tab 'weir attach -m nat' 'weir attach -m native'
tab 'weir deny add 192.0.2.1 --for 15' 'weir deny add 192.0.2.1 --for 15m'
tab 'weir init osc' 'weir init osc-lab1'

story "so is what is there now"
tab 'weir deny del 198' 'weir deny del 198.18.0.0/16'
tab 'weir detach w' 'weir detach wan'
tab "weir -I ${LAB%??}" "weir -I $LAB"
tab 'weir route revert dot' 'weir route revert dotted.example'
untouched 'weir route unset sh'
tab 'weir route set wi' 'weir route set wild'
tab 'weir route undrain 10' 'weir route undrain 10.66.0.3:8080'

story "colons, equals signs, quotes and wildcards are no obstacle"
tab 'weir route drain 10.66.0.2:80' 'weir route drain 10.66.0.2:8080'
tab 'weir explain 198.51.100.7 203.0.113.12' 'weir explain 198.51.100.7 203.0.113.12:'
tab 'weir counts --by=sy' 'weir counts --by=syns'
tab 'weir deny add 192.0.2.1 --note "two words" --fo' 'weir deny add 192.0.2.1 --note "two words" --for'
tab 'weir capture --reason "drop_den' 'weir capture --reason "drop_denied"'
tab 'weir route add new.example ap' 'weir route add new.example app='
SHELLS='bash zsh' tab 'weir route del \*.wi' 'weir route del \\\*\.wild\.example'
SHELLS=fish tab 'weir route del \*.wi' "weir route del ('\*\.wild\.example'|\\\\\*\.wild\.example)"

story "a name that a shell would carry out is quoted"
SHELLS=bash tab 'weir init odd' 'weir init odd\\ \\\$\\\(touch\\ ran\\\)'
tab 'weir init odd' '' Enter
expect_not "it was carried out" test -e "$LAB_DIR/ran"

story "file names are completed where a file is wanted, and nowhere else"
tab 'weir metrics -o some-f' 'weir metrics -o some-file'
tab 'weir capture -w some-f' 'weir capture -w some-file'
untouched 'weir deny add some-f'
untouched 'weir apply --try some-f'

story "with a hundred thousand bans and routes a word takes no time"
seq 0 99999 | awk '{printf "10.%d.%d.%d\n", 100 + $1 / 65536, $1 / 256 % 256, $1 % 256}' >"$LAB_DIR/bans"
expect "many bans" sh -c "nsenter --net=/run/netns/$LAB-gate '$WEIR' -I $LAB deny add - <$LAB_DIR/bans"
seq 100000 | sed 's/.*/n&.example http 10.66.0.2:8080/' >>"$LAB_DIR/apps.routes"
expect "many routes" kill -HUP "$LAB_PROXY"
expect "they are there" eventually 20 sh -c "'$LAB_DIR/bin/weir' complete -- route revert n99999 | grep -q n99999"
for words in 'deny del 10.101.134.1' 'route revert n9999' 'route drain 10' 'route set n'; do
	began=$(now_ms)
	# shellcheck disable=SC2086 # words
	expect "weir complete -- $words" "$LAB_DIR/bin/weir" complete -- $words
	expect_between "milliseconds for $words" $(($(now_ms) - began)) 0 1500
done
tab 'weir deny del 10.101.134.15' 'weir deny del 10.101.134.15[0-9]?'

story "where nothing answers, nothing is said, and soon"
kill -STOP "$LAB_PROXY"
began=$(now_ms)
expect_equal "routes of a proxy that hangs" "$("$LAB_DIR/bin/weir" complete -- route del blog 2>&1)" ''
expect_between "milliseconds" $(($(now_ms) - began)) 0 2500
kill -CONT "$LAB_PROXY"
for words in 'deny del 1' 'detach w' 'route drain 1' 'explain 1.2.3.4 2' 'init x'; do
	# shellcheck disable=SC2086 # words
	expect_equal "no gate: $words" "$("$WEIR" -I nothing-here -c /nowhere/weir.yaml complete -- $words 2>&1)" ''
done
in_tmux kill-server
end
