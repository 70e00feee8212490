#!/usr/bin/env bats
# k8s-controllerd beside k8s-apid, with a node that is a shell loop: it says
# of each pod bound to it what the pod's image asks for.

bats_require_minimum_version 1.5.0
load helper
load cluster

# fake_node: pods of image "ok" get ready, of "done" and "fail" end so, of
# "never" stay Pending; what is to go goes.  Ends with the server.
fake_node() {
	local kind ns name image n=1 state
	api GET '/api/v1/pods?watch=1' -N 2>/dev/null | jq --unbuffered -r '
		select(.type != "DELETED") | .object
		| select(.spec.nodeName)
		| [(if .metadata.deletionTimestamp then "delete" elif .status.phase == "Pending" then "start" else "none" end),
			.metadata.namespace, .metadata.name, (.spec.containers[0].image | split(":")[0])]
		| @tsv' | while read -r kind ns name image; do
		case $kind-$image in
		delete-*) remove "/api/v1/namespaces/$ns/pods/$name" '{"gracePeriodSeconds":0}' ;;
		start-ok) state=$(jq -nc --arg ip "10.244.0.$((++n))" '{phase: "Running", podIP: $ip,
			conditions: [{type: "Ready", status: "True", lastTransitionTime: "2026-01-01T00:00:00Z"}]}') ;;&
		start-done) state=$(jq -nc '{phase: "Succeeded"}') ;;&
		start-fail) state=$(jq -nc '{phase: "Failed"}') ;;&
		start-never) ;;
		start-*) api PATCH "/api/v1/namespaces/$ns/pods/$name/status" -H 'Content-Type: application/merge-patch+json' \
			-d "{\"status\":$state}" >/dev/null ;;
		esac
	done
}

setup_file() {
	export BATS_TEST_TMPDIR=$BATS_FILE_TMPDIR
	start_apid
	mkfifo "$APID_DIR/controllers"
	k8s-controllerd --kubeconfig "$KUBECONFIG" --ready-fd 4 4>"$APID_DIR/controllers" 3>&- >"$APID_DIR/controllerd.log" 2>&1 &
	CONTROLLERD_PID=$!
	read -r -t 10 <"$APID_DIR/controllers"
	export CONTROLLERD_PID
	fake_node 3>&- >/dev/null 2>&1 &
	post /api/v1/nodes '{"metadata":{"name":"sandbox"}}'
	patch /api/v1/nodes/sandbox/status '{"status":{"conditions":[{"type":"Ready","status":"True"}],"allocatable":{"cpu":"8","memory":"4Gi"}}}'
}

teardown_file() {
	end_process "$CONTROLLERD_PID"
	stop_apid
}

setup() {
	NS=t$BATS_TEST_NUMBER
	C=/api/v1/namespaces/$NS A=/apis/apps/v1/namespaces/$NS B=/apis/batch/v1/namespaces/$NS
	[ -z "${APID_DIR:-}" ] || post /api/v1/namespaces "{\"metadata\":{\"name\":\"$NS\"}}"
}

teardown() {
	[ -z "${own:-}" ] || end_process "$own"
	[ -n "${BATS_TEST_COMPLETED:-}" ] || cat "$APID_DIR/controllerd.log" >&2
}

post() { api POST "$1" -H 'Content-Type: application/json' -d "$2" >/dev/null; }
remove() { api DELETE "$1" -H 'Content-Type: application/json' -d "${2:-{\}}" >/dev/null; }
patch() { api PATCH "$1" -H 'Content-Type: application/merge-patch+json' -d "$2" >/dev/null; }

# holds PATH JQ: the object at PATH fulfils the expression
holds() { api GET "$1" | jq -e "$2"; }

# until_holds PATH JQ: as holds, within 8 s; shows the object otherwise
until_holds() {
	wait_for 8 holds "$@" || {
		api GET "$1" | jq -c 'del(.. | .managedFields?)' >&2
		return 1
	}
}

# template IMAGE: a pod template with the label app=x
template() {
	printf '{"metadata":{"labels":{"app":"x"}},"spec":{"restartPolicy":"%s","containers":[{"name":"c","image":"%s","ports":[{"name":"http","containerPort":8080}]}]}}' \
		"${2:-Always}" "$1"
}

# deploy NAME IMAGE REPLICAS [SPEC-MEMBERS]
deploy() {
	post "$A/deployments" "{\"metadata\":{\"name\":\"$1\"},\"spec\":{\"replicas\":$3,${4:-}\"selector\":{\"matchLabels\":{\"app\":\"x\"}},\"template\":$(template "$2")}}"
}

image() { patch "$A/deployments/$1" "{\"spec\":{\"template\":$(template "$2")}}"; }

events() { api GET "$C/events" | jq -r '.items[] | "\(.involvedObject.kind)/\(.involvedObject.name) \(.reason) \(.message)"'; }

