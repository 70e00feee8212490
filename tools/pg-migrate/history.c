/*
 * What a database has of the migrations: see history.h.  The lock is polled,
 * for who waits inside pg_advisory_lock holds a snapshot that CREATE INDEX
 * CONCURRENTLY in another runner waits for: a deadlock that leaves an invalid
 * index.  Files run statement by statement, so that an error has a line.
 */
#include "history.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "lib/clock.h"
#include "lib/pg_lex.h"
#include "text.h"

#define LOCK_KEY "7597137664687698981" /* the bytes of "inttest%" */
#define POLL_MS 100

/* RESET ALL leaves out the role; DISCARD ALL would let go of the lock. */
#define RESET "RESET SESSION AUTHORIZATION; RESET ROLE; RESET ALL"

static int
take_lock(PGconn *conn, double ms, struct fault *f)
{
	const struct timespec pause = { .tv_nsec = POLL_MS * 1000000L };
	double end = clock_ms() + ms;
	PGresult *res;
	int got;

	for (;;) {
		res = pg_exec(conn, "SELECT pg_try_advisory_lock(" LOCK_KEY ")",
		    0, NULL, "lock", f);
		if (res == NULL)
			return -1;
		got = PQgetvalue(res, 0, 0)[0] == 't';
		PQclear(res);
		if (got)
			return 0;
		if (clock_ms() >= end)
			return fault_set(f, FAULT_UNSURE,
			    "another pg-migrate is at work on this database");
		nanosleep(&pause, NULL);
	}
}

/* The table's name with its schema, for a migration may set search_path. */
static int
find_table(struct history *h, struct fault *f)
{
	PGresult *res;
	int n;

	res = pg_exec(h->conn, "SELECT quote_ident(current_schema())", 0, NULL,
	    "schema", f);
	if (res == NULL)
		return -1;
	if (PQgetisnull(res, 0, 0)) {
		PQclear(res);
		return fault_set(
		    f, FAULT_NO, "the search_path names no schema that exists");
	}
	n = snprintf(h->table, sizeof h->table, "%s.inttest_migrations",
	    PQgetvalue(res, 0, 0));
	PQclear(res);
	if (n < 0 || (size_t)n >= sizeof h->table)
		return fault_set(f, FAULT_NO, "the schema's name is too long");
	return 0;
}

static int
read_rows(struct history *h, struct fault *f)
{
	char sql[512];
	int n;

	snprintf(sql, sizeof sql,
	    "CREATE TABLE IF NOT EXISTS %s ("
	    "version bigint PRIMARY KEY, name text NOT NULL, "
	    "checksum text NOT NULL, ms double precision NOT NULL, "
	    "applied_at timestamptz NOT NULL DEFAULT now())",
	    h->table);
	if (pg_run(h->conn, sql, "inttest_migrations", f) != 0)
		return -1;
	snprintf(sql, sizeof sql,
	    "SELECT version, checksum FROM %s ORDER BY version", h->table);
	h->rows = pg_exec(h->conn, sql, 0, NULL, "inttest_migrations", f);
	if (h->rows == NULL)
		return -1;
	n = PQntuples(h->rows);
	if (n > 0)
		h->highest = strtoull(PQgetvalue(h->rows, n - 1, 0), NULL, 10);
	return 0;
}

int
history_open(struct history *h, PGconn *conn, double ms, struct fault *f)
{
	*h = (struct history){ .conn = conn };
	if (take_lock(conn, ms, f) != 0 || find_table(h, f) != 0 ||
	    read_rows(h, f) != 0)
		return -1;
	return 0;
}

void
history_close(struct history *h)
{
	PQclear(h->rows);
	h->rows = NULL;
}

int
history_has(const struct history *h, const struct migration *m, struct fault *f)
{
	int i;

	for (i = 0; i < PQntuples(h->rows); i++) {
		if (strtoull(PQgetvalue(h->rows, i, 0), NULL, 10) != m->number)
			continue;
		if (strcmp(PQgetvalue(h->rows, i, 1), m->checksum) == 0)
			return 1;
		return fault_set(f, FAULT_NO,
		    "%s: edited after it was applied (make a new migration)",
		    m->path);
	}
	if (m->number < h->highest)
		return fault_set(f, FAULT_NO,
		    "%s: comes too late: %llu is applied already (give it a "
		    "higher number)",
		    m->path, h->highest);
	return 0;
}

