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
	# the user's own servers are not the run's
	PGHOST=127.0.0.1 PGPORT=1 PGUSER=me PGSSLMODE=require PGSERVICE=mine BASES=none run -0 inttest
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

# a service alone, which needs neither database nor rows, and has no pages
hello_stack() { # FOLDER
	mkdir -p "$1/tests/api" "$1/images/hello" "$1/manifests"
	cp stack/manifests/namespace.yaml "$1/manifests"
	cat >"$1/manifests/services.yaml" <<-'END'
		{"apiVersion": "v1", "kind": "Service", "metadata": {"name": "hello"},
		 "spec": {"selector": {"app": "hello"}, "ports": [{"port": 80, "targetPort": 8000}]}}
		---
		{"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "hello"},
		 "spec": {"selector": {"matchLabels": {"app": "hello"}}, "template": {"metadata": {"labels": {"app": "hello"}},
		  "spec": {"terminationGracePeriodSeconds": 0, "containers": [{"name": "hello", "image": "registry.example/hello:1",
		   "readinessProbe": {"httpGet": {"path": "/image/", "port": 8000}}}]}}}}
	END
	echo '{"match": ["registry.example/hello:*"], "variants": [{"requires": ["python3"],
		"entrypoint": ["python3", "-m", "http.server"]}]}' >"$1/images/hello/image.json"
	echo '{"name": "greets", "service": "hello", "path": "/image/image.json"}' >"$1/tests/api/say hello.jsonl"
}

@test "a service alone is a stack; an environment without PATH is fine" {
	hello_stack alone
	# what has no file to read does not wait for standard input, which never ends
	mkfifo never
	run -0 env -i INTTEST_MARK="$INTTEST_MARK" /bin/bash "$ROOT/share/inttest" STACK=alone RUNS=runs <>never
	results '[.stages[].status] == ["ok","ok","ok","ok","ok","ok","ok","ok","ok"]'
	results '.verdict == "passed" and .tests.passed == 1'
	nothing_left
}

@test "migrations without rows are applied" {
	rm -r stack/seed/rows
	sed -i 's/^CREATE TABLE/INSERT INTO nowhere VALUES (1);\n&/' stack/seed/migrations/*.sql
	run ! inttest
	[[ $output == *'seed/migrations/0001_notes.sql:1: '*nowhere* ]]
	nothing_left
}

@test "blanks and quotes in the paths of checkout, stack and runs" {
	local odd="it's \$odd & \"quoted\""
	mkdir -p "$odd/build" "$odd/seed/rows"
	cp -R "$ROOT"/{Makefile,pipeline.mk,share,manifests} "$odd"
	cp -R "$ROOT/build/bin" "$odd/build"
	hello_stack "$odd/my stack"
	run -0 "$odd/share/inttest" STACK="$odd/my stack" RUNS="$odd/my runs"
	[[ $output == *"results: $odd/my runs/"* ]]
	jq -e '.tests.passed == 1' "$odd/my runs/latest/results.json"
	run -0 "$odd/share/inttest-job" STACK="$odd/my stack" RUNS="$odd/my runs"
	jq -e '.tests.passed == 1' "$odd/my runs/latest/results.json"
}

@test "the credentials of S3 are s3-put's alone" {
	mkdir -p run/rendered/seed/objects/b fake
	echo 'while [ "$1" != bash ]; do shift; done; exec "$@"' >fake/run-stage
	echo 'echo "${0##*/} $AWS_ACCESS_KEY_ID $AWS_SECRET_ACCESS_KEY" >>../../seen' | tee fake/k8s-apply >fake/s3-put
	sed -i '1i#!/bin/sh' fake/*
	ln -s /bin/true fake/k8s-wait
	chmod +x fake/*
	AWS_ACCESS_KEY_ID=me AWS_SECRET_ACCESS_KEY=mine SECRET_MINIO=secret PATH=$PWD/fake:$PATH run -0 \
		make -s -C run/rendered -f "$ROOT/pipeline.mk" ../3-objects.jsonl
	[ "$(cat seen)" = $'k8s-apply me mine\ns3-put inttest secret' ]
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
	[[ ${lines[-1]} == *'events, objects and logs: runs/'*/dump && -s runs/latest/dump/events.jsonl ]]
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

@test "a stack that lacks what it must have: 2, before anything starts" {
	mv stack/manifests/services.yaml stack/manifests/services.yml
	run -2 inttest
	[[ $output == *'stack/manifests/services.yaml: not there'* ]]
	mv stack/manifests/services.yml stack/manifests/services.yaml
	rm -r stack/tests/api stack/tests/pages
	run -2 inttest
	[[ $output == *'stack/tests/api: no checks' ]]
	[ ! -e runs/latest ]
	nothing_left
}

@test "usage: 2; help: 0" {
	run -2 "$ROOT/share/inttest" --nonsense
	run -2 "$ROOT/share/inttest" STACK=/nonexistent
	run -2 "$ROOT/share/inttest" STACK=stack CLUSTER=moon
	run -2 "$ROOT/share/inttest" STACK=stack TTL=99999999999999999999d
	# eight minutes, and no number of base 8
	echo '{}' >>stack/tests/api/note-api.jsonl
	run -2 "$ROOT/share/inttest" STACK=stack TTL=08m RUNS=runs
	[[ $output == *'note-api.jsonl:4: '* && $output != *base* ]]
	run -0 "$ROOT/share/inttest" --help
	[[ $output == *STACK=* ]]
	run -0 "$ROOT/share/inttest" --version
	[[ $output =~ ^inttest\ [0-9.]+$ ]]
	run -2 "$ROOT/share/inttest-summary"
	run -2 "$ROOT/share/inttest-summary" stack
	[[ $output == 'inttest-summary: stack: no results.json in it' ]]
	run -3 bash -c '"$ROOT"/share/inttest --help >/dev/full'
}
