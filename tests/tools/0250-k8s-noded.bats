#!/usr/bin/env bats
# k8s-noded, as a user of the cluster sees it: one sandbox for the whole file,
# the pods of tests/data/noded/pods.yaml applied at its start, and a test for
# what became of each.
bats_require_minimum_version 1.5.0
load helper
load sandbox

setup_file() {
	start_sandbox "$ROOT/tests/data/noded/pods.yaml"
}

setup() {
	use_sandbox
}

teardown_file() {
	stop_sandbox
}

# get KIND/NAME [NAMESPACE]: the object; fails when there is none
get() {
	api GET "/api/v1/namespaces/${2:-default}/$1" -f
}

# pod NAME JQ: what JQ makes of the pod, raw
pod() {
	get "pods/$1" 2>/dev/null | jq -r "$2"
}

# until_pod NAME JQ: waits up to 10 s until JQ is true of the pod
until_pod() {
	local i
	for ((i = 0; i < 200; i++)); do
		[[ $(pod "$1" "$2" || true) != true ]] || return 0
		sleep 0.05
	done
	pod "$1" .status >&2
	return 1
}

# logs POD [QUERY]
logs() {
	api GET "/api/v1/namespaces/default/pods/$1/log?${2-}" -f
}

# events POD: "REASON MESSAGE" lines
events() {
	get events | jq -r --arg pod "$1" '.items[] | select(.involvedObject.name == $pod) | "\(.reason) \(.message)"'
}

@test "the node is registered and Ready, with addresses and its API's port" {
	run -0 api GET /api/v1/nodes/sandbox
	jq -e '[.status.conditions[] | select(.type == "Ready") | .status] == ["True"]' <<<"$output"
	jq -e '.status.addresses | any(.type == "InternalIP" and .address == "10.244.0.1")' <<<"$output"
	jq -e '.status.daemonEndpoints.kubeletEndpoint.Port == 10250' <<<"$output"
	jq -e '.status.capacity.cpu | tonumber > 0' <<<"$output"
}

@test "environment: values, references, expansion, fields, resources, services" {
	until_pod env '.status.phase == "Succeeded"'
	run -0 logs env
	for line in 'GREETING=hello world' "LITERAL=\$(NAME) \$(UNKNOWN)" PASSWORD=sesame COLOR=blue CM_color=blue \
		CM_size=large POD=env TIER=test CPU=250 MEMORY=64 HOSTNAME=env WEB_SERVICE_PORT=80 WEB_SERVICE_PORT_HTTP=80 \
		"arg=hello world and \$(GREETING) and \$(NOBODY)"; do
		grep -qxF -- "$line" <<<"$output" || { echo "missing: $line" && false; }
	done
	[[ $output != *ABSENT=* ]]
	[[ $(grep '^IP=' <<<"$output") == IP=$(pod env .status.podIP) ]]
	grep -q '^WEB_SERVICE_HOST=10\.96\.' <<<"$output"
	grep -q '^KUBERNETES_SERVICE_HOST=10.96.0.1$' <<<"$output"
}

@test "init containers run in order, each to its end" {
	until_pod order '.status.phase == "Succeeded"'
	run -0 logs order
	[[ $output == $'one\ntwo\nmain' ]]
	[[ $(pod order '[.status.initContainerStatuses[] | .ready, .state.terminated.reason] | join(" ")') == \
		"true Completed true Completed" ]]
	[[ $(pod order '.status.conditions[] | select(.type == "Initialized") | .status') == True ]]
	# a list of events, which is sorted by name, tells what came after what
	[[ $(events order | awk '{ print $1 }' | xargs) == "Pulled Created Started Pulled Created Started Pulled Created Started" ]]
}

@test "an init container that fails under restartPolicy Never fails the pod" {
	until_pod init-fails '.status.phase == "Failed"'
	[[ $(pod init-fails '.status.initContainerStatuses[0].state.terminated.exitCode') == 4 ]]
	[[ $(pod init-fails '.status.containerStatuses[0].state.waiting.reason') == PodInitializing ]]
}

@test "volumes: modes, items, projections, mounts below /etc and /usr, users" {
	until_pod files '.status.phase == "Running"'
	wait_for 5 bash -c "$(declare -f logs api sandbox_config); logs files | grep -q end"
	run -0 logs files
	diff - <(sed '/^end$/q' <<<"$output") <<-'E'
		1234
		1235
		644 /all/color
		640 /some/deep/er/color
		400 /some/size
		400 /keys/password
		bluebluelargesesamealiapp="files"
		token
		key = value
		key = value
		0
		read-only
		writable
		own-root
		usr-read-only
		blue
		end
	E
}

