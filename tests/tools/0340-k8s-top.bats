#!/usr/bin/env bats
# k8s-top on a sandbox: measured memory, first samples, the kubelet in place of
# a metrics API, every exit status.
bats_require_minimum_version 1.5.0
load helper
load sandbox

setup_file() {
	start_sandbox "$ROOT/tests/data/logs/pods.yaml"
	until_true 10 /apis/apps/v1/namespaces/default/deployments/web '.status.readyReplicas == 2'
	until_true 10 /api/v1/namespaces/default/pods/ticks '.status.phase == "Succeeded"'
}

setup() {
	use_sandbox
	cd "$BATS_TEST_TMPDIR" || return
}

teardown_file() {
	stop_sandbox
}

@test "a record of each running container" {
	run -0 --separate-stderr k8s-top -n default -l app=web
	[[ ${#lines[@]} == 2 && -z $stderr ]]
	jq -se 'all(.type == "usage" and (.pod | startswith("web-")) and .container == "c" and .memory_bytes > 10000
		and .cpu_millicores >= 0 and (.ts | test("^20.*Z$")) and .source == "metrics.k8s.io")' <<<"$output"
}

@test "a pod by its name; memory that it really uses" {
	cat >eat.yaml <<-'Y'
		apiVersion: v1
		kind: Pod
		metadata: {name: eat}
		spec:
		  terminationGracePeriodSeconds: 0
		  containers:
		    - name: c
		      image: debian
		      command: [python3, -c, "a = bytearray(50 << 20); import time; open('/tmp/full', 'w'); time.sleep(1000)"]
		      readinessProbe: {exec: {command: [test, -e, /tmp/full]}, periodSeconds: 1}
	Y
	k8s-apply -n default -f eat.yaml | k8s-wait -n default -t 10s
	run -0 --separate-stderr k8s-top -n default eat
	jq -e '.pod == "eat" and .memory_bytes > 0' <<<"$output"
	sleep 2.2 # the next sample
	run -0 --separate-stderr k8s-top -n default eat
	jq -e '.memory_bytes > 52000000 and .memory_bytes < 90000000' <<<"$output"
	k8s-delete -n default pod/eat
}

@test "it waits for the first sample of a new pod" {
	printf '%s\n' 'apiVersion: v1' 'kind: Pod' 'metadata: {name: new}' \
		'spec: {terminationGracePeriodSeconds: 0, containers: [{name: c, image: busybox, command: [sleep, "1000"]}]}' >new.yaml
	k8s-apply -n default -f new.yaml | k8s-wait -n default -t 10s
	run -0 --separate-stderr k8s-top -n default new
	[[ $(jq -r .pod <<<"$output") == new ]]
	k8s-delete -n default pod/new
}

@test "a table" {
	run -0 --separate-stderr k8s-top -n default -o table -l app=web
	[[ ${lines[0]} =~ ^POD\ +CONTAINER\ +CPU\ +MEMORY$ && ${lines[1]} =~ ^web-.*\ c\ .*MiB$ && ${#lines[@]} == 3 ]]
}

@test "where there is no metrics API, the kubelets are asked, which is said" {
	# an API server's answer for a group that it does not have, the rest as it
	# is but for one pod's sample, which comes later than the other's
	cat >proxy.py <<-'P'
		import http.server, json, ssl, sys, urllib.request
		asked = []
		up, ca, token = sys.argv[1:4]
		tls = ssl.create_default_context(cafile=ca)
		class H(http.server.BaseHTTPRequestHandler):
		    def do_GET(self):
		        if self.path.startswith("/apis/metrics"):
		            code, body = 404, b"{}"
		        else:
		            rq = urllib.request.Request(up + self.path, headers={"Authorization": "Bearer " + token})
		            body, code = urllib.request.urlopen(rq, context=tls).read(), 200
		        if self.path.endswith("/stats/summary"):
		            asked.append(1)
		            all = json.loads(body)
		            web = [p["podRef"]["name"] for p in all["pods"] if p["podRef"]["name"].startswith("web-")]
		            for p in all["pods"]:
		                for c in p["containers"]:
		                    c["cpu"].pop("usageNanoCores", None)
		            all["pods"] = [p for p in all["pods"] if p["podRef"]["name"] != max(web) or len(asked) % 4 == 0]
		            body = json.dumps(all).encode()
		        self.send_response(code)
		        self.send_header("Content-Length", str(len(body)))
		        self.end_headers()
		        self.wfile.write(body)
		    def log_message(self, *a): pass
		s = http.server.ThreadingHTTPServer(("127.0.0.1", 0), H)
		print(s.server_port, flush=True)
		s.serve_forever()
	P
	mkfifo port
	python3 proxy.py "$(sandbox_config server)" "$(dirname "$KUBECONFIG")/ca.crt" "$(sandbox_config token)" >port 3>&- &
	pid=$!
	read -r port <port
	printf '%s\n' "clusters: [{name: a, cluster: {server: 'http://127.0.0.1:$port'}}]" \
		'contexts: [{name: a, context: {cluster: a}}]' 'current-context: a' >config
	run --separate-stderr k8s-top --kubeconfig config -n default -o table -l app=web
	[[ ${lines[1]} =~ ^web-.*\ c\ +-\ +[0-9.]+\ MiB$ ]]
	run --separate-stderr k8s-top --kubeconfig config -n default -l app=web -t 8s
	kill "$pid"
	[[ $status == 0 && ${#lines[@]} == 2 ]]
	jq -se 'all(.memory_bytes > 10000 and .container == "c" and .cpu_millicores == null and .source == "kubelet")' <<<"$output"
	[[ $stderr == 'k8s-top: the kubelets are asked: metrics API: '* && $stderr != *$'\n'* ]]
}

# start_api STATUS: an API server that answers for metrics.k8s.io with STATUS
# and lets nobody ask the kubelet of node n; m's has trouble, and o's is well;
# in the file config
start_api() {
	cat >forbidden.py <<-'P'
		import http.server, json, sys
		def pod(node):
		    return {"metadata": {"name": "p" + node}, "spec": {"nodeName": node},
		            "status": {"containerStatuses": [{"name": "c", "state": {"running": {}}}]}}
		class H(http.server.BaseHTTPRequestHandler):
		    def do_GET(self):
		        code, body = 200, {"items": [pod(node) for node in sys.argv[2]]}
		        if self.path.startswith("/apis/metrics"):
		            code, body = int(sys.argv[1]), {"message": "metrics: no"}
		        elif "/nodes/m/" in self.path:
		            code, body = 502, {"message": "no route to m"}
		        elif "/nodes/o/" in self.path:
		            body = {"pods": [{"podRef": {"name": "po", "namespace": "x"},
		                              "containers": [{"name": "c", "memory": {"workingSetBytes": 5}}]}]}
		        elif "/nodes/" in self.path:
		            code, body = 403, {"message": "nodes/proxy: no"}
		        body = json.dumps(body).encode()
		        self.send_response(code)
		        self.send_header("Content-Type", "application/json")
		        self.send_header("Content-Length", str(len(body)))
		        self.end_headers()
		        self.wfile.write(body)
		    def log_message(self, *a): pass
		s = http.server.ThreadingHTTPServer(("127.0.0.1", 0), H)
		print(s.server_port, flush=True)
		s.serve_forever()
	P
	rm -f port
	mkfifo port
	python3 forbidden.py "$1" "${2:-n}" >port 3>&- &
	api_pid=$!
	read -r port <port
	printf '%s\n' "clusters: [{name: a, cluster: {server: 'http://127.0.0.1:$port'}}]" \
		'contexts: [{name: a, context: {cluster: a}}]' 'current-context: a' >config
}

@test "no metrics API and no right to ask kubelets: 3, or with --optional said and 0" {
	start_api 404
	run -3 --separate-stderr k8s-top --kubeconfig config -n x
	[[ $stderr == *'nodes/proxy: no'*'metrics: no'* && -z $output ]]
	run -0 --separate-stderr k8s-top --kubeconfig config -n x --optional
	[[ $stderr == *'memory not measured: no metrics API, and nodes/proxy: no'* ]]
	jq -e '.type == "error" and .tool == "k8s-top" and (.message | startswith("memory not measured"))' <<<"$output"
	run -0 --separate-stderr k8s-top --kubeconfig config -n x --optional -o table
	[[ -z $output ]]
	kill "$api_pid"
}

@test "a metrics API that is forbidden is a missing right, also with --optional: 3" {
	start_api 403
	run -3 --separate-stderr k8s-top --kubeconfig config -n x --optional
	[[ $stderr == *'metrics: no'* && -z $output ]]
	kill "$api_pid"
}

@test "a node in trouble: 3 in its words, and the others are told" {
	start_api 404 mo
	run -3 --separate-stderr k8s-top --kubeconfig config -n x -t 1s
	[[ $(jq -r '"\(.pod) \(.memory_bytes)"' <<<"$output") == 'po 5' ]]
	[[ $stderr == *$'\nk8s-top: pm: no sample yet: node m: no route to m' ]]
	kill "$api_pid"
}

@test "nothing that runs: 1" {
	run -1 --separate-stderr k8s-top -n default ticks nothere
	[[ $stderr == *"ticks: no such pod running"* && $stderr == *"nothere: no such pod running"* && -z $output ]]
	run -1 --separate-stderr k8s-top -n default -l app=nothere
	[[ $stderr == "k8s-top: namespace default: no pods running" ]]
}

@test "wrong usage: 2" {
	run -2 k8s-top -o yaml
	run -2 k8s-top -t x
}

@test "no server, no permission, no space: 3" {
	run -3 bash -c 'k8s-top -n default -l app=web >/dev/full'
	[[ $output == 'k8s-top: standard output: No space left on device' ]]
	run -3 bash -c 'k8s-top -n default -o table -l app=web >/dev/full'
	[[ $output == 'k8s-top: standard output: No space left on device' ]]
	sed 's/token: .*/token: wrong/' "$KUBECONFIG" >wrong
	run -3 k8s-top --kubeconfig wrong
	sed 's/server: .*/server: "https:\/\/127.0.0.1:1"/' "$KUBECONFIG" >none
	run -3 k8s-top --kubeconfig none
}
