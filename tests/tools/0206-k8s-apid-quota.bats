#!/usr/bin/env bats
# Quotas and limit ranges of k8s-apid: what is over them is refused at once, in Kubernetes' words.

bats_require_minimum_version 1.5.0
load helper
load cluster

setup_file() {
	export BATS_TEST_TMPDIR=$BATS_FILE_TMPDIR
	start_apid
}

teardown_file() {
	stop_apid
}

setup() {
	NS=q$BATS_TEST_NUMBER
	C=/api/v1/namespaces/$NS A=/apis/apps/v1/namespaces/$NS
	post /api/v1/namespaces "{\"metadata\":{\"name\":\"$NS\"}}" >/dev/null
}

post() { api POST "$1" -H 'Content-Type: application/json' -d "$2"; }
patch() { api PATCH "$1" -H 'Content-Type: application/merge-patch+json' -d "$2"; }
quota() { post "$C/resourcequotas" "{\"metadata\":{\"name\":\"${3:-a}\"},\"spec\":{\"hard\":$1${2:-}}}"; }
pod() { post "$C/pods" "{\"metadata\":{\"name\":\"$1\"},\"spec\":{${3:-}\"containers\":[{\"name\":\"c\",\"image\":\"i\",\"resources\":${2:-{\}}}]}}"; }
is_used() { api GET "$C/resourcequotas/a" | jq -e ".status.used == $1"; }

@test "counts: the second is refused, and one that goes makes room" {
	quota '{"pods":"1","configmaps":2,"count/deployments.apps":"0","services.nodeports":"0"}' | jq -e '.spec.hard.configmaps == "2"'
	post "$C/configmaps" '{"metadata":{"name":"one"}}' | jq -e .metadata.uid
	post "$C/configmaps" '{"metadata":{"name":"two"}}' | jq -e .metadata.uid
	post "$C/configmaps" '{"metadata":{"name":"three"}}' | jq -e '.code == 403 and .reason == "Forbidden" and
		.message == "configmaps \"three\" is forbidden: exceeded quota: a, requested: configmaps=1, used: configmaps=2, limited: configmaps=2"'
	post "$C/configmaps?dryRun=All" '{"metadata":{"name":"three"}}' | jq -e '.code == 403'
	post "$A/deployments" '{"metadata":{"name":"d"},"spec":{"selector":{"matchLabels":{"a":"b"}},"template":{"metadata":{"labels":{"a":"b"}},"spec":{"containers":[{"name":"c","image":"i"}]}}}}' |
		jq -e '.message | endswith("requested: count/deployments.apps=1, used: count/deployments.apps=0, limited: count/deployments.apps=0")'
	wait_for 3 is_used '{"pods":"0","configmaps":"2","count/deployments.apps":"0","services.nodeports":"0"}'
	api DELETE "$C/configmaps/one" >/dev/null
	post "$C/configmaps" '{"metadata":{"name":"three"}}' | jq -e .metadata.uid
	# an update may be too much as well
	post "$C/services" '{"metadata":{"name":"s"},"spec":{"ports":[{"port":80}]}}' | jq -e .metadata.uid
	patch "$C/services/s" '{"spec":{"type":"NodePort"}}' | jq -e '.message | contains("requested: services.nodeports=1, used: services.nodeports=0")'
	# a pod that has ended is none
	pod p | jq -e .metadata.uid
	pod q | jq -e '.message | endswith("requested: pods=1, used: pods=1, limited: pods=1")'
	patch "$C/pods/p/status" '{"status":{"phase":"Succeeded"}}' >/dev/null
	pod q | jq -e .metadata.uid
	# apply comes by the same way, and what is there may shrink although it is too much
	patch "$C/resourcequotas/a" '{"spec":{"hard":{"configmaps":"0"}}}' >/dev/null
	patch "$C/configmaps/three" '{"data":{"a":"b"}}' | jq -e '.data.a == "b"'
	api PATCH "$C/configmaps/four?fieldManager=t" -H 'Content-Type: application/apply-patch+yaml' \
		-d '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"four"}}' | jq -e '.code == 403'
}

@test "requests and limits of pods add up, and have to be said" {
	quota '{"requests.cpu":"300m","limits.memory":"64Mi","memory":"1Gi"}'
	pod p0 '{"limits":{"cpu":"1"}}' | jq -e '.message == "pods \"p0\" is forbidden: failed quota: a: must specify limits.memory for: c; memory for: c"'
	pod p1 '{"requests":{"cpu":"100m","memory":"1Mi"},"limits":{"memory":"40Mi"}}' | jq -e .metadata.uid
	pod p2 '{"requests":{"cpu":"0.25","memory":"1Mi"},"limits":{"memory":"40Mi"}}' | jq -e '.message |
		endswith("exceeded quota: a, requested: limits.memory=40Mi,requests.cpu=250m, used: limits.memory=40Mi,requests.cpu=100m, limited: limits.memory=64Mi,requests.cpu=300m")'
	pod p3 '{"requests":{"cpu":"0.2","memory":"1023Mi"},"limits":{"memory":"24Mi"}}' |
		jq -e '.code == 422 and (.message | contains("spec.containers[0].resources.requests: Invalid value: \"1023Mi\": must be less than or equal to memory limit of 24Mi"))'
	pod p3 '{"requests":{"cpu":"0.2","memory":"24Mi"},"limits":{"memory":"24Mi"}}' '"initContainers":[{"name":"i","image":"i","resources":{"requests":{"cpu":"0.1","memory":"1Mi"},"limits":{"memory":"20Mi"}}}],' | jq -e .metadata.uid
	wait_for 3 is_used '{"requests.cpu":"300m","limits.memory":"64Mi","memory":"25Mi"}'
}

