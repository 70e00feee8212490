#!/usr/bin/env bats
# k8s-apply against an API server without nodes: records, order, conflicts,
# what is refused before anything is sent, and its exit statuses.

bats_require_minimum_version 1.5.0
load helper
load cluster

setup_file() {
	start_apid
}

teardown_file() {
	stop_apid
}

setup() {
	own_namespace
	cat >cm.yaml <<-'Y'
		apiVersion: v1
		kind: ConfigMap
		metadata: {name: one, labels: {a: "1"}}
		data: {mode: "0644"}
		---
		apiVersion: v1
		kind: Secret
		metadata: {name: two}
		data: {k: dg==}
	Y
}

teardown() {
	[[ -z ${COUNT:-} ]] || kill "$COUNT" || true
}

results() { # kind/name:result of each record
	jq -r 'select(.type == "apply") | "\(.kind)/\(.name):\(.result)"' | tr '\n' ' '
}

@test "created, unchanged, configured" {
	run -0 --separate-stderr k8s-apply -n "$NS" -f cm.yaml
	[ "$(results <<<"$output")" = 'ConfigMap/one:created Secret/two:created ' ]
	[ -z "$stderr" ]
	jq -es --arg ns "$NS" 'all(.namespace == $ns and .apiVersion == "v1" and .ms > 0 and (.uid | length) == 36)' <<<"$output"
	run -0 k8s-apply -n "$NS" -f cm.yaml
	[ "$(results <<<"$output")" = 'ConfigMap/one:unchanged Secret/two:unchanged ' ]
	sed -i 's/0644/0600/' cm.yaml
	run -0 k8s-apply -n "$NS" -f cm.yaml
	[ "$(results <<<"$output")" = 'ConfigMap/one:configured Secret/two:unchanged ' ]
	api GET "/api/v1/namespaces/$NS/configmaps/one" | jq -e '.data.mode == "0600" and .metadata.managedFields[0].manager == "inttest"'
}

@test "what is no longer applied goes away" {
	k8s-apply -n "$NS" -f cm.yaml >/dev/null
	sed -i '/^data:/d' cm.yaml
	run -0 k8s-apply -n "$NS" -f cm.yaml
	api GET "/api/v1/namespaces/$NS/configmaps/one" | jq -e '.data == null'
}

@test "standard input, JSON and lists" {
	run -0 k8s-apply -n "$NS" <<<'{"apiVersion":"v1","kind":"List","items":[{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"l1"}},{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"l2"}}]}'
	[ "$(results <<<"$output")" = 'ConfigMap/l1:created ConfigMap/l2:created ' ]
	run -0 k8s-apply -n "$NS" -f - <cm.yaml
	[ "$(results <<<"$output")" = 'ConfigMap/one:created Secret/two:created ' ]
}

@test "a folder, in the order of names; folders within with -R" {
	mkdir -p d/sub
	sed 's/one/z/' cm.yaml >d/1.yml
	sed 's/one/a/;s/two/b/' cm.yaml >d/2.yaml
	sed 's/one/v/;s/two/w/' cm.yaml >d/sub/3.json
	echo 'not: read' >d/README
	run -0 k8s-apply -n "$NS" -f d
	[ "$(results <<<"$output")" = 'ConfigMap/z:created Secret/two:created ConfigMap/a:created Secret/b:created ' ]
	run -0 k8s-apply -R -n "$NS" -f d
	[ "$(results <<<"$output" | wc -w)" -eq 6 ]
}

@test "YAML means what it means to kubectl" {
	cat >y.yaml <<-'Y'
		apiVersion: apps/v1
		kind: Deployment
		metadata: {name: web, labels: &l {app: web}}
		spec:
		  replicas: 0o2
		  paused: yes
		  selector: {matchLabels: *l}
		  template:
		    metadata: {labels: {<<: *l, tier: api}}
		    spec: {containers: [{name: c, image: x}]}
	Y
	run -0 k8s-apply -n "$NS" -f y.yaml
	api GET "/apis/apps/v1/namespaces/$NS/deployments/web" | jq -e '.spec.replicas == 2 and .spec.paused == true
		and .spec.template.metadata.labels == {app: "web", tier: "api"}'
}

