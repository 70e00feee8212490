#!/usr/bin/env bats
# results-json and results-tap: one run's records as files for people and
# programs.

bats_require_minimum_version 1.5.0
load helper

setup() {
	cd "$BATS_TEST_TMPDIR" || return
}

# a run in which all went well
good_run() {
	cat <<-'END'
		{"type":"apply","apiVersion":"v1","kind":"Namespace","name":"n","result":"created","ms":3}
		{"type":"stage","stage":1,"name":"namespace","part":"create","status":"ok","exit_status":0,"ts":"2026-01-01T00:00:00.000Z","ms":200}
		{"type":"stage","stage":1,"name":"namespace","part":"reap","status":"ok","exit_status":0,"ts":"2026-01-01T00:00:00.100Z","ms":300}
		{"type":"seed","table":"companies","rows":8,"bytes":1000,"ms":3}
		{"type":"seed","table":"sources","rows":5,"bytes":500,"ms":2}
		{"type":"put","bucket":"b","key":"k","bytes":3,"etag":"e","status":200,"attempts":1,"ms":9}
		{"type":"probe","name":"empty","group":"empty","service":"redis","ok":true,"failures":[],"ms":1}
		{"type":"stage","stage":3,"name":"seed","part":"rows","status":"ok","exit_status":0,"ts":"2026-01-01T00:00:02.000Z","ms":1500}
		{"type":"stage","stage":3,"name":"seed","part":"redis","status":"ok","exit_status":0,"ts":"2026-01-01T00:00:01.000Z","ms":100}
		{"type":"wait","kind":"Deployment","name":"risk","status":"met","ms":900,"startup_ms":800.5}
		{"type":"wait","kind":"Service","name":"risk","status":"met","ms":900}
		{"type":"probe","name":"health","group":"health","service":"risk","method":"GET","url":"http://risk/health","route":"/health","status":200,"ok":true,"failures":[],"attempts":1,"ts":"2026-01-01T00:00:04.000Z","ms":2}
		{"type":"stage","stage":6,"name":"api","status":"ok","exit_status":0,"ts":"2026-01-01T00:00:04.000Z","ms":500}
		{"type":"latency","key":"/health","count":1,"min_ms":2,"mean_ms":2,"p50_ms":2,"p90_ms":2,"p95_ms":2,"p99_ms":2,"max_ms":2,"slow":false}
		{"type":"usage","pod":"risk-1","container":"a","memory_bytes":1000}
		{"type":"usage","pod":"risk-1","container":"b","memory_bytes":10}
		{"type":"usage","pod":"risk-1","container":"a","memory_bytes":3000}
		{"type":"budget","metric":"seed","stat":"span","value":1500,"limit":30000,"unit":"ms","ok":true}
	END
}

stages=namespace,seed,api

# results RECORD…: of the good run and these records
results() {
	{
		good_run
		printf '%s\n' "$@"
	} >records
	results-json --run r1 --namespace ns --cluster sandbox --stages "$stages" records >results.json
}

# holds EXPRESSION: of results.json
holds() {
	jq -e "$1" results.json >/dev/null || {
		cat results.json
		return 1
	}
}

@test "a good run: every member" {
	run -0 results
	[ -z "$output" ]
	holds 'keys_unsorted == ["run", "namespace", "cluster", "started", "ms", "verdict", "stages", "tests", "failures",
		"seed", "startup", "latency", "memory", "budgets", "findings"]'
	holds '.run == "r1" and .namespace == "ns" and .cluster == "sandbox" and .verdict == "passed"'
	holds '.started == "2026-01-01T00:00:00.000Z" and .ms == 4500'
	holds '.tests == {passed: 2, failed: 0, skipped: 0} and .failures == [] and .findings == []'
	holds '.seed | .ms == 2500 and .rows == 13 and .objects == 1 and (.tables | map(.table) == ["companies", "sources"])'
	holds '.startup == [{workload: "risk", kind: "Deployment", ms: 800.5}]'
	holds '.memory == [{pod: "risk-1", memory_bytes: 3010}]'
	holds '.latency | length == 1 and (.[0] | .key == "/health" and .p95_ms == 2 and (has("type") | not))'
	holds '.budgets[0].metric == "seed" and (.budgets[0] | has("type") | not)'
}

@test "parts are one stage: the worst status, from the first start to the last end" {
	results '{"type":"stage","stage":3,"name":"seed","part":"objects","status":"failed","exit_status":1,"ts":"2026-01-01T00:00:01.500Z","ms":3000,"message":"no bucket"}'
	holds '.stages | map(.name) == ["namespace", "seed", "api"]'
	holds '.stages[0] | .stage == 1 and .status == "ok" and .ms == 400 and .ts == "2026-01-01T00:00:00.000Z"'
	holds '.stages[1] | .status == "failed" and .ms == 3500 and .message == "no bucket" and
		(.parts | map(.part) == ["rows", "redis", "objects"] and map(.exit_status) == [0, 0, 1])'
	holds '.stages[2] | has("parts") | not'
	holds '.findings == [{kind: "stage", subject: "seed/objects", message: "failed: no bucket"}]'
}

