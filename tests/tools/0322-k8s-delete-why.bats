#!/usr/bin/env bats
# k8s-delete says why a namespace does not go: against an API server without
# controllers, whose part the tests play.
bats_require_minimum_version 1.5.0
load helper
load cluster

setup_file() {
	start_apid
}

teardown_file() {
	stop_apid
}

setup() {
	own_namespace
}

conditions() { # CONDITION…
	local IFS=,
	api PATCH "/api/v1/namespaces/$NS/status" -f -H 'Content-Type: application/merge-patch+json' -d "{\"status\":{\"conditions\":[$*]}}" >/dev/null
}

is_true() { # TYPE MESSAGE
	printf '{"type":"%s","status":"True","reason":"R","message":"%s"}' "$@"
}

@test "the conditions of a namespace that are true, and what is left in it" {
	api POST "/api/v1/namespaces/$NS/configmaps" -f -H 'Content-Type: application/json' -d '{"metadata":{"name":"left"}}' >/dev/null
	conditions "$(is_true NamespaceDeletionDiscoveryFailure 'metrics.k8s.io/v1beta1: no answer')" \
		"$(is_true NamespaceContentRemaining 'configmaps. has 1 resource instances')" \
		"$(is_true NamespaceFinalizersRemaining 'example.com/hold in 1 resource instances')" \
		'{"type":"NamespaceDeletionContentFailure","status":"False","message":"all is well"}'
	run -1 --separate-stderr k8s-delete -t 1s "ns/$NS"
	jq -e '.result == "timeout"' <<<"$output"
	[[ ${stderr_lines[0]} == "k8s-delete: namespace/$NS: not gone within 1 s: terminating since 20"*'; finalizers: kubernetes' ]]
	[[ $stderr == *"namespace/$NS: NamespaceDeletionDiscoveryFailure: metrics.k8s.io/v1beta1: no answer"* ]]
	[[ $stderr == *"namespace/$NS: NamespaceContentRemaining: configmaps. has 1 resource instances"* ]]
	[[ $stderr == *"namespace/$NS: NamespaceFinalizersRemaining: example.com/hold in 1 resource instances"* ]]
	[[ $stderr != *'all is well'* ]]
	[[ $stderr == *"namespace/$NS: still there: configmap/left"* ]]
}

@test "of much that is left, twenty are named" {
	for i in {1..25}; do printf -- '---\napiVersion: v1\nkind: Secret\nmetadata: {name: s%s}\n' "$i"; done |
		k8s-apply -n "$NS" >/dev/null
	run -1 --separate-stderr k8s-delete -t 1s "ns/$NS"
	[[ $(grep -c 'still there: secret/s' <<<"$stderr") == 20 ]]
	[[ $stderr == *"namespace/$NS: and 5 more" ]]
}
