#!/usr/bin/env bats
# redis-probe on a real Redis.

bats_require_minimum_version 1.5.0
load helper
load servers

setup_file() {
	start_redis
}

teardown_file() {
	stop_redis
}

check() { printf '%s\n' "$@"; }

@test "one probe record per check, in order" {
	check '{"name":"set","group":"g","command":["SET","k","v w"]}' \
		'{"name":"get","group":"g","command":["GET","k"],"expect":[". == \"v w\""]}' \
		'{"name":"nil","command":["GET","none"],"expect":[". == null"]}' \
		'{"name":"number","service":"cache","command":["INCRBY","n",41],"expect":[". == 41", "type == \"number\""]}' \
		'{"name":"list","command":["KEYS","*"],"expect":["sort == [\"k\",\"n\"]"]}' >"$BATS_TEST_TMPDIR/c.jsonl"
	run --separate-stderr redis-probe "$BATS_TEST_TMPDIR/c.jsonl"
	[ "$status" = 0 ]
	[ -z "$stderr" ]
	[ "$(jq -r '[.type, .name, .group, .service, .ok, (.failures | length), (.ms > 0)] | map(tostring) | join(" ")' <<<"$output")" = \
		"probe set g redis true 0 true
probe get g redis true 0 true
probe nil nil redis true 0 true
probe number number cache true 0 true
probe list list redis true 0 true" ]
	redis-cli -p "$REDIS_PORT" FLUSHALL >/dev/null
}

@test "an empty database, as the pipeline asks" {
	check '{"name":"empty","command":["DBSIZE"],"expect":[". == 0"]}' | redis-probe
}

@test "what does not hold is status 1, with what it got, and the rest goes on" {
	check '{"name":"a","command":["DBSIZE"],"expect":[". == 7", ". == 0", ". > 1"]}' \
		'{"name":"b","command":["PING"]}' >"$BATS_TEST_TMPDIR/c.jsonl"
	run --separate-stderr redis-probe "$BATS_TEST_TMPDIR/c.jsonl"
	[ "$status" = 1 ]
	[ "$(jq -r .ok <<<"$output" | xargs)" = "false true" ]
	[ "$(jq -r 'select(.name == "a").failures | join(";")' <<<"$output")" = ". == 7: got false;. > 1: got false" ]
	[[ $stderr == *"c.jsonl:1: a: . == 7: got false"* ]]
}

@test "an error reply fails, unless it is expected" {
	run redis-probe < <(check '{"name":"a","command":["NOSUCH"]}')
	[ "$status" = 1 ]
	[[ $output == *"unknown command"* ]]
	check '{"name":"a","command":["NOSUCH"],"expect":[".error | startswith(\"ERR unknown command\")"]}' | redis-probe
}

@test "malformed checks: file and line, 2, and nothing is sent" {
	local bad
	for bad in '{"name":"x"}' '{"command":["PING"]}' '{"name":"x","command":[]}' '{"name":"x","command":"PING"}' \
		'{"name":"x","command":["PING"],"expect":". == 1"}' '{"name":"x","command":["PING"],"expect":[". =="]}' \
		'{"name":"x","command":["PING"],"expcet":[]}' '{"name":"x","command":["SET","a",{}]}' '{"name":"x","command":["SET","a","b\u0000c"]}' \
		'{"name":"x","command":["PING"]' '[]' '{"name":"set","command":["PING"]}'; do
		check '{"name":"set","command":["SET","sent","1"]}' "$bad" >"$BATS_TEST_TMPDIR/c.jsonl"
		run redis-probe "$BATS_TEST_TMPDIR/c.jsonl"
		[ "$status" = 2 ]
		[[ $output == *"c.jsonl:2: "* ]]
	done
	check '{"name":"none","command":["EXISTS","sent"],"expect":[". == 0"]}' | redis-probe
}

@test "users and passwords, given in the URL, are not told" {
	redis-cli -p "$REDIS_PORT" ACL SETUSER tester on '>s3cret@' '~*' +@all >/dev/null
	check '{"name":"who","command":["ACL","WHOAMI"],"expect":[". == \"tester\""]}' |
		redis-probe --url "redis://tester:s3cret%40@127.0.0.1:$REDIS_PORT/1"
	run redis-probe --url "redis://tester:wr0ng@127.0.0.1:$REDIS_PORT" </dev/null
	[ "$status" = 3 ]
	[[ $output != *wr0ng* ]]
	run redis-probe --url "redis://tester:wr0ng@127.0.0.1:port" </dev/null
	[ "$status" = 2 ]
	[[ $output != *wr0ng* ]]
}

@test "nobody there, no answer in time, no such file, no space" {
	run redis-probe --url redis://127.0.0.1:1 </dev/null
	[ "$status" = 3 ]
	[[ $output == "redis-probe: redis 127.0.0.1:1: Connection refused" ]]
	run --separate-stderr redis-probe -t 200ms < <(
		check '{"name":"slow","command":["BLPOP","none",5]}' '{"name":"next","command":["PING"]}'
	)
	[ "$status" = 3 ]
	[ "$(jq -r '.name + (.ok | tostring)' <<<"$output")" = slowfalse ]
	[ "$stderr" = "redis-probe: stdin:1: slow: no answer in time" ]
	run redis-probe "$BATS_TEST_TMPDIR/nowhere"
	[ "$status" = 2 ]
	run redis-probe --nonsense
	[ "$status" = 2 ]
	run bash -c "echo '{\"name\":\"a\",\"command\":[\"PING\"]}' | redis-probe >/dev/full"
	[ "$status" = 3 ]
}

@test "closed standard descriptors: the connection does not get what is written to them" {
	local i
	for ((i = 0; i < 60; i++)); do
		check "{\"name\":\"set $i\",\"command\":[\"SET\",\"closed\",$i],\"expect\":[\". == \\\"OK\\\"\"]}"
	done >"$BATS_TEST_TMPDIR/c.jsonl"
	redis-cli -p "$REDIS_PORT" CONFIG RESETSTAT >/dev/null
	run -3 bash -c 'redis-probe "$1" 2>&1 >&-' _ "$BATS_TEST_TMPDIR/c.jsonl"
	[ "$output" = "redis-probe: standard output: Bad file descriptor" ]
	redis-probe "$BATS_TEST_TMPDIR/c.jsonl" <&- >&- 2>&- || [ $? = 3 ]
	# nothing but commands has reached the server
	[ -z "$(redis-cli -p "$REDIS_PORT" INFO errorstats | grep errorstat)" ]
	redis-cli -p "$REDIS_PORT" DEL closed >/dev/null
}
