#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Routes changed while they are used: by the control socket, under load, over restarts and kills, with a
# disk that is full, and by nobody who may not.
. "$(dirname "$0")/lib.sh"
begin routeslive
lab_apps
lab_start

state=/var/lib/$LAB/proxy
route() { "$WEIR" -I "$LAB" route "$@"; }
listed() { route list | grep -cE "$1"; }
answer() { fetch $BLOG "http://$1/" --fail --connect-timeout 2 --max-time 5; }
answers() { answer "$1" | grep -q "$2"; } # HOST TEXT
status_code() { fetch $BLOG "http://$1/" -o /dev/null -w '%{http_code}'; }

# restart SIGNAL: the proxy ends by it, and another one serves.
restart() {
	local old=$LAB_PROXY
	kill -"$1" "$old"
	eventually 5 sh -c "! kill -0 $old 2>/dev/null"
	lab_proxy
}

story "a route serves as soon as it is added, and no longer than until it is taken out"
expect_equal "before" "$(status_code new.example)" 404
expect "it is added" route add new.example www.new.example app=blog http 10.66.0.2:8080
expect "it serves" answers new.example '^blog at'
expect "so does the other name" answers www.new.example '^blog at'
expect_equal "where it comes from" "$(listed '^new.example +blog +live: ')" 1
expect_equal "where others do" "$(listed '^blog.example .*apps.routes:[0-9]+ ')" 1
expect "it is taken out" route del new.example www.new.example
expect_equal "after" "$(status_code new.example)" 404

story "a route of the files can be taken out and given back"
expect "it is taken out" route del shop.example
expect_equal "its status" "$(status_code shop.example)" 404
expect_equal "the list says so" "$(listed '^taken out: shop.example')" 1
echo 'fresh.example app=blog http 10.66.0.2:8080' >>"$LAB_DIR/apps.routes"
expect "a reload" kill -HUP "$LAB_PROXY"
expect "the files are read anew" eventually 5 answers fresh.example '^blog at'
expect_equal "its status after a reload" "$(status_code shop.example)" 404
expect "the files decide again" route revert shop.example
expect "it serves" answers shop.example '^shop at'

story "a list that takes several pages is whole and in order, and can be watched"
cp "$LAB_DIR/apps.routes" "$LAB_DIR/kept"
seq 1000 23499 | sed 's/.*/m&.example app=m http 10.66.0.2:8080/' >>"$LAB_DIR/apps.routes"
"$WEIR" -I "$LAB" route list --hosts --watch=0.1 >"$LAB_DIR/watched" &
watch=$!
expect "a reload" kill -HUP "$LAB_PROXY"
expect "watching shows them" eventually 10 grep -qx m23499.example "$LAB_DIR/watched"
kill -INT "$watch"
wait "$watch"
expect_equal "interrupting it" $? 0
LC_ALL=C sort <(cut -d' ' -f1 "$LAB_DIR/apps.routes") >"$LAB_DIR/names"
expect "the names" cmp "$LAB_DIR/names" <(route list --hosts)
expect "the names as JSON" cmp "$LAB_DIR/names" <("$WEIR" -I "$LAB" -j route list --hosts | jq -r '.hosts[]')
expect "the routes" cmp "$LAB_DIR/names" <("$WEIR" -I "$LAB" -j route list | jq -r '.routes[].host')
expect "the file" cmp "$LAB_DIR/names" <(route export | cut -d' ' -f1)
expect_equal "rows of the table" "$(listed '^m[0-9]+.example  +m  ')" 22500
cp "$LAB_DIR/kept" "$LAB_DIR/apps.routes"
expect "a reload" kill -HUP "$LAB_PROXY"
expect "they are gone" eventually 5 sh -c "! '$WEIR' -I $LAB route list --hosts | grep -q ^m"

story "what is wrong changes nothing, and every wrong line is said"
printf 'good.example http 10.66.0.2:8080\nbad..example http 10.66.0.2:8080\nworse.example http 1.2.3.4\n' \
	>"$LAB_DIR/lines"
