# What runs from outside (inttest) and runs as a Job (inttest-job) share: the
# command line, the run's folder, rendered manifests, the cluster.  Sourced;
# the caller sets me (its name), here (its folder) and root (of the stack and
# the rest: a checkout, or share/inttest of an installation).

die() {
	local status=$1
	shift
	echo "$me: $*" >&2
	exit "$status"
}

# arguments NAMES USAGE ARG…: VARIABLE=VALUE for each of NAMES, into the environment
arguments() {
	local names=" $1 " usage=$2 arg
	shift 2
	for arg in "$@"; do
		if [[ $arg == -h || $arg == --help ]]; then
			echo "$usage" || exit 3
			exit 0
		elif [[ $arg == --version ]]; then
			tools_first
			run-stage --version | sed "s/^run-stage/$me/" || exit 3
			exit 0
		fi
		[[ $arg == *=* && $names == *" ${arg%%=*} "* ]] || die 2 "unknown argument: $arg (see $me --help)"
		declare -gx "$arg"
	done
	unset MAKEFLAGS MFLAGS MAKELEVEL MAKEOVERRIDES
}

tools_first() {
	bin=$root/build/bin
	[[ -e $root/Makefile ]] || bin=$here
	caller_path=$PATH
	[[ -x $bin/run-stage ]] || die 3 "the tools are not built: run make first"
	export PATH=$bin:$PATH
}

# defaults of what was not given; the folder of the run, RUN_DIR
prepare() {
	STACK=$(realpath -e "${STACK:-$root}" 2>/dev/null) || die 2 "no such stack: ${STACK-}"
	CLUSTER=${CLUSTER:-sandbox} KEEP=${KEEP-}
	REGISTRY=${REGISTRY:-ghcr.io/celesrenata/stonks-oracle} TAG=${TAG:-latest}
	[[ $CLUSTER == sandbox || $CLUSTER == kube ]] || die 2 "CLUSTER is sandbox or kube: $CLUSTER"
	[[ -d $STACK/manifests ]] || die 2 "$STACK: not a stack: no manifests/ in it"
	[[ ${TTL:=1h} =~ ^0*([0-9]{1,6})([smhd])$ ]] || die 2 "TTL is a duration such as 90m or 1h: $TTL"
	local -A unit=([s]=1 [m]=60 [h]=3600 [d]=86400)
	EXPIRES=$(date -u -d "@$((EPOCHSECONDS + BASH_REMATCH[1] * unit[${BASH_REMATCH[2]}]))" +%FT%TZ)
	# a Job's run has the name that it was given outside
	id=${INTTEST_RUN:-$(date -u +%Y%m%d-%H%M%S)-$(od -An -N3 -tx1 /dev/urandom | tr -d ' ')}
	[[ $id =~ ^[a-z0-9-]+$ ]] || die 2 "INTTEST_RUN is lower case letters, digits and -: $id"
	RUNS=${RUNS:-runs}
	mkdir -p "$RUNS" && RUNS=$(realpath "$RUNS") || die 3 "$RUNS: cannot be made; RUNS=DIR says where runs are kept"
	RUN_DIR=$RUNS/$id
	(umask 077 && mkdir -p "$RUN_DIR/new/manifests") ||
		die 3 "$RUN_DIR: cannot be made; RUNS=DIR says where runs are kept"
	export STACK CLUSTER KEEP REGISTRY TAG TTL EXPIRES RUN_DIR
	forget_killed
}

# rendered manifests hold the run's secrets: gone with the run, or, when it was
# killed, with the next one (the lock says that nobody runs there any more)
forget() {
	rm -rf "$RUN_DIR/rendered" "$RUN_DIR/new"
	rmdir "$RUN_DIR" 2>/dev/null || true # of a run that was none
}
forget_killed() {
	local left
	trap forget EXIT
	# locked before it has the name that another run looks for
	exec 9>"$RUN_DIR/new/lock"
	flock 9
	mv "$RUN_DIR/new" "$RUN_DIR/rendered" || die 3 "$RUN_DIR: cannot be made"
	for left in "$RUNS"/*/rendered; do
		if [[ $left != "$RUN_DIR/rendered" ]] && flock -n "$left/lock" true 2>/dev/null; then
			rm -rf "$left"
		fi
	done
}

# render NAMES FILE…: into RUN_DIR/rendered/manifests.  Placeholders are those
# of NAMES and ${SECRET_*}, which get random values; others are errors.
render() {
	local file name names bad
	# shellcheck disable=SC2016,SC2086 # meant literally; a list of words
	printf -v names '${%s} ' ${1}
	shift
	# shellcheck disable=SC2016,SC2013
	for name in $(grep -oh '\${SECRET_[A-Z0-9_]*}' "$@" | sort -u); do
		names+="$name "
		name=${name#??}
		declare -gx "${name%?}=$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')"
	done
	bad=$(awk -v names=" $names" -v top="$STACK/" '{
		line = $0
		while (match(line, /\$\{[A-Z_][A-Z0-9_]*\}/)) {
			name = substr(line, RSTART, RLENGTH)
			if (!index(names, " " name " ")) {
				file = FILENAME
				if (index(file, top) == 1) file = substr(file, length(top) + 1)
				sub(/ $/, "", names)
				print file ":" FNR ": " name " is no placeholder; known are" names
			}
			line = substr(line, RSTART + RLENGTH)
		}
	}' "$@")
	[[ -z $bad ]] || die 2 "$bad"
	for file in "$@"; do
		(umask 077 && envsubst "$names" <"$file" >"$RUN_DIR/rendered/manifests/${file##*/}") ||
			die 3 "${file##*/}: cannot be rendered"
	done
}

