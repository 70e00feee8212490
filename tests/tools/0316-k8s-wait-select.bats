#!/usr/bin/env bats
# k8s-wait -l: what a label selector matches, at the start and later.  Against
# an API server without nodes and controllers, whose part the tests play.
bats_require_minimum_version 1.5.0
load helper
load cluster

setup_file() {
	start_apid
}

teardown_file() {
	stop_apid
}

setup() {
	own_namespace
}

teardown() {
	[[ -z ${BACK:-} ]] || kill "$BACK" 2>/dev/null || true
}

# waits ARG…: k8s-wait in the background, which the next lines play to; its end is ended's
waits() {
	k8s-wait -n "$NS" -t 20s --log-lines 0 "$@" >out 2>err &
	BACK=$!
}

ended() { # STATUS
	local status=0
	wait "$BACK" || status=$?
	[ "$status" = "$1" ]
}

met() { # NAME…: their records are there
	wait_for 10 bash -c "for n in $*; do grep -q \"\\\"name\\\":\\\"\$n\\\".*\\\"met\\\"\" out || exit 1; done"
}

pod() { # NAME APP [STATUS]
	post "/api/v1/namespaces/$NS/pods" '{"metadata":{"name":"'"$1"'","labels":{"app":"'"$2"'"},
		"ownerReferences":[{"apiVersion":"apps/v1","kind":"ReplicaSet","name":"r","uid":"u","controller":true}]},
		"spec":{"containers":[{"name":"c","image":"x"}]}}'
	[[ -z ${3:-} ]] || status "$1" "$3"
}

status() { # POD JSON
	api PATCH "/api/v1/namespaces/$NS/pods/$1/status" -f -H 'Content-Type: application/merge-patch+json' -d "{\"status\":$2}" >/dev/null
}

gone() { # POD
	api DELETE "/api/v1/namespaces/$NS/pods/$1?gracePeriodSeconds=0" -f >/dev/null
}

READY='{"phase":"Running","conditions":[{"type":"Ready","status":"True"}]}'

@test "all that match, and no others" {
	pod a web "$READY"
	pod b web "$READY"
	pod c db
	run -0 --separate-stderr k8s-wait -n "$NS" -l 'app in (web)' --for condition=Ready pods
	jq -es 'map(.name) == ["a", "b"] and all(.status == "met" and .kind == "Pod" and .condition == "condition=Ready")' <<<"$output"
	[ -z "$stderr" ]
}

@test "nothing matches yet: the first is waited for, and what joins before it is ready" {
	waits -l app=web pods
	sleep 0.5
	pod a web
	pod b web
	status a "$READY"
	met a
	pod c web
	status b "$READY"
	met b
	kill -0 "$BACK"
	status c "$READY"
	ended 0
	jq -es 'map(.name) == ["a", "b", "c"] and all(.startup_from == "watch")' out
}

@test "a pod that is replaced is followed, by another name or by its own" {
	pod a web "$READY"
	pod b web
	waits -l app=web pods
	met a
	gone a && pod a web
	gone b && pod c web "$READY"
	met c
	kill -0 "$BACK"
	status a "$READY"
	ended 0
	jq -es 'map(.name) == ["a", "c", "a"]' out
}

@test "what is deleted, evicted or no longer bears the label is not waited for" {
	pod a web "$READY"
	pod evicted web '{"phase":"Failed","reason":"Evicted"}'
	pod other web
	post "/api/v1/namespaces/$NS/pods" '{"metadata":{"name":"going","labels":{"app":"web"},"finalizers":["test/hold"]},"spec":{"containers":[{"name":"c","image":"x"}]}}'
	gone going
	waits -l app=web pods
	met a
	kill -0 "$BACK"
	api PATCH "/api/v1/namespaces/$NS/pods/other" -f -H 'Content-Type: application/merge-patch+json' -d '{"metadata":{"labels":{"app":"db"}}}' >/dev/null
	ended 0
	jq -es 'map(.name) == ["a"]' out
}

@test "none left is as none yet" {
	pod a web "$READY"
	pod b web
	waits -l app=web pods
	met a
	gone a && gone b
	sleep 0.3
	kill -0 "$BACK"
	pod c web "$READY"
	ended 0
}

