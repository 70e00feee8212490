#!/usr/bin/env bats
# k8s-logs -f on a real cluster: from before a container's start through its
# restarts to the pod's end, each line once, whatever is cut in between.
bats_require_minimum_version 1.5.0
load cluster
load faults

teardown_file() {
	teardown_namespaces
}

setup() {
	cd "$BATS_TEST_TMPDIR" || return
	need_pods
	new_namespace
}

teardown() {
	stop_faults
}

# runs NAME N LABEL: a pod that is restarted until its Nth run ends well
runs() {
	cat <<-Y
		---
		apiVersion: v1
		kind: Pod
		metadata: {name: $1, labels: {app: $3}}
		spec:
		  restartPolicy: OnFailure
		  terminationGracePeriodSeconds: 0
		  volumes: [{name: v, emptyDir: {}}]
		  initContainers:
		    - {name: first, image: "$IMAGE", imagePullPolicy: IfNotPresent, command: [sh, -c, "echo begin; sleep 0.3"]}
		  containers:
		    - name: c
		      image: "$IMAGE"
		      imagePullPolicy: IfNotPresent
		      volumeMounts: [{name: v, mountPath: /v}]
		      command: [sh, -c, 'echo x >>/v/n; n=\$(wc -l </v/n); echo run \$n; sleep 1; echo end \$n; [ \$n -ge $2 ]']
	Y
}

@test "through a restart, each line once" {
	runs p 2 web | k8s-apply -n "$NS" >/dev/null
	run -0 --separate-stderr timeout 90 k8s-logs -n "$NS" -f -o text p
	[ "$output" = $'run 1\nend 1\nrun 2\nend 2' ]
}

@test "all containers of all pods of a selector, those that come later too" {
	runs p 1 web | k8s-apply -n "$NS" >/dev/null
	(sleep 1 && { runs q 1 web; runs other 1 db; } | k8s-apply -n "$NS" >/dev/null) 3>&- &
	run -0 --separate-stderr timeout 90 k8s-logs -n "$NS" -f -o text --all-containers -l app=web
	[ "$(sort <<<"$output")" = "$(printf '%s\n' {p,q}/{'c end 1','c run 1','first begin'})" ]
	run -0 --separate-stderr k8s-logs -n "$NS" -o text --all-containers q
	[ "$output" = $'q/first begin\nq/c run 1\nq/c end 1' ]
}

@test "a node that does not give its log: waited for, which is said once" {
	start_faults
	shell_pod p 'for i in 1 2 3 4 5 6 7 8; do echo $i; sleep 1; done' | k8s-apply -n "$NS" >/dev/null
	rule '1 GET.*pods/p/log.*follow=true stream 1'
	rule '8 GET.*pods/p/log.*follow=true status 502'
	run -0 --separate-stderr timeout 90 k8s-logs --kubeconfig "$THROUGH" -n "$NS" -f -o text p
	[ "$output" = $'1\n2\n3\n4\n5\n6\n7\n8' ]
	[[ ${stderr%%$'\n'*} == 'k8s-logs: p/c: '*'; waiting for it' && ${stderr#*$'\n'} == 'k8s-logs: p/c: goes on' ]]
}

@test "a stream that is lost while its container restarts" {
	start_faults
	runs p 2 web | k8s-apply -n "$NS" >/dev/null
	rule '1 GET.*pods/p/log.*container=c.*follow=true stream 1'
	rule '4 GET.*pods/p/log.*container=c.*follow=true status 503'
	run --separate-stderr timeout 90 k8s-logs --kubeconfig "$THROUGH" -n "$NS" -f -o text p
	# a kubelet may remove the run that is over before it is asked for the rest
	if ((status == 0)); then
		[ "$(sort <<<"$output")" = $'end 1\nend 2\nrun 1\nrun 2' ]
	else
		[ "$(sort <<<"$output")" = $'end 2\nrun 1\nrun 2' ]
		[[ $stderr == *'k8s-logs: p/c: '* ]]
	fi
	asked 'any(.path | test("previous=true"))'
}
