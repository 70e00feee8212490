#!/usr/bin/env bats
# What a kubeconfig says about the connection to a cluster, as kubectl reads
# it: files merged, contexts, tokens, certificates, names, proxies.  The server
# writes down who came, and how.
bats_require_minimum_version 1.5.0
load helper
load cluster # for its certificates

setup_file() {
	cd "$BATS_FILE_TMPDIR" || return
	apid_certificates .
	openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout user.key -out user.csr -subj /CN=jane 2>/dev/null
	openssl x509 -req -in user.csr -CA ca.crt -CAkey ca.key -CAcreateserial -days 2 -out user.crt 2>/dev/null
	mkfifo ports
	python3 "$ROOT/tests/tools/one_api.py" tls.crt tls.key ca.crt seen >ports 3>&- &
	SERVER_PID=$!
	read -r PORT PROXY <ports
	export SERVER_PID PORT PROXY
}

teardown_file() {
	end_process "$SERVER_PID"
}

setup() {
	D=$BATS_FILE_TMPDIR
	cd "$BATS_TEST_TMPDIR" || return
	: >"$D/seen"
}

config() { # FILE CLUSTER USER: both as flow mappings; the server is added
	cat >"$1" <<-K
	clusters: [{name: c, cluster: {server: "https://127.0.0.1:$PORT", $2}}]
	users: [{name: u, user: {$3}}]
	contexts: [{name: x, context: {cluster: c, user: u}}]
	current-context: x
	K
}

waits() { # ARG…: k8s-wait for the server's one namespace
	run --separate-stderr k8s-wait -t 5s --log-lines 0 "$@" ns/one
}

@test "KUBECONFIG's files are merged, the first says more; paths are relative to their file" {
	mkdir a b
	cp "$D/ca.crt" b/
	echo 'from-b' >b/token
	cat >a/config <<-'K'
	current-context: x
	contexts: [{name: x, context: {cluster: c, user: u}}]
	users: [{name: other, user: {token: no}}]
	K
	cat >b/config <<-K
	current-context: wrong
	clusters: [{name: c, cluster: {server: "https://127.0.0.1:$PORT/", certificate-authority: ca.crt}}]
	users: [{name: u, user: {tokenFile: token}}]
	contexts: [{name: x, context: {cluster: gone}}, {name: second, context: {cluster: c, user: v}}]
	K
	printf '%s\n' 'users: [{name: v, user: {token: from-c}}]' >c
	KUBECONFIG=a/config:missing::b/config:c waits
	[[ $status == 0 && -z $stderr ]]
	grep -q 'namespaces.*auth=Bearer from-b$' "$D/seen"
	KUBECONFIG=a/config:b/config:c waits --context second
	[[ $status == 0 ]]
	grep -q 'namespaces.*auth=Bearer from-c$' "$D/seen"
	KUBECONFIG=a/config waits --kubeconfig b/config --context second
	[[ $status == 2 && $stderr == *'user v is not in the configuration'* ]]
	waits --kubeconfig nothere
	[[ $status != 0 && $stderr == *nothere* ]]
}

@test "no cluster: 3, and which files were looked for" {
	HOME=$PWD KUBECONFIG=$PWD/gone run -3 k8s-wait ns/here
	[[ $output == *"no cluster is configured: none is in KUBECONFIG, $PWD/gone" ]]
	HOME=$PWD run -3 k8s-wait ns/here
	[[ $output == *'no cluster is configured: set KUBECONFIG or use --kubeconfig' ]]
}

@test "client certificates, as files and as data" {
	cp "$D/user.crt" "$D/user.key" "$D/ca.crt" .
	config files 'certificate-authority: ca.crt' 'client-certificate: user.crt, client-key: user.key'
	config data "certificate-authority-data: $(base64 -w0 ca.crt)" \
	"client-certificate-data: $(base64 -w0 user.crt), client-key-data: $(base64 -w0 user.key)"
	for f in files data; do
	: >"$D/seen"
	waits --kubeconfig "$f"
	[[ $status == 0 && -z $stderr ]]
	grep -q 'namespaces.*cert=jane auth=-$' "$D/seen"
	done
	config half 'certificate-authority: ca.crt' 'client-certificate: user.crt'
	waits --kubeconfig half
	[[ $status == 2 && $stderr == *'client-certificate and client-key belong together'* ]]
}