unsigned long long
history_unknown(const struct history *h, const struct migrations *ms)
{
	unsigned long long number;
	size_t k;
	int i;

	for (i = 0; i < PQntuples(h->rows); i++) {
		number = strtoull(PQgetvalue(h->rows, i, 0), NULL, 10);
		for (k = 0; k < ms->n && ms->v[k].number != number; k++)
			;
		if (k == ms->n)
			return number;
	}
	return 0;
}

/* ---- running a file ---- */

/* Where in a statement the server points at, counted in characters. */
static const char *
error_place(const char *statement, const char *end, const PGresult *res)
{
	const char *pos = PQresultErrorField(res, PG_DIAG_STATEMENT_POSITION);
	long n = pos != NULL ? strtol(pos, NULL, 10) : 0;

	if (n == 0)
		return text_start(statement, end);
	for (; n > 1 && statement < end; statement++)
		if ((statement[1] & 0xc0) != 0x80)
			n--;
	return statement;
}

static int
run_statement(struct history *h, const struct migration *m, const char *p,
    size_t n, struct fault *f)
{
	char *sql = strndup(p, n), where[512];
	PGresult *res;
	int rc = 0;

	if (sql == NULL)
		return fault_nomem(f);
	res = PQexec(h->conn, sql);
	switch (PQresultStatus(res)) {
	case PGRES_COMMAND_OK:
	case PGRES_TUPLES_OK:
	case PGRES_EMPTY_QUERY:
		break;
	default:
		snprintf(where, sizeof where, "%s:%u", m->path,
		    text_line(m, error_place(p, p + n, res)));
		rc = pg_fault(h->conn, res, where, f);
		/* the transaction is ours: the file can do without */
		if (strcmp(pg_state(res), "25001") == 0 && !m->no_transaction)
			rc = fault_set(f, FAULT_INPUT,
			    "%s: %s (" TEXT_OPT_OUT ")", where,
			    PQresultErrorField(res, PG_DIAG_MESSAGE_PRIMARY));
	}
	PQclear(res);
	free(sql);
	return rc;
}

static int
run_text(struct history *h, const struct migration *m, struct fault *f)
{
	const char *p = m->text, *end = m->text + m->len, *why, *at;
	int begun = 0;
	struct fault first;
	int empty;
	size_t n;

	for (; p < end; p += n, begun |= !empty) {
		n = pg_statement(p, end, &empty, &why, &at);
		if (empty || run_statement(h, m, p, n, f) == 0)
			continue;
		first = *f;
		if (m->no_transaction && begun)
			fault_set(f, first.code,
			    "%s; what the file did before that stays",
			    first.msg);
		return -1;
	}
	return 0;
}

static int
note(struct history *h, const struct migration *m, double ms, struct fault *f)
{
	char sql[320], took[32];
	const char *values[] = { m->version, m->name, m->checksum, took };
	PGresult *res;

	snprintf(took, sizeof took, "%.3f", ms);
	snprintf(sql, sizeof sql,
	    "INSERT INTO %s (version, name, checksum, ms) "
	    "VALUES ($1::bigint, $2, $3, $4::float8)",
	    h->table);
	res = pg_exec(h->conn, sql, 4, values, m->path, f);
	PQclear(res);
	return res != NULL ? 0 : -1;
}

int
history_apply(
    struct history *h, const struct migration *m, double *ms, struct fault *f)
{
	double begun = clock_ms();
	int rc = text_check(m, f);

	if (rc == 0 && !m->no_transaction)
		rc = pg_run(h->conn, "BEGIN", m->path, f);
	if (rc == 0)
		rc = run_text(h, m, f);
	*ms = clock_ms() - begun;
	if (rc == 0 && m->no_transaction &&
	    PQtransactionStatus(h->conn) != PQTRANS_IDLE)
		rc = fault_set(f, FAULT_INPUT,
		    "%s: begins a transaction and does not end it", m->path);
	/* what a file has set is not for the next one, nor for the note */
	if (rc == 0)
		rc = pg_run(h->conn, RESET, m->path, f);
	if (rc == 0)
		rc = note(h, m, *ms, f);
	if (rc == 0 && !m->no_transaction)
		rc = pg_run(h->conn, "COMMIT", m->path, f);
	if (PQtransactionStatus(h->conn) != PQTRANS_IDLE)
		PQclear(PQexec(h->conn, "ROLLBACK"));
	return rc;
}
