#!/usr/bin/env bats
# run-stage: records into a file, the stage's own behind them.

bats_require_minimum_version 1.5.0
load helper

setup() {
	cd "$BATS_TEST_TMPDIR" || return
}

stage() {
	run-stage -n api -s 6/9 -o out "$@"
}

@test "records of the command, then the stage's own" {
	run -0 stage sh -c 'echo "{\"type\":\"probe\"}"; sleep 0.1'
	[[ $output == '[6/9] api '*ok* ]]
	[ "$(head -n 1 out)" = '{"type":"probe"}' ]
	run -0 jq -se '.[1] | .type == "stage" and .stage == 6 and .name == "api" and
		.status == "ok" and .exit_status == 0 and .ms >= 100 and .ms < 2000' out
}

@test "status: 1 is failed, 2 and 3 are errors, and the last words are kept" {
	run -1 stage sh -c 'echo first >&2; echo "no good" >&2; exit 1'
	[[ $output == *'no good'* ]]
	[ "$(jq -r '.status + " " + .message' out)" = 'failed no good' ]
	run -2 stage sh -c 'exit 2'
	[ "$(jq -r .status out)" = error ]
	run -3 stage sh -c 'exit 3'
	[ "$(jq -r .status out)" = error ]
}

@test "half a record of a command that was killed does not spoil the stage's" {
	run -137 stage sh -c 'printf "{\"type\":\"pro"; kill -KILL $$'
	[ "$(tail -n 1 out | jq -r .type)" = stage ]
	[ "$(wc -l <out)" = 2 ]
}

@test "-k: a clear no lets the run go on, an error does not" {
	run -0 stage -k false
	[ "$(jq -r .status out)" = failed ]
	run -2 stage -k sh -c 'exit 2'
}

@test "a part has its name in the record" {
	run -0 stage -p postgres true
	[ "$(jq -r .part out)" = postgres ]
}

@test "a command that does not exist: 2, with a record" {
	run -2 stage ./no-such-program
	[ "$(jq -r .status out)" = error ]
}

@test "timeout: 3" {
	run -3 stage -t 200ms sleep 30
	[[ $output == *'not done in time'* ]]
}

@test "what a command leaves behind, out of its group, is not waited for" {
	run -0 timeout 10 run-stage -n api -s 6 -o out sh -c 'echo words >&2; setsid sleep 30 3>&- & echo $! >left; exit 0'
	[[ $output == *words*' ok '* ]]
	kill "$(cat left)"
}

@test "a stage that is killed takes its command along" {
	run-stage -n api -s 6 -o out sh -c 'echo $$ >up; exec sleep 30' 3>&- &
	local pid=$!
	wait_for 5 test -s up
	kill -KILL "$pid"
	wait_for 5 bash -c "! kill -0 $(cat up)"
}

@test "closed descriptors: no message gets into the records" {
	local rc=0
	# in a shell of its own: bats needs its descriptors
	bash -c 'exec run-stage -n api -s 6 -o out sh -c "echo words >&2; echo 1" <&- >&- 2>&-' || rc=$?
	[ "$rc" = 0 ]
	run -0 jq -c 'if type == "object" then .status else . end' out
	[ "$output" = $'1\n"ok"' ]
}

@test "TERM reaches the command, the record is written" {
	run-stage -n api -s 6 -o out sh -c 'echo up >up; sleep 30' 3>&- &
	local pid=$! rc=0
	wait_for 5 test -s up
	kill -TERM "$pid"
	wait "$pid" || rc=$?
	[ "$rc" = 143 ]
	[ "$(jq -r .exit_status out)" = 143 ]
}

@test "long and unended lines of standard error pass" {
	run -0 stage sh -c 'head -c 200000 /dev/zero | tr "\0" x >&2; printf end >&2'
	[[ $output == *xend* ]]
}

@test "a full disk: 3" {
	run -3 run-stage -n api -s 6 -o /dev/full true
	[[ $output == *'No space left'* ]]
}

@test "usage: 2" {
	run -2 run-stage -n '' -s 1 -o out true
	run -2 run-stage true
	run -2 run-stage -n a -o out -s 0 true
	run -2 run-stage -n a -o out -s 9/3 true
	run -2 stage
	run -0 run-stage --help
}
