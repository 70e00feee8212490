#!/usr/bin/env bats
# The images that come with the sandbox, as pods: what their documentation
# promises of environment, arguments and scripts, and what they refuse.

bats_require_minimum_version 1.5.0
load helper

setup_file() {
	TMPDIR=$(mktemp -d /tmp/images-test.XXXXXX)
	export TMPDIR
	eval "$(k8s-sandbox up 3>&-)"
	export KUBECONFIG
	pods | k8s-apply -f - >/dev/null
	k8s-wait --timeout 60s pod/postgres pod/trust pod/redis pod/minio pod/mc pod/busybox pod/debian pod/alpine >/dev/null
}

setup() { # helper.bash has unset it
	KUBECONFIG=$TMPDIR/inttest-$(id -u)/default/kubeconfig
	export KUBECONFIG
}

teardown_file() {
	k8s-sandbox down
	rm -rf "$TMPDIR"
}

pods() {
	cat <<-'Y'
		{apiVersion: v1, kind: Secret, metadata: {name: pg, namespace: default}, stringData: {password: "s3cret' $x\"", root: "minio secret"}}
		---
		apiVersion: v1
		kind: ConfigMap
		metadata: {name: scripts, namespace: default}
		data:
		  1.sql: "CREATE TABLE t (n int); INSERT INTO t VALUES (1);"
		  2.sh: "psql -v ON_ERROR_STOP=1 --username \"$POSTGRES_USER\" --dbname \"$POSTGRES_DB\" -qc 'INSERT INTO t VALUES (2)'"
		binaryData:
		  3.sql.gz: H4sIAAAAAAACA/P0C3YNClHw9AvxVyhRCHP0CXUNVtAw1rTmAgCDW7nVGgAAAA==
		---
		apiVersion: v1
		kind: Pod
		metadata: {name: postgres, namespace: default, labels: {app: postgres}}
		spec:
		  nodeName: sandbox
		  automountServiceAccountToken: false
		  containers:
		  - name: postgres
		    image: postgres:16-alpine
		    args: [-c, max_connections=33]
		    env:
		    - {name: POSTGRES_USER, value: o-user}
		    - {name: POSTGRES_DB, value: 'a "db"'}
		    - {name: POSTGRES_PASSWORD_FILE, value: /secret/password}
		    - {name: POSTGRES_INITDB_ARGS, value: --data-checksums}
		    - {name: PGDATA, value: /var/lib/postgresql/data/pgdata}
		    readinessProbe: {exec: {command: [pg_isready, -h, 127.0.0.1, -U, o-user]}, periodSeconds: 1}
		    volumeMounts: [{name: secret, mountPath: /secret}, {name: scripts, mountPath: /docker-entrypoint-initdb.d}]
		  volumes: [{name: secret, secret: {secretName: pg}}, {name: scripts, configMap: {name: scripts}}]
		---
		apiVersion: v1
		kind: Pod
		metadata: {name: trust, namespace: default}
		spec:
		  nodeName: sandbox
		  automountServiceAccountToken: false
		  containers:
		  - name: postgres
		    image: docker.io/library/postgres:16
		    command: [/image/entrypoint, postgres]
		    env: [{name: POSTGRES_HOST_AUTH_METHOD, value: trust}]
		    readinessProbe: {exec: {command: [psql, -U, postgres, -c, SELECT 1]}, periodSeconds: 1}
		---
		apiVersion: v1
		kind: Pod
		metadata: {name: nopassword, namespace: default}
		spec: {nodeName: sandbox, automountServiceAccountToken: false, restartPolicy: Never, containers: [{name: postgres, image: "postgres:16"}]}
		---
		apiVersion: v1
		kind: Pod
		metadata: {name: redis, namespace: default}
		spec:
		  nodeName: sandbox
		  automountServiceAccountToken: false
		  containers:
		  - name: redis
		    image: redis:7-alpine
		    args: [--maxmemory, 12mb]
		    readinessProbe: {exec: {command: [redis-cli, ping]}, periodSeconds: 1}
		---
		apiVersion: v1
		kind: Pod
		metadata: {name: minio, namespace: default, labels: {app: minio}}
		spec:
		  nodeName: sandbox
		  automountServiceAccountToken: false
		  containers:
		  - name: minio
		    image: quay.io/minio/minio:latest
		    args: [server, /data, --console-address, ":9001"]
		    env: [{name: MINIO_ROOT_USER, value: inttest}, {name: MINIO_ROOT_PASSWORD, valueFrom: {secretKeyRef: {name: pg, key: root}}}]
		    readinessProbe: {httpGet: {path: /minio/health/ready, port: 9000}, periodSeconds: 1}
		    livenessProbe: {httpGet: {path: /minio/health/live, port: 9000}, periodSeconds: 1}
		    volumeMounts: [{name: data, mountPath: /data}]
		  volumes: [{name: data, emptyDir: {}}]
		---
		{apiVersion: v1, kind: Service, metadata: {name: minio, namespace: default}, spec: {clusterIP: None, selector: {app: minio}, ports: [{port: 9000}]}}
		---
		apiVersion: v1
		kind: Pod
		metadata: {name: mc, namespace: default}
		spec:
		  nodeName: sandbox
		  automountServiceAccountToken: false
		  restartPolicy: OnFailure
		  containers:
		  - name: mc
		    image: minio/mc
		    command: [/bin/sh, -euc]
		    args:
		    - |
		      until mc alias set s "http://minio:9000" inttest "$PASSWORD" >/dev/null 2>&1; do sleep 0.1; done
		      mc ready s
		      mc mb s/one
		      mc mb --ignore-existing s/one s/two
		      mc mb s/one && exit 1
		      mc ls s && exit 1
		      mc alias set bad http://minio:9000 inttest wrong-one && exit 1
		      echo done
		    env: [{name: PASSWORD, valueFrom: {secretKeyRef: {name: pg, key: root}}}]
		---
	Y
	for name in busybox debian alpine; do
		echo "{apiVersion: v1, kind: Pod, metadata: {name: $name, namespace: default}, spec: {nodeName: sandbox, automountServiceAccountToken: false, restartPolicy: Never, containers: [{name: c, image: \"$name:1\", command: [sh, -c, \"id -u; echo hello from $name; touch /x /tmp/y && ls /x\"]}]}}"
		echo ---
	done
}

