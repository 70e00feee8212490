#!/usr/bin/env bats
# A proxy between the tools and the API server answers 429 and 5xx, loses
# answers, cuts bodies and streams and tells of expired versions.  What the
# tools say is right all the same, and each thing is told once.
bats_require_minimum_version 1.5.0
load cluster
load faults

setup_file() {
	rm -f "$BATS_FILE_TMPDIR/talk"
}

teardown_file() {
	teardown_namespaces
}

setup() {
	cd "$BATS_TEST_TMPDIR" || return
	[[ $BATS_TEST_DESCRIPTION != *pods:* ]] || talking_pod
	new_namespace
}

teardown() {
	stop_faults
}

configmaps() { # N
	for ((i = 1; i <= $1; i++)); do
		printf -- '---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: m%s}\ndata: {n: "%s"}\n' "$i" "$i"
	done
}

# A pod that has said 300 lines, in a namespace of its own: TALK
talking_pod() {
	need_pods
	if [[ ! -s $BATS_FILE_TMPDIR/talk ]]; then
		new_namespace
		shell_pod talk 'i=1; while [ $i -le 300 ]; do echo "line $i"; i=$((i+1)); done; exec sleep 600' |
			k8s-apply -n "$NS" | k8s-wait -n "$NS" -t 60s >/dev/null
		echo "$NS" >"$BATS_FILE_TMPDIR/talk"
	fi
	TALK=$(<"$BATS_FILE_TMPDIR/talk")
}

all_created() { # N
	[ "$(jq -r '"\(.name) \(.result)"' <<<"$output")" = "$(for ((i = 1; i <= $1; i++)); do echo "m$i created"; done)" ]
}

three_come() { # one after the other, while others wait for them
	local name
	for name in a b c; do
		sleep 0.6
		printf 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: %s}\n' "$name" | k8s-apply -n "$NS" >/dev/null
	done
}

three_met() {
	three_come 3>&- &
	run -0 --separate-stderr k8s-wait --kubeconfig "$THROUGH" -n "$NS" -t 30s cm/a cm/b cm/c
	[ -z "$stderr" ]
	[ "$(jq -r '"\(.name) \(.status)"' <<<"$output" | sort | tr '\n' ' ')" = 'a met b met c met ' ]
}

@test "429: as long as Retry-After says, an apply" {
	rule '1 PATCH.*/m3[?] status 429 2'
	rule '2 PATCH.*/m4[?] status 429 -'
	start_faults
	run -0 --separate-stderr k8s-apply --kubeconfig "$THROUGH" -n "$NS" -f <(configmaps 5)
	all_created 5
	[ -z "$stderr" ]
	asked 'map(select(.path | test("/m3[?]"))) | length == 2 and .[1].ms - .[0].ms >= 2000 and .[1].ms - .[0].ms < 4000'
	asked 'map(select(.path | test("/m4[?]"))) | length == 3 and .[1].ms - .[0].ms < 1000'
}

@test "429: as long as Retry-After says, a list and a watch" {
	rule '1 GET.*configmaps[?]limit status 429 1'
	rule '1 GET.*configmaps[?]watch status 429 2'
	start_faults
	three_met
	asked 'map(select(.path | test("limit="))) | length == 2 and .[1].ms - .[0].ms >= 1000'
	asked 'map(select(.path | test("watch="))) | .[1].ms - .[0].ms >= 2000 and ([.[0, 1].path | capture("resourceVersion=(?<v>.*)").v] | .[0] == .[1])'
}

