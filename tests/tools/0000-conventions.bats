#!/usr/bin/env bats
# What holds for every tool: help, version, refusals, a checked standard
# output, a manual page with the sections that people look for.

bats_require_minimum_version 1.5.0
load helper

# the tests of make are no part of the make that runs them
setup() {
	unset MAKEFLAGS MFLAGS MAKELEVEL
}

tools() {
	local t
	for t in "$ROOT"/build/bin/*; do echo "${t##*/}"; done
}

each() { # FUNCTION: runs it for every tool, telling all that fail
	local t bad=0
	for t in $(tools); do
		"$1" "$t" || {
			echo "$t: $1"
			bad=1
		}
	done
	return $bad
}

helps() {
	run -0 --separate-stderr "$1" --help
	[[ $output == "usage: $1"* && -z $stderr ]] || return
	run -0 --separate-stderr "$1" --version
	[[ $output =~ ^$1\ [0-9]+\.[0-9]+ && -z $stderr ]]
}

@test "--help and --version on standard output, 0" {
	each helps
}

refuses() {
	run -2 --separate-stderr "$1" --no-such-option
	[[ -z $output && $stderr == *"$1: "* && $stderr == *usage:* ]]
}

@test "an unknown option: 2, with the usage on standard error" {
	each refuses
}

says() { # MESSAGE COMMAND…: refused with that message
	local want=$1
	shift
	run -2 "$@"
	[ "${lines[0]}" = "$1: $want" ] || {
		echo "$*: ${lines[0]}"
		return 1
	}
}

@test "a refused option is named as it was written, with what is wrong" {
	says '--cluster: needs an argument' results-json --cluster
	says '--timeout: needs an argument' run-stage --timeout
	says '-t: needs an argument' run-stage -kt
	says '--help=x: takes no argument' run-stage --help=x
	says '--nope=x: unknown option' run-stage --nope=x
	says '-q: unknown option' run-stage -q
	says '-q: unknown option' k8s-top --optional -qx
}

checks_stdout() {
	run -3 bash -c "$1 --help >/dev/full"
	[[ $output == *'No space left'* ]]
}

@test "a full disk: 3" {
	each checks_stdout
}

documented() {
	local page
	page=$(ls "$ROOT/man/$1".[18]) || return
	grep -q '^\.Sh EXIT STATUS' "$page" || return
	(($(sed -n '/^\.Sh EXAMPLES/,/^\.Sh [^E]/p' "$page" | grep -cE '^\.(Dl|Bd)') >= 3))
}

@test "a manual page with EXIT STATUS and three EXAMPLES" {
	each documented
}

@test "a second make does nothing" {
	run -0 make -C "$ROOT" --no-print-directory all units
	run -0 make -C "$ROOT" --no-print-directory all units
	[[ $output == *'Nothing to be done'* ]]
	run -0 make -C "$ROOT" --no-print-directory built
	[ -z "$output" ]
}

@test "two goals beside each other are built once" {
	run -0 make -C "$ROOT" -nj BUILD="$BATS_TEST_TMPDIR" inttest inttest-job
	[ "$(grep -c ' tools/tool.c$' <<<"$output")" = 1 ]
}

@test "make install puts tools, manuals and data under PREFIX" {
	run -0 make -C "$ROOT" --no-print-directory install DESTDIR="$BATS_TEST_TMPDIR" PREFIX='/opt/i t'
	for t in $(tools); do
		[ -x "$BATS_TEST_TMPDIR/opt/i t/bin/$t" ]
	done
	[ -e "$BATS_TEST_TMPDIR/opt/i t/share/man/man1/http-probe.1" ]
	[ -e "$BATS_TEST_TMPDIR/opt/i t/share/inttest/images/postgres/image.json" ]
	run -0 "$BATS_TEST_TMPDIR/opt/i t/bin/inttest" --help
}
