#!/usr/bin/env bats
# http-probe: checks in, probe records out, against a real HTTP server.

bats_require_minimum_version 1.5.0
load helper

setup_file() {
	local port
	port=$(free_port)
	export BASE=http://127.0.0.1:$port
	python3 "$ROOT/tests/data/http-server.py" "$port" 3>&- &
	export SERVER_PID=$!
	wait_for 10 bash -c "exec 9<>/dev/tcp/127.0.0.1/$port"
}

teardown_file() {
	end_process "$SERVER_PID"
}

setup() {
	cd "$BATS_TEST_TMPDIR" || return
}

# probe ARGUMENT…: the checks on standard input; records in out, words in err
probe() {
	http-probe --base "$BASE" "$@" >out 2>err
}

# holds EXPRESSION: of all records, as an array
holds() {
	jq -se "$1" out >/dev/null || {
		cat out err
		return 1
	}
}

@test "a check that passes: 0, and its record" {
	run -0 probe <<-'END'
		{"name": "one", "path": "/echo/1?q=x", "expect": {"status": 200, "jq": [".id == 42"]}}
	END
	holds 'length == 1 and (.[0] | .type == "probe" and .name == "one" and .group == "one" and
		.method == "GET" and .route == "/echo/1" and .status == 200 and .ok and .failures == [] and
		.attempts == 1 and .bytes > 100 and (.ts | test("^20.*T.*\\.[0-9]{3}Z$")) and
		.server_ms == 3.75 and 0 < .ttfb_ms and .ttfb_ms <= .ms and .ms < 5000 and
		.connect_ms > 0 and .tls_ms == 0 and (.url | endswith("/echo/1?q=x")))'
	[ ! -s err ]
}

@test "method, headers, json and body are sent as they stand" {
	run -0 probe <<-'END'
		{"name": "json", "method": "POST", "path": "/echo", "headers": {"X-A": "b c"}, "json": {"n": 12345678901234567890, "t": 1.10}, "expect": {"jq": [".body == \"{\\\"n\\\": 12345678901234567890, \\\"t\\\": 1.10}\"", ".headers[\"x-a\"] == \"b c\"", ".headers[\"content-type\"] == \"application/json\""]}}
		{"name": "body", "method": "PUT", "path": "/echo", "body": "plain", "expect": {"jq": [".method == \"PUT\"", ".body == \"plain\""]}}
		{"name": "empty", "method": "DELETE", "path": "/echo", "expect": {"jq": [".body == \"\""]}}
		{"name": "head", "method": "HEAD", "path": "/echo", "expect": {"status": 200}}
	END
}

@test "status: 2xx unless said otherwise, one, or one of several" {
	run -0 probe <<-'END'
		{"name": "204", "path": "/status/204"}
		{"name": "404", "path": "/status/404", "expect": {"status": 404}}
		{"name": "several", "path": "/status/409", "expect": {"status": [400, 409]}}
	END
	run -1 probe -c 1 <<-'END'
		{"name": "bad", "path": "/status/500"}
		{"name": "other", "path": "/status/200", "expect": {"status": [400, 409]}}
	END
	holds '.[0].ok == false and (.[0].failures[0] | startswith("status: expected 2xx, got 500: {\"error\": \"no luck\"}"))'
	holds '.[1].failures[0] | startswith("status: expected 400 or 409, got 200")'
	grep -q '^http-probe: stdin:1: bad: status: expected 2xx, got 500' err
	grep -q '^http-probe: 2 of 2 failed$' err
}

@test "a failed expression says itself and what it got" {
	run -1 probe <<-'END'
		{"name": "wrong", "path": "/echo", "expect": {"jq": [".id == 41", ".none", ".ratio | empty", ".id.x", ".id == 42"]}}
	END
	holds '.[0].failures == ["jq .id == 41: got false", "jq .none: got null", "jq .ratio | empty: got no output", "jq .id.x: got Cannot index number with string \"x\""]'
}

