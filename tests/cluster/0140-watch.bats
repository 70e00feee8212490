#!/usr/bin/env bats
# Watches survive what lies between a tool and the API server: streams that
# are cut, and a server that cannot be reached for a while.  A relay in
# between, which passes TLS through, does the cutting.
bats_require_minimum_version 1.5.0
load cluster

teardown_file() {
	teardown_namespaces
}

setup() {
	local server
	cd "$BATS_TEST_TMPDIR" || return
	new_namespace
	server=$(sed -n 's,.*server: *"\{0\,1\}https://\([^"\,} /]*\).*,\1,p' "$KUBECONFIG" | head -n 1)
	python3 "$ROOT/tests/cluster/relay.py" "$server" >port 3>&- &
	RELAY=$!
	until [[ -s port ]]; do sleep 0.05; done
	sed "s,server: *\"\{0\,1\}https://[^\"\,} ]*\"\{0\,1\},server: \"https://127.0.0.1:$(<port)\"," "$KUBECONFIG" >through
	k8s-wait --kubeconfig through -t 3s "ns/$NS" >/dev/null 2>&1 ||
		skip "the server's certificate does not hold for 127.0.0.1"
}

teardown() {
	kill "$RELAY" 2>/dev/null || true
}

# until a connection more than N goes through the relay, and has been of use
connected() { # N
	until (($(sockets) > $1)); do sleep 0.05; done
	sleep 0.5
}

sockets() {
	find "/proc/$RELAY/fd" -lname 'socket:*' | wc -l
}

make_configmap() { # NAME
	printf 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: %s}\n' "$1" | k8s-apply -n "$NS" >/dev/null
}

@test "a wait goes on after its stream was cut" {
	before=$(sockets)
	(
		connected "$before"
		kill -USR1 "$RELAY"
		sleep 0.2
		kill -USR1 "$RELAY"
		sleep 0.2
		make_configmap late
	) 3>&- &
	run -0 --separate-stderr k8s-wait --kubeconfig through -n "$NS" -t 20s cm/late
	jq -e '.status == "met" and .ms > 700' <<<"$output"
}

@test "a wait sees what happened while the server was away" {
	make_configmap goes
	before=$(sockets)
	(
		connected "$before"
		kill -USR2 "$RELAY" # away for 3 s
		k8s-delete -n "$NS" cm/goes >/dev/null
	) 3>&- &
	run -0 --separate-stderr k8s-wait --kubeconfig through -n "$NS" -t 30s --for deleted cm/goes
	jq -e '.status == "met" and .ms > 2000' <<<"$output"
}

@test "an apply goes on after the server was away" {
	for i in {1..40}; do printf -- '---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: m%s}\n' "$i"; done >many.yaml
	kill -USR2 "$RELAY"
	(sleep 0.6; kill -USR1 "$RELAY") 3>&- &
	# the first contact may be refused for good; what has begun goes on
	k8s-apply --kubeconfig through -n "$NS" -t 30s -f many.yaml >/dev/null 2>&1 || true
	sleep 3
	k8s-apply --kubeconfig through -n "$NS" -t 30s -f many.yaml >records 3>&- &
	apply=$!
	sleep 0.02
	kill -USR1 "$RELAY"
	wait "$apply"
	jq -es 'length == 40 and all(.result != "failed")' records
}
