#!/usr/bin/env bats
# sql-serve on a real PostgreSQL and a real Redis.

bats_require_minimum_version 1.5.0
load helper
load servers

setup_file() {
	start_postgres
	start_redis
	psql -q <<'SQL'
CREATE TABLE note (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), slug text UNIQUE NOT NULL,
	text text CHECK (text <> 'bad'), parent uuid REFERENCES note, big bigint);
INSERT INTO note (id, slug, text, big) VALUES
	('00000000-0000-4000-8000-000000000001', 'one', 'first "note" ä', 9007199254740993);
SQL
	cat >"$BATS_FILE_TMPDIR/t.routes" <<'ROUTES'
# the routes of these tests
GET /notes
	SELECT coalesce(json_agg(n ORDER BY slug), '[]') FROM note n
	WHERE (:query.slug::text IS NULL OR slug = :query.slug::text)
	LIMIT :query.limit::int
GET /notes/:id
	SELECT row_to_json(n) FROM note n -- :nothing
	WHERE id = :id::uuid AND ':id' <> ''
POST /notes 201
	INSERT INTO note (slug, text, parent)
	SELECT b.slug, b.text, b.parent FROM json_populate_record(NULL::note, :body::json) b
	RETURNING json_build_object('id', id, 'slug', slug)
DELETE /notes/:slug 204
	DELETE FROM note WHERE slug = :slug RETURNING to_json(id)
GET /slow/:s
	SELECT to_json(pg_sleep(:s::float8)::text || 'done')
GET /broken
	SELECT to_json(x)

	FROM nowhere x
GET /two
	SELECT to_json(n) FROM generate_series(1, 2) n
GET /raise/:state
	SELECT raise(:state)
GET /echo/:a
	SELECT json_build_object('a', :a::text, 'q', :query.q::text, 'same', :a::text = :a)
PUT /state
	redis old = GET state
	redis SET state :body
	redis n = INCR count
	redis keys = LRANGE list 0 -1
	SELECT json_build_object('old', :redis.old::json, 'n', :redis.n::int, 'list', :redis.keys::json)
GET /wrong
	redis x = INCR state
	SELECT to_json(:redis.x::text)
GET /now
	SELECT to_json(1)
ROUTES
	psql -q <<'SQL'
CREATE FUNCTION raise(state text) RETURNS json LANGUAGE plpgsql AS
	$$ BEGIN RAISE EXCEPTION USING ERRCODE = state, MESSAGE = 'the message'; END $$;
SQL
	mkdir -p "$BATS_FILE_TMPDIR/www/sub"
	cd "$BATS_FILE_TMPDIR" || return 1
	echo '<p>home' >www/index.html
	echo 'sub' >www/sub/index.html
	echo 'let x' >www/app.js
	echo 'secret' >outside
	echo 'hidden' >www/.env
	ln -s ../outside www/link
	ln -s app.js www/inside.js
	serve --static www
	keep_env SERVE_PID BASE
}

teardown_file() {
	end_process "$SERVE_PID"
	stop_redis
	stop_postgres
}

# serve [OPTION…]: starts the server; sets SERVE_PID and BASE
serve() {
	sql-serve --listen 127.0.0.1:0 --db "$DSN" "$@" "$BATS_FILE_TMPDIR/t.routes" \
		>"$BATS_FILE_TMPDIR/log" 2>"$BATS_FILE_TMPDIR/err" 3>&- &
	SERVE_PID=$!
	wait_for 5 grep -q listening "$BATS_FILE_TMPDIR/err"
	BASE=http://$(sed -n 's/.*listening on //p' "$BATS_FILE_TMPDIR/err")
	wait_for 5 curl -sf "$BASE/health"
}

# ask ARGUMENTS…: curl; sets status (HTTP's), body, and headers in a file
ask() {
	HEADERS=$BATS_TEST_TMPDIR/headers
	body=$(curl -s -m 20 -D "$HEADERS" "${@:2}" "$BASE$1" | tr -d '\0')
	code=$(sed -n '1s/^[^ ]* \([0-9]*\).*/\1/p' "$HEADERS")
}

header() { sed -n "s/^$1: \(.*\)\r$/\1/Ip" "$HEADERS"; }

