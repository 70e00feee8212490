#!/usr/bin/env bats
# pg-migrate on a real PostgreSQL.

bats_require_minimum_version 1.5.0
load helper
load servers

setup_file() {
	start_postgres
}

teardown_file() {
	stop_postgres
}

setup() {
	M=$BATS_TEST_TMPDIR/m
	mkdir "$M"
	psql -qc 'DROP SCHEMA public CASCADE; CREATE SCHEMA public' 2>/dev/null
	echo 'CREATE TABLE one (id int PRIMARY KEY);' >"$M/0001_one.sql"
	printf 'CREATE TABLE two (id int);\nINSERT INTO two VALUES (1), (2);\n' >"$M/0002_two.sql"
}

sql() { psql -qtAc "$1"; }

@test "applies in order, writes records, and a rerun does nothing" {
	run --separate-stderr pg-migrate -d "$DSN" "$M"
	[ "$status" = 0 ]
	[ "$(jq -r '[.type, .version, .name, .status] | join(" ")' <<<"$output")" = \
		"migrate 0001 one applied
migrate 0002 two applied" ]
	[ "$(jq -s 'all(.ms > 0)' <<<"$output")" = true ]
	[ -z "$stderr" ]
	run --separate-stderr pg-migrate "$M" # by libpq's environment
	[ "$status" = 0 ]
	[ "$(jq -r .status <<<"$output" | sort -u)" = current ]
	[ "$(sql 'SELECT count(*) FROM two')" = 2 ]
}

@test "a new file is applied, and numbers count as numbers" {
	pg-migrate "$M"
	echo 'CREATE TABLE ten (id int);' >"$M/10_ten.sql"
	echo 'CREATE TABLE three (id int);' >"$M/3_three.sql"
	run pg-migrate "$M"
	[ "$status" = 0 ]
	[ "$(jq -r 'select(.status == "applied").version' <<<"$output" | xargs)" = "3 10" ]
}

@test "a failing file leaves nothing, names its line, and stops the rest" {
	printf 'CREATE TABLE three (id int);\n\n-- c\nINSERT INTO three\nSELECT x FROM nowhere;\n' >"$M/0003_three.sql"
	echo 'CREATE TABLE four (id int);' >"$M/0004_four.sql"
	run --separate-stderr pg-migrate "$M"
	[ "$status" = 2 ]
	[[ $stderr == "pg-migrate: $M/0003_three.sql:5: relation \"nowhere\" does not exist (42P01)" ]]
	[ "$(jq -r .status <<<"$output" | xargs)" = "applied applied failed" ]
	[[ $(jq -r 'select(.status == "failed").error' <<<"$output") == *0003_three.sql:5:* ]]
	[ "$(sql "SELECT to_regclass('three') IS NULL AND to_regclass('four') IS NULL")" = t ]
	echo 'CREATE TABLE three (id int);' >"$M/0003_three.sql"
	run pg-migrate "$M"
	[ "$status" = 0 ]
}

@test "what the data refuses is status 1, with the line of the statement" {
	printf 'SELECT 1;\n/* c */\nINSERT INTO one\nVALUES (1), (1);\n' >"$M/0003_three.sql"
	run --separate-stderr pg-migrate "$M"
	[ "$status" = 1 ]
	[[ $stderr == *"0003_three.sql:3: duplicate key"*"(23505)" ]]
}

@test "an edited applied file is an error, and nothing is applied" {
	pg-migrate "$M"
	echo '-- more' >>"$M/0001_one.sql"
	echo 'CREATE TABLE three (id int);' >"$M/0003_three.sql"
	run --separate-stderr pg-migrate "$M"
	[ "$status" = 1 ]
	[[ $stderr == *"0001_one.sql: edited after it was applied"* ]]
	[ "$(jq -r '.version + .status' <<<"$output")" = 0001failed ]
	[ "$(sql "SELECT to_regclass('three') IS NULL")" = t ]
}

@test "other line ends and a byte order mark are no edit" {
	pg-migrate "$M"
	printf '\xef\xbb\xbfCREATE TABLE one (id int PRIMARY KEY);\r\n' >"$M/0001_one.sql"
	run pg-migrate "$M"
	[ "$status" = 0 ]
}

@test "a lower number that comes late is an error" {
	mv "$M/0001_one.sql" "$BATS_TEST_TMPDIR"
	pg-migrate "$M"
	mv "$BATS_TEST_TMPDIR/0001_one.sql" "$M"
	run --separate-stderr pg-migrate "$M"
	[ "$status" = 1 ]
	[[ $stderr == *"0001_one.sql: comes too late: 2 is applied already"* ]]
	[ "$(sql "SELECT to_regclass('one') IS NULL")" = t ]
}

@test "an applied version without its file is told, and no error" {
	pg-migrate "$M"
	rm "$M/0001_one.sql"
	run --separate-stderr pg-migrate "$M"
	[ "$status" = 0 ]
	[[ $stderr == *"1: applied, but there is no such file"* ]]
}

@test "no-transaction lets CREATE INDEX CONCURRENTLY through, several of them" {
	printf -- '-- no-transaction\nCREATE INDEX CONCURRENTLY a ON one (id);\nCREATE INDEX CONCURRENTLY b ON two (id);\n' >"$M/0003_i.sql"
	run pg-migrate "$M"
	[ "$status" = 0 ]
	[ "$(sql "SELECT count(*) FROM pg_index WHERE indisvalid AND indexrelid IN ('a'::regclass, 'b'::regclass)")" = 2 ]
	sed -i 1d "$M/0003_i.sql"
	mv "$M/0003_i.sql" "$M/0004_j.sql"
	run pg-migrate "$M"
	[ "$status" != 0 ]
}

@test "two runners at once: one waits for the other, also beside CONCURRENTLY" {
	printf -- '-- no-transaction\nSELECT pg_sleep(0.3);\nCREATE INDEX CONCURRENTLY a ON one (id);\n' >"$M/0003_i.sql"
	pg-migrate "$M" >"$BATS_TEST_TMPDIR/a" 3>&- &
	pg-migrate "$M" >"$BATS_TEST_TMPDIR/b" 3>&-
	wait $!
	[ "$(cat "$BATS_TEST_TMPDIR"/[ab] | jq -r .status | sort | uniq -c | xargs)" = "3 applied 3 current" ]
	[ "$(sql "SELECT indisvalid FROM pg_index WHERE indexrelid = 'a'::regclass")" = t ]
}

@test "a runner that waits too long says so with 3" {
	psql -qc "SELECT pg_advisory_lock(7597137664687698981); SELECT pg_sleep(20)" >/dev/null 3>&- &
	local holder=$!
	wait_for 5 bash -c "psql -qtAc \"SELECT 1 FROM pg_locks WHERE locktype = 'advisory'\" | grep -q 1"
	run --separate-stderr pg-migrate -t 150ms "$M"
	kill "$holder"
	sql "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory'" >/dev/null
	[ "$status" = 3 ]
	[[ $stderr == *"another pg-migrate is at work"* ]]
}

@test "a runner that is ended ends its statement and lets go of the lock" {
	local rc=0
	echo 'SELECT pg_sleep(60)' >"$M/0003_s.sql"
	pg-migrate "$M" >/dev/null 3>&- &
	wait_for 5 bash -c "psql -qtAc \"SELECT 1 FROM pg_stat_activity WHERE state = 'active' AND query ~ 'pg_sleep\(60\)'
		AND application_name = 'pg-migrate'\" | grep -q 1"
	kill -TERM $!
	wait $! || rc=$?
	[ "$rc" = 143 ]
	rm "$M/0003_s.sql"
	pg-migrate -t 5s "$M"
}

@test "functions, dollar quotes and BEGIN ATOMIC keep their semicolons" {
	cat >"$M/0003_f.sql" <<'SQL'
CREATE FUNCTION f() RETURNS int LANGUAGE plpgsql AS $$ BEGIN RETURN 1; END $$;
CREATE FUNCTION g() RETURNS int BEGIN ATOMIC SELECT 1; SELECT 2; END;
INSERT INTO one VALUES (f()); -- ; not here
SQL
	run pg-migrate "$M"
	[ "$status" = 0 ]
	[ "$(sql 'SELECT g() + id FROM one')" = 3 ]
}

@test "settings of one file are not those of the next, nor of the history" {
	echo "SET search_path = pg_catalog; SELECT set_config('statement_timeout', '1h', false)" >"$M/0003_s.sql"
	echo "CREATE TABLE public.four AS SELECT current_setting('statement_timeout') AS t" >"$M/0004_t.sql"
	run pg-migrate "$M"
	[ "$status" = 0 ]
	[ "$(sql 'SELECT t FROM four')" = 0 ]
	[ "$(sql 'SELECT count(*) FROM public.inttest_migrations')" = 4 ]
}

@test "a file that ends its transaction, or leaves one open, is refused" {
	local word
	for word in COMMIT 'COMMIT AND CHAIN' 'END WORK' 'ROLLBACK' 'ROLLBACK WORK' 'ABORT' "PREPARE TRANSACTION 'x'"; do
		# nothing may have been committed when it is found out
		printf 'CREATE TABLE three (id int);\n/* c */ %s;\nSELECT 1/0;\n' "$word" >"$M/0003_c.sql"
		run --separate-stderr pg-migrate "$M"
		[ "$status" = 2 ]
		[[ $stderr == *"0003_c.sql:2: ends the transaction"*no-transaction* ]]
		[ "$(sql "SELECT to_regclass('three') IS NULL")" = t ]
	done
	printf -- '-- no-transaction\nBEGIN;\n' >"$M/0003_c.sql"
	run --separate-stderr pg-migrate "$M"
	[ "$status" = 2 ]
	[[ $stderr == *"begins a transaction and does not end it"* ]]
	printf 'SAVEPOINT s; SELECT 1; ROLLBACK TRANSACTION TO SAVEPOINT s; ROLLBACK TO s; RELEASE s' >"$M/0003_c.sql"
	pg-migrate "$M"
}

@test "what cannot be in a transaction is refused with what to do" {
	echo 'CREATE INDEX CONCURRENTLY a ON one (id)' >"$M/0003_i.sql"
	run --separate-stderr pg-migrate "$M"
	[ "$status" = 2 ]
	[[ $stderr == *'0003_i.sql:1: '*'inside a transaction block (begin the file with "-- no-transaction" for that)' ]]
	echo 'CREATE VIEW v AS SELECT id FROM one; ALTER TABLE one ALTER id TYPE bigint' >"$M/0003_i.sql"
	run pg-migrate "$M"
	[ "$status" = 2 ]
	[[ $output == *"used by a view"*"(0A000)"* ]]
}

@test "a failing file without a transaction says that what it did stays" {
	printf -- '-- no-transaction\nINSERT INTO two VALUES (2);\nCREATE UNIQUE INDEX CONCURRENTLY a ON two (id);\n' >"$M/0003_i.sql"
	run --separate-stderr pg-migrate "$M"
	[ "$status" = 1 ]
	[[ $stderr == *"0003_i.sql:3: "*"; what the file did before that stays" ]]
	printf -- "-- no-transaction\nINSERT INTO two VALUES (3);\nSELECT 'x" >"$M/0003_i.sql"
	run pg-migrate "$M"
	[ "$status" = 2 ]
	[ "$(sql 'SELECT count(*) FROM two WHERE id = 3')" = 0 ] # seen before
}

@test "a file's role is its own" {
	sql 'DROP ROLE IF EXISTS owner; CREATE ROLE owner; GRANT ALL ON SCHEMA public TO owner'
	echo 'SET ROLE owner; CREATE TABLE three (id int);' >"$M/0003_r.sql"
	echo 'CREATE TABLE four AS SELECT current_user::text AS u' >"$M/0004_r.sql"
	printf -- '-- no-transaction\nSET SESSION AUTHORIZATION owner' >"$M/0005_r.sql"
	echo 'CREATE TABLE six AS SELECT current_user::text AS u' >"$M/0006_r.sql"
	run pg-migrate "$M"
	[ "$status" = 0 ]
	[ "$(sql "SELECT tableowner FROM pg_tables WHERE tablename = 'three'")" = owner ]
	[ "$(sql 'SELECT four.u, six.u FROM four, six')" = 'postgres|postgres' ]
	sql 'DROP OWNED BY owner; DROP ROLE owner'
}

@test "COPY FROM STDIN, psql's commands and open literals are refused with their line" {
	printf "SELECT 1;\nCOPY one (id) FROM STDIN WITH (FORMAT csv);\nit's\n\\\\.\n" >"$M/0003_c.sql"
	run --separate-stderr pg-migrate "$M"
	[ "$status" = 2 ]
	[[ $stderr == *"0003_c.sql:2: COPY from or to the client"* ]]
	printf 'SELECT 1;\n\\i more.sql\n' >"$M/0003_c.sql"
	run --separate-stderr pg-migrate "$M"
	[ "$status" = 2 ]
	[[ $stderr == *"0003_c.sql:2: psql's backslash commands are not SQL" ]]
	printf "SELECT 1;\nSELECT 'x" >"$M/0003_c.sql"
	run --separate-stderr pg-migrate "$M"
	[ "$status" = 2 ]
	[[ $stderr == *"0003_c.sql:2: a literal without its end"* ]]
}

@test "names that do not fit, two of a number, no folder: 2" {
	echo 'SELECT 1' >"$M/later.sql"
	run pg-migrate "$M"
	[ "$status" = 2 ]
	[[ $output == *"later.sql: not a name as NNNN_name.sql"* ]]
	rm "$M/later.sql"
	echo 'SELECT 1' >"$M/1_again.sql"
	run pg-migrate "$M"
	[ "$status" = 2 ]
	[[ $output == *"the same number as"* ]]
	run pg-migrate "$M/nowhere"
	[ "$status" = 2 ]
	run pg-migrate
	[ "$status" = 2 ]
	run pg-migrate -t soon "$M"
	[ "$status" = 2 ]
}

@test "no server, a wrong password: 3, and no password in the message" {
	run pg-migrate -d "postgresql://postgres:s3cret@127.0.0.1:1/x" "$M"
	[ "$status" = 3 ]
	[[ $output != *s3cret* ]]
	run pg-migrate -d "postgresql://postgres:wr0ng@127.0.0.1:$PGPORT/test" "$M"
	[ "$status" = 3 ]
	[[ $output == *"password authentication failed"* && $output != *wr0ng* ]]
	run pg-migrate -d "postgresql://postgres:wr0@ng@127.0.0.1:$PGPORT/test" "$M"
	[ "$status" = 2 ]
	[[ $output != *wr0* && $output != *ng@* ]]
}

@test "a full standard output is told" {
	run bash -c "pg-migrate '$M' >/dev/full"
	[ "$status" = 3 ]
}
