#!/usr/bin/env bats
# latency-summary: nearest-rank percentiles per key and over all.

bats_require_minimum_version 1.5.0
load helper

setup() {
	cd "$BATS_TEST_TMPDIR" || return
}

# probes FROM TO [ROUTE]: probe records that took FROM to TO ms
probes() {
	seq "$1" "$2" | awk -v route="${3:-/}" '{
		printf "{\"type\":\"probe\",\"name\":\"n\",\"route\":\"%s\",\"method\":\"GET\",\"ms\":%s}\n", route, $1 }'
}

summary() {
	run -0 --separate-stderr latency-summary -o json "$@"
}

@test "1 to 100: the percentiles of nearest rank" {
	probes 1 100 | shuf --random-source=/dev/zero >in
	summary in
	[ "$output" = '{"type":"latency","key":"all","count":100,"min_ms":1,"mean_ms":50.5,"p50_ms":50,"p90_ms":90,"p95_ms":95,"p99_ms":99,"max_ms":100,"slow":false}' ]
	[ -z "$stderr" ]
}

@test "one value, and two" {
	probes 7 7 >in
	summary in
	jq -e '[.min_ms, .p50_ms, .p99_ms, .max_ms] == [7, 7, 7, 7]' <<<"$output"
	probes 7 8 >in
	summary in
	jq -e '[.p50_ms, .p90_ms] == [7, 8]' <<<"$output"
}

@test "by one field, by several, and over all" {
	{
		probes 1 10 /b
		probes 11 20 /a
	} >in
	summary --by route in
	[ "$(jq -r '"\(.key) \(.count) \(.max_ms)"' <<<"$output")" = $'/a 10 20\n/b 10 10\nall 20 20' ]
	summary --by method,route,nothing in
	[ "$(jq -r .key <<<"$output")" = $'GET /a -\nGET /b -\nall' ]
}

@test "slow: P95 over the limit" {
	{
		probes 501 502 /slow
		probes 499 500 /fine
	} >in
	summary --by route --slow 500 in
	[ "$(jq -r '"\(.key) \(.slow)"' <<<"$output" | head -n 2)" = $'/fine false\n/slow true' ]
	summary --by route --slow 100 in
	jq -se 'all(.slow)' <<<"$output"
	run -0 latency-summary -o table --by route --slow 500 in
	[[ $output == *'/slow'*SLOW* && $output != *'/fine'*SLOW*'/slow'* ]]
}

@test "table: a header, a row per key, all" {
	probes 1 3 /x >in
	run -0 latency-summary -o table --by route in
	[ "${#lines[@]}" = 3 ]
	[[ ${lines[0]} =~ ^key\ +count\ +min\ +mean\ +p50\ +p90\ +p95\ +p99\ +max$ ]]
	[[ ${lines[1]} =~ ^/x\ +3\ +1\.00\ +2\.00 ]]
	[[ ${lines[2]} == all* ]]
}