@test "verdict: failed for a stage, a check or a budget that failed" {
	results '{"type":"stage","stage":6,"name":"api","status":"failed","exit_status":1}'
	holds '.verdict == "failed"'
	results '{"type":"probe","name":"x","ok":false,"failures":["no"]}'
	holds '.verdict == "failed"'
	results '{"type":"budget","metric":"b","value":2,"limit":1,"unit":"ms","ok":false,"action":"a"}'
	holds '.verdict == "failed"'
	results '{"type":"page","name":"home","ok":false,"failures":["blank"]}'
	holds '.verdict == "failed" and .failures[0].name == "home"'
}

@test "verdict: error for a stage in error, or one that did not run" {
	results '{"type":"stage","stage":6,"name":"api","status":"error","exit_status":3}' '{"type":"probe","name":"x","ok":false}'
	holds '.verdict == "error"'
	stages=$stages,profile results
	holds '.verdict == "error" and .stages[3] == {stage: 4, name: "profile", status: "skipped"}'
	holds '.findings[0] == {kind: "stage", subject: "profile", message: "did not run"}'
	# but what did not run because of a failure leaves it at that
	stages=$stages,profile results '{"type":"stage","stage":6,"name":"api","status":"failed","exit_status":1}'
	holds '.verdict == "failed"'
}

@test "failed checks are kept, skipped ones counted" {
	results '{"type":"probe","name":"x","group":"g","service":"risk","method":"GET","url":"http://risk/x","route":"/x","status":500,"ok":false,"failures":["status: expected 2xx, got 500"],"attempts":1,"ms":3,"dns_ms":0}' \
		'{"type":"probe","name":"y","service":"risk","ok":false,"skipped":true,"failures":["a variable was not captured"]}'
	holds '.tests == {passed: 2, failed: 1, skipped: 1}'
	holds '.failures == [{name: "x", group: "g", service: "risk", method: "GET", url: "http://risk/x", route: "/x",
		status: 500, failures: ["status: expected 2xx, got 500"], attempts: 1, ms: 3}]'
}

@test "findings: what a person should look at" {
	results '{"type":"wait","kind":"Pod","name":"p","status":"failed","reason":"ErrImagePull","message":"no such image"}' \
		'{"type":"error","tool":"k8s-top","message":"no metrics"}' \
		'{"type":"query","query":"SELECT 1","route":"/r","finding":"41 calls a request"}' \
		'{"type":"query","query":"SELECT 2","finding":null}' \
		'{"type":"latency","key":"/slow","count":9,"p95_ms":612.34,"max_ms":700,"slow":true}' \
		'{"type":"budget","metric":"startup","key":"risk","value":31000,"limit":30000,"unit":"ms","ok":false,"action":"load lazily"}' \
		'{"type":"budget","metric":"none","value":null,"limit":30000,"unit":"ms","ok":null}'
	holds '.findings == [
		{kind: "wait", subject: "Pod/p", message: "failed: ErrImagePull: no such image"},
		{kind: "error", subject: "k8s-top", message: "no metrics"},
		{kind: "query", subject: "/r", message: "41 calls a request"},
		{kind: "budget", subject: "startup risk", message: "31000 ms, over the limit of 30000", action: "load lazily"},
		{kind: "budget", subject: "none", message: "not measured: no record has a value"},
		{kind: "slow", subject: "/slow", message: "p95 612.3 ms, at most 700.0 ms"}]'
}

@test "the summary reads it" {
	results '{"type":"budget","metric":"none","value":null,"limit":1,"unit":"ms","ok":null}'
	run -0 "$ROOT/share/inttest-summary" .
	[[ $output == *'PASSED: 2 passed, 0 failed, 0 skipped in 4.5'* ]]
	[[ $output == *none*'not measured'* ]]
}

@test "no stages asked for: those that there are; no records: empty results" {
	good_run | results-json >results.json
	holds '.run == null and (.stages | map(.stage) == [1, 3, 6]) and .verdict == "passed"'
	results-json </dev/null >results.json
	holds '.stages == [] and .started == null and .ms == 0 and .tests.passed == 0'
	# of a tool that ended before it had run anything, say
	holds '.verdict == "error" and .findings[0].message == "no stage, check or budget is in the records"'
}

@test "memory does not grow with the number of checks" {
	good_run | grep '"type":"probe"' | tail -n 1 | awk '{ for (i = 0; i < 100000; i++) print }' >records
	run -0 bash -c 'ulimit -v 30000; results-json records | jq .tests.passed'
	[ "$output" = 100000 ]
}

@test "a line that is no record is told and found, the rest counts: 2" {
	good_run >records
	echo '{"type":"probe","name":"cut' >>records
	run -2 --separate-stderr results-json records
	[[ $stderr == 'results-json: records:19: '* ]]
	echo "$output" >results.json
	holds '.tests.passed == 2 and (.findings[0] | .kind == "record" and .subject == "records")'
	run -2 --separate-stderr results-tap records
	[[ $stderr == 'results-tap: records:19: '* && $output == *'ok 1 - stage 1: namespace'* ]]
}

