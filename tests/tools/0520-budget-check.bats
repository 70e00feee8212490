#!/usr/bin/env bats
# budget-check: records against targets.

bats_require_minimum_version 1.5.0
load helper

setup() {
	cd "$BATS_TEST_TMPDIR" || return
}

# budget STAT LIMIT [MORE]: one budget on .v of records of type x
budget() {
	printf '{"budgets": [{"metric": "m", "value": "select(.type == \\"x\\") | .v", "stat": "%s", "limit": %s%s}]}\n' \
		"$1" "$2" "${3:-}" >budgets.json
}

values() {
	printf '{"type":"x","v":%s}\n' "$@"
}

# gives STATUS VALUE STAT LIMIT: what budget-check says of the values in file in
gives() {
	budget "$3" "$4"
	run -"$1" --separate-stderr budget-check budgets.json in
	[ "$(jq -c .value <<<"$output")" = "$2" ]
}

@test "within: 0; the limit itself is within; over: 1" {
	values 1 2 10 >in
	gives 0 10 max 11
	[ "$output" = '{"type":"budget","metric":"m","stat":"max","value":10,"limit":11,"unit":"","ok":true}' ]
	[ -z "$stderr" ]
	gives 0 10 max 10
	gives 1 10 max 9.99
}

@test "what is told is what counts" {
	values 0.1 0.2 >in
	gives 0 0.3 sum 0.3
	values 15.0001 >in
	gives 0 15 max 15
	values 0.0004 >in
	gives 1 0.0004 max 0.0003
}

@test "every statistic" {
	values 4 1 2 5 3 >in
	gives 0 5 count 5
	gives 0 5 max 9
	gives 0 1 min 9
	gives 0 3 mean 9
	gives 0 15 sum 20
	gives 0 3 p50 9
	gives 0 5 p95 9
	gives 0 5 p99.9 9
}

@test "span: from the earliest start to the latest end" {
	cat >in <<-'END'
		{"type":"stage","name":"seed","ts":"2026-01-01T00:00:10.000Z","ms":1500}
		{"type":"stage","name":"seed","ts":"2026-01-01T00:00:09.500Z","ms":700}
		{"type":"stage","name":"seed","ts":"2026-01-01T00:00:09.600Z","ms":300}
	END
	echo '{"budgets": [{"metric": "seed", "value": "select(.type == \"stage\")", "stat": "span", "limit": 2000, "unit": "ms"}]}' >budgets.json
	run -0 budget-check budgets.json in
	[ "$(jq .value <<<"$output")" = 2000 ]
	echo '{"type":"stage"}' >>in
	run -2 budget-check budgets.json in
	[[ $output == *'budget-check: seed: in:4: span: the value has no time in ts'* ]]
}

@test "a miss says what to do, in the record and for people" {
	budget max 5 ', "unit": "ms", "action": "do less"'
	values 6.5 >in
	run -1 --separate-stderr budget-check budgets.json in
	[ "$(jq -c '[.ok, .action]' <<<"$output")" = '[false,"do less"]' ]
	[ "$stderr" = 'budget-check: m: 6.5 is over the limit of 5 ms: do less' ]
}

@test "by: a record per key, in order" {
	budget max 5 ', "by": ".name", "action": "a"'
	printf '{"type":"x","name":"%s","v":%s}\n' b 1 a 9 b 2 c 3 >in
	run -1 --separate-stderr budget-check budgets.json in
	[ "$(jq -r '"\(.key) \(.value) \(.ok)"' <<<"$output")" = $'a 9 false\nb 2 true\nc 3 true' ]
	[ "$stderr" = 'budget-check: m a: 9 is over the limit of 5: a' ]
}

@test "several budgets see every record once, in the file's order" {
	cat >budgets.json <<-'END'
		{"budgets": [
		  {"metric": "z", "value": "select(.type == \"x\") | .v", "stat": "max", "limit": 1},
		  {"metric": "none", "value": "select(.type == \"y\") | .v", "stat": "p95", "limit": 1},
		  {"metric": "a", "value": ".v, .v # twice", "stat": "count", "limit": 1}
		]}
	END
	values 1 >in
	run -1 --separate-stderr budget-check budgets.json in
	[ "$(jq -r '"\(.metric) \(.value) \(.ok)"' <<<"$output")" = $'z 1 true\nnone null null\na 2 false' ]
	[[ $stderr == *'none: not measured: no record has a value'* ]]
}

@test "nothing measured is told and is no miss" {
	budget max 5
	run -0 --separate-stderr budget-check budgets.json </dev/null
	[ "$(jq -c '[.value, .ok]' <<<"$output")" = '[null,null]' ]
	[ "$stderr" = 'budget-check: m: not measured: no record has a value' ]
	values null >in
	run -0 --separate-stderr budget-check budgets.json in
	[ "$(jq -c .ok <<<"$output")" = null ]
}

