# A sandbox of one's own for a file's tests of cluster tools.  Load after helper.bash.
#   start_sandbox [MANIFEST]   in setup_file: starts it, applies MANIFEST to the namespace default
#   use_sandbox                in setup: sets KUBECONFIG, which helper.bash takes out of the environment
#   stop_sandbox               in teardown_file
#   api METHOD PATH [CURL-ARG…]   a request with the admin's token; the body on stdout
#   until_true SECONDS PATH JQ    waits until JQ is true of the object at PATH

start_sandbox() {
	export SANDBOX_STATE SANDBOX_NAME=t$$
	SANDBOX_STATE=$(mktemp -d)
	export XDG_RUNTIME_DIR=$SANDBOX_STATE
	eval "$(k8s-sandbox up --name "$SANDBOX_NAME" --images "$ROOT/share/images" 2>"$SANDBOX_STATE/up" 3>&-)"
	echo "$KUBECONFIG" >"$SANDBOX_STATE/kubeconfig"
	export KUBECONFIG
	wait_for 10 api GET /api/v1/namespaces/default/serviceaccounts/default -f
	[[ -z ${1:-} ]] || k8s-apply -n default -f "$1" >"$SANDBOX_STATE/applied"
}

use_sandbox() {
	export KUBECONFIG
	KUBECONFIG=$(cat "$SANDBOX_STATE/kubeconfig")
}

stop_sandbox() {
	k8s-sandbox down --name "$SANDBOX_NAME" || true
	rm -rf "$SANDBOX_STATE"
}

sandbox_config() {
	sed -n "s/^ *-* *$1: *\"\{0,1\}\([^\"]*\)\"\{0,1\}$/\1/p" "$KUBECONFIG" | head -n 1
}

api() {
	local method=$1 path=$2 dir
	shift 2
	dir=$(dirname "$KUBECONFIG")
	curl -sS --cacert "$dir/ca.crt" -H @<(printf 'Authorization: Bearer %s\n' "$(sandbox_config token)") \
		-X "$method" "$@" "$(sandbox_config server)$path"
}

until_true() {
	wait_for "$1" bash -c "$(declare -f api sandbox_config); api GET '$2' -f | jq -e '$3'"
}
