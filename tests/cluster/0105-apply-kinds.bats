#!/usr/bin/env bats
# k8s-apply and k8s-wait with kinds that are not built in, and with claims: the
# condition Established and discovery are written one after the other.
bats_require_minimum_version 1.5.0
load cluster

teardown_file() {
	[[ ! -s $BATS_FILE_TMPDIR/cluster-wide ]] || xargs k8s-delete -t 60s <"$BATS_FILE_TMPDIR/cluster-wide" >/dev/null
	teardown_namespaces
}

setup() {
	cd "$BATS_TEST_TMPDIR" || return
	new_namespace
}

# need_kind KIND: skips the test where the cluster has no such kind
need_kind() {
	run k8s-delete "$1/inttest-never"
	[[ $status == 0 ]] || skip "no $1 here: $output"
}

definition() { # GROUP KIND [VERSION-FIELDS]
	local plural=${2,,}s
	echo "crd/$plural.$1" >>"$BATS_FILE_TMPDIR/cluster-wide"
	cat <<-Y
		---
		apiVersion: apiextensions.k8s.io/v1
		kind: CustomResourceDefinition
		metadata: {name: $plural.$1, $OWNED}
		spec:
		  group: $1
		  scope: Namespaced
		  names: {plural: $plural, singular: ${2,,}, kind: $2}
		  versions:
		    - {name: v1, served: true, storage: true, schema: {openAPIV3Schema: {type: object, x-kubernetes-preserve-unknown-fields: true}}}
	Y
}

thing() { # GROUP KIND NAME
	printf -- '---\napiVersion: %s/v1\nkind: %s\nmetadata: {name: %s}\nspec: {a: 1}\n' "$@"
}

@test "a definition and its objects in one input, in any order" {
	need_kind crd
	for i in 1 2 3 4 5; do
		group=$NS-$i.example.com
		{
			thing "$group" Widget w
			definition "$group" Widget
			thing "$group" Widget x
		} | sed "s/^metadata: {name: \([wx]\)}/metadata: {name: \1, namespace: $NS}/" >"all$i.yaml"
		run -0 --separate-stderr k8s-apply -f "all$i.yaml"
		[ "$(results)" = "Widget/w:created CustomResourceDefinition/widgets.$group:created Widget/x:created " ]
	done
	definition "$NS-6.example.com" Widget >dry.yaml
	thing "$NS-6.example.com" Widget w >>dry.yaml
	run -2 --separate-stderr k8s-apply -n "$NS" --dry-run -f dry.yaml
	[[ $stderr == *'Widget: no such kind in '*'; its definition is in this input, but a dry run defines nothing' ]]
	run -0 k8s-apply -f all5.yaml
	[ "$(results)" = "Widget/w:unchanged CustomResourceDefinition/widgets.$group:unchanged Widget/x:unchanged " ]
	run -0 k8s-wait -n "$NS" "crd/widgets.$group" "widgets.$group/w"
}

@test "a definition whose names are taken is never established: its objects fail, others go on" {
	need_kind crd
	{ definition "$NS.example.org" Taken; } | k8s-apply >/dev/null
	definition "$NS.example.org" Taken | sed 's/takens\./others./; s/plural: takens/plural: others/; s/kind: Taken}/kind: Other, shortNames: [taken]}/' >second.yaml
	echo "crd/others.$NS.example.org" >>"$BATS_FILE_TMPDIR/cluster-wide"
	thing "$NS.example.org" Other o >>second.yaml
	printf -- '---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: plain}\n' >>second.yaml
	run -1 --separate-stderr k8s-apply -n "$NS" -t 20s -f second.yaml
	[[ $(results) == *'Other/o:failed ConfigMap/plain:created '* ]]
	[[ $stderr == *"others.$NS.example.org"*'taken'* ]]
	run -1 --separate-stderr k8s-wait -t 20s "crd/others.$NS.example.org"
	jq -e '.status == "failed" and .ms < 10000' <<<"$output"
}

@test "a claim that waits for its first consumer is ready; one that nobody provides for is not" {
	need_kind storageclass
	for mode in WaitForFirstConsumer Immediate; do
		echo "storageclass/$NS-${mode,,}" >>"$BATS_FILE_TMPDIR/cluster-wide"
		cat <<-Y
			---
			apiVersion: storage.k8s.io/v1
			kind: StorageClass
			metadata: {name: $NS-${mode,,}, $OWNED}
			provisioner: kubernetes.io/no-provisioner
			volumeBindingMode: $mode
			---
			apiVersion: v1
			kind: PersistentVolumeClaim
			metadata: {name: ${mode,,}}
			spec: {storageClassName: $NS-${mode,,}, accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Mi}}}
		Y
	done | k8s-apply -n "$NS" >applied
	run -0 k8s-wait -n "$NS" -t 10s pvc/waitforfirstconsumer
	jq -e '.status == "met" and .reason == "WaitForFirstConsumer"' <<<"$output"
	run -1 --separate-stderr k8s-wait -n "$NS" -t 3s pvc/immediate
	[[ $stderr == *"PersistentVolumeClaim $NS/immediate: not ready in time: Pending: not bound to a volume"* ]]
}