@test "a changed ConfigMap shows in a running container's volume" {
	api PATCH /api/v1/namespaces/default/configmaps/settings -f -H 'Content-Type: application/merge-patch+json' \
		-d '{"data": {"fresh": "yes"}}' >/dev/null
	wait_for 5 bash -c "$(declare -f logs api sandbox_config); logs files | grep -q fresh=yes"
}

@test "a subPath that leads out of its volume is refused" {
	until_pod escape '.status.containerStatuses[0].state.waiting.reason == "CreateContainerConfigError"'
	[[ $(pod escape '.status.containerStatuses[0].state.waiting.message') == *"must not contain '..'"* ]]
}

@test "a hostPath volume is refused by a FailedMount event" {
	wait_for 5 bash -c "$(declare -f events get api sandbox_config); events hostpath | grep -q FailedMount"
	run -0 events hostpath
	[[ $output == *'FailedMount MountVolume.SetUp failed for volume "host" : hostPath volumes are not supported by the sandbox'* ]]
	[[ $(pod hostpath '.status.containerStatuses[0].state.waiting.reason') == ContainerCreating ]]
	[[ $(pod hostpath '.status.conditions[] | select(.type == "PodReadyToStartContainers") | .status') == False ]]
}

@test "probes: startup by TCP, then readiness by HTTP, liveness by exec" {
	until_pod web '.status.conditions | any(.type == "Ready" and .status == "True")'
	[[ $(pod web '.status.containerStatuses[0] | "\(.started) \(.ready) \(.restartCount)"') == "true true 0" ]]
	run -0 logs web
	[[ $output == *'GET /health HTTP/1.1" 200'* ]]
}

@test "readiness gates: which is missing, which is not True" {
	gate() { pod gated '.status.conditions[] | select(.type == "Ready") | "\(.status) \(.reason) \(.message)"'; }
	set_gate() {
		api PATCH /api/v1/namespaces/default/pods/gated/status -f -H 'Content-Type: application/strategic-merge-patch+json' \
			-d '{"status": {"conditions": [{"type": "a.io/x", "status": "'"$1"'"}]}}' >/dev/null
	}
	api POST /api/v1/namespaces/default/pods -f -H 'Content-Type: application/json' -d '{"metadata": {"name": "gated"},
		"spec": {"readinessGates": [{"conditionType": "a.io/x"}], "terminationGracePeriodSeconds": 0, "containers": [{"name": "c", "image": "busybox:1", "command": ["sleep", "1000"]}]}}' >/dev/null
	until_pod gated 'any(.status.conditions[]?; .type == "ContainersReady" and .status == "True")'
	[[ $(gate) == 'False ReadinessGatesNotReady corresponding condition of pod readiness gate "a.io/x" does not exist.' ]]
	set_gate False
	until_pod gated 'any(.status.conditions[]; .message == "the status of pod readiness gate \"a.io/x\" is not \"True\", but False")'
	set_gate True
	until_pod gated 'any(.status.conditions[]; .type == "Ready" and .status == "True")'
}

@test "a readiness probe that fails: not Ready, Unhealthy, not restarted" {
	wait_for 5 bash -c "$(declare -f events get api sandbox_config); events unready | grep -q Unhealthy"
	run -0 events unready
	[[ $output == *'Unhealthy Readiness probe failed: Get "http://10.244.'* ]]
	[[ $(pod unready '.status.containerStatuses[0] | "\(.ready) \(.restartCount)"') == "false 0" ]]
	[[ $(pod unready '.status.conditions[] | select(.type == "Ready") | .reason') == ContainersNotReady ]]
}

@test "a liveness probe that fails restarts the container" {
	until_pod unalive '.status.containerStatuses[0].restartCount > 0'
	run -0 events unalive
	[[ $output == *'Unhealthy Liveness probe failed: no heartbeat'* ]]
	[[ $output == *'Killing Container main failed liveness probe, will be restarted'* ]]
}

@test "CrashLoopBackOff: restarts, last state, termination message, previous log" {
	until_pod crash '.status.containerStatuses[0].state.waiting.reason == "CrashLoopBackOff"'
	run -0 pod crash '.status.containerStatuses[0] | .state.waiting.message, .restartCount, .lastState.terminated.exitCode,
		.lastState.terminated.reason, .lastState.terminated.message'
	[[ ${lines[0]} =~ ^'back-off '[124]'0s restarting failed container=main pod=crash_default(' ]]
	((lines[1] >= 1))
	[[ ${lines[2]} == 3 && ${lines[3]} == Error && ${lines[4]} == bye ]]
	[[ $(pod crash .status.phase) == Running ]]
	run -0 logs crash previous=true
	[[ $output == "last words" ]]
	run -0 events crash
	[[ $output == *"BackOff Back-off restarting failed container main in pod crash_default("* ]]
}

