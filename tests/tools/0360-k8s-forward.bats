#!/usr/bin/env bats
# k8s-forward to pods of a sandbox: what arrives, at which pod, and every exit
# status.  Behind port 80 of a pod is an echo that says which pod it is first.
# A server that does not speak the protocol is a stand-in.
bats_require_minimum_version 1.5.0
load helper
load sandbox

echo_pod() { # NAME APP
	cat <<-Y
		---
		apiVersion: v1
		kind: Pod
		metadata: {name: $1, labels: {app: $2}}
		spec:
		  terminationGracePeriodSeconds: 0
		  containers:
		    - name: c
		      image: "busybox:1"
		      command: [python3, -c, $(jq -Rs . "$BATS_FILE_TMPDIR/echo.py")]
		      ports: [{name: http, containerPort: 80}]
		      readinessProbe: {tcpSocket: {port: http}, periodSeconds: 1}
	Y
}

service() { # NAME
	cat <<-Y
		---
		apiVersion: v1
		kind: Service
		metadata: {name: $1}
		spec: {selector: {app: $1}, ports: [{name: http, port: 8000, targetPort: http}, {name: odd, port: 8001, targetPort: 81}]}
	Y
}

setup_file() {
	cat >"$BATS_FILE_TMPDIR/echo.py" <<-'P'
		import socket, threading
		def serve(c):
		    c.sendall(socket.gethostname().encode() + b'\n')
		    b = b''
		    while not b.endswith(b'bye\n') and (b := c.recv(1 << 16)):
		        c.sendall(b)
		    c.close()
		s = socket.create_server(('', 80), backlog=256)
		while True:
		    threading.Thread(target=serve, args=(s.accept()[0],), daemon=True).start()
	P
	{
		echo_pod web-1 web
		service web
		service turn
		service late
	} >"$BATS_FILE_TMPDIR/web.yaml"
	start_sandbox "$BATS_FILE_TMPDIR/web.yaml"
	k8s-wait -n default -t 20s pod/web-1 >/dev/null
}

teardown_file() {
	stop_sandbox
}

setup() {
	cd "$BATS_TEST_TMPDIR" || return
	use_sandbox
	cat >ask <<-'S' # ask PORT WORD: what the echo says
		import socket, sys
		s = socket.create_connection(('127.0.0.1', int(sys.argv[1])), 10)
		s.sendall(sys.argv[2].encode() + b' bye\n')
		print(b''.join(iter(lambda: s.recv(65536), b'')).decode(), end='')
	S
}

@test "a command finds the port, by number and by name, and its status counts" {
	run -7 --separate-stderr k8s-forward web:8000 web:http -- sh -c \
		'python3 ask $FORWARD_WEB_8000 one && python3 ask $FORWARD_WEB_HTTP two; exit 7'
	[[ $output == $'web-1\none bye\nweb-1\ntwo bye' && -z $stderr ]]
	run -143 k8s-forward web:8000 -- sh -c 'kill $$'
}

@test "a port of one's own, and a record; a signal ends it" {
	port=$(free_port)
	k8s-forward "$port:pod/web-1:80" >out 3>&- &
	pid=$!
	wait_for 5 test -s out
	jq -e --argjson p "$port" '. == {type: "forward", name: "web-1", port: "80", address: "127.0.0.1", local_port: $p}' out
	run -0 python3 ask "$port" hello
	[[ $output == $'web-1\nhello bye' ]]
	kill "$pid"
	wait "$pid"
}

@test "much, both ways at once" {
	cat >much <<-'S'
		import os, socket, sys, threading
		s = socket.create_connection(('127.0.0.1', int(os.environ['FORWARD_WEB_8000'])), 10)
		sent = os.urandom(6 << 20)
		threading.Thread(target=s.sendall, args=(sent,)).start()
		got = b''
		while len(got) < len(sent) + 6:
		    got += s.recv(1 << 20)
		sys.exit(got != b'web-1\n' + sent)
	S
	k8s-forward web:8000 -- python3 much
}

