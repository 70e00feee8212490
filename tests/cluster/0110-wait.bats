#!/usr/bin/env bats
# k8s-wait on a real cluster: what its controllers and nodes write is what
# readiness is judged by.
bats_require_minimum_version 1.5.0
load cluster

teardown_file() {
	teardown_namespaces
}

setup() {
	cd "$BATS_TEST_TMPDIR" || return
	[[ $BATS_TEST_DESCRIPTION != *pods:* ]] || need_pods
	new_namespace
}

deployment() { # NAME SCRIPT [REPLICAS]
	cat <<-Y
		apiVersion: apps/v1
		kind: Deployment
		metadata: {name: $1}
		spec:
		  replicas: ${3:-1}
		  selector: {matchLabels: {app: $1}}
		  template:
		    metadata: {labels: {app: $1}}
		    spec:
		      terminationGracePeriodSeconds: 0
		      containers:
		        - {name: c, image: "$IMAGE", imagePullPolicy: IfNotPresent, command: [sh, -c, $(jq -cn --arg s "$2" '$s')]}
	Y
}

job() { # NAME SCRIPT
	cat <<-Y
		apiVersion: batch/v1
		kind: Job
		metadata: {name: $1}
		spec:
		  backoffLimit: 0
		  template:
		    spec:
		      restartPolicy: Never
		      containers:
		        - {name: c, image: "$IMAGE", imagePullPolicy: IfNotPresent, command: [sh, -c, $(jq -cn --arg s "$2" '$s')]}
	Y
}

@test "what is there is ready at once" {
	run -0 --separate-stderr k8s-wait "ns/$NS" -n "$NS" sa/default
	jq -es 'length == 2 and all(.status == "met" and .condition == "ready")' <<<"$output"
}

@test "an object that does not exist yet" {
	(sleep 1.5 && printf 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: late}\n' | k8s-apply -n "$NS" >/dev/null) 3>&- &
	run -0 k8s-wait -n "$NS" -t 10s cm/late
	jq -e '.ms >= 300' <<<"$output"
}

@test "a deployment of no pods is ready once its controller has seen it" {
	run -0 bash -c "$(declare -f deployment); IMAGE=$IMAGE; deployment none true 0 | k8s-apply -n $NS | k8s-wait -n $NS -t 20s"
	jq -e '.kind == "Deployment" and .status == "met"' <<<"$output"
}

@test "names as RBAC has them" {
	printf 'apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: {name: "%s:a=b,c d", %s}\n' "$NS" "$OWNED" | k8s-apply >/dev/null
	run -0 k8s-wait -t 10s "clusterrole/$NS:a=b,c d"
	jq -e --arg ns "$NS" '.name == $ns + ":a=b,c d" and .status == "met"' <<<"$output"
	k8s-delete "clusterrole/$NS:a=b,c d" >/dev/null
}

@test "the timeout names each that is left, and why" {
	printf 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: here}\n' | k8s-apply -n "$NS" >/dev/null
	run -1 --separate-stderr k8s-wait -n "$NS" -t 1s cm/here cm/nope deploy/nope
	[[ $stderr == *"ConfigMap $NS/nope: not ready in time: NotFound"* ]]
	[[ $stderr == *"Deployment $NS/nope: not ready in time: NotFound"* && $stderr != *here* ]]
	jq -es '[.[] | select(.status == "timeout")] | length == 2 and all(.ms < 3000)' <<<"$output"
}

@test "deleted: never there, going, staying" {
	run -0 k8s-wait -n "$NS" --for deleted cm/never
	printf 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: going}\n' | k8s-apply -n "$NS" >/dev/null
	run -1 --separate-stderr k8s-wait -n "$NS" --for deleted -t 1s cm/going
	[[ $stderr == *"ConfigMap $NS/going: not deleted in time"* ]]
	(sleep 1.5 && k8s-delete -n "$NS" cm/going >/dev/null) 3>&- &
	run -0 k8s-wait -n "$NS" --for deleted -t 10s cm/going
	jq -e '.ms >= 300' <<<"$output"
}

@test "an unknown kind: 2" {
	run -2 k8s-wait -n "$NS" foo/x
}

@test "pods: a deployment gets ready, with the time of its start" {
	deployment web 'exec sleep 60' 2 | k8s-apply -n "$NS" >applied
	run -0 k8s-wait -n "$NS" -t 60s <applied
	jq -e '.status == "met" and .startup_ms > 0 and .startup_ms <= 60000' <<<"$output"
	holds deploy/web '.status.readyReplicas == 2'
}

@test "pods: a job is ready when it is complete; a failed one fails at once" {
	job good 'sleep 1' | k8s-apply -n "$NS" | k8s-wait -n "$NS" -t 60s
	run -0 k8s-wait -n "$NS" --for complete job/good
	job bad 'echo some words; exit 7' | k8s-apply -n "$NS" >applied
	run -1 --separate-stderr k8s-wait -n "$NS" -t 60s <applied
	jq -e '.status == "failed" and .reason == "BackoffLimitExceeded" and .ms < 40000' <<<"$output"
	[[ $stderr == *"Job $NS/bad: BackoffLimitExceeded"* && $stderr == *'some words'* ]]
}

@test "pods: a crash loop fails after the grace, with its last words" {
	# never ready in between, as a container without probe would be
	deployment crash 'echo last words; exit 3' |
		sed 's/^\( *\)- {name: c,/& readinessProbe: {exec: {command: ["false"]}},/' | k8s-apply -n "$NS" >applied
	run -1 --separate-stderr k8s-wait -n "$NS" -t 60s --grace 1s <applied
	jq -e '.status == "failed" and .reason == "CrashLoopBackOff"' <<<"$output"
	[[ $stderr == *'last words'* ]]
}

@test "pods: an image that cannot be had fails after the grace" {
	deployment noimage true | sed 's,image: "[^"]*",image: "inttest.invalid/none:1",' | k8s-apply -n "$NS" >applied
	run -1 --separate-stderr k8s-wait -n "$NS" -t 60s --grace 1s <applied
	jq -e '.status == "failed" and (.reason | test("ErrImagePull|ImagePullBackOff"))' <<<"$output"
}

@test "pods: one that no node can take" {
	deployment big true | sed 's/^\( *\)- {name: c,/&  resources: {requests: {memory: 100Ti}},/' | k8s-apply -n "$NS" >applied
	run -1 --separate-stderr k8s-wait -n "$NS" -t 30s --grace 1s <applied
	jq -e '.reason == "Unschedulable"' <<<"$output"
}

@test "pods: a replaced pod is followed" {
	deployment web 'exec sleep 60' | k8s-apply -n "$NS" | k8s-wait -n "$NS" -t 60s >/dev/null
	deployment web 'sleep 1; exec sleep 61' | k8s-apply -n "$NS" >applied
	run -0 k8s-wait -n "$NS" -t 60s <applied
	holds deploy/web '.status.updatedReplicas == 1 and .status.replicas == 1'
}