@test "the timeout names each that is left and why, and what there is none of" {
	pod a web "$READY"
	pod b web '{"phase":"Pending","conditions":[{"type":"PodScheduled","status":"False","reason":"SchedulingGated","message":"held"}]}'
	run -1 --separate-stderr k8s-wait -n "$NS" -t 1s --log-lines 0 -l app=web pods svc
	[ "${#stderr_lines[@]}" = 2 ]
	[[ $stderr == *"k8s-wait: Pod $NS/b: not ready in time: SchedulingGated: held"* ]]
	[[ $stderr == *'k8s-wait: services -l app=web: not ready in time: there is none'* ]]
	jq -es 'map([.name, .status]) == [["a", "met"], ["b", "timeout"]]' <<<"$output"
	run -1 --separate-stderr k8s-wait -n "$NS" -t 0 -l app=none pods deploy
	[[ ${stderr_lines[0]} == *': pods -l app=none: '* && ${stderr_lines[1]} == *': deployments -l app=none: '* ]]
}

@test "one that fails ends it" {
	pod a web
	pod b web
	waits --grace 100ms -l app=web pods
	status b '{"phase":"Pending","containerStatuses":[{"name":"c","image":"x","imageID":"","restartCount":1,"ready":false,"state":{"waiting":{"reason":"InvalidImageName","message":"m"}}}]}'
	ended 1
	jq -es 'map([.name, .status, .reason]) == [["b", "failed", "InvalidImageName"]]' out
}

@test "workloads by label, with their pods" {
	waits -l tier=back deployments
	post "/apis/apps/v1/namespaces/$NS/deployments" '{"metadata":{"name":"web","labels":{"tier":"back"}},"spec":{"replicas":1,"selector":{"matchLabels":{"app":"web"}},
		"template":{"metadata":{"labels":{"app":"web"}},"spec":{"containers":[{"name":"c","image":"x"}]}}}}'
	pod web-1 web "$READY"
	api PATCH "/apis/apps/v1/namespaces/$NS/deployments/web/status" -f -H 'Content-Type: application/merge-patch+json' -d '{"status":{"observedGeneration":1,
		"replicas":1,"updatedReplicas":1,"readyReplicas":1,"availableReplicas":1,"conditions":[{"type":"Available","status":"True"}]}}' >/dev/null
	ended 0
	jq -e '.name == "web" and .startup_ms >= 0' out
}

@test "deleted: until nothing matches" {
	run -0 k8s-wait -n "$NS" --for deleted -l app=web pods
	[ -z "$output" ]
	pod a web
	waits --for deleted -l app=web pods
	sleep 0.3
	pod b web
	gone a
	met a
	kill -0 "$BACK"
	gone b
	ended 0
	jq -es 'map(.name) == ["a", "b"]' out
}

@test "a kind that is in no namespace; a kind that is given twice" {
	api PATCH "/api/v1/namespaces/$NS" -f -H 'Content-Type: application/merge-patch+json' -d '{"metadata":{"labels":{"mine":"'"$NS"'"}}}' >/dev/null
	run -0 k8s-wait -n other -l "mine=$NS" ns namespaces
	jq -es 'map(.name) == ["'"$NS"'"]' <<<"$output"
}

@test "no memory while the connection is made: 3, and no hang" {
	# around the first timers that libcurl asks for
	for n in {255..290}; do
		FAILMALLOC_SKIP=libcurl:libcrypto:libssl:libgnutls:libgcrypt:libp11-kit FAILMALLOC_N=$n \
			run timeout 20 env LD_PRELOAD="$ROOT/build/preload/failmalloc.so" k8s-wait -n "$NS" --for deleted cm/none
		[[ $status == [03] ]]
	done
}

@test "no rights: 3; what is no selector, or comes without kinds: 2" {
	run -2 --separate-stderr k8s-wait -n "$NS" -l 'app=web=' pods
	[[ $stderr == 'k8s-wait: pods -l app=web=: '* ]]
	run -2 k8s-wait -n "$NS" -l app=web
	run -2 k8s-wait -n "$NS" -l '' pods
	run -2 k8s-wait -n "$NS" -l app=web nokinds
	run -2 --separate-stderr k8s-wait -n "$NS" -l app=web pod/a
	[ "$stderr" = 'k8s-wait: pod/a: not a KIND, which -l needs' ]
	run -2 k8s-wait -n "$NS" -l app=web -f - pods </dev/null
	sed "s|token: .*|token: wrong}}]|" "$KUBECONFIG" >wrong
	run -3 k8s-wait --kubeconfig wrong -n "$NS" -l app=web -t 5s pods
	run -3 bash -c "k8s-wait -n $NS -l kubernetes.io/metadata.name=$NS ns >/dev/full"
}
