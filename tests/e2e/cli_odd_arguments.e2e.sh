#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Arguments that make no sense: each is refused with the exit code and the words that it should be, and
# with nothing that no message should have.
. "$(dirname "$0")/lib.sh"
begin oddarguments
lab_apps
lab_start

raw=$'\001\377'
# no_nonsense WHAT: what no message has, whatever it is about.
no_nonsense() {
	grep -qaP '^: |weir weir|\\\\\\\\x|[^\t\n\x20-\x7e]|\(null\)' <<<"$SAID" && fails "$1: says nonsense" "$SAID"
	[[ -n $SAID ]] || fails "$1: says nothing"
}
# refused CODE PATTERN ARGUMENTS...
refused() {
	expect_exit "$1" "weir ${*:3}" weir "${@:3}"
	expect_said "weir ${*:3}" "$2"
	no_nonsense "weir ${*:3}"
}
usage='^usage: weir '

story "what is no address, number or time is named, and so is the option that it stands behind"
while IFS='|' read -r code pattern arguments; do
	eval "refused $code \"\$pattern\" $arguments" </dev/null
done <<'END'
1|^'\\x01\\xff': is not an IPv4|deny add "$raw"
1|^'': is not an IPv4|deny add ''
1|^'': is not an IPv4|deny why ''
1|^'192.0.2.0/33': has a prefix length|allow add 192.0.2.0/33
1|^--for '': is not a number|deny add 192.0.2.7 --for ''
1|^--for '99999999999999999999d': is too large|deny add 192.0.2.7 --for 99999999999999999999d
1|^--note: longer than 128 bytes|deny add 192.0.2.7 --note "$(printf '%0200d' 0)"
1|^-d 'often': is not a number|top -d often
1|^-d '': is not a number|top -d ''
1|^-n '-1' is no number of 1 to|top -n -1
1|^-n '' is no number of 1 to|top -n ''
1|^-n '99999999999999999999' is no number|top -n 99999999999999999999
1|^--watch 'often': is not a number|counts --watch=often
1|^--watch '': is not a number|status --watch=
1|^--watch '0.01': less than 100ms|deny list --watch=0.01
1|^--src '': is not an IPv4|capture --src ''
1|^-n '0' is no number of 1|capture -n 0
1|^--rate '' is no number of 1|capture --rate ''
1|^'' is no reason|capture --reason ''
1|^'': cannot create: No such file|capture -w ''
1|^/nowhere/x: cannot create: No such file|capture -w /nowhere/x
1|^--sport '' is no number of 0 to 65535|explain 192.0.2.7 192.0.2.8:80 --sport ''
1|^port '80:90' is no number of 0 to 65535|explain 192.0.2.7 192.0.2.8:80:90
1|^--proto ' 6' is no number|explain 192.0.2.7 192.0.2.8 --proto ' 6'
1|^'': No such file|explain --frame ''
1|^--try '': is not a number|apply --try ''
1|^there is no interface '' here|attach ''
1|^the gate is not attached to ''|detach ''
1|^there is no interface '' here|doctor ''
1|^'': cannot write|metrics -o ''
1|^region '':|init ''
1|^region '\\x01\\xff':|init "$raw"
1|^arguments: no UTF-8|route add "$raw" http 192.0.2.7:80
1|^'' is no word|route add ''
1|^--rate '1': needs a unit|route set blog --rate 1
1|^--rate '0MB/s': nothing would come through|route set blog --rate 0MB/s
1|^--burst '': is not a number|route set blog --rate 1MB/s --burst ''
1|^'': cannot read: No such file|proxy --routes ''
1|^'': cannot read: No such file|-c '' check
END

story "options that a command has no use for are usage errors, and so are operands"
# shellcheck disable=SC2034 # eval uses them
while IFS='|' read -r pattern arguments; do
	eval "refused 2 \"\$pattern\" $arguments" </dev/null
done <<END
$usage|deny list --note x
$usage|deny del 192.0.2.7 --for 1h
$usage|allow add 192.0.2.7 --force
$usage|deny flush --watch
$usage|deny why 192.0.2.7 --note x
$usage|deny
$usage|route list --wait 1s
$usage|route export --hosts
$usage|route del blog.example --replace
$usage|route undrain 10.66.0.2:8080 --wait 1s
$usage|version extra
$usage|check extra
$usage|counts --by size
option '--for' requires an argument|deny add 192.0.2.7 --for
END