@test "a response that is no JSON is told once" {
	run -1 probe <<-'END'
		{"name": "text", "path": "/text", "expect": {"jq": [".a == 1", ".b == 2"]}}
	END
	holds '.[0].failures | length == 1 and (.[0] | test("not JSON"))'
}

@test "headers are regular expressions for the whole value" {
	run -0 probe <<-'END'
		{"name": "right", "path": "/echo", "expect": {"headers": {"X-Test": "one (two|three)", "content-type": "application/.*"}}}
	END
	run -1 probe <<-'END'
		{"name": "part", "path": "/echo", "expect": {"headers": {"X-Test": "one", "x-none": ".*"}}}
	END
	holds '.[0].failures == ["header x-test: expected one, got one two", "header x-none: expected .*, got none"]'
}

# raw MEMBERS ANSWER: a check that is answered so (with \r\n as printf writes it)
raw() {
	printf '%b' "$2" | jq -Rsc --argjson m "$1" '{name: "raw", path: "/raw", method: "POST", body: .} + $m'
}

@test "headers that stand there several times: one is as expected; times are added" {
	local answer='HTTP/1.1 200 OK\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2\r\nContent-Length: 0\r\n'
	answer+='Server-Timing: db;dur=1.5;desc="x, dur=9", miss\r\nServer-Timing: app;desc=y;dur="2"\r\n\r\n'
	raw '{"expect": {"headers": {"set-cookie": "b=[0-9]"}}}' "$answer" >checks.jsonl
	run -0 probe checks.jsonl
	holds '.[0].server_ms == 3.5'
	raw '{"expect": {"headers": {"set-cookie": "c=.*"}}}' "$answer" >checks.jsonl
	run -1 probe checks.jsonl
	holds '.[0].failures == ["header set-cookie: expected c=.*, got a=1, b=2"]'
}

@test "an answer that ends within its headers or its body fails" {
	raw '{}' 'HTTP/1.1 200 OK\r\nContent-Le' >checks.jsonl
	run -1 probe checks.jsonl
	holds '.[0].failures == ["response: closed within the headers"]'
	raw '{}' 'HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc' >checks.jsonl
	run -1 probe checks.jsonl
	holds '.[0].failures == ["response: transfer closed with 6 bytes remaining to read"]'
	raw '{}' "HTTP/1.1 200 OK\r\n$(printf 'X: %060000d\\r\\n' 1 2 3 4 5)\r\n" >checks.jsonl
	run -1 probe checks.jsonl
	holds '.[0].failures == ["response: headers larger than 262144 bytes"]'
}

@test "a 100 Continue is no answer" {
	raw '{}' 'HTTP/1.1 100 Continue\r\n\r\n' >checks.jsonl
	run -3 probe checks.jsonl
	holds '.[0].status == 0 and .[0].failures == ["no response: connection closed without an answer"]'
	raw '{}' 'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n' >checks.jsonl
	run -0 probe checks.jsonl
}

@test "max_ms" {
	run -1 probe <<-'END'
		{"name": "slow", "path": "/delay/120", "expect": {"max_ms": 50}}
	END
	holds '.[0].failures[0] | test("^max_ms: expected at most 50, took 1[0-9][0-9]")'
	run -0 probe <<<'{"name": "fine", "path": "/delay/1", "expect": {"max_ms": 5000}}'
}

@test "captures feed the checks that follow in their group" {
	run -0 probe <<-'END'
		{"name": "make", "group": "g", "path": "/echo", "capture": {"ID": ".id", "NAME": ".name", "RATIO": ".ratio"}}
		{"name": "use", "group": "g", "method": "POST", "path": "/echo/${ID}?r=${RATIO}", "route": "/echo/:id", "headers": {"X-Id": "${ID}"}, "json": {"name": "${NAME}"}, "expect": {"jq": [".path == \"/echo/${ID}?r=0.5\"", ".id == ${ID}", ".name == \"${NAME}\"", ".headers[\"x-id\"] == \"42\"", ".body | fromjson | .name == \"${NAME}\""]}}
	END
	holds '.[1] | .route == "/echo/:id" and .ok and (.url | endswith("/echo/42?r=0.5"))'
}

