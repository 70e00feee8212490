/*
 * PostgreSQL over libpq: see pg.h.  libpq's messages quote what they could not
 * make sense of, and with a mistyped DSN that may be the password; so a DSN is
 * checked first, and messages about malformed ones are our own.
 */
#include "pg.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static void
silent(void *arg, const PGresult *res)
{
	(void)arg;
	(void)res;
}

/* One option's value of a parsed DSN: 0, or -1 with what is wrong with it. */
static int
check_option(const PQconninfoOption *o, struct fault *f)
{
	const char *v = o->val;

	if (v == NULL)
		return 0;
	if (strcmp(o->keyword, "port") == 0 && v[strspn(v, "0123456789,")] != 0)
		return fault_set(f, FAULT_INPUT,
		    "connection string: the port is no number "
		    "(is the password percent-encoded?)");
	if (strcmp(o->keyword, "host") == 0 && v[0] != '@' &&
	    strchr(v, '@') != NULL && v[0] != '/')
		return fault_set(f, FAULT_INPUT,
		    "connection string: '@' in the host's name "
		    "(is the password percent-encoded?)");
	return 0;
}

int
pg_check_dsn(const char *dsn, struct fault *f)
{
	PQconninfoOption *options, *o;
	char *msg = NULL;
	int rc = 0;

	/* as libpq has it: without '=' and scheme it is a database's name */
	if (dsn == NULL ||
	    (strchr(dsn, '=') == NULL && strstr(dsn, "://") == NULL))
		return 0;
	errno = 0;
	options = PQconninfoParse(dsn, &msg);
	PQfreemem(msg);
	if (options == NULL && errno == ENOMEM)
		return fault_nomem(f);
	if (options == NULL)
		return fault_set(f, FAULT_INPUT,
		    "connection string: malformed (a URI "
		    "postgresql://user@host:port/database or keywords "
		    "\"host=... dbname=...\")");
	for (o = options; o->keyword != NULL && rc == 0; o++)
		rc = check_option(o, f);
	PQconninfoFree(options);
	return rc;
}

/*
 * With expand_dbname, what stands before dbname is a default that the DSN
 * overrides, and what stands behind it overrides the DSN.
 */
static PGconn *
start(const char *dsn, const char *application,
    PGconn *(*connect)(const char *const *, const char *const *, int),
    struct fault *f)
{
	const char *keys[5], *values[5];
	PGconn *conn;
	int n = 0;

	if (pg_check_dsn(dsn, f) != 0)
		return NULL;
	keys[n] = "fallback_application_name";
	values[n++] = application;
	if (getenv("PGCONNECT_TIMEOUT") == NULL) {
		keys[n] = "connect_timeout";
		values[n++] = "10";
	}
	if (dsn != NULL && *dsn != '\0') {
		keys[n] = "dbname";
		values[n++] = dsn;
	}
	keys[n] = "client_encoding";
	values[n++] = "UTF8";
	keys[n] = values[n] = NULL;
	conn = connect(keys, values, 1);
	if (conn == NULL) {
		fault_nomem(f);
		return NULL;
	}
	PQsetNoticeReceiver(conn, silent, NULL);
	return conn;
}

PGconn *
pg_connect_start(const char *dsn, const char *application, struct fault *f)
{
	return start(dsn, application, PQconnectStartParams, f);
}

PGconn *
pg_connect(const char *dsn, const char *application, struct fault *f)
{
	PGconn *conn = start(dsn, application, PQconnectdbParams, f);

	if (conn == NULL || PQstatus(conn) == CONNECTION_OK)
		return conn;
	pg_conn_fault(conn, f);
	PQfinish(conn);
	return NULL;
}

/* libpq's message without its last newline, lines joined by "; ". */
static void
one_line(const char *msg, char *out, size_t size)
{
	size_t n = 0;

	for (; *msg != '\0' && n + 3 < size; msg++) {
		if (*msg != '\n')
			out[n++] = *msg == '\t' ? ' ' : *msg;
		else if (msg[1] != '\0' && msg[1] != '\n') {
			out[n++] = ';';
			out[n++] = ' ';
		}
	}
	out[n] = '\0';
}

