#!/usr/bin/env bats
# Credentials that change while a tool works: exec plugins that are run again,
# token files that are written anew; and plugins that are of no use.  The
# proxy in between says which tokens count.
bats_require_minimum_version 1.5.0
load cluster
load faults

teardown_file() {
	teardown_namespaces
}

setup() {
	cd "$BATS_TEST_TMPDIR" || return
	new_namespace
	start_faults
	: >runs
	# tells the token in the file "now", good for as many seconds as "life" says
	cat >plugin <<-'P'
		#!/bin/sh
		dir=$(dirname "$0")
		echo "$KUBERNETES_EXEC_INFO" >>"$dir/runs"
		until=
		[ ! -e "$dir/life" ] || until=$(date -u -d "+$(cat "$dir/life") seconds" +',"expirationTimestamp":"%FT%TZ"')
		printf '{"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/%s","status":{"token":"%s"%s}}' \
			"${VERSION:-v1}" "$(cat "$dir/now")" "$until"
	P
	chmod +x plugin
	with_plugin "$PWD/plugin"
	echo one | tee now >"$FAULTS/accepted"
}

teardown() {
	stop_faults
}

with_plugin() { # COMMAND [FIELDS]
	kubeconfig "https://127.0.0.1:$PORT" \
		"exec: {apiVersion: client.authentication.k8s.io/v1, command: \"$1\", interactiveMode: Never${2:+, $2}}" >"$THROUGH"
}

configmaps() { # N
	for ((i = 1; i <= $1; i++)); do
		printf -- '---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: m%s}\ndata: {n: "%s"}\n' "$i" "$i"
	done
}

make_configmap() { # NAME
	printf 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: %s}\n' "$1" | k8s-apply -n "$NS" >/dev/null
}

renew() { # TOKEN: the one before no longer counts
	echo "$1" >now
	echo "$1" >"$FAULTS/accepted"
}

@test "a plugin is run once, and told its version" {
	run -0 --separate-stderr k8s-apply --kubeconfig "$THROUGH" -n "$NS" -f <(configmaps 20)
	[ -z "$stderr" ]
	jq -es 'length == 1 and .[0].kind == "ExecCredential" and .[0].spec.interactive == false' runs
}

@test "401: a plugin is run again, once for all that was refused" {
	# the first four, which are sent before any is answered
	for i in 1 2 3 4; do rule "1 PATCH.*/m${i}[?] status 401"; done
	run -0 --separate-stderr k8s-apply --kubeconfig "$THROUGH" -n "$NS" -f <(configmaps 20)
	[ -z "$stderr" ]
	jq -es 'length == 20 and all(.result == "created")' <<<"$output"
	[ "$(wc -l <runs)" = 2 ]
}

@test "401: a token that was revoked in the midst of a wait" {
	(
		sleep 1
		renew two
		kill -HUP "$FAULTS_PID" # its streams are cut
		sleep 1
		make_configmap late
	) 3>&- &
	run -0 --separate-stderr k8s-wait --kubeconfig "$THROUGH" -n "$NS" -t 20s cm/late
	jq -e '.status == "met"' <<<"$output"
	[ -z "$stderr" ]
	[ "$(wc -l <runs)" = 2 ]
	asked 'any(.status == 401) and .[-1].token == "two"'
}

@test "401 for good: 3, and the plugin is not run for ever" {
	echo other >"$FAULTS/accepted"
	run -3 --separate-stderr k8s-apply --kubeconfig "$THROUGH" -n "$NS" -t 3s -f <(configmaps 1)
	[[ $stderr == *Unauthorized* ]]
	# at first, and once for each request that was refused
	(($(wc -l <runs) <= 3))
}

@test "what has expired is renewed before it is refused" {
	echo 3 >life
	(sleep 4.5; make_configmap late) 3>&- &
	(sleep 3.3; kill -HUP "$FAULTS_PID") 3>&- &
	run -0 --separate-stderr k8s-wait --kubeconfig "$THROUGH" -n "$NS" -t 20s cm/late
	jq -e '.status == "met"' <<<"$output"
	[ "$(wc -l <runs)" = 2 ]
	asked 'all(.status < 400)'
}

@test "v1beta1 plugins" {
	export VERSION=v1beta1
	sed -i 's,k8s.io/v1,k8s.io/v1beta1,' "$THROUGH"
	run -0 k8s-apply --kubeconfig "$THROUGH" -n "$NS" -f <(configmaps 1)
	jq -e '.apiVersion == "client.authentication.k8s.io/v1beta1"' runs
}

fails() { # STATUS WORDS…: k8s-wait ends so, at once, and says so
	local want=$1 word
	shift
	SECONDS=0
	run "-$want" --separate-stderr k8s-wait --kubeconfig "$THROUGH" -n "$NS" -t 1s cm/x
	((SECONDS < 12))
	[ -z "$output" ]
	for word; do [[ $stderr == *"$word"* ]]; done
	# what a plugin wrote may be a secret
	[[ $stderr != *hush* ]]
}

@test "plugins that are of no use: why" {
	printf '#!/bin/sh\necho no login >&2; echo hush; exit 4\n' >plugin
	fails 3 'exec plugin' "$PWD/plugin" 'status 4' 'no login'
	printf '#!/bin/sh\necho "hush, hush"\n' >plugin
	fails 3 'exec plugin' 'not JSON'
	printf '#!/bin/sh\necho "{\\"apiVersion\\":\\"client.authentication.k8s.io/v1\\",\\"status\\":{}}"\n' >plugin
	fails 3 'exec plugin' 'no credentials'
	printf '#!/bin/sh\necho "{\\"apiVersion\\":\\"client.authentication.k8s.io/v2\\",\\"status\\":{\\"token\\":\\"hush\\"}}"\n' >plugin
	fails 3 'exec plugin' 'client.authentication.k8s.io/v2'
	with_plugin "$PWD/nowhere" 'installHint: "apt install nowhere"'
	fails 3 'exec plugin' nowhere 'apt install nowhere'
	sed -i 's,k8s.io/v1,k8s.io/v9,' "$THROUGH"
	fails 2 'exec plugin' 'client.authentication.k8s.io/v9' 'not supported'
	[ ! -e "$FAULTS/log" ]
}

@test "a plugin that hangs is given up" {
	printf '#!/bin/sh\necho $$ >"$(dirname "$0")/pid"; exec sleep 100\n' >plugin
	fails 3 'exec plugin' 'ended after 5000 ms'
	run ! kill -0 "$(<pid)"
}

@test "a token file that is written anew during a wait" {
	kubeconfig "https://127.0.0.1:$PORT" "tokenFile: \"$PWD/now\"" >"$THROUGH"
	(
		sleep 1
		renew two
		kill -HUP "$FAULTS_PID"
		sleep 1
		make_configmap late
	) 3>&- &
	run -0 --separate-stderr k8s-wait --kubeconfig "$THROUGH" -n "$NS" -t 20s cm/late
	jq -e '.status == "met"' <<<"$output"
	[ -z "$stderr" ]
	asked 'any(.status == 401) and .[-1].token == "two"'
}

@test "a token file that is gone: 3" {
	kubeconfig "https://127.0.0.1:$PORT" "tokenFile: \"$PWD/none\"" >"$THROUGH"
	fails 3 "$PWD/none" 'No such file'
}