@test "an expression that fails on a record is told once: 2" {
	budget max 5
	values '"a"' '"b"' 3 >in
	run -2 --separate-stderr budget-check budgets.json in
	[ "$stderr" = 'budget-check: m: in:1: the value is no number' ]
	[ "$(jq .value <<<"$output")" = 3 ]
	echo '{"budgets": [{"metric": "m", "value": ".v.w", "stat": "max", "limit": 5}]}' >budgets.json
	values 1 >in
	run -2 budget-check budgets.json in
	[[ $output == *'m: in:1: Cannot index number'* ]]
}

@test "malformed budgets: 2, file and line" {
	bad() { # LINE MESSAGE, the file on standard input
		cat >budgets.json
		run -2 --separate-stderr budget-check budgets.json /dev/null
		[[ $stderr == "budget-check: budgets.json:$1: "*"$2"* && -z $output ]] || {
			echo "want $1 $2, got $stderr"
			return 1
		}
	}
	bad 1 'no budgets' <<<'{"budgets": []}'
	bad 1 'nothing else' <<<'{"budgets": [], "x": 1}'
	bad 1 'nothing else' <<<'[]'
	bad 3 'stat: not count' <<-'END'
		{"budgets": [
		 {"metric": "a { \" [", "value": ".", "stat": "max", "limit": 1},
		 {"metric": "m", "value": ".", "stat": "median", "limit": 1}]}
	END
	bad 1 'metric: is missing' <<<'{"budgets": [{"value": ".", "stat": "max", "limit": 1}]}'
	bad 1 'value: is missing' <<<'{"budgets": [{"metric": "m", "stat": "max", "limit": 1}]}'
	bad 1 'limit: is missing' <<<'{"budgets": [{"metric": "m", "value": ".", "stat": "max"}]}'
	bad 1 'stat: is missing' <<<'{"budgets": [{"metric": "m", "value": ".", "limit": 1}]}'
	bad 1 'limit: not a number' <<<'{"budgets": [{"metric": "m", "value": ".", "stat": "max", "limit": "1"}]}'
	bad 1 'stat: not' <<<'{"budgets": [{"metric": "m", "value": ".", "stat": "p0", "limit": 1}]}'
	bad 1 'stat: not' <<<'{"budgets": [{"metric": "m", "value": ".", "stat": "p101", "limit": 1}]}'
	bad 1 'oops: unknown member' <<<'{"budgets": [{"metric": "m", "value": ".", "stat": "max", "limit": 1, "oops": 1}]}'
	bad 1 'metric: not a string' <<<'{"budgets": [{"metric": 1, "value": ".", "stat": "max", "limit": 1}]}'
	bad 1 'metric: stands there twice' <<<'{"budgets": [{"metric": "m", "metric": "n", "value": ".", "stat": "max", "limit": 1}]}'
	bad 1 'value: .x |: syntax error' <<<'{"budgets": [{"metric": "m", "value": ".x |", "stat": "max", "limit": 1}]}'
	bad 1 'by: ): syntax error' <<<'{"budgets": [{"metric": "m", "value": ".x", "by": ")", "stat": "max", "limit": 1}]}'
	bad 2 'nosuch/0 is not defined' <<<$'{"budgets": [\n{"metric": "m", "value": "nosuch", "stat": "max", "limit": 1}]}'
	bad 2 'malformed JSON' <<<$'{"budgets": [\n{]}'
}

@test "a malformed record is told and passed over: 2" {
	budget max 5
	{
		values 1
		echo '{"type":"x","v":'
		values 2
	} >in
	run -2 --separate-stderr budget-check budgets.json in
	[[ $stderr == 'budget-check: in:2: '* ]]
	[ "$(jq .value <<<"$output")" = 2 ]
}

@test "the project's own budgets, and those of the tiny stack, are well-formed" {
	local f
	for f in "$ROOT"/tests/budgets.json "$ROOT"/tests/data/tiny/tests/budgets.json; do
		run -0 --separate-stderr budget-check "$f" /dev/null
		[ "$(jq -s 'map(.metric) | index("seed") != null and index("api_p95") != null' <<<"$output")" = true ]
	done
}

@test "operands: several files, a missing one, standard input" {
	budget count 100
	values 1 >a
	values 2 3 >b
	run -0 --separate-stderr budget-check budgets.json a - <b
	[ "$(jq .value <<<"$output")" = 3 ]
	run -2 --separate-stderr budget-check budgets.json nosuch a
	[ "$(jq .value <<<"$output")" = 1 ]
	[[ $stderr == *'nosuch: No such file'* ]]
	run -2 budget-check nosuch.json
	run -2 budget-check
}

@test "a full disk: 3" {
	budget max 5
	values 1 >in
	run -3 bash -c 'budget-check budgets.json in >/dev/full'
	[[ $output == *'No space left'* ]]
}
