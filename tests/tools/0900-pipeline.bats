#!/usr/bin/env bats
# The whole run: share/inttest on the tiny stack, whole and broken.  Whatever
# happens, the exit status says it and nothing is left behind.

bats_require_minimum_version 1.5.0
load helper

setup() {
	cd "$BATS_TEST_TMPDIR" || return
	cp -R "$ROOT/tests/data/tiny" stack
	# found again in any process of a run
	export INTTEST_MARK=mark-$BATS_TEST_NUMBER-$$-$RANDOM
}

inttest() {
	"$ROOT/share/inttest" STACK=stack RUNS=runs
}

results() { # JQ: of the latest run
	jq -e "$1" runs/latest/results.json
}

torn_down() {
	results '.stages[] | select(.name == "teardown") | .status == "ok"'
}

# Its time to live is over from the start: others may reap it, not itself.
@test "the tiny stack passes all nine stages" {
	sed -i 's/${EXPIRES}/2020-01-01T00:00:00Z/' stack/manifests/namespace.yaml
	run -0 inttest
	results '[.stages[].status] == ["ok","ok","ok","ok","ok","ok","ok","ok","ok"]'
	results '.verdict == "passed" and .tests.passed >= 4 and .tests.failed == 0'
	results '.seed.rows == 2 and (.seed.ms > 0)'
	results '.startup | map(.workload) | contains(["note-api"])'
	results 'any(.memory[]; .memory_bytes > 1000000) and any(.latency[]; .p95_ms > 0)'
	results '.budgets | length >= 5 and all(.[]; .ok)'
	[[ $output == *PASSED* ]]
	head -n 1 runs/latest/results.tap | grep -qx 'TAP version 14'
	run ! grep -rE '[0-9a-f]{32}' runs/latest/*.jsonl runs/latest/results.json
	nothing_left
}

@test "a failing check: 1, later stages and teardown happen, TAP says which" {
	echo '{"name": "wrong on purpose", "service": "note-api", "path": "/api/notes", "expect": {"status": 418}}' \
		>>stack/tests/api/note-api.jsonl
	run -1 inttest
	results '.verdict == "failed" and .tests.failed == 1'
	results '.stages[] | select(.name == "profile") | .status == "ok"'
	torn_down
	grep -q 'not ok .*wrong on purpose' runs/latest/results.tap
	[[ $output == *'expected 418, got 200'* ]]
	nothing_left
}

@test "an image that does not exist: ErrImagePull within 15 s" {
	sed -i 's|/note-api:|/no-such-image:|' stack/manifests/services.yaml
	SECONDS=0
	run ! inttest
	((SECONDS < $(loaded 16)))
	[[ $output == *ErrImagePull* || $output == *ImagePullBackOff* ]]
	[[ $output == *no-such-image* ]]
	torn_down
	nothing_left
}

@test "a service that crashes: its last log lines are shown" {
	sed -i 's|"/image/note-api.routes"|"/image/no-such.routes"|' stack/images/note-api/image.json
	run ! inttest
	[[ $output == *'no-such.routes'* ]]
	[[ $output == *CrashLoopBackOff* ]]
	torn_down
	nothing_left
}

@test "malformed YAML: 2 with file and line" {
	printf 'kind: {\n' >>stack/manifests/services.yaml
	run -2 inttest
	[[ $output =~ manifests/services.yaml:[0-9]+ ]]
	nothing_left
}

@test "a malformed check: 2 with file and line, before anything starts" {
	echo '{"name": "x", "path": 1}' >>stack/tests/api/note-api.jsonl
	run -2 inttest
	[[ $output =~ note-api.jsonl:[0-9]+ ]]
	[ ! -e runs/latest ]
	nothing_left
}

@test "a placeholder left over: 2 with file and line" {
	echo '# ${FORGOTTEN}' >>stack/manifests/services.yaml
	run -2 inttest
	[[ $output =~ manifests/services.yaml:[0-9]+:\ \$\{FORGOTTEN\} ]]
	nothing_left
}

@test "^C in stage 6: teardown, then 130" {
	echo '{"name": "slow", "service": "note-api", "path": "/nowhere", "retry": {"times": 1000, "delay": "100ms"}}' \
		>>stack/tests/api/note-api.jsonl
	# a session of its own, whose group gets the signal as from a terminal
	setsid "$ROOT/share/inttest" STACK=stack RUNS=runs >out 2>&1 3>&- &
	local pid=$! rc=0
	wait_for 30 sh -c 'ls runs/*/6-api.jsonl'
	sleep 0.3
	kill -INT -- "-$pid"
	wait "$pid" || rc=$?
	cat out
	[ "$rc" = 130 ]
	results '.stages[] | select(.name == "api") | .status == "error"'
	torn_down
	nothing_left
}

@test "SIGKILL of the whole run: no process is left" {
	echo '{"name": "slow", "service": "note-api", "path": "/nowhere", "retry": {"times": 1000, "delay": "100ms"}}' \
		>>stack/tests/api/note-api.jsonl
	setsid "$ROOT/share/inttest" STACK=stack RUNS=runs >out 2>&1 3>&- &
	local pid=$!
	wait_for 30 sh -c 'ls runs/*/6-api.jsonl'
	kill -KILL -- "-$pid"
	sed -i '/"slow"/s/1000/0/' stack/tests/api/note-api.jsonl
	wait_for 5 no_process_left
	# what the dead run left of its secrets goes with the next
	compgen -G 'runs/*/rendered/manifests/*' >/dev/null
	run -1 inttest
	nothing_left
}

@test "two runs at once both pass" {
	inttest >a 2>&1 3>&- &
	local one=$! rc=0
	inttest >b 2>&1 3>&- || rc=$?
	wait "$one" || { cat a; false; }
	cat b
	[ "$rc" = 0 ]
	[ "$(jq -s 'map(.namespace) | unique | length' runs/2*/results.json)" = 2 ]
	nothing_left
}

@test "no user namespaces: one clear message, 3" {
	cat >script <<-END
		echo 0 >/proc/sys/user/max_user_namespaces || exit 99
		exec "$ROOT/share/inttest" STACK=stack RUNS=runs
	END
	# the limit is set within a user namespace of the test's own
	run -3 unshare -Ur bash script
	[[ $output == *'user namespaces'* ]]
}

@test "usage: 2; help: 0" {
	run -2 "$ROOT/share/inttest" --nonsense
	run -2 "$ROOT/share/inttest" STACK=/nonexistent
	run -2 "$ROOT/share/inttest" STACK=stack CLUSTER=moon
	run -0 "$ROOT/share/inttest" --help
	[[ $output == *STACK=* ]]
	run -3 bash -c '"$ROOT"/share/inttest --help >/dev/full'
}