@test "a Deployment comes true: ReplicaSet, pods on the node, status, events" {
	deploy web ok 3
	until_holds "$A/deployments/web" '.status | .availableReplicas == 3 and .updatedReplicas == 3 and .replicas == 3'
	until_holds "$A/deployments/web" '[.status.conditions[] | "\(.type) \(.status) \(.reason)"] | sort ==
		["Available True MinimumReplicasAvailable", "Progressing True NewReplicaSetAvailable"]'
	# the revision's annotation, by the door of status, is no new generation
	holds "$A/deployments/web" '.metadata.generation == 1 and .status.observedGeneration == 1 and .metadata.annotations["deployment.kubernetes.io/revision"] == "1"'
	holds "$A/replicasets" '.items | length == 1 and (.[0] | .metadata.ownerReferences[0].kind == "Deployment" and
		.metadata.name == "web-" + .metadata.labels["pod-template-hash"] and
		.spec.selector.matchLabels["pod-template-hash"] == .metadata.labels["pod-template-hash"] and .status.readyReplicas == 3)'
	holds "$C/pods" '[.items[] | select(.spec.nodeName == "sandbox" and .metadata.ownerReferences[0].controller)] | length == 3'
	holds "$A/replicasets" '[.items[0].metadata.managedFields[].manager] | unique == ["k8s-controllerd"]'
	wait_for 5 eval '[[ $(events | grep -c "^Pod/web-.* Scheduled Successfully assigned") = 3 ]]'
	[[ $(events) =~ Deployment/web\ ScalingReplicaSet\ Scaled\ up\ replica\ set\ web-[a-z0-9]+\ from\ 0\ to\ 3 ]]
	[[ $(events | grep -c "SuccessfulCreate Created pod: web-") = 3 ]]
}

@test "a rolling update replaces pods and goes back; revisions count up" {
	deploy web ok:1 2 '"revisionHistoryLimit":1,'
	until_holds "$A/deployments/web" '.status.availableReplicas == 2'
	first=$(api GET "$A/replicasets" | jq -r '.items[0].metadata.name')
	image web ok:2
	until_holds "$A/replicasets/$first" '.spec.replicas == 0 and .status.replicas == 0'
	until_holds "$A/deployments/web" '.status | .updatedReplicas == 2 and .availableReplicas == 2 and .replicas == 2'
	holds "$A/deployments/web" '.metadata.annotations["deployment.kubernetes.io/revision"] == "2"'
	image web ok:1
	until_holds "$A/replicasets/$first" '.status.availableReplicas == 2 and .metadata.annotations["deployment.kubernetes.io/revision"] == "3"'
	image web ok:3
	until_holds "$A/replicasets" '.items | length == 2'
}

@test "the cause of a change is noted with its revision" {
	cause() { patch "$A/deployments/web" "{\"metadata\":{\"annotations\":{\"kubernetes.io/change-cause\":\"$1\",\"kubectl.kubernetes.io/last-applied-configuration\":\"{}\"}}}"; }
	deploy web ok 1
	cause first
	until_holds "$A/replicasets" '[.items[].metadata.annotations | .["kubernetes.io/change-cause"], .["kubectl.kubernetes.io/last-applied-configuration"]] == ["first", null]'
	image web ok:2
	cause second
	until_holds "$A/replicasets" '[.items[].metadata.annotations | .["deployment.kubernetes.io/revision"] + .["kubernetes.io/change-cause"]] | sort == ["1first", "2second"]'
}

@test "a paused Deployment rests, scaling moves at once" {
	deploy web ok:1 1
	until_holds "$A/deployments/web" '.status.availableReplicas == 1'
	patch "$A/deployments/web" '{"spec":{"paused":true}}'
	until_holds "$A/deployments/web" '.status.conditions[] | select(.type == "Progressing") | .status == "Unknown" and .reason == "DeploymentPaused"'
	image web ok:2
	patch "$A/deployments/web" '{"spec":{"replicas":2}}'
	until_holds "$A/deployments/web" '.status | .availableReplicas == 2 and .updatedReplicas == null'
	patch "$A/deployments/web" '{"spec":{"paused":false,"replicas":3}}'
	until_holds "$A/deployments/web" '.status | .availableReplicas == 3 and .updatedReplicas == 3'
	patch "$A/deployments/web" '{"spec":{"replicas":0}}'
	until_holds "$C/pods" '.items == []'
}

@test "Recreate ends the old pods first" {
	deploy web ok:1 2 '"strategy":{"type":"Recreate"},'
	until_holds "$A/deployments/web" '.status.availableReplicas == 2'
	image web ok:2
	until_holds "$A/deployments/web" '.status | .updatedReplicas == 2 and .availableReplicas == 2'
	wait_for 5 eval '[[ $(events | grep ScalingReplicaSet | tail -2) == *"from 2 to 0"*"from 0 to 2" ]]'
}

