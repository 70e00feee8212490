#!/usr/bin/env bats
# k8s-delete on a sandbox: gone means gone, what holds objects up is named,
# expired namespaces go and others stay, every exit status.
bats_require_minimum_version 1.5.0
load helper
load sandbox

setup_file() {
	start_sandbox
}

setup() {
	use_sandbox
	cd "$BATS_TEST_TMPDIR" || return
	NS=t$BATS_TEST_NUMBER
}

teardown_file() {
	stop_sandbox
}

namespace() { # NAME [ANNOTATIONS [LABELS]]
	api POST /api/v1/namespaces -f -H 'Content-Type: application/json' \
		-d '{"metadata":{"name":"'"$1"'","annotations":{'"${2:-}"'},"labels":{'"${3:-}"'}}}' >/dev/null
}

configmap() { # NAME [FINALIZERS]
	api POST "/api/v1/namespaces/$NS/configmaps" -f -H 'Content-Type: application/json' \
		-d '{"metadata":{"name":"'"$1"'","finalizers":['"${2:-}"']}}' >/dev/null
}

release() { # NAME: its finalizers
	api PATCH "/api/v1/namespaces/$NS/configmaps/$1" -f -H 'Content-Type: application/merge-patch+json' \
		-d '{"metadata":{"finalizers":null}}' >/dev/null
}

exists() { # PATH
	api GET "$1" -f >/dev/null 2>&1
}

results() { # of the records in $output
	jq -r '"\(.kind)/\(.name) \(.result)"' <<<"$output" | sort
}

@test "an operand is deleted, what is not there is absent" {
	namespace "$NS"
	configmap a
	run -0 --separate-stderr k8s-delete -n "$NS" cm/a configmaps/b
	[[ $(results) == $'ConfigMap/a deleted\nConfigMap/b absent' && -z $stderr ]]
	[[ $(jq -s 'all(.type == "delete" and .namespace == "'"$NS"'" and (.ms | type == "number"))' <<<"$output") == true ]]
	run ! exists "/api/v1/namespaces/$NS/configmaps/a"
}

@test "a namespace is gone with all that is in it" {
	namespace "$NS"
	configmap a
	run -0 --separate-stderr k8s-delete "ns/$NS"
	[[ $(results) == "Namespace/$NS deleted" ]]
	run ! exists "/api/v1/namespaces/$NS"
	run -0 --separate-stderr k8s-delete "ns/$NS"
	[[ $(results) == "Namespace/$NS absent" ]]
}

@test "it waits for running pods to end" {
	namespace "$NS"
	cat >pod.yaml <<-'Y'
		apiVersion: v1
		kind: Pod
		metadata: {name: slow}
		spec:
		  containers:
		    - {name: c, image: busybox, command: [sh, -c, "trap 'sleep 0.5; exit' TERM; while :; do sleep 0.1; done"]}
	Y
	k8s-apply -n "$NS" -f pod.yaml | k8s-wait -n "$NS" -t 10s
	run -0 --separate-stderr k8s-delete -n "$NS" pod/slow
	jq -e '.ms >= 500' <<<"$output"
	run ! exists "/api/v1/namespaces/$NS/pods/slow"
}

@test "--grace 0 does not wait for them" {
	namespace "$NS"
	cat >pod.yaml <<-'Y'
		apiVersion: v1
		kind: Pod
		metadata: {name: deaf}
		spec:
		  containers: [{name: c, image: busybox, command: [sh, -c, "trap '' TERM; while :; do sleep 0.1; done"]}]
	Y
	k8s-apply -n "$NS" -f pod.yaml | k8s-wait -n "$NS" -t 10s
	run -0 --separate-stderr k8s-delete -n "$NS" --grace 0 -t 5s pod/deaf
	jq -e '.ms < 3000' <<<"$output"
}

