#!/usr/bin/env bats
# k8s-apid as its clients see it, with curl.

load helper
load cluster

setup_file() {
	export BATS_TEST_TMPDIR=$BATS_FILE_TMPDIR
	start_apid
}

teardown_file() {
	stop_apid
}

# Each test in a namespace of its own.
setup() {
	NS=t$BATS_TEST_NUMBER
	api POST /api/v1/namespaces -H 'Content-Type: application/json' -d "{\"metadata\":{\"name\":\"$NS\"}}" >/dev/null
	C=/api/v1/namespaces/$NS
}

# what a test has started for itself, also when it fails
teardown() {
	[[ -z ${kubelet:-} ]] || end_process "$kubelet"
	[[ -z ${own:-} ]] || end_process "$own"
}

post() { api POST "$1" -H 'Content-Type: application/json' -d "$2"; }
put() { api PUT "$1" -H 'Content-Type: application/json' -d "$2"; }
patch() { api PATCH "$1" -H "Content-Type: application/$2" -d "$3"; }
apply() { api PATCH "$1?fieldManager=$2" -H 'Content-Type: application/apply-patch+yaml' --data-binary "$3"; }

# reason JSON: "CODE REASON" of a Status
reason() { jq -r '"\(.code) \(.reason)"' <<<"$1"; }

@test "without or with a wrong token: 401, but health and version are public" {
	run curl -s --cacert "$APID_DIR/ca.crt" "$APID_URL/api/v1/namespaces"
	[ "$(reason "$output")" = "401 Unauthorized" ]
	run curl -s --cacert "$APID_DIR/ca.crt" -H 'Authorization: Bearer wrong' "$APID_URL/version"
	[ "$(reason "$output")" = "401 Unauthorized" ]
	[ "$(curl -s --cacert "$APID_DIR/ca.crt" "$APID_URL/readyz")" = ok ]
	curl -s --cacert "$APID_DIR/ca.crt" "$APID_URL/version" | jq -e '.major == "1"'
}

@test "the certificate is checked against the authority" {
	run curl -s "$APID_URL/healthz"
	[ "$status" -ne 0 ]
}

@test "discovery lists groups, kinds and subresources" {
	api GET /api | jq -e '.versions == ["v1"]'
	api GET /apis | jq -e '[.groups[].name] | contains(["apps", "batch", "metrics.k8s.io"])'
	api GET /apis/apps | jq -e '.kind == "APIGroup" and .preferredVersion.groupVersion == "apps/v1"'
	api GET /api/v1 | jq -e '[.resources[].name] | contains(["pods", "pods/log", "pods/status", "nodes/proxy"])'
	api GET /apis -H 'Accept: application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList' |
		jq -e '.items[] | select(.metadata.name == "apps") | .versions[0].resources[] | select(.resource == "deployments") | .scope == "Namespaced"'
	[ "$(api_code GET /apis/nope)" = 404 ]
}

@test "namespaces go one by one" {
	api GET /api/v1 | jq -e '.resources[] | select(.name == "namespaces") | .verbs | index("delete") and (index("deletecollection") | not)'
	[ "$(api_code DELETE /api/v1/namespaces)" = 405 ]
}

@test "create, get, replace, delete; the version and the uid" {
	run post "$C/configmaps" '{"metadata":{"name":"a"},"data":{"x":"1"}}'
	jq -e '.kind == "ConfigMap" and .metadata.uid != null and (.metadata.creationTimestamp | test("^[^.]*Z$"))' <<<"$output"
	first=$(jq -r .metadata.resourceVersion <<<"$output")
	run put "$C/configmaps/a" '{"metadata":{"name":"a"},"data":{"x":"2"}}'
	second=$(jq -r .metadata.resourceVersion <<<"$output")
	((second > first))
	run put "$C/configmaps/a" '{"metadata":{"name":"a"},"data":{"x":"2"}}'
	[ "$(jq -r .metadata.resourceVersion <<<"$output")" = "$second" ] # no change, no new version
	run put "$C/configmaps/a" "{\"metadata\":{\"name\":\"a\",\"resourceVersion\":\"$first\"},\"data\":{}}"
	[ "$(reason "$output")" = "409 Conflict" ]
	run api DELETE "$C/configmaps/a" -d '{"preconditions":{"uid":"x"}}' -H 'Content-Type: application/json'
	[ "$(reason "$output")" = "409 Conflict" ]
	api DELETE "$C/configmaps/a" | jq -e '.status == "Success"'
	run api GET "$C/configmaps/a"
	[ "$(reason "$output")" = "404 NotFound" ]
	jq -e '.details == {"name":"a","kind":"configmaps"}' <<<"$output"
}

