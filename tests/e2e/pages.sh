# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# Reads a page of Markdown and does what it says. A marker, which no reader sees, stands on the line
# above an indented block and says what the block is:
#
#   <!-- run -->           commands, on the machine, as root; each must end well
#   <!-- run: two -->      likewise, and so many they are
#   <!-- fails -->         commands that must fail
#   <!-- client -->        commands, on the client
#   <!-- here: COMMAND --> commands, in the repository, behind COMMAND
#   <!-- by: FILE -->      commands that this file runs: it must have their first two words
#   <!-- file: PATH -->    what the file holds; `adds` is what is put at its end
#   <!-- shown -->         lines that the block before has printed. Blanks do not count, and a
#                          number or time stands for any
#   <!-- lab: FUNCTION --> no block: what happens there, a function of the story's
#
# The machine is that of machine.sh. A block without a marker must not have a line that begins with a command of an operator's.
OPERATORS='weir|make|scripts/.*|systemctl|journalctl|apt|apt-get|dpkg|bpftool|ip|curl|ethtool|sysctl|modprobe|mount|nft|echo|cat|seq'

# shellcheck source=tests/e2e/machine.sh
. "$(dirname "${BASH_SOURCE[0]}")/machine.sh"

# page_run PAGE [files]: every block of it, in order; or its files alone.
page_run() {
	local line number=0 kind='' value='' start=0
	local -a block=()
	PAGE=${1#"$LAB_ROOT/"} PRINTED=''
	while IFS= read -r line || [[ ${#block[@]} -gt 0 ]]; do
		number=$((number + 1))
		if [[ $line == '    '* ]]; then
			[[ ${#block[@]} -gt 0 ]] || start=$number
			block+=("${line#    }")
			continue
		fi
		if [[ ${#block[@]} -gt 0 ]]; then
			[[ -n ${2:-} && $kind != @(file|adds) ]] || page_block "${kind:-none}" "$value" "$start" "${block[@]}"
			block=() kind='' value=''
		fi
		[[ $line =~ ^'<!-- '([a-z]+)(': '(.*))?' -->'$ ]] || continue
		kind=${BASH_REMATCH[1]} value=${BASH_REMATCH[3]}
		case $kind in
		lab) [[ -n ${2:-} ]] || "$value"; kind='' ;;
		reasons | end) kind='' ;;
		esac
	done <"$1"
}

page_block() { # KIND VALUE LINE TEXT...
	local kind=$1 value=$2 where="$PAGE:$3"
	shift 3
	case $kind in
	run | fails | client | here | by)
		PRINTED=''
		page_commands "$kind" "$value" "$where" "$@"
		;;
	file) printf '%s\n' "$@" | machine_write '>' "$value" ;;
	adds) printf '\n%s\n' "$@" | machine_write '>>' "$value" ;;
	shown) page_shown "$where" "$@" ;;
	none) page_unmarked "$where" "$@" ;;
	*) fails "$where: the marker says what a block is" "$kind: tests/e2e/pages.sh lists what there is" ;;
	esac
}

machine_write() { # > or >>, PATH
	machine sh -c 'mkdir -p "${2%/*}"; if [ "$1" = ">>" ]; then cat >>"$2"; else cat >"$2"; fi' sh "$1" "$2"
}

page_commands() { # KIND VALUE WHERE LINE...
	local kind=$1 value=$2 where=$3 line count=0
	local -A words=([two]=2 [five]=5)
	shift 3
	for line; do
		[[ -n $line && $line != '#'* ]] || continue
		count=$((count + 1))
		page_command "$kind" "$value" "$where" "$line"
	done
	[[ $kind != run || -z $value ]] || expect_equal "$where: how many commands" "$count" "${words[$value]}"
}

page_command() { # KIND VALUE WHERE COMMAND
	local first second code=0
	read -r first second _ <<<"$4"
	SAID=''
	case $1 in
	run) expect "$3: $4" machine timeout 90 bash -o pipefail -c "$4" <<<y ;;
	fails) expect_not "$3: $4" machine timeout 90 bash -o pipefail -c "$4" ;;
	client) expect "$3: $4" client timeout 20 bash -c "$4" ;;
	here) expect "$3: $4" bash -c "cd '$LAB_ROOT' && $2 $4" ;;
	by) grep -qF "$first $second" "$LAB_ROOT/$2" || code=1 ;;
	esac
	[[ $code -eq 0 ]] || fails "$3: $2 runs $first $second"
	PRINTED+=$SAID$'\n'
}