@test "a row is the JSON body; no row is 404" {
	ask /notes/00000000-0000-4000-8000-000000000001
	[ "$code" = 200 ]
	[ "$(header content-type)" = application/json ]
	[[ $(header server-timing) =~ ^db\;dur=[0-9.]+$ ]]
	[[ $body == *'"big":9007199254740993'* ]]
	[ "$(jq -r .text <<<"$body")" = 'first "note" ä' ]
	ask /notes/00000000-0000-4000-8000-000000000002
	[ "$code" = 404 ]
	[ "$body" = '{"error":"not found"}' ]
}

@test "parameters are bound: nothing in them is SQL" {
	ask "/notes?slug=x'%20OR%20'1'='1"
	[ "$code $body" = '200 []' ]
	ask "/echo/a%20b%2Bc?q=%C3%A4%26+x"
	[ "$(jq -c . <<<"$body")" = '{"a":"a b+c","q":"ä& x","same":true}' ]
	ask "/echo/%27%3B--"
	[ "$(jq -r .a <<<"$body")" = "';--" ]
	ask /echo/x
	[ "$(jq .q <<<"$body")" = null ]
	ask '/echo/x?q='
	[ "$(jq -c .q <<<"$body")" = '""' ]
}

@test "what the client got wrong" {
	ask /notes/xyz
	[ "$code" = 400 ]
	[ "$body" = '{"error":"invalid input syntax for type uuid: \"xyz\""}' ]
	ask '/notes?limit=99999999999'
	[ "$code" = 400 ]
	ask /notes/%ff
	[ "$code" = 400 ]
	ask /notes -d '{"slug":'
	[ "$code" = 400 ]
	[[ $body == *"the body is not JSON"* ]]
	ask /notes -d '{"slug":"a\u0000"}'
	[ "$code" = 400 ]
	[ "$body" = '{"error":"the body has a NUL character"}' ]
	ask /echo/x -X GET -d '{"slug":"a\\u0000"}'
	[ "$code" = 200 ]
	ask /notes -d '{"slug":"one"}'
	[ "$code" = 409 ]
	ask /notes -d '{"slug":"two","text":"bad"}'
	[ "$code" = 422 ]
	ask /notes -d '{"slug":"two","parent":"00000000-0000-4000-8000-00000000000f"}'
	[ "$code" = 422 ]
	ask /notes -d '{}'
	[ "$code" = 422 ]
	[ "$(psql -qtAc 'SELECT count(*) FROM note')" = 1 ]
}

@test "a route's own status, and 204 without a body" {
	ask /notes -d '{"slug":"two"}'
	[ "$code" = 201 ]
	[ "$(jq -r .slug <<<"$body")" = two ]
	ask /notes/two -X DELETE
	[ "$code" = 204 ]
	[ -z "$body" ]
	ask /notes/two -X DELETE
	[ "$code" = 404 ]
}

@test "SQLSTATEs: the table, and 500 that tells nothing" {
	local pair
	for pair in 22P02=400 23505=409 23502=422 23503=422 23514=422; do
		ask "/raise/${pair%=*}"
		[ "$code" = "${pair#*=}" ]
		[ "$body" = '{"error":"the message"}' ]
	done
	for pair in 22012 P0001 42501 XX000; do
		ask "/raise/$pair"
		[ "$code" = 500 ]
		[ "$body" = '{"error":"internal error"}' ]
	done
	ask /broken
	[ "$code" = 500 ]
	[ "$body" = '{"error":"internal error"}' ]
	grep -q 't.routes:20: GET /broken: relation "nowhere" does not exist: 42P01' "$BATS_FILE_TMPDIR/err"
	ask /two
	[ "$code" = 500 ]
}

@test "unknown paths, other methods, HEAD and OPTIONS" {
	ask /nothing
	[ "$code" = 404 ]
	[ "$body" = '{"error":"not found"}' ]
	ask /notes -X PATCH
	[ "$code" = 405 ]
	[ "$(header allow)" = "GET, HEAD, POST, OPTIONS" ]
	ask /notes -X OPTIONS
	[ "$code" = 204 ]
	[ "$(header allow)" = "GET, HEAD, POST, OPTIONS" ]
	ask /notes -I
	[ "$code" = 200 ]
	[ "$(header content-length)" -gt 10 ]
}