@test "generateName, and a name that is there already" {
	post "$C/configmaps" '{"metadata":{"generateName":"g-"}}' | jq -e '.metadata.name | test("^g-[a-z0-9]{5}$")'
	post "$C/configmaps" '{"metadata":{"name":"a"}}' >/dev/null
	run post "$C/configmaps" '{"metadata":{"name":"a"}}'
	[ "$(reason "$output")" = "409 AlreadyExists" ]
}

@test "what is malformed: 400, 404, 405, 406, 413, 415" {
	run post "$C/configmaps" '{"metadata":'
	[ "$(reason "$output")" = "400 BadRequest" ]
	run post "$C/configmaps" '{"metadata":{"name":"a"},"data":{"x":1}}'
	[ "$(reason "$output")" = "400 BadRequest" ]
	[[ $output == *data.x* ]]
	run post "$C/configmaps" '{"kind":"Secret","metadata":{"name":"a"}}'
	[ "$(reason "$output")" = "400 BadRequest" ]
	run post "$C/configmaps" '{"metadata":{"name":"a","namespace":"other"}}'
	[ "$(reason "$output")" = "400 BadRequest" ]
	run post /api/v1/namespaces/nope/configmaps '{"metadata":{"name":"a"}}'
	[ "$(reason "$output")" = "404 NotFound" ]
	run put "$C/configmaps" '{}'
	[ "$(reason "$output")" = "405 MethodNotAllowed" ]
	run api GET "$C/configmaps/a" -H 'Accept: text/html'
	[ "$(reason "$output")" = "406 NotAcceptable" ]
	run api POST "$C/configmaps" -H 'Content-Type: text/xml' -d '<x/>'
	[ "$(reason "$output")" = "415 UnsupportedMediaType" ]
	run patch "$C/configmaps/a" json '{}'
	[ "$(reason "$output")" = "415 UnsupportedMediaType" ]
	head -c 4000000 /dev/zero >"$BATS_TEST_TMPDIR/big"
	[ "$(api_code POST "$C/configmaps" -H 'Content-Type: application/json' --data-binary @"$BATS_TEST_TMPDIR/big")" = 413 ]
}

@test "what is invalid: 422 with a cause for each field" {
	run post "$C/pods" '{"metadata":{"name":"P"},"spec":{"containers":[{"name":"a"},{"name":"a","image":"i","volumeMounts":[{"name":"v","mountPath":"/v"}]}]}}'
	[ "$(reason "$output")" = "422 Invalid" ]
	[ "$(jq -r '.details.causes[].field' <<<"$output" | sort | tr '\n' ' ')" = \
		"metadata.name spec.containers[0].image spec.containers[1].name spec.containers[1].volumeMounts[0].name " ]
	run post "/apis/apps/v1/namespaces/$NS/deployments" '{"metadata":{"name":"d"},"spec":{"selector":{"matchLabels":{"a":"b"}},"template":{"metadata":{"labels":{"a":"c"}},"spec":{"containers":[{"name":"a","image":"i"}]}}}}'
	jq -e '.details.causes[0].field == "spec.template.metadata.labels"' <<<"$output"
	run post "$C/services" '{"metadata":{"name":"s"},"spec":{"clusterIP":"10.99.0.1","ports":[{"port":70000}]}}'
	jq -e '.details.causes[0].field == "spec.ports[0].port"' <<<"$output"
	run post "$C/services" '{"metadata":{"name":"s"},"spec":{"clusterIP":"10.99.0.1","ports":[{"port":7}]}}'
	jq -e '.details.causes[0].field == "spec.clusterIP"' <<<"$output"
	run post "$C/secrets" '{"metadata":{"name":"s","labels":{"a b":"c"}}}'
	jq -e '.details.causes[0].field == "metadata.labels"' <<<"$output"
}