# Blanks as one, numbers and times as #.
page_steady() {
	sed -E -e 's/^[[:space:]]+//; s/[[:space:]]+$//; s/[[:space:]]+/ /g' \
		-e 's/[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]+Z/#/g' -e 's/\b[0-9.]+%/#/g' \
		-e ':a; s/(^| )[0-9]+( |$)/\1#\2/; ta'
}

page_shown() { # WHERE LINE...
	local where=$1 line printed
	shift
	printed=$(page_steady <<<"$PRINTED")
	for line; do
		line=$(page_steady <<<"$line")
		grep -qF -- "$line" <<<"$printed" || fails "$where: it prints '$line'" "$printed"
	done
}

page_unmarked() { # WHERE LINE...
	local where=$1 line word
	shift
	for line; do
		read -r word _ <<<"$line"
		[[ $word =~ ^($OPERATORS)$ ]] || continue
		fails "$where: a marker says who runs '$line'" "tests/e2e/pages.sh lists them"
	done
}

# Every `weir COMMAND ... --option` within a line of the page exists.
page_spans() { # PAGE
	local span command option words
	while IFS= read -r span; do
		read -r -a words <<<"$span"
		command=${words[1]:-}
		[[ $command =~ ^[a-z]+$ ]] || continue
		grep -qE "^  $command( |\$)" <<<"$COMMANDS" || fails "${1##*/}: there is weir $command" "$span"
		for option in "${words[@]:2}"; do
			[[ $option == --?* ]] || continue
			page_offers "$command" "$option" || fails "${1##*/}: weir $command has $option" "$span"
		done
	done < <(grep -oE '`weir [^`]+`' "$1" | tr -d '`[]\\' | tr '|' ' ')
}

page_offers() { # COMMAND OPTION
	local offered
	offered=$("$WEIR" complete -- "$1" - && "$WEIR" complete -- "$1" add - && "$WEIR" complete -- "$1" drain -)
	grep -qx -- "${2%%=*}" <<<"$offered"
}

# ---- what happens on the machine between the commands -------------------------------------

log_in() { # a session that stays
	lab_spawn client socat -u "TCP4:$GATE:22,bind=$CLIENT" -
	eventually 5 gate sh -c "ss -Htn state established | grep -q '$CLIENT:'" ||
		fails "$PAGE: an operator logs in"
}
log_in_again() { expect "$PAGE: a second session" can_connect $CLIENT $GATE 22; }
listed_knocks() { expect_not "$PAGE: a listed source gets in" listed_gets_in; }
sent() { client ip -j -s link show wire | jq '.[].stats64.tx.packets'; }
sent_since() { (($(sent) > $1 + 500)); }
scan() { # somebody sends for a while
	local before
	before=$(sent)
	lab_spawn client "$FLOOD" -i wire -m $GATE_MAC -d $BLOG -s 198.51.100.7/32 -r 2000 -t 8
	eventually 5 sent_since "$before" || fails "$PAGE: somebody sends"
}

# With the files of the tutorial, as it leaves them.
as_the_tutorial_leaves_it() {
	local kept=$PAGE
	machine sh -c 'weir init example >/etc/weir/weir.yaml'
	page_run "$LAB_ROOT/doc/tutorial.md" files
	PAGE=$kept
	machine sh -ec 'weir apply; weir attach; weir confirm 2>/dev/null || :; systemctl enable --now weir-proxy' \
		>/dev/null 2>"$LAB_DIR/left.log" || fails "$PAGE: the tutorial's files" "$(cat "$LAB_DIR/left.log")"
}
list_the_customer() {
	machine weir confirm >/dev/null 2>&1 # of the page's trial, if there is one
	machine grep -q '^denylists:' /etc/weir/weir.yaml && return
	printf '%s\n' '# scanners' 198.51.100.66 | machine_write '>' /etc/weir/lists/known-bad.txt
	echo 'denylists: [lists/known-bad.txt]' | machine_write '>>' /etc/weir/weir.yaml
	machine weir apply
}
fill_disk() {
	machine sh -c 'mount -t tmpfs -o size=4k,nr_inodes=2 full /var/lib/weir && echo full >/var/lib/weir/full'
}
free_disk() { machine umount /var/lib/weir; }

# ---- a page -------------------------------------------------------------------------------

page() { # PAGE PREPARATION...: on a fresh machine
	local file=$LAB_ROOT/$1
	story "$1: every command does what the page says"
	PAGE=$1
	machine_up
	log_in
	shift
	"$@"
	page_run "$file"
}
installed() {
	machine_install
	as_the_tutorial_leaves_it
}
