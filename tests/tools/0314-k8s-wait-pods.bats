#!/usr/bin/env bats
# k8s-wait and the pods behind a workload: which of them count.  Against an API
# server without nodes and controllers, whose part the tests play.
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

status() { # PATH JSON
	api PATCH "$1/status" -f -H 'Content-Type: application/merge-patch+json' -d "{\"status\":$2}" >/dev/null
}

workload() { # RESOURCE NAME [SPEC-FIELDS]
	post "/apis/apps/v1/namespaces/$NS/$1" '{"metadata":{"name":"'"$2"'"},"spec":{'"${3:-}"'"selector":{"matchLabels":{"app":"'"$2"'"}},
		"template":{"metadata":{"labels":{"app":"'"$2"'"}},"spec":{"containers":[{"name":"c","image":"x"}]}}}}'
}

pod() { # NAME APP STATUS
	post "/api/v1/namespaces/$NS/pods" '{"metadata":{"name":"'"$1"'","labels":{"app":"'"$2"'","pod-template-hash":"1"},
		"ownerReferences":[{"apiVersion":"apps/v1","kind":"ReplicaSet","name":"r","uid":"u","controller":true}]},
		"spec":{"initContainers":[{"name":"i","image":"x"}],"containers":[{"name":"c","image":"x"}]}}'
	status "/api/v1/namespaces/$NS/pods/$1" "$3"
}

waiting() { # LIST CONTAINER REASON [MESSAGE]
	printf '{"phase":"Pending","%s":[{"name":"%s","image":"x","imageID":"","restartCount":1,"ready":false,"state":{"waiting":{"reason":"%s","message":"%s"}}}]}' \
		"$1" "$2" "$3" "${4:-m}"
}

EVICTED='{"phase":"Failed","reason":"Evicted","message":"the node was low on memory"}'

@test "an evicted pod fails nothing, and saves no other" {
	workload deployments web
	pod web-1 web "$EVICTED"
	run -1 --separate-stderr k8s-wait -n "$NS" -t 1s --grace 100ms --log-lines 0 deploy/web
	jq -e '.status == "timeout"' <<<"$output"
	[[ $stderr == *'pod web-1: Evicted: the node was low on memory'* ]]
	pod web-2 web "$(waiting containerStatuses c CrashLoopBackOff)"
	run -1 --separate-stderr k8s-wait -n "$NS" -t 10s --grace 100ms --log-lines 0 deploy/web
	jq -e '.status == "failed" and .reason == "CrashLoopBackOff" and .ms < 5000' <<<"$output"
	[[ $stderr == *'pod web-2: '* ]]
}

@test "an evicted pod without a controller has failed" {
	post "/api/v1/namespaces/$NS/pods" '{"metadata":{"name":"alone"},"spec":{"containers":[{"name":"c","image":"x"}]}}'
	status "/api/v1/namespaces/$NS/pods/alone" "$EVICTED"
	run -1 --separate-stderr k8s-wait -n "$NS" -t 10s --log-lines 0 pod/alone
	jq -e '.status == "failed" and .reason == "Evicted" and .ms < 5000' <<<"$output"
}

@test "an init container that cannot get well, of every kind of workload" {
	local r
	for r in deployments replicasets statefulsets daemonsets; do
		workload "$r" "$r"
		pod "$r-1" "$r" "$(waiting initContainerStatuses i ErrImageNeverPull)"
		run -1 --separate-stderr k8s-wait -n "$NS" -t 10s --grace 0s --log-lines 0 "$r/$r"
		jq -e '.status == "failed" and .reason == "ErrImageNeverPull" and (.message | test("container i"))' <<<"$output"
	done
}

@test "a ConfigMap that the kubelet has not read yet is no failure" {
	workload deployments web
	pod web-1 web "$(waiting containerStatuses c CreateContainerConfigError 'failed to sync configmap cache: timed out waiting for the condition')"
	run -1 --separate-stderr k8s-wait -n "$NS" -t 1s --grace 0s --log-lines 0 deploy/web
	jq -e '.status == "timeout"' <<<"$output"
	status "/api/v1/namespaces/$NS/pods/web-1" "$(waiting containerStatuses c CreateContainerConfigError 'configmap nope not found')"
	run -1 --separate-stderr k8s-wait -n "$NS" -t 10s --grace 0s --log-lines 0 deploy/web
	jq -e '.status == "failed" and .reason == "CreateContainerConfigError"' <<<"$output"
}

@test "a StatefulSet of an older partition; surplus replicas of a Deployment" {
	local path=/apis/apps/v1/namespaces/$NS
	workload statefulsets db '"replicas":3,"serviceName":"db","updateStrategy":{"type":"RollingUpdate","rollingUpdate":{"partition":2}},'
	status "$path/statefulsets/db" '{"observedGeneration":1,"replicas":3,"readyReplicas":3,"updatedReplicas":0,"currentRevision":"a","updateRevision":"b"}'
	run -1 --separate-stderr k8s-wait -n "$NS" -t 1s --log-lines 0 sts/db
	[[ $stderr == *'Updating: 0 of 1 replicas updated'* ]]
	status "$path/statefulsets/db" '{"updatedReplicas":1}'
	run -0 k8s-wait -n "$NS" -t 5s sts/db
	workload deployments web '"replicas":1,'
	status "$path/deployments/web" '{"observedGeneration":1,"replicas":2,"updatedReplicas":2,"readyReplicas":2,"availableReplicas":2,
		"conditions":[{"type":"Available","status":"True"}]}'
	run -1 --separate-stderr k8s-wait -n "$NS" -t 1s --log-lines 0 deploy/web
	[[ $stderr == *'Scaling: 1 replicas too many'* ]]
}

@test "a job's end is told before its pod's: the pod is looked into all the same" {
	post "/apis/batch/v1/namespaces/$NS/jobs" '{"metadata":{"name":"j"},"spec":{"manualSelector":true,"selector":{"matchLabels":{"app":"j"}},
		"template":{"metadata":{"labels":{"app":"j"}},"spec":{"restartPolicy":"Never","containers":[{"name":"c","image":"x"}]}}}}'
	post "/api/v1/namespaces/$NS/events" '{"metadata":{"name":"e"},"reason":"Sighed","message":"deeply","type":"Normal",
		"involvedObject":{"kind":"Pod","name":"j-1","namespace":"'"$NS"'"}}'
	status "/apis/batch/v1/namespaces/$NS/jobs/j" \
		'{"conditions":[{"type":"Failed","status":"True","reason":"BackoffLimitExceeded","message":"it failed"}]}'
	(sleep 0.4 && pod j-1 j '{"phase":"Failed"}') 3>&- &
	run -1 --separate-stderr k8s-wait -n "$NS" -t 10s job/j
	wait
	jq -e '.status == "failed" and .reason == "BackoffLimitExceeded" and .ms < 5000' <<<"$output"
	[[ $stderr == *'events of Pod j-1:'*'Sighed: deeply'* ]]
}