# Whether the cluster is there and lets us in is told once, before anything is
# started.  What is refused for another reason, such as a webhook that knows no
# dry runs, is for stage 1 to tell.
ask_cluster() {
	local why status other tried=$RUN_DIR/rendered/tried
	[[ $CLUSTER == kube ]] || return 0
	why=$(k8s-apply --dry-run=server -f "$RUN_DIR/rendered/manifests/namespace.yaml" 2>&1 >"$tried")
	status=$?
	if ((status == 3)); then
		echo "$why" >&2
		die 3 "nothing was started: no namespace can be made in the cluster"
	fi
	# another one would get the label by which it is deleted when it has expired
	other=$(jq -r --arg own "$NAMESPACE" 'select(.kind == "Namespace" and .name != $own).name' "$tried" | head -n 1)
	[[ -z $other ]] || die 2 "nothing was started: manifests/namespace.yaml: Namespace $other is not \${NAMESPACE}"
	# a run deletes its namespace, so it takes over nobody's; one of that name may be on its way out
	why=$(k8s-wait --for deleted -t 5s "namespace/$NAMESPACE" 2>&1 >/dev/null)
	status=$?
	((status != 0)) || return 0
	((status != 1)) ||
		die 2 "nothing was started: namespace $NAMESPACE is there already; a run makes its own, and deletes it"
	echo "$why" >&2
	die 3 "nothing was started: the cluster's namespaces cannot be looked at"
}

# in_cluster COMMAND…: on the cluster of KUBECONFIG or in a sandbox, in this process's place
in_cluster() {
	local images=(--images "$STACK/images")
	[[ -d $STACK/images ]] || images=()
	if [[ $CLUSTER == kube ]]; then
		exec "$@"
	elif [[ -n $KEEP ]]; then
		k8s-sandbox up --name "$id" "${images[@]}" >/dev/null && exec k8s-sandbox exec --name "$id" -- "$@"
	else
		exec k8s-sandbox run "${images[@]}" -- "$@"
	fi
}

# attended COMMAND…: runs it in the cluster and passes signals on to it, also
# those that are sent to this process alone; they do not end what comes after
attended() {
	local child signal status again
	in_cluster "$@" &
	child=$!
	for signal in INT TERM HUP; do
		# shellcheck disable=SC2064 # this child
		trap "kill -$signal $child 2>/dev/null" $signal
	done
	wait "$child"
	status=$?
	while kill -0 "$child" 2>/dev/null; do
		wait "$child"
		status=$?
	done
	# it may have ended between the signal that broke off a wait and the question
	wait "$child" 2>/dev/null
	again=$?
	((again == 127)) || status=$again
	trap : INT TERM HUP
	return "$status"
}

# keep_or_end STATUS: what becomes of a failed run's namespace, or sandbox, that
# KEEP=1 was said for.  The commands are to work where they are pasted.
keep_or_end() {
	local ns=$NAMESPACE with='' look remove
	[[ -n $KEEP ]] || return 0
	[[ $me != inttest-job ]] || ns=inttest-$id # its own is gone
	if [[ $CLUSTER == sandbox ]]; then
		if (($1 == 0)); then
			k8s-sandbox down --name "$id" >/dev/null
			return
		fi
		with="$(command_of k8s-sandbox) exec --name $id -- "
		remove="$(command_of k8s-sandbox) down --name $id"
	elif (($1 == 0)) || [[ ${INTTEST_RUN-} ]] || ! k8s-wait --for 'jq=true' -t 2s "namespace/$ns" >/dev/null 2>&1; then
		return # nothing is kept, or whoever made the Job says so
	else
		with="${KUBECONFIG:+KUBECONFIG=$(printf %q "$KUBECONFIG") }"
		remove="$with$(command_of k8s-delete) namespace/$ns"
	fi
	look="kubectl -n $ns get pods,events"
	command -v kubectl >/dev/null || look="$(command_of k8s-dump) -n $ns -d $ns.dump"
	echo "$me: namespace $ns is kept$([[ $CLUSTER == sandbox ]] || echo "; after $EXPIRES another run may remove it").  To look into it:"
	printf '  %s\nand to remove it:\n  %s\n' "$with$look" "$remove"
} >&2

# command_of TOOL: as whoever has called us may call it
command_of() {
	local path
	path=$(PATH=$caller_path command -v "$1") && [[ $path -ef $bin/$1 ]] && echo "$1" || printf '%q\n' "$bin/$1"
}
