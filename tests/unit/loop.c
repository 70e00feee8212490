/* The loop: timers in order, descriptors, stale events, signals, nesting. */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "lib/clock.h"
#include "lib/loop.h"
#include "tap.h"

struct env {
	struct loop *l;
	struct loop_timer *t;
	char order[64];
	int a[2], b[2];
	int calls;
};

static struct env e;

static void
note(void *arg)
{
	size_t n = strlen(e.order);

	snprintf(e.order + n, sizeof(e.order) - n, "%s", (const char *)arg);
}

static void
timer_again(void *arg)
{
	(void)arg;
	if (++e.calls < 3)
		loop_timer(e.l, 0, timer_again, NULL, NULL);
}

/* Both pipes are readable; whichever comes first drops both. */
static void
drop_both(void *arg, int fd, uint32_t events)
{
	(void)arg;
	(void)fd;
	(void)events;
	e.calls++;
	loop_fd_drop(e.l, e.a[0]);
	loop_fd_drop(e.l, e.b[0]);
}

static void
read_all(void *arg, int fd, uint32_t events)
{
	char piece[4];
	ssize_t n = read(fd, piece, sizeof(piece));

	(void)arg;
	(void)events;
	e.calls++;
	if (n <= 0)
		loop_fd_drop(e.l, fd);
}

static void
on_signal(void *arg, int signo)
{
	(void)arg;
	e.calls = signo;
	loop_stop(e.l);
}

static void
nest(void *arg)
{
	(void)arg;
	note((void *)"(");
	while (strchr(e.order, 'x') == NULL)
		loop_once(e.l, -1, NULL);
	note((void *)")");
}

static void
test_timers(void)
{
	double from;
	int i;

	e.order[0] = '\0';
	loop_timer(e.l, 20, note, (void *)"c", NULL);
	loop_timer(e.l, 5, note, (void *)"a", NULL);
	loop_timer(e.l, 10, note, (void *)"b", NULL);
	e.t = loop_timer(e.l, 7, note, (void *)"X", NULL);
	loop_timer_cancel(e.l, &e.t);
	tap_ok(e.t == NULL, "a cancelled timer's pointer is cleared");
	from = clock_ms();
	tap_ok(loop_run(e.l, NULL) == 0, "loop_run ends when nothing is left");
	tap_str(e.order, "abc", "timers fire in order of time");
	tap_ok(clock_ms() - from >= 20, "and not too early");
	e.order[0] = '\0';
	for (i = 0; i < 26; i++)
		loop_timer(e.l, (i * 7) % 26 * 0.001, note,
		    (void *)&"z\0y\0x\0"[i % 3 * 2], NULL);
	loop_run(e.l, NULL);
	tap_ok(strlen(e.order) == 26, "every timer of many fires once");
	e.calls = 0;
	loop_timer(e.l, 0, timer_again, NULL, NULL);
	loop_once(e.l, 0, NULL);
	tap_ok(e.calls == 1, "a timer made in a timer waits for the next turn");
	loop_run(e.l, NULL);
	tap_ok(e.calls == 3, "and comes then");
}

static void
test_fds(void)
{
	char path[] = "/tmp/loop-test-XXXXXX";
	int fd;

	if (pipe(e.a) != 0 || pipe(e.b) != 0 || write(e.a[1], "x", 1) != 1 ||
	    write(e.b[1], "x", 1) != 1)
		exit(1);
	e.calls = 0;
	loop_fd(e.l, e.a[0], EPOLLIN, drop_both, NULL, NULL);
	loop_fd(e.l, e.b[0], EPOLLIN, drop_both, NULL, NULL);
	loop_run(e.l, NULL);
	tap_ok(e.calls == 1, "an event of a dropped descriptor is not told");
	e.calls = 0;
	close(e.a[1]);
	loop_fd(e.l, e.a[0], EPOLLIN, read_all, NULL, NULL);
	loop_run(e.l, NULL);
	tap_ok(e.calls == 2, "data, then the end of file");
	fd = mkstemp(path);
	unlink(path);
	if (fd == -1 || write(fd, "123456", 6) != 6)
		exit(1);
	lseek(fd, 0, SEEK_SET);
	e.calls = 0;
	tap_ok(loop_fd(e.l, fd, EPOLLIN, read_all, NULL, NULL) == 0,
	    "a regular file can be watched");
	loop_run(e.l, NULL);
	tap_ok(e.calls == 3, "and is always ready");
	close(fd);
	tap_ok(loop_fd(e.l, -1, EPOLLIN, read_all, NULL, NULL) == -1,
	    "a bad descriptor is refused");
	close(e.a[0]);
	close(e.b[0]);
	close(e.b[1]);
}

int
main(void)
{
	struct fault f = { 0 };
	sigset_t now;

	e.l = loop_new(&f);
	if (!tap_ok(e.l != NULL, "loop_new"))
		return tap_end();
	test_timers();
	test_fds();
	e.order[0] = '\0';
	loop_timer(e.l, 0, nest, NULL, NULL);
	loop_timer(e.l, 3, note, (void *)"x", NULL);
	loop_run(e.l, NULL);
	tap_str(e.order, "(x)", "a callback may turn the loop");
	loop_signal(e.l, SIGUSR1, on_signal, NULL, &f);
	tap_ok(loop_run(e.l, NULL) == 0, "signals alone do not keep it going");
	loop_timer(e.l, 10000, note, (void *)"late", NULL);
	kill(getpid(), SIGUSR1);
	loop_run(e.l, NULL);
	tap_ok(e.calls == SIGUSR1, "a signal is told");
	tap_ok(strstr(e.order, "late") == NULL, "loop_stop ends loop_run");
	loop_free(e.l);
	sigprocmask(SIG_BLOCK, NULL, &now);
	tap_ok(!sigismember(&now, SIGUSR1), "loop_free unblocks signals");
	return tap_end();
}