@test "a Deployment that gets nowhere: ProgressDeadlineExceeded" {
	deploy web never 1 '"progressDeadlineSeconds":1,'
	until_holds "$A/deployments/web" '.status.conditions[] | select(.type == "Progressing") | .status == "False" and .reason == "ProgressDeadlineExceeded"'
}

@test "a ReplicaSet replaces a pod that is gone and adopts one that fits" {
	post "$C/pods" '{"metadata":{"name":"orphan","labels":{"app":"x"}},"spec":{"containers":[{"name":"c","image":"ok"}]}}'
	post "$A/replicasets" "{\"metadata\":{\"name\":\"rs\"},\"spec\":{\"replicas\":2,\"selector\":{\"matchLabels\":{\"app\":\"x\"}},\"template\":$(template ok)}}"
	until_holds "$A/replicasets/rs" '.status.availableReplicas == 2'
	holds "$C/pods/orphan" '.metadata.ownerReferences[0].name == "rs"'
	remove "$C/pods/orphan"
	until_holds "$C/pods" '.items | length == 2 and ([.[] | select(.metadata.name == "orphan")] == [])'
}

@test "a pod that is relabelled is let go and replaced, and may come back" {
	local pod
	post "$A/replicasets" "{\"metadata\":{\"name\":\"web\"},\"spec\":{\"replicas\":2,\"selector\":{\"matchLabels\":{\"app\":\"x\"}},\"template\":$(template ok)}}"
	until_holds "$A/replicasets/web" '.status.readyReplicas == 2'
	pod=$(api GET "$C/pods" | jq -r '.items[0].metadata.name')
	patch "$C/pods/$pod" '{"metadata":{"labels":{"app":"aside"}}}'
	until_holds "$C/pods/$pod" '.metadata.ownerReferences == null'
	until_holds "$A/replicasets/web" '.status.readyReplicas == 2'
	holds "$C/pods" '.items | length == 3'
	patch "$C/pods/$pod" '{"metadata":{"labels":{"app":"x"}}}'
	until_holds "$C/pods" '[.items[] | select(.metadata.ownerReferences[0].name == "web")] | length == 2'
}

@test "pods that a StatefulSet or a DaemonSet left behind are taken over" {
	local set uid pods
	for set in statefulsets daemonsets; do
		make() {
			post "$A/$set" "{\"metadata\":{\"name\":\"db\"},\"spec\":{\"selector\":{\"matchLabels\":{\"app\":\"x\"}},\"template\":$(template ok:1)$([ $set = daemonsets ] || echo ',"serviceName":"db"')}}"
		}
		make
		until_holds "$A/$set/db" '.status | (.readyReplicas // .numberReady) == 1'
		pods=$(api GET "$C/pods" | jq -c '[.items[].metadata.uid]')
		remove "$A/$set/db" '{"propagationPolicy":"Orphan"}'
		until_holds "$A/$set" '.items == []'
		make
		uid=$(api GET "$A/$set/db" | jq -r .metadata.uid)
		until_holds "$C/pods" "[.items[] | .metadata.uid] == $pods and .items[0].metadata.ownerReferences[0].uid == \"$uid\""
		until_holds "$A/controllerrevisions" "[.items[].metadata.ownerReferences[0].uid] == [\"$uid\"]"
		until_holds "$A/$set/db" '.status | (.readyReplicas // .numberReady) == 1'
		remove "$A/$set/db"
		until_holds "$C/pods" '.items == []'
		until_holds "$A/controllerrevisions" '.items == []'
	done
}

@test "a StatefulSet makes its pods in order and updates from the top" {
	post "$A/statefulsets" "{\"metadata\":{\"name\":\"db\"},\"spec\":{\"serviceName\":\"db\",\"replicas\":2,\"selector\":{\"matchLabels\":{\"app\":\"x\"}},\"template\":$(template ok:1)}}"
	until_holds "$A/statefulsets/db" '.status | .readyReplicas == 2 and .currentRevision == .updateRevision'
	holds "$C/pods/db-1" '.spec.hostname == "db-1" and .spec.subdomain == "db" and .metadata.labels["statefulset.kubernetes.io/pod-name"] == "db-1"'
	patch "$A/statefulsets/db" "{\"spec\":{\"template\":$(template ok:2)}}"
	until_holds "$A/statefulsets/db" '.status | .updatedReplicas == 2 and .readyReplicas == 2 and .currentRevision == .updateRevision'
	holds "$C/pods/db-0" '.spec.containers[0].image == "ok:2"'
	[[ $(events | grep -E 'StatefulSet/db Successful(Delete|Create)' | grep -oE '(create|delete) Pod db-.' | tr '\n' ' ') == *"create Pod db-0"*"create Pod db-1"* ]]
	holds "$A/controllerrevisions" '.items | length == 2'
	patch "$A/statefulsets/db" '{"spec":{"replicas":1}}'
	until_holds "$C/pods" '[.items[].metadata.name] == ["db-0"]'
}

