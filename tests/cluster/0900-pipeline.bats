#!/usr/bin/env bats
# The nine stages on the cluster, and what becomes of a run that was killed:
# its namespace is dated and labelled, so the next run takes it away.
bats_require_minimum_version 1.5.0
load cluster

setup() {
	cd "$BATS_TEST_TMPDIR" || return
	need_pods
	export STACK=$ROOT CLUSTER=kube RUNS=$PWD/runs
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
	NS=$killed
	holds "ns/$killed" '.metadata.labels["app.kubernetes.io/managed-by"] == "inttest" and .metadata.deletionTimestamp == null'
	sleep 10
	start_run
	wait "$RUN" || { cat out; false; }
	RUN=
	jq -e '.verdict == "passed"' runs/latest/results.json
	jq -se --arg ns "$killed" 'any(.type == "delete" and .name == $ns)' runs/latest/1-reap.jsonl
	run -0 k8s-wait --for deleted "ns/$killed" -t 2m
}

wait_until() { # SECONDS COMMAND...
	local end=$((SECONDS + $1))
	until "${@:2}" 2>/dev/null; do
		((SECONDS < end)) || return 1
		sleep 0.05
	done
}