@test "scopes narrow a quota to pods of a kind" {
	quota '{"pods":"1"}' ',"scopes":["BestEffort"]' | jq -e .metadata.uid
	quota '{"pods":"1"}' ',"scopes":["NotBestEffort","Terminating"]' b | jq -e .metadata.uid
	post "$C/configmaps" '{"metadata":{"name":"one"}}' | jq -e .metadata.uid
	pod p1 | jq -e .metadata.uid
	pod p2 | jq -e '.message | contains("exceeded quota: a, requested: pods=1")'
	for n in 3 4; do pod p$n '{"limits":{"cpu":"1"}}' | jq -e .metadata.uid; done
	pod p5 '{"limits":{"cpu":"1"}}' '"activeDeadlineSeconds":60,' | jq -e .metadata.uid
	pod p6 '{"limits":{"cpu":"1"}}' '"activeDeadlineSeconds":60,' | jq -e '.message | contains("exceeded quota: b, requested: pods=1")'
}

@test "what cannot be counted is refused" {
	says() { jq -e --arg m "$1" '.code == 422 and (.message | contains($m))'; }
	quota '{"foo":"1"}' | says 'spec.hard[foo]: Invalid value: "foo": must be a standard resource for quota'
	quota '{"requests.nvidia.com/gpu":"1"}' | says 'is not counted by this API server'
	quota '{"pods":"-1"}' | says 'spec.hard[pods]: Invalid value: "-1": must be greater than or equal to 0'
	quota '{"pods":"1.5"}' | says 'must be an integer'
	quota '{"pods":"1"}' ',"scopes":["PriorityClass"]' | says 'spec.scopes: Unsupported value: "PriorityClass"'
	quota '{"pods":"1"}' ',"scopeSelector":{"matchExpressions":[]}' | says 'spec.scopeSelector: Forbidden: is not supported by this API server'
	quota '{"requests.cpu":"1"}' ',"scopes":["BestEffort"]' | says 'unsupported scope applied to resource'
	post "$C/limitranges" '{"metadata":{"name":"l"},"spec":{"limits":[{"type":"Pod","max":{"cpu":"1"}}]}}' | says 'spec.limits[0].type: Unsupported value: "Pod": supported values: "Container"'
	post "$C/limitranges" '{"metadata":{"name":"l"},"spec":{"limits":[{"type":"Container","min":{"cpu":"2"},"max":{"cpu":"1"}}]}}' | says 'spec.limits[0].min[cpu]: Invalid value: "2"'
}

@test "limit ranges fill in and bound" {
	post "$C/limitranges" '{"metadata":{"name":"l"},"spec":{"limits":[{"type":"Container","max":{"memory":"128Mi"},"min":{"cpu":"5m"},
		"default":{"memory":"100Mi","cpu":"100m"},"defaultRequest":{"memory":"10Mi","cpu":"10m"}}]}}' | jq -e .metadata.uid
	pod p1 | jq -e '.spec.containers[0].resources == {requests: {memory: "10Mi", cpu: "10m"}, limits: {memory: "100Mi", cpu: "100m"}} and
		.status.qosClass == "Burstable" and (.metadata.annotations["kubernetes.io/limit-ranger"] |
		test("^LimitRanger plugin set: (cpu, memory|memory, cpu) request for container c; (cpu, memory|memory, cpu) limit for container c$"))'
	pod p2 '{"limits":{"memory":"1Gi"}}' | jq -e '.code == 403 and .message == "pods \"p2\" is forbidden: maximum memory usage per Container is 128Mi, but limit is 1Gi"'
	pod p3 '{"requests":{"cpu":"1m"},"limits":{"memory":"1Gi"}}' |
		jq -e '.message == "pods \"p3\" is forbidden: [minimum cpu usage per Container is 5m, but request is 1m, maximum memory usage per Container is 128Mi, but limit is 1Gi]"'
	# with them, a quota lets pods that say nothing in
	quota '{"limits.memory":"150Mi"}' >/dev/null
	pod p4 | jq -e '.message | endswith("requested: limits.memory=100Mi, used: limits.memory=100Mi, limited: limits.memory=150Mi")'
}

@test "kubectl get shows quotas, claims and revisions as a real server does" {
	command -v kubectl >/dev/null || skip "kubectl is not on the PATH"
	export HOME=$BATS_FILE_TMPDIR KUBECONFIG=$APID_DIR/kubeconfig
	k() { kubectl -n "$NS" "$@"; }
	k create quota a --hard=pods=2,limits.cpu=1,configmaps=3
	k create configmap c
	wait_for 3 is_used '{"pods":"0","limits.cpu":"0","configmaps":"1"}'
	[[ $(k get quota --no-headers | tr -s ' ') == "a "*" configmaps: 1/3, pods: 0/2 limits.cpu: 0/1"* ]]
	k describe quota a | grep -E '^configmaps +1 +3$'
	k create -f - <<<'{"apiVersion":"v1","kind":"PersistentVolumeClaim","metadata":{"name":"c"},"spec":{"accessModes":["ReadWriteOnce"],"storageClassName":"fast","resources":{"requests":{"storage":"1Gi"}}}}'
	[[ $(k get pvc --no-headers | tr -s ' ') == "c Pending fast "* ]]
	k create -f - <<<'{"apiVersion":"apps/v1","kind":"ControllerRevision","metadata":{"name":"ds-1","ownerReferences":[{"apiVersion":"apps/v1","kind":"DaemonSet","name":"ds","uid":"1"}]},"revision":3}'
	[[ $(k get controllerrevisions --no-headers | tr -s ' ') == "ds-1 daemonset.apps/ds 3 "* ]]
}