@test "manifests, and apply records on standard input" {
	namespace "$NS"
	printf '%s\n' 'apiVersion: v1' 'kind: ConfigMap' 'metadata: {name: a}' --- 'apiVersion: v1' 'kind: Secret' \
		'metadata: {name: b}' --- 'apiVersion: example.com/v1' 'kind: Widget' 'metadata: {name: w}' >m.yaml
	configmap a
	run -0 --separate-stderr k8s-delete -n "$NS" -f m.yaml
	[[ $(results) == $'ConfigMap/a deleted\nSecret/b absent' ]]
	head -n 7 m.yaml | k8s-apply -n "$NS" >applied
	run -0 --separate-stderr bash -c "k8s-delete - <applied"
	[[ $(results) == $'ConfigMap/a deleted\nSecret/b deleted' ]]
}

@test "a manifest of another namespace than -n deletes nothing there" {
	namespace "$NS"
	configmap a
	configmap b
	printf 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, namespace: default}\n---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: b, namespace: %s}\n' "$NS" >cm.yaml
	k8s-apply -f cm.yaml >/dev/null
	run -2 --separate-stderr k8s-delete -n "$NS" -f cm.yaml
	[[ $(results) == 'ConfigMap/b deleted' ]]
	[[ $stderr == "k8s-delete: cm.yaml:1: ConfigMap a: it is of the namespace default, -n the namespace $NS" ]]
	exists "/api/v1/namespaces/$NS/configmaps/a"
	exists /api/v1/namespaces/default/configmaps/a
	run -0 k8s-delete -f cm.yaml
	[[ $(results) == $'ConfigMap/a deleted\nConfigMap/b absent' ]]
}

@test "-l: the objects of kinds with these labels, and no others" {
	namespace "$NS"
	for n in a b c; do configmap $n; done
	for n in a b; do
		api PATCH "/api/v1/namespaces/$NS/configmaps/$n" -f -H 'Content-Type: application/merge-patch+json' \
			-d '{"metadata":{"labels":{"app":"web"}}}' >/dev/null
	done
	run -0 --separate-stderr k8s-delete -n "$NS" -l 'app in (web)' cm secrets
	[[ $(results) == $'ConfigMap/a deleted\nConfigMap/b deleted' ]]
	exists "/api/v1/namespaces/$NS/configmaps/c"
	run -0 --separate-stderr k8s-delete -n "$NS" --ignore-not-found -l app=web cm
	[[ -z $output ]]
	run -2 --separate-stderr k8s-delete -n "$NS" -l app=web cm/c
	[[ $stderr == *'cm/c: not a KIND, which -l needs' ]]
	run -2 k8s-delete -n "$NS" -l app=web
	run -2 --separate-stderr k8s-delete -n "$NS" -l 'app in web' cm
	[[ $stderr == 'k8s-delete: -l: app in web: '* ]]
	run -2 --separate-stderr k8s-delete -n "$NS" -l '' cm
	[[ $stderr == *'would select everything'* ]]
	exists "/api/v1/namespaces/$NS/configmaps/c"
}

@test "-R: folders within folders" {
	namespace "$NS"
	mkdir -p d/e
	printf 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: %s}\n---\n' a >d/1.yaml
	printf 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: %s}\n---\n' b >d/e/2.yaml
	configmap a
	configmap b
	run -0 --separate-stderr k8s-delete -n "$NS" -f d
	[[ $(results) == 'ConfigMap/a deleted' ]]
	run -0 --separate-stderr k8s-delete -n "$NS" -R -f d
	[[ $(results) == $'ConfigMap/a absent\nConfigMap/b deleted' ]]
}

@test "what a finalizer holds: 1 in time, named; then gone by watching" {
	namespace "$NS"
	configmap held '"example.com/hold"'
	run -1 --separate-stderr k8s-delete -n "$NS" -t 1s cm/held
	[[ $(results) == "ConfigMap/held timeout" ]]
	jq -e '.error | startswith("not gone within 1 s: terminating since ") and endswith("; finalizers: example.com/hold")' <<<"$output"
	[[ $stderr == *"configmap/held in $NS: not gone within"*"finalizers: example.com/hold"* ]]
	run -1 --separate-stderr k8s-delete -t 1s "ns/$NS"
	[[ $stderr == *"namespace/$NS: not gone within"* ]]
	[[ $stderr == *"namespace/$NS: still there: configmap/held; finalizers: example.com/hold"* ]]
	(sleep 0.3 && release held) 3>&- &
	run -0 --separate-stderr k8s-delete -t 10s "ns/$NS"
	[[ $(results) == "Namespace/$NS deleted" ]]
	jq -e '.ms > 200 and .ms < 5000' <<<"$output"
}

