#!/usr/bin/env bats
# pg-seed on a real PostgreSQL.

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
	T=$BATS_TEST_TMPDIR
	psql -qv ON_ERROR_STOP=1 >/dev/null 2>&1 <<'SQL'
DROP SCHEMA public CASCADE;
CREATE SCHEMA public;
CREATE TABLE parent (id bigserial PRIMARY KEY, name text NOT NULL DEFAULT 'none', boss bigint REFERENCES parent);
CREATE TABLE child (id int PRIMARY KEY, parent_id bigint NOT NULL REFERENCES parent, price numeric CHECK (price > 0));
CREATE TABLE kinds (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, t text, j jsonb, k json, a int[], s text[],
	m int[][], ja jsonb[], b boolean, by bytea, twice int GENERATED ALWAYS AS (id * 2) STORED, d date DEFAULT '2020-01-01');
SQL
}

sql() { psql -qtAc "$1"; }

@test "rows go in in the order of foreign keys, whatever the files' order" {
	echo '{"id":1,"parent_id":7,"price":1.5}' >"$T/01_child.jsonl"
	printf '%s\n' '{"id":7,"name":"a","boss":8}' '{"id":8,"name":"b"}' >"$T/02_parent.jsonl"
	run --separate-stderr pg-seed -d "$DSN" "$T"/*.jsonl
	[ "$status" = 0 ]
	[ -z "$stderr" ]
	[ "$(jq -r '[.type, .table, .rows, .bytes > 0, .ms > 0] | map(tostring) | join(" ")' <<<"$output")" = \
		"seed parent 2 true true
seed child 1 true true" ]
	[ "$(sql 'SELECT count(*) FROM child JOIN parent ON parent.id = parent_id')" = 1 ]
}

@test "rows of several tables on standard input" {
	printf '%s\n' '{"table":"child","id":1,"parent_id":7}' '{"table":"public.parent","id":7}' '' |
		pg-seed -
	[ "$(sql 'SELECT name FROM parent')" = none ]
}

@test "sequences stand past what was loaded" {
	echo '{"table":"parent","id":41}' | pg-seed -
	echo '{"table":"kinds","id":9}' | pg-seed -
	[ "$(sql "INSERT INTO parent (name) VALUES ('n') RETURNING id")" = 42 ]
	[ "$(sql "INSERT INTO kinds (t) VALUES ('n') RETURNING id")" = 10 ]
	echo '{"table":"parent","id":3}' | pg-seed - # and never back
	[ "$(sql "INSERT INTO parent (name) VALUES ('n') RETURNING id")" = 43 ]
}

@test "every digit, every kind of value" {
	cat >"$T/kinds.jsonl" <<'JSON'
{"t":"tab\there \\ \\. \\N \u00e4\ud83d\ude00 \"q\"\nnew\rline","j":{"n":9007199254740993,"a":[1,null]},"k":"text","a":[1,null,3],"s":["a,b","","NULL","q\"\\"],"m":[[1,2],[3,4]],"ja":[{"a":[1]},[2],"s",null],"b":true,"by":"\\x0102"}
{"t":null,"j":null,"k":[],"a":[],"s":null,"b":false,"d":"2024-02-29"}
{"t":"123456789012345678901234567890.10"}
JSON
	pg-seed "$T/kinds.jsonl"
	[ "$(sql "SELECT t = E'tab\there \\\\ \\\\. \\\\N ä😀 \"q\"\nnew\rline' FROM kinds WHERE id = 1")" = t ]
	[ "$(sql "SELECT j ->> 'n', k::text, a, s, m, ja, b, by FROM kinds WHERE id = 1")" = \
		'9007199254740993|"text"|{1,NULL,3}|{"a,b","","NULL","q\"\\"}|{{1,2},{3,4}}|{"{\"a\": [1]}",[2],"\"s\"",NULL}|t|\x0102' ]
	[ "$(sql "SELECT t IS NULL, j IS NULL, k, a, s IS NULL, b, twice = id * 2 FROM kinds WHERE d = '2024-02-29'")" = \
		't|t|[]|{}|t|f|t' ]
	[ "$(sql "SELECT t, d FROM kinds WHERE t LIKE '12345%'")" = '123456789012345678901234567890.10|2020-01-01' ]
}

@test "64-bit integers and numerics keep every digit" {
	sql 'CREATE TABLE n (i bigint, d numeric)'
	echo '{"i":9223372036854775807,"d":0.1234567890123456789012345678901234567890}' >"$T/n.jsonl"
	pg-seed "$T/n.jsonl"
	[ "$(sql 'SELECT i, d FROM n')" = '9223372036854775807|0.1234567890123456789012345678901234567890' ]
}

@test "a bad value: file, line, column, status 2, nothing loaded" {
	printf '%s\n' '{"id":7}' '{"id":8}' >"$T/parent.jsonl"
	printf '%s\n' '{"id":1,"parent_id":7}' '' '{"id":2,"parent_id":7,"price":"dear"}' >"$T/child.jsonl"
	run --separate-stderr pg-seed "$T/parent.jsonl" "$T/child.jsonl"
	[ "$status" = 2 ]
	[ -z "$output" ]
	[ "$stderr" = "pg-seed: $T/child.jsonl:3: column price: child: invalid input syntax for type numeric: \"dear\" (22P02)" ]
	[ "$(sql 'SELECT count(*) FROM parent')" = 0 ]
}

@test "checks, nulls, duplicates and missing parents name their row" {
	sql 'INSERT INTO parent (id) VALUES (7)'
	printf '%s\n' '{"id":1,"parent_id":7}' '{"id":2,"parent_id":7,"price":-1}' >"$T/child.jsonl"
	run pg-seed "$T/child.jsonl"
	[ "$status" = 2 ]
	[[ $output == *"child.jsonl:2: "*"child_price_check"* ]]
	printf '%s\n' '{"id":1,"parent_id":7}' '{"id":2}' >"$T/child.jsonl"
	run pg-seed "$T/child.jsonl"
	[ "$status" = 2 ]
	[[ $output == *"child.jsonl:2: column parent_id: "* ]]
	printf '%s\n' '{"id":1,"parent_id":7}' '{"id":1,"parent_id":7}' >"$T/child.jsonl"
	run pg-seed "$T/child.jsonl"
	[ "$status" = 2 ]
	[[ $output == *"child.jsonl:2: "*"child_pkey"* ]]
	printf '%s\n' '{"id":1,"parent_id":7}' '{"id":2,"parent_id":99}' >"$T/child.jsonl"
	run pg-seed "$T/child.jsonl"
	[ "$status" = 2 ]
	[[ $output == *"child.jsonl:2: column parent_id: "*"(99) is not present"* ]]
	[ "$(sql 'SELECT count(*) FROM child')" = 0 ]
}

@test "malformed input: file and line, status 2" {
	printf '%s\n' '{"id":1}' '{"id":2,}' >"$T/parent.jsonl"
	run pg-seed "$T/parent.jsonl"
	[ "$status" = 2 ]
	[[ $output == "pg-seed: $T/parent.jsonl:2: column 9: expected a member's name" ]]
	echo '{"id":1,"nome":"x"}' >"$T/parent.jsonl"
	run pg-seed "$T/parent.jsonl"
	[ "$status" = 2 ]
	[[ $output == *":1: parent has no column \"nome\"" ]]
	echo '{"id":1,"id":2}' >"$T/parent.jsonl"
	run pg-seed "$T/parent.jsonl"
	[ "$status" = 2 ]
	[[ $output == *':1: member "id" twice' ]]
	echo '{"id":1,"name":"a\u0000b"}' >"$T/parent.jsonl"
	run pg-seed "$T/parent.jsonl"
	[ "$status" = 2 ]
	[[ $output == *":1: column name: a NUL character"* ]]
	echo '{"twice":1}' >"$T/kinds.jsonl"
	run pg-seed "$T/kinds.jsonl"
	[ "$status" = 2 ]
	[[ $output == *"is generated and takes no values" ]]
	echo '{"id":1}' >"$T/nothing.jsonl"
	run pg-seed "$T/nothing.jsonl"
	[ "$status" = 2 ]
	[[ $output == *":1: there is no table nothing" ]]
	run pg-seed - <<<'{"id":1}'
	[ "$status" = 2 ]
	[[ $output == *"stdin:1: no \"table\""* ]]
	[ "$(sql 'SELECT count(*) FROM parent')" = 0 ]
}

@test "a member left out gets its default, whatever the other rows have" {
	printf '%s\n' '{"id":1,"name":"a"}' '{"id":2}' '{"name":"c"}' '{"id":4,"name":null}' >"$T/parent.jsonl"
	run pg-seed "$T/parent.jsonl"
	[ "$status" = 2 ]
	[[ $output == *"refers to itself"*"DEFERRABLE" ]]
	sql 'ALTER TABLE parent ALTER CONSTRAINT parent_boss_fkey DEFERRABLE'
	run pg-seed "$T/parent.jsonl"
	[ "$status" = 2 ]
	[[ $output == *"parent.jsonl:4: column name: "* ]]
	sed -i 4d "$T/parent.jsonl"
	sql "SELECT setval('parent_id_seq', 10)" >/dev/null
	pg-seed "$T/parent.jsonl"
	[ "$(sql 'SELECT id, name FROM parent ORDER BY id' | xargs)" = "1|a 2|none 11|c" ]
}

@test "--truncate empties first, --upsert changes what is there" {
	printf '%s\n' '{"id":1,"name":"a"}' '{"id":2,"name":"b"}' >"$T/parent.jsonl"
	echo '{"id":5,"parent_id":1,"price":3}' >"$T/child.jsonl"
	pg-seed "$T/parent.jsonl" "$T/child.jsonl"
	run pg-seed "$T/parent.jsonl"
	[ "$status" = 2 ]
	pg-seed --truncate "$T/parent.jsonl" "$T/child.jsonl"
	[ "$(sql 'SELECT count(*) FROM parent')" = 2 ]
	run pg-seed --truncate "$T/parent.jsonl"
	[ "$status" != 0 ] # child refers to it
	[ "$(sql 'SELECT count(*) FROM child')" = 1 ]
	printf '%s\n' '{"id":2,"name":"B"}' '{"id":3,"name":"c"}' >"$T/parent.jsonl"
	pg-seed --upsert "$T/parent.jsonl" "$T/child.jsonl"
	[ "$(sql 'SELECT id, name FROM parent ORDER BY id' | xargs)" = "1|a 2|B 3|c" ]
	echo '{"id":5,"parent_id":1,"price":-3}' >"$T/child.jsonl"
	run pg-seed --upsert "$T/child.jsonl"
	[ "$status" = 2 ]
	[[ $output == *"child.jsonl:1: "* ]]
	echo '{"id":5,"parent_id":77}' >"$T/child.jsonl"
	run pg-seed --upsert "$T/child.jsonl"
	[ "$status" = 2 ]
	[[ $output == *"child.jsonl:1: column parent_id: "* ]]
	printf '%s\n' '{"id":9,"name":"x"}' '{"id":9,"name":"y"}' >"$T/parent.jsonl"
	run pg-seed --upsert "$T/parent.jsonl"
	[ "$status" = 2 ]
	[[ $output == *"parent.jsonl:2: "* ]]
	echo '{"name":"x"}' >"$T/parent.jsonl"
	run pg-seed --upsert "$T/parent.jsonl"
	[ "$status" = 2 ]
	[[ $output == *"needs the key column id"* ]]
}

@test "--upsert leaves alone what a row does not speak of" {
	sql "CREATE TABLE u (id int, name text NOT NULL, x int, y int DEFAULT 3, PRIMARY KEY (id) INCLUDE (name));
		INSERT INTO u VALUES (1, 'a', 1, 1), (2, 'b', 2, 2)"
	printf '%s\n' '{"id":1,"x":10}' '{"id":2,"y":null}' '{"id":3,"name":"c"}' '{"id":1}' >"$T/u.jsonl"
	pg-seed --upsert "$T/u.jsonl"
	[ "$(sql 'SELECT * FROM u ORDER BY id' | xargs)" = '1|a|10|1 2|b|2| 3|c||3' ]
	echo '{"id":4,"x":1}' >"$T/u.jsonl"
	run pg-seed --upsert "$T/u.jsonl"
	[ "$status" = 2 ]
	[[ $output == *'null value in column "name"'* ]]
	printf '%s\n' '{"id":7}' '{"id":8,"boss":7}' >"$T/parent.jsonl"
	pg-seed --upsert "$T/parent.jsonl"
	[ "$(sql 'SELECT boss FROM parent WHERE id = 8')" = 7 ]
}

@test "a key that is missing in the end, or made of several columns, names its row" {
	sql "CREATE TABLE pa (a int, b text, PRIMARY KEY (a, b));
		CREATE TABLE ch (id int, b text, a int, FOREIGN KEY (a, b) REFERENCES pa)"
	printf '%s\n' '{"id":1}' '{"id":2,"a":1,"b":"x"}' >"$T/ch.jsonl"
	run pg-seed "$T/ch.jsonl"
	[ "$status" = 2 ]
	[[ $output == *"ch.jsonl:2: ch: "*"(1, x) is not present"* ]]
	sql 'ALTER TABLE ch ALTER CONSTRAINT ch_a_b_fkey DEFERRABLE'
	run pg-seed "$T/ch.jsonl"
	[ "$status" = 2 ]
	[[ $output == *"ch.jsonl:2: ch: "*"(1, x) is not present"* ]]
	[ "$(sql 'SELECT count(*) FROM ch')" = 0 ]
}

@test "the row that a trigger refuses is not looked for in the trigger's words" {
	sql "CREATE TABLE a (id int); CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS
		\$\$ DECLARE a int; BEGIN SELECT 1 AS a, 1 / (NEW.id - 2) INTO a; RETURN NEW; END \$\$;
		CREATE TRIGGER t BEFORE INSERT ON a FOR EACH ROW EXECUTE FUNCTION f()"
	printf '%s\n' '{"id":1}' '{"id":2}' '{"id":3}' >"$T/a.jsonl"
	run pg-seed "$T/a.jsonl"
	[ "$status" = 2 ]
	[[ $output == *"a.jsonl:2: a: division by zero"* ]]
}

@test "a partition's foreign key counts, and any partition takes rows" {
	sql "CREATE TABLE r (id int PRIMARY KEY);
		CREATE TABLE p (id int, d date, r int REFERENCES r) PARTITION BY RANGE (d);
		CREATE TABLE p1 PARTITION OF p FOR VALUES FROM ('2024-01-01') TO ('2025-01-01')"
	echo '{"id":1,"d":"2024-05-05","r":1}' >"$T/p1.jsonl"
	echo '{"id":2,"d":"2024-05-06","r":1}' >"$T/p.jsonl"
	echo '{"id":1}' >"$T/r.jsonl"
	pg-seed "$T/p1.jsonl" "$T/p.jsonl" "$T/r.jsonl"
	[ "$(sql 'SELECT count(*) FROM p1')" = 2 ]
	echo '{"id":1,"d":"2026-05-05"}' >"$T/p.jsonl"
	run pg-seed "$T/p.jsonl"
	[ "$status" = 2 ]
	[[ $output == *"p.jsonl:1: p: no partition"* ]]
}

@test "domains of domains, and sequences that make texts or have odd names" {
	sql "CREATE DOMAIN d1 AS jsonb; CREATE DOMAIN d2 AS d1; CREATE DOMAIN d3 AS int[]; CREATE DOMAIN d4 AS d3;
		CREATE TABLE dom (j d2, a d4, ja d2[]); CREATE SEQUENCE o; CREATE SEQUENCE \"it's\";
		CREATE TABLE ord (id text DEFAULT 'O-' || nextval('o'), n int DEFAULT nextval('\"it''s\"'))"
	echo '{"j":"text","a":[1,2],"ja":["x"]}' >"$T/dom.jsonl"
	echo '{"id":"O-7","n":7}' >"$T/ord.jsonl"
	pg-seed "$T/dom.jsonl" "$T/ord.jsonl"
	[ "$(sql 'SELECT j::text, a::text, ja::text FROM dom')" = '"text"|{1,2}|{"\"x\""}' ]
	[ "$(sql 'INSERT INTO ord DEFAULT VALUES RETURNING *')" = 'O-1|8' ]
}

@test "tables that refer to each other need a deferrable key" {
	sql 'CREATE TABLE x (id int PRIMARY KEY, y int); CREATE TABLE y (id int PRIMARY KEY, x int REFERENCES x);
		ALTER TABLE x ADD FOREIGN KEY (y) REFERENCES y'
	printf '%s\n' '{"table":"x","id":1,"y":1}' '{"table":"y","id":1,"x":1}' >"$T/both.jsonl"
	run pg-seed "$T/both.jsonl"
	[ "$status" = 2 ]
	[[ $output == *"x, y: these refer to each other in a circle"* ]]
	sql 'ALTER TABLE x ALTER CONSTRAINT x_y_fkey DEFERRABLE'
	pg-seed "$T/both.jsonl"
	[ "$(sql 'SELECT count(*) FROM x JOIN y ON x.y = y.id')" = 1 ]
	echo '{"table":"x","id":2,"y":99}' >"$T/both.jsonl"
	run pg-seed "$T/both.jsonl"
	[ "$status" = 2 ]
	[[ $output == *"both.jsonl:1: column y: x: "*"(99) is not present"* ]]
}

@test "names that need quotes" {
	sql 'CREATE SCHEMA "My"; CREATE TABLE "My"."Odd ""name" ("Id" int, "select" text, "table" text)'
	echo '{"table":"My.Odd \"name","Id":1,"select":"x"}' | pg-seed -
	[ "$(sql 'SELECT "select" FROM "My"."Odd ""name"')" = x ]
	sql 'CREATE TABLE seats ("table" text, n int)'
	echo '{"table":"window","n":4}' >"$T/seats.jsonl"
	pg-seed "$T/seats.jsonl"
	[ "$(sql 'SELECT "table" FROM seats')" = window ]
}

@test "a hundred thousand rows, more than fits in memory's share" {
	sql 'CREATE TABLE many (id int PRIMARY KEY, t text)'
	seq 100000 | jq -c '{id: ., t: "some text of row \(.) that is here to make it longer"}' >"$T/many.jsonl"
	run pg-seed "$T/many.jsonl"
	[ "$status" = 0 ]
	[ "$(jq .rows <<<"$output")" = 100000 ]
	[ "$(sql "SELECT count(*), max(t) FROM many WHERE t LIKE 'some text of row ' || id || ' that%'")" = \
		"100000|some text of row 99999 that is here to make it longer" ]
	echo '{"id":100000,"t":"again"}' >>"$T/many.jsonl"
	run pg-seed --truncate "$T/many.jsonl"
	[ "$status" = 2 ]
	[[ $output == *"many.jsonl:100001: "* ]]
	[ "$(sql 'SELECT count(*) FROM many')" = 100000 ]
}

@test "the example's own rows" {
	pg-migrate "$ROOT/seed/migrations" >/dev/null
	run pg-seed "$ROOT"/seed/rows/*.jsonl
	[ "$status" = 0 ]
	[ "$(jq -s 'map(.rows) | add' <<<"$output")" = "$(cat "$ROOT"/seed/rows/*.jsonl | wc -l)" ]
}

@test "usage and no server" {
	run pg-seed
	[ "$status" = 2 ]
	run pg-seed --truncate --upsert x
	[ "$status" = 2 ]
	run pg-seed "$T/nowhere.jsonl"
	[ "$status" = 2 ]
	run pg-seed -d "postgresql://postgres:s3cret@127.0.0.1:1/x" "$T/x"
	[ "$status" = 3 ]
	[[ $output != *s3cret* ]]
	echo '{"id":1}' >"$T/parent.jsonl"
	run bash -c "pg-seed '$T/parent.jsonl' >/dev/full"
	[ "$status" = 3 ]
}
