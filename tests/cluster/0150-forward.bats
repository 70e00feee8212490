#!/usr/bin/env bats
# k8s-forward to pods of a real cluster, whose kubelet and runtime have the
# last word on what a WebSocket may carry.
bats_require_minimum_version 1.5.0
load cluster

teardown_file() {
	teardown_namespaces
}

setup() {
	cd "$BATS_TEST_TMPDIR" || return
	need_pods
	new_namespace
	cat >web.yaml <<-Y
		apiVersion: v1
		kind: Service
		metadata: {name: web}
		spec: {selector: {app: web}, ports: [{name: http, port: 80, targetPort: http, protocol: TCP}]}
		---
		apiVersion: apps/v1
		kind: Deployment
		metadata: {name: web}
		spec:
		  replicas: 1
		  selector: {matchLabels: {app: web}}
		  template:
		    metadata: {labels: {app: web}}
		    spec:
		      terminationGracePeriodSeconds: 0
		      containers:
		        - name: c
		          image: "$IMAGE"
		          imagePullPolicy: IfNotPresent
		          ports: [{name: http, containerPort: 8000, protocol: TCP}]
		          readinessProbe: {tcpSocket: {port: http}, periodSeconds: 1}
		          command: [sh, -c, "mkdir -p /tmp/w; cd /tmp/w; hostname >name; head -c 3000000 /dev/zero >zeros; eval \"\$SERVER\""]
		          env: [{name: SERVER, value: "$SERVE"}]
	Y
}

# a web server that the image has; the default image may be any of several
SERVE='if command -v httpd >/dev/null; then exec httpd -f -p 8000; else exec python3 -m http.server 8000; fi'

served() {
	k8s-apply -n "$NS" -f web.yaml | k8s-wait -n "$NS" -t 60s >/dev/null || return
	run k8s-forward -n "$NS" -t 5s web:80 -- sh -c 'curl -sf http://127.0.0.1:$FORWARD_WEB_80/name'
	[[ $status == 0 ]] || skip "this cluster does not forward ports: $output"
}

@test "a Service, with many connections and much data" {
	served
	[[ $output == web-* ]]
	run -0 k8s-forward -n "$NS" web:http -- sh -c \
		'for i in 1 2 3 4 5 6 7 8 9 10; do curl -sf http://127.0.0.1:$FORWARD_WEB_HTTP/zeros | wc -c & done; wait'
	[ "$(sort <<<"$output" | uniq -c | tr -s ' ')" = ' 10 3000000' ]
}

@test "a replaced pod is followed" {
	served
	pod=$output
	run -0 k8s-forward -n "$NS" -t 60s web:80 -- bash -c "
		curl -sf http://127.0.0.1:\$FORWARD_WEB_80/name
		k8s-delete -n $NS -t 60s --grace 0 pod/$pod >/dev/null
		curl -sf http://127.0.0.1:\$FORWARD_WEB_80/name"
	[[ ${lines[0]} == "$pod" && ${lines[1]} == web-* && ${lines[1]} != "$pod" ]]
}

@test "a port that nothing listens on ends the connection" {
	served
	run ! k8s-forward -n "$NS" "pod/$output:9" -- sh -c 'curl -sf "http://127.0.0.1:$(env | sed -n s/^FORWARD_WEB_.*=//p)/"'
}
