#!/usr/bin/env bats
# k8s-apid as kubectl 1.32 sees it, without nodes and controllers.

bats_require_minimum_version 1.5.0
load helper
load cluster

setup_file() {
	command -v kubectl >/dev/null || return 0 # each test skips
	export BATS_TEST_TMPDIR=$BATS_FILE_TMPDIR HOME=$BATS_FILE_TMPDIR
	start_apid
	cat >"$BATS_FILE_TMPDIR/app.yaml" <<-'Y'
		apiVersion: v1
		kind: ConfigMap
		metadata: {name: cm}
		data: {w: "2", x: "1"}
		---
		apiVersion: apps/v1
		kind: Deployment
		metadata: {name: web}
		spec:
		  replicas: 3
		  selector: {matchLabels: {app: web}}
		  template:
		    metadata: {labels: {app: web}}
		    spec: {containers: [{name: web, image: "nginx:1", ports: [{containerPort: 80}]}]}
		---
		apiVersion: v1
		kind: Service
		metadata: {name: web}
		spec: {selector: {app: web}, ports: [{port: 80, protocol: TCP}]}
	Y
}

teardown_file() {
	stop_apid
}

setup() {
	command -v kubectl >/dev/null || skip "kubectl is not on the PATH"
	export KUBECONFIG=$APID_DIR/kubeconfig
	NS=k$BATS_TEST_NUMBER
	kubectl create namespace "$NS" >/dev/null
	k() { kubectl -n "$NS" "$@"; }
}

@test "create: what kubectl sends as protobuf" {
	k create configmap a --from-literal=x=y
	k create secret generic s --from-literal=x=y
	k create deployment d --image=nginx --replicas=2 --port=80
	k create service clusterip svc --tcp=80:8080
	k create job j --image=busybox -- sleep 1
	k create role r --verb=get --resource=pods
	k create rolebinding rb --role=r --user=joe
	k create serviceaccount sa
	[ -n "$(k create token sa)" ]
	[ "$(k get secret s -o jsonpath='{.data.x}')" = eQ== ]
	[ "$(k get job j -o jsonpath='{.spec.template.spec.containers[0].command}')" = '["sleep","1"]' ]
	run k create configmap a
	[ "$status" -eq 1 ]
	[[ $output == *'configmaps "a" already exists'* ]]
}

@test "apply --server-side: created, unchanged, pruned fields, conflicts" {
	k apply --server-side -f "$HOME/app.yaml"
	sed 's/w: "2", //' "$HOME/app.yaml" | k apply --server-side -f -
	[ "$(k get cm cm -o jsonpath='{.data}')" = '{"x":"1"}' ]
	run k apply --server-side --field-manager=other -f - < <(sed 's/x: "1"/x: "5"/' "$HOME/app.yaml")
	[ "$status" -eq 1 ]
	[[ $output == *'conflict with "kubectl": .data.x'* ]]
	sed 's/x: "1"/x: "5"/' "$HOME/app.yaml" | k apply --server-side --field-manager=other --force-conflicts -f -
	run k apply --server-side -f - < <(sed 's/replicas:/replicaz:/' "$HOME/app.yaml")
	[[ $output == *'unknown field "spec.replicaz"'* ]]
}

@test "apply without --server-side, diff, replace, delete -f" {
	k apply -f "$HOME/app.yaml"
	run k apply -f "$HOME/app.yaml"
	[[ $output == *'deployment.apps/web unchanged'* ]]
	sed 's/x: "1"/z: "9"/' "$HOME/app.yaml" >"$HOME/app2.yaml"
	run k diff -f "$HOME/app2.yaml"
	[ "$status" -eq 1 ]
	k apply -f "$HOME/app2.yaml"
	[ "$(k get cm cm -o jsonpath='{.data}')" = '{"w":"2","z":"9"}' ]
	k replace -f "$HOME/app.yaml"
	k delete -f "$HOME/app.yaml"
	run k get all
	[[ $output == *'No resources found'* ]]
}

@test "a kind that is not served is said to be none" {
	run -1 k apply -f - <<<'{"apiVersion":"batch/v1","kind":"CronJob","metadata":{"name":"c"}}'
	[[ $output == *'no matches for kind "CronJob" in version "batch/v1"'* ]]
	kubectl get --raw /openapi/v2 | jq -e '.swagger == "2.0"'
}

@test "who is bound: users, groups and service accounts with -o wide" {
	k create rolebinding b --role=r --user=ann --user=bob --group=ops --serviceaccount=x:y
	[[ $(k get rolebinding b -o wide --no-headers | xargs) =~ ^b\ Role/r\ [0-9]+s\ ann,\ bob\ ops\ x/y$ ]]
}

