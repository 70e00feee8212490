#!/usr/bin/env bats
# The run as a Job on the cluster, whole and broken: whatever becomes of it, it
# says so, and neither namespaces nor cluster-wide rights are left behind.
bats_require_minimum_version 1.5.0
load cluster

setup() {
	cd "$BATS_TEST_TMPDIR" || return
	need_pods
	export CLUSTER=kube RUNS=$PWD/runs STACK=$PWD/stack
	cp -R "$ROOT/tests/data/tiny" stack
	# how fast this cluster is, is not the question
	jq '.budgets[].limit *= 20' "$ROOT/tests/data/tiny/tests/budgets.json" >stack/tests/budgets.json
}

teardown() {
	[[ -z ${RUN:-} ]] || pkill -KILL -s "$RUN" || true
}

teardown_file() {
	teardown_namespaces
	k8s-delete --expired -t 4m >/dev/null
}

need_tiny() {
	need_images "$ROOT"/tests/data/tiny/manifests/*.yaml "$ROOT/manifests/runner.yaml"
}

# in a session of its own, whose number is the process's
start_job() { # [VARIABLE=VALUE...]
	setsid "$ROOT/share/inttest-job" "$@" >out 2>&1 3>&- &
	RUN=$!
}

ended() { # STATUS: of the Job that start_job started
	local status=0
	wait "$RUN" || status=$?
	RUN=
	cat out
	[[ $status == "$1" ]]
}

wait_until() { # SECONDS COMMAND...
	local end=$((SECONDS + $1))
	until "${@:2}" 2>/dev/null; do
		((SECONDS < end)) || return 1
		sleep 0.05
	done
}

results() { # JQ: of the latest run
	jq -e "$1" runs/latest/results.json
}

# runner FROM TO: a runner.yaml of the stack's own, with TO in FROM's place
runner() {
	sed "s|$1|$2|" "$ROOT/manifests/runner.yaml" >stack/manifests/runner.yaml
	run ! diff -q "$ROOT/manifests/runner.yaml" stack/manifests/runner.yaml
}

nothing_left() { # of the latest run
	local id
	id=$(readlink runs/latest)
	k8s-wait --for deleted -t 2s "ns/inttest-$id" "ns/inttest-job-$id" \
		"clusterrole/inttest-job-$id" "clusterrolebinding/inttest-job-$id"
	run ! compgen -G 'runs/*/rendered'
}

@test "the example's nine stages pass as a Job; its records are here, nothing is there" {
	need_images "$ROOT"/manifests/{postgres,redis,minio,services,runner}.yaml
	start_job STACK=
	ended 0
	results '[.stages[].status] == ["ok","ok","ok","ok","ok","ok","ok","ok","ok"]'
	results '.verdict == "passed" and .tests.failed == 0 and .tests.passed > 300'
	# reached by their names, and measured, or it is said why not
	jq -se 'any(.type == "latency") and all(has("via") | not)' runs/latest/8-profile.jsonl
	results '.memory | length > 0' || grep -q '^note *k8s-top: memory not measured' out
	[[ $(<out) != *@inttest* ]]
	nothing_left
}

@test "^C: the Job tears down, its records come back, 130" {
	need_tiny
	echo '{"name": "slow", "service": "note-api", "path": "/nowhere", "retry": {"times": 1000, "delay": "100ms"}}' \
		>>stack/tests/api/note-api.jsonl
	start_job
	wait_until 90 grep -q '5/9. ready *ok' out
	sleep 0.5
	kill -INT -- "-$RUN"
	ended 130
	grep -q '9/9. teardown *ok' out
	results '.stages[] | select(.name == "teardown") | .status == "ok"'
	nothing_left
}

@test "TERM before the Job has begun: nothing is left, 143" {
	need_tiny
	start_job
	wait_until 20 grep -q ServiceAccount runs/latest/job.jsonl
	kill -TERM "$RUN"
	ended 143
	nothing_left
}