# api PATH: the object as JSON
api() {
	curl -sSf --cacert "${KUBECONFIG%/*}/ca.crt" -H "Authorization: Bearer $(cut -d, -f1 "${KUBECONFIG%/*}/tokens.csv")" \
		"$(sed -n 's/.*server: //p' "$KUBECONFIG")/api/v1/namespaces/default/$1"
}
ip() { api "pods/$1" | jq -r .status.podIP; }
log() { api "pods/$1/log"; }
inside() { k8s-sandbox exec -- "$@"; }

sql() {
	PGPASSWORD="s3cret' \$x\"" inside psql -XAt -h "$(ip postgres)" -U o-user -d "dbname='a \"db\"'" -c "$1"
}

@test "postgres: user, database, password from a file, arguments, initdb's options" {
	run -0 sql 'SELECT current_user, current_database()'
	[ "$output" = "o-user|a \"db\"" ]
	run -0 sql "SELECT string_agg(setting, ' ' ORDER BY name) FROM pg_settings WHERE name IN ('max_connections', 'data_checksums', 'data_directory')"
	[ "$output" = 'on /var/lib/postgresql/data/pgdata 33' ]
	run -0 sql "SELECT rolpassword LIKE 'SCRAM-SHA-256%' FROM pg_authid WHERE rolname = 'o-user'"
	[ "$output" = t ]
}

@test "postgres: scripts of /docker-entrypoint-initdb.d, in order: sql, sh, sql.gz" {
	run -0 sql 'SELECT string_agg(n::text, $$,$$) FROM t'
	[ "$output" = 1,2,3 ]
}

@test "postgres: a wrong password is refused" {
	PGPASSWORD=wrong run -2 inside psql -XAt -h "$(ip postgres)" -U o-user -d postgres -c 'SELECT 1'
	[[ $output == *'password authentication failed'* ]]
}

@test "postgres: no password is on a command line" {
	run -0 inside ps -eo args
	[[ $output == *postgres* && $output != *s3cret* ]]
}

@test "postgres: POSTGRES_HOST_AUTH_METHOD=trust needs none" {
	run -0 inside psql -XAt -h "$(ip trust)" -U postgres -c 'SELECT current_database()'
	[ "$output" = postgres ]
}

@test "postgres: neither password nor trust: it says what is missing" {
	wait_for 10 bash -c "$(declare -f api); api pods/nopassword | jq -e '.status.phase == \"Failed\"'"
	run -0 log nopassword
	[[ $output == *'superuser password is not specified'* ]]
}

@test "redis: answers in the cluster, with the container's arguments" {
	run -0 inside redis-cli -h "$(ip redis)" config get maxmemory
	[ "${lines[1]}" = 12582912 ]
}

@test "minio: S3 with signatures checked, health, and buckets made by mc" {
	run -0 log mc
	[[ $output == *done* && $output == *'not supported'* ]]
	url=http://$(ip minio):9000
	echo hello >"$BATS_TEST_TMPDIR/a b.txt"
	export AWS_ACCESS_KEY_ID=inttest AWS_SECRET_ACCESS_KEY='minio secret'
	run -0 inside s3-put --endpoint "$url" two "$BATS_TEST_TMPDIR/a b.txt"
	AWS_SECRET_ACCESS_KEY=wrong run ! inside s3-put --endpoint "$url" two "$BATS_TEST_TMPDIR/a b.txt"
	[[ $output == *SignatureDoesNotMatch* ]]
	run -0 inside curl -s -o /dev/null -w '%{http_code}' "$url/minio/health/live"
	[ "$output" = 200 ]
	run -0 inside curl -s -o /dev/null -w '%{http_code}' "$url/two/a%20b.txt"
	[ "$output" = 403 ]
}

@test "the pod's status says which program and version it is" {
	run -0 bash -c "$(declare -f api); api pods | jq -r '.items[].status.containerStatuses[0].imageID'"
	[[ $output == *'sandbox://postgres/postgres (PostgreSQL) '[0-9]* ]]
	[[ $output == *'sandbox://redis/Redis server v='[0-9]* ]]
	[[ $output == *'sandbox://minio/OpenStack Swift '[0-9]* || $output == *'sandbox://minio/minio version'* ]]
}

@test "busybox, debian, alpine: the machine's programs, a root of their own" {
	for name in busybox debian alpine; do
		run -0 log "$name"
		[ "$output" = "$(printf '0\nhello from %s\n/x' "$name")" ]
	done
	[ ! -e /x ]
}

@test "images are well-formed and their scripts sound" {
	for f in "$ROOT"/share/images/*/image.json; do
		jq -e '(.match | length > 0) and (.variants | length > 0) and all(.variants[]; has("version"))' "$f" >/dev/null
	done
	run -2 /usr/bin/python3 "$ROOT/share/images/minio-mc/bin/mc" ls x
	run -2 "$ROOT/share/images/minio/bin/minio" gateway
	[[ $output == *'only the subcommand server'* ]]
	run -1 env MINIO_ROOT_PASSWORD=short "$ROOT/share/images/minio/bin/minio" server "$BATS_TEST_TMPDIR"
	[[ $output == *'MINIO_ROOT_PASSWORD 8 or more'* ]]
}

@test "unprivileged: postgres and redis as users of their own" {
	local dir=$TMPDIR/nobody
	[ "$(id -u)" = 0 ] || skip "all of this file has been unprivileged"
	setpriv --reuid=65534 --regid=65534 --clear-groups test -x "$ROOT/build/bin/k8s-sandbox" -a -r "$ROOT/share/images" ||
		skip "an unprivileged user cannot read $ROOT"
	chmod 755 "$TMPDIR"
	mkdir "$dir"
	chown 65534:65534 "$dir"
	cat >"$TMPDIR/two.yaml" <<-'Y'
		apiVersion: v1
		kind: Pod
		metadata: {name: postgres, namespace: default}
		spec:
		  containers:
		  - name: postgres
		    image: postgres:16
		    env: [{name: POSTGRES_PASSWORD, value: x}]
		    readinessProbe: {exec: {command: [pg_isready, -U, postgres]}, periodSeconds: 1}
		---
		{apiVersion: v1, kind: Pod, metadata: {name: id, namespace: default}, spec: {restartPolicy: Never, containers: [{name: id, image: "redis:7", command: [id, -u]}]}}
	Y
	cd /
	run -0 setpriv --reuid=65534 --regid=65534 --clear-groups env TMPDIR="$dir" HOME="$dir" k8s-sandbox run -- bash -euc '
		k8s-apply -f '"$TMPDIR"'/two.yaml | k8s-wait --timeout 30s >/dev/null
		k8s-logs -n default -o text id'
	[[ $output == *999* ]]
}
