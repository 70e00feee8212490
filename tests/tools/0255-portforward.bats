#!/usr/bin/env bats
# pods/NAME/portforward of the sandbox, byte by byte: the answers are those of
# a real 1.20 cluster, but for words.  One sandbox for the file; its pod web
# has a server on its own 127.0.0.1 that does what it is told in a line.
bats_require_minimum_version 1.5.0
load helper
load sandbox

setup_file() {
	cat >"$BATS_FILE_TMPDIR/server.py" <<-'P'
		import hashlib, socket, threading, time
		def serve(c):
		    what, n = c.makefile('rb', buffering=0).readline().decode().split()
		    n = int(n)
		    if what == 'send':
		        for i in range(0, n, 1 << 18):
		            c.sendall(b'x' * min(n - i, 1 << 18))
		    elif what == 'deaf':
		        time.sleep(n)
		    elif what == 'echo':
		        while n > 0 and (b := c.recv(1 << 16)):
		            c.sendall(b)
		            n -= len(b)
		    elif what in ('hash', 'late'):
		        time.sleep(what == 'late')
		        h = hashlib.sha256()
		        while n > 0 and (b := c.recv(min(n, 1 << 16))):
		            h.update(b)
		            n -= len(b)
		        c.sendall(h.hexdigest().encode())
		    elif what == 'count':  # to its end
		        got = 0
		        while (b := c.recv(1 << 16)):
		            got += len(b)
		        print('counted', got, flush=True)
		    c.close()
		s = socket.create_server(('127.0.0.1', 8000), backlog=256)
		print('ready', flush=True)
		while True:
		    threading.Thread(target=serve, args=(s.accept()[0],), daemon=True).start()
	P
	cat >"$BATS_FILE_TMPDIR/pods.yaml" <<-Y
		apiVersion: v1
		kind: Pod
		metadata: {name: web}
		spec:
		  terminationGracePeriodSeconds: 0
		  containers:
		    - {name: c, image: "busybox:1", command: [python3, -c, $(jq -Rs . "$BATS_FILE_TMPDIR/server.py")]}
		---
		apiVersion: v1
		kind: Pod
		metadata: {name: over}
		spec:
		  restartPolicy: Never
		  containers: [{name: c, image: "busybox:1", command: ["true"]}]
		---
		apiVersion: v1
		kind: Pod
		metadata: {name: nowhere}
		spec:
		  schedulerName: nobody
		  containers: [{name: c, image: "busybox:1", command: ["true"]}]
		---
		apiVersion: v1
		kind: ServiceAccount
		metadata: {name: watcher}
		---
		apiVersion: rbac.authorization.k8s.io/v1
		kind: Role
		metadata: {name: forward}
		rules: [{apiGroups: [""], resources: [pods/portforward], verbs: [get]}]
		---
		apiVersion: rbac.authorization.k8s.io/v1
		kind: RoleBinding
		metadata: {name: forward}
		roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: forward}
		subjects: [{kind: ServiceAccount, name: watcher}]
		---
		apiVersion: v1
		kind: ServiceAccount
		metadata: {name: editor}
		---
		apiVersion: rbac.authorization.k8s.io/v1
		kind: RoleBinding
		metadata: {name: edit}
		roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: edit}
		subjects: [{kind: ServiceAccount, name: editor}]
	Y
	start_sandbox "$BATS_FILE_TMPDIR/pods.yaml"
	wait_for 10 bash -c 'k8s-logs -n default --tail 1 web | grep -q ready'
	until_true 10 /api/v1/namespaces/default/pods/over '.status.phase == "Succeeded"'
}

teardown_file() {
	stop_sandbox
}

setup() {
	cd "$BATS_TEST_TMPDIR" || return
	use_sandbox
	export SERVER CACERT TOKEN PYTHONPATH=$ROOT/tests/data PODS=/api/v1/namespaces/default/pods
	SERVER=$(sandbox_config server) TOKEN=$(sandbox_config token) CACERT=$(dirname "$KUBECONFIG")/ca.crt
}

ask() {
	run timeout 10 python3 "$ROOT/tests/data/websocket.py" "$@"
	[[ $status == 0 ]]
}

