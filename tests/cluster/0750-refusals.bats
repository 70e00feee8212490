#!/usr/bin/env bats
# What the server refuses on principle: quotas and admission webhooks.  The
# message says which, the other objects are applied and recorded, and nothing
# is tried for long that cannot succeed.
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
	stop_faults
	[[ -z ${HOOK_PID:-} ]] || kill "$HOOK_PID" 2>/dev/null || true
	# before its namespace goes, whose deletion it would judge
	[[ ! -e hook.yaml ]] || k8s-delete "validatingwebhookconfigurations.admissionregistration.k8s.io/$NS" >/dev/null
}

configmaps() { # NAME…
	printf -- '---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: %s}\ndata: {a: b}\n' "$@"
}

served() { # KIND GROUP/VERSION
	printf 'apiVersion: %s\nkind: %s\nmetadata: {name: x}\n' "$2" "$1" | k8s-apply -n "$NS" --dry-run 2>&1 >/dev/null |
		grep -q 'no such kind' || return 0
	skip "$1 is not served here"
}

quota() { # HARD
	local limit=$1
	served ResourceQuota v1
	printf 'apiVersion: v1\nkind: ResourceQuota\nmetadata: {name: few}\nspec: {hard: {%s}}\n' "$limit" | k8s-apply -n "$NS" >/dev/null
	k8s-wait -n "$NS" -t 30s --for 'jq=.status.hard == .spec.hard and .status.used != null' resourcequota/few >/dev/null
}

@test "a quota in the server's words: 1, at once, the others are applied" {
	rule '* PATCH.*/m2[?] status 403 - configmaps "m2" is forbidden: exceeded quota: few, requested: count/configmaps=1, used: count/configmaps=3'
	start_faults
	SECONDS=0
	run -1 --separate-stderr k8s-apply --kubeconfig "$THROUGH" -n "$NS" -f <(configmaps m1 m2 m3)
	((SECONDS < 8))
	[ "$(results)" = 'ConfigMap/m1:created ConfigMap/m2:failed ConfigMap/m3:created ' ]
	[[ $stderr == *"ConfigMap $NS/m2: "*'exceeded quota: few'* ]]
}

@test "no right to do it: 3" {
	rule '* PATCH.*/m2[?] status 403 - configmaps "m2" is forbidden: User "u" cannot patch resource "configmaps" in API group "" in the namespace "n"'
	start_faults
	run -3 --separate-stderr k8s-apply --kubeconfig "$THROUGH" -n "$NS" -f <(configmaps m1 m2 m3)
	[ "$(results)" = 'ConfigMap/m1:created ConfigMap/m2:failed ConfigMap/m3:created ' ]
	[[ $stderr == *'User "u" cannot patch'* ]]
}

@test "a quota that refuses: 1, and as many as it has room for" {
	quota 'count/secrets: "1", count/configmaps: "3"'
	SECONDS=0
	run -1 --separate-stderr k8s-apply -n "$NS" -f <(configmaps m1 m2 m3 m4 m5 m6)
	((SECONDS < 15))
	jq -es 'length == 6 and (map(select(.result == "created")) | length) as $n | $n >= 1 and $n <= 3' <<<"$output"
	jq -es 'map(select(.result == "failed")) | all(.error | test("exceeded quota: few"))' <<<"$output"
	[[ $stderr == *"ConfigMap $NS/m"*'exceeded quota: few'* ]]
}

@test "a quota that refuses a workload's pods: the wait names it" {
	quota 'pods: "0"'
	run -0 k8s-apply -n "$NS" <<-Y
		apiVersion: apps/v1
		kind: Deployment
		metadata: {name: web}
		spec:
		  selector: {matchLabels: {app: web}}
		  template: {metadata: {labels: {app: web}}, spec: {containers: [{name: c, image: "$IMAGE"}]}}
	Y
	run -1 --separate-stderr k8s-wait -n "$NS" -t 6s deploy/web
	[[ $stderr == *'exceeded quota: few'* ]]
}

# A webhook on this machine that refuses ConfigMaps named bad*; started by hook_server
hook() { # OPERATIONS
	served ValidatingWebhookConfiguration admissionregistration.k8s.io/v1
	[[ $(upstream) == 127.0.0.1:* ]] || skip 'the API server is not on this machine'
	certificate hook IP:127.0.0.1
	HOOK_PORT=$(python3 -c 'import socket; s = socket.create_server(("127.0.0.1", 0)); print(s.getsockname()[1])')
	printf 'apiVersion: v1\nkind: Namespace\nmetadata: {name: %s, labels: {inttest-hook: %s}}\n' "$NS" "$NS" |
		k8s-apply --field-manager hook >/dev/null
	cat >hook.yaml <<-Y
		apiVersion: admissionregistration.k8s.io/v1
		kind: ValidatingWebhookConfiguration
		metadata: {name: $NS, $OWNED}
		webhooks:
		- name: names.inttest.example.com
		  admissionReviewVersions: [v1]
		  sideEffects: None
		  failurePolicy: Fail
		  timeoutSeconds: 2
		  namespaceSelector: {matchLabels: {inttest-hook: $NS}}
		  clientConfig: {url: "https://127.0.0.1:$HOOK_PORT/", caBundle: $(base64 -w0 "$CA")}
		  rules: [{apiGroups: [""], apiVersions: [v1], operations: [$1], resources: [configmaps]}]
	Y
	k8s-apply -f hook.yaml >/dev/null
}

