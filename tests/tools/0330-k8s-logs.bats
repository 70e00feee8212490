#!/usr/bin/env bats
# k8s-logs on a sandbox's pods: records and text, which containers, following
# across new pods, and every exit status.
bats_require_minimum_version 1.5.0
load helper
load sandbox

setup_file() {
	start_sandbox "$ROOT/tests/data/logs/pods.yaml"
	until_true 10 /api/v1/namespaces/default/pods/talk '.status.phase == "Succeeded"'
	until_true 10 /api/v1/namespaces/default/pods/ticks '.status.phase == "Succeeded"'
	until_true 10 /apis/apps/v1/namespaces/default/deployments/web '.status.readyReplicas == 2'
	until_true 10 /api/v1/namespaces/default/pods/crash '.status.containerStatuses[0].restartCount > 0'
}

setup() {
	use_sandbox
}

teardown() {
	[[ -z ${relay-} ]] || end_process "$relay"
}

teardown_file() {
	stop_sandbox
}

@test "one record a line, with the node's time" {
	run -0 --separate-stderr k8s-logs -n default -c a talk
	[[ $(jq -r '"\(.type) \(.pod) \(.container) \(.line)"' <<<"$output") == $'log talk a one\nlog talk a two\nlog talk a three' ]]
	[[ ${lines[0]} =~ \"ts\":\"20[0-9-]+T[0-9:]+\.[0-9]{3}Z\" ]]
	[[ -z $stderr ]]
}

@test "the first container of several, with a warning" {
	run -0 --separate-stderr k8s-logs -o text talk
	[[ $output == $'one\ntwo\nthree' ]]
	[[ $stderr == "k8s-logs: talk: container a of 2; -c or --all-containers for others" ]]
}

@test "all containers, init containers too; text says whose" {
	run -0 --separate-stderr k8s-logs -o text --all-containers pod/talk
	[[ $output == $'talk/first begin\ntalk/a one\ntalk/a two\ntalk/a three\ntalk/b bad \377 byte\ntalk/b no end' ]]
}

@test "records are UTF-8 whatever the container wrote" {
	run -0 --separate-stderr k8s-logs -c b talk
	[[ $(jq -r .line <<<"$output") == $'bad \xef\xbf\xbd byte\nno end' ]]
}

@test "--tail" {
	run -0 --separate-stderr k8s-logs -o text -c a --tail 1 talk
	[[ $output == three ]]
	# as scripts for kubectl say it
	run -0 --separate-stderr k8s-logs -o text -c a --tail=-1 --since=0s talk
	[[ $output == $'one\ntwo\nthree' ]]
}

@test "--timestamps, and --since-time with one of them" {
	run -0 --separate-stderr k8s-logs -o text --timestamps ticks
	[[ ${#lines[@]} == 5 && ${lines[2]} =~ ^20[-0-9]+T[0-9:.]+Z\ tick\ 3$ ]]
	# the node's answer begins with that second: whole seconds are what it takes
	sleep 1
	since=$(date -u +%FT%TZ)
	run -0 --separate-stderr k8s-logs -o text --since-time "$since" ticks
	[[ -z $output ]]
	run -0 --separate-stderr k8s-logs -o text --since-time 2020-01-01T00:00:00Z ticks
	[[ ${#lines[@]} == 5 ]]
}

@test "a workload's pods, and those of a selector" {
	run -0 --separate-stderr k8s-logs -o text deploy/web
	[[ ${#lines[@]} == 2 && ${lines[0]} == web-*"/c hello" ]]
	run -0 --separate-stderr k8s-logs -l 'app in (web,talk)' --all-containers
	[[ ${#lines[@]} == 8 ]]
}

@test "--previous" {
	run -0 --separate-stderr k8s-logs -o text --previous crash
	[[ $output == run ]]
	run -0 --separate-stderr k8s-logs -o text -p crash
	[[ $output == run ]]
	run -1 --separate-stderr k8s-logs --previous -c a talk
	[[ -z $output && $stderr == *"talk/a: previous terminated container"* ]]
}

@test "following ends with the pods, and repeats nothing" {
	k8s-delete -n default pod/ticks
	k8s-logs -f -o text -l app=ticks >"$BATS_TEST_TMPDIR/out" 3>&- &
	pid=$!
	k8s-apply -n default -f "$ROOT/tests/data/logs/pods.yaml" >/dev/null
	wait "$pid"
	diff <(printf 'ticks/c tick %d\n' 1 2 3 4 5) "$BATS_TEST_TMPDIR/out"
}

has_lines() { # FILE N
	(($(wc -l <"$1") >= $2))
}

@test "a server that is away is waited for, which is said once; a blip is not" {
	cd "$BATS_TEST_TMPDIR"
	k8s-apply -n default <<-'Y' >/dev/null
		apiVersion: v1
		kind: Pod
		metadata: {name: long}
		spec:
		  restartPolicy: Never
		  terminationGracePeriodSeconds: 0
		  containers:
		    - {name: c, image: busybox, command: [sh, -c, "i=0; while sleep 0.1; do i=$((i + 1)); echo tick $i; done"]}
	Y
	python3 "$ROOT/tests/cluster/relay.py" "$(sandbox_config server | sed s,https://,,)" >port 3>&- &
	relay=$!
	wait_for 5 test -s port
	sed "s,server: .*,server: https://127.0.0.1:$(<port)," "$KUBECONFIG" >through
	k8s-logs --kubeconfig through -f -o text long >out 2>err 3>&- &
	pid=$!
	wait_for 10 grep -q 'tick 3$' out
	kill -USR1 "$relay" # cuts connections
	wait_for 10 has_lines out $(($(wc -l <out) + 5))
	[[ ! -s err ]]
	kill -USR2 "$relay" # is away for three seconds
	wait_for 10 grep -q 'waiting for it' err
	wait_for 20 grep -q 'is back' err
	wait_for 10 has_lines out $(($(wc -l <out) + 5))
	k8s-delete -n default --grace 0 pod/long >/dev/null
	wait "$pid" || [[ $? == 3 ]] # of the last words of what was killed there may be none
	[[ $(<err) == "k8s-logs: long: https://127.0.0.1:$(<port): "*"; waiting for it"$'\n'"k8s-logs: https://127.0.0.1:$(<port): is back" ]]
	diff <(seq -f 'tick %g' "$(wc -l <out)") out
}

@test "who never answered is not waited for" {
	sed "s,server: .*,server: https://127.0.0.1:$(free_port)," "$KUBECONFIG" >"$BATS_TEST_TMPDIR/dead"
	for what in talk '-l app=talk'; do
		run -3 --separate-stderr timeout 20 k8s-logs --kubeconfig "$BATS_TEST_TMPDIR/dead" -f $what
		[[ $stderr == 'k8s-logs: '*talk': https://127.0.0.1:'*': cannot connect: '* && ! $stderr == *waiting* ]]
	done
}

@test "what is not there is 1, the others are told" {
	run -1 --separate-stderr k8s-logs -o text nothere deploy/nothere -l app=nothere web-nope
	[[ $stderr == *"nothere: no such pod"* && $stderr == *'deployments.apps "nothere" not found'* ]]
	[[ $stderr == *"app=nothere: no pods"* ]]
	run -1 --separate-stderr k8s-logs -o text -c nope talk
	[[ $stderr == "k8s-logs: talk: no container nope" ]]
	run -1 --separate-stderr k8s-logs noimage
	[[ $stderr == *"noimage/c: "*"waiting to start"* ]]
	run -1 --separate-stderr k8s-logs -f nothere
	[[ $stderr == *"nothere: no such pod"* ]]
}

@test "wrong usage is 2" {
	run -2 k8s-logs
	run -2 k8s-logs -f --previous talk
	run -2 k8s-logs -c a --all-containers talk
	run -2 k8s-logs -o yaml talk
	run -2 k8s-logs --tail -2 talk
	run -2 --separate-stderr k8s-logs --since-time yesterday talk
	[[ $stderr == *'yesterday: not a time as '* ]]
	run -2 k8s-logs --since 5m --since-time 2020-01-01T00:00:00Z talk
	run -2 --separate-stderr k8s-logs nokind/x
	[[ $stderr == "k8s-logs: nokind: no such kind"* ]]
}

@test "a pod by its name takes the right to get it and its log, no other" {
	k8s-apply -n default <<-'Y' >/dev/null
		apiVersion: v1
		kind: ServiceAccount
		metadata: {name: reader}
		---
		apiVersion: rbac.authorization.k8s.io/v1
		kind: Role
		metadata: {name: reader}
		rules: [{apiGroups: [""], resources: [pods, pods/log], verbs: [get]}]
		---
		apiVersion: rbac.authorization.k8s.io/v1
		kind: RoleBinding
		metadata: {name: reader}
		roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: reader}
		subjects: [{kind: ServiceAccount, name: reader, namespace: default}]
	Y
	token=$(api POST /api/v1/namespaces/default/serviceaccounts/reader/token -H 'Content-Type: application/json' \
		-d '{"apiVersion":"authentication.k8s.io/v1","kind":"TokenRequest","spec":{}}' | jq -r .status.token)
	(umask 077 && sed "s/token: .*/token: $token/" "$KUBECONFIG" >"$BATS_TEST_TMPDIR/reader")
	run -0 k8s-logs --kubeconfig "$BATS_TEST_TMPDIR/reader" -o text -c a --tail 1 pod/talk
	[[ $output == three ]]
	run -3 --separate-stderr k8s-logs --kubeconfig "$BATS_TEST_TMPDIR/reader" -l app=talk
	[[ $stderr == *'cannot list resource "pods"'* ]]
}

@test "no server, no permission, no space are 3" {
	run -3 bash -c 'k8s-logs -c a talk >/dev/full'
	[[ $output == 'k8s-logs: standard output: No space left on device' ]]
	sed 's/token: .*/token: wrong/' "$KUBECONFIG" >"$BATS_TEST_TMPDIR/wrong"
	run -3 k8s-logs --kubeconfig "$BATS_TEST_TMPDIR/wrong" talk
	sed 's/server: .*/server: "https:\/\/127.0.0.1:1"/' "$KUBECONFIG" >"$BATS_TEST_TMPDIR/none"
	run -3 k8s-logs --kubeconfig "$BATS_TEST_TMPDIR/none" talk
}