@test "a captured URL is a path of its own; without one there is a base to name" {
	run -0 probe <<-END
		{"name": "make", "group": "g", "method": "POST", "path": "/echo", "body": "$BASE/echo/next", "capture": {"NEXT": ".body"}}
		{"name": "use", "group": "g", "path": "\${NEXT}", "expect": {"jq": [".path == \"/echo/next\""]}}
	END
	run -1 http-probe <<-END
		{"name": "make", "group": "g", "path": "$BASE/echo", "capture": {"NAME": ".name"}}
		{"name": "use", "group": "g", "path": "\${NAME}"}
	END
	[[ $output == *'not sent: path: no URL, and no --base is given'* ]]
}

@test "a path with dots is sent as it stands" {
	run -0 probe <<<'{"name": "dots", "path": "/echo/a/../b/./c//d", "expect": {"jq": [".path == \"/echo/a/../b/./c//d\""]}}'
}

@test "a check's own content type stands in the place of that of JSON" {
	run -0 probe <<<'{"name": "patch", "method": "PATCH", "path": "/echo", "headers": {"content-type": "application/merge-patch+json"}, "json": {}, "expect": {"jq": [".headers[\"content-type\"] == \"application/merge-patch+json\""]}}'
}

@test "a captured number keeps its digits" {
	{
		raw '{"group": "g", "capture": {"A": ".o.a", "B": ".b", "C": ".o.a + 0"}}' \
			'HTTP/1.0 200 OK\r\n\r\n{"o": {"a": 12345678901234567890},\n"b": 1.50}'
		echo '{"name": "use", "group": "g", "path": "/echo/${A}/${B}", "expect": {"jq": [".path == \"/echo/12345678901234567890/1.5\"", "\"${C}\" | startswith(\"1234567890123456\")", "${A} == 12345678901234567890"]}}'
	} >checks.jsonl
	run -0 probe checks.jsonl
}

@test "a captured text with a NUL in it is not cut short" {
	raw '{"capture": {"A": ".a"}}' 'HTTP/1.0 200 OK\r\n\r\n{"a": "x\\u0000y"}' >checks.jsonl
	run -1 probe checks.jsonl
	holds '.[0].failures == ["capture A: .a: holds a NUL"]'
}

@test "what was captured is expected in a header, as it is" {
	local answer='HTTP/1.0 200 OK\r\nLocation: /items?id=a.b+c\r\n\r\n'
	{
		echo '{"name": "make", "group": "g", "method": "POST", "path": "/echo", "body": "a.b+c", "capture": {"ID": ".body"}}'
		raw '{"group": "g", "expect": {"headers": {"Location": "/${PART}id=(x|${ID})"}}}' "$answer"
	} >checks.jsonl
	run -0 probe -D 'PART=items?' checks.jsonl
	sed -i 's/a\.b+c", "cap/a.bbc", "cap/' checks.jsonl
	run -1 probe -D 'PART=items?' checks.jsonl
	holds '.[1].failures == ["header location: expected /items\\?id=(x|a\\.bbc), got /items?id=a.b+c"]'
}

@test "captures stay within their group and file" {
	run -2 probe <<-'END'
		{"name": "make", "group": "a", "path": "/echo", "capture": {"ID": ".id"}}
		{"name": "use", "group": "b", "path": "/echo/${ID}"}
	END
	grep -q '^http-probe: stdin:2: ${ID} is not defined$' err
	[ ! -s out ]
}