@test "deleted while it backs off: restarted once so far, and failed" {
	api POST /api/v1/namespaces/default/pods -f -H 'Content-Type: application/json' -d '{"metadata": {"name": "backoff", "finalizers": ["example.com/look"]},
		"spec": {"restartPolicy": "OnFailure", "containers": [{"name": "c", "image": "busybox:1", "command": ["sh", "-c", "exit 3"]}]}}' >/dev/null
	until_pod backoff '.status.containerStatuses[0].state.waiting.reason == "CrashLoopBackOff"'
	[[ $(pod backoff '.status.containerStatuses[0].restartCount') == 1 ]]
	api DELETE /api/v1/namespaces/default/pods/backoff -f >/dev/null
	until_pod backoff '.status.phase == "Failed"'
	[[ $(pod backoff '.status.containerStatuses[0].state.terminated.exitCode') == 3 ]]
	[[ $(pod backoff '.status.conditions[] | select(.type == "Ready") | "\(.status) \(.reason) \(.message)"') == "False PodFailed null" ]]
	api PATCH /api/v1/namespaces/default/pods/backoff -f -H 'Content-Type: application/merge-patch+json' -d '{"metadata": {"finalizers": null}}' >/dev/null
}

@test "a read-only root: neither / nor /etc can be written" {
	api POST /api/v1/namespaces/default/pods -f -H 'Content-Type: application/json' -d '{"metadata": {"name": "ro"},
		"spec": {"restartPolicy": "Never", "containers": [{"name": "c", "image": "busybox:1", "securityContext": {"readOnlyRootFilesystem": true},
		"command": ["sh", "-c", "for f in /x /etc/x /tmp/x; do touch $f 2>/dev/null && echo $f; done; exit 0"]}]}}' >/dev/null
	until_pod ro '.status.phase == "Succeeded"'
	[[ -z $(logs ro) ]]
}

@test "exit codes: success, failure, signal, a program that is not there" {
	until_pod codes '.status.phase == "Failed"'
	run -0 pod codes '.status.containerStatuses | sort_by(.name)[] | .state.terminated | "\(.exitCode) \(.reason)"'
	[[ $output == $'128 StartError\n7 Error\n137 Error\n0 Completed' ]]
	run -0 pod codes '.status.containerStatuses[] | select(.name == "seven" or .name == "nosuch") | .state.terminated.message'
	[[ $output == *out* && $output == *err* && $output == *'/no/such/program: No such file or directory'* ]]
}

@test "images: ErrImagePull says what was looked for, InvalidImageName, ErrImageNeverPull" {
	until_pod noimage '[.status.containerStatuses[].state.waiting.reason] == ["ErrImagePull", "InvalidImageName", "ErrImageNeverPull"]'
	run -0 pod noimage '.status.containerStatuses[0].state.waiting.message'
	[[ $output == *'example.com/nothing:1: not found: no image.json in '*/share/images*' matches it' ]]
	run -0 events noimage
	[[ $output == *'Failed Error: ErrImagePull'* && $output == *'Failed Failed to pull image "example.com/nothing:1"'* ]]
}

@test "missing keys and objects: CreateContainerConfigError, and again when they are there" {
	until_pod config '[.status.containerStatuses[].state.waiting.reason] == ["CreateContainerConfigError", "CreateContainerConfigError"]'
	[[ $(pod config '.status.containerStatuses[0].state.waiting.message') == "couldn't find key nothing in Secret default/keys" ]]
	[[ $(pod config '.status.containerStatuses[1].state.waiting.message') == 'configmap "later" not found' ]]
	api POST /api/v1/namespaces/default/configmaps -f -H 'Content-Type: application/json' \
		-d '{"metadata": {"name": "later"}, "data": {"a": "b"}}' >/dev/null
	until_pod config '.status.containerStatuses[1].state.running != null'
}

@test "more memory than the limit: OOMKilled, 137" {
	until_pod greedy '.status.phase == "Failed"'
	[[ $(pod greedy '.status.containerStatuses[0].state.terminated | "\(.exitCode) \(.reason)"') == "137 OOMKilled" ]]
}

@test "deletion: preStop, SIGTERM, well before the grace is over" {
	until_pod polite '.status.phase == "Running"'
	wait_for 5 bash -c "$(declare -f logs api sandbox_config); logs polite | grep -q started"
	(logs polite follow=true >"$BATS_TEST_TMPDIR/log") 3>&- &
	follower=$!
	sleep 0.3
	start=$SECONDS
	api DELETE /api/v1/namespaces/default/pods/polite -f >/dev/null
	wait_for 5 bash -c "$(declare -f get api sandbox_config); ! get pods/polite"
	((SECONDS - start < 5))
	wait "$follower"
	grep -qx started "$BATS_TEST_TMPDIR/log"
	grep -qx stopping "$BATS_TEST_TMPDIR/log"
	[[ $(tail -n 1 "$BATS_TEST_TMPDIR/log") == "got TERM" ]]
}

