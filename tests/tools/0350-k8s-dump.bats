#!/usr/bin/env bats
# k8s-dump on a sandbox with healthy and broken pods: all of it is there,
# nothing secret is, as records and as a folder.
bats_require_minimum_version 1.5.0
load helper
load sandbox

setup_file() {
	start_sandbox "$ROOT/tests/data/logs/pods.yaml"
	until_true 10 /api/v1/namespaces/default/pods/talk '.status.phase == "Succeeded"'
	until_true 10 /apis/apps/v1/namespaces/default/deployments/web '.status.readyReplicas == 2'
	until_true 10 /api/v1/namespaces/default/pods/crash '.status.containerStatuses[0].restartCount > 0'
	until_true 10 /api/v1/namespaces/default/pods/noimage '.status.containerStatuses[0].state.waiting.reason | test("Image|Err")'
}

setup() {
	use_sandbox
	cd "$BATS_TEST_TMPDIR" || return
}

teardown_file() {
	stop_sandbox
}

@test "objects of all kinds, with their state" {
	k8s-dump -n default >dump
	jq -se 'map(select(.type == "object")) | (map(.kind) | unique) as $kinds
		| (["ConfigMap", "Deployment", "Namespace", "Pod", "ReplicaSet", "Secret", "Service", "ServiceAccount"] - $kinds) == []
		and all(.apiVersion == .object.apiVersion and .kind == .object.kind and .name == .object.metadata.name
			and (.object.metadata | has("managedFields") | not))' dump
	jq -se 'any(.kind == "Pod" and .name == "talk" and .state == "ready")
		and any(.kind == "Pod" and .name == "noimage" and .state == "doomed" and (.reason | test("Image")))
		and any(.kind == "Deployment" and .name == "web" and .state == "ready")' dump
}

@test "events in their order" {
	k8s-dump -n default >dump
	jq -se 'map(select(.type == "event")) | length > 5 and (map(.ts) | . == sort)
		and any(.name == "noimage" and .severity == "Warning" and .reason == "Failed")
		and all(.message != null and .count >= 1)' dump
}

@test "logs of both runs of a container" {
	k8s-dump -n default >dump
	jq -se 'map(select(.type == "log")) | any(.pod == "crash" and .previous == true and .line == "run")
		and any(.pod == "talk" and .container == "first" and .line == "begin")
		and (map(select(.pod == "talk" and .container == "a").line) == ["one", "two", "three"])' dump
	k8s-dump -n default --tail 1 >dump
	jq -se 'map(select(.type == "log" and .pod == "talk" and .container == "a").line) == ["three"]' dump
}

@test "no secret is in it" {
	k8s-dump -n default >dump
	k8s-dump -n default -d folder
	jq -se 'any(.kind == "Secret" and .name == "key" and .object.data.password == "(redacted)")' dump
	run ! grep -rqE "do-not-show-me|$(printf do-not-show-me | base64)" dump folder
}

@test "a folder, for its owner alone" {
	run -0 --separate-stderr k8s-dump -n default -d folder
	[[ -z $output && $stderr =~ ^k8s-dump:\ folder:\ [0-9]+\ objects,\ [0-9]+\ logs$ ]]
	[[ $(stat -c %a folder folder/events.jsonl | tr '\n' ' ') == '700 600 ' ]]
	jq -e '.kind == "Deployment"' folder/objects/deployments.apps_web.json
	jq -se 'length > 5 and all(.type == "event")' folder/events.jsonl
	[[ $(cut -d ' ' -f 2- folder/logs/talk_a.log) == $'one\ntwo\nthree' ]]
	[[ $(head -n 1 folder/logs/talk_a.log) =~ ^20[-0-9]+T[0-9:.]+Z\ one$ ]]
	[[ $(cut -d ' ' -f 2- folder/logs/crash_c.previous.log) == run ]]
	# again, into the same folder
	run -0 k8s-dump -n default -d folder
}

@test "names that are too long for a file" {
	name=$(printf 'a%.0s' {1..250})
	printf 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: %s}\n---\n' "${name}b" "${name}c" | k8s-apply -n default >/dev/null
	run -0 --separate-stderr k8s-dump -n default -d folder
	k8s-delete -n default "configmap/${name}b" "configmap/${name}c" >/dev/null
	[[ $(jq -r .metadata.name folder/objects/configmaps_aaaa*~*.json | sort) == "${name}b"$'\n'"${name}c" ]]
}

@test "few rights: what may be had, and a line for what may not: 3" {
	k8s-apply -n default <<-'Y' >/dev/null
		apiVersion: v1
		kind: ServiceAccount
		metadata: {name: few}
		---
		apiVersion: rbac.authorization.k8s.io/v1
		kind: Role
		metadata: {name: few}
		rules: [{apiGroups: [""], resources: [namespaces, pods], verbs: [get, list]}]
		---
		apiVersion: rbac.authorization.k8s.io/v1
		kind: RoleBinding
		metadata: {name: few}
		roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: few}
		subjects: [{kind: ServiceAccount, name: few, namespace: default}]
	Y
	token=$(api POST /api/v1/namespaces/default/serviceaccounts/few/token -H 'Content-Type: application/json' \
		-d '{"apiVersion":"authentication.k8s.io/v1","kind":"TokenRequest","spec":{}}' | jq -r .status.token)
	(umask 077 && sed "s/token: .*/token: $token/" "$KUBECONFIG" >few)
	run -3 --separate-stderr k8s-dump --kubeconfig few -n default
	jq -es 'map(.kind) | unique == ["Namespace", "Pod"]' <<<"$output"
	lists=${stderr%%$'\n'*} logs=${stderr#*$'\n'}
	[[ $lists == 'k8s-dump: '*'secrets, '*'deployments.apps, '*': no right to list these' ]]
	[[ $logs == 'k8s-dump: '*'talk/a, talk/b, '*': no right to read these logs' && $logs != *$'\n'* && $logs != *crash/c*crash/c* ]]
}

@test "no such namespace: 1" {
	run -1 --separate-stderr k8s-dump -n nothere
	[[ $stderr == 'k8s-dump: nothere: namespaces "nothere" not found' ]]
}

@test "wrong usage: 2" {
	run -2 k8s-dump default
	run -2 k8s-dump --tail some
}

@test "no server, no permission, no space: 3" {
	run -3 bash -c 'k8s-dump -n default >/dev/full'
	[[ $output == 'k8s-dump: standard output: No space left on device' ]]
	touch file
	run -3 --separate-stderr k8s-dump -n default -d file/x
	[[ $stderr == 'k8s-dump: file/x: Not a directory' ]]
	run -3 k8s-dump -n default -d file
	sed 's/token: .*/token: wrong/' "$KUBECONFIG" >wrong
	run -3 k8s-dump --kubeconfig wrong -n default
	sed 's/server: .*/server: "https:\/\/127.0.0.1:1"/' "$KUBECONFIG" >none
	run -3 k8s-dump --kubeconfig none -n default
}
