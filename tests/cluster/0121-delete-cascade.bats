#!/usr/bin/env bats
# k8s-delete --cascade on a real cluster: what becomes of what is owned.
bats_require_minimum_version 1.5.0
load cluster

teardown_file() {
	teardown_namespaces
}

setup() {
	cd "$BATS_TEST_TMPDIR" || return
	new_namespace
	cat >web.yaml <<-Y
		apiVersion: apps/v1
		kind: Deployment
		metadata: {name: web}
		spec:
		  replicas: 0
		  selector: {matchLabels: {app: web}}
		  template: {metadata: {labels: {app: web}}, spec: {containers: [{name: c, image: "$IMAGE"}]}}
	Y
	k8s-apply -n "$NS" -f web.yaml | k8s-wait -n "$NS" -t 30s >/dev/null
	# its one ReplicaSet, by a dump's record: the tools list nothing else
	RS=$(k8s-dump -n "$NS" | jq -r 'select(.kind == "ReplicaSet").name')
	[[ $RS == web-* ]]
}

@test "foreground: what is owned is gone when it is" {
	run -0 --separate-stderr k8s-delete -n "$NS" --cascade foreground -t 30s deploy/web
	[ "$(results)" = 'Deployment/web:deleted ' ]
	run -0 --separate-stderr k8s-delete -n "$NS" "rs/$RS"
	[ "$(results)" = "ReplicaSet/$RS:absent " ]
}

@test "background: what is owned follows" {
	run -0 --separate-stderr k8s-delete -n "$NS" -t 30s deploy/web
	[ "$(results)" = 'Deployment/web:deleted ' ]
	run -0 k8s-wait -n "$NS" -t 30s --for deleted "rs/$RS"
}

@test "orphan: what is owned stays, by itself" {
	run -0 --separate-stderr k8s-delete -n "$NS" --cascade orphan -t 30s deploy/web
	run -0 k8s-wait -n "$NS" -t 10s --for 'jq=(.metadata.ownerReferences // []) == []' "rs/$RS"
}

@test "-l: those that match, and no others" {
	printf -- 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: %s, labels: {app: %s}}\n---\n' a web b web c db | k8s-apply -n "$NS" >/dev/null
	run -0 --separate-stderr k8s-delete -n "$NS" -l app=web cm
	[ "$(jq -r '"\(.name) \(.result)"' <<<"$output" | sort | tr '\n' ' ')" = 'a deleted b deleted ' ]
	holds cm/c true
}
