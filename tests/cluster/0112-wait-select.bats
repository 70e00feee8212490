#!/usr/bin/env bats
# k8s-wait -l on a real cluster: pods as its controllers make and replace them.
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

labelled() { # NAME VALUE
	printf 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: %s, labels: {app: %s}}\n' "$1" "$2" | k8s-apply -n "$NS" >/dev/null
}

@test "those that match, and the first of them" {
	labelled other db
	(sleep 1 && labelled late web) 3>&- &
	run -0 k8s-wait -n "$NS" -l 'app in (web),app!=db' -t 20s cm
	jq -es 'map(.name) == ["late"] and .[0].ms >= 300' <<<"$output"
	run -1 --separate-stderr k8s-wait -n "$NS" -l app=none -t 500ms cm
	[ "$stderr" = 'k8s-wait: configmaps -l app=none: not ready in time: there is none' ]
	run -2 k8s-wait -n "$NS" -l 'app in web' -t 20s cm
}

@test "deleted: until nothing matches" {
	labelled a web
	labelled b web
	labelled c db
	(sleep 1 && k8s-delete -n "$NS" cm/a cm/b >/dev/null) 3>&- &
	run -0 k8s-wait -n "$NS" -l app=web --for deleted -t 20s cm
	jq -es 'map(.name) | sort == ["a", "b"]' <<<"$output"
}

@test "pods: those of a deployment, one of them replaced meanwhile" {
	cat >web.yaml <<-Y
		apiVersion: apps/v1
		kind: Deployment
		metadata: {name: web, labels: {app: web}}
		spec:
		  replicas: 2
		  selector: {matchLabels: {app: web}}
		  template:
		    metadata: {labels: {app: web}}
		    spec:
		      terminationGracePeriodSeconds: 0
		      containers:
		        - {name: c, image: "$IMAGE", imagePullPolicy: IfNotPresent, command: [sh, -c, 'sleep 1000'],
		           readinessProbe: {exec: {command: [sh, -c, 'test -e /tmp/ready || { sleep 2; touch /tmp/ready; }']}, timeoutSeconds: 5}}
	Y
	k8s-apply -n "$NS" -f web.yaml >/dev/null
	k8s-wait -n "$NS" -l app=web -t 30s --for 'jq=.spec.nodeName' pods >first
	(k8s-delete -n "$NS" "pod/$(head -n 1 first | jq -r .name)" >/dev/null) 3>&- &
	run -0 k8s-wait -n "$NS" -l app=web -t 60s --for condition=Ready pods
	jq -es --arg gone "$(head -n 1 first | jq -r .name)" 'length >= 2 and all(.status == "met" and .name != $gone)' <<<"$output"
	run -0 k8s-wait -n "$NS" -l app=web -t 60s deploy
	jq -e '.kind == "Deployment" and .startup_ms > 0' <<<"$output"
}