@test "table: columns stand under each other, whatever the keys and numbers are" {
	cat >in <<-'END'
		{"type":"probe","ms":5,"route":"größe日本"}
		{"type":"probe","ms":123456789.5,"route":"a\nb\u001b[31m"}
	END
	run -0 env LC_ALL=POSIX latency-summary -o table --by route in
	[ "${#lines[@]}" = 4 ]
	[[ ${lines[1]} == 'a?b?[31m '* && ${lines[1]} == *' SLOW' ]]
	[[ ${lines[2]} == 'größe日本        1 '* ]]
	local line
	for line in "${lines[@]:1}"; do
		line=${line%  SLOW}
		line=${line//größe日本/123456789}
		[ "${#line}" = "${#lines[0]}" ] || { echo "$output"; return 1; }
	done
}

@test "small numbers, such as seconds, keep their digits" {
	printf '{"s":%s}\n' 0.000648 0.0123 >in
	summary --value s in
	jq -e '.min_ms == 0.000648 and .max_ms == 0.0123 and (.p50_ms / 0.000648 - 1 | fabs) < 0.001' <<<"$output"
	run -0 latency-summary -o table --value s --slow 0.0123 in
	[[ ${lines[1]} =~ ^all\ +2\ +0\.0006\ .*\ 0\.0123$ ]]
	run -0 latency-summary -o table --value s --slow 0.01 in
	[[ ${lines[1]} == *SLOW ]]
}

@test "any value of any record" {
	printf '{"type":"usage","pod":"p","memory":{"bytes":%s}}\n' 1000 2000 >in
	echo '{"type":"probe","ms":1}' >>in
	summary --value .memory.bytes in
	jq -e '.count == 2 and .max_ms == 2000' <<<"$output"
	summary --type usage --value memory.bytes --by pod in
	jq -se '.[0].key == "p"' <<<"$output"
}

@test "other types, nulls and records without the value are passed over" {
	cat >in <<-'END'
		{"type":"stage","ms":5000}
		{"type":"probe","ms":null}
		{"type":"probe"}
		{"type":"probe","ms":3}
	END
	summary in
	jq -e '.count == 1 and .max_ms == 3' <<<"$output"
}

@test "several files are one; - is standard input" {
	probes 1 10 >a
	probes 11 20 | summary a -
	jq -e '.count == 20' <<<"$output"
}

@test "nothing to summarise is said" {
	run -0 latency-summary </dev/null
	[ "$output" = 'latency-summary: no record has ms and type probe' ]
}

@test "relative error and memory are bounded" {
	awk 'BEGIN { srand(1); for (i = 0; i < 100000; i++) { v = exp(rand() * 20 - 6)
		printf "{\"type\":\"probe\",\"ms\":%.9g,\"route\":\"/r\"}\n", v; print v >"values" } }' >in
	run -0 --separate-stderr bash -c 'ulimit -v 65536; latency-summary -o json in'
	local p want got
	for p in 50 90 95 99; do
		want=$(sort -g values | sed -n "$((1000 * p))p")
		got=$(jq ".p${p}_ms" <<<"$output")
		awk -v w="$want" -v g="$got" 'BEGIN { d = (g - w) / w; exit !(d < 0.001 && d > -0.001) }' || {
			echo "p$p: want $want, got $got"
			return 1
		}
	done
}

@test "many keys of a few values each take little memory" {
	seq 20000 | awk '{ printf "{\"type\":\"probe\",\"ms\":%s,\"route\":\"/r%s\"}\n", $1, $1 }' >in
	run -0 --separate-stderr bash -c 'ulimit -v 32768; latency-summary -o json --by route in'
	[ "${#lines[@]}" = 20001 ]
}

@test "malformed lines: 2, file and line" {
	probes 1 2 >in
	echo '{"type":"probe","ms":' >>in
	run -2 --separate-stderr latency-summary -o json in
	[[ $stderr == latency-summary:\ in:3:\ * ]]
	run -2 latency-summary <<<'{"type":"probe","ms":"fast"}'
	[ "${lines[0]}" = 'latency-summary: stdin:1: ms: not a number' ]
	run -2 latency-summary <<<'{"type":"probe","ms":-1}'
}

@test "a file that is not there is told, the others count: 2" {
	probes 1 2 >in
	run -2 --separate-stderr latency-summary -o json nosuch in
	[[ $stderr == *'nosuch: No such file'* ]]
	jq -e '.count == 2' <<<"$output"
}

@test "a full disk: 3" {
	probes 1 2 >in
	run -3 bash -c 'latency-summary -o json in >/dev/full'
	[[ $output == *'No space left'* ]]
}

@test "usage: 2" {
	run -2 latency-summary -o xml
	run -2 latency-summary --slow fast
	run -2 latency-summary --slow -1
	run -2 latency-summary --by ''
	run -2 latency-summary --by a,b,c,d,e,f,g,h,i
}