@test "another CA is refused, and nothing is tried without it" {
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout key -out ca.crt -days 2 -subj /CN=other 2>/dev/null
	config wrong 'certificate-authority: ca.crt' 'token: secret'
	waits --kubeconfig wrong
	[[ $status == 3 && $stderr == *certificate* && $stderr != *secret* ]]
	[[ ! -s $D/seen ]]
}

@test "tls-server-name is asked for and verified" {
	cp "$D/ca.crt" .
	config named 'certificate-authority: ca.crt, tls-server-name: kubernetes' 'token: t'
	waits --kubeconfig named
	[[ $status == 0 ]]
	grep -q 'namespaces sni=kubernetes ' "$D/seen"
	config other 'certificate-authority: ca.crt, tls-server-name: elsewhere' 'token: t'
	waits --kubeconfig other
	[[ $status == 3 && -n $stderr ]]
}

@test "proxy-url; nothing else decides on a proxy" {
	cp "$D/ca.crt" .
	config through "certificate-authority: ca.crt, proxy-url: \"http://127.0.0.1:$PROXY\"" 'token: t'
	waits --kubeconfig through
	[[ $status == 0 ]]
	grep -q "^proxy CONNECT 127.0.0.1:$PORT\$" "$D/seen"
	grep -q 'namespaces.*auth=Bearer t$' "$D/seen"
	config dead "certificate-authority: ca.crt, proxy-url: \"http://127.0.0.1:$(free_port)\"" 'token: t'
	waits --kubeconfig dead
	[[ $status == 3 ]]
}

@test "insecure-skip-tls-verify works, with a warning" {
	config insecure 'insecure-skip-tls-verify: true' 'token: t'
	waits --kubeconfig insecure
	[[ $status == 0 ]]
	[[ $stderr == "k8s-wait: https://127.0.0.1:$PORT: its certificate is not verified (insecure-skip-tls-verify)" ]]
	config secure "certificate-authority-data: $(base64 -w0 "$D/ca.crt"), insecure-skip-tls-verify: false" 'token: t'
	waits --kubeconfig secure
	[[ $status == 0 && -z $stderr ]]
}

@test "an exec plugin runs once for many requests, in either version" {
	cp "$D/ca.crt" .
	for v in v1 v1beta1; do
	cat >plugin <<-P
		#!/bin/sh
		echo run >>runs
		printf '{"apiVersion":"client.authentication.k8s.io/$v","kind":"ExecCredential","status":{"token":"%s"}}' "\$1"
	P
	chmod +x plugin
	: >runs
	config exec 'certificate-authority: ca.crt' \
		"exec: {apiVersion: client.authentication.k8s.io/$v, command: ./plugin, args: [$v-token], interactiveMode: Never}"
	waits --kubeconfig exec
	[[ $status == 0 ]]
	grep -q "namespaces.*auth=Bearer $v-token\$" "$D/seen"
	[[ $(wc -l <runs) == 1 && $(wc -l <"$D/seen") -ge 2 ]]
	done
}

@test "what is not supported is refused, by name" {
	config pass 'insecure-skip-tls-verify: true' 'username: me, password: hush'
	waits --kubeconfig pass
	[[ $status == 2 && $stderr == *'user u: username is not supported'* && $stderr != *hush* ]]
	config as 'insecure-skip-tls-verify: true' 'token: t, as: root'
	waits --kubeconfig as
	[[ $status == 2 && $stderr == *'user u: as is not supported'* ]]
	config old 'insecure-skip-tls-verify: true' 'exec: {apiVersion: client.authentication.k8s.io/v1alpha1, command: x}'
	waits --kubeconfig old
	[[ $status == 2 && $stderr == *v1alpha1*'not supported'* ]]
	[[ ! -s $D/seen ]]
}
