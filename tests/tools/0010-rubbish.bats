#!/usr/bin/env bats
# What a user may do to any tool: give it a folder, a missing file or binary
# rubbish, let the disk be full while records are written, stop reading.

bats_require_minimum_version 1.5.0
load helper

setup() {
	cd "$BATS_TEST_TMPDIR" || return
	mkdir folder
	head -c 5000 /dev/urandom >rubbish
	head -c 3000 /dev/zero >zeros
	printf '{"type":"probe","ms":1' >'cut'
	cat >kubeconfig <<-'DATA'
		apiVersion: v1
		kind: Config
		clusters: [{name: c, cluster: {server: "http://127.0.0.1:1"}}]
		contexts: [{name: x, context: {cluster: c, user: u}}]
		current-context: x
	DATA
	echo '{"budgets": [{"metric": "m", "value": ".ms", "by": ".route", "stat": "max", "limit": 1e6, "unit": "ms", "action": "a"}]}' >budgets.json
	PG=postgresql://nobody@127.0.0.1:1/none
	S3=http://127.0.0.1:1
}

# refuses COMMAND…: 2 or 3, with a message, whatever is on standard output
refuses() {
	local status=0
	timeout 10 "$@" >out 2>err </dev/null || status=$?
	((status == 2 || status == 3)) && [ -s err ] || {
		echo "$*: status $status"
		cat err
		return 1
	}
}

@test "a folder, a missing file, rubbish as a file: 2 or 3 with a message" {
	local f
	for f in folder missing rubbish zeros cut; do
		refuses latency-summary "$f"
		refuses budget-check "$f"
		refuses budget-check budgets.json "$f"
		refuses results-json "$f"
		refuses results-tap "$f"
		refuses http-probe -n "$f"
		refuses http-probe -n --vars "$f" /dev/null
		refuses redis-probe "$f"
		refuses pg-seed -d "$PG" "$f"
		refuses pg-migrate -d "$PG" "$f"
		refuses s3-put -n --endpoint "$S3" bucket "missing/$f"
		refuses k8s-apply --kubeconfig kubeconfig -f "$f"
		refuses k8s-delete --kubeconfig kubeconfig -f "$f"
		for tool in "k8s-wait deploy/a" k8s-top "k8s-logs a" k8s-dump k8s-controllerd k8s-proxyd; do
			# shellcheck disable=SC2086
			refuses $tool --kubeconfig "$f"
		done
		refuses sql-serve --listen 127.0.0.1:0 "$f"
		refuses k8s-apid --listen 127.0.0.1:0 --tls-cert "$f" --tls-key "$f" --token-auth-file "$f"
		refuses run-stage -n a -s 1 -o folder true
	done
}

@test "rubbish on standard input: 2 or 3 with a message" {
	local f
	for f in rubbish zeros cut; do
		for tool in latency-summary "budget-check budgets.json" results-json results-tap "http-probe -n" redis-probe \
			"pg-seed -d $PG -" "k8s-apply --kubeconfig kubeconfig" "k8s-wait --kubeconfig kubeconfig" \
			"k8s-delete --kubeconfig kubeconfig -" "s3-put -n --endpoint $S3 bucket"; do
			# shellcheck disable=SC2016
			refuses bash -c "$tool <$f"
		done
	done
}

records() {
	awk 'BEGIN { for (i = 0; i < 5000; i++) printf "{\"type\":\"probe\",\"name\":\"n%d\",\"service\":\"s\",\"method\":\"GET\",\"route\":\"/r%d\",\"ok\":false,\"failures\":[\"no\"],\"ts\":\"2026-01-01T00:00:00.000Z\",\"ms\":%d}\n", i, i, i }' >records
	mkdir many
	(cd many && touch file{1..2000})
}

@test "a full disk while records are written: 3; a reader that goes: SIGPIPE" {
	local tool
	records
	for tool in "latency-summary -o json --by route records" "latency-summary -o table --by route records" \
		"budget-check budgets.json records" "results-json records" "results-tap records" \
		"s3-put -n --endpoint $S3 bucket many"; do
		# shellcheck disable=SC2086
		refuses bash -c "exec $tool >/dev/full"
		grep -q 'standard output' err
		run bash -c "$tool 2>/dev/null | head -c 1 >/dev/null; exit \${PIPESTATUS[0]}"
		[ "$status" = 141 ] || {
			echo "$tool: status $status"
			return 1
		}
	done
}
