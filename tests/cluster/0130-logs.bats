#!/usr/bin/env bats
# k8s-logs and k8s-dump on a real cluster.
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

@test "pods: records with the node's time, in order" {
	shell_pod talk 'echo one; echo two; echo three' | k8s-apply -n "$NS" | k8s-wait -n "$NS" -t 30s --for complete
	run -0 --separate-stderr k8s-logs -n "$NS" talk
	[ "$(jq -r '"\(.type) \(.pod) \(.container) \(.line)"' <<<"$output")" = $'log talk c one\nlog talk c two\nlog talk c three' ]
	[[ ${lines[0]} =~ \"ts\":\"20[0-9-]+T[0-9:]+\.[0-9]{3}Z\" ]]
	run -0 k8s-logs -n "$NS" -o text --tail 1 pod/talk
	[ "$output" = three ]
	run -0 k8s-logs -n "$NS" -l app=talk
	[ "$(jq -rs 'length' <<<"$output")" = 3 ]
}

@test "pods: a line longer than the runtime keeps in one piece" {
	shell_pod long 'x=xxxxxxxxxx; for i in 1 2 3 4; do x=$x$x$x$x$x$x$x$x$x$x; done; echo $x; echo end' |
		k8s-apply -n "$NS" | k8s-wait -n "$NS" -t 30s --for complete
	run -0 --separate-stderr k8s-logs -n "$NS" long
	jq -es 'map(.line) == ["x" * 100000, "end"]' <<<"$output"
	run -0 --separate-stderr timeout 30 k8s-logs -n "$NS" -f -o text long
	[ "$output" = "$(head -c 100000 /dev/zero | tr '\0' x)"$'\nend' ]
}

@test "pods: following begins before the container and ends with it" {
	shell_pod ticks 'for i in 1 2 3 4 5; do echo tick $i; sleep 0.3; done' | k8s-apply -n "$NS" >/dev/null
	run -0 --separate-stderr timeout 60 k8s-logs -n "$NS" -f -o text ticks
	[ "$output" = $'tick 1\ntick 2\ntick 3\ntick 4\ntick 5' ]
}

@test "pods: those of a workload, and the previous container" {
	cat <<-Y | k8s-apply -n "$NS" >/dev/null
		apiVersion: apps/v1
		kind: Deployment
		metadata: {name: web}
		spec:
		  replicas: 1
		  selector: {matchLabels: {app: web}}
		  template:
		    metadata: {labels: {app: web}}
		    spec:
		      terminationGracePeriodSeconds: 0
		      containers: [{name: c, image: "$IMAGE", imagePullPolicy: IfNotPresent, command: [sh, -c, "echo run; sleep 1; exit 3"]}]
	Y
	run -0 timeout 40 bash -c "until k8s-logs -n $NS -o text --previous deploy/web 2>/dev/null; do sleep 0.3; done"
	[[ $output == run ]]
}

@test "a pod that is not there: 1; an unknown kind: 2" {
	run -1 --separate-stderr k8s-logs -n "$NS" nothere
	[[ $stderr == *'nothere: no such pod'* ]]
	run -2 k8s-logs -n "$NS" nokind/x
}

@test "a dump has the namespace's objects and no secrets" {
	cat <<-'Y' | k8s-apply -n "$NS" >/dev/null
		apiVersion: v1
		kind: ConfigMap
		metadata: {name: plain}
		data: {a: b}
		---
		apiVersion: v1
		kind: Secret
		metadata: {name: key}
		stringData: {password: do-not-show-me}
	Y
	k8s-dump -n "$NS" >dump
	jq -se '(["ConfigMap", "Namespace", "Secret", "ServiceAccount"] - (map(select(.type == "object").kind) | unique)) == []' dump
	run -0 --separate-stderr k8s-dump -n "$NS" -d folder
	jq -e '.data.a == "b"' folder/objects/configmaps_plain.json
	run ! grep -rqE "do-not-show-me|$(printf do-not-show-me | base64)" dump folder
	run -1 k8s-dump -n "$NS-nothere"
}

@test "pods: a dump has the logs of what crashed, and the events in order" {
	shell_pod crash 'echo run; sleep 0.5; exit 3' | sed 's/restartPolicy: Never/restartPolicy: Always/' | k8s-apply -n "$NS" >/dev/null
	k8s-wait -n "$NS" -t 40s --for 'jq=.status.containerStatuses[0].restartCount > 0' pod/crash >/dev/null
	k8s-dump -n "$NS" >dump
	jq -se 'any(.type == "log" and .pod == "crash" and .line == "run")' dump
	jq -se 'map(select(.type == "event")) | length > 2 and (map(.ts) | . == sort)' dump
}
