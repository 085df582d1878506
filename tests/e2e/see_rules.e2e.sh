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

# What weir writes here as series of promtool: the gate's as from node_exporter, the proxy's from its own port.
series() { # PORT
	sed -nE 's/^(weir_[a-z_]+)(\{(.*)\})? .*/\1|\3/p' | sort -u | while IFS='|' read -r name labels; do
		printf "      - {series: '%s{instance=\"a:%s\"%s}', values: '%s'}\n" "$name" "$1" "${labels:+,$labels}" \
			"$([[ $name == *_total ]] && echo 0+60x10 || echo 1x10)"
	done
}
story "every panel of the dashboard shows something, of gate and proxy, by the name of the machine"
{
	printf 'rule_files: []\nevaluation_interval: 1m\ntests:\n  - interval: 1m\n    input_series:\n'
	weir metrics | series 9100
	gate curl -sS --fail http://127.0.0.1:9465/metrics | series 9465
	echo '    promql_expr_test:'
	while read -r expression; do
		printf '      - {expr: %s, eval_time: 10m, exp_samples: [{labels: "{}", value: 1}]}\n' \
			"$(jq -Rn --arg e "(count($expression) > bool 0) or vector(0)" '$e')"
	done <"$LAB_DIR/expressions"
} >"$LAB_DIR/panels.test.yml"
expect "promtool test rules" promtool test rules "$LAB_DIR/panels.test.yml"

story "every label that a rule goes by is one that weir writes"
written_labels() {
	{ weir metrics && gate curl -sS --fail http://127.0.0.1:9465/metrics; } |
		grep -oE '[{,][a-z_]+="' | tr -d '{,="' | sort -u
	printf '%s\n' instance file # of Prometheus and node_exporter
}
used_labels() {
	grep -oE '\$labels\.[a-z_]+|[{,][a-z]+=~?"|(by|on) \([a-z, ]+\)' "$ETC/prometheus/weir.rules.yml" |
		sed -E 's/\$labels\.//; s/^(by|on) //; s/[^a-z_]+/\n/g' | grep . | sort -u
}
expect_equal "labels that nobody writes" "$(comm -23 <(used_labels) <(written_labels | sort -u))" ""

story "every reason, ending and key that an alert's words name exists"
names=$(grep -oE '^\| `[a-z_.]+`' "$LAB_ROOT/doc/reference.md" | sed 's/^| `//; s/`$//; s/^proxy[.]//')
for word in $(grep -E ' (description|summary):' "$ETC/prometheus/weir.rules.yml" | sed 's/{{[^}]*}}//g' |
	grep -oE '\b[a-z]+_[a-z_]*\*?' | sort -u); do
	grep -qxE -- "${word/\*/.*}" <<<"$names" || fails "an alert says $word" "doc/reference.md does not have it"
done
end