int
pg_conn_fault(PGconn *conn, struct fault *f)
{
	char line[512];

	one_line(PQerrorMessage(conn), line, sizeof line);
	return fault_set(f, FAULT_UNSURE, "database: %s",
	    line[0] != '\0' ? line : "the connection was lost");
}

const char *
pg_state(const PGresult *res)
{
	const char *state = PQresultErrorField(res, PG_DIAG_SQLSTATE);

	return state != NULL ? state : "";
}

/* The exit status that an SQLSTATE stands for (appendix A of its manual). */
static enum fault_code
code_of(const char *state)
{
	static const char *const unsure[] = { "08", "25", "28", "3D", "40",
		"42501", "53", "54", "55", "57", "58", "XX" };
	size_t i;

	if (*state == '\0')
		return FAULT_UNSURE;
	for (i = 0; i < sizeof unsure / sizeof *unsure; i++)
		if (strncmp(state, unsure[i], strlen(unsure[i])) == 0)
			return FAULT_UNSURE;
	if (strncmp(state, "0A", 2) == 0 || strncmp(state, "22", 2) == 0 ||
	    strncmp(state, "42", 2) == 0)
		return FAULT_INPUT;
	return FAULT_NO;
}

int
pg_fault(PGconn *conn, const PGresult *res, const char *what, struct fault *f)
{
	const char *state = pg_state(res);
	const char *msg = PQresultErrorField(res, PG_DIAG_MESSAGE_PRIMARY);
	const char *detail = PQresultErrorField(res, PG_DIAG_MESSAGE_DETAIL);

	if (msg == NULL) {
		pg_conn_fault(conn, f);
		return fault_prefix(f, "%s", what);
	}
	return fault_set(f, code_of(state), "%s: %s%s%s (%s)", what, msg,
	    detail != NULL ? ": " : "", detail != NULL ? detail : "", state);
}

PGresult *
pg_exec(PGconn *conn, const char *sql, int n, const char *const *values,
    const char *what, struct fault *f)
{
	PGresult *res;

	res = n == 0 ? PQexec(conn, sql) :
		       PQexecParams(conn, sql, n, NULL, values, NULL, NULL, 0);
	switch (PQresultStatus(res)) {
	case PGRES_COMMAND_OK:
	case PGRES_TUPLES_OK:
	case PGRES_EMPTY_QUERY:
	case PGRES_COPY_IN:
		return res;
	default:
		pg_fault(conn, res, what, f);
		PQclear(res);
		return NULL;
	}
}

int
pg_run(PGconn *conn, const char *sql, const char *what, struct fault *f)
{
	PGresult *res = pg_exec(conn, sql, 0, NULL, what, f);

	if (res == NULL)
		return -1;
	PQclear(res);
	return 0;
}

int
pg_quote_name(struct buf *b, const char *name)
{
	buf_addc(b, '"');
	for (; *name != '\0'; name++) {
		if (*name == '"')
			buf_addc(b, '"');
		buf_addc(b, *name);
	}
	return buf_addc(b, '"');
}

int
pg_copy_escape(struct buf *b, const char *p, size_t n)
{
	const char *end = p + n, *run;
	char c;

	while (p < end) {
		for (run = p; p < end; p++)
			if (*p == '\\' || *p == '\n' || *p == '\t' ||
			    *p == '\r')
				break;
		buf_add(b, run, (size_t)(p - run));
		if (p == end)
			break;
		c = *p++;
		buf_addc(b, '\\');
		buf_addc(b, c == '\n' ? 'n' :
			    c == '\t' ? 't' :
			    c == '\r' ? 'r' :
					'\\');
	}
	return b->failed ? -1 : 0;
}
