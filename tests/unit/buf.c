/* The bounded buffer: growth, the limit, sticky errors, files. */
#include "lib/buf.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "unit/tap.h"

static void
appends(void)
{
	struct buf b;
	char *s;

	buf_init(&b, 100);
	tap_str(buf_str(&b), "", "empty reads as an empty string");
	buf_adds(&b, "ab");
	buf_addf(&b, "%d", 42);
	buf_addc(&b, '!');
	tap_str(buf_str(&b), "ab42!", "appends in order");
	buf_eat(&b, 2);
	tap_str(buf_str(&b), "42!", "eats from the front");
	s = buf_take(&b);
	tap_str(s, "42!", "taken");
	tap_ok(b.len == 0 && b.max == 100, "empty with its limit after take");
	free(s);
	s = buf_take(&b);
	tap_str(s, "", "taking from an empty one gives an empty string");
	free(s);
	buf_release(&b);
}

static void
limits(void)
{
	struct buf b;
	struct fault f = { 0 };

	buf_init(&b, 4);
	tap_ok(buf_adds(&b, "abcd") == 0, "fills up to the limit");
	tap_ok(buf_addc(&b, 'e') == -1 && b.failed == EFBIG, "not beyond");
	tap_str(buf_str(&b), "abcd", "keeps what it had");
	tap_ok(buf_add(&b, "", 0) == -1, "the error sticks");
	tap_ok(
	    buf_check(&b, "body", &f) == -1 && f.code == FAULT_INPUT, "told");
	tap_str(f.msg, "body: larger than 4 bytes", "with the limit");
	buf_clear(&b);
	tap_ok(buf_adds(&b, "x") == 0, "usable again once cleared");
	buf_release(&b);
}

static void
files(void)
{
	struct buf b;
	struct fault f = { 0 };

	buf_init(&b, 1 << 20);
	tap_ok(buf_read_file(&b, "/etc/passwd", &f) == 0 && b.len > 0, "reads");
	buf_release(&b);
	buf_init(&b, 4);
	tap_ok(buf_read_file(&b, "/etc/passwd", &f) == -1 &&
		   f.code == FAULT_INPUT && b.len <= 4,
	    "refuses a file larger than the limit");
	buf_release(&b);
	buf_init(&b, 4);
	tap_ok(buf_read_file(&b, "/nonexistent", &f) == -1, "no such file");
	tap_str(f.msg, "/nonexistent: No such file or directory", "is named");
	buf_release(&b);
}

int
main(void)
{
	appends();
	limits();
	files();
	return tap_end();
}
