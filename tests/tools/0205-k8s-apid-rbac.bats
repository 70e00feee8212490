#!/usr/bin/env bats
# Access control of k8s-apid, as a service account and as kubectl see it.

load helper
load cluster

setup_file() {
	export BATS_TEST_TMPDIR=$BATS_FILE_TMPDIR HOME=$BATS_FILE_TMPDIR
	start_apid
}

teardown_file() {
	stop_apid
}

# Each test in a namespace of its own, with a service account that may nothing.
setup() {
	export KUBECONFIG=$APID_DIR/kubeconfig
	NS=t$BATS_TEST_NUMBER
	C=/api/v1/namespaces/$NS
	R=/apis/rbac.authorization.k8s.io/v1
	post /api/v1/namespaces "{\"metadata\":{\"name\":\"$NS\"}}"
	post "$C/serviceaccounts" '{"metadata":{"name":"sa"}}'
	TOKEN=$(api POST "$C/serviceaccounts/sa/token" -H 'Content-Type: application/json' -d '{"spec":{}}' |
		jq -r .status.token)
}

post() { # PATH JSON, as the admin
	[ "$(api_code POST "$1" -H 'Content-Type: application/json' -d "$2")" = 201 ]
}

as() { # METHOD PATH [CURL-ARG…], as the service account
	local method=$1 path=$2
	shift 2
	curl -sS --cacert "$APID_DIR/ca.crt" -H "Authorization: Bearer $TOKEN" -X "$method" \
		-H "Content-Type: ${TYPE:-application/json}" "$@" "$APID_URL$path"
}

as_code() {
	as "$@" -o /dev/null -w '%{http_code}'
}

# grant RULES: in the namespace; grant_cluster RULES: everywhere
grant() {
	post "$R/namespaces/$NS/roles" "{\"metadata\":{\"name\":\"r\"},\"rules\":$1}"
	post "$R/namespaces/$NS/rolebindings" "{\"metadata\":{\"name\":\"r\"},\"roleRef\":{\"kind\":\"Role\",\"name\":\"r\",
		\"apiGroup\":\"rbac.authorization.k8s.io\"},\"subjects\":[{\"kind\":\"ServiceAccount\",\"name\":\"sa\",\"namespace\":\"$NS\"}]}"
}
grant_cluster() {
	post "$R/clusterroles" "{\"metadata\":{\"name\":\"$NS\"},\"rules\":$1}"
	post "$R/clusterrolebindings" "{\"metadata\":{\"name\":\"$NS\"},\"roleRef\":{\"kind\":\"ClusterRole\",\"name\":\"$NS\",
		\"apiGroup\":\"rbac.authorization.k8s.io\"},\"subjects\":[{\"kind\":\"Group\",\"name\":\"system:serviceaccounts:$NS\"}]}"
}

@test "nothing granted: a 403 in Kubernetes' words" {
	as GET "$C/pods" | jq -e --arg ns "$NS" '.kind == "Status" and .code == 403 and .reason == "Forbidden"
		and .details == {kind: "pods"}
		and .message == "pods is forbidden: User \"system:serviceaccount:\($ns):sa\" cannot list resource \"pods\" in API group \"\" in the namespace \"\($ns)\""'
	as GET /apis/apps/v1/deployments | jq -e '.message | startswith("deployments.apps is forbidden: ")
		and endswith("cannot list resource \"deployments\" in API group \"apps\" at the cluster scope")'
	as GET "$C/pods/x/log" | jq -e '.details.name == "x" and (.message | startswith("pods \"x\" is forbidden: ")
		and contains("cannot get resource \"pods/log\" in API group \"\""))'
	as GET "/api/v1/namespaces/$NS" | jq -e --arg ns "$NS" '.message | contains("in the namespace \"\($ns)\"")'
	as GET /metrics | jq -e '.message | test("^forbidden: User \".*\" cannot get path \"/metrics\"$")'
	[ "$(as_code GET "$C/nosuchthings")" = 403 ]
}

@test "open to all with a token: discovery, health, questions about oneself" {
	for p in /api /apis /apis/apps /apis/apps/v1 /api/v1 /version /healthz /readyz /openapi/v3; do
		[ "$(as_code GET "$p")" = 200 ]
	done
	[ "$(as_code POST /apis/authentication.k8s.io/v1/selfsubjectreviews -d '{}')" = 201 ]
	[ "$(as_code POST /apis/authorization.k8s.io/v1/selfsubjectaccessreviews \
		-d '{"spec":{"nonResourceAttributes":{"path":"/api","verb":"get"}}}')" = 201 ]
}