@test "500 and 503 now and then: apply, wait, delete" {
	rule '*/3 PATCH status 503'
	rule '*/4 . status 500'
	start_faults
	run -0 --separate-stderr k8s-apply --kubeconfig "$THROUGH" -n "$NS" -f <(configmaps 30)
	all_created 30
	[ -z "$stderr" ]
	echo "$output" >records
	run -0 --separate-stderr k8s-wait --kubeconfig "$THROUGH" -t 20s <records
	[ "$(jq -r .status <<<"$output" | sort | uniq -c | tr -s ' ')" = ' 30 met' ]
	[ -z "$stderr" ]
	run -0 --separate-stderr k8s-delete --kubeconfig "$THROUGH" -t 30s - <records
	[ "$(jq -r .result <<<"$output" | sort | uniq -c | tr -s ' ')" = ' 30 deleted' ]
	[ -z "$stderr" ]
	asked 'map(select(.status >= 500)) | length > 10'
}

@test "5xx for good: 3 when the time is up, in the server's words" {
	rule '* PATCH status 503 - out_of_order'
	start_faults
	run -3 --separate-stderr k8s-apply --kubeconfig "$THROUGH" -n "$NS" -t 2s -f <(configmaps 2)
	[ "$(results)" = 'ConfigMap/m1:failed ConfigMap/m2:failed ' ]
	[[ $stderr == *out_of_order* ]]
}

@test "lost answers: what was done is told as done" {
	rule '*/2 PATCH lost'
	rule '*/3 DELETE lost'
	start_faults
	run -0 --separate-stderr k8s-apply --kubeconfig "$THROUGH" -n "$NS" -f <(configmaps 20)
	all_created 20
	[ -z "$stderr" ]
	echo "$output" >records
	run -0 --separate-stderr k8s-delete --kubeconfig "$THROUGH" -t 30s - <records
	[ "$(jq -r .result <<<"$output" | sort | uniq -c | tr -s ' ')" = ' 20 deleted' ]
	[ -z "$stderr" ]
	asked 'map(select(.rule == "lost")) | length > 10'
}

@test "lost answers: what was there before is not called new" {
	k8s-apply -n "$NS" -f <(configmaps 4) >/dev/null
	sleep 1.1 # times have whole seconds
	rule '2 PATCH lost'
	start_faults
	run -0 --separate-stderr k8s-apply --kubeconfig "$THROUGH" -n "$NS" -f <(configmaps 2 && configmaps 4 | tail -n 10 | sed 's,m\(.\)},m\1\, labels: {a: b}},')
	[ "$(results)" = 'ConfigMap/m1:unchanged ConfigMap/m2:unchanged ConfigMap/m3:configured ConfigMap/m4:configured ' ]
}

@test "bodies that are cut, or end as if that were all" {
	rule '*/2 PATCH body 60'
	rule '*/3 PATCH badjson'
	rule '1 GET.*/api/v1$ badjson'
	rule '1 GET.*limit= body 10'
	start_faults
	run -0 --separate-stderr k8s-apply --kubeconfig "$THROUGH" -n "$NS" -f <(configmaps 20)
	all_created 20
	[ -z "$stderr" ]
	asked 'map(select(.rule == "badjson")) | length > 2'
}

@test "connections closed: between requests, and instead of an answer" {
	rule '*/3 PATCH none'
	rule '* . close'
	start_faults
	run -0 --separate-stderr k8s-apply --kubeconfig "$THROUGH" -n "$NS" -j 2 -f <(configmaps 30)
	all_created 30
	[ -z "$stderr" ]
	asked 'map(select(.rule == "none")) | length > 8'
}

@test "idle connections are closed by the server" {
	mkdir -p faults && echo 0.3 >faults/idle
	# every connection is idle for a second before it is needed again
	rule '4 PATCH status 429 1'
	rule '6 DELETE status 429 1'
	start_faults
	run -0 --separate-stderr k8s-apply --kubeconfig "$THROUGH" -n "$NS" -f <(configmaps 4)
	all_created 4
	[ -z "$stderr" ]
	run -0 --separate-stderr k8s-delete --kubeconfig "$THROUGH" -n "$NS" cm/m1 cm/m2 cm/m3
	[ "$(jq -r .result <<<"$output" | sort | uniq -c | tr -s ' ')" = ' 3 deleted' ]
	[ -z "$stderr" ]
	asked 'map(select(.status == 429)) | length == 10'
}

