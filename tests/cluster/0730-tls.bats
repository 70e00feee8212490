#!/usr/bin/env bats
# A server that is not to be trusted, or is none: each tool says which server,
# why and what to do, ends with 3 at once, sends its token to nobody, and does
# not go on without verification.
bats_require_minimum_version 1.5.0
load cluster
load faults

setup() {
	cd "$BATS_TEST_TMPDIR" || return
	printf 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\n' >cm.yaml
	unset HTTPS_PROXY https_proxy HTTP_PROXY http_proxy
	certificate good IP:127.0.0.1 # and the authority
}

teardown() {
	[[ -z ${SERVER:-} ]] || kill "$SERVER" 2>/dev/null || true
}

# A TLS server with DIR's certificate, which keeps what it is told; PORT
serve() { # DIR|plain
	python3 - "$1" >port 3>&- <<-'P' &
		import socket, ssl, sys
		listener = socket.create_server(('127.0.0.1', 0))
		print(listener.getsockname()[1], flush=True)
		if sys.argv[1] != 'plain':
		    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
		    tls.load_cert_chain(sys.argv[1] + '/tls.crt', sys.argv[1] + '/tls.key')
		while True:
		    c, _ = listener.accept()
		    try:
		        if sys.argv[1] != 'plain':
		            c = tls.wrap_socket(c, server_side=True)
		        c.settimeout(1)
		        data = c.recv(4096)
		        open('heard', 'ab').write(data)
		        c.sendall(b'HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n')
		    except OSError:
		        pass
		    c.close()
	P
	SERVER=$!
	until [[ -s port ]]; do sleep 0.02; done
	PORT=$(<port)
}

# all tools with the kubeconfig "kc" end with 3 at once and say all WORDS
refused() {
	local word tool
	local -A tools=(
		[k8s-apply]="-f cm.yaml -t 20s" [k8s-wait]="-t 20s cm/x" [k8s-delete]="-t 20s cm/x" [k8s-logs]="x"
		[k8s-top]="-t 20s" [k8s-dump]=""
	)
	for tool in "${!tools[@]}"; do
		SECONDS=0
		# shellcheck disable=SC2086 # words
		run -3 --separate-stderr "$tool" --kubeconfig kc ${tools[$tool]}
		((SECONDS < 8))
		[ -z "$output" ]
		[[ $stderr == "$tool: "* && $stderr != *secret* ]]
		for word; do
			[[ $stderr == *"$word"* ]] || {
				echo "$tool does not say $word: $stderr" >&2
				return 1
			}
		done
	done
	# nobody was told the token
	if [[ -e heard ]]; then run ! grep -q secret heard; fi
}

@test "a certificate of another authority" {
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=other -keyout key -out other.crt 2>/dev/null
	serve good
	kubeconfig "https://127.0.0.1:$PORT" 'token: secret' | sed "s,$BATS_FILE_TMPDIR/ca.crt,other.crt," >kc
	refused "https://127.0.0.1:$PORT: " 'unable to get local issuer certificate' "is the certificate-authority in the kubeconfig this cluster's?"
	[ ! -s heard ]
	# nor are the system's authorities of any help
	sed -i 's/, certificate-authority: "other.crt"//' kc
	refused 'issuer certificate'
}

@test "a certificate that has expired" {
	certificate old IP:127.0.0.1 -1
	serve old
	kubeconfig "https://127.0.0.1:$PORT" 'token: secret' >kc
	refused "https://127.0.0.1:$PORT: " 'certificate has expired' "this machine's clock"
	[ ! -s heard ]
}

@test "a certificate for another name; tls-server-name" {
	certificate named DNS:kubernetes.test
	serve named
	kubeconfig "https://127.0.0.1:$PORT" 'token: secret' >kc
	refused "https://127.0.0.1:$PORT: " "'127.0.0.1'" 'tls-server-name'
	[ ! -s heard ]
	kubeconfig "https://127.0.0.1:$PORT" 'token: secret' 'tls-server-name: kubernetes.test' >kc
	run k8s-wait --kubeconfig kc -t 2s cm/x
	grep -q secret heard
}

@test "insecure-skip-tls-verify goes on, and says so" {
	certificate old DNS:kubernetes.test -1
	serve old
	kubeconfig "https://127.0.0.1:$PORT" 'token: secret' | sed 's,certificate-authority: "[^"]*",insecure-skip-tls-verify: true,' >kc
	run --separate-stderr k8s-wait --kubeconfig kc -t 2s cm/x
	[[ $stderr == *'not verified'* ]]
	grep -q secret heard
}

@test "an authority that is no certificate" {
	serve plain
	kubeconfig "https://127.0.0.1:$PORT" 'token: secret' | sed "s,$BATS_FILE_TMPDIR/ca.crt,cm.yaml," >kc
	refused "https://127.0.0.1:$PORT: " 'CA certificate' 'check certificate-authority in the kubeconfig'
	sed -i 's,cm.yaml,nowhere.pem,' kc
	run ! k8s-wait --kubeconfig kc cm/x
	[[ $output == *nowhere.pem*'No such file'* ]]
}

@test "a server that speaks plain HTTP" {
	serve plain
	kubeconfig "https://127.0.0.1:$PORT" 'token: secret' >kc
	refused "https://127.0.0.1:$PORT: " 'does not speak TLS' "check the server's address"
}

@test "nothing listens" {
	serve plain
	kill "$SERVER"
	wait "$SERVER" 2>/dev/null || true
	kubeconfig "https://127.0.0.1:$PORT" 'token: secret' >kc
	refused "https://127.0.0.1:$PORT: " 'Connection refused' 'is the cluster running'
}

@test "a name that does not resolve" {
	kubeconfig https://no-such-host.invalid:6443 'token: secret' >kc
	refused https://no-such-host.invalid:6443: 'ould not resolve host' "check the server's address"
}