@test "namespaces come before what is in them, records in input order" {
	cat >n.yaml <<-Y
		apiVersion: v1
		kind: ConfigMap
		metadata: {name: in, namespace: $NS-new}
		---
		apiVersion: v1
		kind: Namespace
		metadata: {name: $NS-new}
	Y
	run -0 k8s-apply -f n.yaml
	[ "$(results <<<"$output")" = "ConfigMap/in:created Namespace/$NS-new:created " ]
}

@test "a conflict names field and manager, --force-conflicts takes over" {
	k8s-apply -n "$NS" -f cm.yaml >/dev/null
	sed 's/0644/0700/' cm.yaml >other.yaml
	run -1 --separate-stderr k8s-apply -n "$NS" --field-manager other -f other.yaml
	[ "$(results <<<"$output")" = 'ConfigMap/one:failed Secret/two:configured ' ]
	[[ $stderr == *other.yaml:1:\ ConfigMap\ "$NS"/one:*.data.mode*inttest* ]]
	jq -es '.[0].error | test("conflict")' <<<"$output"
	run -0 k8s-apply -n "$NS" --field-manager other --force-conflicts -f other.yaml
	api GET "/api/v1/namespaces/$NS/configmaps/one" | jq -e '.data.mode == "0700"'
}

@test "--dry-run says what would be, and leaves all as it is" {
	run -0 k8s-apply -n "$NS" --dry-run -f cm.yaml
	[ "$(results <<<"$output")" = 'ConfigMap/one:created Secret/two:created ' ]
	[ "$(api_code GET "/api/v1/namespaces/$NS/configmaps/one")" = 404 ]
	k8s-apply -n "$NS" -f cm.yaml >/dev/null
	sed -i 's/0644/0600/' cm.yaml
	run -0 k8s-apply -n "$NS" --dry-run=server -f cm.yaml
	[ "$(results <<<"$output")" = 'ConfigMap/one:configured Secret/two:unchanged ' ]
	api GET "/api/v1/namespaces/$NS/configmaps/one" | jq -e '.data.mode == "0644"'
}

@test "--dry-run makes no namespace for what is in it, and says so" {
	printf 'apiVersion: v1\nkind: Namespace\nmetadata: {name: %s}\n---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, namespace: %s}\n' new new >new.yaml
	run -1 --separate-stderr k8s-apply --dry-run -f new.yaml
	[[ $stderr == *'ConfigMap new/a: its namespace is in this input, but a dry run makes none' ]]
	sed -i '1,/---/d' new.yaml
	run -1 --separate-stderr k8s-apply --dry-run -f new.yaml
	[[ $stderr == *'namespaces "new" not found' ]]
}

@test "--diff shows what changes, and no secrets" {
	k8s-apply -n "$NS" -f cm.yaml >/dev/null
	run -0 --separate-stderr k8s-apply -n "$NS" --diff --dry-run -f cm.yaml
	[ -z "$stderr" ]
	sed -i 's/0644/0600/; s/dg==/c2VjcmV0/' cm.yaml
	run -0 --separate-stderr k8s-apply -n "$NS" --diff --dry-run -f cm.yaml
	[ "$(results <<<"$output")" = 'ConfigMap/one:configured Secret/two:configured ' ]
	[[ $stderr == *'--- cm.yaml:1: ConfigMap '*'-'*'0644'*'+'*'0600'* ]]
	[[ $stderr == *'*** (before)'*'*** (after)'* && $stderr != *c2VjcmV0* && $stderr != *dg==* ]]
	run -0 --separate-stderr k8s-apply -n "$NS" --diff -f cm.yaml
	[[ $stderr == *0600* ]]
	api GET "/api/v1/namespaces/$NS/configmaps/one" | jq -e '.data.mode == "0600"'
}

