#!/usr/bin/env bats
# k8s-forward to pods of a cluster, whose kubelet and runtime have the last
# word on what a WebSocket may carry.
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
	run -0 k8s-forward -n "$NS" -t 5s web:80 -- sh -c 'curl -sf http://127.0.0.1:$FORWARD_WEB_80/name'
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

@test "a server on the pod's own 127.0.0.1, and an upload" {
	cat >script <<-'S'
		if ! command -v python3 >/dev/null; then
			exec nc -lk -s 127.0.0.1 -p 8000 -e sh -c 'head -c 3000000 | wc -c'
		fi
		cat >/tmp/count.py <<P
		import socket
		s = socket.create_server(('127.0.0.1', 8000))
		while True:
		    c, _ = s.accept()
		    n = 0
		    while n < 3000000 and (b := c.recv(65536)):
		        n += len(b)
		    c.sendall(b'%d' % n)
		    c.close()
		P
		exec python3 /tmp/count.py
	S
	shell_pod local "$(<script)" | k8s-apply -n "$NS" | k8s-wait -n "$NS" -t 30s >/dev/null
	cat >upload <<-'P'
		import os, socket, sys, time
		for i in range(100):  # the server may not listen yet
		    try:
		        s = socket.create_connection(('127.0.0.1', int(os.environ['FORWARD_LOCAL_8000'])), 10)
		        s.sendall(bytes(3000000))
		        if answer := s.recv(100):
		            sys.exit(answer.strip() != b'3000000')
		    except OSError:
		        pass
		    time.sleep(0.1)
		sys.exit('no answer')
	P
	k8s-forward -n "$NS" pod/local:8000 -- python3 upload 2>/dev/null
}

@test "a port that nothing listens on ends the connection" {
	served
	run ! k8s-forward -n "$NS" "pod/$output:9" -- sh -c 'curl -sf "http://127.0.0.1:$(env | sed -n s/^FORWARD_WEB_.*=//p)/"'
	echo "$output"
	[[ $output == *'error forwarding port 9 to pod '*'onnection refused'* ]]
}