@test "what only a node would refuse is refused before it is stored" {
	fields() { jq -r '[.details.causes[].field] | sort | join(" ")' <<<"$1"; }
	run post "$C/pods" '{"metadata":{"name":"p","finalizers":["mine"]},"spec":{"containers":[{"name":"a","image":"i","restartPolicy":"Always","env":[{"name":"X","valueFrom":{"fieldRef":{"fieldPath":"metadata.colour"}}}],
		"volumeMounts":[{"name":"v","mountPath":"/v","subPath":"a/../b"}]}],"initContainers":[{"name":"a","image":"i","livenessProbe":{"tcpSocket":{"port":1}}}],
		"volumes":[{"name":"v","configMap":{"name":"c","defaultMode":512,"items":[{"key":"k","path":"/etc/x"}]}}]}}'
	[ "$(fields "$output")" = "metadata.finalizers[0] spec.containers[0].env[0].valueFrom.fieldRef.fieldPath spec.containers[0].restartPolicy spec.containers[0].volumeMounts[0].subPath spec.initContainers[0].livenessProbe spec.initContainers[0].name spec.volumes[0].configMap.defaultMode spec.volumes[0].configMap.items[0].path" ]
	# a sidecar is an init container that is looked after
	run post "$C/pods" '{"metadata":{"name":"p","finalizers":["x.io/mine"]},"spec":{"containers":[{"name":"a","image":"i"}],"initContainers":[{"name":"b","image":"i","restartPolicy":"Always","livenessProbe":{"tcpSocket":{"port":1}}}]}}'
	jq -e '.kind == "Pod"' <<<"$output"
	run post "$C/secrets" '{"metadata":{"name":"s"},"type":"kubernetes.io/tls","data":{"tls.crt":"YQ=="}}'
	[ "$(fields "$output")" = "data[tls.key]" ]
	run post "$C/secrets" '{"metadata":{"name":"s"},"type":"kubernetes.io/basic-auth","stringData":{"password":"a"}}'
	jq -e '.kind == "Secret"' <<<"$output"
	run post "$C/services" '{"metadata":{"name":"s"},"spec":{"ports":[]}}'
	[ "$(fields "$output")" = spec.ports ]
	run post "/apis/apps/v1/namespaces/$NS/statefulsets" '{"metadata":{"name":"d"},"spec":{"serviceName":"a","selector":{"matchLabels":{"a":"b"}},"template":{"metadata":{"labels":{"a":"b"}},"spec":{"containers":[{"name":"a","image":"i"}]}}}}'
	run post "/apis/batch/v1/namespaces/$NS/jobs" '{"metadata":{"name":"j"},"spec":{"podFailurePolicy":{"rules":[{"action":"FailJob","onExitCodes":{"operator":"In","values":[1]}}]},"template":{"spec":{"restartPolicy":"Never","containers":[{"name":"a","image":"i"}]}}}}'
	[ "$(fields "$output")" = spec.podFailurePolicy ]
	run patch "/apis/apps/v1/namespaces/$NS/statefulsets/d" merge-patch+json '{"spec":{"serviceName":"b"}}'
	jq -e '.details.causes[0] | .field == "spec" and (.message | startswith("Forbidden: updates to statefulset spec for fields other than"))' <<<"$output"
}

@test "a Service that becomes external gives its address back; affinity lasts three hours" {
	run post "$C/services" '{"metadata":{"name":"s"},"spec":{"sessionAffinity":"ClientIP","ports":[{"port":7}]}}'
	jq -e '.spec.sessionAffinityConfig.clientIP.timeoutSeconds == 10800' <<<"$output"
	ip=$(jq -r .spec.clusterIP <<<"$output")
	patch "$C/services/s" merge-patch+json '{"spec":{"sessionAffinity":"None"}}' | jq -e '.spec.sessionAffinityConfig == null'
	run patch "$C/services/s" merge-patch+json '{"spec":{"type":"ExternalName","externalName":"a.example"}}'
	jq -e '.spec | .clusterIP == null and .clusterIPs == null and .ipFamilies == null' <<<"$output"
	post "$C/services" '{"metadata":{"name":"t"},"spec":{"clusterIP":"'"$ip"'","ports":[{"port":7}]}}' | jq -e ".spec.clusterIP == \"$ip\""
	patch "$C/services/s" merge-patch+json '{"spec":{"type":"ClusterIP","externalName":null}}' | jq -e ".spec.clusterIP | startswith(\"10.\") and . != \"$ip\""
}

@test "unknown fields: dropped with a warning, refused when strict" {
	run api POST "$C/configmaps" -D - -H 'Content-Type: application/json' -d '{"metadata":{"name":"a"},"dta":{}}'
	[[ $output == *'Warning: 299 - "unknown field \"dta\""'* ]]
	[[ $output != *'"dta":'* ]]
	run post "$C/configmaps?fieldValidation=Strict" '{"metadata":{"name":"b"},"dta":{}}'
	[ "$(reason "$output")" = "400 BadRequest" ]
	[[ $output == *'strict decoding error: unknown field \"dta\"'* ]]
}

