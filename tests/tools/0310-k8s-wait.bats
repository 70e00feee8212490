#!/usr/bin/env bats
# k8s-wait against an API server without nodes and controllers: the tests
# write the statuses that those would write, so that every turn is theirs.

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

# once_waiting SECONDS: SECONDS after this test's k8s-wait has got a connection
once_waiting() {
	wait_for 20 connected && sleep "$1"
}

connected() {
	ss -tnHp state established "dport = :${APID_URL##*:}" | grep -q "pid=$(pgrep -f "^k8s-wait -n $NS "),"
}

deployment() { # NAME: of one replica
	post "/apis/apps/v1/namespaces/$NS/deployments" '{"metadata":{"name":"'"$1"'"},"spec":{"replicas":1,"selector":{"matchLabels":{"app":"'"$1"'"}},
		"template":{"metadata":{"labels":{"app":"'"$1"'"}},"spec":{"containers":[{"name":"c","image":"x"}]}}}}'
}

pod() { # NAME APP [HASH]
	post "/api/v1/namespaces/$NS/pods" '{"metadata":{"name":"'"$1"'","labels":{"app":"'"$2"'","pod-template-hash":"'"${3:-1}"'"}},
		"spec":{"containers":[{"name":"c","image":"x"}]}}'
}

status() { # RESOURCE/NAME JSON: merged into its status
	local base=/api/v1
	[[ $1 == pods/* || $1 == pers* ]] || base=/apis/apps/v1
	[[ $1 == jobs/* ]] && base=/apis/batch/v1
	api PATCH "$base/namespaces/$NS/$1/status" -H 'Content-Type: application/merge-patch+json' -d "{\"status\":$2}" >/dev/null
}

deployment_ready() { # NAME
	status "deployments/$1" '{"observedGeneration":1,"replicas":1,"updatedReplicas":1,"readyReplicas":1,"availableReplicas":1,
		"conditions":[{"type":"Available","status":"True"}]}'
}

pod_waits() { # NAME REASON [MESSAGE]
	status "pods/$1" '{"phase":"Pending","containerStatuses":[{"name":"c","image":"x","imageID":"","restartCount":1,"ready":false,
		"state":{"waiting":{"reason":"'"$2"'","message":"'"${3:-m}"'"}}}]}'
}

pod_ready() { # NAME
	status "pods/$1" '{"phase":"Running","conditions":[{"type":"Ready","status":"True","lastTransitionTime":"'"$(date -u +%FT%TZ)"'"}],
		"containerStatuses":[{"name":"c","image":"x","imageID":"","restartCount":0,"ready":true,"state":{"running":{}}}]}'
}

@test "what is there is ready at once" {
	post "/api/v1/namespaces/$NS/configmaps" '{"metadata":{"name":"a"}}'
	run -0 --separate-stderr k8s-wait -n "$NS" cm/a "ns/$NS"
	jq -es 'length == 2 and all(.type == "wait" and .status == "met" and .condition == "ready" and .ms >= 0)' <<<"$output"
	[ -z "$stderr" ]
}

@test "an object that does not exist yet" {
	(once_waiting 0.3 && post "/api/v1/namespaces/$NS/configmaps" '{"metadata":{"name":"late"}}') &
	BACK=$!
	run -0 k8s-wait -n "$NS" -t 5s configmap/late
	jq -e '.ms >= 200 and .ms < 5000' <<<"$output"
}

@test "a deployment gets ready; its startup comes from the tool's clock" {
	deployment web
	(once_waiting 0.2 && pod web-1 web && sleep 0.5 && pod_ready web-1 && deployment_ready web) &
	BACK=$!
	run -0 k8s-wait -n "$NS" -t 10s deploy/web
	jq -e '.kind == "Deployment" and .status == "met" and .startup_from == "watch" and .startup_ms > 400 and .startup_ms < .ms' <<<"$output"
}

@test "a pod that is there already: its age comes from the apply record" {
	cat >web.yaml <<-'Y'
		apiVersion: apps/v1
		kind: Deployment
		metadata: {name: web}
		spec: {selector: {matchLabels: {app: web}}, template: {metadata: {labels: {app: web}}, spec: {containers: [{name: c, image: x}]}}}
	Y
	k8s-apply -n "$NS" -f web.yaml >applied
	pod web-1 web
	sleep 0.3
	(once_waiting 0.3 && pod_ready web-1 && deployment_ready web) &
	BACK=$!
	run -0 k8s-wait -n "$NS" -t 10s <applied
	jq -e '.startup_from == "apply" and .startup_ms > .ms and .startup_ms > 500 and .startup_ms < 30000' <<<"$output"
	run -0 k8s-wait -n "$NS" deploy/web
	jq -e '.startup_from == "status" and .startup_ms % 1000 == 0' <<<"$output"
}

@test "apply records on standard input; other records are passed over" {
	run -0 bash -c "{ echo '{\"type\":\"stage\",\"name\":\"x\"}'; printf 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: piped}\n' |
		k8s-apply -n $NS; } | k8s-wait -n $NS -t 5s"
	jq -e '.name == "piped" and .status == "met"' <<<"$output"
}

@test "a pod that cannot get well fails its deployment after the grace" {
	deployment web
	pod web-1 web
	pod_waits web-1 ErrImagePull 'no such image'
	(once_waiting 0.3 && pod_waits web-1 ImagePullBackOff 'Back-off') &
	BACK=$!
	run -1 --separate-stderr k8s-wait -n "$NS" -t 20s --grace 700ms deploy/web
	jq -e '.status == "failed" and .reason == "ErrImagePull" and (.message | test("web-1.*no such image")) and .ms >= 700 and .ms < 5000' <<<"$output"
	[[ $stderr == *"Deployment $NS/web: ErrImagePull: pod web-1"* ]]
}

@test "events of the failed pod are shown" {
	deployment web
	pod web-1 web
	pod_waits web-1 InvalidImageName
	post "/api/v1/namespaces/$NS/events" '{"metadata":{"name":"e"},"involvedObject":{"kind":"Pod","name":"web-1","namespace":"'"$NS"'"},
		"type":"Warning","reason":"Inspect","message":"the name is odd","count":3,"lastTimestamp":"2026-01-01T00:00:00Z"}'
	run -1 --separate-stderr k8s-wait -n "$NS" --grace 0s deploy/web
	[[ $stderr == *'Warning Inspect: the name is odd (3 times)'* ]]
}

@test "a crash within the grace is forgiven" {
	deployment web
	pod web-1 web
	pod_waits web-1 CrashLoopBackOff
	(once_waiting 0.5 && pod_ready web-1 && deployment_ready web) &
	BACK=$!
	run -0 k8s-wait -n "$NS" -t 10s --grace 5s deploy/web
}

@test "replaced pods are followed, and old revisions do not count" {
	deployment web
	pod old web 1
	pod_waits old CrashLoopBackOff
	sleep 1.1 # creation times are whole seconds
	pod new web 2
	(sleep 1 && api DELETE "/api/v1/namespaces/$NS/pods/new?gracePeriodSeconds=0" >/dev/null && pod newer web 2 && pod_ready newer && deployment_ready web) &
	BACK=$!
	run -0 k8s-wait -n "$NS" -t 10s --grace 300ms deploy/web
}

@test "a deployment is lost only with all its pods" {
	deployment web
	pod web-1 web
	pod web-2 web
	pod_waits web-1 CrashLoopBackOff
	run -1 --separate-stderr k8s-wait -n "$NS" -t 1s --grace 100ms deploy/web
	jq -e '.status == "timeout"' <<<"$output"
	[[ $stderr == *"not ready in time"*"pod web-1: CrashLoopBackOff"* ]]
	pod_waits web-2 CreateContainerConfigError
	run -1 k8s-wait -n "$NS" -t 5s --grace 100ms deploy/web
	[[ $output == *'"status":"failed"'* ]]
}

@test "ProgressDeadlineExceeded and a failed job fail at once" {
	deployment web
	status deployments/web '{"observedGeneration":1,"conditions":[{"type":"Progressing","status":"False","reason":"ProgressDeadlineExceeded","message":"too slow"}]}'
	run -1 --separate-stderr k8s-wait -n "$NS" -t 10s deploy/web
	jq -e '.reason == "ProgressDeadlineExceeded" and .message == "too slow" and .ms < 2000' <<<"$output"
	post "/apis/batch/v1/namespaces/$NS/jobs" '{"metadata":{"name":"j"},"spec":{"template":{"spec":{"restartPolicy":"Never","containers":[{"name":"c","image":"x"}]}}}}'
	(once_waiting 0.3 && status jobs/j '{"conditions":[{"type":"Failed","status":"True","reason":"BackoffLimitExceeded","message":"it failed"}]}') &
	BACK=$!
	run -1 --separate-stderr k8s-wait -n "$NS" --for complete -t 10s job/j
	jq -e '.status == "failed" and .reason == "BackoffLimitExceeded"' <<<"$output"
	[[ $stderr == *"Job $NS/j: BackoffLimitExceeded: it failed"* ]]
}

@test "complete: a job, a pod that is merely ready is not" {
	post "/apis/batch/v1/namespaces/$NS/jobs" '{"metadata":{"name":"j"},"spec":{"template":{"spec":{"restartPolicy":"Never","containers":[{"name":"c","image":"x"}]}}}}'
	status jobs/j '{"conditions":[{"type":"Complete","status":"True"}]}'
	run -0 k8s-wait -n "$NS" --for complete job/j
	pod p x
	pod_ready p
	run -1 k8s-wait -n "$NS" --for complete -t 1s pod/p
	run -0 k8s-wait -n "$NS" pod/p
	status pods/p '{"phase":"Succeeded"}'
	run -0 k8s-wait -n "$NS" --for complete pod/p
	run -0 k8s-wait -n "$NS" pod/p
}

@test "deleted: already gone, and going" {
	run -0 k8s-wait -n "$NS" --for deleted cm/never
	post "/api/v1/namespaces/$NS/configmaps" '{"metadata":{"name":"going"}}'
	(once_waiting 0.3 && api DELETE "/api/v1/namespaces/$NS/configmaps/going" >/dev/null) &
	BACK=$!
	run -0 k8s-wait -n "$NS" --for deleted -t 5s cm/going
	jq -e '.ms >= 200 and .condition == "deleted"' <<<"$output"
	post "/api/v1/namespaces/$NS/configmaps" '{"metadata":{"name":"stays"}}'
	run -1 --separate-stderr k8s-wait -n "$NS" --for deleted -t 1s cm/stays
	[[ $stderr == *"ConfigMap $NS/stays: not deleted in time: it is still there"* ]]
}

@test "deleted: another of its name, made at once, does not count" {
	post "/api/v1/namespaces/$NS/configmaps" '{"metadata":{"name":"a"}}'
	k8s-wait -n "$NS" --for deleted -t 10s cm/a >out &
	BACK=$!
	wait_for 20 connected && sleep 0.5
	# both changes come in one piece
	kill -STOP "$BACK"
	api DELETE "/api/v1/namespaces/$NS/configmaps/a" -f >/dev/null
	post "/api/v1/namespaces/$NS/configmaps" '{"metadata":{"name":"a"}}'
	kill -CONT "$BACK"
	wait "$BACK"
	jq -e '.status == "met"' out
}

@test "a jq expression" {
	post "/api/v1/namespaces/$NS/configmaps" '{"metadata":{"name":"a"},"data":{"n":"1"}}'
	(once_waiting 0.3 && api PATCH "/api/v1/namespaces/$NS/configmaps/a" -H 'Content-Type: application/merge-patch+json' -d '{"data":{"n":"2"}}' >/dev/null) &
	BACK=$!
	run -0 k8s-wait -n "$NS" -t 5s --for 'jq=.data.n == "2"' cm/a
	jq -e '.ms >= 200' <<<"$output"
	run -2 k8s-wait -n "$NS" --for 'jq=.data.n ==' cm/a
}

@test "the timeout is one for all, and names each that is left" {
	deployment web
	pod web-1 web
	status pods/web-1 '{"phase":"Pending","conditions":[{"type":"PodScheduled","status":"False","reason":"Unschedulable","message":"no room"}]}'
	run -1 --separate-stderr k8s-wait -n "$NS" -t 1s deploy/web cm/nope "ns/$NS"
	[[ $stderr == *"Deployment $NS/web: not ready in time"*'pod web-1: Unschedulable: no room'* ]]
	[[ $stderr == *"ConfigMap $NS/nope: not ready in time: NotFound: it does not exist"* ]]
	[[ $stderr != *Namespace* ]]
	jq -es '[.[] | select(.status == "timeout")] | length == 2 and all(.ms < 5000)' <<<"$output"
}

@test "--each-timeout runs from when an object is first seen" {
	deployment web
	run -1 --separate-stderr k8s-wait -n "$NS" -t 10s --each-timeout 300ms deploy/web
	jq -e '.status == "timeout" and .ms < 3000' <<<"$output"
}

@test "no server: 3; no authority: 3" {
	sed "s|https://127.0.0.1:[0-9]*|https://127.0.0.1:$(free_port)|" "$KUBECONFIG" >none
	run -3 --separate-stderr k8s-wait --kubeconfig none -t 1s -n "$NS" cm/a
	[[ $stderr == 'k8s-wait: '* ]]
	sed "s|token: .*|token: wrong}}]|" "$KUBECONFIG" >wrong
	run -3 --separate-stderr k8s-wait --kubeconfig wrong -t 5s -n "$NS" cm/a
}

@test "nothing to wait for, unknown kinds, malformed operands: 2" {
	run -2 k8s-wait </dev/null
	run -2 k8s-wait -n "$NS" foo/x
	run -2 k8s-wait -n "$NS" nokind
	run -2 k8s-wait --for soon cm/x
	run -2 k8s-wait -t never cm/x
	run -2 bash -c 'echo "{not json" | k8s-wait'
}

@test "a full disk: 3, said once and at once" {
	SECONDS=0
	run -3 bash -c "k8s-wait -n $NS ns/$NS cm/never -t 20s >/dev/full"
	[ "$output" = 'k8s-wait: standard output: No space left on device' ]
	((SECONDS < 15))
}
