#!/usr/bin/env bats
# What manual pages show is run: every EXAMPLES line and display, in a prepared
# folder and one sandbox.  tests/data/examples has the parts: extract.py takes
# them from the pages, prepare makes the folder, how lists what is particular.

bats_require_minimum_version 1.5.0
load helper

setup_file() {
	local here=$ROOT/tests/data/examples name
	local -a within=() last=() outside=()
	cd "$BATS_FILE_TMPDIR" || return
	export XDG_RUNTIME_DIR=$PWD TMPDIR=$PWD
	mkdir examples folder
	: >without
	"$here/extract.py" examples "$ROOT"/man/*.[1-8] >names
	while read -r name; do
		case $(how "$name") in
		outside) outside+=("$name") ;;
		while) last+=("$name") ;;
		skip) echo "$name" >>skipped ;;
		kubectl) echo "$name" >>without ;; # there is none on this machine
		*)
			# what deletes comes last
			case $name in k8s-delete* | run-finally* | inttest.7*) last+=("$name") ;; *) within+=("$name") ;; esac ;;
		esac
	done <names
	cd folder || return
	"$here/prepare" "$ROOT"
	cp -R . ../folder2
	k8s-sandbox run -- "$here/cluster" ../examples "$here/how" ../results "${within[@]}" "${last[@]}" >../log 2>&1 3>&- ||
		echo "not ok sandbox: status $?: $(tail -n 5 ../log)" >>../results
	cd ../folder2 || return
	sandboxed "${outside[@]}"
}

# how NAME: the first word of what the list says of it; what shows kubectl is
# skipped where there is none
how() {
	local text page words what rest
	text=$(<"examples/$1")
	if [[ $text == *kubectl* ]] && ! command -v kubectl >/dev/null; then
		echo kubectl
		return
	fi
	while IFS=$'\t' read -r page words what rest; do
		if [[ $page == "${1%:*}" && $text == *"$words"* ]]; then
			echo "${what%% *}"
			return
		fi
	done <"$ROOT/tests/data/examples/how"
}

# those that make a sandbox of their own, one of them joining another's
sandboxed() {
	local other
	k8s-sandbox run -- sleep 60 >../other 2>&1 3>&- &
	other=$!
	wait_for 10 bash -c '[ -n "$(k8s-sandbox list)" ]'
	"$ROOT/tests/data/examples/run" ../examples "$ROOT/tests/data/examples/how" ../results "$@" >>../log 2>&1 3>&-
	kill -TERM "$other"
	wait "$other" || true
}

@test "every example ends as it should" {
	cd "$BATS_FILE_TMPDIR" || return
	grep '^not ok' results >&2 && return 1
	(($(grep -c '^ok' results) + $(wc -l <skipped) + $(wc -l <without) == $(wc -l <names)))
}

@test "hardly any is left out, and each line of the list is about one" {
	local page words rest
	cd "$BATS_FILE_TMPDIR" || return
	(($(wc -l <skipped) * 6 < $(wc -l <names)))
	while IFS=$'\t' read -r page words rest; do
		[[ $page == '#'* ]] || grep -lqF -- "$words" examples/"$page":* || {
			echo "$page: $words: no such example"
			return 1
		}
	done <"$ROOT/tests/data/examples/how"
}