@test "a StatefulSet's partition keeps lower pods as they are" {
	post "$A/statefulsets" "{\"metadata\":{\"name\":\"db\"},\"spec\":{\"serviceName\":\"db\",\"replicas\":2,\"podManagementPolicy\":\"Parallel\",\"updateStrategy\":{\"type\":\"RollingUpdate\",\"rollingUpdate\":{\"partition\":1}},\"selector\":{\"matchLabels\":{\"app\":\"x\"}},\"template\":$(template ok:1)}}"
	until_holds "$A/statefulsets/db" '.status.readyReplicas == 2'
	patch "$A/statefulsets/db" "{\"spec\":{\"template\":$(template ok:2)}}"
	until_holds "$A/statefulsets/db" '.status | .updatedReplicas == 1 and .readyReplicas == 2'
	remove "$C/pods/db-0"
	until_holds "$A/statefulsets/db" '.status.readyReplicas == 2'
	holds "$C/pods/db-0" '.spec.containers[0].image == "ok:1"'
}

@test "a pod that the server refuses: FailedCreate, told once" {
	local name
	name=$(printf 'x%.0s' {1..62})
	post "$A/statefulsets" "{\"metadata\":{\"name\":\"$name\"},\"spec\":{\"serviceName\":\"db\",\"selector\":{\"matchLabels\":{\"app\":\"x\"}},\"template\":$(template ok)}}"
	wait_for 5 eval '[[ $(events) == *"FailedCreate Error creating: "*"is invalid"* ]]'
	sleep 0.2
	[[ $(events | grep -c FailedCreate) = 1 ]]
	grep -q "k8s-controllerd: statefulset: $NS/$name: " "$APID_DIR/controllerd.log"
}

@test "a refusal is no news the second time, though the pod has another name" {
	post "$C/resourcequotas" '{"metadata":{"name":"q"},"spec":{"hard":{"pods":"0"}}}'
	deploy web ok 3
	until_holds "$A/deployments/web" '.status.conditions[] | select(.type == "ReplicaFailure") | .message | test("^pods \"web-[a-z0-9]+-\" is forbidden: exceeded quota: q")'
	sleep 0.1
	version=$(api GET "$A/replicasets" | jq -r '.items[0].metadata.resourceVersion')
	sleep 0.5
	holds "$A/replicasets" ".items[0].metadata.resourceVersion == \"$version\""
	[[ $(events | grep -c FailedCreate) = 1 ]]
}

@test "persistent volumes are refused in words" {
	post "$A/statefulsets" "{\"metadata\":{\"name\":\"db\"},\"spec\":{\"serviceName\":\"db\",\"selector\":{\"matchLabels\":{\"app\":\"x\"}},\"template\":$(template ok),\"volumeClaimTemplates\":[{\"metadata\":{\"name\":\"d\"},\"spec\":{\"accessModes\":[\"ReadWriteOnce\"],\"resources\":{\"requests\":{\"storage\":\"1Gi\"}}}}]}}"
	wait_for 5 eval '[[ $(events) == *"persistent volumes are not supported"* ]]'
	holds "$C/pods" '.items == []'
}

# job NAME IMAGE [SPEC-MEMBERS]
job() { post "$B/jobs" "{\"metadata\":{\"name\":\"$1\"},\"spec\":{${3:-}\"template\":$(template "$2" Never)}}"; }

@test "Jobs complete, fail, run out of time, and go when their time is over" {
	job ok 'done' '"completions":3,"parallelism":2,'
	job bad fail '"backoffLimit":0,'
	job slow never '"activeDeadlineSeconds":1,'
	job gone 'done' '"ttlSecondsAfterFinished":0,'
	job ix 'done' '"completions":3,"parallelism":3,"completionMode":"Indexed",'
	until_holds "$B/jobs/ok" '.status | .succeeded == 3 and .completionTime and (.conditions[] | select(.type == "Complete") | .status == "True")'
	until_holds "$B/jobs/bad" '.status | .failed == 1 and (.conditions[] | select(.type == "Failed") | .reason == "BackoffLimitExceeded")'
	until_holds "$B/jobs/ix" '.status.completedIndexes == "0-2"'
	holds "$C/pods" '[.items[] | select(.metadata.name | startswith("ix-")) | .spec.containers[0].env[0] | select(.name == "JOB_COMPLETION_INDEX") | .value] | sort == ["0", "1", "2"]'
	until_holds "$B/jobs/slow" '.status.conditions[] | select(.type == "Failed") | .reason == "DeadlineExceeded"'
	wait_for 5 eval '[[ $(api_code GET "$B/jobs/gone") = 404 ]]'
	wait_for 5 eval '[[ $(events) == *"Job/bad BackoffLimitExceeded"* && $(events) == *"Job/ok Completed Job completed"* ]]'
}