hook_server() {
	python3 - "$HOOK_PORT" 3>&- <<-'P' &
		import http.server, json, ssl, sys

		class Hook(http.server.BaseHTTPRequestHandler):
		    def log_message(self, *_):
		        pass

		    def do_POST(self):
		        request = json.loads(self.rfile.read(int(self.headers['Content-Length'])))['request']
		        answer = {'uid': request['uid'], 'allowed': not request['name'].startswith('bad')}
		        if not answer['allowed']:
		            answer['status'] = {'code': 403, 'message': 'such names are not taken'}
		        body = json.dumps({'apiVersion': 'admission.k8s.io/v1', 'kind': 'AdmissionReview', 'response': answer}).encode()
		        self.send_response(200)
		        self.send_header('Content-Type', 'application/json')
		        self.send_header('Content-Length', str(len(body)))
		        self.end_headers()
		        self.wfile.write(body)

		server = http.server.ThreadingHTTPServer(('127.0.0.1', int(sys.argv[1])), Hook)
		tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
		tls.load_cert_chain('hook/tls.crt', 'hook/tls.key')
		server.socket = tls.wrap_socket(server.socket, server_side=True)
		server.serve_forever()
	P
	HOOK_PID=$!
}

# the server's webhooks follow their configuration a moment later
hook_works() {
	local i
	for ((i = 0; i < 50; i++)); do
		! k8s-apply -n "$NS" --dry-run -f <(configmaps bad-probe) >/dev/null 2>&1 || { sleep 0.2; continue; }
		return 0
	done
	echo 'the webhook is not asked' >&2
	return 1
}

@test "a webhook that refuses: 1, its name and words, the others are applied" {
	hook 'CREATE, UPDATE'
	hook_server
	hook_works
	run -1 --separate-stderr k8s-apply -n "$NS" -f <(configmaps good bad better)
	[ "$(results)" = 'ConfigMap/good:created ConfigMap/bad:failed ConfigMap/better:created ' ]
	[[ $stderr == *"ConfigMap $NS/bad: "*'"names.inttest.example.com" denied the request: such names are not taken'* ]]
	run -1 --separate-stderr k8s-apply -n "$NS" --dry-run -f <(configmaps good bad2)
	[ "$(results)" = 'ConfigMap/good:unchanged ConfigMap/bad2:failed ' ]
}

@test "a webhook that refuses a deletion: 1, the others are deleted" {
	hook DELETE
	hook_server
	configmaps good bad better | k8s-apply -n "$NS" >records
	for ((i = 0; i < 50; i++)); do
		k8s-delete -n "$NS" cm/bad >/dev/null 2>&1 || break
		configmaps bad | k8s-apply -n "$NS" >/dev/null
		sleep 0.2
	done
	run -1 --separate-stderr k8s-delete -t 20s - <records
	[ "$(jq -r '"\(.name) \(.result)"' <<<"$output" | sort | tr '\n' ' ')" = 'bad failed better deleted good deleted ' ]
	[[ $stderr == *'"names.inttest.example.com" denied the request: such names are not taken'* ]]
}

@test "a webhook that cannot be reached: 3 after five seconds, with its name" {
	hook 'CREATE, UPDATE'
	hook_works # refuses all, as nothing answers there
	SECONDS=0
	run -3 --separate-stderr k8s-apply -n "$NS" <<-Y
		$(configmaps one)
		---
		apiVersion: v1
		kind: Secret
		metadata: {name: two}
	Y
	((SECONDS >= 4 && SECONDS < 15))
	[ "$(results)" = 'ConfigMap/one:failed Secret/two:created ' ]
	[[ $stderr == *'failed calling webhook "names.inttest.example.com"'*'connection refused'* ]]
}

@test "a webhook that comes back within five seconds" {
	hook 'CREATE, UPDATE'
	hook_works
	(sleep 2; exec 3>&-; hook_server; wait) 3>&- &
	HOOK_PID=$!
	run -0 --separate-stderr k8s-apply -n "$NS" -f <(configmaps one)
	pkill -P "$HOOK_PID" || true
	[ "$(results)" = 'ConfigMap/one:created ' ]
	[ -z "$stderr" ]
}