story "who asks how a command is used is told, on standard output, and nothing is done"
for command in $(weir help | sed -n 's/^  \([a-z]\+\) .*/\1/p'); do
	for asked in "help $command" "$command --help" "$command -h"; do
		# shellcheck disable=SC2086 # words
		expect_equal "weir $asked: what is on standard error" "$(weir $asked 2>&1 >/dev/null)" ''
		# shellcheck disable=SC2086 # words
		expect "weir $asked" weir $asked
		expect_said "weir $asked" "$usage$command"
		expect_said "weir $asked" "^$command: .* More: man weir"
		expect "its page" test -e "$LAB_ROOT/doc/man/${SAID##* }.8.scd"
	done
done
expect "of a verb" weir deny add --help
expect_exit 0 "in place of an operand" weir deny add 192.0.2.7 -h
expect_said "how it is used" "$usage"
expect "a note is a note" weir deny add 198.18.0.9 --note --help
expect "it is there" weir deny del 198.18.0.9
refused 2 "no command 'nothing'" help nothing
refused 2 "$usage" init --no-such-option

story "what stands before a command is judged likewise"
refused 2 "instance '': 1 to 31" -I '' status
refused 2 "instance 'a/b': 1 to 31" -I a/b status
refused 2 "instance '\.x': 1 to 31" -I .x help
refused 2 "^weir: no command '.x01.xff'" "$raw"
refused 2 "^weir: no command 'chec.x1b': is it 'check'" "chec"$'\x1b'
refused 2 "^weir: no command ''" ''
refused 2 "^weir: -c needs a value" status -c
refused 2 '^weir: -I needs a value' -I

story "a proxy that will be given nothing says so"
sed '/^ *routes:/d' "$LAB_DIR/weir.yaml" >"$LAB_DIR/routeless.yaml"
expect_exit 1 "beside one that runs" gate "$WEIR" -I "$LAB" -c "$LAB_DIR/routeless.yaml" proxy
expect_said "what it lacks" 'warning: there is no `proxy: routes:`, so the gate hands nothing to this proxy'

story "none of it changed anything"
expect_equal "live entries" "$(weir deny list; weir allow list)" ""
expect_equal "live routes" "$(weir route list | grep -c live:)" 0
expect_filtering "after all that"

story "a command whose words do not arrive has failed"
while read -r arguments; do
	# shellcheck disable=SC2086 # words
	SAID=$(weir $arguments 2>&1 >/dev/full </dev/null)
	expect_equal "weir $arguments on a full disk" $? 1
	expect_said "weir $arguments" 'No space left on device'
	# shellcheck disable=SC2086 # words
	SAID=$(weir $arguments 2>&1 >&- </dev/null)
	expect_equal "weir $arguments with nowhere to say it" $? 1
	expect_said "weir $arguments" 'Bad file descriptor'
done <<END
help
--help
version
complete -- st
init
status
-j status
-j check
-j apply
-j deny list
-j deny why $LISTED
counts
metrics
doctor
verify -j
route list
route export
route list --hosts
-j route list
explain $LISTED $BLOG:80
top -d 0.1 -n 1
capture -w - -n 1 --for 1s
END

story "what only root may do says so to others"
chmod 755 "$LAB_DIR"
cp "$WEIR" "$LAB_DIR/weir"
while read -r arguments; do
	# shellcheck disable=SC2086 # words
	expect_exit 1 "$arguments" gate setpriv --reuid 65534 --regid 65534 --clear-groups \
		"$LAB_DIR/weir" -I "$LAB" -c "$LAB_DIR/weir.yaml" $arguments
	expect_said "$arguments" '^weir: run it as root$'
done <<-END
	status
	counts
	apply
	deny add 192.0.2.7
	route list
	capture
END

story "who holds the capture is called by its name"
lab_spawn gate "$WEIR" -I "$LAB" capture -w "$LAB_DIR/held"
expect "the first runs" eventually 5 test -e "$LAB_DIR/held"
refused 1 "held by pid $LAB_PID \(weir capture\)" capture
end