@test "a failed pod of a Job is not replaced before its back-off" {
	job again fail '"backoffLimit":3,'
	until_holds "$B/jobs/again" '.status.failed == 1'
	sleep 0.3
	holds "$C/pods" '.items | length == 1'
}

@test "a suspended Job has no pods" {
	job later 'done' '"suspend":true,'
	until_holds "$B/jobs/later" '.status.conditions[] | .type == "Suspended" and .status == "True"'
	holds "$C/pods" '.items == []'
	patch "$B/jobs/later" '{"spec":{"suspend":false}}'
	until_holds "$B/jobs/later" '.status.succeeded == 1'
}

# daemons NAME IMAGE [SPEC-MEMBERS]
daemons() {
	post "$A/daemonsets" "{\"metadata\":{\"name\":\"$1\"},\"spec\":{${3:-}\"selector\":{\"matchLabels\":{\"app\":\"x\"}},\"template\":$(template "$2")}}"
}

@test "a DaemonSet has a pod on each node that admits it" {
	daemons ds ok
	until_holds "$A/daemonsets/ds" '.status == {currentNumberScheduled: 1, desiredNumberScheduled: 1, numberAvailable: 1,
		numberMisscheduled: 0, numberReady: 1, observedGeneration: 1, updatedNumberScheduled: 1}'
	holds "$C/pods" '.items[0] | .spec.nodeName == "sandbox" and .metadata.ownerReferences[0].kind == "DaemonSet" and
		.spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms[0].matchFields[0].values == ["sandbox"] and
		([.spec.tolerations[].key] | index("node.kubernetes.io/unschedulable"))'
	holds "$A/controllerrevisions" '.items | length == 1 and (.[0] | .revision == 1 and .metadata.name == "ds-" + .metadata.labels["controller-revision-hash"])'
	pod=$(api GET "$C/pods" | jq -r '.items[0].metadata.name')
	wait_for 5 eval '[[ $(events) == *"DaemonSet/ds SuccessfulCreate Created pod: $pod"* ]]'
	remove "$C/pods/$pod"
	until_holds "$C/pods" ".items | length == 1 and .[0].metadata.name != \"$pod\""
	# a node more, a node that is not meant
	post /api/v1/nodes '{"metadata":{"name":"other","labels":{"role":"other"}},"spec":{"unschedulable":true}}'
	until_holds "$A/daemonsets/ds" '.status | .desiredNumberScheduled == 2 and .numberUnavailable == 1'
	patch "$A/daemonsets/ds" '{"spec":{"template":{"spec":{"nodeSelector":{"role":"other"}}}}}'
	until_holds "$C/pods" '[.items[].spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms[0].matchFields[0].values[0]] == ["other"]'
	remove /api/v1/nodes/other
	until_holds "$A/daemonsets/ds" '.status.desiredNumberScheduled == 0'
	remove "$A/daemonsets/ds"
	until_holds "$C/pods" '.items == []'
}

@test "a DaemonSet's pods are replaced one at a time, and go back" {
	daemons ds ok
	until_holds "$A/daemonsets/ds" '.status.numberAvailable == 1'
	patch "$A/daemonsets/ds" "{\"spec\":{\"template\":$(template ok:2)}}"
	until_holds "$C/pods" '[.items[].spec.containers[0].image] == ["ok:2"]'
	until_holds "$A/daemonsets/ds" '.status | .updatedNumberScheduled == 1 and .numberAvailable == 1 and .observedGeneration == 2'
	# what kubectl rollout undo sends: the data of the revision before
	data=$(api GET "$A/controllerrevisions" | jq -c '.items[] | select(.revision == 1).data')
	jq -e '.spec.template["$patch"] == "replace"' <<<"$data"
	api PATCH "$A/daemonsets/ds" -H 'Content-Type: application/strategic-merge-patch+json' -d "$data" >/dev/null
	until_holds "$C/pods" '[.items[].spec.containers[0].image] == ["ok"]'
	until_holds "$A/controllerrevisions" '[.items[].revision] | sort == [2, 3]'
	until_holds "$A/daemonsets/ds" '.status | .updatedNumberScheduled == 1 and .numberAvailable == 1 and .observedGeneration == 3'
	# with a surge the new one is there first; one that never gets ready changes nothing
	patch "$A/daemonsets/ds" "{\"spec\":{\"updateStrategy\":{\"rollingUpdate\":{\"maxSurge\":1,\"maxUnavailable\":0}},\"template\":$(template never)}}"
	until_holds "$C/pods" '[.items[].spec.containers[0].image] | sort == ["never", "ok"]'
	sleep 0.3
	holds "$A/daemonsets/ds" '.status.numberAvailable == 1'
	# OnDelete: when the user says so
	patch "$A/daemonsets/ds" "{\"spec\":{\"updateStrategy\":{\"type\":\"OnDelete\",\"rollingUpdate\":null},\"template\":$(template ok:3)}}"
	until_holds "$A/daemonsets/ds" '.status.observedGeneration == .metadata.generation and .status.updatedNumberScheduled == null'
	sleep 0.3
	holds "$C/pods" '[.items[].spec.containers[0].image] | index("ok:3") == null'
}