@test "what is granted holds at once, for its verbs and its namespace alone" {
	[ "$(as_code GET "$C/pods")" = 403 ]
	grant '[{"apiGroups":[""],"resources":["pods","configmaps"],"verbs":["list","create"]}]'
	[ "$(as_code GET "$C/pods")" = 200 ]
	[ "$(as_code GET "$C/pods?watch=1")" = 403 ]
	[ "$(as_code GET /api/v1/pods)" = 403 ]
	[ "$(as_code GET /api/v1/namespaces/default/pods)" = 403 ]
	[ "$(as_code POST "$C/configmaps" -d '{"metadata":{"name":"a"}}')" = 201 ]
	for m in GET PUT PATCH DELETE; do
		[ "$(as_code "$m" "$C/configmaps/a")" = 403 ]
	done
	[ "$(as_code DELETE "$C/configmaps")" = 403 ]
	api DELETE "$R/namespaces/$NS/rolebindings/r" >/dev/null
	[ "$(as_code GET "$C/pods")" = 403 ]
}

@test "of the cluster, through a group; names; subresources" {
	grant_cluster '[{"apiGroups":[""],"resources":["secrets"],"resourceNames":["mine"],"verbs":["get","list"]},
		{"apiGroups":["apps"],"resources":["*/scale"],"verbs":["get"]}]'
	post "$C/secrets" '{"metadata":{"name":"mine"}}'
	post "$C/secrets" '{"metadata":{"name":"other"}}'
	[ "$(as_code GET "$C/secrets/mine")" = 200 ]
	[ "$(as_code GET "$C/secrets/other")" = 403 ]
	[ "$(as_code GET "$C/secrets")" = 403 ]
	[ "$(as_code GET "$C/secrets?fieldSelector=metadata.name%3Dmine")" = 200 ]
	[ "$(as_code GET "/apis/apps/v1/namespaces/$NS/deployments/x/scale")" = 404 ]
	[ "$(as_code GET "/apis/apps/v1/namespaces/$NS/deployments/x")" = 403 ]
}

@test "an apply that creates needs create as well" {
	grant '[{"apiGroups":[""],"resources":["configmaps"],"verbs":["patch"]}]'
	apply() {
		TYPE=application/apply-patch+yaml as PATCH "$C/configmaps/a?fieldManager=m" \
			-d '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a"}}'
	}
	apply | jq -e '.code == 403 and (.message | contains("cannot create resource \"configmaps\""))'
	post "$C/configmaps" '{"metadata":{"name":"a"}}'
	apply | jq -e '.kind == "ConfigMap"'
}

@test "a binding without its role says so" {
	post "$R/namespaces/$NS/rolebindings" '{"metadata":{"name":"r"},"roleRef":{"kind":"Role","name":"gone",
		"apiGroup":"rbac.authorization.k8s.io"},"subjects":[{"kind":"ServiceAccount","name":"sa"}]}'
	as GET "$C/pods" | jq -e '.message | endswith(": RBAC: role.rbac.authorization.k8s.io \"gone\" not found")'
}

@test "the admin and the daemons are masters" {
	[ "$(api_code GET /api/v1/secrets)" = 200 ]
	[ "$(api_code GET /nothing)" = 404 ]
}

@test "reviews tell the truth, and are refused when they ask nothing" {
	grant '[{"apiGroups":[""],"resources":["pods/log"],"verbs":["get"]}]'
	review() {
		as POST /apis/authorization.k8s.io/v1/selfsubjectaccessreviews -d "{\"spec\":$1}"
	}
	review "{\"resourceAttributes\":{\"namespace\":\"$NS\",\"verb\":\"get\",\"resource\":\"pods\",\"subresource\":\"log\"}}" |
		jq -e --arg ns "$NS" '.status == {allowed: true,
			reason: "RBAC: allowed by RoleBinding \"r/\($ns)\" of Role \"r\" to ServiceAccount \"sa/\($ns)\""}'
	review "{\"resourceAttributes\":{\"namespace\":\"$NS\",\"verb\":\"get\",\"resource\":\"pods\"}}" |
		jq -e '.status == {allowed: false}'
	review '{}' | jq -e '.code == 422'
	review '{"resourceAttributes":{},"nonResourceAttributes":{}}' | jq -e '.code == 422'
}