@test "many connections at once" {
	cat >many <<-'S'
		import os, socket
		port = int(os.environ['FORWARD_WEB_8000'])
		all = [socket.create_connection(('127.0.0.1', port), 10) for _ in range(100)]
		for i, s in enumerate(all):
		    s.sendall(b'%d bye\n' % i)
		for i, s in enumerate(all):
		    assert b''.join(iter(lambda: s.recv(4096), b'')) == b'web-1\n%d bye\n' % i
	S
	k8s-forward web:8000 -- python3 many
}

@test "more than there are descriptors for: they wait, and no processor is busy" {
	cat >crowd <<-'S'
		import os, resource, socket, time
		resource.setrlimit(resource.RLIMIT_NOFILE, (100, 100))
		port = int(os.environ['FORWARD_WEB_8000'])
		def busy():
		    with open('/proc/%d/stat' % os.getppid()) as f:
		        return sum(map(int, f.read().rsplit(')')[1].split()[11:13])) / os.sysconf('SC_CLK_TCK')
		all = [socket.create_connection(('127.0.0.1', port), 10) for _ in range(40)]
		time.sleep(0.5)
		before = busy()
		time.sleep(1)
		print(busy() - before < 0.3)
		for s in all[:-1]:
		    s.close()
		all[-1].sendall(b'last bye\n')
		print(b''.join(iter(lambda: all[-1].recv(4096), b'')))
	S
	run -0 --separate-stderr bash -c 'ulimit -Sn 40; exec k8s-forward web:8000 -- python3 crowd'
	[[ $output == *True* && $output == *"web-1\\nlast bye\\n'" ]]
	[[ $stderr == 'k8s-forward: web:8000: too many connections: further connections wait' ]]
}

@test "an answer after the local side has finished" {
	run -0 k8s-forward web:8000 -- python3 -c "
import os, socket
s = socket.create_connection(('127.0.0.1', int(os.environ['FORWARD_WEB_8000'])), 10)
s.sendall(b'last words')
s.shutdown(socket.SHUT_WR)
print(b''.join(iter(lambda: s.recv(4096), b'')))"
	[[ $output == *"web-1\\nlast words'" ]]
}

@test "ready pods in turn; a replaced one is followed" {
	{
		echo_pod a turn
		echo_pod b turn
	} | k8s-apply | k8s-wait -t 20s >/dev/null
	echo_pod new turn >new.yaml
	run -0 k8s-forward turn:8000 -- sh -c \
		'for i in 1 2 3 4; do python3 ask $FORWARD_TURN_8000 x | head -n 1; done | sort -u
		k8s-apply -f new.yaml | k8s-wait -t 20s >/dev/null
		k8s-delete --grace 0 pod/a pod/b >/dev/null; python3 ask $FORWARD_TURN_8000 x'
	[ "$output" = $'a\nb\nnew\nx bye' ]
}

@test "what is not there yet is waited for" {
	echo_pod late late >late.yaml
	(sleep 0.5 && exec k8s-apply -f late.yaml >/dev/null) 3>&- &
	run -0 k8s-forward late:8000 -- sh -c 'python3 ask $FORWARD_LATE_8000 x'
	[[ $output == $'late\nx bye' ]]
}

@test "a connection that leads nowhere is reset, with the reason" {
	run -1 --separate-stderr k8s-forward -t 400ms none:1 -- sh -c 'python3 ask $FORWARD_NONE_1 x 2>/dev/null'
	[[ $stderr == 'k8s-forward: none:1: services "none" not found' ]]
	run -1 --separate-stderr k8s-forward -t 400ms web:9 -- sh -c 'python3 ask $FORWARD_WEB_9 x 2>/dev/null'
	[[ $stderr == 'k8s-forward: web:9: service web has no port 9' ]]
	run -1 --separate-stderr k8s-forward -t 400ms pod/gone:80 -- sh -c 'python3 ask $FORWARD_GONE_80 x 2>/dev/null'
	[[ $stderr == *'no ready pod'* || $stderr == *'no such pod'* ]]
	run --separate-stderr k8s-forward web:8001 -- sh -c 'python3 ask $FORWARD_WEB_8001 x 2>/dev/null'
	[[ $stderr == 'k8s-forward: web:8001: error forwarding port 81 to pod web-1, '*': Connection refused' ]]
}