@test "a claim stays Pending and says why, and so does its pod" {
	claim='"spec":{"accessModes":["ReadWriteOnce"],"resources":{"requests":{"storage":"1Gi"}}'
	post "$C/persistentvolumeclaims" "{\"metadata\":{\"name\":\"a\"},$claim}}"
	post "$C/persistentvolumeclaims" "{\"metadata\":{\"name\":\"b\"},$claim,\"storageClassName\":\"fast\"}}"
	for n in a none; do
		post "$C/pods" '{"metadata":{"name":"p'$n'"},"spec":{"containers":[{"name":"c","image":"ok"}],"volumes":[{"name":"v","persistentVolumeClaim":{"claimName":"'$n'"}}]}}'
	done
	wait_for 5 eval '[[ $(events) == *"PersistentVolumeClaim/a FailedBinding no persistent volumes available for this claim and no storage class is set"* ]]'
	wait_for 5 eval '[[ $(events) == *"PersistentVolumeClaim/b ProvisioningFailed storageclass.storage.k8s.io \"fast\" not found"* ]]'
	until_holds "$C/pods/pa" '.status.conditions[].message == "0/1 nodes are available: 1 pod has unbound immediate PersistentVolumeClaims."'
	until_holds "$C/pods/pnone" '.status.conditions[].message == "0/1 nodes are available: 1 persistentvolumeclaim \"none\" not found."'
	holds "$C/persistentvolumeclaims/a" '.status.phase == "Pending"'
	patch "$C/persistentvolumeclaims/a/status" '{"status":{"phase":"Bound"}}'
	until_holds "$C/pods/pa" '.spec.nodeName == "sandbox"'
}

@test "required node affinity holds" {
	affinity() {
		post "$C/pods" '{"metadata":{"name":"'"$1"'"},"spec":{"affinity":{"nodeAffinity":{"requiredDuringSchedulingIgnoredDuringExecution":{"nodeSelectorTerms":'"$2"'}}},"containers":[{"name":"c","image":"ok"}]}}'
	}
	patch /api/v1/nodes/sandbox '{"metadata":{"labels":{"zone":"a","cores":"8"}}}'
	affinity in '[{"matchExpressions":[{"key":"zone","operator":"In","values":["b"]}]},{"matchExpressions":[{"key":"zone","operator":"In","values":["b","a"]},{"key":"cores","operator":"Gt","values":["4"]}]}]'
	affinity out '[{"matchExpressions":[{"key":"zone","operator":"In","values":["a"]},{"key":"cores","operator":"Lt","values":["4"]}]}]'
	affinity not '[{"matchExpressions":[{"key":"zone","operator":"NotIn","values":["a"]}]},{"matchExpressions":[{"key":"none","operator":"Exists"}]},{"matchFields":[{"key":"metadata.name","operator":"In","values":["other"]}]}]'
	affinity absent '[{"matchExpressions":[{"key":"none","operator":"DoesNotExist"}],"matchFields":[{"key":"metadata.name","operator":"In","values":["sandbox"]}]}]'
	until_holds "$C/pods/in" '.spec.nodeName == "sandbox"'
	until_holds "$C/pods/absent" '.spec.nodeName == "sandbox"'
	for n in out not; do until_holds "$C/pods/$n" '.status.conditions[].message | contains("affinity/selector")'; done
}

@test "Endpoints follow the Service and its ready pods" {
	post "$C/services" '{"metadata":{"name":"web"},"spec":{"selector":{"app":"x"},"ports":[{"port":80,"targetPort":"http"}]}}'
	post "$C/services" '{"metadata":{"name":"none"},"spec":{"clusterIP":"None","selector":{"app":"x"},"ports":[{"port":80}]}}'
	deploy web ok 2
	until_holds "$C/endpoints/web" '.subsets | length == 1 and (.[0] | (.addresses | length == 2) and .ports[0].port == 8080)'
	until_holds "$C/endpoints/none" '.metadata.labels["service.kubernetes.io/headless"] == "" and (.subsets[0].addresses | length == 2)'
	pod=$(api GET "$C/pods" | jq -r '.items[0].metadata.name')
	patch "$C/pods/$pod/status" '{"status":{"conditions":[{"type":"Ready","status":"False"}]}}'
	until_holds "$C/endpoints/web" '.subsets[0] | (.addresses | length == 1) and .notReadyAddresses[0].targetRef.name == "'"$pod"'"'
	remove "$C/services/web"
	wait_for 5 eval '[[ $(api_code GET "$C/endpoints/web") = 404 ]]'
}

