#!/usr/bin/env bats
# s3-put: uploads to the sandbox's S3 server, which checks every signature,
# and to an HTTP server that answers what S3 answers on bad days.

bats_require_minimum_version 1.5.0
load helper

# serve VARIABLE COMMAND…: starts COMMAND PORT-IN-IT, sets VARIABLE to its URL
setup_file() {
	local s3_port fault_port
	export AWS_ACCESS_KEY_ID=inttest AWS_SECRET_ACCESS_KEY=s3cret-s3cret
	unset AWS_SESSION_TOKEN
	s3_port=$(free_port)
	TMPDIR=$BATS_FILE_TMPDIR MINIO_ROOT_USER=inttest MINIO_ROOT_PASSWORD=$AWS_SECRET_ACCESS_KEY PATH=$ROOT/share/images/minio/bin:$PATH \
		"$ROOT/share/images/minio/entrypoint" minio server --address "127.0.0.1:$s3_port" \
		"$BATS_FILE_TMPDIR" >"$BATS_FILE_TMPDIR/log" 2>&1 3>&- &
	export S3_PID=$! S3=http://127.0.0.1:$s3_port
	fault_port=$(free_port)
	python3 "$ROOT/tests/data/http-server.py" "$fault_port" 3>&- &
	export FAULT_PID=$! FAULT=http://127.0.0.1:$fault_port
	wait_for 20 curl -sf "$S3/minio/health/ready" || { cat "$BATS_FILE_TMPDIR/log" >&2; return 1; }
	wait_for 10 curl -sf "$FAULT/seen"
}

teardown_file() {
	end_process "$S3_PID"
	end_process "$FAULT_PID"
	! compgen -G "$BATS_FILE_TMPDIR/swift-*"
}

setup() {
	cd "$BATS_TEST_TMPDIR" || return
}

# get PATH: what the server has there, asked with curl's own signature
get() {
	curl -s --aws-sigv4 aws:amz:us-east-1:s3 --user "$AWS_ACCESS_KEY_ID:$AWS_SECRET_ACCESS_KEY" \
		-H "x-amz-content-sha256: $(printf '' | sha256sum | cut -d ' ' -f 1)" "$S3$1"
}

keys() { # BUCKET: the keys in it
	get "/$1" | grep -o '<Key>[^<]*' | sed 's/<Key>//' | LC_ALL=C sort
}

put() {
	s3-put --endpoint "$S3" "$@" >out 2>err
}

holds() {
	jq -se "$1" out >/dev/null || {
		cat out err
		return 1
	}
}

@test "a folder: keys are the paths in it, contents and types arrive" {
	mkdir -p tree/a/b tree/.hidden
	echo '{}' >tree/a/b/one.json
	echo text >tree/two.txt
	: >tree/.hidden/empty
	head -c 3000000 /dev/urandom >tree/large.bin
	run -0 put --make-bucket folder tree/
	[ ! -s err ]
	[ "$(keys folder)" = $'.hidden/empty\na/b/one.json\nlarge.bin\ntwo.txt' ]
	holds 'length == 4 and all(.[]; .type == "put" and .bucket == "folder" and .status == 200 and .attempts == 1 and .ms > 0)'
	holds '[.[] | select(.key == "large.bin")][0] | .bytes == 3000000 and .etag == "'"$(md5sum <tree/large.bin | cut -d ' ' -f 1)"'"'
	[ "$(get /folder/two.txt)" = text ]
	run -0 put --make-bucket folder tree # the bucket may be there already
}

@test "content types by extension" {
	touch a.json b.HTML c.txt d.png e noext.d
	run -0 s3-put -n --endpoint "$S3" types a.json b.HTML c.txt d.png e noext.d
	[ "$(jq -r .content_type <<<"$output" | paste -sd ' ')" = 'application/json text/html; charset=utf-8 text/plain; charset=utf-8 image/png application/octet-stream application/octet-stream' ]
}

@test "keys with all that a signer may get wrong" {
	mkdir "sp ace"
	echo x >"sp ace/we+ird &=%~*'()!;,@:\$[]{}|^é?#\".txt"
	echo y >'a%2Fb'
	run -0 put --make-bucket letters .
	# XML escapes some; ours are compared after that is undone
	run -0 bash -c "$(declare -f get keys); keys letters | sed 's/&lt;/</g; s/&gt;/>/g; s/&quot;/\"/g; s/&amp;/\\&/g'"
	[[ $output == *"sp ace/we+ird &=%~*'()!;,@:\$[]{}|^é?#\".txt"* ]]
	[[ $output == *'a%2Fb'* ]]
}

