# Shared by the tests that run on any cluster: the one that KUBECONFIG names.
# They use the tools alone, and namespaces of their own that are labelled and
# dated, so that even a killed test's are reaped.
#   new_namespace       a namespace, named in NS; teardown_namespaces (in teardown_file) deletes all of the file's;
#                       OWNED is for the metadata of what is in no namespace: of a killed test the cluster collects it
#                       with the namespace
#   holds REF JQ        1 when JQ is not true of the object within 3 s
#   need_pods           skips the test, with the reason, where the cluster runs no pods
#   need_images FILE... skips it where the images of these manifests cannot be had
IMAGE=${CLUSTER_IMAGE:-busybox:1} # a shell with sleep; it must be there, or be pulled
ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
export ROOT PATH=$ROOT/build/bin:$PATH

new_namespace() {
	local expires
	expires=$(date -u -d '+1 hour' +%FT%TZ)
	NS=inttest-check-$(od -An -N4 -tx1 /dev/urandom | tr -d ' ')
	echo "$NS" >>"$BATS_FILE_TMPDIR/namespaces"
	OWNED="labels: {app.kubernetes.io/managed-by: inttest}, annotations: {inttest/expires: \"$expires\"}"
	OWNED+=", ownerReferences: [{apiVersion: v1, kind: Namespace, name: $NS, uid: $(printf '%s\n' \
		'apiVersion: v1' 'kind: Namespace' "metadata: {name: $NS, $OWNED}" | k8s-apply | jq -r .uid)}]"
}

teardown_namespaces() {
	[[ -e $BATS_FILE_TMPDIR/namespaces ]] || return 0
	sed 's,^,namespace/,' "$BATS_FILE_TMPDIR/namespaces" | xargs k8s-delete -t 4m >/dev/null
}

holds() {
	k8s-wait -n "$NS" -t 3s --for "jq=$2" "$1" >/dev/null
}

# results: "Kind/name:result" of each record in $output, on one line
results() {
	jq -r '"\(.kind)/\(.name):\(.result)"' <<<"$output" | tr '\n' ' '
}

shell_pod() { # NAME SCRIPT [FIELDS]: a pod's manifest, never restarted
	cat <<-Y
		---
		apiVersion: v1
		kind: Pod
		metadata: {name: $1, labels: {app: $1}}
		spec:
		  restartPolicy: Never
		  terminationGracePeriodSeconds: 1
		  containers:
		    - {name: c, image: "$IMAGE", imagePullPolicy: IfNotPresent, command: [sh, -c, $(jq -cn --arg s "$2" '$s')]}
	Y
}

# asked once per file; the answer is kept
need_pods() {
	local why=$BATS_FILE_TMPDIR/no-pods
	if [[ ! -e $why ]]; then
		new_namespace
		shell_pod probe 'exec sleep 60' | k8s-apply -n "$NS" >/dev/null
		if k8s-wait -n "$NS" -t 4s --for 'jq=.spec.nodeName != null' pod/probe >/dev/null 2>&1; then
			k8s-wait -n "$NS" -t 30s --grace 5s pod/probe 2>&1 >/dev/null | head -n 1 >"$why"
		else
			echo 'the cluster binds no pods to a node' >"$why"
		fi
		k8s-delete -n "$NS" --grace 0 -t 30s pod/probe >/dev/null
	fi
	[[ ! -s $why ]] || skip "no pods here: $(<"$why")"
}

# asked once per file for the same manifests, of pods that only sleep
need_images() {
	local image images known missing n=0
	images=$(sed -n 's/^ *\(- \)\{0,1\}image: *//p' "$@" |
		sed "s,\${REGISTRY},${REGISTRY:-ghcr.io/celesrenata/stonks-oracle},; s,\${TAG},${TAG:-latest}," | sort -u)
	known=$BATS_FILE_TMPDIR/images-$(cksum <<<"$images" | tr ' ' -)
	if [[ ! -e $known ]]; then
		new_namespace
		for image in $images; do
			n=$((n + 1))
			shell_pod "i$n" 'exec sleep 100' | sed "s,image: \"[^\"]*\",image: \"$image\","
		done | k8s-apply -n "$NS" >/dev/null
		n=$(wc -l <<<"$images")
		missing=$(k8s-wait -n "$NS" -t 60s --log-lines 0 --for 'jq=any(.status.containerStatuses[]?; .imageID != "")' \
			$(seq -f pod/i%g "$n") 2>/dev/null | jq -r 'select(.status != "met") | .name' | head -n 1)
		[[ -z $missing ]] || sed -n "${missing#i}p" <<<"$images" >"$known.new"
		touch "$known.new"
		k8s-delete -n "$NS" --grace 0 $(seq -f pod/i%g "$n") >/dev/null
		mv "$known.new" "$known"
	fi
	[[ ! -s $known ]] || skip "an image cannot be had here: $(<"$known")"
}
