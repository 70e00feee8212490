#!/usr/bin/env bats
# What can be said of the image without an engine: that its context is whole,
# that it runs what the sandbox runs, and how its absence is told.

bats_require_minimum_version 1.5.0
load helper

# an engine that notes what it is asked for
fake_engine() { # NAME: and no other works
	local e
	mkdir -p bin
	for e in podman buildah docker; do
		if [[ $e == "$1" ]]; then
			printf '#!/bin/sh\n[ "$1" = info ] && exit\necho "$@" >>"%s/asked"\n' "$PWD" >bin/$e
		else
			printf '#!/bin/sh\nexit 1\n' >bin/$e
		fi
	done
	chmod +x bin/*
	PATH=$PWD/bin:$PATH
}

setup() {
	cd "$BATS_TEST_TMPDIR" || return
}

@test "the context holds all that is copied, built and installed" {
	mkdir context
	"$ROOT/share/image" context context
	[ -x context/share/setup ]
	make -C context -n all >/dev/null
	# what the rules would install is there, but for what is compiled
	make -C context -n install DESTDIR=/x BUILD="$ROOT/build" | sed -n 's/^\(cp -R\|install -m 755\) //p' | tr ' ' '\n' |
		grep -v -e '^"*/' -e ^build/ | while IFS= read -r path; do ls -d "context/$path"; done
	[ ! -e context/runs ] && [ ! -e context/build ]
}

@test "another stack takes the example's place, with the Job's manifests" {
	mkdir context
	STACK=$ROOT/tests/data/tiny "$ROOT/share/image" context context
	diff -r "$ROOT/tests/data/tiny/seed" context/seed
	[ -e context/manifests/runner.yaml ] && [ -e context/tests/api/note-api.jsonl ]
	[ ! -e context/manifests/redis.yaml ]
}

@test "the services' entrypoints are those of the sandbox" {
	for s in query-api registry risk trading; do
		want=$(jq -c '.variants[0].entrypoint | map(sub("^/app/"; "/usr/local/share/inttest/stonks/"))' \
			"$ROOT/share/images/$s/image.json")
		got=$(sed -n "/ AS $s\$/,/^\$/s/^ENTRYPOINT //p" "$ROOT/Containerfile" | jq -c .)
		[ "$want" = "$got" ]
	done
}

@test "the libraries' packages are those that the tools link with" {
	run -0 "$ROOT/share/image" packages "$ROOT/build/bin"
	[[ $output == *libcurl* && $output == *libjq1* && $output == *libpq5* ]]
	mkdir bin
	cp "$ROOT"/share/inttest "$ROOT"/build/bin/s3-put bin # scripts are installed beside the tools
	run -0 "$ROOT/share/image" packages bin
	[[ $output == *libcurl* && $output != *libjq1* ]]
	[[ $(sed -n 's/.*share\/setup list //p' "$ROOT/Containerfile") == *build*run* ]]
}

@test "one build for each image; a stack of one's own has one" {
	fake_engine podman
	REGISTRY=here TAG=1 run -0 --separate-stderr "$ROOT/share/image"
	[ "${lines[0]}" = here/inttest:1 ] && [ "${#lines[@]}" = 5 ]
	[ "$(grep -c -- '--target' asked)" = 5 ]
	STACK=$ROOT/tests/data/tiny run -0 --separate-stderr "$ROOT/share/image"
	[ "${#lines[@]}" = 1 ]
	STACK=$PWD run -2 "$ROOT/share/image"
}

@test "buildah is told to build what is shared once" {
	fake_engine buildah
	run -0 "$ROOT/share/image"
	[ "$(grep -c -- '^build --layers' asked)" = 5 ]
}

@test "no engine: 3, and which would do; usage: 2" {
	mkdir none
	for c in bash dirname realpath; do ln -s "$(command -v $c)" none/; done
	PATH=$PWD/none run -3 "$ROOT/share/image"
	[[ $output == *'no podman, buildah or docker'* ]]
	run -2 "$ROOT/share/image" --nonsense
	run -2 "$ROOT/share/image" context /nonexistent
	run -0 "$ROOT/share/image" --help
}
