#!/usr/bin/env bats
# k8s-apply on a real API: what server-side apply answers, told as results.
bats_require_minimum_version 1.5.0
load cluster

teardown_file() {
	teardown_namespaces
}

teardown() {
	[[ -z ${COUNT:-} ]] || kill "$COUNT" || true
}

setup() {
	cd "$BATS_TEST_TMPDIR" || return
	new_namespace
	cat >cm.yaml <<-'Y'
		apiVersion: v1
		kind: ConfigMap
		metadata: {name: one, labels: {a: "1"}}
		data: {mode: "0644"}
		---
		apiVersion: v1
		kind: Secret
		metadata: {name: two}
		data: {k: dg==}
	Y
}

@test "created, unchanged, configured" {
	run -0 --separate-stderr k8s-apply -n "$NS" -f cm.yaml
	[ "$(results)" = 'ConfigMap/one:created Secret/two:created ' ]
	[ -z "$stderr" ]
	run -0 k8s-apply -n "$NS" -f cm.yaml
	[ "$(results)" = 'ConfigMap/one:unchanged Secret/two:unchanged ' ]
	sed -i 's/0644/0600/' cm.yaml
	run -0 k8s-apply -n "$NS" -f cm.yaml
	[ "$(results)" = 'ConfigMap/one:configured Secret/two:unchanged ' ]
	holds cm/one '.data.mode == "0600" and any(.metadata.managedFields[]; .manager == "inttest")'
}

@test "what is no longer applied goes away" {
	k8s-apply -n "$NS" -f cm.yaml >/dev/null
	sed -i '/mode/d' cm.yaml
	run -0 k8s-apply -n "$NS" -f cm.yaml
	[ "$(results)" = 'ConfigMap/one:configured Secret/two:unchanged ' ]
	holds cm/one '.data == null'
}

@test "a conflict names field and manager; --force-conflicts takes over" {
	k8s-apply -n "$NS" -f cm.yaml >/dev/null
	sed 's/0644/0700/' cm.yaml >other.yaml
	run -1 --separate-stderr k8s-apply -n "$NS" --field-manager other -f other.yaml
	[[ $(results) == 'ConfigMap/one:failed '* ]]
	[[ $stderr == *other.yaml:1:\ ConfigMap\ "$NS"/one:*.data.mode*inttest* ]]
	holds cm/one '.data.mode == "0644"'
	run -0 k8s-apply -n "$NS" --field-manager other --force-conflicts -f other.yaml
	[[ $(results) == 'ConfigMap/one:configured '* ]]
	holds cm/one '.data.mode == "0700"'
}

@test "a namespace and what is in it, in any order" {
	echo "$NS-in" >>"$BATS_FILE_TMPDIR/namespaces"
	cat >n.yaml <<-Y
		apiVersion: v1
		kind: Pod
		metadata: {name: p, namespace: $NS-in}
		spec: {containers: [{name: c, image: "$IMAGE", imagePullPolicy: IfNotPresent, command: [sleep, "60"]}], terminationGracePeriodSeconds: 0}
		---
		apiVersion: v1
		kind: ConfigMap
		metadata: {name: in, namespace: $NS-in}
		---
		apiVersion: v1
		kind: Namespace
		metadata: {name: $NS-in}
	Y
	run -0 k8s-apply -f n.yaml
	[ "$(results)" = "Pod/p:created ConfigMap/in:created Namespace/$NS-in:created " ]
}

@test "workloads as people write them are unchanged when applied again" {
	cat >w.yaml <<-Y
		apiVersion: v1
		kind: Service
		metadata: {name: web}
		spec: {selector: {app: web}, ports: [{name: http, port: 80, targetPort: 8080, protocol: TCP}]}
		---
		apiVersion: apps/v1
		kind: Deployment
		metadata: {name: web}
		spec:
		  replicas: 0
		  selector: {matchLabels: {app: web}}
		  template:
		    metadata: {labels: {app: web}}
		    spec:
		      containers:
		      - name: c
		        image: "$IMAGE"
		        env: [{name: A, value: "1"}]
		        ports: [{containerPort: 8080, protocol: TCP}]
		        resources: {limits: {cpu: 1000m, memory: 64Mi}}
		---
		apiVersion: batch/v1
		kind: Job
		metadata: {name: job}
		spec:
		  parallelism: 0
		  template: {spec: {restartPolicy: Never, containers: [{name: c, image: "$IMAGE"}]}}
	Y
	run -0 k8s-apply -n "$NS" -f w.yaml
	[ "$(results)" = 'Service/web:created Deployment/web:created Job/job:created ' ]
	# controllers write a few times at first, and servers up to 1.20 then
	# date an owner's entry anew; that comes to an end
	for _ in {1..10}; do
		run -0 k8s-apply -n "$NS" -f w.yaml
		[ "$(jq -rs 'map(.result) | unique[]' <<<"$output")" != unchanged ] || break
		sleep 0.5
	done
	[ "$(results)" = 'Service/web:unchanged Deployment/web:unchanged Job/job:unchanged ' ]
}

