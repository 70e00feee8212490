#!/usr/bin/env bats
# Each allocation of a tool is failed in turn: it must not crash, must not end
# well without having done its work, and must say why.  TORTURE_MAX=N runs that
# are made per command at most, spread over all its allocations (default 60).

bats_require_minimum_version 1.5.0
load helper

# Libraries that end or crash the process when they get no memory, or that are
# set up by others before there is anything to fail: libjq and libhiredis abort
# by design, libcurl divides by the size of a table that it did not get.  Likewise glibc's fts_open writes through the pointer that it did
# not get, so s3-put has a file here and no folder.
export FAILMALLOC_SKIP=libjq:libhiredis:libonig:libcurl:libcrypto:libssl:libgnutls:libgcrypt:libp11-kit:libkrb5:libgssapi:libldap:libsasl

setup() {
	cd "$BATS_TEST_TMPDIR" || return
}

# once N COMMAND…: runs it with allocation N failing, into out, err and $status
once() {
	local n=$1
	shift
	status=0
	LD_PRELOAD=$ROOT/build/preload/failmalloc.so FAILMALLOC_N=$n "$@" >out 2>err <"${input:-/dev/null}" || status=$?
	IFS= read -r -d '' out <out || true
	IFS= read -r -d '' err <err || true
	# times differ from run to run
	out=${out//[0-9]/}
}

# torture COMMAND…: input is the file of its standard input
torture() {
	local n step total good_out good_status bad=0
	FAILMALLOC_COUNT=count once 0 "$@"
	good_out=$out good_status=$status
	total=$(<count)
	step=$((total / ${TORTURE_MAX:-60} + 1))
	for ((n = 1; n <= total; n += step)); do
		once "$n" "$@"
		if ((status == good_status)) && [[ $out == "$good_out" ]]; then
			continue
		elif ((status == 3 || status == ${also:-3})) && [[ -n $err ]]; then
			continue
		fi
		echo "$*: allocation $n of $total: status $status: ${err:-no message}"
		bad=1
	done
	return $bad
}

probes() {
	cat >probes.jsonl <<-'DATA'
		{"type":"probe","name":"one","group":"a","service":"api","method":"GET","route":"/one","url":"http://api/one","status":200,"ok":true,"failures":[],"attempts":1,"ts":"2026-01-01T00:00:00.000Z","ms":12.5,"bytes":10}
		{"type":"probe","name":"two","group":"a","service":"web","method":"GET","route":"/two","url":"http://web/two","status":500,"ok":false,"failures":["status: 500"],"attempts":1,"ts":"2026-01-01T00:00:01.000Z","ms":700,"bytes":10}
		{"type":"seed","table":"notes","rows":3,"bytes":120,"ms":4}
		{"type":"wait","kind":"Deployment","namespace":"demo","name":"web","condition":"ready","status":"met","ms":120,"startup_ms":110}
		{"type":"usage","pod":"web-1","container":"web","memory_bytes":1048576,"cpu_millicores":3,"ts":"2026-01-01T00:00:02.000Z"}
		{"type":"stage","stage":6,"name":"api","status":"failed","ts":"2026-01-01T00:00:00.000Z","ms":1000,"exit_status":1,"message":"1 of 2 failed"}
	DATA
}

@test "latency-summary" {
	probes
	torture latency-summary -o json --by service,route probes.jsonl
	torture latency-summary -o table probes.jsonl
}

@test "budget-check" {
	probes
	cat >budgets.json <<-'DATA'
		{"budgets": [
		  {"metric": "p95", "value": "select(.type == \"probe\") | .ms", "stat": "p95", "limit": 200, "unit": "ms", "action": "index"},
		  {"metric": "startup", "value": "select(.startup_ms != null) | .startup_ms", "by": ".name", "stat": "max", "limit": 30000, "unit": "ms", "action": "load less"}
		]}
	DATA
	TORTURE_MAX=$((${TORTURE_MAX:-60} / 2)) torture budget-check budgets.json probes.jsonl
}

@test "results-json, results-tap" {
	probes
	torture results-json --run r1 --namespace demo probes.jsonl
	torture results-tap probes.jsonl
}

@test "http-probe: reading checks" {
	cat >vars.json <<<'{"ID": "17"}'
	cat >checks.jsonl <<-'DATA'
		{"name": "create", "group": "crud", "service": "api", "method": "POST", "path": "/api/notes", "json": {"text": "milk"}, "headers": {"X-A": "b"}, "expect": {"status": 201, "jq": [".text == \"milk\""]}, "capture": {"NEW": ".id"}}
		{"name": "read", "group": "crud", "service": "api", "path": "/api/notes/1", "expect": {"max_ms": 200}, "retry": {"times": 2, "delay": "10ms"}}
		{"name": "old", "service": "api", "path": "/api/notes/${ID}?q=${Q}", "route": "/api/notes/:id", "repeat": 2}
	DATA
	torture http-probe --dry-run --base api=http://127.0.0.1:1 --vars vars.json -D Q=x checks.jsonl
	echo '{"name": "no path"' >bad.jsonl
	torture http-probe --dry-run bad.jsonl
}

# A response that could not be kept is a failed check: 1 is an answer, too.
@test "http-probe: calls to a server" {
	local port pid bad=0
	port=$(free_port)
	mkdir -p www
	echo '{"id": 42}' >www/one.json
	echo >none.routes
	sql-serve --listen "127.0.0.1:$port" --db 'postgresql://nobody@127.0.0.1:1/none' --static www none.routes 2>served >&2 3>&- &
	pid=$!
	wait_for 10 bash -c "exec 9<>/dev/tcp/127.0.0.1/$port"
	cat >checks.jsonl <<-'DATA'
		{"name": "one", "group": "g", "path": "/one.json", "headers": {"X-A": "b"}, "expect": {"status": 200, "jq": [".id == 42"]}, "capture": {"ID": ".id"}}
		{"name": "two", "group": "g", "path": "/one.json?id=${ID}", "repeat": 2, "expect": {"max_ms": 5000}}
	DATA
	also=1 torture http-probe -c 1 --base "http://127.0.0.1:$port" checks.jsonl || bad=1
	end_process "$pid"
	return $bad
}

@test "run-stage, run-finally" {
	torture run-stage -n api -s 6/9 -o records sh -c 'echo "{\"type\":\"probe\"}"; echo words >&2'
	torture run-finally -f 'echo cleaned' sh -c 'echo ran'
}

@test "redis-probe, pg-seed, pg-migrate, s3-put: reading input, no server" {
	echo '{"name":"empty","command":["DBSIZE"],"expect":[". == 0"]}' >redis.jsonl
	torture redis-probe --url redis://127.0.0.1:1/0 redis.jsonl
	echo '{"table":"notes","id":1,"text":"\u00e9"}' >rows.jsonl
	torture pg-seed -d 'postgresql://nobody@127.0.0.1:1/none' rows.jsonl
	echo '{"table":' >bad.jsonl
	torture pg-seed -d 'postgresql://nobody@127.0.0.1:1/none' bad.jsonl
	mkdir -p sql objects
	echo 'SELECT 1' >sql/0001_one.sql
	torture pg-migrate -d 'postgresql://nobody@127.0.0.1:1/none' sql
	echo text >objects/a.txt
	AWS_ACCESS_KEY_ID=a AWS_SECRET_ACCESS_KEY=b torture s3-put -n --endpoint http://127.0.0.1:1 bucket objects/a.txt
}

@test "k8s tools: configuration and manifests" {
	cat >kubeconfig <<-'DATA'
		apiVersion: v1
		kind: Config
		clusters: [{name: c, cluster: {server: "http://127.0.0.1:1"}}]
		users: [{name: u, user: {token: t}}]
		contexts: [{name: x, context: {cluster: c, user: u, namespace: demo}}]
		current-context: x
	DATA
	cat >bad.yaml <<-'DATA'
		apiVersion: v1
		kind: ConfigMap
		metadata: {name: a}
		data: &d {x: "1", y: 0644, z: |
		    text
		  }
		data: {}
	DATA
	export KUBECONFIG=$PWD/kubeconfig
	torture k8s-apply -f bad.yaml
	torture k8s-wait --for 'jq=.a == 1' nonsense/
	torture k8s-delete -f bad.yaml
	printf '{"type":"apply","apiVersion":"v1","kind":"Pod","name":"a","namespace":"%s"}\n{oops\n' demo >records
	input=records torture k8s-wait
	KUBECONFIG=$PWD/bad.yaml torture k8s-top
}

@test "sql-serve: reading routes" {
	cat >api.routes <<-'DATA'
		GET /api/notes/:id
		  SELECT json_build_object('id', :id, 'q', :query.q);

		POST /api/notes
		  SELECT :body::json;
	DATA
	torture sql-serve --listen 127.0.0.1:0 --db 'postgresql://nobody@127.0.0.1:1/none' api.routes bad
}

@test "usage and help" {
	local t
	for t in "$ROOT"/build/bin/*; do
		torture "${t##*/}" --help
		torture "${t##*/}" --no-such-option
	done
}