@test "SIGKILL: the Job ends by itself, and what it was in is reaped, with its rights" {
	need_tiny
	start_job
	wait_until 90 grep -q '5/9. ready *ok' out
	pkill -KILL -s "$RUN"
	RUN=
	id=$(readlink runs/latest)
	# nobody follows, yet it tears down
	run -0 k8s-wait --for deleted -t 3m "ns/inttest-$id"
	NS=inttest-job-$id
	holds "ns/$NS" '.metadata.deletionTimestamp == null'
	# not to wait for an hour
	sed 's,expires: .*,expires: "2020-01-01T00:00:00Z",' "runs/$id/rendered/manifests/namespace.yaml" |
		k8s-apply --force-conflicts >/dev/null
	run k8s-delete --expired -t 3m # what others have left is theirs
	k8s-wait --for deleted -t 60s "ns/$NS" "clusterrole/$NS" "clusterrolebinding/$NS"
}

@test "an image that cannot be had: 3, and what it is" {
	runner /inttest: /no-such-image:
	SECONDS=0
	start_job
	ended 3
	grep -q 'k8s-wait: .*\(ErrImagePull\|ImagePullBackOff\).*no-such-image' out
	grep -q 'inttest-job: the Job could not start; its image is .*/no-such-image:' out
	((SECONDS < 90))
	nothing_left
}

@test "a right that the Job lacks: which, and nothing is left" {
	need_tiny
	runner 'resources: \[deployments, statefulsets\]' 'resources: [deployments]'
	start_job
	ended 3
	grep -q 'statefulsets.apps "postgres" is forbidden: User "system:serviceaccount:inttest-job-.*:inttest-runner" cannot patch' out
	# not what came of it
	results '.stages[] | select(.name == "infra") | .message | contains("forbidden")'
	nothing_left
}

@test "a deadline that passes: 3, said, after the Job's own teardown" {
	need_tiny
	runner 'activeDeadlineSeconds: 1200' 'activeDeadlineSeconds: 8'
	echo '{"name": "slow", "service": "note-api", "path": "/nowhere", "retry": {"times": 1000, "delay": "100ms"}}' \
		>>stack/tests/api/note-api.jsonl
	start_job
	ended 3
	grep -q "inttest-job: the Job's time is up" out
	grep -q '9/9. teardown *ok' out
	nothing_left
}

@test "KEEP=1: the failed namespace stays; the commands that are printed work" {
	need_tiny
	echo '{"name": "wrong on purpose", "service": "note-api", "path": "/api/notes", "expect": {"status": 418}}' \
		>>stack/tests/api/note-api.jsonl
	PATH=$users_path start_job KEEP=1
	ended 1
	ns=inttest-$(readlink runs/latest)
	grep -q "^inttest-job: namespace $ns is kept; after 20" out
	[[ $(grep -c 'is kept; after' out) == 1 ]]
	pasted
	k8s-wait --for deleted -t 2s "ns/$ns" "ns/inttest-job-${ns#inttest-}"
}

users_path=${PATH#"$ROOT/build/bin:"} # of somebody who has not installed the tools

# the two commands of what is said last, in another folder and a shell that
# KUBECONFIG was not exported in
pasted() {
	mapfile -t commands < <(sed -n '/is kept; after/,$s/^  //p' out)
	[[ ${#commands[@]} == 2 ]]
	cd / || return
	PATH=$users_path run -0 env -u KUBECONFIG sh -c "${commands[0]}"
	[[ $output == *note-api* && $output == *postgres-0* ]]
	PATH=$users_path run -0 env -u KUBECONFIG sh -c "${commands[1]}"
	cd "$BATS_TEST_TMPDIR" || return
}

@test "KEEP=1 from outside, the same; what passed is not kept" {
	need_tiny
	run -0 "$ROOT/share/inttest" KEEP=1
	[[ $output != *'is kept'* ]]
	k8s-wait --for deleted -t 2s "ns/inttest-$(readlink runs/latest)"
	echo '{"name": "wrong on purpose", "service": "note-api", "path": "/api/notes", "expect": {"status": 418}}' \
		>>stack/tests/api/note-api.jsonl
	PATH=$users_path run -1 "$ROOT/share/inttest" KEEP=1
	echo "$output" >out
	pasted
	k8s-wait --for deleted -t 2s "ns/inttest-$(readlink runs/latest)"
}