@test "defaults that clients rely on" {
	run post "$C/pods" '{"metadata":{"name":"p"},"spec":{"containers":[{"name":"a","image":"i:1","ports":[{"containerPort":1}],"readinessProbe":{"httpGet":{"port":1}}}]}}'
	jq -e '.spec | .restartPolicy == "Always" and .terminationGracePeriodSeconds == 30 and .serviceAccountName == "default"' <<<"$output"
	jq -e '.spec.containers[0] | .imagePullPolicy == "IfNotPresent" and .ports[0].protocol == "TCP" and .readinessProbe.periodSeconds == 10 and .readinessProbe.httpGet.path == "/"' <<<"$output"
	jq -e '.status == {"phase":"Pending","qosClass":"BestEffort"}' <<<"$output"
	run post "/apis/batch/v1/namespaces/$NS/jobs" '{"metadata":{"name":"j"},"spec":{"template":{"spec":{"restartPolicy":"Never","containers":[{"name":"a","image":"i"}]}}}}'
	jq -e '.spec | .completions == 1 and .parallelism == 1 and .backoffLimit == 6' <<<"$output"
	jq -e '.metadata.uid == .spec.selector.matchLabels["batch.kubernetes.io/controller-uid"]' <<<"$output"
	post "$C/services" '{"metadata":{"name":"s"},"spec":{"ports":[{"port":80}]}}' |
		jq -e '.spec | (.clusterIP | startswith("10.96.")) and .type == "ClusterIP" and .ports[0].targetPort == 80'
	post "$C/secrets" '{"metadata":{"name":"s"},"stringData":{"a":"b"}}' | jq -e '.data.a == "Yg==" and .stringData == null and .type == "Opaque"'
	api GET /api/v1/namespaces/default/services/kubernetes | jq -e '.spec.clusterIP == "10.96.0.1"'
	api GET /api/v1/namespaces/default/endpoints/kubernetes | jq -e '.subsets[0].ports[0].port > 0'
}

@test "generation counts changes of the spec, status has its own door" {
	D=/apis/apps/v1/namespaces/$NS/deployments
	post "$D" '{"metadata":{"name":"d"},"spec":{"selector":{"matchLabels":{"a":"b"}},"template":{"metadata":{"labels":{"a":"b"}},"spec":{"containers":[{"name":"a","image":"i"}]}}},"status":{"replicas":9}}' |
		jq -e '.metadata.generation == 1 and .status.replicas == null'
	patch "$D/d/status" merge-patch+json '{"status":{"replicas":2},"spec":{"replicas":7}}' |
		jq -e '.metadata.generation == 1 and .status.replicas == 2 and .spec.replicas == 1'
	patch "$D/d" merge-patch+json '{"status":{"replicas":5},"spec":{"replicas":7}}' |
		jq -e '.metadata.generation == 2 and .status.replicas == 2 and .spec.replicas == 7'
	# metadata is not closed by that door, but for a Deployment's labels
	patch "$D/d/status" merge-patch+json '{"metadata":{"labels":{"l":"1"},"annotations":{"revision":"1"}}}' |
		jq -e '.metadata | .generation == 2 and .labels == null and .annotations.revision == "1"'
	patch "$D/d" merge-patch+json '{"metadata":{"annotations":{"revision":"2"}}}' | jq -e .metadata.generation==3
	patch "$D/d/scale" merge-patch+json '{"spec":{"replicas":3}}' | jq -e '.kind == "Scale" and .spec.replicas == 3 and .status.selector == "a=b"'
	api GET "$D/d" | jq -e '.spec.replicas == 3 and .metadata.generation == 4'
	run patch "$D/d" merge-patch+json '{"spec":{"selector":{"matchLabels":{"z":"b"}},"template":{"metadata":{"labels":{"z":"b"}}}}}'
	[ "$(reason "$output")" = "422 Invalid" ]
}

@test "merge, strategic and JSON patches" {
	post "$C/services" '{"metadata":{"name":"s"},"spec":{"ports":[{"name":"a","port":1},{"name":"b","port":2}]}}' >/dev/null
	patch "$C/services/s" strategic-merge-patch+json '{"spec":{"ports":[{"port":2,"name":"c"}]}}' | jq -ce '[.spec.ports[].name] == ["a","c"]'
	patch "$C/services/s" merge-patch+json '{"metadata":{"labels":{"x":"y"}}}' | jq -e '.metadata.labels.x == "y"'
	patch "$C/services/s" json-patch+json '[{"op":"remove","path":"/metadata/labels/x"}]' | jq -e '.metadata.labels.x == null'
	run patch "$C/services/s" json-patch+json '[{"op":"test","path":"/metadata/name","value":"z"}]'
	[ "$(reason "$output")" = "422 Invalid" ]
}

