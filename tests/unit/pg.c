/*
 * The door to libpq, as far as it needs no server: DSNs, quoting, COPY.
 */
#include "lib/pg.h"

#include "tap.h"

static void
copied(const char *in, size_t n, const char *want)
{
	struct buf b;

	buf_init(&b, 100);
	pg_copy_escape(&b, in, n);
	tap_str(buf_str(&b), want, "copy text");
	buf_release(&b);
}

static void
dsn(const char *s, int good)
{
	struct fault f = { .msg = "" };

	tap_ok((pg_check_dsn(s, &f) == 0) == good, "dsn %s", s);
	if (!good)
		tap_ok(f.code == FAULT_INPUT && strstr(f.msg, "s3c") == NULL &&
			   strstr(f.msg, "ret") == NULL,
		    "no part of the password in: %s", f.msg);
}

int
main(void)
{
	struct fault f;
	struct buf b;

	copied("plain", 5, "plain");
	copied("", 0, "");
	copied("a\tb\nc\rd\\e", 9, "a\\tb\\nc\\rd\\\\e");
	copied("\\.", 2, "\\\\.");
	copied("\\N", 2, "\\\\N");
	copied("\\x41", 4, "\\\\x41");

	buf_init(&b, 100);
	pg_quote_name(&b, "a\"b; DROP");
	tap_str(buf_str(&b), "\"a\"\"b; DROP\"", "a quoted name");
	buf_release(&b);

	dsn(NULL, 1);
	dsn("", 1);
	dsn("mydb", 1);
	dsn("host=/tmp dbname=x", 1);
	dsn("postgresql://u:s3c%40ret@h:5432/db", 1);
	dsn("postgresql://u:s3c@ret@h:5432/db", 0);
	dsn("postgresql://u@h:s3c/db", 0);
	dsn("password = s3cret host", 0);
	dsn("host=h passwort=s3cret", 0);
	dsn("postgresql://u:s3c ret@h/db?nonsense=s3cret", 0);

	tap_ok(pg_connect("host=127.0.0.1 port=1 password=s3cret", "test",
		   &f) == NULL &&
		   f.code == FAULT_UNSURE,
	    "nobody there");
	tap_ok(strncmp(f.msg, "database: ", 10) == 0 &&
		   strstr(f.msg, "s3cret") == NULL &&
		   strchr(f.msg, '\n') == NULL,
	    "%s", f.msg);
	return tap_end();
}
