#!/usr/bin/env bats
# ^C and TERM end a tool at once while it waits to try again; and the proxies
# of the environment, as kubectl reads them.
bats_require_minimum_version 1.5.0
load cluster
load faults

teardown_file() {
	teardown_namespaces
}

setup() {
	cd "$BATS_TEST_TMPDIR" || return
	new_namespace
	printf 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\n' >cm.yaml
	unset HTTPS_PROXY https_proxy HTTP_PROXY http_proxy NO_PROXY no_proxy
}

teardown() {
	stop_faults
	for pid in ${CONNECT_PID:-} ${FORWARD_PID:-}; do
		kill "$pid" 2>/dev/null || true
	done
}

# Sends SIGNAL after AFTER seconds: the tool ends by it at once, which a busy machine makes seconds
ended_by() { # SIGNAL AFTER COMMAND…
	local from
	from=$(date +%s%N)
	run timeout --preserve-status -k 20 -s "$1" "$2" "${@:3}"
	[ "$status" = $((128 + $(kill -l "$1"))) ] || {
		echo "${*:3}: status $status, not by $1: $output" >&2
		return 1
	}
	(($(date +%s%N) - from < ${2/./}00000000 + 3000000000)) # AFTER has one decimal
}

each_tool() { # AFTER: each, by both signals
	local tool signal
	for signal in INT TERM; do
		for tool in "k8s-apply -f cm.yaml" "k8s-wait cm/x" "k8s-delete cm/x" "k8s-delete --expired" "k8s-logs x" \
			"k8s-logs -f x" k8s-top k8s-dump; do
			# shellcheck disable=SC2086 # words
			ended_by "$signal" "$1" $tool --kubeconfig "$THROUGH" -n "$NS"
		done
	done
}

@test "signals: while the server says 503" {
	rule '* . status 503'
	start_faults
	each_tool 0.4
}

@test "signals: while Retry-After is waited for" {
	rule '* . status 429 9'
	start_faults
	each_tool 0.4
}

@test "signals: while the server does not answer" {
	rule '* . hang 20'
	start_faults
	each_tool 0.4
}

@test "the time that is given: over while the server does not answer" {
	local tool
	rule '* . hang 30'
	start_faults
	for tool in "k8s-apply -f cm.yaml" "k8s-apply --diff -f cm.yaml" "k8s-wait cm/x" "k8s-wait -l a=b cm" "k8s-delete cm/x" \
		"k8s-delete -l a=b cm" "k8s-delete --expired"; do
		SECONDS=0
		# shellcheck disable=SC2086 # words
		run -3 --separate-stderr $tool -t 1s --kubeconfig "$THROUGH" -n "$NS"
		((SECONDS < 15))
		[[ $stderr == *'no answer within '* ]]
	done
}

@test "signals: what was applied before has its record" {
	rule '* PATCH.*/late hang 20'
	start_faults
	printf -- '---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: late}\n' >>cm.yaml
	k8s-apply -f cm.yaml --kubeconfig "$THROUGH" -n "$NS" >out 2>err 3>&- &
	until [[ -s out ]]; do sleep 0.1; done
	kill -KILL $! || cat err >&2
	jq -es 'map([.name, .result]) == [["x", "created"]]' out
}

@test "signals: while an exec plugin runs, which goes as well" {
	start_faults
	printf '#!/bin/sh\necho $$ >"$(dirname "$0")/pid"; exec sleep 100\n' >plugin
	chmod +x plugin
	kubeconfig "https://127.0.0.1:$PORT" "exec: {apiVersion: client.authentication.k8s.io/v1, command: \"$PWD/plugin\", interactiveMode: Never}" >"$THROUGH"
	ended_by TERM 0.7 k8s-wait --kubeconfig "$THROUGH" -n "$NS" cm/x
	# gone, or waited for by nobody but init
	for ((i = 0; i < 40; i++)); do
		grep -q '^State:[[:space:]]*[^Z]' "/proc/$(<pid)/status" 2>/dev/null || return 0
		sleep 0.05
	done
	false
}

@test "signals: k8s-forward while its pod cannot be asked for" {
	rule '* . status 503'
	start_faults
	timeout --preserve-status -k 20 300 k8s-forward --kubeconfig "$THROUGH" -n "$NS" pod/x:80 >forwards 3>&- &
	FORWARD_PID=$!
	local from port
	timeout 20 bash -c 'until [ -s forwards ]; do sleep 0.05; done'
	port=$(jq -r .local_port forwards)
	exec 4<>"/dev/tcp/127.0.0.1/$port"
	timeout 20 bash -c 'until grep -q /pods "$0"; do sleep 0.05; done' "$FAULTS/log"
	from=$(date +%s%N)
	kill -TERM "$FORWARD_PID"
	wait "$FORWARD_PID"
	(($(date +%s%N) - from < 3000000000))
	exec 4>&-
}