@test "--diff does not show a secret in what kubectl apply has noted" {
	api POST "/api/v1/namespaces/$NS/secrets" -H 'Content-Type: application/json' -d '{"metadata":{"name":"two","annotations":{"a":"b",
		"kubectl.kubernetes.io/last-applied-configuration":"{\"data\":{\"k\":\"aHVzaA==\"}}"}},"data":{"k":"aHVzaA=="}}' >/dev/null
	run -0 --separate-stderr k8s-apply -n "$NS" --diff --force-conflicts -f cm.yaml
	[[ $stderr == *'*** (before)'*'*** (after)'* && $stderr != *aHVzaA* && $stderr != *dg==* ]]
	# what is new is said to be so, and no more
	sed 's/two/three/' cm.yaml >new.yaml
	run -0 --separate-stderr k8s-apply -n "$NS" --diff -f new.yaml
	[[ $stderr == *'"k":'*'***'* && $stderr != *dg==* ]]
}

@test "refused before anything is sent: 2, with file and line" {
	printf 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: ok}\n---\n' >bad.yaml
	cp bad.yaml start
	check() { # MESSAGE
		run -2 --separate-stderr k8s-apply -n "$NS" -f bad.yaml
		[[ -z $output && $stderr == *"$1"* ]]
		[ "$(api_code GET "/api/v1/namespaces/$NS/configmaps/ok")" = 404 ]
		cp start bad.yaml
	}
	printf 'a: 1\nb: [\n' >>bad.yaml
	check 'bad.yaml:7: '
	printf 'apiVersion: v1\nkind: Pod\nmetadata: {name: a, name: b}\n' >>bad.yaml
	check 'bad.yaml:7: duplicate key "name"'
	printf 'apiVersion: v1\nkind: Pod\nmetadata: {}\n' >>bad.yaml
	check 'bad.yaml:5: Pod without metadata.name'
	# shellcheck disable=SC2016 # the placeholder is meant
	printf 'apiVersion: v1\nkind: Secret\nmetadata: {name: a}\nx: ${TAG}\n' >>bad.yaml
	# shellcheck disable=SC2016
	check 'bad.yaml:8: placeholder ${TAG} has no value'
	printf 'apiVersion: v1\nkind: ConfigMop\nmetadata: {name: a}\n' >>bad.yaml
	check 'bad.yaml:5: ConfigMop: no such kind'
	printf 'apiVersion: v1\nkind: configmap\nmetadata: {name: a}\n' >>bad.yaml
	check 'bad.yaml:5: configmap: no such kind in v1; did you mean ConfigMap'
	printf 'apiVersion: v1\nkind: Pod\nmetadata: {generateName: a-}\n' >>bad.yaml
	check 'bad.yaml:5: Pod with generateName, but without a name'
	printf 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, namespace: other}\n' >>bad.yaml
	check 'the object names the namespace other'
	printf 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: ok}\n' >>bad.yaml
	check 'bad.yaml:5: ConfigMap '"$NS"'/ok: also given in bad.yaml:1'
}

@test "--keep-placeholders" {
	# shellcheck disable=SC2016
	printf 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: p}\ndata: {script: "echo ${HOME}"}\n' >p.yaml
	run -0 k8s-apply -n "$NS" --keep-placeholders -f p.yaml
	api GET "/api/v1/namespaces/$NS/configmaps/p" | jq -e '.data.script == "echo ${HOME}"'
}

@test "many objects side by side keep their order" {
	for i in {1..60}; do printf -- '---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: m%s}\n' "$i"; done >many.yaml
	run -0 k8s-apply -n "$NS" -j 16 -f many.yaml
	[ "$(jq -r .name <<<"$output")" = "$(printf 'm%s\n' {1..60})" ]
	jq -es 'all(.result == "created")' <<<"$output"
}