@test "another object of the same name does not hold it up" {
	namespace "$NS"
	configmap again '"example.com/hold"'
	(
		sleep 0.3
		release again
		until configmap again 2>/dev/null; do :; done
	) 3>&- &
	run -0 --separate-stderr k8s-delete -n "$NS" -t 5s cm/again
	[[ $(results) == "ConfigMap/again deleted" ]]
	wait
	exists "/api/v1/namespaces/$NS/configmaps/again"
}

@test "--expired: ours that have passed, no others" {
	local ours='"app.kubernetes.io/managed-by":"inttest"' past='"inttest/expires":"2020-01-01T00:00:00Z"'
	namespace "$NS-past" "$past" "$ours"
	namespace "$NS-future" '"inttest/expires":"2999-01-01T00:00:00+02:00"' "$ours"
	namespace "$NS-never" '' "$ours"
	namespace "$NS-odd" '"inttest/expires":"tomorrow"' "$ours"
	namespace "$NS-other" "$past" '"app.kubernetes.io/managed-by":"helm"'
	namespace "$NS-bare" "$past"
	run -0 --separate-stderr k8s-delete --expired --except "$NS-past"
	[[ -z $(results) ]]
	exists "/api/v1/namespaces/$NS-past"
	run -0 --separate-stderr k8s-delete --expired
	[[ $(results) == "Namespace/$NS-past deleted" ]]
	[[ $stderr == "k8s-delete: namespace/$NS-odd: inttest/expires: not a time: tomorrow" ]]
	for ns in future never odd other bare; do exists "/api/v1/namespaces/$NS-$ns"; done
	run -0 k8s-delete --expired
}

@test "--cascade orphan keeps what is owned" {
	namespace "$NS"
	sed -n '/^apiVersion: apps/,/^---/p' "$ROOT/tests/data/logs/pods.yaml" | k8s-apply -n "$NS" | k8s-wait -n "$NS" -t 10s
	run -0 k8s-delete -n "$NS" --cascade orphan deploy/web
	sleep 0.3
	[[ $(api GET "/apis/apps/v1/namespaces/$NS/replicasets" | jq '.items | length') == 1 ]]
	k8s-delete "ns/$NS"
}

@test "bad operands are told, the others go: 2" {
	namespace "$NS"
	configmap a
	run -2 --separate-stderr k8s-delete -n "$NS" nokind/x a cm/a
	[[ $(results) == "ConfigMap/a deleted" ]]
	[[ $stderr == *"nokind: no such kind"* && $stderr == *"a: not KIND/NAME"* ]]
	run -2 k8s-delete
	run -2 k8s-delete --cascade sideways cm/a
	run -2 k8s-delete --except "$NS" cm/a
	run -2 k8s-delete -t soon cm/a
	run -2 k8s-delete -f nothere.yaml
	echo '{"type":"apply"' >bad
	run -2 --separate-stderr bash -c 'k8s-delete - <bad'
	[[ $stderr == *"stdin:1: "* ]]
}

@test "no server, no permission, no space: 3" {
	namespace "$NS"
	configmap a
	sed 's/token: .*/token: wrong/' "$KUBECONFIG" >wrong
	run -3 k8s-delete --kubeconfig wrong -n "$NS" cm/a
	sed 's/server: .*/server: "https:\/\/127.0.0.1:1"/' "$KUBECONFIG" >none
	run -3 k8s-delete --kubeconfig none -n "$NS" cm/a
	exists "/api/v1/namespaces/$NS/configmaps/a"
	configmap b
	run -3 bash -c "k8s-delete -n $NS cm/a cm/b >/dev/full"
	[[ $output == 'k8s-delete: standard output: No space left on device' ]]
	# a log that is full keeps nothing alive
	run ! exists "/api/v1/namespaces/$NS/configmaps/b"
}