# A CONNECT proxy, which keeps what it was asked for in "connects" and takes
# every name for this machine: CONNECT
connect_proxy() {
	python3 - >connect 3>&- <<-'P' &
		import asyncio


		async def pump(reader, writer):
		    try:
		        while data := await reader.read(65536):
		            writer.write(data)
		            await writer.drain()
		    except OSError:
		        pass
		    writer.close()

		async def serve(reader, writer):
		    head = (await reader.readuntil(b'\r\n\r\n')).decode()
		    method, target = head.split()[:2]
		    with open('connects', 'a') as f:
		        f.write(f'{method} {target}\n')
		    up_reader, up_writer = await asyncio.open_connection('127.0.0.1', int(target.rpartition(':')[2]))
		    writer.write(b'HTTP/1.1 200 Connection established\r\n\r\n')
		    await asyncio.gather(pump(reader, up_writer), pump(up_reader, writer))

		async def main():
		    server = await asyncio.start_server(serve, '127.0.0.1', 0)
		    print(server.sockets[0].getsockname()[1], flush=True)
		    await asyncio.Event().wait()

		asyncio.run(main())
	P
	CONNECT_PID=$!
	until [[ -s connect ]]; do sleep 0.02; done
	CONNECT=http://127.0.0.1:$(<connect)
}

# what only a proxy finds: a name that nobody resolves
hidden() {
	start_faults
	sed -i "s,https://127.0.0.1,https://api.test," "$THROUGH"
	connect_proxy
}

applied() {
	run -0 --separate-stderr k8s-apply --kubeconfig "$THROUGH" -n "$NS" -f cm.yaml
	[ -z "$stderr" ]
}

@test "HTTPS_PROXY is used, also in lower case; HTTP_PROXY is not for https" {
	hidden
	HTTPS_PROXY=$CONNECT applied
	https_proxy=${CONNECT#http://} applied
	[ "$(sort -u connects)" = "CONNECT api.test:$PORT" ]
	rm connects
	HTTP_PROXY=$CONNECT ALL_PROXY=$CONNECT run -3 k8s-apply --kubeconfig "$THROUGH" -n "$NS" -f cm.yaml
	[[ $output == *api.test*'ould not resolve host'* ]]
	[ ! -e connects ]
}

@test "through the proxy: lists, watches, deletes" {
	hidden
	export HTTPS_PROXY=$CONNECT
	applied
	run -0 k8s-wait --kubeconfig "$THROUGH" -n "$NS" -t 10s cm/x
	run -0 k8s-delete --kubeconfig "$THROUGH" -n "$NS" -t 10s cm/x
	run -0 k8s-dump --kubeconfig "$THROUGH" -n "$NS"
}

@test "NO_PROXY: direct" {
	hidden
	export HTTPS_PROXY=$CONNECT
	for NO_PROXY in .test api.test:$PORT '*' 'x, test'; do
		export NO_PROXY
		run -3 k8s-apply --kubeconfig "$THROUGH" -n "$NS" -f cm.yaml
		[[ $output == *'ould not resolve host'* ]]
	done
	[ ! -e connects ]
	NO_PROXY=other.test,api.test:1 applied
	[ -s connects ]
}

@test "loopback addresses are never proxied" {
	start_faults
	HTTPS_PROXY=http://127.0.0.1:1 applied
}

@test "proxy-url of the kubeconfig comes first, whatever NO_PROXY says" {
	hidden
	kubeconfig "https://api.test:$PORT" 'token: test' "proxy-url: \"$CONNECT\"" >"$THROUGH"
	HTTPS_PROXY=http://127.0.0.1:1 NO_PROXY='*' applied
	[ -s connects ]
}

@test "a proxy that is not there: named, without its password" {
	start_faults
	sed -i "s,https://127.0.0.1,https://api.test," "$THROUGH"
	HTTPS_PROXY=http://u:hidden@127.0.0.1:1 run -3 k8s-apply --kubeconfig "$THROUGH" -n "$NS" -f cm.yaml
	[[ $output == *"https://api.test:$PORT through 127.0.0.1:1: "*'Connection refused'*'proxy'* && $output != *hidden* ]]
}
