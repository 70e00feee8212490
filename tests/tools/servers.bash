# Real servers for tests: PostgreSQL and Redis on a unix socket and a free port
# of the loopback, each in a folder of its own that goes with it.  PostgreSQL
# refuses root, so root starts it as nobody.
# What setup_file starts is known to the file's tests: each is a new shell.
servers_env=${BATS_FILE_TMPDIR:-${BATS_TEST_TMPDIR:-/tmp}}/servers.env
# shellcheck source=/dev/null
[ ! -e "$servers_env" ] || . "$servers_env"

# keep_env NAME…: exports the variables, here and in the file's tests
keep_env() {
	# shellcheck disable=SC2163
	export "$@"
	declare -p "$@" | sed 's/^declare -x /export /' >>"$servers_env"
}

PG_BIN=$(dirname "$(ls /usr/lib/postgresql/*/bin/initdb 2>/dev/null | tail -1)")

# as_nobody COMMAND…: as user 65534 when we are root
as_nobody() {
	if [ "$(id -u)" = 0 ]; then
		setpriv --reuid=65534 --regid=65534 --clear-groups "$@"
	else
		"$@"
	fi
}

# start_postgres: a new cluster with a database "test"; sets PGHOST (the
# socket's folder), PGPORT, PGUSER, PGDATABASE, and DSN over TCP.  Trusts all
# on the socket; on TCP user "postgres" has the password "s3cret@:/".
start_postgres() {
	local pass
	POSTGRES_DIR=$(mktemp -d /tmp/inttest-pg.XXXXXX)
	pass=$POSTGRES_DIR/pass
	echo 's3cret@:/' >"$pass"
	mkdir "$POSTGRES_DIR/data"
	[ "$(id -u)" != 0 ] || chown -R 65534:65534 "$POSTGRES_DIR"
	as_nobody "$PG_BIN/initdb" -D "$POSTGRES_DIR/data" -U postgres --pwfile="$pass" \
		-A scram-sha-256 --auth-local=trust -E UTF8 --locale=C.UTF-8 --no-sync \
		--no-instructions >"$POSTGRES_DIR/log" 2>&1 || cat "$POSTGRES_DIR/log" >&2
	export PGHOST=$POSTGRES_DIR PGPORT PGUSER=postgres PGDATABASE=postgres
	PGPORT=$(free_port)
	run_postgres || return 1
	psql -qc 'CREATE DATABASE test'
	export PGDATABASE='test'
	export DSN="postgresql://postgres:s3cret%40%3A%2F@127.0.0.1:$PGPORT/test"
	keep_env PGHOST PGPORT PGUSER PGDATABASE POSTGRES_DIR DSN
}

# run_postgres: starts the server of POSTGRES_DIR (again)
run_postgres() {
	as_nobody "$PG_BIN/postgres" -D "$POSTGRES_DIR/data" -p "$PGPORT" -k "$POSTGRES_DIR" \
		-h 127.0.0.1 -c fsync=off -c synchronous_commit=off -c full_page_writes=off \
		-c max_connections=40 -c shared_buffers=16MB -c log_destination=stderr \
		>>"$POSTGRES_DIR/log" 2>&1 3>&- &
	wait_for 20 psql -d postgres -qc 'SELECT 1' || { cat "$POSTGRES_DIR/log" >&2; return 1; }
}

# halt_postgres: ends the server, keeps its data
halt_postgres() {
	local pid=$POSTGRES_DIR/data/postmaster.pid
	[ -e "$pid" ] || return 0
	kill -INT "$(head -1 "$pid")"
	wait_for 10 test ! -e "$pid"
}

stop_postgres() {
	[ -n "${POSTGRES_DIR:-}" ] || return 0
	halt_postgres
	rm -rf "$POSTGRES_DIR"
}

# start_redis [OPTION…]: sets REDIS_PORT and REDIS_URL
start_redis() {
	REDIS_DIR=$(mktemp -d /tmp/inttest-redis.XXXXXX)
	REDIS_PORT=$(free_port)
	export REDIS_URL=redis://127.0.0.1:$REDIS_PORT/0
	keep_env REDIS_DIR REDIS_PORT REDIS_URL
	run_redis "$@"
}

run_redis() {
	redis-server --port "$REDIS_PORT" --bind 127.0.0.1 --dir "$REDIS_DIR" --save '' \
		--pidfile "$REDIS_DIR/pid" --appendonly no "$@" >>"$REDIS_DIR/log" 2>&1 3>&- &
	wait_for 10 bash -c "exec 9<>/dev/tcp/127.0.0.1/$REDIS_PORT"
}

stop_redis() {
	[ -n "${REDIS_DIR:-}" ] || return 0
	# from its file: a test that starts it anew cannot tell teardown_file
	[ ! -e "$REDIS_DIR/pid" ] || end_process "$(cat "$REDIS_DIR/pid")"
	rm -rf "$REDIS_DIR"
}
