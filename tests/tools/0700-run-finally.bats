#!/usr/bin/env bats
# run-finally: the second command runs whatever happens to the first.

bats_require_minimum_version 1.5.0
load helper

setup() {
	cd "$BATS_TEST_TMPDIR" || return
	echo "echo begun >>log; sleep 0.4; echo ended >>log" >clean
}

@test "exit status of the command, clean-up done" {
	run -0 run-finally -f 'echo ended >log' true
	[ "$(cat log)" = ended ]
	run -7 run-finally -f 'echo again >>log' sh -c 'exit 7'
	[ "$(tail -n 1 log)" = again ]
}

@test "a command that does not exist still gets its clean-up" {
	run -2 run-finally -f 'echo done >log' ./no-such-program
	[ -e log ]
	[[ $output == *no-such-program* ]]
}

@test "a clean-up that fails: 3, or the command's own failure" {
	run -3 run-finally -f 'exit 9' true
	[[ $output == *'clean-up: exit status 9'* ]]
	run -1 run-finally -f 'exit 9' false
}

@test "a clean-up that hangs is ended: 3" {
	run -3 run-finally -t 300ms -f 'sleep 60' true
	[[ $output == *'not done in time'* ]]
}

signalled() { # SIGNAL STATUS
	env --default-signal=HUP run-finally -f 'sh ./clean' sh -c 'echo up >up; sleep 30' 3>&- &
	local pid=$! rc=0
	wait_for 5 test -s up
	kill "-$1" "$pid"
	wait "$pid" || rc=$?
	[ "$rc" = "$2" ]
	[ "$(tail -n 1 log)" = ended ]
}

@test "INT, TERM, HUP: clean-up, then 128 + signal" {
	for s in INT:130 TERM:143 HUP:129; do
		rm -f up log
		signalled "${s%:*}" "${s#*:}"
	done
}

@test "under nohup the end of the terminal ends neither" {
	nohup run-finally -f 'echo done >log' sh -c 'echo $$ >up; sleep 0.5; echo "went on" >went' 3>&- >/dev/null 2>&1 &
	local pid=$! rc=0
	wait_for 5 test -s up
	kill -HUP "$pid" "$(cat up)"
	wait "$pid" || rc=$?
	[ "$rc" = 0 ]
	[ -e went ] && [ -e log ]
}

@test "^Z stops it for the shell, fg has the command go on with its terminal" {
	run -0 timeout 30 python3 - 3>&- <<-'END'
		import os, pty, sys
		pid, fd = pty.fork()
		if pid == 0:
		    os.execvp("bash", ["bash", "--norc", "--noediting", "-i"])
		def expect(word, text=b""):
		    while word not in text:
		        text += os.read(fd, 4096)
		    print(text)
		# what is typed is echoed: only what is printed has the words whole
		os.write(fd, b"run-finally -f 'echo CL''EAN' sh -c 'echo U''P; read x'\n")
		expect(b"UP")
		os.write(fd, b"\x1a")
		expect(b"Stopped")
		os.write(fd, b"echo SH''ELL\n")
		expect(b"SHELL")
		os.write(fd, b"fg\n")
		expect(b"sh -c")
		os.write(fd, b"abc\n")
		expect(b"CLEAN")
		os.write(fd, b"exit\n")
		os.waitpid(pid, 0)
	END
}

@test "a second INT during the clean-up does not stop it" {
	run-finally -f 'sh ./clean' sh -c 'echo up >up; sleep 30' 3>&- 2>err &
	local pid=$! rc=0
	wait_for 5 test -s up
	kill -INT "$pid"
	wait_for 5 test -s log
	kill -INT "$pid"
	wait_for 5 test -s err
	# the same ^C, passed on by a parent: told once
	kill -INT "$pid"
	wait "$pid" || rc=$?
	[ "$rc" = 130 ]
	[ "$(cat log)" = $'begun\nended' ]
	[ "$(grep -c 'clean-up goes on' err)" = 1 ]
}

@test "a command that ignores INT is killed after the grace" {
	run-finally -g 300ms -f 'echo done >log' \
		sh -c 'trap "" INT; echo up >up; while :; do sleep 0.1; done' 3>&- 2>err &
	local pid=$! rc=0
	wait_for 5 test -s up
	kill -INT "$pid"
	wait "$pid" || rc=$?
	[ "$rc" = 130 ]
	[ -e log ]
	grep -q 'after the grace' err
}

@test "what the command left running is ended before the clean-up" {
	# gone, or dead and not yet collected by its new parent
	echo 'sleep 0.1; ! grep -q "^State:.[^ZX]" "/proc/$(cat left)/status"' >check
	run -0 run-finally -f 'sh ./check' sh -c 'sleep 60 & echo $! >left'
}

@test "usage: 2" {
	run -2 run-finally true
	[[ $output == *usage:* ]]
	run -2 run-finally -f true
	run -2 run-finally -x
	run -2 run-finally -t soon -f true true
	run -0 run-finally --help
	run -0 run-finally --version
	run -3 bash -c 'run-finally --help >/dev/full'
}
