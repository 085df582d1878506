#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Several instances on one machine: what one does is no concern of the others.
. "$(dirname "$0")/lib.sh"
begin instances
OTHER=203.0.113.20

mkdir "$LAB_DIR/other"
cp "$LAB_DIR"/{weir.yaml,known-bad.txt,apps.routes} "$LAB_DIR/other"
sed -i 's/name: wan/name: lan/' "$LAB_DIR/other/weir.yaml"
printf '%s\n' 'region other' "ingress $OTHER/32" "ingress $BLOG/32" >"$LAB_DIR/other/lab.region"
other() { gate "$WEIR" -I "$LAB-b" -c "$LAB_DIR/other/weir.yaml" "$@"; }
both_hold() { # WHEN
	expect "$1, weir verify" weir verify
	expect "$1, the other's" other verify
}
is_local() { gate ip route get "$1" | grep -q ^local; }

trap 'other detach --purge >/dev/null 2>&1
	rm -rf "/run/$LAB-b" "/var/lib/$LAB-b"; lib_exit' EXIT

story "an instance leaves the addresses of another local"
expect "weir apply" weir apply
expect "weir attach" weir attach
expect "the other's apply" other apply
expect "the other's attach" other attach
both_hold "after both came up"
sed -i "/$SHOP/d" "$LAB_DIR/lab.region"
expect "weir apply with an address less" weir apply
expect_not "that address is local" is_local $SHOP
both_hold "after it"

story "an address of two instances goes with the second of them"
expect "weir detach --purge" weir detach --purge
expect_not "an address that only it had is local" is_local $METERED
expect "the other's verify" other verify
expect "the address of both is local" is_local $BLOG
expect "the other's detach --purge" other detach --purge
expect_equal "routes of weir's" "$(gate ip -j route show table local proto 87 | jq length)" 0
end