expect_exit 1 "the lines" sh -c "'$WEIR' -I '$LAB' route add - <'$LAB_DIR/lines'"
expect_said "the first" '^-:2:5: .*empty label'
expect_said "the second" '^-:3:20: .*is not ADDRESS:PORT'
expect_exit 1 "another app's host" route add blog.example app=shop http 10.66.0.3:8080
expect_said "whose it is" 'of app blog already'
expect_exit 1 "a container that nobody has" route drain 10.66.0.2:9
expect_equal "live changes" "$(listed 'live: ')" 0

story "under load, routes and containers come and go, and no request fails"
seq 1 200 | sed 's/.*/n&.example app=n http 10.66.0.2:8080/' >"$LAB_DIR/many"
client sh -c "for i in \$(seq 300); do curl -s -o /dev/null -o /dev/null -w '%{http_code}\n' --max-time 5 \
	--resolve blog.example:80:$BLOG http://blog.example/ http://blog.example/; done" \
	>"$LAB_DIR/codes" 2>&1 &
load=$!
rounds=0
while kill -0 "$load" 2>/dev/null && [[ $rounds -lt 60 ]]; do
	rounds=$((rounds + 1))
	expect "many names" sh -c "'$WEIR' -I '$LAB' route add - <'$LAB_DIR/many'"
	expect "another container" route add blog.example http 10.66.0.3:8080
	expect "the first drains" route drain 10.66.0.2:8080
	expect "it is back" route undrain 10.66.0.2:8080
	expect "the other goes" route del blog.example http 10.66.0.3:8080
	expect "the names go" sh -c "cut -d' ' -f1 '$LAB_DIR/many' | '$WEIR' -I '$LAB' route del -"
done
wait "$load"
expect_equal "requests" "$(wc -l <"$LAB_DIR/codes")" 600
expect_equal "answers other than 200" "$(grep -vcx 200 "$LAB_DIR/codes")" 0
expect_between "rounds meanwhile" "$rounds" 3 60

story "a drained container finishes what it has and gets nothing new"
cat >"$LAB_DIR/slow.sh" <<'END'
sed '/^\r$/q' >/dev/null
printf 'HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nsl'
until test -e "$0.go"; do sleep 0.1; done
printf ow
END
lab_spawn backends socat TCP4-LISTEN:9080,bind=10.66.0.2,fork,reuseaddr "SYSTEM:bash $LAB_DIR/slow.sh"
expect "its route" route add slow.example app=slow http 10.66.0.2:9080
fetch $BLOG http://slow.example/ -N --max-time 10 >"$LAB_DIR/slow" &
slow=$!
one_under_way() { route list | grep -q '^drained: 10.66.0.2:9080  1 connections'; }
expect "its first half" eventually 5 test -s "$LAB_DIR/slow"
expect "it drains" route drain 10.66.0.2:9080
expect "the list shows what is left" one_under_way
expect_equal "a new request" "$(status_code slow.example)" 503
touch "$LAB_DIR/slow.sh.go"
expect "waiting for its end" route drain 10.66.0.2:9080 --wait 10s
wait "$slow"
expect_equal "what was under way" "$(cat "$LAB_DIR/slow")" slow
expect "adding it again ends the drain" route add slow.example http 10.66.0.2:9080
expect "it serves" answers slow.example slow

story "an export loads again to the same routes"
expect "a wildcard" route add '*.wild.example' app=blog http 10.66.0.2:8080 tls 10.66.0.2:8443
route export >"$LAB_DIR/exported"
cp "$LAB_DIR/apps.routes" "$LAB_DIR/kept"
cp "$LAB_DIR/exported" "$LAB_DIR/apps.routes"
agree() { (($(listed ', files agree') == 2)); }
expect "a reload" kill -HUP "$LAB_PROXY"
expect "the list says that the files agree" eventually 5 agree
expect "the changes are let go" route revert --same
expect_equal "live changes" "$(listed 'live: ')" 0
route export >"$LAB_DIR/again"
expect "the same routes" cmp "$LAB_DIR/exported" "$LAB_DIR/again"
cp "$LAB_DIR/kept" "$LAB_DIR/apps.routes"
no_more_wild() { (($(listed 'wild\.example') == 0)); }
expect "a reload of the files before" kill -HUP "$LAB_PROXY"
expect "they are in force" eventually 5 no_more_wild

