#!/usr/bin/env bats
# The API server is away for five seconds in the midst of the work: once it
# refuses connections and those that were open are cut, as when it restarts;
# once it hangs, connections open and no answers.  Everything ends well.
bats_require_minimum_version 1.5.0
load cluster
load faults

teardown_file() {
	teardown_namespaces
}

setup() {
	cd "$BATS_TEST_TMPDIR" || return
	new_namespace
}

teardown() {
	kill "$RELAY" 2>/dev/null || true
}

relay() { # away|hang BYTES: a relay, and the kubeconfig "through" for it
	python3 "$ROOT/tests/cluster/relay.py" "$(upstream)" "$1" 5 "$2" >port 3>&- &
	RELAY=$!
	until [[ -s port ]]; do sleep 0.02; done
	sed "s,server: *\"\{0\,1\}https://[^\"\,} ]*\"\{0\,1\},server: \"https://127.0.0.1:$(<port)\"," "$KUBECONFIG" >through
	k8s-wait --kubeconfig through -t 3s "ns/$NS" >/dev/null 2>&1 ||
		skip "the server's certificate does not hold for 127.0.0.1"
}

apply_through() { # away|hang
	local filler
	filler=$(head -c 2000 /dev/zero | tr '\0' x)
	for i in {1..60}; do
		printf -- '---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: m%s}\ndata: {x: "%s"}\n' "$i" "$filler"
	done >many.yaml
	relay "$1" 50000
	kill -HUP "$RELAY"
	SECONDS=0
	run -0 --separate-stderr k8s-apply --kubeconfig through -n "$NS" -t 30s -f many.yaml
	((SECONDS >= 4 && SECONDS < 25))
	# each once, in the order of the input, and made by this run
	[ "$(jq -r '"\(.name) \(.result)"' <<<"$output")" = "$(printf 'm%s created\n' {1..60})" ]
	[ -z "$stderr" ]
	# through or not: all are there now, as they are
	run -0 k8s-apply -n "$NS" -f many.yaml
	jq -es 'length == 60 and all(.result == "unchanged")' <<<"$output"
}

# lines FILE N: until it has so many
lines() {
	local i
	for ((i = 0; i < 600; i++)); do
		[[ $(wc -l <"$1") -lt $2 ]] || return 0
		sleep 0.05
	done
	return 1
}

wait_through() { # away|hang
	local comes gone
	relay "$1" 0
	for name in goes here; do
		printf -- '---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: %s}\n' "$name"
	done | k8s-apply -n "$NS" >/dev/null
	k8s-wait --kubeconfig through -n "$NS" -t 60s cm/here cm/comes >comes 2>errors 3>&- &
	comes=$!
	k8s-wait --kubeconfig through -n "$NS" -t 60s --for deleted cm/never cm/goes >gone 2>>errors 3>&- &
	gone=$!
	# both have begun: one of each is known
	lines comes 1
	lines gone 1
	kill -HUP "$RELAY"
	sleep 1
	# nobody tells those who wait
	k8s-delete -n "$NS" cm/goes >/dev/null
	printf 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: comes}\n' | k8s-apply -n "$NS" >/dev/null
	wait "$comes"
	wait "$gone"
	[ ! -s errors ]
	jq -es 'length == 2 and all(.status == "met") and .[1].name == "comes" and .[1].ms > 4500' comes
	jq -es 'length == 2 and all(.status == "met") and .[1].name == "goes" and .[1].ms > 4500' gone
}

@test "an apply while the server restarts" {
	apply_through away
}

@test "an apply while the server hangs" {
	apply_through hang
}

@test "waits while the server restarts" {
	wait_through away
}

@test "waits while the server hangs" {
	wait_through hang
}

@test "a delete while the server restarts" {
	for i in {1..20}; do printf -- '---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: d%s}\n' "$i"; done |
		k8s-apply -n "$NS" >records
	relay away 2500
	kill -HUP "$RELAY"
	run -0 --separate-stderr k8s-delete --kubeconfig through -t 30s - <records
	[ -z "$stderr" ]
	jq -es 'any(.ms > 4000)' <<<"$output"
	[ "$(jq -r '"\(.name) \(.result)"' <<<"$output" | sort)" = "$(printf 'd%s deleted\n' {1..20} | sort)" ]
}