# the daemons of this sandbox: their descriptors; with "memory", kilobytes
used() {
	local d
	for d in k8s-apid k8s-noded; do
		d=$(pgrep -f "$d .*${KUBECONFIG%/*}/" | head -n 1)
		if [[ ${1:-} == memory ]]; then
			sed -n 's/^VmRSS:[^0-9]*\([0-9]*\).*/\1/p' "/proc/$d/status"
		else
			find "/proc/$d/fd" -mindepth 1 | wc -l
		fi
	done | awk '{n += $1} END {print n}'
}

# processor time that they have had, in hundredths of a second
ticks() {
	pgrep -f "k8s-(apid|noded) .*${KUBECONFIG%/*}/" | sed 's,.*,/proc/&/stat,' | xargs cat | awk '{n += $14 + $15} END {print n}'
}

back_to() { # DESCRIPTORS: connections that are kept for later may have gone
	(($(used) <= $1))
}

@test "a handshake, the ports, data, the end" {
	ask -s 'echo 5\nhello' "$PODS/web/portforward?ports=8000"
	[[ $output == $'101 v4.channel.k8s.io\n0 @\\x1f\n1 @\\x1f\n0 hello\nend 1000 None' ]]
	ask -p '' -s 'echo 1\nx' "$PODS/web/portforward?ports=8000"
	[[ ${lines[0]} == '101 -' && ${lines[3]} == '0 x' ]]
	ask -p 'portforward.k8s.io, v4.channel.k8s.io' -s 'echo 1\nx' "$PODS/web/portforward?ports=8000"
	[[ ${lines[0]} == '101 v4.channel.k8s.io' && ${lines[3]} == '0 x' ]]
}