@test "redis steps: results, values set, and errors" {
	redis-cli -p "$REDIS_PORT" RPUSH list a b >/dev/null
	ask /state -X PUT -d '{"x":"y z"}'
	[ "$(jq -c . <<<"$body")" = '{"old":null,"n":1,"list":["a","b"]}' ]
	[[ $(header server-timing) =~ ^db\;dur=[0-9.]+,\ redis\;dur=[0-9.]+$ ]]
	ask /state -X PUT -d '2'
	[ "$(jq -c . <<<"$body")" = '{"old":{"x":"y z"},"n":2,"list":["a","b"]}' ]
	[ "$(redis-cli -p "$REDIS_PORT" GET state)" = 2 ]
	ask /state -X PUT
	[ "$code" = 400 ]
	[ "$body" = '{"error":"a body is wanted"}' ]
	redis-cli -p "$REDIS_PORT" SET state text >/dev/null
	ask /wrong
	[ "$code" = 500 ]
	[ "$body" = '{"error":"internal error"}' ]
}

@test "bodies past the limit are 413" {
	local chunked
	for chunked in '' 'Transfer-Encoding: chunked'; do
		ask /notes -H Expect: -H "$chunked" --data-binary @<(head -c 2000000 /dev/zero | tr '\0' ' ')
		[ "$code" = 413 ]
		[ "$(header content-type) $body" = 'application/json {"error":"the body is too large"}' ]
	done
	wait_for 2 bash -c "[ \$(grep -c '\"status\":413' '$BATS_FILE_TMPDIR/log') = 2 ]"
}

@test "a NUL in the URL is 400, and cuts nothing off" {
	local path
	for path in '/echo/a%00b' '/echo/a?q=b%00c' '/app.js%00.png' '/health%00'; do
		ask "$path"
		[ "$code" = 400 ]
	done
	ask '/echo/a%2500b'
	[ "$(jq -r .a <<<"$body")" = 'a%00b' ]
}

@test "static files: types, index, ETag; nothing hidden or outside" {
	ask /
	[ "$code $body" = "200 <p>home" ]
	[ "$(header content-type)" = "text/html; charset=utf-8" ]
	ask /app.js
	[ "$(header content-type)" = "text/javascript; charset=utf-8" ]
	ask /app.js -H "If-None-Match: $(header etag)"
	[ "$code" = 304 ]
	[ -z "$body" ]
	ask /sub/
	[ "$code $body" = "200 sub" ]
	ask /inside.js
	[ "$code" = 200 ]
	local path
	for path in /.env /link /../outside /sub/../../outside /%2e%2e/outside /sub /no.html //etc/passwd; do
		ask "$path" --path-as-is
		[ "$code" = 404 ]
	done
	ask /app.js -d x
	[ "$code" = 404 ]
}

@test "more requests than connections wait their turn" {
	seq 40 | xargs -P 40 -I% curl -s "$BASE/slow/0.02?%" >"$BATS_TEST_TMPDIR/out"
	[ "$(grep -o 'done' "$BATS_TEST_TMPDIR/out" | wc -l)" = 40 ]
}