@test "get: tables, wide, yaml, selectors, watch" {
	k apply --server-side -f "$HOME/app.yaml"
	run k get deploy,svc -o wide
	[[ ${lines[0]} == *READY*UP-TO-DATE*AVAILABLE*AGE*CONTAINERS*IMAGES*SELECTOR* ]]
	[[ $output == *deployment.apps/web*0/3*nginx:1*app=web* ]]
	[[ $output == *service/web*ClusterIP*80/TCP* ]]
	k get cm cm -o yaml | grep -q '^kind: ConfigMap'
	k label cm cm a=b
	[ "$(k get cm -l a=b -o name)" = configmap/cm ]
	timeout 5 kubectl -n "$NS" get cm cm -w -o jsonpath='{.data.q}{"\n"}' >"$HOME/w" 3>&- &
	sleep 0.4
	k patch cm cm -p '{"data":{"q":"seen"}}'
	wait_for 3 grep -q seen "$HOME/w"
	kill %1
}

@test "scale, set image, annotate, label, wait, describe, rollout" {
	k apply --server-side -f "$HOME/app.yaml"
	k scale deploy web --replicas=7
	k set image deploy/web web=nginx:3
	k annotate deploy web a=b
	k wait --for=jsonpath='{.spec.replicas}'=7 --timeout=5s deploy/web
	run k describe deploy web
	[[ $output == *'7 desired'* && $output == *nginx:3* ]]
	k describe svc web | grep -q 'Endpoints:'
	generation=$(k get deploy web -o jsonpath='{.metadata.generation}')
	[ "$generation" = 4 ]
	k patch deploy web --subresource=status --type=merge -p "{\"status\":{\"observedGeneration\":$generation,\"replicas\":7,\"updatedReplicas\":7,\"readyReplicas\":7,\"availableReplicas\":7,\"conditions\":[{\"type\":\"Available\",\"status\":\"True\"}]}}"
	k rollout status deploy/web --timeout=5s
	k wait --for=condition=Available --timeout=5s deploy/web
}

@test "delete waits; a pod that is bound to no node goes at once" {
	k run p --image=nginx
	[ "$(k get pod p -o jsonpath='{.status.phase}')" = Pending ]
	timeout 5 kubectl -n "$NS" delete pod p
	run k get pod p
	[[ $output == *'pods "p" not found'* ]]
	run k logs p
	[ "$status" -eq 1 ]
}

@test "top pods shows stored metrics, auth says who one is" {
	k run p --image=nginx
	api POST "/apis/metrics.k8s.io/v1beta1/namespaces/$NS/pods" -H 'Content-Type: application/json' \
		-d '{"metadata":{"name":"p"},"timestamp":"2024-01-01T00:00:00Z","window":"10s","containers":[{"name":"p","usage":{"cpu":"5m","memory":"20Mi"}}]}' >/dev/null
	run k top pods
	[[ $output == *p*5m*20Mi* ]]
	[ "$(kubectl auth can-i create pods)" = yes ]
	kubectl auth whoami | grep -q system:masters
}

@test "events, api-resources, explain, version" {
	run kubectl api-resources --api-group=apps -o name
	[ "${#lines[@]}" -eq 5 ]
	kubectl version | grep -q 'Server Version: v1.32'
	run k get events
	[ "$status" -eq 0 ]
	kubectl explain deployment.spec.strategy | grep -q rollingUpdate
}

@test "sorted by what is not in metadata, what one may do, a debugger that is not to be had" {
	for n in 2 1; do
		api POST "/api/v1/namespaces/$NS/events" -H 'Content-Type: application/json' -o /dev/null \
			-d '{"metadata":{"name":"e'$n'"},"involvedObject":{"kind":"Pod","name":"p'$n'","namespace":"'"$NS"'"},"reason":"R","message":"m","type":"Normal","lastTimestamp":"2026-01-0'$n'T00:00:00Z"}'
	done
	[ "$(k get events --sort-by=.lastTimestamp --no-headers | awk '{ print $4 }' | xargs)" = "pod/p1 pod/p2" ]
	api GET "/api/v1/namespaces/$NS/events?includeObject=None" -H 'Accept: application/json;as=Table;v=v1;g=meta.k8s.io' | jq -e '.rows | length == 2 and .[0].object == null'
	k auth can-i --list | grep -E '^\*\.\* +\[\] +\[\] +\[\*\]$'
	k auth can-i --list | grep -E '^ +\[/version\] +\[\] +\[get\]$'
	k run p --image=nginx
	# a Status without details makes kubectl 1.32 panic here
	run -1 k debug p --image=busybox
	[[ $output == *'ephemeral containers are disabled for this cluster'* || $output == *'the server could not find the requested resource'* ]]
}

@test "diff shows what changes, and nothing else" {
	k create configmap a --from-literal=x=1
	run -1 k diff -f - <<<'{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a"},"data":{"x":"2"}}'
	[ "$(grep -c '^[-+] ' <<<"$output")" = 2 ]
}
