/*
 * pg-migrate: ordered, checksummed, locked SQL migrations.  All that the
 * history forbids is found before anything is run.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "files.h"
#include "history.h"
#include "lib/opt.h"
#include "lib/record.h"
#include "tool.h"

static const char usage[] = "pg-migrate [-d DSN] [-t TIMEOUT] DIR";

static PGcancel *cancel; /* of the connection, for on_signal */

/*
 * A server that is not told goes on with its statement, holding the lock that
 * the next run wants.  PQcancel is made for handlers.
 */
static void
on_signal(int signo)
{
	char why[256];

	PQcancel(cancel, why, sizeof why);
	raise(signo); /* its action is the default again */
}

/* Signals that are ignored, as after nohup, stay so. */
static void
catch_signals(PGconn *conn)
{
	static const int signals[] = { SIGINT, SIGTERM, SIGHUP };
	struct sigaction act = { .sa_handler = on_signal,
		.sa_flags = SA_RESETHAND | SA_NODEFER };
	struct sigaction old;
	size_t i;

	cancel = PQgetCancel(conn);
	for (i = 0; cancel != NULL && i < sizeof signals / sizeof *signals; i++)
		if (sigaction(signals[i], NULL, &old) == 0 &&
		    old.sa_handler != SIG_IGN)
			sigaction(signals[i], &act, NULL);
}

/* Writes one migrate record; error may be NULL. */
static void
emit(struct record *r, const struct migration *m, const char *status, double ms,
    const char *error)
{
	struct fault f;

	record_begin(r, "migrate");
	record_str(r, "version", m->version);
	record_str(r, "name", m->name);
	record_str(r, "status", status);
	record_ms(r, "ms", ms);
	if (error != NULL)
		record_str(r, "error", error);
	record_ts(r);
	if (record_end(r, stdout, &f) != 0)
		tool_die(&f);
	fflush(stdout);
}

/* Everything that the history forbids: the exit status, 0 for nothing. */
static int
check(struct record *r, const struct history *h, const struct migrations *ms)
{
	unsigned long long unknown = history_unknown(h, ms);
	int status = 0;
	struct fault f;
	size_t i;

	if (unknown != 0)
		tool_warn("%llu: applied, but there is no such file", unknown);
	for (i = 0; i < ms->n; i++)
		if (history_has(h, &ms->v[i], &f) < 0) {
			emit(r, &ms->v[i], "failed", 0, f.msg);
			status = tool_worse(status, tool_fault(&f));
		}
	return status;
}

static int
apply(struct record *r, struct history *h, const struct migrations *ms)
{
	struct fault f;
	double took;
	size_t i;

	for (i = 0; i < ms->n; i++) {
		const struct migration *m = &ms->v[i];

		if (history_has(h, m, &f) == 1) {
			emit(r, m, "current", 0, NULL);
			continue;
		}
		if (history_apply(h, m, &took, &f) != 0) {
			emit(r, m, "failed", took, f.msg);
			return tool_fault(&f);
		}
		emit(r, m, "applied", took, NULL);
	}
	return 0;
}

int
main(int argc, char **argv)
{
	static const struct option table[] = {
		{ "db", required_argument, NULL, 'd' },
		{ "timeout", required_argument, NULL, 't' },
		TOOL_LONG,
	};
	const char *dsn = NULL;
	struct migrations ms;
	struct history h;
	struct record r;
	struct fault f;
	double wait = 60000;
	PGconn *conn;
	int ch, status;

	tool_begin("pg-migrate", usage);
	while ((ch = tool_getopt(argc, argv, "d:t:", table)) != -1)
		if (ch == 'd')
			dsn = optarg;
		else if (opt_duration("--timeout", optarg, &wait, &f) != 0)
			tool_usage("%s", f.msg);
	if (argc - optind != 1)
		tool_usage("one folder is wanted");
	if (migrations_read(&ms, argv[optind], &f) != 0)
		tool_die(&f);
	conn = pg_connect(dsn, "pg-migrate", &f);
	if (conn == NULL)
		tool_die(&f);
	catch_signals(conn);
	record_init(&r);
	if (history_open(&h, conn, wait, &f) != 0)
		status = tool_fault(&f);
	else {
		status = check(&r, &h, &ms);
		if (status == 0)
			status = apply(&r, &h, &ms);
	}
	history_close(&h);
	record_release(&r);
	PQfinish(conn);
	migrations_release(&ms);
	return tool_end(status);
}
