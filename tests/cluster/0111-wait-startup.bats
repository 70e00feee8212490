#!/usr/bin/env bats
# k8s-wait's startup times where the list of pods comes later than that of
# their workload, which is ready already.
bats_require_minimum_version 1.5.0
load cluster
load faults

teardown_file() {
	teardown_namespaces
}

setup() {
	cd "$BATS_TEST_TMPDIR" || return
	need_pods
	new_namespace
	k8s-apply -n "$NS" <<-Y | k8s-wait -n "$NS" -t 60s >/dev/null
		apiVersion: apps/v1
		kind: Deployment
		metadata: {name: web}
		spec:
		  selector: {matchLabels: {app: web}}
		  template:
		    metadata: {labels: {app: web}}
		    spec:
		      terminationGracePeriodSeconds: 0
		      containers: [{name: c, image: "$IMAGE", imagePullPolicy: IfNotPresent, command: [sleep, "600"]}]
	Y
	start_faults
}

teardown() {
	stop_faults
}

@test "a little later: it is waited for" {
	rule '* GET.*/pods.limit hang 0.5'
	run -0 --separate-stderr k8s-wait --kubeconfig "$THROUGH" -n "$NS" -t 20s deploy/web
	jq -e '.status == "met" and .startup_ms >= 0 and .startup_from == "status" and .ms >= 400' <<<"$output"
}

@test "much later, or refused: ready is ready" {
	rule '* GET.*/pods.limit hang 15'
	run -0 --separate-stderr k8s-wait --kubeconfig "$THROUGH" -n "$NS" -t 30s deploy/web
	jq -e '.status == "met" and has("startup_ms") == false and .ms < 10000' <<<"$output"
	no_rules
	rule '* GET.*/pods.limit status 403'
	run -0 --separate-stderr k8s-wait --kubeconfig "$THROUGH" -n "$NS" -t 30s deploy/web
	jq -e '.status == "met" and has("startup_ms") == false' <<<"$output"
}
