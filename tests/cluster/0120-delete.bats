#!/usr/bin/env bats
# k8s-delete on a real cluster: gone means gone, what holds objects up is
# named, and of namespaces only ours that have expired are reaped.
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

configmap() { # NAME [FINALIZERS]
	printf 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: %s, finalizers: [%s]}\n' "$1" "${2:-}" |
		k8s-apply -n "$NS" >/dev/null
}

namespace() { # NAME ANNOTATIONS LABELS
	echo "$1" >>"$BATS_FILE_TMPDIR/namespaces"
	printf 'apiVersion: v1\nkind: Namespace\nmetadata: {name: %s, annotations: {%s}, labels: {%s}}\n' "$1" "$2" "$3" |
		k8s-apply >/dev/null
}

@test "deleted, and absent" {
	configmap a
	run -0 --separate-stderr k8s-delete -n "$NS" cm/a configmaps/b
	[ "$(jq -r '"\(.name) \(.result)"' <<<"$output" | sort | tr '\n' ' ')" = 'a deleted b absent ' ]
	[ -z "$stderr" ]
	run -0 k8s-wait -n "$NS" --for deleted cm/a
}

@test "a namespace is gone with all that is in it, and its name can be used again" {
	configmap a
	run -0 --separate-stderr k8s-delete -t 60s "ns/$NS"
	[ "$(results)" = "Namespace/$NS:deleted " ]
	namespace "$NS" '' ''
	run -0 k8s-wait -n "$NS" --for deleted cm/a
}

@test "what was applied is deleted by its records" {
	configmap a
	printf 'apiVersion: v1\nkind: Secret\nmetadata: {name: b}\n' | k8s-apply -n "$NS" >applied
	run -0 k8s-delete - <applied
	[ "$(results)" = 'Secret/b:deleted ' ]
	holds cm/a true
}

@test "a finalizer that blocks is named, for an object and for its namespace" {
	configmap held example.com/hold
	run -1 --separate-stderr k8s-delete -n "$NS" -t 1s cm/held
	[ "$(results)" = 'ConfigMap/held:timeout ' ]
	[[ $stderr == *"configmap/held in $NS: not gone within"*"finalizers: example.com/hold"* ]]
	run -1 --separate-stderr k8s-delete -t 8s "ns/$NS"
	[[ $stderr == *"namespace/$NS: not gone within"* ]]
	[[ $stderr == *"namespace/$NS: NamespaceContentRemaining: "*configmaps* ]]
	[[ $stderr == *"namespace/$NS: NamespaceFinalizersRemaining: "*example.com/hold* ]]
	[[ $stderr == *"configmap/held; finalizers: example.com/hold"* ]]
	(sleep 0.5 && configmap held) 3>&- &
	run -0 --separate-stderr k8s-delete -t 60s "ns/$NS"
	[ "$(results)" = "Namespace/$NS:deleted " ]
}

@test "--expired: ours that have passed, no others" {
	local ours='app.kubernetes.io/managed-by: inttest' past='inttest/expires: "2020-01-01T00:00:00Z"'
	namespace "$NS-past" "$past" "$ours"
	namespace "$NS-future" 'inttest/expires: "2999-01-01T00:00:00+02:00"' "$ours"
	namespace "$NS-never" '' "$ours"
	namespace "$NS-other" "$past" 'app.kubernetes.io/managed-by: helm'
	namespace "$NS-bare" "$past" ''
	run -0 --separate-stderr k8s-delete --expired -t 60s
	[[ $(results) == *"Namespace/$NS-past:deleted "* ]]
	for ns in future never other bare; do
		[[ $output != *"$NS-$ns"* ]]
		holds "ns/$NS-$ns" '.metadata.deletionTimestamp == null'
	done
}

@test "pods: it waits for them to end; --grace 0 does not" {
	{
		shell_pod slow "trap 'sleep 1; exit' TERM; while :; do sleep 0.1; done" | sed 's/Seconds: 1$/Seconds: 20/'
		shell_pod deaf "trap '' TERM; while :; do sleep 0.1; done" | sed 's/Seconds: 1$/Seconds: 60/'
	} | k8s-apply -n "$NS" | k8s-wait -n "$NS" -t 30s
	run -0 --separate-stderr k8s-delete -n "$NS" -t 2m pod/slow
	jq -e '.result == "deleted" and .ms >= 900' <<<"$output"
	run -0 --separate-stderr k8s-delete -n "$NS" --grace 0 -t 20s pod/deaf
	jq -e '.result == "deleted" and .ms < 15000' <<<"$output"
}

@test "unknown kinds and malformed operands: 2" {
	configmap a
	run -2 --separate-stderr k8s-delete -n "$NS" nokind/x a cm/a
	[ "$(results)" = 'ConfigMap/a:deleted ' ]
	[[ $stderr == *'nokind: no such kind'* ]]
}