@test "server-side apply: ownership, removal, conflict, force" {
	apply "$C/configmaps/a" one '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a"},"data":{"x":"1","y":"2"}}' | jq -e '.data == {"x":"1","y":"2"}'
	apply "$C/configmaps/a" one $'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\ndata:\n  x: "1"\n' | jq -e '.data == {"x":"1"}'
	run apply "$C/configmaps/a" two '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a"},"data":{"x":"2"}}'
	[ "$(reason "$output")" = "409 Conflict" ]
	jq -e '.details.causes[0] | .reason == "FieldManagerConflict" and .field == ".data.x" and (.message | contains("\"one\""))' <<<"$output"
	apply "$C/configmaps/a" 'two&force=true' '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a"},"data":{"x":"2"}}' | jq -e '.data.x == "2"'
	before=$(api GET "$C/configmaps/a" | jq -r .metadata.resourceVersion)
	apply "$C/configmaps/a" two '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a"},"data":{"x":"2"}}' | jq -e ".metadata.resourceVersion == \"$before\""
	run apply "$C/configmaps/a" two '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a"},"dtaa":{"x":"2"}}'
	[ "$(reason "$output")" = "400 BadRequest" ]
	run api PATCH "$C/configmaps/a" -H 'Content-Type: application/apply-patch+yaml' -d '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a"}}'
	[ "$(reason "$output")" = "400 BadRequest" ]
}

@test "lists: selectors, limit and continue" {
	for n in a b c d; do
		post "$C/configmaps" "{\"metadata\":{\"name\":\"$n\",\"labels\":{\"n\":\"$n\"}}}" >/dev/null
	done
	api GET "$C/configmaps?labelSelector=n%20in%20(a,c)" | jq -ce '[.items[].metadata.name] == ["a","c"]'
	api GET "$C/configmaps?fieldSelector=metadata.name!=a" | jq -ce '[.items[].metadata.name] == ["b","c","d"]'
	run api GET "$C/configmaps?limit=3"
	jq -e '(.items | length) == 3 and .metadata.remainingItemCount == 1' <<<"$output"
	api GET "$C/configmaps?limit=3&continue=$(jq -r .metadata.continue <<<"$output")" | jq -ce '[.items[].metadata.name] == ["d"] and .metadata.continue == null'
	run api GET "$C/configmaps?labelSelector=%3D%3D"
	[ "$(reason "$output")" = "400 BadRequest" ]
	api DELETE "$C/configmaps?labelSelector=n!=b" >/dev/null
	api GET "$C/configmaps" | jq -ce '[.items[].metadata.name] == ["b"]'
}

@test "watch: from a version on, selectors, and objects that cease to match" {
	v=$(api GET "$C/configmaps" | jq -r .metadata.resourceVersion)
	post "$C/configmaps" '{"metadata":{"name":"a","labels":{"x":"1"}}}' >/dev/null
	post "$C/configmaps" '{"metadata":{"name":"b"}}' >/dev/null
	api GET "$C/configmaps?watch=true&resourceVersion=$v&labelSelector=x%3D1&timeoutSeconds=2" -N >"$BATS_TEST_TMPDIR/w" 3>&- &
	w=$!
	wait_for 2 grep -q ADDED "$BATS_TEST_TMPDIR/w"
	patch "$C/configmaps/a" merge-patch+json '{"data":{"k":"v"}}' >/dev/null
	patch "$C/configmaps/a" merge-patch+json '{"metadata":{"labels":{"x":"2"}}}' >/dev/null
	patch "$C/configmaps/b" merge-patch+json '{"metadata":{"labels":{"x":"1"}}}' >/dev/null
	api DELETE "$C/configmaps/b" >/dev/null
	wait "$w"
	[ "$(jq -r '.type + ":" + .object.metadata.name' "$BATS_TEST_TMPDIR/w" | tr '\n' ' ')" = "ADDED:a MODIFIED:a DELETED:a ADDED:b DELETED:b " ]
}

