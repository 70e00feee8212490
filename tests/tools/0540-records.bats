#!/usr/bin/env bats
# inttest-records(5) is what the tools print: a run of the tiny stack, with one
# more record of each kind that it does not bring about.

bats_require_minimum_version 1.5.0
load helper

# the manual page as JSON: {TYPE: [MEMBER, ...]}
contract() {
	awk '/^\.Ss / { type = $2 }
		/^\.Sh / { type = "" }
		/^\.It Sy / && type { for (i = 3; i <= NF; i++) if ($i != ",") print type, $i }' \
		"$ROOT/man/inttest-records.5" |
		jq -Rn 'reduce (inputs / " ") as [$t, $m] ({}; .[$t] += [$m])'
}

setup_file() {
	export RUNS=$BATS_FILE_TMPDIR/runs
	STACK=$ROOT/tests/data/tiny "$ROOT/share/inttest" >"$BATS_FILE_TMPDIR/log" 2>&1 3>&- || {
		cat "$BATS_FILE_TMPDIR/log" >&2
		return 1
	}
	contract >"$BATS_FILE_TMPDIR/contract.json"
}

# records: of all tools
records() {
	cat "$RUNS"/latest/[1-9]-*.jsonl
	http-probe --base http://127.0.0.1:1 <<<'{"name": "x", "path": "/"}' || true
	http-probe <<<'{"name": "x", "path": "http://127.0.0.1:1/", "repeat": 2}' || true
	s3-put -n --endpoint http://127.0.0.1:1 abc <<<'{"key": "k", "body": ""}'
	budget-check "$ROOT/tests/budgets.json" /dev/null
} 2>/dev/null

@test "every member of every record is documented" {
	records >"$BATS_FILE_TMPDIR/all"
	run -0 jq -rs --slurpfile c "$BATS_FILE_TMPDIR/contract.json" '
		[.[] | .type as $t | keys[] | select(. != "type") | select(. as $k | ($c[0][$t] // []) | index($k) | not) | "\($t) \(.)"]
		| unique[]' "$BATS_FILE_TMPDIR/all"
	[ -z "$output" ]
}

@test "the run has the types that it should have" {
	run -0 jq -rs '[.[].type] | unique | join(" ")' "$BATS_FILE_TMPDIR/all"
	[ "$output" = 'apply budget delete latency migrate probe put seed stage usage wait' ]
}

@test "type comes first, numbers are numbers, times are times" {
	run -1 grep -v '^{"type":"[a-z]*"' "$BATS_FILE_TMPDIR/all"
	run -0 jq -rs '.[] | . as $r | to_entries[] |
		select((.key | test("(^|_)(ms|bytes)$")) and (.value | type | . != "number" and . != "null")
			or (.key | test("_?ms$")) and (.value | type == "number" and . < 0)
			or .key == "ts" and (.value | test("^20[0-9]{2}-[01][0-9]-[0-3][0-9]T[0-9:]{8}\\.[0-9]{3}Z$") | not)) |
		"\($r.type) \(.key) \(.value)"' "$BATS_FILE_TMPDIR/all"
	[ -z "$output" ]
}

@test "no record and no result holds a secret" {
	run -1 grep -rliE '"(password|secret|token)[a-z_]*":' "$RUNS"/latest/
	[ ! -e "$RUNS/latest/rendered" ]
}
