/*
 * pg-seed: JSON rows into tables.  All rows are read and written as COPY's
 * text before the first is sent, since foreign keys decide the order and a
 * malformed row must leave the database as it was.
 */
#include <stdio.h>
#include <unistd.h>

#include "lib/record.h"
#include "load.h"
#include "rows.h"
#include "tool.h"

static const char usage[] = "pg-seed [-d DSN] [--truncate | --upsert] FILE ...";

static void
parse(int argc, char **argv, const char **dsn, struct load *l)
{
	enum { TRUNCATE = 256, UPSERT };
	static const struct option table[] = {
		{ "db", required_argument, NULL, 'd' },
		{ "truncate", no_argument, NULL, TRUNCATE },
		{ "upsert", no_argument, NULL, UPSERT },
		TOOL_LONG,
	};
	int ch;

	while ((ch = tool_getopt(argc, argv, "d:", table)) != -1)
		if (ch == 'd')
			*dsn = optarg;
		else if (l->mode != LOAD_ADD)
			tool_usage(
			    "--truncate and --upsert exclude each other");
		else
			l->mode = ch == TRUNCATE ? LOAD_TRUNCATE : LOAD_UPSERT;
	if (optind == argc)
		tool_usage("no files given (- is standard input)");
}

/* One seed record per table, in the order they were loaded. */
static int
report(const struct load *l, struct fault *f)
{
	struct record r;
	size_t i, k, rows, bytes;
	int rc = 0;

	record_init(&r);
	for (i = 0; i < l->tables->n && rc == 0; i++) {
		const struct table *t = l->tables->v[l->order[i]];

		if (!t->wanted)
			continue;
		rows = bytes = 0;
		for (k = 0; k < t->n_batches; k++) {
			rows += t->batches[k]->rows;
			bytes += t->batches[k]->bytes;
		}
		record_begin(&r, "seed");
		record_str(&r, "table", t->name);
		record_int(&r, "rows", (long long)rows);
		record_int(&r, "bytes", (long long)bytes);
		record_ms(&r, "ms", l->ms[l->order[i]]);
		record_ts(&r);
		rc = record_end(&r, stdout, f);
	}
	record_release(&r);
	return rc;
}

static int
seed(struct load *l, struct fault *f)
{
	struct rows r;
	size_t i;
	int rc;

	/* an upsert must not take away what a row does not speak of */
	rc = rows_init(
	    &r, l->conn, l->tables, l->files, l->mode == LOAD_UPSERT, f);
	for (i = 0; rc == 0 && l->files[i] != NULL; i++)
		rc = rows_read(&r, i, f);
	rows_release(&r);
	if (rc == 0)
		rc = load_run(l, f);
	return rc == 0 ? report(l, f) : rc;
}

int
main(int argc, char **argv)
{
	struct tables tables = { .n = 0 };
	struct load l = { .tables = &tables };
	const char *dsn = NULL;
	struct fault f = { .code = FAULT_NONE };
	int status = 0;

	tool_begin("pg-seed", usage);
	parse(argc, argv, &dsn, &l);
	l.files = (const char *const *)argv + optind;
	l.conn = pg_connect(dsn, "pg-seed", &f);
	if (l.conn == NULL)
		tool_die(&f);
	if (seed(&l, &f) != 0)
		status = tool_fault(&f);
	load_release(&l);
	tables_release(&tables);
	PQfinish(l.conn);
	return tool_end(status);
}
