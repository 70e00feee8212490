#!/usr/bin/env bats
# k8s-top and first samples: against an API server without nodes, whose part
# the tests play.
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
	for p in a b; do
		post "/api/v1/namespaces/$NS/pods" '{"metadata":{"name":"'$p'"},"spec":{"nodeName":"n","containers":[{"name":"c","image":"x"}]}}'
		api PATCH "/api/v1/namespaces/$NS/pods/$p/status" -f -H 'Content-Type: application/merge-patch+json' -d '{"status":{"phase":"Running",
			"containerStatuses":[{"name":"c","image":"x","imageID":"","restartCount":0,"ready":true,"state":{"running":{}}}]}}' >/dev/null
	done
	sample a
}

sample() { # POD
	post "/apis/metrics.k8s.io/v1beta1/namespaces/$NS/pods" '{"metadata":{"name":"'"$1"'"},"timestamp":"2026-01-01T00:00:00Z","window":"10s",
		"containers":[{"name":"c","usage":{"cpu":"2500000n","memory":"64Ki"}}]}'
}

@test "samples are told as they come, each once; quantities are numbers" {
	(sleep 0.6 && sample b) 3>&- &
	run -0 --separate-stderr k8s-top -n "$NS" -t 20s
	[[ $(jq -r '"\(.pod) \(.container) \(.memory_bytes) \(.cpu_millicores) \(.ts) \(.source)"' <<<"$output") == \
		$'a c 65536 2.5 2026-01-01T00:00:00.000Z metrics.k8s.io\nb c 65536 2.5 2026-01-01T00:00:00.000Z metrics.k8s.io' ]]
	[[ -z $stderr ]]
}

@test "no sample within --timeout: 3, and which pod has none" {
	SECONDS=0
	run -3 --separate-stderr k8s-top -n "$NS" -t 2s
	[[ $(jq -r .pod <<<"$output") == a && $stderr == 'k8s-top: b: no sample yet' ]]
	((SECONDS < 15))
	run -0 --separate-stderr k8s-top -n "$NS" -t 2s a
}

@test "a pod that ends while it is waited for is not missed" {
	(sleep 0.5 && api DELETE "/api/v1/namespaces/$NS/pods/b?gracePeriodSeconds=0" >/dev/null) 3>&- &
	run -0 --separate-stderr k8s-top -n "$NS" -t 20s
	[[ $(jq -r .pod <<<"$output") == a && -z $stderr ]]
}
