#!/usr/bin/env bats
# The run as a Job: share/inttest-job in the sandbox, on the tiny stack, with
# the rights that runner.yaml gives and no others.

bats_require_minimum_version 1.5.0
load helper

setup() {
	cd "$BATS_TEST_TMPDIR" || return
	cp -R "$ROOT/tests/data/tiny" stack
	export INTTEST_MARK=mark-$BATS_TEST_NUMBER-$$-$RANDOM
}

job() {
	"$ROOT/share/inttest-job" STACK=stack RUNS=runs
}

results() { # JQ: of the latest run
	jq -e "$1" runs/latest/results.json
}

deleted() { # KIND…: of the runner's own objects, told in the run's job.jsonl
	local kind
	for kind in "$@"; do
		jq -se --arg kind "$kind" 'any(.[]; .type == "delete" and .kind == $kind and .result == "deleted"
			or .type == "delete" and .kind == $kind and .result == "absent")' runs/latest/job.jsonl || return
	done
}

@test "the tiny stack passes as a Job; its records are here" {
	run -0 job
	results '[.stages[].status] == ["ok","ok","ok","ok","ok","ok","ok","ok","ok"]'
	results '.verdict == "passed" and .tests.passed >= 4 and .cluster == "kube"'
	[ "$(jq -r .run runs/latest/results.json)" = "$(readlink runs/latest)" ]
	head -n 1 runs/latest/results.tap | grep -qx 'TAP version 14'
	jq -se 'any(.[]; .type == "probe")' runs/latest/6-api.jsonl
	[[ $output == *'[9/9] teardown'*PASSED*'results: '* && $output != *@inttest* ]]
	deleted Job Namespace ClusterRole ClusterRoleBinding
	run ! grep -rE '[0-9a-f]{32}' runs/latest/*.jsonl runs/latest/results.json
	nothing_left
}

@test "a failing check: 1, with the dump" {
	echo '{"name": "wrong on purpose", "service": "note-api", "path": "/api/notes", "expect": {"status": 418}}' \
		>>stack/tests/api/note-api.jsonl
	run -1 job
	results '.verdict == "failed" and .tests.failed == 1'
	[[ $output == *'expected 418, got 200'* && $output != *forbidden* ]]
	ls runs/latest/dump/objects/pods_note-api-*.json
	nothing_left
}

@test "a missing permission: a 403 that names it; the run fails" {
	sed 's/resources: \[deployments, statefulsets\]/resources: [deployments]/' "$ROOT/manifests/runner.yaml" \
		>stack/manifests/runner.yaml
	run ! job
	[[ $output == *'statefulsets.apps "postgres" is forbidden: User "system:serviceaccount:inttest-job-'*':inttest-runner" cannot patch resource "statefulsets" in API group "apps" in the namespace "inttest-'* ]]
	results '.stages[] | select(.name == "infra") | .status != "ok"'
	results '.stages[] | select(.name == "teardown") | .status == "ok"'
	deleted Job Namespace ClusterRole ClusterRoleBinding
	nothing_left
}

@test "no image for the runner: 3, and why" {
	sed 's|/inttest:|/no-such-image:|' "$ROOT/manifests/runner.yaml" >stack/manifests/runner.yaml
	run -3 job
	[[ $output == *'could not start; its image is '*/no-such-image:* ]]
	deleted Namespace
	nothing_left
}

@test "^C: the Job tears down its namespace, its records are here, 130" {
	echo '{"name": "slow", "service": "note-api", "path": "/nowhere", "retry": {"times": 1000, "delay": "100ms"}}' \
		>>stack/tests/api/note-api.jsonl
	setsid "$ROOT/share/inttest-job" STACK=stack RUNS=runs >out 2>&1 3>&- &
	local pid=$! rc=0
	wait_for 30 grep -q '5/9. ready' out
	sleep 0.3
	kill -INT -- "-$pid"
	wait "$pid" || rc=$?
	cat out
	[ "$rc" = 130 ]
	grep -q '9/9. teardown' out
	results '.stages[] | select(.name == "teardown") | .status == "ok"'
	deleted Job Namespace ClusterRole ClusterRoleBinding
	nothing_left
}

@test "TERM to the script alone reaches the stages: teardown, then 143" {
	local name pid rc
	echo '{"name": "slow", "service": "note-api", "path": "/nowhere", "retry": {"times": 1000, "delay": "100ms"}}' \
		>>stack/tests/api/note-api.jsonl
	for name in inttest inttest-job; do
		"$ROOT/share/$name" STACK=stack RUNS=runs >out 2>&1 3>&- &
		pid=$! rc=0
		wait_for 30 grep -q '5/9. ready' out
		kill -TERM "$pid"
		wait "$pid" || rc=$?
		cat out
		[ "$rc" = 143 ]
		grep -q '9/9. teardown *ok' out
		nothing_left
	done
}

@test "an address is waited for: 0, 2, 3" {
	local port
	port=$(free_port)
	run -3 "$ROOT/share/reach" -t 1 "127.0.0.1:$port"
	[[ $output == "reach: 127.0.0.1:$port: not reached within 1 s: Connection refused" ]]
	run -3 "$ROOT/share/reach" -t 1 http://no-such-host.invalid/path
	[[ $output == 'reach: no-such-host.invalid:80: '* ]]
	(sleep 0.7; exec python3 -m http.server --bind 127.0.0.1 "$port") >/dev/null 2>&1 3>&- &
	run -0 "$ROOT/share/reach" -t 10 "http://user@127.0.0.1:$port/x" "redis://127.0.0.1:$port/0" /a/socket
	end_process "$!"
	run -2 "$ROOT/share/reach"
	run -2 "$ROOT/share/reach" -t x 127.0.0.1:1
	run -2 "$ROOT/share/reach" nothing
}

@test "two Jobs at once do not meet" {
	job >a 2>&1 3>&- &
	local one=$! rc=0
	job >b 2>&1 3>&- || rc=$?
	wait "$one" || { cat a; false; }
	cat b
	[ "$rc" = 0 ]
}

@test "what cannot be carried is refused: 2, before anything starts" {
	head -c 2000000 /dev/urandom >stack/seed/big
	run -2 job
	[[ $output == *'make image STACK='* && ! -e runs/latest ]]
	rm stack/seed/big
	echo '# ${FORGOTTEN}' >stack/manifests/runner.yaml
	run -2 job
	[[ $output =~ manifests/runner.yaml:1:\ \$\{FORGOTTEN\} ]]
	nothing_left
}

@test "the inside, with nothing to bring back: no other files, and one stream" {
	mkdir home && echo secret >home/file
	run -2 --separate-stderr env TMPDIR="$PWD" HOME="$PWD/home" "$ROOT/share/inttest-runner" NOPE=1
	[[ -z $stderr && $output == *'unknown argument: NOPE=1'*$'\n@inttest exit 2' ]]
	[[ $output != *'@inttest file'* && $output != *secret* ]]
}

@test "usage: 2; help: 0" {
	run -2 "$ROOT/share/inttest-job" --nonsense
	run -2 "$ROOT/share/inttest-job" NAMESPACE=x
	run -0 "$ROOT/share/inttest-job" --help
	[[ $output == *STACK=* ]]
}