@test "a capture that gives nothing fails; what needs it is skipped" {
	run -1 probe <<-'END'
		{"name": "make", "group": "g", "path": "/echo", "capture": {"ID": ".none"}}
		{"name": "use", "group": "g", "path": "/echo/${ID}"}
		{"name": "assert", "group": "g", "path": "/echo", "expect": {"jq": [".id == ${ID}"]}}
		{"name": "last", "group": "g", "path": "/echo"}
	END
	holds 'map(.name) == ["make", "use", "assert", "last"] and map(.ok) == [false, false, false, true]'
	holds '.[0].failures == ["capture ID: .none: gave nothing"] and .[1].skipped and (.[1] | has("ms") | not)'
	holds '.[2].failures[0] == "jq .id == ${ID}: ${ID} was not captured"'
	grep -q 'use: skipped: a variable was not captured' err
}

@test "what was captured and cannot be sent fails its check, not the run" {
	run -1 probe -D A=b <<-'END'
		{"name": "make", "group": "g", "method": "POST", "path": "/echo", "body": "a\nb", "capture": {"TEXT": ".body"}}
		{"name": "use", "group": "g", "path": "/echo", "headers": {"X-A": "${TEXT}"}}
		{"name": "last", "group": "g", "path": "/echo"}
	END
	holds 'map(.ok) == [true, false, true] and (.[1].failures[0] | startswith("not sent: X-A: "))'
}

@test "variables: -D and --vars, of which the later wins" {
	echo '{"A": "from file", "B": 7}' >vars.json
	run -0 probe --vars vars.json -D A=given <<-'END'
		{"name": "vars ${B}", "path": "/echo?b=${B}", "body": "${A} $B {A}", "expect": {"jq": [".body == \"${A} $B {A}\"", ".path == \"/echo?b=7\""]}}
	END
	holds '.[0].name == "vars 7"'
	holds '.[0].ok'
}

@test "an undefined variable: 2, file and line, nothing sent" {
	printf '%s\n' '{"name": "first", "path": "/echo/nothing-is-sent"}' '' \
		'{"name": "second", "path": "/echo", "expect": {"jq": [".id == \"${NOPE}\""]}}' >checks.jsonl
	run -2 probe checks.jsonl
	[ ! -s out ]
	grep -q '^http-probe: checks.jsonl:3: .*${NOPE} is not defined$' err
	run -0 curl -sf "$BASE/seen"
	[[ $output != *nothing-is-sent* ]]
}

@test "malformed checks: 2, file and line; each file is told" {
	echo '{"name": "x", "path": "/", "oops": 1}' >a.jsonl
	printf '\n{"name": "y", "path": "/"' >b.jsonl
	run -2 probe a.jsonl b.jsonl
	grep -q '^http-probe: a.jsonl:1: oops: unknown member$' err
	grep -q '^http-probe: b.jsonl:2: ' err
	[ ! -s out ]
	local line
	while IFS= read -r line; do
		run -2 probe <<<"$line"
		grep -q '^http-probe: stdin:1: ' err || { echo "$line"; cat err; return 1; }
	done <<-'END'
		{"path": "/"}
		{"name": "x"}
		[]
		{"name": 1, "path": "/"}
		{"name": "x", "path": "/", "method": "get"}
		{"name": "x", "path": "/", "body": "a", "json": 1}
		{"name": "x", "path": "/", "body": "a\u0000b"}
		{"name": "x", "path": "/", "repeat": 0}
		{"name": "x", "path": "/", "repeat": 1.5}
		{"name": "x", "path": "/", "retry": {"times": 1, "delay": "soon"}}
		{"name": "x", "path": "/", "expect": {"status": "200"}}
		{"name": "x", "path": "/", "expect": {"status": 99}}
		{"name": "x", "path": "/", "expect": {"status": []}}
		{"name": "x", "path": "/", "expect": {"status": 200.5}}
		{"name": "x", "path": "/", "expect": {"jq": [".a", ".b"], "jq": [".c"]}}
		{"name": "x", "name": "y", "path": "/"}
		{"name": "", "path": "/"}
		{"name": "x", "path": "nowhere"}
		{"name": "x", "path": "/a b"}
		{"name": "x", "path": "/", "expect": {"jq": ".a"}}
		{"name": "x", "path": "/", "expect": {"jq": [".a |"]}}
		{"name": "x", "path": "/", "expect": {"max_ms": 0}}
		{"name": "x", "path": "/", "expect": {"headers": {"a": "("}}}
		{"name": "x", "path": "/", "headers": {"a": 1}}
		{"name": "x", "path": "/", "capture": [".a"]}
		{"name": "x", "path": "/", "capture": {"A": ".a |"}}
		{"name": "x", "path": "/", "capture": {"not a name": ".a"}}
		{"name": "x", "path": "/", "headers": {"a b": "c"}}
		{"name": "x", "path": "/", "headers": {"a": "c\nd: e"}}
	END
	run -2 probe <<-'END'
		{"name": "x", "path": "/echo"}
		{"name": "x", "path": "/echo"}
	END
	grep -q '^http-probe: stdin:2: name: line 1 has it already: x$' err
}

