#!/usr/bin/env bats
# What a cluster's controllers do with a workload, asked of a real one and of
# the sandbox with the same words.
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

daemons() { # SECONDS: a DaemonSet of pods that sleep as long
	cat <<-Y
		apiVersion: apps/v1
		kind: DaemonSet
		metadata: {name: ds}
		spec:
		  selector: {matchLabels: {app: ds}}
		  template:
		    metadata: {labels: {app: ds}}
		    spec:
		      terminationGracePeriodSeconds: 0
		      containers: [{name: c, image: "$IMAGE", imagePullPolicy: IfNotPresent, command: [sleep, "$1"]}]
	Y
}

@test "pods: a DaemonSet is on every node, and its update reaches them all" {
	daemons 1000 | k8s-apply -n "$NS" | k8s-wait -n "$NS" -t 60s >/dev/null
	holds ds/ds '.status | .desiredNumberScheduled > 0 and .numberAvailable == .desiredNumberScheduled
		and .updatedNumberScheduled == .desiredNumberScheduled and .numberMisscheduled == 0'
	holds ds/ds '.metadata.generation == 1 and .status.observedGeneration == 1'
	daemons 2000 | k8s-apply -n "$NS" | k8s-wait -n "$NS" -t 60s >/dev/null
	holds ds/ds '.metadata.generation == 2 and .status.updatedNumberScheduled == .status.desiredNumberScheduled'
}

deployment() { # [ANNOTATION]
	printf 'apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web, annotations: {%s}}\nspec: {replicas: 0, selector: {matchLabels: {a: b}}, template: {metadata: {labels: {a: b}}, spec: {containers: [{name: c, image: "%s"}]}}}\n' \
		"${1:-}" "$IMAGE"
}

@test "the revision of a Deployment is no new generation, an annotation is" {
	deployment | k8s-apply -n "$NS" >/dev/null
	k8s-wait -n "$NS" -t 20s --for 'jq=.metadata.annotations["deployment.kubernetes.io/revision"] == "1"' deploy/web
	holds deploy/web '.metadata.generation == 1 and .status.observedGeneration == 1'
	deployment 'kubernetes.io/change-cause: why' | k8s-apply -n "$NS" >/dev/null
	holds deploy/web '.metadata.generation == 2'
}

@test "a claim that nothing can bind says why" {
	printf 'apiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: {name: c}\nspec: {storageClassName: no-such-class, accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}\n' |
		k8s-apply -n "$NS" >/dev/null
	run -1 --separate-stderr k8s-wait -n "$NS" -t 6s pvc/c
	[[ $stderr == *'storageclass.storage.k8s.io "no-such-class" not found'* ]]
}

@test "what a namespace owns at the scope of the cluster goes with it" {
	local uid
	uid=$(printf 'apiVersion: v1\nkind: Namespace\nmetadata: {name: %s}\n' "$NS" | k8s-apply --dry-run | jq -r .uid)
	printf 'apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: {name: %s, ownerReferences: [{apiVersion: v1, kind: Namespace, name: %s, uid: %s}]}\nrules: []\n' \
		"$NS" "$NS" "$uid" | k8s-apply >/dev/null
	k8s-delete -t 60s "ns/$NS" >/dev/null
	k8s-wait -t 60s --for deleted "clusterrole/$NS"
}
