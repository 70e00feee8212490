# A k8s-apid of one's own for tests of cluster tools, without nodes and
# controllers.  Load after helper.bash.
#   start_apid [OPTION…]   starts it on a free port of 127.0.0.1; sets and exports APID_PID, APID_DIR,
#                          APID_URL, APID_TOKEN and KUBECONFIG; OPTIONs go to k8s-apid.  Nobody makes
#                          service accounts, so pods are admitted without
#   api METHOD PATH [CURL-ARG…]   a request with the admin's token; the body on stdout
#   api_code METHOD PATH [CURL-ARG…]   the same, only the HTTP status
#   post PATH JSON         a POST that must succeed, without its answer
#   stop_apid              ends it; for teardown
#   own_namespace          for setup: the test's own folder and namespace, named in NS

# The key pair is made once per run of bats: signing costs more than the server's start.
apid_certificates() {
	local dir=$1
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$dir/ca.key" -out "$dir/ca.crt" \
		-days 2 -subj /CN=test-ca 2>/dev/null
	openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$dir/tls.key" -out "$dir/tls.csr" \
		-subj /CN=k8s-apid 2>/dev/null
	printf 'subjectAltName=IP:127.0.0.1,DNS:localhost,DNS:kubernetes\n' >"$dir/san"
	openssl x509 -req -in "$dir/tls.csr" -CA "$dir/ca.crt" -CAkey "$dir/ca.key" -CAcreateserial -days 2 \
		-extfile "$dir/san" -out "$dir/tls.crt" 2>/dev/null
}

start_apid() {
	local port
	APID_DIR=$(mktemp -d "${BATS_TEST_TMPDIR:-$BATS_FILE_TMPDIR}/apid.XXXXXX")
	APID_TOKEN=$(openssl rand -hex 16)
	(umask 077 && printf '%s,admin,admin,"system:masters"\n' "$APID_TOKEN" >"$APID_DIR/tokens.csv")
	apid_certificates "$APID_DIR"
	port=$(free_port)
	APID_URL=https://127.0.0.1:$port
	cat >"$APID_DIR/kubeconfig" <<-K
		apiVersion: v1
		kind: Config
		clusters: [{name: test, cluster: {server: "$APID_URL", certificate-authority: "$APID_DIR/ca.crt"}}]
		users: [{name: admin, user: {token: "$APID_TOKEN"}}]
		contexts: [{name: test, context: {cluster: test, user: admin}}]
		current-context: test
	K
	chmod 600 "$APID_DIR/kubeconfig"
	export APID_PID APID_DIR APID_URL APID_TOKEN KUBECONFIG=$APID_DIR/kubeconfig
	mkfifo "$APID_DIR/ready"
	k8s-apid --listen "127.0.0.1:$port" --tls-cert "$APID_DIR/tls.crt" --tls-key "$APID_DIR/tls.key" \
		--token-auth-file "$APID_DIR/tokens.csv" --ready-fd 4 --disable-admission-plugins ServiceAccount "$@" \
		4>"$APID_DIR/ready" 3>&- >"$APID_DIR/log" 2>&1 &
	APID_PID=$!
	if ! read -r -t 10 <"$APID_DIR/ready"; then
		cat "$APID_DIR/log" >&2
		return 1
	fi
}

api() {
	local method=$1 path=$2
	shift 2
	curl -sS --cacert "$APID_DIR/ca.crt" -H "Authorization: Bearer $APID_TOKEN" -X "$method" "$@" "$APID_URL$path"
}

api_code() {
	api "$@" -o /dev/null -w '%{http_code}'
}

stop_apid() {
	if [[ ${APID_PID:-} ]]; then end_process "$APID_PID"; fi
	APID_PID=
}

post() {
	api POST "$1" -f -H 'Content-Type: application/json' -d "$2" >/dev/null
}

own_namespace() {
	cd "$BATS_TEST_TMPDIR" || return
	export KUBECONFIG=$APID_DIR/kubeconfig
	NS=t$BATS_TEST_NUMBER
	post /api/v1/namespaces "{\"metadata\":{\"name\":\"$NS\"}}"
}
