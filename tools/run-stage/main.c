/*
 * run-stage: runs one stage's command.  The command's records go into the
 * stage's file, followed by the stage's own record; what it says on standard
 * error is passed on; a line for people tells how it went.  On a terminal
 * that line lives while the command runs.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/child.h"
#include "lib/clock.h"
#include "lib/loop.h"
#include "lib/opt.h"
#include "lib/record.h"
#include "run-stage/progress.h"
#include "tool.h"

#define LINE_MAX_BYTES 65536 /* of standard error held back at most */

static const char usage[] =
    "run-stage [-k] [-p PART] [-t TIMEOUT] [-w WHAT] -n NAME -o FILE\n"
    "          -s NUMBER[/TOTAL] COMMAND [ARGUMENT ...]";

struct stage {
	struct loop *loop;
	struct progress *progress;
	struct child child;
	pid_t group;      /* the command's, also once it has ended */
	struct buf said;  /* of the command's stderr: a line not yet ended */
	char last[512];   /* its last line that is no detail of another */
	const char *file; /* where records go */
	const char *name, *part;
	const char *what; /* what it waits for, for people; or NULL */
	long long number, total;
	int keep_going; /* a clear no (1) lets the run go on */
	int records;    /* the file, open for appending */
	int errors;     /* read end of the command's stderr */
	int running;
	int status; /* exit status, once it has ended */
	int signo;  /* first signal that reached us */
	int late;   /* ended because its time was up */
	double timeout, start;
	char ts[CLOCK_TS_SIZE];
};

static void
say_lines(struct stage *s, const char *line, size_t n)
{
	const char *end;
	size_t len;

	progress_clear(s->progress);
	if (write(STDERR_FILENO, line, n) == -1)
		return; /* nobody listens: the record still tells */
	for (; n > 0; line += len, n -= len) {
		end = memchr(line, '\n', n);
		len = end != NULL ? (size_t)(end + 1 - line) : n;
		/* indented lines are details of the one before */
		if (strchr(" \t\r\n", *line) == NULL)
			snprintf(s->last, sizeof s->last, "%.*s",
			    (int)(end != NULL ? len - 1 : len), line);
	}
}

/*
 * Passes on whole lines, so that parallel stages do not mix within one.  1
 * when there was something to read; at the end of it the pipe is closed.
 */
static int
read_errors(struct stage *s)
{
	char *end;
	ssize_t n;

	if (buf_reserve(&s->said, 4096) != 0) {
		say_lines(s, s->said.data, s->said.len);
		buf_clear(&s->said);
		if (buf_reserve(&s->said, 4096) != 0)
			tool_fail(FAULT_UNSURE, "out of memory");
	}
	n = read(s->errors, s->said.data + s->said.len, 4096);
	if (n == -1 && (errno == EINTR || errno == EAGAIN))
		return errno == EINTR;
	if (n > 0) {
		s->said.len += (size_t)n;
		s->said.data[s->said.len] = '\0';
		end = memrchr(s->said.data, '\n', s->said.len);
		if (end != NULL) {
			say_lines(
			    s, s->said.data, (size_t)(end + 1 - s->said.data));
			buf_eat(&s->said, (size_t)(end + 1 - s->said.data));
		}
		return 1;
	}
	loop_fd_drop(s->loop, s->errors);
	close(s->errors);
	s->errors = -1;
	return 0;
}

static void
on_errors(void *arg, int fd, uint32_t events)
{
	(void)fd;
	(void)events;
	read_errors(arg);
}

static void
kill_group(const struct stage *s, int signo)
{
	if (s->group > 1)
		kill(-s->group, signo);
}

static void
on_signal(void *arg, int signo)
{
	struct stage *s = arg;

	if (s->signo == 0)
		s->signo = signo;
	kill_group(s, s->signo == signo ? signo : SIGKILL);
}

static void
on_timeout(void *arg)
{
	struct stage *s = arg;

	s->late = 1;
	tool_warn("%s: not done in time, ended", s->name);
	kill_group(s, SIGKILL);
}

static void
on_end(void *arg, int fd, uint32_t events)
{
	struct stage *s = arg;
	struct fault f = { 0 };
	int status, rc;

	(void)events;
	rc = child_reap(&s->child, &status, &f);
	if (rc == 0)
		return;
	loop_fd_drop(s->loop, fd);
	s->running = 0;
	s->status = rc == 1 ? child_exit_status(status) : tool_fault(&f);
	if (s->late)
		s->status = FAULT_UNSURE;
	/* what it left in its group would outlive its stage */
	kill_group(s, SIGKILL);
	loop_stop(s->loop);
}

static const char *
verdict(int status)
{
	return status == 0 ? "ok" : status == 1 ? "failed" : "error";
}

/*
 * A command that was killed may leave half a record: what follows it gets a
 * line of its own all the same.
 */
static void
end_line(int fd, FILE *out)
{
	off_t size = lseek(fd, 0, SEEK_END);
	char last;

	if (size > 0 && pread(fd, &last, 1, size - 1) == 1 && last != '\n')
		fputc('\n', out);
}

