# Shared by all bats files: the tools first on the PATH, free ports, and
# servers that are ended with the test that started them.
ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
export ROOT PATH=$ROOT/build/bin:$PATH
unset KUBECONFIG PGHOST PGPORT PGUSER PGPASSWORD PGDATABASE PGSERVICE REDIS_URL

# free_port: a TCP port on 127.0.0.1 that nothing listens on now
free_port() {
	python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

# wait_for SECONDS COMMAND…: until COMMAND succeeds; fails when the time is up
wait_for() {
	local end=$((SECONDS + $1))
	shift
	until "$@" >/dev/null 2>&1; do
		((SECONDS < end)) || return 1
		sleep 0.05
	done
}

# loaded N: the limit N for a time by the clock, as it is now: a machine with
# more to run than processors gives each its share, and the limit goes with it
loaded() {
	local running cores
	running=$(cut -d' ' -f4 /proc/loadavg)
	running=${running%/*}
	cores=$(nproc)
	echo $(($1 * (running > cores ? running : cores) / cores))
}

# end_process PID: TERM, then KILL after 5 s
end_process() {
	kill -TERM "$1" 2>/dev/null || return 0
	wait_for 5 bash -c "! kill -0 $1" || kill -KILL "$1" 2>/dev/null || true
}

# No process has this test's mark in the environment that it was started with;
# the shells of the test itself were started before there was a mark.
no_process_left() {
	local e
	for e in /proc/[0-9]*/environ; do
		if tr '\0' '\n' <"$e" 2>/dev/null | grep -qx "INTTEST_MARK=$INTTEST_MARK"; then
			return 1
		fi
	done
}

nothing_left() {
	no_process_left && ! compgen -G 'runs/*/rendered' >/dev/null
}