@test "objects as JSON lines, under a prefix" {
	echo from-file >file
	cat >lines <<-'END'
		{"key": "text/one", "body": "a\u0000bé"}
		{"key": "two.json", "file": "file", "content_type": "text/x-own"}

		{"key": "three", "body": ""}
	END
	run -0 put --make-bucket --prefix pre/fix- lines <lines
	[ "$(keys lines)" = $'pre/fix-text/one\npre/fix-three\npre/fix-two.json' ]
	holds '[.[] | {key, bytes}] | sort_by(.key) | map(.bytes) == [5, 0, 10]'
	[ "$(get /lines/pre/fix-text/one | od -An -tx1 | tr -d ' \n')" = 610062c3a9 ]
	[ "$(get /lines/pre/fix-two.json)" = from-file ]
}

@test "no key leaves its prefix; the others go on: 2" {
	cat >lines <<-'END'
		{"key": "../up", "body": "x"}
		{"key": "a/../../b", "body": "x"}
		{"key": "/front", "body": "x"}
		{"key": "", "body": "x"}
		{"key": "line\nbreak", "body": "x"}
		{"key": "cut\u0000", "body": "x"}
		{"key": "no-body"}
		{"key": "both", "body": "x", "file": "y"}
		{"key": "gone", "file": "no/such"}
		{"key": 1, "body": "x"}
		{"key": "x", "body": "x", "oops": 1}
		{"key": "x", "body": "x", "content_type": "a\r\nb: c"}
		{"key": "broken"
		["key"]
		{"key": "good", "body": "x"}
	END
	run -2 put --make-bucket refused <lines
	[ "$(keys refused)" = good ]
	grep -q '^s3-put: stdin:1: key: leaves its prefix: ../up$' err
	grep -q '^s3-put: stdin:13: ' err
	grep -q '^s3-put: 14 of 15 objects failed$' err
	run -2 put --prefix ../x refused <<<'{"key": "a", "body": "b"}'
	run -2 put --prefix a/. refused <<<'{"key": "./a", "body": "b"}'
}

@test "operands that are no good are told, the others go on: 2" {
	echo x >one
	mkdir dir
	echo y >dir/two
	mkfifo dir/pipe
	ln -s nowhere dir/link
	run -2 put --make-bucket operands nosuch one dir
	[ "$(keys operands)" = $'one\ntwo' ]
	grep -q '^s3-put: nosuch: No such file or directory$' err
	grep -q '^s3-put: dir/pipe: not a regular file$' err
	grep -q '^s3-put: dir/link: ' err
}

@test "a bucket that is not there: 1" {
	run -1 put nosuchbucket <<<'{"key": "a", "body": "b"}'
	holds '.[0] | .status == 404 and (.error | test("NoSuchBucket")) and (has("etag") | not)'
}

@test "a wrong secret: 3, and it is never shown" {
	AWS_SECRET_ACCESS_KEY=wrong-secret run -3 put folder <<<'{"key": "a", "body": "b"}'
	holds '.[0] | .status == 403 and (.error | test("SignatureDoesNotMatch"))'
	run -1 grep -r 'wrong-secret\|s3cret' out err
}

@test "nobody listens: tried again, then 3" {
	run -3 s3-put --endpoint http://127.0.0.1:1 abc <<<'{"key": "a", "body": "b"}'
	[[ $output == *'s3-put: a: cannot connect: Connection refused'* && $output == *'"attempts":5'* ]]
}

@test "SlowDown, an error within a 200, and a lost connection are tried again" {
	printf '{"key": "%s", "body": "b"}\n' slow inside >lines
	run -0 s3-put --endpoint "$FAULT" --make-bucket s3-bad-days <lines
	echo "$output"
	[ "$(jq -r '"\(.key) \(.attempts) \(.etag)"' <<<"$output" | sort)" = $'inside 2 0123\nslow 3 0123' ]
	# by itself: on a connection that was kept, libcurl would try again and not tell
	run -0 s3-put --endpoint "$FAULT" s3-bad-days <<<'{"key": "lost", "body": "b"}'
	echo "$output"
	[ "$(jq -r '"\(.key) \(.attempts) \(.etag)"' <<<"$output")" = 'lost 2 0123' ]
}

@test "what the server refuses is not tried again: 1; the others go on" {
	printf '{"key": "%s", "body": "b"}\n' refuse fine >lines
	run -1 s3-put --endpoint "$FAULT" s3-refuses <lines
	[[ $output == *'s3-put: refuse: 400 InvalidDigest: so it is'* ]]
	[[ $output == *'"key":"fine"'*'"status":200'* ]]
}

@test "a large file that is cut while it is sent: 3; the others go on" {
	local rc=0
	head -c 2000000 /dev/zero >slow
	s3-put -j 1 --endpoint "$FAULT" s3-cut slow - <<<'{"key": "fine", "body": "b"}' >out 2>err 3>&- &
	wait_for 5 bash -c "curl -s $FAULT/seen | grep -q s3-cut/slow" # 503, and again after a pause
	truncate -s 10 slow
	wait $! || rc=$?
	[ "$rc" = 3 ]
	[ "$(cat err)" = $'s3-put: slow: became shorter\ns3-put: 1 of 2 objects failed' ]
	holds '.[1] | .key == "fine" and .status == 200'
}

@test "where a redirect leads is said, and not followed: 3" {
	run -3 s3-put --endpoint "$FAULT" s3-moved <<<'{"key": "moved", "body": "b"}'
	[[ $output == *'s3-put: moved: 301 PermanentRedirect: so it is, moved to https://elsewhere/'* ]]
}

@test "-j: that many at a time" {
	local i
	for i in $(seq 60); do echo "{\"key\": \"k$i\", \"body\": \"$i\"}"; done >lines
	run -0 put -j 16 --make-bucket many <lines
	holds 'length == 60 and ([.[].key] | unique | length == 60)'
	[ "$(keys many | wc -l)" = 60 ]
}

@test "a burst of uploads does not put the sandbox's server out" {
	local i
	for i in $(seq 200); do echo "{\"key\": \"k$i\", \"body\": \"$i\"}"; done >lines
	run -0 put -j 200 --make-bucket burst <lines
	holds 'length == 200 and all(.status == 200)'
	[ "$(keys burst | wc -l)" = 200 ]
}

@test "--dry-run: nothing is sent, no credentials are needed" {
	unset AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY
	run -0 s3-put -n --endpoint http://127.0.0.1:1 --prefix p/ abc <<<'{"key": "a", "body": "b"}'
	[ "$output" = '{"type":"put","bucket":"abc","key":"p/a","bytes":1,"content_type":"application/octet-stream","dry_run":true}' ]
}

@test "TERM ends it while it waits for input; what was uploaded is told" {
	local pid rc=0
	mkfifo pipe
	s3-put -j 1 --endpoint "$FAULT" s3-term <pipe >out 2>err 3>&- &
	pid=$!
	exec 9>pipe
	printf '{"key": "%s", "body": "b"}\n' one two >&9
	wait_for 5 grep -q one out
	kill -TERM "$pid"
	wait "$pid" || rc=$?
	exec 9>&-
	[ "$rc" = 143 ]
	holds '.[0] | .key == "one" and .status == 200'
}

@test "standard output that cannot be written: 3" {
	run -3 bash -c "s3-put -n --endpoint $S3 abc <<<'{\"key\": \"a\", \"body\": \"b\"}' >/dev/full"
	[[ $output == *'No space left'* ]]
}

@test "usage: 2" {
	run -2 s3-put abc
	run -2 s3-put --endpoint "$S3"
	run -2 s3-put --endpoint ftp://x abc
	run -2 s3-put --endpoint http://user:pass@x abc
	run -2 s3-put --endpoint http://x/path abc
	run -2 s3-put --endpoint "$S3" AB
	run -2 s3-put --endpoint "$S3" Upper-Case
	run -2 s3-put --endpoint "$S3" ../../etc
	run -2 s3-put --endpoint "$S3" -j 0 abc
	run -2 s3-put --endpoint "$S3" --region 'no region' abc
	unset AWS_SECRET_ACCESS_KEY
	run -2 s3-put --endpoint "$S3" abc x
	[ "$output" = 's3-put: AWS_SECRET_ACCESS_KEY: not set' ]
}