@test "a name that no expression knows: 2, with file and line" {
	run -2 probe <<-'END'
		{"name": "x", "path": "/", "expect": {"jq": [".a == 1"]}}
		{"name": "y", "path": "/", "expect": {"jq": [".b", "nosuch(1)"]}}
	END
	grep -q '^http-probe: stdin:2: nosuch(1): nosuch/1 is not defined$' err
	[ ! -s out ]
}

@test "no checks at all: 2" {
	run -2 probe </dev/null
	grep -q 'no checks' err
}

@test "repeat: a record a call" {
	run -0 probe <<<'{"name": "again", "path": "/echo/repeat", "repeat": 5}'
	holds 'length == 5 and all(.[]; .ok) and .[4].connect_ms == 0'
}

@test "retry: until it is well, and no longer" {
	run -0 probe <<<'{"name": "flaky", "path": "/flaky/a/2", "retry": {"times": 3, "delay": "10ms"}, "expect": {"jq": [".attempt == 3"]}}'
	holds 'length == 1 and .[0].ok and .[0].attempts == 3'
	run -1 probe <<<'{"name": "flaky", "path": "/flaky/b/9", "retry": {"times": 2, "delay": "10ms"}}'
	holds 'length == 1 and .[0].attempts == 3 and (.[0].ok | not)'
}

@test "groups run beside each other, at most -c at a time, in order within" {
	local i
	for i in 1 2 3 4 5 6 7 8; do
		printf '{"name": "g%s", "group": "g%s", "path": "/delay/150?%s"}\n' "$i" "$((i % 4))" "$i"
	done >checks.jsonl
	run -0 probe -c 4 checks.jsonl
	holds '([.[].ts] | min[17:23] | tonumber) as $first | ([.[].ts] | max[17:23] | tonumber) as $last |
		(($last - $first + 60) % 60) < 0.45'
	holds '[.[] | select(.group == "g1") | .name] == ["g1", "g5"]'
	# waiting for a turn is no latency
	run -0 probe -c 1 checks.jsonl
	holds 'length == 8 and all(.[]; .ms < 300)'
}

@test "judging is no latency of the calls under way" {
	local i start=${EPOCHREALTIME/./}
	for i in $(seq 8); do
		printf '{"name": "n%s", "path": "/delay/10?%s", "expect": {"jq": ["[range(1000000)] | length == 1000000"]}}\n' "$i" "$i"
	done >checks.jsonl
	run -0 probe -c 8 checks.jsonl
	# nearly all of the time is that of the expressions, an eighth each
	holds "length == 8 and (map(.ms) | max) < $(((${EPOCHREALTIME/./} - start) / 20000))"
}