# tap RECORD…: of the good run and these
tap() {
	{
		good_run
		printf '%s\n' "$@"
	} >records
	results-tap --stages "$stages" records >results.tap
}

# proves: what prove(1) makes of it, which knows TAP 13 with its own YAML
proves() {
	sed '1s/14/13/' results.tap >results.t
	run -"$1" prove --norc -v -e cat results.t
	[[ $output != *'Parse errors'* ]]
}

@test "TAP: version 14, stages, a subtest a service, budgets" {
	tap
	[ "$(cat results.tap)" = 'TAP version 14
1..6
ok 1 - stage 1: namespace
ok 2 - stage 3: seed
ok 3 - stage 6: api
# Subtest: redis
    1..1
    ok 1 - empty
ok 4 - redis
# Subtest: risk
    1..1
    ok 1 - health
ok 5 - risk
# Subtest: budgets
    1..1
    ok 1 - seed
ok 6 - budgets' ]
	proves 0
}

@test "TAP: failures with diagnostics, in the point, its subtest and its stage" {
	tap '{"type":"probe","name":"x","service":"risk","method":"GET","url":"http://risk/x","status":500,"ok":false,"failures":["status: expected 2xx, got 500","jq .a: got \"b\"\n#"],"attempts":1,"ms":3}' \
		'{"type":"stage","stage":6,"name":"api","status":"failed","exit_status":1,"message":"1 of 2 failed"}' \
		'{"type":"budget","metric":"startup","key":"risk","stat":"max","value":31000,"limit":30000,"unit":"ms","ok":false,"action":"load: lazily"}'
	proves 1
	[[ $output == *'Failed 3/6 subtests'* ]]
	[[ $(cat results.tap) == *'not ok 3 - stage 6: api
  ---
  status: failed
  parts:
    - status: failed
      exit_status: 1
      message: "1 of 2 failed"
  ...
'* ]]
	[[ $(cat results.tap) == *'    not ok 2 - x
      ---
      failures: ["status: expected 2xx, got 500","jq .a: got \"b\"\n#"]
      method: "GET"
      url: "http://risk/x"
      status: 500
      attempts: 1
      ms: 3
      ...
not ok 5 - risk
'* ]]
	[[ $(cat results.tap) == *'    not ok 2 - startup risk
      ---
      stat: "max"
      value: 31000
      limit: 30000
      unit: "ms"
      action: "load: lazily"
      ...
not ok 6 - budgets' ]]
}

@test "TAP: what did not run is skipped, and says why" {
	stages=$stages,profile tap '{"type":"probe","name":"y","service":"risk","ok":false,"skipped":true,"failures":["no # reason"]}' \
		'{"type":"budget","metric":"none","value":null,"limit":1,"unit":"ms","ok":null}'
	grep -qxF '    ok 2 - y # SKIP no \# reason' results.tap
	grep -qxF 'ok 4 - stage 4: profile # SKIP did not run' results.tap
	grep -qxF '    ok 2 - none # SKIP not measured' results.tap
	proves 0
}

@test "TAP: names are escaped" {
	tap '{"type":"probe","name":"a # TODO b\\c\nnot ok 1","service":"s # SKIP","ok":true}'
	grep -qxF '    ok 1 - a \# TODO b\\c not ok 1' results.tap
	grep -qxF 'ok 6 - s \# SKIP' results.tap
	proves 0
	[[ $output != *'skipped: '* && $output != *TODO\ passed* ]]
}

@test "TAP: diagnostics are YAML" {
	python3 -c 'import yaml' 2>/dev/null || skip 'no YAML parser'
	tap '{"type":"probe","name":"x","service":"risk","ok":false,"failures":["a: b # c \\ \" \u0001 \u00e9 \ud83d\ude00 - {}","- [x", "yes"]}'
	sed -n '/^      ---$/,/^      \.\.\.$/p' results.tap | sed 's/^      //' |
		python3 -c 'import sys, yaml
print(yaml.safe_load(sys.stdin)["failures"] == ["a: b # c \\ \" \x01 \u00e9 \U0001f600 - {}", "- [x", "yes"])' >got
	[ "$(cat got)" = True ]
}

@test "TAP: no records" {
	run -0 results-tap </dev/null
	[ "$output" = $'TAP version 14\n1..0 # SKIP no checks' ]
}

@test "a full disk: 3; a missing file: 2, the others count; usage: 2" {
	good_run >records
	local tool
	for tool in results-json results-tap; do
		run -3 bash -c "$tool records >/dev/full"
		[[ $output == *'No space left'* ]]
		run -2 --separate-stderr "$tool" nosuch records
		[[ $stderr == "$tool: nosuch: No such file"* && $output == *namespace* ]]
		run -2 "$tool" --stages
	done
}