static int
write_record(struct stage *s, struct fault *f)
{
	FILE *out = fdopen(s->records, "a");
	struct record r;
	int rc;

	if (out == NULL)
		return fault_sys(f, FAULT_UNSURE, errno, "%s", s->file);
	end_line(s->records, out);
	record_init(&r);
	record_begin(&r, "stage");
	record_int(&r, "stage", s->number);
	record_str(&r, "name", s->name);
	if (s->part != NULL)
		record_str(&r, "part", s->part);
	record_str(&r, "status", verdict(s->status));
	record_int(&r, "exit_status", s->status);
	record_str(&r, "ts", s->ts);
	record_ms(&r, "ms", clock_ms() - s->start);
	if (s->status != 0 && s->last[0] != '\0')
		record_str(&r, "message", s->last);
	rc = record_end(&r, out, f);
	record_release(&r);
	if (fclose(out) != 0 && rc == 0)
		rc = fault_sys(f, FAULT_UNSURE, errno, "%s", s->file);
	return rc;
}

static int
start(struct stage *s, const char *const *argv, struct fault *f)
{
	struct child_spec spec = {
		.argv = argv,
		.in = STDIN_FILENO,
		.group = 1,
		.deathsig = SIGKILL, /* nobody else knows its group */
	};
	int pipes[2], rc;

	/* append: the parts of a pipe may all write here */
	s->records = open(
	    s->file, O_RDWR | O_CREAT | O_APPEND | O_TRUNC | O_CLOEXEC, 0666);
	if (s->records == -1)
		return fault_sys(f, FAULT_UNSURE, errno, "%s", s->file);
	if (pipe2(pipes, O_CLOEXEC) == -1)
		return fault_sys(f, FAULT_UNSURE, errno, "pipe");
	s->errors = pipes[0];
	fcntl(s->errors, F_SETFL, O_NONBLOCK); /* the command's end blocks */
	spec.out = s->records;
	spec.err = pipes[1];
	rc = child_spawn(&s->child, &spec, f);
	close(pipes[1]);
	if (rc != 0)
		return -1;
	s->group = s->child.pid;
	s->running = 1;
	if (s->timeout > 0 &&
	    loop_timer(s->loop, s->timeout, on_timeout, s, f) == NULL)
		return -1;
	if (loop_fd(s->loop, s->child.pidfd, EPOLLIN, on_end, s, f) != 0)
		return -1;
	return loop_fd(s->loop, s->errors, EPOLLIN, on_errors, s, f);
}

static int
run(struct stage *s, const char *const *argv, struct fault *f)
{
	static const int signals[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT };
	size_t i;

	if ((s->loop = loop_new(f)) == NULL)
		return -1;
	for (i = 0; i < sizeof signals / sizeof signals[0]; i++)
		if (loop_signal(s->loop, signals[i], on_signal, s, f) != 0)
			return -1;
	if (start(s, argv, f) != 0)
		return -1;
	s->progress = progress_new(s->loop,
	    &(struct progress_spec){ .file = s->file,
		.name = s->name,
		.part = s->part,
		.what = s->what,
		.number = s->number,
		.total = s->total },
	    f);
	if (s->progress == NULL)
		return -1;
	while (s->running)
		if (loop_run(s->loop, f) != 0)
			return -1;
	/* what has left the group may hold the pipe open for ever */
	while (s->errors != -1 && read_errors(s))
		;
	if (s->said.len > 0)
		say_lines(s, s->said.data, s->said.len);
	return 0;
}

static void
parse(struct stage *s, int argc, char **argv)
{
	static const struct option longs[] = {
		{ "keep-going", no_argument, NULL, 'k' },
		{ "name", required_argument, NULL, 'n' },
		{ "output", required_argument, NULL, 'o' },
		{ "part", required_argument, NULL, 'p' },
		{ "stage", required_argument, NULL, 's' },
		{ "timeout", required_argument, NULL, 't' },
		{ "what", required_argument, NULL, 'w' },
		TOOL_LONG,
	};
	struct fault f = { 0 };
	char *slash;
	int ch;

	while ((ch = tool_getopt(argc, argv, "+kn:o:p:s:t:w:", longs)) != -1) {
		if (ch == 'k')
			s->keep_going = 1;
		else if (ch == 'n')
			s->name = optarg;
		else if (ch == 'o')
			s->file = optarg;
		else if (ch == 'p')
			s->part = optarg;
		else if (ch == 'w')
			s->what = optarg;
		else if (ch == 't') {
			if (opt_duration("-t", optarg, &s->timeout, &f) != 0)
				tool_die(&f);
		} else {
			slash = strchr(optarg, '/');
			if (slash != NULL)
				*slash++ = '\0';
			if (opt_number("-s", optarg, 1, 99, &s->number, &f) ||
			    (slash != NULL && opt_number("-s", slash, s->number,
						  99, &s->total, &f)))
				tool_die(&f);
		}
	}
	if (s->name == NULL || *s->name == '\0' || s->file == NULL ||
	    s->number == 0)
		tool_usage("-n, -o and -s are needed");
	if (optind == argc)
		tool_usage("the command is missing");
}

int
main(int argc, char **argv)
{
	struct stage s = { .errors = -1, .records = -1, .start = clock_ms() };
	struct fault f = { 0 };
	int rc;

	tool_begin("run-stage", usage);
	parse(&s, argc, argv);
	buf_init(&s.said, LINE_MAX_BYTES);
	clock_ts(s.ts);
	rc = run(&s, (const char *const *)argv + optind, &f);
	if (rc != 0)
		s.status = tool_fault(&f);
	if (s.signo != 0)
		s.status = 128 + s.signo;
	if (s.progress != NULL)
		progress_end(s.progress, verdict(s.status));
	if (s.records != -1 && write_record(&s, &f) != 0)
		s.status = tool_worse(s.status, tool_fault(&f));
	buf_release(&s.said);
	progress_free(s.progress);
	loop_free(s.loop);
	return tool_end(s.keep_going && s.status == 1 ? 0 : s.status);
}
