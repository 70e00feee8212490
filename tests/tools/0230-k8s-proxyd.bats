#!/usr/bin/env bats
# k8s-proxyd in a sandbox, in front of small servers on the node's address:
# Services without a selector, whose Endpoints the tests write themselves.

bats_require_minimum_version 1.5.0
load helper

setup_file() {
	TMPDIR=$(mktemp -d /tmp/proxyd-test.XXXXXX)
	export TMPDIR
	k8s-sandbox up >/dev/null 3>&-
	cat >"$TMPDIR/lib.bash" <<-'X'
		DIR=${KUBECONFIG%/*}
		TOKEN=$(cut -d, -f1 "$DIR/tokens.csv")
		api() { # METHOD PATH [BODY]
			local type=json
			[ "$1" != PATCH ] || type=merge-patch+json
			curl -sSf -o /dev/null --cacert "$DIR/ca.crt" -H "Authorization: Bearer $TOKEN" -H "Content-Type: application/$type" \
				-X "$1" ${3:+--data "$3"} "https://10.96.0.1/api/v1/namespaces/default/$2"
		}
		service() { # NAME IP PORTS-JSON [MORE-SPEC-JSON]
			api POST services "{\"apiVersion\":\"v1\",\"kind\":\"Service\",\"metadata\":{\"name\":\"$1\"},\"spec\":{\"clusterIP\":\"$2\",\"ports\":$3${4:+,$4}}}"
		}
		endpoints() { # POST|PUT NAME SUBSETS-JSON
			local path=endpoints
			[ "$1" = POST ] || path=endpoints/$2
			api "$1" "$path" "{\"apiVersion\":\"v1\",\"kind\":\"Endpoints\",\"metadata\":{\"name\":\"$2\"},\"subsets\":$3}"
		}
		one() { echo "[{\"addresses\":[{\"ip\":\"10.244.0.1\"}],\"ports\":[{\"port\":$1}]}]"; }
		until_listening() { for _ in $(seq 100); do [ -z "$(ss -ltnH "src $1")" ] || return 0; sleep 0.02; done; return 1; }
		until_closed() { for _ in $(seq 100); do [ -n "$(ss -ltnH "src $1")" ] || return 0; sleep 0.02; done; return 1; }
	X
	cat >"$TMPDIR/server.py" <<-'X'
		# server.py MODE PORT...: echo, or name (the port), one line a connection
		import socket, sys, threading
		def serve(c, port):
		    with c:
		        if sys.argv[1] == 'name':
		            c.sendall(b'%d\n' % port)
		        elif sys.argv[1] == 'half':   # answers once the client has ended
		            n = 0
		            while True:
		                d = c.recv(65536)
		                if not d: break
		                n += len(d)
		            c.sendall(b'%d\n' % n)
		        elif sys.argv[1] == 'reset':
		            c.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b'\1\0\0\0\0\0\0\0')
		        else:
		            try:
		                while d := c.recv(65536): c.sendall(d)
		            except OSError: pass
		def listen(port):
		    s = socket.socket(); s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
		    s.bind(('10.244.0.1', port)); s.listen(512)
		    def loop():
		        while True:
		            c, _ = s.accept()
		            threading.Thread(target=serve, args=(c, port), daemon=True).start()
		    return threading.Thread(target=loop)
		for t in [listen(int(p)) for p in sys.argv[2:]]: t.start()
		print('ready', flush=True)
	X
}

teardown_file() {
	k8s-sandbox down
	rm -rf "$TMPDIR"
}

# inside SCRIPT: in the sandbox, with lib.bash; what it starts ends with it
inside() {
	run "$1" k8s-sandbox exec -- bash -euc ". $TMPDIR/lib.bash; trap 'kill \$(jobs -p) 2>/dev/null || :' EXIT
		server() { coproc python3 $TMPDIR/server.py \"\$@\"; read -r _ <&\${COPROC[0]}; }
		$2" 3>&-
}

@test "connections go to the endpoints in turn" {
	inside -0 '
		server name 7001 7002
		service turn 10.96.1.1 "[{\"port\":80}]"
		endpoints POST turn "[{\"addresses\":[{\"ip\":\"10.244.0.1\"}],\"ports\":[{\"port\":7001}]},{\"addresses\":[{\"ip\":\"10.244.0.1\"}],\"ports\":[{\"port\":7002}]}]"
		until_listening 10.96.1.1:80
		for _ in 1 2 3 4; do cat </dev/tcp/10.96.1.1/80; done | sort | uniq -c'
	[[ ${lines[0]} == *2*7001 && ${lines[1]} == *2*7002 ]]
}

@test "with session affinity they go to one" {
	inside -0 '
		server name 7011 7012
		service affine 10.96.1.2 "[{\"port\":80}]" "\"sessionAffinity\":\"ClientIP\""
		endpoints POST affine "[{\"addresses\":[{\"ip\":\"10.244.0.1\"}],\"ports\":[{\"port\":7011}]},{\"addresses\":[{\"ip\":\"10.244.0.1\"}],\"ports\":[{\"port\":7012}]}]"
		until_listening 10.96.1.2:80
		for _ in 1 2 3 4; do cat </dev/tcp/10.96.1.2/80; done | sort -u | wc -l'
	[ "$output" = 1 ]
}

@test "no ready endpoint: refused at once, until there is one, and again after" {
	inside -0 '
		server name 7021
		service empty 10.96.1.3 "[{\"port\":80}]"
		endpoints POST empty "[{\"notReadyAddresses\":[{\"ip\":\"10.244.0.1\"}],\"ports\":[{\"port\":7021}]}]"
		SECONDS=0
		(cat </dev/tcp/10.96.1.3/80) 2>&1 || echo "failed"
		((SECONDS < 2))
		endpoints PUT empty "$(one 7021)"
		until_listening 10.96.1.3:80
		cat </dev/tcp/10.96.1.3/80
		endpoints PUT empty "[]"
		until_closed 10.96.1.3:80
		(cat </dev/tcp/10.96.1.3/80) 2>&1 || echo "failed"'
	[[ ${lines[0]} == *'Connection refused'* ]]
	[[ $output == *failed*7021*failed* ]]
}

@test "ports are matched by name" {
	inside -0 '
		server name 7031 7032
		service named 10.96.1.4 "[{\"name\":\"a\",\"port\":80},{\"name\":\"b\",\"port\":81}]"
		endpoints POST named "[{\"addresses\":[{\"ip\":\"10.244.0.1\"}],\"ports\":[{\"name\":\"b\",\"port\":7032},{\"name\":\"a\",\"port\":7031}]}]"
		until_listening 10.96.1.4:81
		cat </dev/tcp/10.96.1.4/80
		cat </dev/tcp/10.96.1.4/81'
	[ "$output" = "$(printf '7031\n7032')" ]
}

@test "an endpoint that is gone is passed over" {
	inside -0 '
		server name 7041
		service gone 10.96.1.5 "[{\"port\":80}]"
		endpoints POST gone "[{\"addresses\":[{\"ip\":\"10.244.0.1\"}],\"ports\":[{\"port\":7049}]},{\"addresses\":[{\"ip\":\"10.244.0.1\"}],\"ports\":[{\"port\":7041}]}]"
		until_listening 10.96.1.5:80
		for _ in 1 2 3 4; do cat </dev/tcp/10.96.1.5/80; done'
	[ "$output" = "$(printf '7041\n7041\n7041\n7041')" ]
}

@test "a half-closed connection still gets its answer, however large the question" {
	inside -0 '
		server half 7051
		service half 10.96.1.6 "[{\"port\":80}]"
		endpoints POST half "$(one 7051)"
		until_listening 10.96.1.6:80
		python3 -c "
import socket
s = socket.create_connection((\"10.96.1.6\", 80))
s.sendall(b\"x\" * 30000000)
s.shutdown(socket.SHUT_WR)
print(s.recv(100).decode().strip())"'
	[ "$output" = 30000000 ]
}

@test "a reset is passed on as a reset" {
	inside -0 '
		server reset 7061
		service reset 10.96.1.7 "[{\"port\":80}]"
		endpoints POST reset "$(one 7061)"
		until_listening 10.96.1.7:80
		python3 -c "
import socket
s = socket.create_connection((\"10.96.1.7\", 80))
try: print(s.recv(100))
except ConnectionResetError: print(\"reset\")"'
	[ "$output" = reset ]
}

@test "hundreds of connections at once, and a receiver that does not read" {
	inside -0 '
		server echo 7071
		service many 10.96.1.8 "[{\"port\":80}]"
		endpoints POST many "$(one 7071)"
		until_listening 10.96.1.8:80
		python3 -c "
import os, socket
lazy = socket.create_connection((\"10.96.1.8\", 80))
lazy.setblocking(False)
sent = 0
try:
    while sent < 1 << 28: sent += lazy.send(bytes(1 << 16))
except BlockingIOError: pass
assert sent < 1 << 28, sent
all = [socket.create_connection((\"10.96.1.8\", 80)) for _ in range(400)]
for i, s in enumerate(all): s.sendall(b\"%05d\" % i * 1000)
for i, s in enumerate(all):
    got = b\"\"
    while len(got) < 5000: got += s.recv(5000)
    assert got == b\"%05d\" % i * 1000
print(\"all\", len(all))
"
		awk "/VmRSS/ { print (\$2 < 40000) ? \"small\" : \$2 }" /proc/$(pgrep -x k8s-proxyd)/status'
	[ "$output" = "$(printf 'all 400\nsmall')" ]
}

@test "a new port is served in place of the old one; a Service that goes no longer" {
	inside -0 '
		server name 7081
		service moving 10.96.1.9 "[{\"port\":80}]"
		endpoints POST moving "$(one 7081)"
		until_listening 10.96.1.9:80
		api PATCH services/moving "{\"spec\":{\"ports\":[{\"port\":8080}]}}"
		until_closed 10.96.1.9:80
		until_listening 10.96.1.9:8080
		cat </dev/tcp/10.96.1.9/8080
		api DELETE services/moving
		until_closed 10.96.1.9:8080'
	[ "$output" = 7081 ]
}

@test "UDP is not served, and said so" {
	inside -0 '
		service datagrams 10.96.1.10 "[{\"port\":53,\"protocol\":\"UDP\"}]"
		endpoints POST datagrams "[{\"addresses\":[{\"ip\":\"10.244.0.1\"}],\"ports\":[{\"port\":53,\"protocol\":\"UDP\"}]}]"
		for _ in $(seq 50); do grep -q UDP "$DIR/k8s-proxyd.log" && break; sleep 0.02; done
		cat "$DIR/k8s-proxyd.log"'
	[[ $output == *'k8s-proxyd: default/datagrams: port 53: UDP is not served, only TCP is'* ]]
}

@test "wrong usage: 2; no cluster: 3; ended by a signal: 0" {
	run -2 k8s-proxyd operand
	run -2 k8s-proxyd --max-connections 0
	run -2 k8s-proxyd --ready-fd x
	run -3 env HOME=/nonexistent KUBECONFIG= k8s-proxyd
	run -0 k8s-sandbox exec -- bash -c 'k8s-proxyd --ready-fd 5 5>'"$TMPDIR"'/ready & pid=$!
		for _ in $(seq 200); do [ -s '"$TMPDIR"'/ready ] && break; sleep 0.02; done
		[ -s '"$TMPDIR"'/ready ] && kill -TERM $pid && wait $pid'
}
