#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The live screen: as an operator sees it at 80x24 and 200x50, driven by keys, and what it prints
# where there is no terminal. WEIR_EXPECT_UPDATE=1 writes the expectations anew.
. "$(dirname "$0")/lib.sh"
begin top
sed -i 's/^proxy:/&\n  metrics: 9465\n  workers: 2/' "$LAB_DIR/weir.yaml"
lab_apps
lab_start

# Nobody asks for anybody's address: the streams are all there is.
gate ip neigh replace $CLIENT lladdr $CLIENT_MAC dev wan nud permanent
client ip neigh replace $GATE lladdr $GATE_MAC dev wire nud permanent
stream() { # TO FROM RATE: until the lab goes
	lab_spawn client sh -c "while '$FLOOD' -i wire -m $GATE_MAC -d $1 -s $2/32 -r $3 -t 60; do :; done"
}
stream $BLOG $LISTED 2000
stream $METERED 198.18.0.7 600

SOCKET=weir-$LAB
terminal() { tmux -L "$SOCKET" -f /dev/null "$@"; }
open_top() { # WIDTH HEIGHT
	terminal new-session -d -x "$1" -y "$2" "nsenter --net=/run/netns/$LAB-gate \
		'$WEIR' -I $LAB -c '$LAB_DIR/weir.yaml' top"
}
screen() { terminal capture-pane -p; }
press() { for key; do terminal send-keys "$key"; done; }
shows() { screen | grep -qE -- "$1"; }
close_top() {
	press q
	eventually 3 has_ended || fails "q does not end it" "$(screen)"
	terminal kill-server 2>/dev/null
}
has_ended() { ! terminal has-session 2>/dev/null; }
trap 'terminal kill-server 2>/dev/null; lib_exit' EXIT

# What stays the same from run to run: digits, names of the lab and how busy the workers are go.
steady() {
	sed -E -e "s/$LAB/LAB/" -e 's/workers [0-9]+-[0-9]+%( *)/workers LOAD /' -e 's/[0-9]/#/g' \
		-e 's/ +$//'
}
expect_screen() { # NAME
	local file
	file=$(dirname "${BASH_SOURCE[0]}")/expect/$1
	[[ -z ${WEIR_EXPECT_UPDATE:-} ]] || screen | steady >"$file"
	eventually 8 same_screen "$file" || fails "the screen is $1" "$(screen | steady | diff "$file" -)"
}
same_screen() { diff -q <(screen | steady) "$1"; }
settled() { shows 'drop_denied +[12]\.[0-9]+k' && shows '198\.18\.0\.7 +[56][0-9][0-9] '; }

for size in '80 24' '200 50'; do
	story "the screen at ${size/ /x} is as expected"
	# shellcheck disable=SC2086 # two words
	open_top $size
	expect "the rates settle" eventually 10 settled
	expect_screen "top-${size/ /x}.txt"
	expect_equal "lines that are too long" \
		"$(screen | awk -v width="${size% *}" 'length > width' | wc -l)" 0
	close_top
done

open_top 80 24
expect "the rates settle" eventually 10 settled

story "keys sort, widen sources to networks, filter them and pause"
press s
expect "sorted by SYNs" eventually 3 shows 'SYN/s\*'
press s
expect "sorted by bytes" eventually 3 shows 'byte/s\*'
press n
expect "networks" eventually 3 shows '^198\.51\.100\.0/24 '
press n f 1 9 8 . 1 8 . 0 . 0 / 1 5 Enter
expect "the filter is shown" eventually 3 shows 'only 198\.18\.0\.0/15'
expect_not "a source outside it" eventually 1 shows '^198\.51\.100\.66 '
press f Escape
expect "all again" eventually 3 shows '^198\.51\.100\.66 '
press p
expect "paused" eventually 3 shows 'PAUSED'
before=$(screen)
sleep 2.2
expect_equal "nothing moves" "$(screen)" "$before"
press p
expect "goes on" eventually 3 eval '! shows PAUSED'

story "a key bans the selected source for an hour, once it was confirmed"
press Tab
expect "the other side is selected" eventually 3 settled
press b
expect "it asks" eventually 3 shows '^ban 198\.18\.0\.7 for 1h\?'
press x
expect "another key is no" eventually 3 shows '^not banned'
expect_equal "live bans" "$(weir -j deny list | jq length)" 0
press b y
expect "it says so" eventually 5 shows '^banned 198\.18\.0\.7 for 1h'
expect_equal "the ban" "$(weir -j deny list | jq -r '.[] | .prefix + " " + .note')" "198.18.0.7 weir top"
expect "its packets are dropped under their reason" eventually 5 shows '^drop_banned'

story "a source that is connected to the machine is not banned by a key, and the screen says why"
lab_spawn gate socat TCP-LISTEN:22,reuseaddr,fork EXEC:cat
expect "sshd" eventually 5 gate sh -c 'ss -Hltn | grep -q :22'
printf 'management:\n  - {protocol: tcp, from: %s, port: 22}\n' $CLIENT >>"$LAB_DIR/weir.yaml"
expect "weir apply" weir apply
lab_spawn client socat -u "TCP4:$GATE:22,bind=$CLIENT" -
expect "a session" eventually 5 gate sh -c "ss -Htn state established | grep -q '$CLIENT:'"
stream $BLOG $CLIENT 500
# shellcheck disable=SC2046 # a key each
press f $(sed 's/./& /g' <<<$CLIENT) Enter
expect "it is all there is" eventually 8 shows " $CLIENT +[45][0-9][0-9] "
press b y
expect "why" eventually 5 shows "^$CLIENT covers $CLIENT, a management source; --force"
expect_equal "bans" "$(weir -j deny list | jq -c '[.[].prefix]')" '["198.18.0.7"]'
close_top
weir deny flush

story "without a terminal, screens are printed one after the other"
expect "weir top -n 2" weir top -n 2
expect_said "sources are there" "^$LISTED +[12]\.[0-9]+k"
expect_equal "screens" "$(grep -c '^weir ' <<<"$SAID")" 2
expect_equal "lines that are too long" "$(awk 'length > 80' <<<"$SAID" | wc -l)" 0
expect_equal "escape sequences" "$(grep -c $'\e' <<<"$SAID")" 0
expect_exit 2 "-j is not for it" weir -j top
end