@test "records are there while other calls go on" {
	printf '%s\n' '{"name": "quick", "path": "/echo"}' '{"name": "slow", "path": "/delay/30000"}' >checks.jsonl
	http-probe --base "$BASE" checks.jsonl >out 2>err 3>&- &
	local pid=$!
	wait_for 5 grep -q '"name":"quick".*}$' out
	kill -TERM "$pid"
	wait "$pid" || true
}

@test "loading authorities is no latency of the first call" {
	local port start wall
	openssl req -x509 -newkey rsa:2048 -nodes -keyout key -out cert -days 2 -subj /CN=localhost \
		-addext subjectAltName=IP:127.0.0.1 2>req.err
	port=$(free_port)
	openssl s_server -accept "127.0.0.1:$port" -cert cert -key key -www -quiet >/dev/null 2>&1 3>&- &
	local pid=$!
	wait_for 5 bash -c "exec 9<>/dev/tcp/127.0.0.1/$port"
	seq 2000 | awk 'NR == FNR { cert = cert $0 "\n"; next } { printf "%s", cert }' cert - >many
	start=${EPOCHREALTIME/./}
	run -0 http-probe --cacert many --base "https://127.0.0.1:$port" <<<'{"name": "x", "path": "/"}'
	wall=$(((${EPOCHREALTIME/./} - start) / 1000))
	end_process "$pid"
	jq -e ".tls_ms > 0 and .ms < $wall / 3" <<<"$output" || { echo "$wall $output"; return 1; }
}

@test "an expression without end does not keep a signal waiting" {
	local pid rc=0
	printf '%s\n' '{"name": "a", "group": "g", "path": "/echo"}' \
		'{"name": "b", "group": "g", "path": "/echo/endless", "expect": {"jq": ["[range(1e12)] | length"]}}' >checks.jsonl
	http-probe --base "$BASE" checks.jsonl >out 2>err 3>&- &
	pid=$!
	wait_for 5 bash -c "curl -sf $BASE/seen | grep -q endless"
	sleep 0.3
	kill -TERM "$pid"
	wait_for 5 bash -c "! kill -0 $pid" || kill -KILL "$pid"
	wait "$pid" || rc=$?
	[ "$rc" = 143 ]
	holds 'map(.name) == ["a"]'
}

@test "services have their own base; a bare one serves the rest" {
	cat >checks.jsonl <<-'END'
		{"name": "a", "service": "a", "path": "/x", "expect": {"jq": [".path == \"/echo/a/x\""]}}
		{"name": "b", "service": "b", "path": "/x", "expect": {"jq": [".path == \"/echo/b/x\""]}}
	END
	run -0 http-probe --base a="$BASE/echo/a/" --base "$BASE/echo/b" checks.jsonl
	run -2 --separate-stderr http-probe --base a="$BASE" checks.jsonl
	[[ $stderr == 'http-probe: checks.jsonl:2: service b: no --base is given for it' ]]
	run -0 --separate-stderr http-probe <<<"{\"name\": \"absolute\", \"path\": \"$BASE/echo\"}"
	run -2 http-probe <<<'{"name": "nowhere", "path": "/x"}'
}

@test "more calls at a time than files may be open: up to the hard limit; then it says so" {
	local i
	for i in $(seq 40); do
		printf '{"name": "n%s", "path": "/delay/100"}\n' "$i"
	done >checks.jsonl
	(ulimit -Sn 30 && run -0 probe -c 40 checks.jsonl)
	ulimit -n 30
	run -3 probe -c 40 checks.jsonl
	grep -q 'no response: cannot connect: Too many open files' err
}

@test "name and password of a URL get into no record" {
	run -0 --separate-stderr http-probe --base "${BASE/:\/\//://user:s3cret@}" <<<'{"name": "x", "path": "/echo/a@b", "expect": {"jq": [".headers.authorization | startswith(\"Basic \")"]}}'
	[ "$(jq -r .url <<<"$output")" = "$BASE/echo/a@b" ]
	[[ $output$stderr != *s3cret* ]]
}