story "live changes are there after kill -9 and a restart"
expect "a route" route add kept.example app=blog http 10.66.0.2:8080
expect "a rate" route set blog --rate 5MB/s --burst 100MB
expect "a route less" route del shop.example
restart KILL
expect "it serves" answers kept.example '^blog at'
expect_equal "the rate" "$(listed '^rate: blog  5MB/s burst 100MB')" 1
expect_equal "what was taken out" "$(status_code shop.example)" 404
printf '00000000 + . rou' >>"$state/routes.journal"
restart TERM
expect "a torn end is said" grep -q 'routes.journal: warning: the last change was never completed' "$LAB_DIR/spawned.log"
expect "what was before it holds" answers kept.example '^blog at'

story "a long list of routes that change all the time is listed all the same"
seq 20000 | sed 's/.*/busy&.example app=busy http 10.66.0.2:8080/' >"$LAB_DIR/busy"
expect "many" sh -c "'$WEIR' -I '$LAB' route add - <'$LAB_DIR/busy'"
lab_spawn gate sh -c "while :; do
	'$WEIR' -I '$LAB' route add changes.example app=busy http 10.66.0.2:8080
	'$WEIR' -I '$LAB' route add --replace changes.example app=busy http 10.66.0.3:8080
done"
changes=$LAB_PID
for listing in 'list --hosts' 'list' 'export'; do
	# Whole each time. That routes changed meanwhile is so where the changes get to run meanwhile.
	for _ in {1..20}; do
		# shellcheck disable=SC2086 # words
		expect "route $listing" route $listing
		expect_equal "its routes" "$(grep -c '^busy' <<<"$SAID")" 20000
		! grep -q '^warning: ' <<<"$SAID" || break
	done
	expect_said "it says that they change" '^warning: routes changed while they were read'
done
lab_stop "$changes"
expect "all of them gone again" sh -c "cut -d ' ' -f 1 '$LAB_DIR/busy' | '$WEIR' -I '$LAB' route del -"

story "a rate holds at once, and a container's own before its app's"
expect "no rate of the app's" route unset blog
expect "a rate of the container's" route set 10.66.0.3:8080 --rate 1MB/s --burst 64kB
expect "its route" route add rated.example app=rated http 10.66.0.3:8080
seconds() { fetch $SHOP http://rated.example/big --max-time 20 --range 0-2097151 -o /dev/null -w '%{time_total}' | cut -d. -f1; }
expect_between "seconds for 2 MiB at 1 MB/s" "$(seconds)" 1 3
expect "no rate" route unset 10.66.0.3:8080
expect_between "seconds without" "$(seconds)" 0 0

story "a disk that is full refuses the change, and nothing has changed"
mount -t tmpfs -o size=8k,mode=0700,uid="$(id -u nobody)" none "$state"
restart TERM
expect "one fits" route add fits.example app=blog http 10.66.0.2:8080
expect_exit 1 "many do not" sh -c "'$WEIR' -I '$LAB' route add - <'$LAB_DIR/many'"
expect_said "why" 'No space left on device'
expect_equal "names of the refused ones" "$(route list --hosts | grep -c '^n[0-9]')" 0
expect "what fitted serves" answers fits.example '^blog at'
expect "another that fits" route add fits2.example app=blog http 10.66.0.2:8080
restart TERM
expect "both are there" answers fits2.example '^blog at'
kill -TERM "$LAB_PROXY"
eventually 5 sh -c "! kill -0 $LAB_PROXY 2>/dev/null"
umount "$state"
lab_proxy

story "a second proxy is refused by name, and a stranger is not served"
expect_exit 1 "the second" nsenter --net="/run/netns/$LAB-gate" -- "$WEIR" -I "$LAB" -c "$LAB_DIR/weir.yaml" proxy
expect_said "who runs" "held by pid $LAB_PROXY "
expect "the first serves on" answers blog.example '^blog at'
expect_equal "the socket's mode" "$(stat -c '%a %U' "/run/$LAB/proxy.sock")" "600 root"
expect_equal "the state's" "$(stat -c '%a %U' "$state")" "700 nobody"
expect "status tells of the proxy" "$WEIR" -I "$LAB" -c "$LAB_DIR/weir.yaml" status
expect_said "its line" "^proxy: .*pid $LAB_PROXY"
end
