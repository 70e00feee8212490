/*
 * PostgreSQL: the door to libpq.  Connections are PGconn, results PGresult,
 * and who needs more than is here uses libpq's own functions on them.  What
 * is added: faults instead of messages, and nothing printed by libpq.
 */
#ifndef PG_H
#define PG_H

#include <libpq-fe.h>
#include <stddef.h>

#include "buf.h"
#include "fault.h"

/*
 * Connects and waits for it, at most connect_timeout (10 s unless the DSN or
 * PGCONNECT_TIMEOUT says otherwise).  dsn is a URI or a keyword string; NULL
 * or "" leaves all to libpq's environment.  The caller ends it with PQfinish.
 * NULL: FAULT_INPUT for a malformed DSN, else FAULT_UNSURE; passwords are
 * never in the message.
 */
PGconn *pg_connect(const char *dsn, const char *application, struct fault *f);

/*
 * Starts to connect and returns at once (PQconnectPoll goes on).  NULL as
 * above; a connection that failed already has status CONNECTION_BAD.
 */
PGconn *
pg_connect_start(const char *dsn, const char *application, struct fault *f);

/*
 * Checks a DSN without connecting: 0, or -1 with FAULT_INPUT.  Looks for what
 * makes libpq quote a part of a password, such as an unescaped '@'.
 */
int pg_check_dsn(const char *dsn, struct fault *f);

/*
 * Why a connection is bad, first line only: FAULT_UNSURE, "database: ...".
 * Returns -1.
 */
int pg_conn_fault(PGconn *conn, struct fault *f);

/*
 * Why a result is an error: "what: message (SQLSTATE)".  The code is
 * FAULT_INPUT for SQL or data that cannot be (0A, 22, 42), FAULT_UNSURE
 * for lost connections, locks, refused rights and lack of resources, FAULT_NO
 * for the rest.  res NULL: from conn.  Returns -1.
 */
int
pg_fault(PGconn *conn, const PGresult *res, const char *what, struct fault *f);

/* A result's SQLSTATE, "" when it has none; borrowed from res. */
const char *pg_state(const PGresult *res);

/*
 * Runs one command, or several when n is 0.  n text parameters (NULL: null).
 * The result, to be PQclear'ed, or NULL with pg_fault's message.
 */
PGresult *pg_exec(PGconn *conn, const char *sql, int n,
    const char *const *values, const char *what, struct fault *f);

/* As pg_exec for a command whose result does not matter: 0 or -1. */
int pg_run(PGconn *conn, const char *sql, const char *what, struct fault *f);

/* Appends name as a quoted identifier: always in double quotes. */
int pg_quote_name(struct buf *b, const char *name);

/*
 * Appends p as it stands in one field of COPY's text format: backslash, tab,
 * newline and carriage return escaped, so that `\.` and `\N` are data.
 */
int pg_copy_escape(struct buf *b, const char *p, size_t n);

#endif