@test "several ports, one of which refuses" {
	for ports in 'ports=8000&ports=9' 'ports=8000,9' 'ports=8000%2C9'; do
		ask -s 'echo 2\nhi' "$PODS/web/portforward?$ports"
		[[ $(sort <<<"$output") == "0 @\\x1f
0 hi
1 @\\x1f
101 v4.channel.k8s.io
2 \\t\\x00
3 \\t\\x00
3 error forwarding port 9 to pod web, uid "*": failed to connect to localhost:9 inside the pod: Connection refused
end 1000 None" ]]
	done
}

@test "what is not served is said, with the status of a real server" {
	run_table() {
		local want args
		while IFS='|' read -r want args; do
			eval "ask $args"
			# shellcheck disable=SC2053 # a pattern
			[[ $output == $want ]] || {
				echo "$args: $output, not $want"
				return 1
			}
		done
	}
	run_table <<-'T'
		400 query parameter "port" is required|"$PODS/web/portforward"
		400 port "0" must be > 0|"$PODS/web/portforward?ports=0"
		400 unable to parse "65536" as a port|"$PODS/web/portforward?ports=80,65536"
		400 unable to parse "http" as a port|"$PODS/web/portforward?ports=http"
		400 Upgrade request required|-u '' -p '' "$PODS/web/portforward?ports=80"
		400 Upgrade request required|-u '' -p '' -m POST "$PODS/web/portforward?ports=80"
		400 SPDY/3.1 is not supported: * v4.channel.k8s.io, which k8s-forward speaks|-u SPDY/3.1 -m POST "$PODS/web/portforward?ports=80"
		403 subprotocol SPDY/3.1+portforward.k8s.io is not supported: *|-p SPDY/3.1+portforward.k8s.io "$PODS/web/portforward?ports=80"
		405 a WebSocket begins with GET|-m POST "$PODS/web/portforward?ports=80"
		404 pods "none" not found|"$PODS/none/portforward?ports=80"
		400 pod nowhere does not have a host assigned|"$PODS/nowhere/portforward?ports=80"
		500 an error on the server ("pod not found ("over_default")") has prevented the request from succeeding|"$PODS/over/portforward?ports=80"
		501 exec, attach * are not supported by this API server: logs and port-forward are|"$PODS/web/exec?command=ls"
		501 exec, attach * are not supported by this API server: logs and port-forward are|-m POST "$PODS/web/attach"
	T
	command -v kubectl >/dev/null || return 0
	run -1 timeout 10 kubectl -n default port-forward pod/web :8000
	[[ $output == *'SPDY/3.1 is not supported: '*k8s-forward* ]]
	run -1 timeout 10 kubectl -n default exec web -- true
	[[ $output == *'exec, attach'*'not supported'* ]]
}

@test "who may: get for a WebSocket, create for POST" {
	token() {
		api POST "/api/v1/namespaces/default/serviceaccounts/$1/token" -H 'Content-Type: application/json' -d '{}' | jq -r .status.token
	}
	watcher=$(token watcher) nobody=$(token default) editor=$(token editor)
	TOKEN=$watcher ask -s 'echo 1\nx' "$PODS/web/portforward?ports=8000"
	[[ ${lines[3]} == '0 x' ]]
	TOKEN=$watcher ask -m POST "$PODS/web/portforward?ports=8000"
	[[ $output == '403 '*'cannot create resource "pods/portforward"'* ]]
	TOKEN=$editor ask -s 'echo 1\nx' "$PODS/web/portforward?ports=8000"
	[[ ${lines[3]} == '0 x' ]]
	TOKEN=$editor ask -u '' -p '' -m POST "$PODS/web/portforward?ports=8000"
	[[ $output == '400 Upgrade request required' ]]
	TOKEN=$nobody ask "$PODS/web/portforward?ports=8000"
	[[ $output == '403 '*'cannot get resource "pods/portforward" in API group "" in the namespace "default"'* ]]
}

@test "messages of any size, in any number of frames" {
	python3 - <<-'P'
		import hashlib, os
		from websocket import WebSocket
		w = WebSocket(os.environ['PODS'] + '/web/portforward?ports=8000')
		data = os.urandom(3 << 20)
		w.send(b'hash %d\n' % len(data))
		w.frame(2, b'\0' + data[:5], fin=0)
		w.frame(9, b'still there?')  # a ping between two frames
		w.frame(0, data[5:7], fin=0)
		w.frame(0, b'', fin=0)
		w.frame(0, data[7:9])
		w.frame(2, b'')  # no channel, no harm
		w.frame(2, b'\7nobody')
		w.send(data[9:])
		got, pong = b'', None
		while (m := w.receive()) and m[0] != 8:
		    if m[0] == 10:
		        pong = m[1]
		    elif m[1][0] == 0:
		        got += m[1][1:]
		assert pong == b'still there?', pong
		assert got[2:].decode() == hashlib.sha256(data).hexdigest(), got[2:]
	P
}

@test "a server that reads late gets all of it, and so does a client" {
	python3 - <<-'P'
		import hashlib, os, threading, time
		from websocket import WebSocket
		w = WebSocket(os.environ['PODS'] + '/web/portforward?ports=8000')
		data = os.urandom(1000000)
		w.send(b'late 20000000\n')
		for i in range(20):
		    w.send(data)
		assert w.collect()[0][0][2:].decode() == hashlib.sha256(data * 20).hexdigest()
		w = WebSocket(os.environ['PODS'] + '/web/portforward?ports=8000')
		w.send(b'send 20000000\n')
		time.sleep(1)
		assert w.collect()[0][0][2:] == b'x' * 20000000
	P
}

@test "nothing stays of connections that have ended" {
	before=$(used)
	python3 - <<-'P'
		import os
		from websocket import WebSocket
		all = [WebSocket(os.environ['PODS'] + '/web/portforward?ports=8000') for _ in range(40)]
		for w in all:
		    w.send(b'send 5\n')
		for w in all:
		    assert w.collect()[1] == b'\x03\xe8'
	P
	(($(used) < before + 20)) # not for the 2 s after which a peer is given up
}

@test "who leaves has said all before; frames that are none end it" {
	python3 - <<-'P'
		import os
		from websocket import WebSocket
		def count(n):
		    w = WebSocket(os.environ['PODS'] + '/web/portforward?ports=8000')
		    w.send(b'count 0\n')
		    for i in range(0, n, 10001):
		        w.send(bytes(min(n - i, 10001)))
		    return w
		w = count(1000001)
		w.frame(8, b'\x03\xe8')
		assert w.collect()[1] == b'\x03\xe8'
		w = count(2000002)
		w.receive(), w.receive()  # a close with something unread is a reset
		w.s.close()
		del w
		w = count(0)
		w.frame(2, b'\0not masked', masked=0)
		assert w.collect()[1] == (1002).to_bytes(2, 'big')
	P
	wait_for 5 bash -c 'k8s-logs -n default web | grep -q "counted 1000001"'
	wait_for 5 bash -c 'k8s-logs -n default web | grep -q "counted 2000002"'
}

@test "who does not read costs little, and nothing when gone" {
	before=$(used)
	memory=$(used memory)
	python3 - >out <<-'P' 3>&- &
		import os, time
		from websocket import WebSocket
		all = [WebSocket(os.environ['PODS'] + '/web/portforward?ports=8000') for _ in range(40)]
		for w in all:
		    w.send(b'send 20000000\n')
		time.sleep(0.5)
		print('sent', flush=True)
		time.sleep(60)
	P
	pid=$!
	wait_for 10 test -s out
	(($(used) >= before + 120)) # two at each daemon, but for those of other tests
	(($(used memory) - memory < 40 * 600)) # kilobytes, of 800 MB
	ask -s 'echo 1\nx' "$PODS/web/portforward?ports=8000"
	[[ ${lines[3]} == '0 x' ]]
	kill -KILL "$pid"
	wait_for 10 back_to "$before"
}

@test "who leaves before all is taken keeps nobody busy" {
	python3 - <<-'P'
		import os, threading, time
		from websocket import WebSocket
		def upload(w):
		    w.send(b'deaf 20\n')
		    while True:
		        w.send(bytes(100000))
		for _ in range(20):
		    w = WebSocket(os.environ['PODS'] + '/web/portforward?ports=8000')
		    threading.Thread(target=upload, args=(w,), daemon=True).start()
		time.sleep(1)
		os._exit(0)
	P
	busy=$(ticks)
	sleep 2
	(($(ticks) - busy < 12)) # of 400
}

@test "a pod's end is its connections' end" {
	before=$(used)
	sed 's/name: web/name: brief/;/^---/,$d' "$BATS_FILE_TMPDIR/pods.yaml" | k8s-apply -n default >/dev/null
	wait_for 10 bash -c 'k8s-logs -n default --tail 1 brief | grep -q ready'
	python3 - >out <<-'P' 3>&- &
		import os
		from websocket import WebSocket
		all = [WebSocket(os.environ['PODS'] + '/brief/portforward?ports=8000') for _ in range(10)]
		for w in all:
		    w.send(b'count 0\n')
		print('open', flush=True)
		for w in all:
		    channels, close = w.collect()
		    assert close == b'\x03\xe8', close
		print('closed', flush=True)
	P
	pid=$!
	wait_for 10 grep -q open out
	k8s-delete -n default -t 20s --grace 0 pod/brief >/dev/null
	wait "$pid"
	grep -q closed out
	wait_for 10 back_to "$before"
}

@test "the API server's end with connections and followed logs open" {
	cat >script <<-'S'
		until k8s-apply -n default -f "$1" >/dev/null 2>&1 && k8s-logs -n default --tail 1 web 2>/dev/null | grep -q ready; do
			sleep 0.1
		done
		k8s-logs -n default -f web >/dev/null 2>&1 &
		k8s-forward -n default pod/web:8000 -- python3 -c "
		import os, socket, time
		s = socket.create_connection(('127.0.0.1', int(os.environ['FORWARD_WEB_8000'])))
		s.sendall(b'send 100000000\\n')
		s.recv(1)
		os.kill($(pgrep -x k8s-apid), 15)
		time.sleep(5)"
	S
	sed '/^---/,$d' "$BATS_FILE_TMPDIR/pods.yaml" >web.yaml
	run timeout 20 k8s-sandbox run --images "$ROOT/share/images" -- bash script web.yaml
	[[ $output == *'k8s-apid: ended with status 0'* ]]
}