@test "a watch's stream is cut in mid-event" {
	rule '6 GET.*watch= stream 1 half'
	start_faults
	three_met
	# one of them may have come before the list
	asked 'map(select(.path | test("watch="))) | length >= 2'
	asked 'map(select(.path | test("limit="))) | length == 1'
}

@test "410, as a status and in the stream: listed anew" {
	rule '1 GET.*watch= status 410'
	rule '2 GET.*watch= gone 1'
	start_faults
	three_met
	asked 'map(select(.path | test("limit="))) | length >= 3'
	asked 'map(select(.rule == "gone")) | length == 2'
}

@test "a line that is not whole in the midst of a stream" {
	rule '2 GET.*watch= badline 1'
	start_faults
	three_met
}

@test "pods: a log is told once, whatever happens to it" {
	rule '1 GET.*/log status 429 1'
	rule '1 GET.*/log status 503'
	rule '2 GET.*/log body 3000'
	rule '1 GET.*/log none'
	rule '1 GET.*/log body 9000'
	start_faults
	run -0 --separate-stderr k8s-logs --kubeconfig "$THROUGH" -n "$TALK" -o text talk
	[ "$output" = "$(printf 'line %d\n' {1..300})" ]
	[ -z "$stderr" ]
	asked 'map(select(.path | test("/log"))) | length >= 6 and any(.path | test("sinceTime="))'
}

@test "pods: what a kubelet says in the place of a log is none" {
	rule '1 GET.*/log text unable to retrieve container logs for containerd://0123'
	start_faults
	run -3 --separate-stderr k8s-logs --kubeconfig "$THROUGH" -n "$TALK" -o text -p talk
	[ -z "$output" ]
	[[ $stderr == 'k8s-logs: talk/c: the node says: unable to retrieve container logs for containerd://0123' ]]
}

@test "pods: a log that is followed is told once" {
	rule '1 GET.*/log status 500'
	rule '2 GET.*/log body 3000'
	rule '2 GET.*/log status 429 1'
	rule '1 GET.*watch= status 410'
	start_faults
	k8s-logs --kubeconfig "$THROUGH" -n "$TALK" -f -o text talk >followed 3>&- &
	local logs=$!
	for ((i = 0; i < 100; i++)); do
		[ "$(tail -n 1 followed)" != 'line 300' ] || break
		sleep 0.1
	done
	sleep 0.5
	kill "$logs"
	[ "$(<followed)" = "$(printf 'line %d\n' {1..300})" ]
}

@test "pods: a dump is whole, and nothing is in it twice" {
	rule '*/5 GET./api status 503'
	rule '2 GET.*/log body 3000'
	rule '*/6 GET.[^?]*$ badjson'
	start_faults
	run -0 --separate-stderr k8s-dump --kubeconfig "$THROUGH" -n "$TALK"
	[ -z "$stderr" ]
	echo "$output" >dump
	[ "$(jq -r 'select(.type == "log") | .line' dump)" = "$(printf 'line %d\n' {1..300})" ]
	jq -es 'map(select(.type == "object") | [.kind, .name]) | length > 3 and length == (unique | length)' dump
	k8s-dump -n "$TALK" >direct
	[ "$(jq -r 'select(.type == "object") | .kind' dump | sort | uniq -c)" = "$(jq -r 'select(.type == "object") | .kind' direct | sort | uniq -c)" ]
}

@test "pods: memory is told once" {
	rule '1 GET./api/v1/.*/pods status 503'
	rule '1 GET./api/v1/.*/pods badjson'
	rule '*/2 GET status 500'
	start_faults
	run -0 --separate-stderr k8s-top --kubeconfig "$THROUGH" -n "$TALK" -t 60s
	jq -es 'length == 1 and .[0].pod == "talk" and .[0].memory_bytes > 0' <<<"$output"
}