@test "a namespace has its ServiceAccount and certificate, and gets them back" {
	wait_for 5 holds "$C/serviceaccounts/default" .metadata.uid
	until_holds "$C/configmaps/kube-root-ca.crt" '.data["ca.crt"] | startswith("-----BEGIN CERTIFICATE")'
	remove "$C/serviceaccounts/default"
	remove "$C/configmaps/kube-root-ca.crt"
	wait_for 5 holds "$C/serviceaccounts/default" .metadata.uid
	wait_for 5 holds "$C/configmaps/kube-root-ca.crt" .metadata.uid
}

@test "a namespace goes with all in it, and says what keeps it" {
	deploy web ok 2
	until_holds "$A/deployments/web" '.status.availableReplicas == 2'
	post "$C/configmaps" '{"metadata":{"name":"kept","finalizers":["example.com/wait"]}}'
	post "/apis/rbac.authorization.k8s.io/v1/namespaces/$NS/roles" '{"metadata":{"name":"r"},"rules":[]}'
	remove "/api/v1/namespaces/$NS"
	until_holds "/api/v1/namespaces/$NS" '[.status.conditions[] | select(.status == "True") | .message] | sort ==
		["Some content in the namespace has finalizers remaining: example.com/wait in 1 resource instances",
		"Some resources are remaining: configmaps. has 1 resource instances"]'
	patch "$C/configmaps/kept" '{"metadata":{"finalizers":null}}'
	wait_for 8 eval '[[ $(api_code GET "/api/v1/namespaces/$NS") = 404 ]]'
}

@test "a pod with scheduling gates waits until they are gone" {
	post "$C/pods" '{"metadata":{"name":"p"},"spec":{"schedulingGates":[{"name":"a.io/x"},{"name":"a.io/y"}],"containers":[{"name":"c","image":"ok"}]}}'
	until_holds "$C/pods/p" '.spec.nodeName == null and (.status.conditions[] | .type == "PodScheduled" and .status == "False" and .reason == "SchedulingGated")'
	api GET "$C/pods/p" -H 'Accept: application/json;as=Table;v=v1;g=meta.k8s.io' | jq -e '.rows[0].cells[2] == "SchedulingGated"'
	[ "$(api_code PATCH "$C/pods/p" -H 'Content-Type: application/merge-patch+json' -d '{"spec":{"schedulingGates":[{"name":"a.io/x"},{"name":"a.io/y"},{"name":"a.io/z"}]}}')" = 422 ]
	patch "$C/pods/p" '{"spec":{"schedulingGates":[{"name":"a.io/y"}]}}'
	holds "$C/pods/p" '.spec.schedulingGates | length == 1'
	patch "$C/pods/p" '{"spec":{"schedulingGates":null}}'
	until_holds "$C/pods/p" '.spec.nodeName == "sandbox"'
}

@test "the scheduler says why a pod has no node" {
	post "$C/pods" '{"metadata":{"name":"big"},"spec":{"containers":[{"name":"c","image":"ok","resources":{"requests":{"memory":"5Gi"}}}]}}'
	post "$C/pods" '{"metadata":{"name":"picky"},"spec":{"nodeSelector":{"disk":"ssd"},"containers":[{"name":"c","image":"ok"}]}}'
	until_holds "$C/pods/big" '.status.conditions[] | .type == "PodScheduled" and .status == "False" and .reason == "Unschedulable" and
		.message == "0/1 nodes are available: 1 Insufficient memory."'
	until_holds "$C/pods/picky" '.status.conditions[].message | contains("node affinity/selector")'
	wait_for 5 eval '[[ $(events) == *"Pod/big FailedScheduling 0/1 nodes are available: 1 Insufficient memory."* ]]'
	patch /api/v1/nodes/sandbox '{"metadata":{"labels":{"disk":"ssd"}}}'
	until_holds "$C/pods/picky" '.spec.nodeName == "sandbox"'
}

@test "requests of pods add up" {
	for n in 1 2 3; do
		post "$C/pods" '{"metadata":{"name":"p'$n'"},"spec":{"containers":[{"name":"c","image":"ok","resources":{"requests":{"cpu":"3"}}}]}}'
	done
	until_holds "$C/pods/p3" '.status.conditions[] | .type == "PodScheduled" and (.message | contains("Insufficient cpu"))'
	remove "$C/pods/p1"
	until_holds "$C/pods/p3" '.spec.nodeName == "sandbox"'
	remove "$C/pods/p2"
	remove "$C/pods/p3"
}