@test "no response: 3, and what was in the way" {
	run -3 --separate-stderr http-probe --base http://127.0.0.1:1 <<<'{"name": "nobody", "path": "/"}'
	[[ $stderr == *'nobody: no response: cannot connect: Connection refused'* ]]
	[ "$(jq -c '[.ok, .status]' <<<"$output")" = '[false,0]' ]
	run -3 probe <<<'{"name": "closed", "path": "/close"}'
	grep -q 'closed: no response: connection closed without an answer' err
	run -3 probe -t 100ms <<<'{"name": "late", "path": "/delay/2000"}'
	grep -q 'late: no response: no answer within 100 ms' err
}

@test "--dry-run: checks are read, nothing is sent" {
	run -0 probe --dry-run <<<'{"name": "x", "path": "/echo/dry-run"}'
	[ ! -s out ]
	grep -q '1 check' err
	run -2 probe -n <<<'{"name": "x"}'
	run -0 curl -sf "$BASE/seen"
	[[ $output != *dry-run* ]]
}

@test "INT and TERM: 130 and 143, with the records until then" {
	local pid rc=0
	printf '%s\n' '{"name": "a", "group": "g", "path": "/echo"}' \
		'{"name": "b", "group": "g", "path": "/delay/20000"}' >checks.jsonl
	http-probe --base "$BASE" checks.jsonl >out 2>err 3>&- &
	pid=$!
	wait_for 5 bash -c "curl -sf $BASE/seen | grep -q delay/20000"
	kill -TERM "$pid"
	wait "$pid" || rc=$?
	[ "$rc" = 143 ]
	holds 'map(.name) == ["a"]'
	# a shell lets its background jobs ignore INT: python gives it back
	run -130 python3 -c 'import signal, subprocess, sys, time
signal.signal(signal.SIGINT, signal.default_int_handler)
p = subprocess.Popen(["http-probe", "--base", sys.argv[1], "checks.jsonl"], stdout=subprocess.DEVNULL)
time.sleep(0.4); p.send_signal(signal.SIGINT); sys.exit(p.wait())' "$BASE"
}

@test "standard output that cannot be written: 3" {
	run -3 bash -c "http-probe --base $BASE <<<'{\"name\": \"x\", \"path\": \"/echo\"}' >/dev/full"
	[[ $output == *'No space left'* ]]
	# SIGPIPE: quietly
	run -0 --separate-stderr bash -c "http-probe --base $BASE <<<'{\"name\": \"x\", \"path\": \"/echo\", \"repeat\": 2000}' | head -n 1"
	[ -z "$stderr" ]
}

@test "usage: 2" {
	run -2 probe nosuchfile
	grep -q 'nosuchfile: No such file' err
	run -2 probe -c 0
	run -2 probe -c many
	run -2 probe -D novalue
	run -2 probe --base nourl
	run -2 http-probe --base ftp://127.0.0.1 <<<'{"name": "x", "path": "/echo"}'
	[[ $output == *'--base: neither http nor https: ftp'* ]]
	run -2 http-probe --base "$BASE/?a=b" <<<'{"name": "x", "path": "/echo"}'
	run -2 probe --oops
	run -2 probe --vars nosuchfile
	echo '[1]' >vars.json
	run -2 probe --vars vars.json
	echo '{"A": "b\u0000c"}' >vars.json
	run -2 probe --vars vars.json
	run -0 http-probe --help
	[[ $output == 'usage: http-probe '* ]]
	run -0 http-probe --version
	run -3 bash -c 'http-probe --help >/dev/full'
}

@test "a thousand checks with two expressions each" {
	local i
	for i in $(seq 1000); do
		printf '{"name": "n%s", "path": "/echo/%s", "expect": {"jq": [".id == 42", ".path == \\"/echo/%s\\""]}}\n' "$i" "$i" "$i"
	done >checks.jsonl
	run -0 probe -c 8 checks.jsonl
	holds 'length == 1000 and all(.[]; .ok)'
}
