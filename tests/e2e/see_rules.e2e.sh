#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Alert rules and the dashboard: they are well formed, they fire when they should, and they name no
# metric that weir does not write.
. "$(dirname "$0")/lib.sh"
begin rules
sed -i 's/^proxy:/&\n  metrics: 9465/' "$LAB_DIR/weir.yaml"
lab_apps
lab_start
ETC=$LAB_ROOT/etc

# Names of families that weir writes, and names that a file uses.
written() {
	{ weir metrics && gate curl -sS --fail http://127.0.0.1:9465/metrics; } |
		sed -n 's/^# TYPE \([^ ]*\) .*/\1/p' | sort -u
}
used() { grep -oE '\bweir_[a-z_]+[a-z]\b' "$1" | sort -u; }

story "promtool finds the alert rules well formed, and each alert fires when it should"
expect "promtool check rules" promtool check rules "$ETC/prometheus/weir.rules.yml"
cp "$ETC/prometheus/weir.rules.yml" "$(dirname "${BASH_SOURCE[0]}")/expect/weir.rules.test.yml" "$LAB_DIR/"
expect "promtool test rules" promtool test rules "$LAB_DIR/weir.rules.test.yml"

story "rules and dashboard name only metrics that weir writes"
expect_equal "metrics that nobody writes, in the rules" \
	"$(comm -23 <(used "$ETC/prometheus/weir.rules.yml") <(written))" ""
expect "the dashboard is JSON" jq -e .panels "$ETC/grafana/weir.json"
expect_equal "metrics that nobody writes, in the dashboard" \
	"$(comm -23 <(used "$ETC/grafana/weir.json") <(written))" ""

story "every expression of the dashboard is one"
jq -r '.panels[].targets[].expr' "$ETC/grafana/weir.json" |
	sed -e 's/\$__rate_interval/5m/g' -e 's/\$instance/a/g' >"$LAB_DIR/expressions"
{
	echo 'groups: [{name: dashboard, rules: ['
	number=0
	while read -r expression; do
		number=$((number + 1))
		printf '{record: "dashboard:panel_%d", expr: %s},\n' $number "$(jq -Rn --arg e "$expression" '$e')"
	done <"$LAB_DIR/expressions"
	echo ']}]'
} >"$LAB_DIR/dashboard.yml"
expect "promtool check rules" promtool check rules "$LAB_DIR/dashboard.yml"
expect_said "all of them" "$(wc -l <"$LAB_DIR/expressions") rules found"
end
