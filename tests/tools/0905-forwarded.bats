#!/usr/bin/env bats
# A whole run from outside: the sandbox stands, its services' names mean
# nothing here, and every byte for them goes through its API server.

bats_require_minimum_version 1.5.0
load helper

setup() {
	cd "$BATS_TEST_TMPDIR" || return
	cp -R "$ROOT/tests/data/tiny" stack
	export XDG_RUNTIME_DIR=$PWD/run
	mkdir -m 700 run
	eval "$(k8s-sandbox up --images "$ROOT/share/images" --images stack/images 2>up 3>&-)"
	export KUBECONFIG
	# found again in any process of a run, but not of the sandbox
	export INTTEST_MARK=mark-$BATS_TEST_NUMBER-$$-$RANDOM
}

teardown() {
	k8s-sandbox down
}

results() { # JQ: of the latest run
	jq -e "$1" runs/latest/results.json
}

@test "the tiny stack passes all nine stages through k8s-forward" {
	run -0 "$ROOT/share/inttest" STACK=stack RUNS=runs CLUSTER=kube FORWARD=1
	[[ $output == *PASSED* ]]
	results '[.stages[].status] == ["ok","ok","ok","ok","ok","ok","ok","ok","ok"]'
	results '.verdict == "passed" and .tests.passed >= 4 and .tests.failed == 0 and .seed.rows == 2'
	cat runs/latest/[1-9]-*.jsonl |
		jq -se '[.[] | select(.type == "latency")] | length > 0 and all(.via == "forward")'
	run -0 k8s-wait --for deleted "ns/$(jq -r .namespace runs/latest/results.json)" -t 1s
	nothing_left
}

@test "a port that nothing listens on: the run fails and says why" {
	sed -i 's|targetPort: http|targetPort: 9|' stack/manifests/services.yaml
	run ! "$ROOT/share/inttest" STACK=stack RUNS=runs CLUSTER=kube FORWARD=1
	[[ $output == *'error forwarding port 9 to pod note-api-'*'onnection refused'* ]]
	results '.verdict != "passed"'
	results '.stages[] | select(.name == "teardown") | .status == "ok"'
	nothing_left
}

@test "somebody's namespace is neither used nor deleted: 2" {
	k8s-apply >/dev/null <<-'END'
		{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "mine"}}
		---
		{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "precious", "namespace": "mine"}}
	END
	run -2 "$ROOT/share/inttest" STACK=stack RUNS=runs CLUSTER=kube NAMESPACE=mine
	[[ $output == *'namespace mine is there already'* ]]
	sed -i 's/name: ${NAMESPACE}/name: mine/' stack/manifests/namespace.yaml
	run -2 "$ROOT/share/inttest" STACK=stack RUNS=runs CLUSTER=kube
	[[ $output == *'namespace.yaml: Namespace mine is not ${NAMESPACE}'* ]]
	run -0 k8s-wait -n mine --for jq=true -t 1s cm/precious
	run -0 k8s-wait --for 'jq=.metadata.labels["app.kubernetes.io/managed-by"] == null' -t 1s ns/mine
}
