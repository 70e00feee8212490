# A proxy that fails on demand (faults.py) between the tools and the cluster.
# Load after cluster.bash.
#   certificate DIR SUBJECT-ALT-NAME   DIR/tls.crt and tls.key, signed by a CA of this file's own (CA names it)
#   start_faults       starts the proxy with the rules so far; THROUGH is then a kubeconfig of it (token "test")
#   rule 'COUNT REGEX ACTION…'         as faults.py has it; rules can be added and, with no_rules, removed at any time
#   asked JQ           1 unless JQ is true of the array of what was asked of the proxy
#   kubeconfig SERVER USER [CLUSTER]   a kubeconfig on stdout; USER and CLUSTER in YAML's flow style
#   stop_faults        for teardown
upstream() {
	sed -n 's,.*server: *"\{0\,1\}https://\([^"\,} /]*\).*,\1,p' "$KUBECONFIG" | head -n 1
}

real_token() {
	sed -n 's/.*token: *"\{0,1\}\([^"},]*\)"\{0,1\}.*/\1/p' "$KUBECONFIG" | head -n 1
}

certificate() {
	CA=$BATS_FILE_TMPDIR/ca.crt
	mkdir -p "$1"
	[[ -s $CA ]] || openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj '/CN=test of faults' \
		-keyout "$BATS_FILE_TMPDIR/ca.key" -out "$CA" 2>/dev/null
	openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=server -keyout "$1/tls.key" 2>/dev/null |
		openssl x509 -req -CA "$CA" -CAkey "$BATS_FILE_TMPDIR/ca.key" -CAcreateserial -days "${3:-2}" \
			-extfile <(echo "subjectAltName=$2") -out "$1/tls.crt" 2>/dev/null
}

kubeconfig() {
	cat <<-Y
		apiVersion: v1
		kind: Config
		clusters: [{name: c, cluster: {server: "$1", certificate-authority: "$BATS_FILE_TMPDIR/ca.crt"${3:+, $3}}}]
		users: [{name: u, user: {$2}}]
		contexts: [{name: x, context: {cluster: c, user: u}}]
		current-context: x
	Y
}

start_faults() {
	FAULTS=$BATS_TEST_TMPDIR/faults
	[[ -n $(real_token) ]] || skip 'this kubeconfig has no token that a proxy could use'
	certificate "$FAULTS" IP:127.0.0.1,DNS:api.test
	(umask 077 && real_token >"$FAULTS/token")
	echo test >"$FAULTS/accepted"
	python3 "$ROOT/tests/cluster/faults.py" "$FAULTS" "$(upstream)" >"$FAULTS/port" 3>&- &
	FAULTS_PID=$!
	until [[ -s $FAULTS/port ]]; do sleep 0.02; done
	PORT=$(<"$FAULTS/port")
	THROUGH=$FAULTS/kubeconfig
	kubeconfig "https://127.0.0.1:$PORT" 'token: test' >"$THROUGH"
}

rule() {
	mkdir -p "$BATS_TEST_TMPDIR/faults"
	echo "$1" >>"$BATS_TEST_TMPDIR/faults/rules"
}

no_rules() {
	rm -f "$FAULTS/rules"
}

asked() {
	jq -es "$1" "$FAULTS/log" >/dev/null || {
		jq -c . "$FAULTS/log" | tail -n 40 >&2
		return 1
	}
}

stop_faults() {
	[[ -z ${FAULTS_PID:-} ]] || kill "$FAULTS_PID" 2>/dev/null || true
}
