#!/usr/bin/env bats
# What a killed test leaves is labelled and dated: its namespaces, and what is
# in none, which the cluster collects with the namespace that owns it.
bats_require_minimum_version 1.5.0
load cluster

teardown_file() {
	teardown_namespaces
}

@test "what a namespace owns goes with it" {
	run k8s-delete storageclass/inttest-never
	[[ $status == 0 ]] || skip "no StorageClass here: $output"
	new_namespace
	k8s-apply >/dev/null <<-Y
		apiVersion: storage.k8s.io/v1
		kind: StorageClass
		metadata: {name: $NS, $OWNED}
		provisioner: kubernetes.io/no-provisioner
	Y
	holds "storageclass/$NS" '.metadata.labels["app.kubernetes.io/managed-by"] == "inttest" and .metadata.annotations["inttest/expires"] != null'
	run -0 k8s-delete -t 2m "ns/$NS"
	run -0 k8s-wait -t 2m --for deleted "storageclass/$NS"
}

@test "the tests own so whatever is in no namespace" {
	cd "$ROOT/tests/cluster" || return
	run -0 grep -hE -A 1 'kind: (ClusterRole|ClusterRoleBinding|CustomResourceDefinition|StorageClass|PriorityClass|PersistentVolume|(Valid|Mut)atingWebhookConfiguration)$' ./*.bats
	run ! grep -E '^[[:space:]]*metadata:' <<<"$(grep -vF '$OWNED' <<<"$output")"
}
