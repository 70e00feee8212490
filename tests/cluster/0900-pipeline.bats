#!/usr/bin/env bats
# The nine stages on the cluster, and what becomes of a run that was killed:
# its namespace is dated and labelled, so the next run takes it away.
bats_require_minimum_version 1.5.0
load cluster

setup() {
	cd "$BATS_TEST_TMPDIR" || return
	need_pods
	export STACK=$PWD/stack CLUSTER=kube RUNS=$PWD/runs
	# the example, but for its budgets: how fast this cluster is, is not the question
	mkdir -p stack/tests
	ln -s "$ROOT/manifests" "$ROOT/seed" stack/
	ln -s "$ROOT/tests/api" "$ROOT/tests/pages" stack/tests/
	jq '.budgets[].limit *= 20' "$ROOT/tests/budgets.json" >stack/tests/budgets.json
}

# in a session of its own, whose number is the process's
start_run() { # [VARIABLE=VALUE...]
	setsid "$ROOT/share/inttest" "$@" >out 2>&1 3>&- &
	RUN=$!
}

teardown() {
	[[ -z ${RUN:-} ]] || pkill -KILL -s "$RUN" || true
}

teardown_file() {
	teardown_namespaces
	k8s-delete --expired -t 4m >/dev/null
}

records() { # JQ: true of the records of the newest run
	cat runs/latest/[1-9]-*.jsonl | jq -se "$1"
}

@test "nine stages pass and leave nothing" {
	need_images "$ROOT"/manifests/{postgres,redis,minio,services}.yaml
	start_run
	wait "$RUN" || { cat out; false; }
	RUN=
	jq -e '.verdict == "passed" and .tests.failed == 0 and .tests.passed > 300' runs/latest/results.json
	run -0 k8s-wait --for deleted "ns/$(jq -r .namespace runs/latest/results.json)" -t 1s
	# from outside it says that it was
	if ! getent hosts kubernetes.default.svc; then
		records '[.[] | select(.type == "latency")] | length > 0 and all(.via == "forward")'
	fi
}

@test "killed in stage 5: the namespace stays, and the next run takes it away" {
	need_images "$ROOT"/manifests/{postgres,redis,minio,services}.yaml
	# its own reaping, at its start, is not to find it expired
	start_run TTL=10s
	wait_until 90 test -e runs/latest/4-services.jsonl
	wait_until 30 grep -q '"type":"stage"' runs/latest/4-services.jsonl
	pkill -KILL -s "$RUN"
	RUN=
	[[ ! -e runs/latest/6-api.jsonl ]]
	killed=$(sed -n 's/.*namespace \(inttest-[^,]*\),.*/\1/p' out)
	NS=$killed holds "ns/$killed" '.metadata.labels["app.kubernetes.io/managed-by"] == "inttest" and .metadata.deletionTimestamp == null'
	sleep 10
	# a run of another file, beside this one, may have been the next
	reaped=$(k8s-wait --for deleted "ns/$killed" -t 3s >/dev/null 2>&1 && echo before || true)
	start_run
	wait "$RUN" || { cat out; false; }
	RUN=
	jq -e '.verdict == "passed"' runs/latest/results.json
	[[ -n $reaped ]] ||
		jq -se --arg ns "$killed" 'any(.type == "delete" and .name == $ns)' runs/latest/1-reap.jsonl
	run -0 k8s-wait --for deleted "ns/$killed" -t 2m
}

@test "three runs at once: each passes, in a namespace of its own, and none is left" {
	need_images "$ROOT"/tests/data/tiny/manifests/*.yaml
	local i pids=() failed=
	cp -R "$ROOT/tests/data/tiny" tiny
	jq '.budgets[].limit *= 20' "$ROOT/tests/data/tiny/tests/budgets.json" >tiny/tests/budgets.json
	for i in 1 2 3; do
		setsid "$ROOT/share/inttest" STACK=tiny RUNS="$PWD/runs$i" >out$i 2>&1 3>&- &
		pids+=($!)
	done
	# all of them, so that none is left without its teardown
	for i in 1 2 3; do
		wait "${pids[i - 1]}" || { cat out$i; failed=$i; }
	done
	[[ -z $failed ]]
	for i in 1 2 3; do
		jq -e '.verdict == "passed" and .tests.failed == 0' runs$i/latest/results.json
	done
	# they were there at the same time, and none touched another's
	cat runs?/latest/results.json | jq -se 'map(.namespace) | unique | length == 3'
	cat runs?/latest/1-namespace.jsonl runs?/latest/9-teardown.jsonl | jq -se '[.[] | select(.type == "stage")] |
		(map(select(.name == "namespace").ts) | max) < (map(select(.name == "teardown").ts) | min)'
	cat runs?/latest/1-reap.jsonl | jq -se --slurpfile r <(cat runs?/latest/results.json) 'all(.[]; .name as $n | all($r[]; .namespace != $n))'
	jq -r '"ns/\(.namespace)"' runs?/latest/results.json | xargs k8s-wait --for deleted -t 1s
}

@test "a cluster that is not there, or lets nobody in: one reason, 3, nothing is begun" {
	local name
	printf '%s\n' "clusters: [{name: a, cluster: {server: 'http://127.0.0.1:1'}}]" \
		'contexts: [{name: a, context: {cluster: a}}]' 'current-context: a' >none
	for name in inttest inttest-job; do
		KUBECONFIG=$PWD/none run -3 "$ROOT/share/$name" STACK="$ROOT/tests/data/tiny"
		[[ $output == *'127.0.0.1:1: '*'onnection refused'* && $output == *"$name: nothing was started"* ]]
		((${#lines[@]} <= 3))
		KUBECONFIG=/nonexistent HOME=$PWD run -3 "$ROOT/share/$name" STACK="$ROOT/tests/data/tiny"
		[[ $output == *'no cluster is configured'* ]]
	done
	run ! compgen -G 'runs/*'
}

wait_until() { # SECONDS COMMAND...
	local end=$((SECONDS + $1))
	until "${@:2}" 2>/dev/null; do
		((SECONDS < end)) || return 1
		sleep 0.05
	done
}