# stand_in: starts it; KUBECONFIG is then its
stand_in() {
	python3 "$ROOT/tests/data/portforward.py" >port 3>&- &
	STAND_IN=$!
	wait_for 5 test -s port
	printf '{"clusters": [{"name": "c", "cluster": {"server": "http://127.0.0.1:%s"}}], "current-context": "x",
		"contexts": [{"name": "x", "context": {"cluster": "c"}}]}' "$(<port)" >config
	KUBECONFIG=config
}

@test "a server that is not there: its name and why, with the reset" {
	sed "s,server: .*,server: https://127.0.0.1:$(free_port)," "$KUBECONFIG" >dead
	for to in web:80 pod/web:80; do
		run -1 --separate-stderr k8s-forward --kubeconfig dead -t 1s "$to" -- sh -c 'python3 ask $FORWARD_WEB_80 x 2>/dev/null'
		[[ $stderr == "k8s-forward: $to: "*'https://127.0.0.1:'*': cannot connect: '* ]]
	done
}

@test "a server that does not speak the protocol" {
	stand_in
	run -1 --separate-stderr k8s-forward -t 400ms pod/web:80 -- sh -c 'python3 ask $FORWARD_WEB_80 x 2>/dev/null'
	end_process "$STAND_IN"
	[[ $stderr == *'the server does not speak v4.channel.k8s.io' ]]
}

@test "a server that is lost is no regular end" {
	stand_in
	run -1 --separate-stderr k8s-forward pod/web:81 -- sh -c 'exec python3 ask $FORWARD_WEB_81 x 2>&1'
	end_process "$STAND_IN"
	[[ $output == *ConnectionResetError* && $stderr == 'k8s-forward: pod/web:81: connection lost' ]]
}

@test "a server's last words are heard by who had something to say" {
	cat >late <<-'S'
		import os, signal, socket, time
		s = socket.create_connection(('127.0.0.1', int(os.environ['FORWARD_WEB_82'])), 10)
		time.sleep(0.3)
		os.kill(os.getppid(), signal.SIGSTOP)
		s.sendall(b'x')
		time.sleep(0.5)
		os.kill(os.getppid(), signal.SIGCONT)
		try:
		    s.recv(1)
		except ConnectionResetError:
		    print('reset')
	S
	stand_in
	run -0 --separate-stderr k8s-forward pod/web:82 -- python3 late
	end_process "$STAND_IN"
	[[ $output == reset && $stderr == 'k8s-forward: pod/web:82: no more room' ]]
}

@test "no right to forward: the server says why" {
	k8s-apply -n default <<-'Y' >/dev/null
		apiVersion: v1
		kind: ServiceAccount
		metadata: {name: looker}
		---
		apiVersion: rbac.authorization.k8s.io/v1
		kind: RoleBinding
		metadata: {name: looker}
		roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: view}
		subjects: [{kind: ServiceAccount, name: looker, namespace: default}]
	Y
	token=$(api POST /api/v1/namespaces/default/serviceaccounts/looker/token -H 'Content-Type: application/json' \
		-d '{"apiVersion":"authentication.k8s.io/v1","kind":"TokenRequest","spec":{}}' | jq -r .status.token)
	(umask 077 && sed "s/token: .*/token: $token/" "$KUBECONFIG" >looker)
	run -1 --separate-stderr k8s-forward --kubeconfig looker -t 1s pod/web-1:8000 -- sh -c 'python3 ask $FORWARD_WEB_1_8000 x 2>/dev/null'
	[[ $stderr == *': pods "web-1" is forbidden: User "system:serviceaccount:default:looker" cannot get resource "pods/portforward"'* ]]
}

@test "wrong usage: 2" {
	run -2 k8s-forward
	run -2 k8s-forward web
	run -2 k8s-forward web:
	run -2 k8s-forward 0:web:80
	run -2 k8s-forward a:b:c:d
	run -2 k8s-forward web:80 --
	run -2 k8s-forward -t soon web:80
	run -2 k8s-forward web:80 -- /nonexistent
}

@test "a port that is taken, no cluster, no space: 3" {
	port=$(sandbox_config server | sed "s/.*://")
	run -3 k8s-forward "$port:web:80" -- true
	run -3 env -u KUBECONFIG HOME=/nonexistent k8s-forward web:80 -- true
	run -3 bash -c 'k8s-forward web:80 >/dev/full'
}