@test "few connections, unless more are asked for" {
	local port n
	for i in {1..60}; do printf -- '---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: m%s}\n' "$i"; done >many.yaml
	python3 "$ROOT/tests/cluster/relay.py" "${APID_URL#https://}" count connections >port 3>&- &
	COUNT=$!
	until [[ -s port ]]; do sleep 0.05; done
	port=$(<port)
	sed "s,$APID_URL,https://127.0.0.1:$port," "$KUBECONFIG" >through
	run -0 k8s-apply --kubeconfig through -n "$NS" -f many.yaml
	n=$(wc -l <connections)
	((n <= 6))
	run -0 k8s-apply --kubeconfig through -n "$NS" -j 20 -f many.yaml
	(($(wc -l <connections) - n > 6))
}

@test "a namespace on what is in none is passed over, as kubectl does" {
	printf 'apiVersion: v1\nkind: Namespace\nmetadata: {name: %s-n, namespace: other}\n' "$NS" >n.yaml
	run -0 k8s-apply -f n.yaml
	jq -e '.result == "created" and (has("namespace") | not)' <<<"$output"
}

@test "a field that is fixed: what to do" {
	printf 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: im}\nimmutable: true\ndata: {a: "1"}\n' >im.yaml
	k8s-apply -n "$NS" -f im.yaml >/dev/null
	sed -i 's/"1"/"2"/' im.yaml
	run -1 --separate-stderr k8s-apply -n "$NS" -f im.yaml
	[[ $stderr == *"data: only a new object can have another one; k8s-delete -n $NS configmap/im removes this one" ]]
}

@test "an older version in the input: told at once, with what to do" {
	printf 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: v, resourceVersion: "1"}\n' >v.yaml
	sed 's/, resourceVersion: "1"//' v.yaml | k8s-apply -n "$NS" >/dev/null
	run -1 --separate-stderr k8s-apply -n "$NS" -f v.yaml
	[[ $stderr == *'without metadata.resourceVersion it would be applied to any version' ]]
	jq -e '.result == "failed" and .ms < 4000' <<<"$output"
}

@test "one object is refused, the others go on: 1" {
	printf -- '---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: "Not Valid"}\n' >>cm.yaml
	run -1 --separate-stderr k8s-apply -n "$NS" -f cm.yaml
	[ "$(results <<<"$output")" = 'ConfigMap/one:created Secret/two:created ConfigMap/Not Valid:failed ' ]
	[[ $stderr == 'k8s-apply: cm.yaml:11: ConfigMap '* ]]
}

@test "no server, a wrong token: 3" {
	sed "s|https://127.0.0.1:[0-9]*|https://127.0.0.1:$(free_port)|" "$KUBECONFIG" >none
	run -3 --separate-stderr k8s-apply --kubeconfig none -t 1s -n "$NS" -f cm.yaml
	[[ $stderr == 'k8s-apply: '* ]]
	sed "s|token: .*|token: wrong}}]|" "$KUBECONFIG" >wrong
	run -3 --separate-stderr k8s-apply --kubeconfig wrong -n "$NS" -f cm.yaml
	[[ -n $stderr && $stderr != *wrong* ]]
}

@test "nothing in, a missing file, an operand, bad options: 2" {
	run -2 k8s-apply -n "$NS" </dev/null
	run -2 k8s-apply -n "$NS" -f none.yaml
	[[ $output == *none.yaml* ]]
	run -2 k8s-apply -n "$NS" -f https://example.invalid/a.yaml
	[[ $output == 'k8s-apply: https://example.invalid/a.yaml: not a file; '*curl* ]]
	run -2 k8s-apply -n "$NS" cm.yaml
	run -2 k8s-apply -j 0 -f cm.yaml
	run -2 k8s-apply -t never -f cm.yaml
	run -2 k8s-apply --dry-run=client -f cm.yaml
	run -2 k8s-apply --context none -f cm.yaml
}

@test "a full disk: 3" {
	# more than a buffer's worth: the failure shows before the end
	for i in {1..60}; do printf -- '---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: m%s}\n' "$i"; done >many.yaml
	run -3 bash -c "k8s-apply -n $NS -f many.yaml >/dev/full"
	[[ $output == 'k8s-apply: standard output: No space left on device' ]]
}