@test "deletion: one that does not hear SIGTERM is killed after its grace" {
	until_pod deaf '.status.phase == "Running"'
	start=$(date +%s%N)
	api DELETE /api/v1/namespaces/default/pods/deaf -f >/dev/null
	wait_for 5 bash -c "$(declare -f get api sandbox_config); ! get pods/deaf"
	ms=$((($(date +%s%N) - start) / 1000000))
	((ms >= 900 && ms < 3000))
}

@test "a sidecar starts before the others and ends after them" {
	until_pod sidecar '.status.phase == "Succeeded"'
	[[ $(logs sidecar container=main) == up ]]
	[[ $(logs sidecar container=helper) == "helper ends" ]]
}

@test "the service account's token is good for the API from within" {
	until_pod account '.status.phase == "Succeeded" or .status.phase == "Failed"'
	run -0 logs account
	[[ $output == "account default" ]]
}

@test "names resolve in a pod and for the command, unknown ones fail" {
	until_pod names '.status.phase == "Succeeded" or .status.phase == "Failed"'
	run -0 logs names
	diff - <(echo "$output") <<-'E'
		names
		web found
		web.default found
		web.default.svc found
		web.default.svc.cluster.local found
		kubernetes.default.svc found
		alias.example found
		unknown fails
		own address
	E
	run -0 k8s-sandbox exec --name "$SANDBOX_NAME" -- getent hosts web.default.svc.cluster.local
	run -2 k8s-sandbox exec --name "$SANDBOX_NAME" -- getent hosts web
}

@test "logs: tail, timestamps, limit, follow until the end" {
	until_pod talker '.status.phase == "Running"'
	wait_for 5 bash -c "$(declare -f logs api sandbox_config); logs talker | grep -q 5"
	[[ $(logs talker tailLines=2) == $'line 4\nline 5' ]]
	[[ $(logs talker limitBytes=6) == "line 1" ]]
	run -0 logs talker 'timestamps=true&tailLines=1'
	[[ $output =~ ^20[0-9-]+T[0-9:]+\.[0-9]{9}Z\ line\ 5$ ]]
	run logs talker container=nobody
	((status != 0))
}

@test "metrics: memory of what runs, as PodMetrics" {
	until_pod web '.status.phase == "Running"'
	wait_for 5 bash -c "$(declare -f api sandbox_config); api GET /apis/metrics.k8s.io/v1beta1/namespaces/default/pods/web -f"
	run -0 api GET /apis/metrics.k8s.io/v1beta1/namespaces/default/pods/web
	jq -e '.containers[0].usage.memory | rtrimstr("Ki") | tonumber > 1000' <<<"$output"
	# and gone with the pod (the test of its grace has deleted it)
	run -22 api GET /apis/metrics.k8s.io/v1beta1/namespaces/default/pods/deaf -f
}

@test "activeDeadlineSeconds ends a pod that takes longer" {
	api POST /api/v1/namespaces/default/pods -f -H 'Content-Type: application/json' -d '{"metadata": {"name": "overdue"},
		"spec": {"activeDeadlineSeconds": 1, "terminationGracePeriodSeconds": 2, "containers": [{"name": "c", "image": "busybox:1", "command": ["sleep", "100"]}]}}' >/dev/null
	# while it still ends, it is not ready, and not failed either
	until_pod overdue '.status | .phase == "Running" and .reason == null and any(.conditions[]; .type == "Ready" and .reason == "PodFailed")'
	until_pod overdue '.status | .phase == "Failed" and .reason == "DeadlineExceeded"'
	until_pod deadline '.status.phase == "Failed"'
	[[ $(pod deadline .status.reason) == DeadlineExceeded ]]
}

@test "command line: usage, help, what is missing, what cannot be reached" {
	run -0 k8s-noded --help
	[[ $output == "usage: k8s-noded "* ]]
	run -0 k8s-noded --version
	run -2 k8s-noded
	run -2 k8s-noded --nonsense
	run -2 k8s-noded operand
	k8s-noded --help >/dev/full && false
	run -3 bash -c 'k8s-noded --help >/dev/full'
	run -2 k8s-noded --kubeconfig "$BATS_TEST_TMPDIR/none" --root "$BATS_TEST_TMPDIR" --bin / --images / --address x \
		--tls-cert x --tls-key x --kubelet-token-file x --ready-fd y
	run -3 k8s-noded --kubeconfig "$KUBECONFIG" --root "$BATS_TEST_TMPDIR" --bin / --images / --address 192.0.2.1 \
		--tls-cert "$(dirname "$KUBECONFIG")/tls.crt" --tls-key "$(dirname "$KUBECONFIG")/tls.key" \
		--kubelet-token-file "$(dirname "$KUBECONFIG")/kubelet-token"
	[[ $output == *"192.0.2.1:10250"* ]]
}