@test "kubectl: auth can-i, the built-in roles, the message" {
	command -v kubectl >/dev/null || skip "kubectl is not on the PATH"
	kubectl -n "$NS" create rolebinding v --clusterrole=view --serviceaccount="$NS:sa"
	token=$(kubectl -n "$NS" create token sa)
	sed "s/token: \"$APID_TOKEN\"/token: \"$token\"/" "$APID_DIR/kubeconfig" >"$BATS_FILE_TMPDIR/sa-$NS"
	sa() { KUBECONFIG=$BATS_FILE_TMPDIR/sa-$NS kubectl -n "$NS" "$@"; }
	[ "$(kubectl auth can-i '*' '*')" = yes ]
	[ "$(sa auth can-i list pods)" = yes ]
	[ "$(sa auth can-i get pods --subresource=log)" = yes ]
	[ "$(sa auth can-i get /api/v1)" = yes ]
	run sa auth can-i list secrets
	[ "$status" -eq 1 ] && [ "$output" = no ]
	run sa auth can-i list pods -A
	[ "$status" -eq 1 ]
	sa get pods
	run sa create configmap x
	[ "$status" -eq 1 ]
	[ "$output" = "error: failed to create configmap: configmaps is forbidden: User \"system:serviceaccount:$NS:sa\" cannot create resource \"configmaps\" in API group \"\" in the namespace \"$NS\"" ]
}

@test "acting as somebody else: with their rights alone, and only who may" {
	me() { # HEADER…: who the admin is then
		local h=()
		for x in "$@"; do h+=(-H "Impersonate-$x"); done
		api POST /apis/authentication.k8s.io/v1/selfsubjectreviews -H 'Content-Type: application/json' -d '{}' "${h[@]}" |
			jq -r '.status.userInfo | "\(.username) \(.groups | join(","))"'
	}
	[ "$(me 'User: ann')" = "ann system:authenticated" ]
	[ "$(me 'User: ann' 'Group: a' 'Group: b')" = "ann a,b,system:authenticated" ]
	[ "$(me "User: system:serviceaccount:$NS:sa")" = "system:serviceaccount:$NS:sa system:serviceaccounts,system:serviceaccounts:$NS,system:authenticated" ]
	grant '[{"apiGroups":[""],"resources":["pods"],"verbs":["list"]}]'
	[ "$(api_code GET "$C/pods" -H "Impersonate-User: system:serviceaccount:$NS:sa")" = 200 ]
	[ "$(api_code GET "$C/secrets" -H "Impersonate-User: system:serviceaccount:$NS:sa")" = 403 ]
	[ "$(api_code GET "$C/pods" -H 'Impersonate-Group: system:masters')" = 500 ]
	# a group of its own is a right of its own: nobody becomes a master by the way
	run as GET "$C/pods" -H 'Impersonate-User: ann'
	jq -e '.code == 403 and (.message | endswith("cannot impersonate resource \"users\" in API group \"\" at the cluster scope"))' <<<"$output"
	grant_cluster '[{"apiGroups":[""],"resources":["users"],"resourceNames":["ann"],"verbs":["impersonate"]}]'
	[ "$(as_code GET /api -H 'Impersonate-User: ann')" = 200 ]
	[ "$(as_code GET /api -H 'Impersonate-User: bob')" = 403 ]
	[ "$(as_code GET /api -H 'Impersonate-User: ann' -H 'Impersonate-Group: system:masters')" = 403 ]
	if command -v kubectl >/dev/null; then
		[ "$(kubectl -n "$NS" auth can-i list pods --as="system:serviceaccount:$NS:sa")" = yes ]
		run kubectl -n "$NS" auth can-i list pods --as=ann
		[ "$output" = no ]
	fi
}