@test "watch: what history does not reach is 410, what is to come 504" {
	run api GET "$C/configmaps?watch=true&resourceVersion=99999999"
	[ "$(reason "$output")" = "504 Timeout" ]
	# more changes than are remembered, through one connection
	post "$C/secrets" '{"metadata":{"name":"s"}}' >/dev/null
	v=$(api GET "$C/secrets" | jq -r .metadata.resourceVersion)
	for n in $(seq 1030); do
		((n == 1)) || echo next
		printf 'url = "%s%s/secrets/s"\nheader = "Authorization: Bearer %s"\nheader = "Content-Type: application/merge-patch+json"\nrequest = PATCH\ncacert = "%s"\ndata = "{\\"metadata\\":{\\"labels\\":{\\"n\\":\\"%s\\"}}}"\noutput = /dev/null\nsilent\n' \
			"$APID_URL" "$C" "$APID_TOKEN" "$APID_DIR/ca.crt" "$n"
	done >"$BATS_TEST_TMPDIR/many"
	curl -K "$BATS_TEST_TMPDIR/many"
	run api GET "$C/secrets?watch=true&resourceVersion=$v"
	jq -e '.type == "ERROR" and .object.code == 410 and .object.reason == "Expired"' <<<"$output"
}

@test "graceful deletion of a pod; finalizers" {
	post "$C/pods" '{"metadata":{"name":"p"},"spec":{"nodeName":"n","containers":[{"name":"a","image":"i"}]}}' >/dev/null
	api DELETE "$C/pods/p" | jq -e '.metadata.deletionTimestamp != null and .metadata.deletionGracePeriodSeconds == 30'
	api DELETE "$C/pods/p?gracePeriodSeconds=5" | jq -e '.metadata.deletionGracePeriodSeconds == 5'
	api DELETE "$C/pods/p?gracePeriodSeconds=0" >/dev/null
	[ "$(api_code GET "$C/pods/p")" = 404 ]
	post "$C/configmaps" '{"metadata":{"name":"f","finalizers":["x.y/z"]}}' >/dev/null
	api DELETE "$C/configmaps/f" | jq -e '.metadata.deletionTimestamp != null'
	[ "$(api_code GET "$C/configmaps/f")" = 200 ]
	patch "$C/configmaps/f" merge-patch+json '{"metadata":{"finalizers":null}}' >/dev/null
	[ "$(api_code GET "$C/configmaps/f")" = 404 ]
	run api DELETE "$C/configmaps/f?propagationPolicy=Maybe"
	[ "$(reason "$output")" = "422 Invalid" ]
}

@test "a namespace ends: nothing new, then finalize" {
	api DELETE "$C" | jq -e '.status.phase == "Terminating"'
	run post "$C/configmaps" '{"metadata":{"name":"late"}}'
	[ "$(reason "$output")" = "403 Forbidden" ]
	jq -e '.details.causes[0].reason == "NamespaceTerminating"' <<<"$output"
	put "$C/finalize" "{\"metadata\":{\"name\":\"$NS\"},\"spec\":{\"finalizers\":[]}}" >/dev/null
	[ "$(api_code GET "$C")" = 404 ]
	run api DELETE /api/v1/namespaces/default
	[ "$(reason "$output")" = "403 Forbidden" ]
}

@test "a pod is bound once" {
	post "$C/pods" '{"metadata":{"name":"p"},"spec":{"containers":[{"name":"a","image":"i"}]}}' >/dev/null
	post "$C/pods/p/binding" '{"metadata":{"name":"p"},"target":{"kind":"Node","name":"n"}}' | jq -e '.status == "Success"'
	api GET "$C/pods/p" | jq -e '.spec.nodeName == "n" and (.status.conditions[] | select(.type == "PodScheduled").status == "True")'
	run post "$C/pods/p/binding" '{"metadata":{"name":"p"},"target":{"name":"m"}}'
	[ "$(reason "$output")" = "409 Conflict" ]
}

@test "tokens of service accounts, void when the account is gone" {
	post "$C/serviceaccounts" '{"metadata":{"name":"sa"}}' >/dev/null
	token=$(post "$C/serviceaccounts/sa/token" '{"spec":{"expirationSeconds":600}}' | jq -r .status.token)
	as() { curl -s --cacert "$APID_DIR/ca.crt" -H "Authorization: Bearer $token" "$@"; }
	as "$APID_URL/apis/authentication.k8s.io/v1/selfsubjectreviews" -d '{}' -H 'Content-Type: application/json' |
		jq -e ".status.userInfo.username == \"system:serviceaccount:$NS:sa\""
	api DELETE "$C/serviceaccounts/sa" >/dev/null
	[ "$(as -o /dev/null -w '%{http_code}' "$APID_URL$C/pods")" = 401 ]
	run post "$C/serviceaccounts/sa/token" '{}'
	[ "$(reason "$output")" = "404 NotFound" ]
}