@test "who left while they waited is not waited for" {
	seq 12 | xargs -P 12 -I% curl -s -m 0.5 "$BASE/slow/1.5?%" >"$BATS_TEST_TMPDIR/out" || true
	ask /now
	[ "$code $body" = '200 1' ]
	run jq -c 'select(.path == "/slow/1.5") | .status' "$BATS_FILE_TMPDIR/log"
	[ "$(grep -c 200 <<<"$output")" -le 4 ] # as there are connections
	[ "$(grep -c 499 <<<"$output")" -ge 1 ]
	# who only has no more to ask is answered
	run python3 -c "import socket, sys
s = socket.create_connection(('127.0.0.1', ${BASE##*:}))
s.sendall(b'GET /now HTTP/1.0\r\n\r\n')
s.shutdown(socket.SHUT_WR)
print(s.recv(1000).decode())"
	[[ $output == *' 200 '* ]]
}

@test "the access log: one JSON line a request" {
	ask '/echo/logged?q=secret'
	wait_for 2 grep -q logged "$BATS_FILE_TMPDIR/log"
	run jq -c 'select(.path == "/echo/logged") | [.type, .method, .route, .status, .ms >= .db_ms, .bytes > 10, has("ts"), has("peer")]' \
		"$BATS_FILE_TMPDIR/log"
	[ "$output" = '["access","GET","/echo/:a",200,true,true,true,true]' ]
	! grep -q secret "$BATS_FILE_TMPDIR/log"
}

@test "a database that goes and comes back" {
	ask /now
	[ "$code" = 200 ]
	halt_postgres
	ask /health
	[ "$code" = 503 ]
	ask /now
	[ "$code" = 503 ]
	[ "$(header retry-after)" = 1 ]
	run_postgres
	wait_for 10 curl -sf "$BASE/health"
	ask /now
	[ "$code $body" = "200 1" ]
}

@test "a Redis that goes and comes back" {
	end_process "$(cat "$REDIS_DIR/pid")"
	ask /state -X PUT -d 1
	[ "$code" = 503 ]
	ask /health
	[ "$code" = 200 ]
	run_redis
	wait_for 10 curl -sf -X PUT -d 1 "$BASE/state"
}

@test "a Redis that refuses the password is told once, in full, and is not up" {
	local pid
	REDIS_URL=redis://nobody:wr0ng@127.0.0.1:$REDIS_PORT sql-serve --listen 127.0.0.1:0 --db "$DSN" \
		"$BATS_FILE_TMPDIR/t.routes" >/dev/null 2>"$BATS_TEST_TMPDIR/err" 3>&- &
	pid=$!
	BASE=http://127.0.0.1:$(wait_for 5 grep -q listening "$BATS_TEST_TMPDIR/err" &&
		sed -n 's/.*listening on .*://p' "$BATS_TEST_TMPDIR/err")
	wait_for 5 curl -sf "$BASE/health"
	sleep 0.5 # a few attempts
	ask /wrong
	end_process "$pid"
	[ "$code $body" = '503 {"error":"redis is not available"}' ]
	[ "$(grep -c redis "$BATS_TEST_TMPDIR/err")" = 1 ]
	grep -q 'WRONGPASS invalid username-password pair or user is disabled' "$BATS_TEST_TMPDIR/err"
	! grep -q wr0ng "$BATS_TEST_TMPDIR/err"
}

@test "more clients than descriptors: when they have gone, others are served" {
	local pid port
	(ulimit -n 40 && exec sql-serve --pool 2 --listen 127.0.0.1:0 --db "$DSN" --redis "$REDIS_URL" \
		"$BATS_FILE_TMPDIR/t.routes" >/dev/null 2>"$BATS_TEST_TMPDIR/err" 3>&-) &
	pid=$!
	wait_for 5 grep -q listening "$BATS_TEST_TMPDIR/err"
	port=$(sed -n 's/.*listening on .*://p' "$BATS_TEST_TMPDIR/err")
	wait_for 5 curl -sf "http://127.0.0.1:$port/health"
	run python3 - "$port" <<-'PYTHON'
		import socket, sys, time
		def connect():
		    return socket.create_connection(('127.0.0.1', int(sys.argv[1])))
		for i in range(8):
		    them = [connect() for i in range(60)]
		    time.sleep(.1)
		    for s in them[:10]:
		        s.close()
		    time.sleep(.1)
		    for s in them:
		        s.close()
		    s = connect()
		    s.settimeout(10)
		    s.sendall(b'GET /now HTTP/1.0\r\n\r\n')
		    print(s.recv(15).decode())
	PYTHON
	end_process "$pid"
	[ "$(grep -c ' 200 OK' <<<"$output")" = 8 ]
}

@test "the example: a value that its column cannot hold is 400" {
	local pid url
	psql -qc 'CREATE DATABASE stonks'
	PGDATABASE=stonks pg-migrate "$ROOT/seed/migrations" >/dev/null
	PGDATABASE=stonks sql-serve --listen 127.0.0.1:0 "$ROOT/share/stonks/routes/registry.routes" \
		>/dev/null 2>"$BATS_TEST_TMPDIR/err" 3>&- &
	pid=$!
	wait_for 5 grep -q listening "$BATS_TEST_TMPDIR/err"
	url=http://$(sed -n 's/.*listening on //p' "$BATS_TEST_TMPDIR/err")
	wait_for 5 curl -sf "$url/health"
	run curl -s -w ' %{http_code}' -d '{"ticker": "BIG", "market_cap": 1e50}' "$url/api/registry/companies"
	end_process "$pid"
	[[ $output == *'is out of range for type bigint"} 400' ]]
}

@test "starts before its database, says 503, and stops on SIGTERM" {
	local base pid
	halt_postgres
	sql-serve --listen 127.0.0.1:0 --db "$DSN" --pool 2 "$BATS_FILE_TMPDIR/t.routes" \
		>"$BATS_TEST_TMPDIR/log" 2>"$BATS_TEST_TMPDIR/err" 3>&- &
	pid=$!
	wait_for 5 grep -q listening "$BATS_TEST_TMPDIR/err"
	base=http://$(sed -n 's/.*listening on //p' "$BATS_TEST_TMPDIR/err")
	[ "$(curl -s -o /dev/null -w '%{http_code}' "$base/health")" = 503 ]
	run_postgres
	wait_for 10 curl -sf "$base/health"
	# an open request is finished, new ones are not taken
	curl -s "$base/slow/0.5" >"$BATS_TEST_TMPDIR/slow" 3>&- &
	local slow=$!
	sleep 0.2
	kill -TERM "$pid"
	sleep 0.1
	run curl -s "$base/now"
	[ "$status" = 7 ]
	wait "$slow"
	[ "$(cat "$BATS_TEST_TMPDIR/slow")" = '"done"' ]
	wait "$pid"
	! grep -q 's3cret' "$BATS_TEST_TMPDIR/err"
}

@test "a schema that changes under a prepared statement" {
	psql -qc 'CREATE TABLE IF NOT EXISTS ch (a int); INSERT INTO ch VALUES (1)'
	printf 'GET /ch\n\tSELECT to_json(c) FROM ch c\n' >"$BATS_TEST_TMPDIR/ch.routes"
	sql-serve --listen 127.0.0.1:0 --db "$DSN" --pool 1 "$BATS_TEST_TMPDIR/ch.routes" \
		>/dev/null 2>"$BATS_TEST_TMPDIR/err" 3>&- &
	local pid=$!
	wait_for 5 grep -q connected "$BATS_TEST_TMPDIR/err"
	local base
	base=http://$(sed -n 's/.*listening on //p' "$BATS_TEST_TMPDIR/err")
	[ "$(curl -s "$base/ch")" = '{"a":1}' ]
	psql -qc 'ALTER TABLE ch ADD b int DEFAULT 2'
	wait_for 5 bash -c "[ \"\$(curl -s $base/ch)\" = '{\"a\":1,\"b\":2}' ]"
	kill "$pid"
	wait "$pid"
}

@test "what cannot be started" {
	run sql-serve
	[ "$status" = 2 ]
	run sql-serve --pool 0 x
	[ "$status" = 2 ]
	run sql-serve "$BATS_TEST_TMPDIR/nowhere.routes"
	[ "$status" = 2 ]
	printf 'GET /a\n\tSELECT :b\n' >"$BATS_TEST_TMPDIR/bad.routes"
	run sql-serve "$BATS_TEST_TMPDIR/bad.routes"
	[ "$status" = 2 ]
	[[ $output == "sql-serve: $BATS_TEST_TMPDIR/bad.routes:2: :b: no such parameter in /a" ]]
	run sql-serve --listen nowhere "$BATS_FILE_TMPDIR/t.routes"
	[ "$status" = 2 ]
	run sql-serve --listen "${BASE#http://}" "$BATS_FILE_TMPDIR/t.routes"
	[ "$status" = 3 ]
	[[ $output == *"Address already in use"* ]]
	run sql-serve --static "$BATS_TEST_TMPDIR/nowhere" "$BATS_FILE_TMPDIR/t.routes"
	[ "$status" = 2 ]
	REDIS_URL='' run sql-serve --redis http://x "$BATS_FILE_TMPDIR/t.routes"
	[ "$status" = 2 ]
	run sql-serve --db 'postgresql://u:s3c@ret@h/d' "$BATS_FILE_TMPDIR/t.routes"
	[ "$status" = 2 ]
	[[ $output != *s3c* ]]
	run bash -c 'sql-serve --help >/dev/full'
	[ "$status" = 3 ]
}