@test "requests share a connection, or take few" {
	local server n
	server=$(sed -n 's,.*server: *"\{0\,1\}https://\([^"\,} /]*\).*,\1,p' "$KUBECONFIG" | head -n 1)
	python3 "$ROOT/tests/cluster/relay.py" "$server" count connections >port 3>&- &
	COUNT=$!
	until [[ -s port ]]; do sleep 0.05; done
	sed "s,https://$server,https://127.0.0.1:$(<port)," "$KUBECONFIG" >through
	k8s-wait --kubeconfig through -t 3s "ns/$NS" >/dev/null 2>&1 ||
		skip "the server's certificate does not hold for 127.0.0.1"
	: >connections
	for i in {1..40}; do
		printf -- '---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: m%s}\n' "$i"
		printf -- '---\napiVersion: apps/v1\nkind: ControllerRevision\nmetadata: {name: m%s}\nrevision: 1\ndata: {a: b}\n' "$i"
	done >many.yaml
	run -0 k8s-apply --kubeconfig through -n "$NS" -f many.yaml
	n=$(wc -l <connections)
	# all in the connection that the first request has opened
	if [[ $(curl -sko /dev/null -w '%{http_version}' "https://$server/version") == 2 ]]; then
		((n == 1))
	else
		((n <= 6))
	fi
}

@test "--dry-run and --diff change nothing" {
	run -0 k8s-apply -n "$NS" --dry-run -f cm.yaml
	[ "$(results)" = 'ConfigMap/one:created Secret/two:created ' ]
	k8s-apply -n "$NS" -f cm.yaml >/dev/null
	sed -i 's/0644/0600/' cm.yaml
	run -0 --separate-stderr k8s-apply -n "$NS" --diff --dry-run -f cm.yaml
	[ "$(results)" = 'ConfigMap/one:configured Secret/two:unchanged ' ]
	[[ $stderr == *'-'*0644*'+'*0600* ]]
	holds cm/one '.data.mode == "0644"'
}

@test "an unknown kind: 2, with what there is, and nothing is sent" {
	printf -- '---\napiVersion: apps/v1\nkind: Deploymnt\nmetadata: {name: x}\n' >>cm.yaml
	run -2 --separate-stderr k8s-apply -n "$NS" -f cm.yaml
	[[ -z $output && $stderr == *cm.yaml:*Deploymnt*'no such kind'*[Dd]eployment* ]]
	run -0 k8s-wait -n "$NS" --for deleted cm/one
}

@test "one object is refused, the others go on: 1" {
	printf -- '---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: "Not Valid"}\n' >>cm.yaml
	run -1 --separate-stderr k8s-apply -n "$NS" -f cm.yaml
	[ "$(results)" = 'ConfigMap/one:created Secret/two:created ConfigMap/Not Valid:failed ' ]
	[[ $stderr == 'k8s-apply: cm.yaml:11: ConfigMap '* ]]
}

@test "a namespace that terminates is said so" {
	cat >held.yaml <<-'Y'
		apiVersion: v1
		kind: ConfigMap
		metadata: {name: held, finalizers: [example.com/hold]}
	Y
	k8s-apply -n "$NS" -f held.yaml >/dev/null
	k8s-delete -t 200ms "ns/$NS" >/dev/null 2>&1 || true
	run -1 --separate-stderr k8s-apply -n "$NS" -f cm.yaml
	[[ $stderr == *"$NS"*terminat* ]]
	# what is left goes once the finalizer does
	sed 's/, finalizers.*/}/' held.yaml | k8s-apply -n "$NS" >/dev/null
	run -0 k8s-wait -t 60s --for deleted "ns/$NS"
}

@test "a wrong token: 3" {
	sed 's/token: *"\{0,1\}[A-Za-z0-9]*/token: "wrong/; s/token: "wrong\([^"]\|$\)/token: wrong\1/' "$KUBECONFIG" >wrong
	grep -q 'token: "\{0,1\}wrong' wrong || skip 'this kubeconfig has no token'
	run -3 --separate-stderr k8s-apply --kubeconfig wrong -n "$NS" -f cm.yaml
	[[ -n $stderr ]]
}