@test "a pod without its service account is refused" {
	(
		start_apid --disable-admission-plugins ''
		trap stop_apid EXIT
		C=/api/v1/namespaces/default
		post "$C/pods" '{"metadata":{"name":"p"},"spec":{"serviceAccountName":"x","containers":[{"name":"a","image":"i"}]}}' |
			jq -e '.code == 403 and .reason == "Forbidden" and
				.message == "pods \"p\" is forbidden: error looking up service account default/x: serviceaccount \"x\" not found"'
		post "$C/pods" '{"metadata":{"name":"p"},"spec":{"containers":[{"name":"a","image":"i"}]}}' | jq -e '.message | endswith("serviceaccount \"default\" not found")'
		post "$C/serviceaccounts" '{"metadata":{"name":"default"}}' >/dev/null
		post "$C/pods" '{"metadata":{"name":"p"},"spec":{"containers":[{"name":"a","image":"i"}]}}' | jq -e '.spec.serviceAccountName == "default"'
		# what the pod leaves open its account decides
		post "$C/serviceaccounts" '{"metadata":{"name":"shy"},"automountServiceAccountToken":false,"imagePullSecrets":[{"name":"reg"}]}' >/dev/null
		post "$C/pods" '{"metadata":{"name":"q"},"spec":{"serviceAccountName":"shy","containers":[{"name":"a","image":"i"}]}}' |
			jq -e '.spec | .automountServiceAccountToken == false and .imagePullSecrets == [{"name":"reg"}]'
		post "$C/pods" '{"metadata":{"name":"r"},"spec":{"serviceAccountName":"shy","automountServiceAccountToken":true,"imagePullSecrets":[{"name":"own"}],"containers":[{"name":"a","image":"i"}]}}' |
			jq -e '.spec | .automountServiceAccountToken == true and .imagePullSecrets == [{"name":"own"}]'
	)
	run k8s-apid --disable-admission-plugins ServiceAccount,Nonsense
	[ "$status" -eq 2 ]
	[[ $output == *'Nonsense: no such admission plugin'* ]]
}

@test "integers beyond 2^53 keep every digit, beyond 2^63 they are refused" {
	J=/apis/batch/v1/namespaces/$NS/jobs
	job() {
		printf '{"apiVersion":"batch/v1","kind":"Job","metadata":{"name":"big"},"spec":{"activeDeadlineSeconds":%s,"template":{"spec":{"restartPolicy":"Never","containers":[{"name":"c","image":"i"}]}}}}' "$1"
	}
	post "$J" "$(job 9007199254740993)" | grep -q '"activeDeadlineSeconds":9007199254740993,'
	api GET "$J/big" | grep -q '"activeDeadlineSeconds":9007199254740993,'
	# one more is a change, in each way to say it
	patch "$J/big" merge-patch+json '{"spec":{"activeDeadlineSeconds":9007199254740995}}' | grep -q '"activeDeadlineSeconds":9007199254740995,'
	patch "$J/big?fieldManager=m&force=true" apply-patch+yaml "$(job 9223372036854775807)" | grep -q '"activeDeadlineSeconds":9223372036854775807,'
	patch "$J/big" json-patch+json '[{"op":"test","path":"/spec/activeDeadlineSeconds","value":9223372036854775806}]' | jq -e '.code == 422'
	patch "$J/big" merge-patch+json '{"spec":{"activeDeadlineSeconds":9223372036854775808}}' | jq -e '.code == 400 and (.message | contains("spec.activeDeadlineSeconds of type int64"))'
}

@test "events are one store with two views" {
	post "$C/events" '{"metadata":{"name":"e"},"involvedObject":{"kind":"Pod","name":"p"},"reason":"R","message":"m","type":"Normal"}' >/dev/null
	api GET "/apis/events.k8s.io/v1/namespaces/$NS/events/e" | jq -e '.note == "m" and .regarding.name == "p" and .apiVersion == "events.k8s.io/v1"'
	api GET "$C/events?fieldSelector=involvedObject.name%3Dp" | jq -e '.items[0].message == "m"'
}

