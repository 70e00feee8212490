/* Children: descriptors, signals, failures to start, output, time limits. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "lib/child.h"
#include "lib/clock.h"
#include "tap.h"

static int
refuse(void *arg)
{
	(void)arg;
	return EPERM;
}

static int
wait_end(struct child *c)
{
	struct pollfd p = { .fd = c->pidfd, .events = POLLIN };
	int status = -1;

	poll(&p, 1, 5000);
	return child_reap(c, &status, NULL) == 1 ? child_exit_status(status) :
						   -1;
}

static void
test_run(void)
{
	const char *hello[] = { "sh", "-c", "echo hello; exit 3", NULL };
	const char *much[] = { "sh", "-c", "head -c 100000 /dev/zero", NULL };
	const char *slow[] = { "sleep", "20", NULL };
	const char *none[] = { "no-such-program-here", NULL };
	const char *cat[] = { "sh", "-c", "cat; echo oops >&2", NULL };
	struct fault f = { 0 };
	struct buf out, err, in;
	double from;
	int status = -1;

	buf_init(&out, 1000);
	buf_init(&err, 1000);
	buf_init(&in, 1 << 20);
	tap_ok(child_run(hello, &out, 0, &status, &f) == 0, "child_run");
	tap_str(buf_str(&out), "hello\n", "its output");
	tap_ok(status == 3, "its status");
	tap_ok(child_run(much, &out, 0, &status, &f) == -1,
	    "output past the limit fails");
	from = clock_ms();
	tap_ok(child_run(slow, NULL, 50, &status, &f) == -1 &&
		   clock_ms() - from < 3000,
	    "the time limit ends it");
	tap_ok(child_run(none, NULL, 0, &status, &f) == -1 &&
		   f.code == FAULT_INPUT,
	    "a missing program");
	tap_str(f.msg, "no-such-program-here: no such program on the PATH",
	    "is told as such");
	buf_clear(&out);
	buf_adds(&in, "through");
	tap_ok(child_filter(cat, &in, &out, &err, 0, &status, &f) == 0,
	    "child_filter");
	tap_str(buf_str(&out), "through", "input reaches the child");
	tap_str(buf_str(&err), "oops\n", "standard error is collected");
	buf_release(&out);
	buf_release(&err);
	buf_release(&in);
}

static void
test_spawn(void)
{
	char script[200], line[16] = "";
	const char *argv[] = { "sh", "-c", script, NULL };
	struct child_spec s = { .argv = argv, .in = -1, .out = -1, .err = -1 };
	struct fault f = { 0 };
	struct child c;
	int p[2], other;

	if (pipe2(p, O_CLOEXEC) != 0)
		exit(1);
	other = dup(p[1]);
	snprintf(script, sizeof(script),
	    "echo kept >&%d; test ! -e /proc/$$/fd/%d", p[1], other);
	s.keep = &p[1];
	s.keep_n = 1;
	tap_ok(child_spawn(&c, &s, &f) == 0, "child_spawn");
	tap_ok(wait_end(&c) == 0, "descriptors not kept are closed");
	tap_ok(read(p[0], line, sizeof(line) - 1) == 5, "a kept one works");
	/* 1 and 2 exchanged */
	s.out = 2;
	s.err = 1;
	snprintf(script, sizeof(script), "kill -9 $$");
	tap_ok(child_spawn(&c, &s, &f) == 0 && wait_end(&c) == 137,
	    "a signal is 128 + its number");
	snprintf(script, sizeof(script), "sleep 20");
	tap_ok(child_spawn(&c, &s, &f) == 0 && child_kill(&c, SIGTERM) == 0 &&
		   wait_end(&c) == 143,
	    "child_kill");
	tap_ok(
	    child_kill(&c, SIGTERM) == -1, "an ended child is not signalled");
	s.cwd = "/nonexistent";
	tap_ok(child_spawn(&c, &s, &f) == -1 &&
		   strstr(f.msg, "/nonexistent") != NULL,
	    "a missing folder is named");
	s.cwd = NULL;
	s.setup = refuse;
	tap_ok(
	    child_spawn(&c, &s, &f) == -1 && c.pid == -1, "setup can refuse");
	close(p[0]);
	close(p[1]);
	close(other);
}

int
main(void)
{
	test_run();
	test_spawn();
	return tap_end();
}