@test "nobody grants what they do not hold, unless they may escalate or bind" {
	local B=$R/namespaces/$NS ref='"roleRef":{"kind":"Role","name":"more","apiGroup":"rbac.authorization.k8s.io"}'
	grant '[{"apiGroups":["rbac.authorization.k8s.io"],"resources":["roles","rolebindings"],"verbs":["create","get","patch"]},
		{"apiGroups":[""],"resources":["pods"],"verbs":["get","list"]}]'
	[ "$(as_code POST "$B/roles" -d '{"metadata":{"name":"fine"},"rules":[{"apiGroups":[""],"resources":["pods"],"verbs":["get"]}]}')" = 201 ]
	run as POST "$B/roles" -d '{"metadata":{"name":"more"},"rules":[{"apiGroups":[""],"resources":["pods","secrets"],"verbs":["get","list","delete"]},
		{"apiGroups":[""],"resources":["configmaps"],"resourceNames":["b","a"],"verbs":["get"]}]}'
	jq -e --arg ns "$NS" '.code == 403 and .message == "roles.rbac.authorization.k8s.io \"more\" is forbidden: " +
		"user \"system:serviceaccount:\($ns):sa\" (groups=[\"system:serviceaccounts\" \"system:serviceaccounts:\($ns)\" \"system:authenticated\"]) " +
		"is attempting to grant RBAC permissions not currently held:\n" +
		"{APIGroups:[\"\"], Resources:[\"configmaps\"], ResourceNames:[\"a\"], Verbs:[\"get\"]}\n" +
		"{APIGroups:[\"\"], Resources:[\"configmaps\"], ResourceNames:[\"b\"], Verbs:[\"get\"]}\n" +
		"{APIGroups:[\"\"], Resources:[\"pods\"], Verbs:[\"delete\"]}\n" +
		"{APIGroups:[\"\"], Resources:[\"secrets\"], Verbs:[\"get\" \"list\" \"delete\"]}"' <<<"$output"
	# a patch is no way round, nor is somebody else's role
	[ "$(TYPE=application/json-patch+json as_code PATCH "$B/roles/r" -d '[{"op":"add","path":"/rules/0/verbs/-","value":"escalate"}]')" = 403 ]
	[ "$(TYPE=application/merge-patch+json as_code PATCH "$B/roles/fine" -d '{"metadata":{"labels":{"a":"b"}}}')" = 200 ]
	as POST "$B/rolebindings" -d "{\"metadata\":{\"name\":\"b\"},$ref}" | jq -e '.code == 404 and .message == "roles.rbac.authorization.k8s.io \"more\" not found"'
	post "$B/roles" '{"metadata":{"name":"more"},"rules":[{"apiGroups":[""],"resources":["secrets"],"verbs":["*"]}]}'
	as POST "$B/rolebindings" -d "{\"metadata\":{\"name\":\"b\"},$ref}" |
		jq -e '.code == 403 and (.message | endswith("\n{APIGroups:[\"\"], Resources:[\"secrets\"], Verbs:[\"*\"]}"))'
	# what was granted by others may go, not change
	post "$B/rolebindings" "{\"metadata\":{\"name\":\"given\",\"finalizers\":[\"example.com/x\"]},$ref}"
	[ "$(TYPE=application/merge-patch+json as_code PATCH "$B/rolebindings/given" -d '{"metadata":{"finalizers":null}}')" = 200 ]
	[ "$(TYPE=application/merge-patch+json as_code PATCH "$B/rolebindings/given" -d '{"subjects":[{"kind":"User","name":"me"}]}')" = 403 ]
	post "$B/roles" '{"metadata":{"name":"trust"},"rules":[{"apiGroups":["rbac.authorization.k8s.io"],"resources":["roles"],"resourceNames":["more"],"verbs":["bind","escalate"]}]}'
	post "$B/rolebindings" "{\"metadata\":{\"name\":\"trust\"},\"roleRef\":{\"kind\":\"Role\",\"name\":\"trust\"},\"subjects\":[{\"kind\":\"ServiceAccount\",\"name\":\"sa\",\"namespace\":\"$NS\"}]}"
	[ "$(as_code POST "$B/rolebindings" -d "{\"metadata\":{\"name\":\"b\"},$ref}")" = 201 ]
	[ "$(TYPE=application/merge-patch+json as_code PATCH "$B/roles/more" -d '{"rules":[{"apiGroups":["*"],"resources":["*"],"verbs":["*"]}]}')" = 200 ]
	[ "$(TYPE=application/merge-patch+json as_code PATCH "$B/roles/fine" -d '{"rules":[{"nonResourceURLs":["/metrics"],"verbs":["get"]}]}')" = 403 ]
}