@test "dry run stores nothing" {
	post "$C/configmaps?dryRun=All" '{"metadata":{"name":"a"}}' | jq -e '.metadata.name == "a"'
	[ "$(api_code GET "$C/configmaps/a")" = 404 ]
	post "$C/configmaps" '{"metadata":{"name":"a"}}' >/dev/null
	api DELETE "$C/configmaps/a?dryRun=All" >/dev/null
	[ "$(api_code GET "$C/configmaps/a")" = 200 ]
}

@test "logs come from the node, streamed" {
	port=$(free_port)
	cat >"$BATS_TEST_TMPDIR/kubelet.py" <<-'P'
		import http.server, ssl, sys, time
		class H(http.server.BaseHTTPRequestHandler):
		    def do_GET(self):
		        good = self.path.startswith('/containerLogs/') and self.headers['Authorization'] == 'Bearer kt'
		        self.send_response(200 if good else 400); self.end_headers()
		        self.wfile.write(self.path.encode() + b'\n' if good else b'container is waiting to start\n'); self.wfile.flush()
		        if 'follow=true' in self.path:
		            time.sleep(0.3); self.wfile.write(b'more\n')
		    def log_message(self, *a): pass
		s = http.server.HTTPServer(('127.0.0.1', int(sys.argv[1])), H)
		c = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER); c.load_cert_chain(sys.argv[2], sys.argv[3])
		s.socket = c.wrap_socket(s.socket, server_side=True); s.serve_forever()
	P
	python3 "$BATS_TEST_TMPDIR/kubelet.py" "$port" "$APID_DIR/tls.crt" "$APID_DIR/tls.key" 3>&- &
	kubelet=$!
	echo kt >"$BATS_TEST_TMPDIR/kt"
	start_apid --kubelet-ca "$APID_DIR/ca.crt" --kubelet-token-file "$BATS_TEST_TMPDIR/kt"
	own=$APID_PID
	post /api/v1/nodes "{\"metadata\":{\"name\":\"n\"},\"status\":{\"addresses\":[{\"type\":\"InternalIP\",\"address\":\"127.0.0.1\"}],\"daemonEndpoints\":{\"kubeletEndpoint\":{\"Port\":$port}}}}" >/dev/null
	C=/api/v1/namespaces/default
	post "$C/pods" '{"metadata":{"name":"p"},"spec":{"nodeName":"n","containers":[{"name":"a","image":"i"},{"name":"b","image":"i"}]}}' >/dev/null
	run api GET "$C/pods/p/log"
	[ "$(reason "$output")" = "400 BadRequest" ]
	[[ $output == *'choose one of: [a b]'* ]]
	run api GET "$C/pods/p/log?container=c"
	[ "$(reason "$output")" = "400 BadRequest" ]
	[ "$(api GET "$C/pods/p/log?container=a&tailLines=3")" = "/containerLogs/default/p/a?tailLines=3" ]
	[ "$(api GET "$C/pods/p/log?container=b&follow=true" | tail -1)" = more ]
	run api GET /api/v1/nodes/n/proxy/nope
	[ "$(reason "$output")" = "400 BadRequest" ]
	[[ $output == *'waiting to start'* ]]
}

@test "the command line: usage, malformed files, a busy port" {
	run k8s-apid
	[ "$status" -eq 2 ]
	run k8s-apid --listen nowhere --tls-cert x --tls-key x --token-auth-file x
	[ "$status" -eq 2 ]
	run k8s-apid --listen "${APID_URL#https://}" --tls-cert x --tls-key x --token-auth-file x
	[ "$status" -eq 3 ]
	printf 'lonely\n' >"$BATS_TEST_TMPDIR/bad.csv"
	run k8s-apid --listen 127.0.0.1:0 --tls-cert x --tls-key x --token-auth-file "$BATS_TEST_TMPDIR/bad.csv"
	[ "$status" -eq 2 ]
	[[ $output == *bad.csv:1:* ]]
	run k8s-apid --listen 127.0.0.1:0 --tls-cert "$BATS_TEST_TMPDIR/bad.csv" --tls-key "$APID_DIR/tls.key" --token-auth-file "$APID_DIR/tokens.csv"
	[ "$status" -eq 3 ]
	run k8s-apid --listen 127.0.0.1:0 --service-cidr 10.0.0.0 --tls-cert x --tls-key x --token-auth-file "$APID_DIR/tokens.csv"
	[ "$status" -eq 2 ]
	run bash -c 'k8s-apid --help >/dev/full'
	[ "$status" -eq 3 ]
}

@test "SIGTERM ends it with 0" {
	start_apid
	own=$APID_PID
	kill -TERM "$own"
	wait "$own"
}
