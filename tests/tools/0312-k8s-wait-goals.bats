#!/usr/bin/env bats
# k8s-wait: what can be waited for beside readiness, and what it is told of.
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

job() { # NAME CONDITIONS
	post "/apis/batch/v1/namespaces/$NS/jobs" '{"metadata":{"name":"'"$1"'"},"spec":{"template":{"spec":{"restartPolicy":"Never","containers":[{"name":"c","image":"x"}]}}}}'
	condition "$@"
}

condition() { # NAME CONDITIONS
	api PATCH "/apis/batch/v1/namespaces/$NS/jobs/$1/status" -f -H 'Content-Type: application/merge-patch+json' \
		-d '{"status":{"conditions":['"$2"']}}' >/dev/null
}

@test "a condition, in capitals or not, true or another status" {
	job j '{"type":"Waiting","status":"False","message":"for rain"}'
	run -1 --separate-stderr k8s-wait -n "$NS" -t 1s --for condition=Waiting job/j
	[[ $stderr == "k8s-wait: Job $NS/j: not condition=Waiting in time: Waiting=False: for rain" ]]
	run -0 --separate-stderr k8s-wait -n "$NS" -t 5s --for condition=waiting=false job/j
	jq -e '.status == "met" and .condition == "condition=waiting=false"' <<<"$output"
	run -1 --separate-stderr k8s-wait -n "$NS" -t 1s --for condition=Other job/j
	[[ $stderr == *'NoCondition: its condition Other is not there' ]]
	(sleep 0.3 && condition j '{"type":"Waiting","status":"True"}') 3>&- &
	run -0 --separate-stderr k8s-wait -n "$NS" -t 10s --for condition=Waiting job/j
}

@test "a condition of an older generation says nothing" {
	local path=/apis/apps/v1/namespaces/$NS/deployments
	merge() { api PATCH "$1" -f -H 'Content-Type: application/merge-patch+json' -d "$2" >/dev/null; }
	post "$path" '{"metadata":{"name":"web"},"spec":{"selector":{"matchLabels":{"a":"b"}},
		"template":{"metadata":{"labels":{"a":"b"}},"spec":{"containers":[{"name":"c","image":"x"}]}}}}'
	merge "$path/web/status" '{"status":{"observedGeneration":1,"conditions":[{"type":"Available","status":"True"}]}}'
	run -0 k8s-wait -n "$NS" -t 5s --for condition=available deploy/web
	merge "$path/web" '{"spec":{"replicas":3}}'
	run -1 --separate-stderr k8s-wait -n "$NS" -t 1s --log-lines 0 --for condition=available deploy/web
	[[ $stderr == *'NotObserved: its condition available is of an older one' ]]
}

@test "what has failed for good does not take the whole time" {
	job bad '{"type":"Failed","status":"True","reason":"BackoffLimitExceeded","message":"it failed"}'
	run -1 --separate-stderr k8s-wait -n "$NS" -t 20s --for condition=Complete job/bad
	jq -e '.status == "failed" and .reason == "BackoffLimitExceeded" and .ms < 10000' <<<"$output"
	run -0 --separate-stderr k8s-wait -n "$NS" -t 20s --for condition=failed job/bad
}

@test "the objects of manifests, beside operands; apply records are not read then" {
	printf 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: %s, namespace: %s}\ndata: {image: "${TAG}"}\n---\n' a "$NS" b "$NS" >m.yaml
	for n in a b c; do post "/api/v1/namespaces/$NS/configmaps" '{"metadata":{"name":"'$n'"}}'; done
	run -0 --separate-stderr k8s-wait -t 5s -n "$NS" -f m.yaml cm/c
	[[ $(jq -r .name <<<"$output" | sort | tr '\n' ' ') == 'a b c ' ]]
	run -0 --separate-stderr k8s-wait -t 5s -f - <m.yaml
	[[ ${#lines[@]} == 2 ]]
	run -2 --separate-stderr k8s-wait -f none.yaml
	[[ $stderr == *none.yaml* ]]
	: >empty.yaml
	run -2 --separate-stderr k8s-wait -f empty.yaml
	[[ $stderr == *'no objects in the files' ]]
}

@test "-t 0 looks once" {
	post "/api/v1/namespaces/$NS/configmaps" '{"metadata":{"name":"a"}}'
	run -0 k8s-wait -n "$NS" -t 0 cm/a
	run -0 k8s-wait -n "$NS" -t 0 --for deleted cm/b
	run -1 --separate-stderr k8s-wait -n "$NS" -t 0 cm/a cm/b
	jq -es 'map([.name, .status]) == [["a", "met"], ["b", "timeout"]]' <<<"$output"
	[[ $stderr == "k8s-wait: ConfigMap $NS/b: not ready in time: NotFound: it does not exist" ]]
	run -1 k8s-wait -n "$NS" -t 0 -l app=web pods
}

@test "what cannot be asked is refused: 2" {
	for goal in condition= condition==True condition=Ready= soon; do
		run -2 --separate-stderr k8s-wait -n "$NS" --for "$goal" cm/a
		[[ $stderr == "k8s-wait: --for: not "* ]]
	done
	run -2 --separate-stderr k8s-wait -n "$NS" --for create pod/a
	[[ ${stderr_lines[0]} == 'k8s-wait: --for: not supported, jq=true waits'* ]]
	run -2 --separate-stderr k8s-wait -n "$NS" --for 'jsonpath={.status.phase}=Running' pod/a
	[[ $stderr == 'k8s-wait: --for: JSONPath is not supported, jq=EXPRESSION is: jsonpath='* ]]
}