@test "what an owner leaves behind goes, waits or stays, as was asked for" {
	for d in a b c; do deploy $d "ok:$d" 1; done
	until_holds "$A/replicasets" '[.items[] | select(.status.replicas == 1)] | length == 3'
	remove "$A/deployments/a"
	remove "$A/deployments/b" '{"propagationPolicy":"Foreground"}'
	remove "$A/deployments/c" '{"propagationPolicy":"Orphan"}'
	until_holds "$A/deployments" '.items == []'
	until_holds "$A/replicasets" '.items | length == 1 and (.[0] | (.metadata.name | startswith("c-")) and (.metadata.ownerReferences // [] == []))'
	until_holds "$C/pods" '[.items[] | select(.metadata.name | startswith("c-") | not)] == []'
	post "$C/configmaps" '{"metadata":{"name":"lost","ownerReferences":[{"apiVersion":"v1","kind":"ConfigMap","name":"gone","uid":"0b5b37f2-1111-4222-8333-444444444444"}]}}'
	wait_for 5 eval '[[ $(api_code GET "$C/configmaps/lost") = 404 ]]'
}

@test "what a namespace or a cluster role owned at the scope of the cluster goes with it" {
	R=/apis/rbac.authorization.k8s.io/v1
	uid() { api GET "$1" | jq -r .metadata.uid; }
	owner() { printf '"ownerReferences":[{"apiVersion":"%s","kind":"%s","name":"%s","uid":"%s"}]' "$@"; }
	post /api/v1/namespaces '{"metadata":{"name":"own-er"}}'
	post "$R/clusterroles" "{\"metadata\":{\"name\":\"own-a\",$(owner v1 Namespace own-er "$(uid /api/v1/namespaces/own-er)")}}"
	post "$R/clusterrolebindings" "{\"metadata\":{\"name\":\"own-b\",$(owner rbac.authorization.k8s.io/v1 ClusterRole own-a "$(uid "$R/clusterroles/own-a")")},\"roleRef\":{\"kind\":\"ClusterRole\",\"name\":\"own-a\"}}"
	# of the cluster's scope, too, may what is in a namespace be owned
	post "$R/namespaces/$NS/roles" "{\"metadata\":{\"name\":\"own-c\",$(owner rbac.authorization.k8s.io/v1 ClusterRole own-a "$(uid "$R/clusterroles/own-a")")}}"
	# the other way round cannot be told, and is left alone
	post "$R/clusterroles" "{\"metadata\":{\"name\":\"own-d\",$(owner v1 ConfigMap gone 0b5b37f2-1111-4222-8333-444444444444)}}"
	remove /api/v1/namespaces/own-er
	wait_for 8 eval '[[ $(api_code GET "$R/clusterroles/own-a") = 404 && $(api_code GET "$R/clusterrolebindings/own-b") = 404 ]]'
	wait_for 5 eval '[[ $(api_code GET "$R/namespaces/$NS/roles/own-c") = 404 ]]'
	holds "$R/clusterroles/own-d" .metadata.uid
}

@test "every kind with a delete is one whose owners are looked after" {
	for root in /api/v1 $(api GET /apis | jq -r '.groups[].preferredVersion.groupVersion | select(. != "events.k8s.io/v1" and . != "metrics.k8s.io/v1beta1") | "/apis/" + .'); do
		for kind in $(api GET "$root" | jq -r '.resources[] | select((.verbs | contains(["delete", "watch"])) and .kind != "Event").kind'); do
			grep -qF "\"$kind\"" "$ROOT/tools/k8s-controllerd/control.c" || { echo "$kind has no cache" >&2; return 1; }
		done
	done
}

@test "ends by a signal: 0" {
	k8s-controllerd --kubeconfig "$APID_DIR/kubeconfig" 3>&- &
	own=$!
	sleep 0.2
	kill -TERM $own
	wait $own
}

@test "no or a malformed configuration: 3 and 2; operands: 2" {
	echo '{' >"$BATS_TEST_TMPDIR/bad"
	run -2 k8s-controllerd --kubeconfig "$BATS_TEST_TMPDIR/bad"
	run -2 k8s-controllerd --kubeconfig "$APID_DIR/kubeconfig" operand
	run -2 k8s-controllerd --ready-fd x
	HOME=$BATS_TEST_TMPDIR KUBECONFIG='' run -3 k8s-controllerd
}

@test "a token that is no good: 3" {
	sed 's/token: "[^"]*"/token: "wrong"/' "$APID_DIR/kubeconfig" >"$BATS_TEST_TMPDIR/wrong"
	run -3 timeout 10 k8s-controllerd --kubeconfig "$BATS_TEST_TMPDIR/wrong"
	[[ $output == *'k8s-controllerd: '* ]]
}
