#!/usr/bin/env bats
# k8s-apply and refusals: those that pass by themselves are tried again, for as
# long as they should take, all others are told at once.
bats_require_minimum_version 1.5.0
load cluster
load faults

teardown_file() {
	[[ ! -s $BATS_FILE_TMPDIR/cluster-wide ]] || xargs k8s-delete -t 60s <"$BATS_FILE_TMPDIR/cluster-wide" >/dev/null
	teardown_namespaces
}

setup() {
	cd "$BATS_TEST_TMPDIR" || return
	new_namespace
	start_faults
	printf 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: one}\ndata: {a: "1"}\n' >cm.yaml
	printf 'apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec: {containers: [{name: c, image: none}]}\n' >pod.yaml
}

teardown() {
	stop_faults
}

apply() { # ARG…
	k8s-apply --kubeconfig "$THROUGH" -n "$NS" "$@"
}

patches() { # N NAME: 1 unless so many PATCHes of it were sent
	asked "map(select(.method == \"PATCH\" and (.path | test(\"/$2[?]\")))) | length == $1"
}

@test "a quota that is being written is tried again" {
	rule '3 PATCH.*configmaps/one status 409 - Operation cannot be fulfilled on resourcequotas "q": the object has been modified'
	run -0 --separate-stderr apply -f cm.yaml
	[[ $(results) == 'ConfigMap/one:created ' && -z $stderr ]]
	patches 4 one
}

@test "a conflict of field managers is not" {
	apply --field-manager other -f cm.yaml >/dev/null
	sed -i 's/"1"/"2"/' cm.yaml
	run -1 --separate-stderr apply -f cm.yaml
	[[ $stderr == *'.data.a: conflict with "other"'*'--force-conflicts takes these fields over' ]]
	patches 2 one
}

@test "a quota of the cluster's: what fits is created, whoever comes first" {
	run k8s-delete -n "$NS" resourcequota/never
	[[ $status == 0 ]] || skip "no ResourceQuota here: $output"
	{
		printf 'apiVersion: v1\nkind: ResourceQuota\nmetadata: {name: q}\nspec: {hard: {secrets: "25"}}\n'
		for i in {1..40}; do printf -- '---\napiVersion: v1\nkind: Secret\nmetadata: {name: s%s}\n' "$i"; done
	} >many.yaml
	head -n 4 many.yaml | k8s-apply -n "$NS" >/dev/null
	k8s-wait -n "$NS" -t 10s --for 'jq=.status.hard.secrets == "25"' resourcequota/q >/dev/null
	run -1 --separate-stderr k8s-apply -n "$NS" -f many.yaml
	jq -es 'map(select(.kind == "Secret")) | (map(select(.result == "failed").error) | length > 10 and all(test("exceeded quota")))
		and (map(select(.result == "created")) | length > 20)' <<<"$output"
	[[ $stderr == *'many.yaml:'*': Secret '*'exceeded quota: q'* ]]
}

@test "a bare pod waits for its namespace's default account, but not long for another" {
	rule '4 PATCH.*pods/p status 403 - pods "p" is forbidden: error looking up service account n/default: serviceaccount "default" not found'
	run -0 --separate-stderr apply -f pod.yaml
	[[ $(results) == 'Pod/p:created ' && -z $stderr ]]
	patches 5 p
	no_rules
	rule '* PATCH.*pods/q status 403 - pods "q" is forbidden: error looking up service account n/robot: serviceaccount "robot" not found'
	sed -i 's/name: p/name: q/' pod.yaml
	SECONDS=0
	run -1 --separate-stderr apply -t 60s -f pod.yaml
	((SECONDS >= 4 && SECONDS < 30))
	[[ $stderr == *'serviceaccount "robot" not found' ]]
}

@test "fields that are fixed at the creation: what to do" {
	cat >fixed.yaml <<-'Y'
		apiVersion: batch/v1
		kind: Job
		metadata: {name: j}
		spec: {parallelism: 0, template: {spec: {restartPolicy: Never, containers: [{name: c, image: x}]}}}
		---
		apiVersion: apps/v1
		kind: StatefulSet
		metadata: {name: s}
		spec: {serviceName: a, replicas: 0, selector: {matchLabels: {a: a}}, template: {metadata: {labels: {a: a}}, spec: {containers: [{name: c, image: x}]}}}
		---
		apiVersion: rbac.authorization.k8s.io/v1
		kind: RoleBinding
		metadata: {name: r}
		roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: a}
	Y
	k8s-apply -n "$NS" -f fixed.yaml >/dev/null
	sed -i 's/Never/OnFailure/; s/serviceName: a/serviceName: b/; s/Role, name: a/Role, name: b/' fixed.yaml
	run -1 --separate-stderr k8s-apply -n "$NS" -f fixed.yaml
	for ref in job/j statefulset/s rolebinding/r; do
		[[ $stderr == *": only a new object can have another one; k8s-delete -n $NS $ref removes this one"* ]]
	done
}

@test "other refusals are told at once" {
	rule '* PATCH.*configmaps/one status 403 - configmaps "one" is forbidden: User "u" cannot patch resource'
	run -3 --separate-stderr apply -f cm.yaml
	[[ $stderr == "k8s-apply: cm.yaml:1: ConfigMap $NS/one: configmaps \"one\" is forbidden"* ]]
	patches 1 one
	no_rules
	rule '* PATCH.*configmaps/one status 404 - namespaces "gone" not found'
	run -1 --separate-stderr apply -f cm.yaml
	patches 2 one
}

@test "a kind that is new is tried again where another server does not serve it yet" {
	run k8s-delete crd/never
	[[ $status == 0 ]] || skip "no CustomResourceDefinition here: $output"
	echo "crd/widgets.$NS.example.net" >>"$BATS_FILE_TMPDIR/cluster-wide"
	cat >new.yaml <<-Y
		apiVersion: apiextensions.k8s.io/v1
		kind: CustomResourceDefinition
		metadata: {name: widgets.$NS.example.net, $OWNED}
		spec:
		  group: $NS.example.net
		  scope: Namespaced
		  names: {plural: widgets, singular: widget, kind: Widget}
		  versions: [{name: v1, served: true, storage: true, schema: {openAPIV3Schema: {type: object}}}]
		---
		apiVersion: $NS.example.net/v1
		kind: Widget
		metadata: {name: w}
	Y
	rule '3 PATCH.*widgets/w status 404 - the server could not find the requested resource'
	run -0 --separate-stderr apply -f new.yaml
	[[ $(results) == *'Widget/w:created ' && -z $stderr ]]
	patches 4 w
}
