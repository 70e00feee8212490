/*
 * The record scanner: the grammar of RFC 8259 case by case, slices, paths,
 * escapes, numbers, and lines over reads, limits and ends of file.
 */
#include "lib/scan.h"

#include <math.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/json.h"
#include "tap.h"

/* scan_object on a copy that ends where its allocation ends. */
static int
members(const char *line, struct fault *f)
{
	struct scan_member m[8];
	size_t len = strlen(line);
	char *copy = malloc(len + 1);
	int n;

	memcpy(copy, line, len);
	f->msg[0] = '\0';
	n = scan_object(copy, len, m, 8, f);
	free(copy);
	return n;
}

static void
good(void)
{
	static const char *const lines[] = {
		"{\"a\":1}",
		" \t{ \"a\" :\r 1 } ",
		"{\"a\":-0}",
		"{\"a\":-0.0e-0}",
		"{\"a\":123456789012345678901234567890}",
		"{\"a\":1.5E+10}",
		"{\"a\":true}",
		"{\"a\":false}",
		"{\"a\":null}",
		"{\"a\":\"\"}",
		"{\"\":\"\"}",
		"{\"a\":\"0123456789abcdef0123456789abcdef\"}",
		"{\"a\":\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e4\\u0000\"}",
		"{\"a\":\"\\ud83d\\ude00\"}",
		"{\"a\":\"\x7f\"}",
		"{\"a\":\"\xc3\xa4 \xe2\x82\xac \xf0\x9f\x98\x80\"}",
		"{\"a\":\"\xf4\x8f\xbf\xbf\"}",
		"{\"a\":[]}",
		"{\"a\":[ ]}",
		"{\"a\":{}}",
		"{\"a\":[1,\"x\",[true,{\"b\":null}]]}",
	};
	struct fault f;
	size_t i;

	for (i = 0; i < sizeof lines / sizeof *lines; i++)
		if (!tap_ok(members(lines[i], &f) == 1, "one member: %zu", i))
			printf("# %s: %s\n", lines[i], f.msg);
	tap_ok(members("{}", &f) == 0, "no members");
	tap_ok(members("{\"a\":1,\"b\":2,\"c\":3}", &f) == 3, "three members");
	tap_ok(members("{\"a\":1,\"a\":2}", &f) == 2, "both of the same name");
}

static void
bad(void)
{
	static const struct {
		const char *line, *msg;
	} cases[] = {
		{ "", "column 1: expected an object" },
		{ "  ", "column 3: expected an object" },
		{ "[1]", "column 1: expected an object" },
		{ "{", "column 2: expected a member's name" },
		{ "{a:1}", "column 2: expected a member's name" },
		{ "{\"a\"}", "column 5: expected a colon" },
		{ "{\"a\":}", "column 6: not a value" },
		{ "{\"a\":", "column 6: a value is missing" },
		{ "{\"a\":1", "column 7: expected a comma or }" },
		{ "{\"a\":1,}", "column 8: expected a member's name" },
		{ "{\"a\":1 \"b\":2}", "column 8: expected a comma or }" },
		{ "{\"a\":1}}", "column 8: more behind the object" },
		{ "{\"a\":1} x", "column 9: more behind the object" },
		{ "{\"a\":[1,]}", "column 9: not a value" },
		{ "{\"a\":[1", "column 8: expected a comma or ]" },
		{ "{\"a\":[1}", "column 8: expected a comma or ]" },
		{ "{\"a\":01}", "column 7: a number with a leading zero" },
		{ "{\"a\":-}", "column 7: a number without digits" },
		{ "{\"a\":+1}", "column 6: not a value" },
		{ "{\"a\":.5}", "column 6: not a value" },
		{ "{\"a\":1.}", "column 8: no digits behind the point" },
		{ "{\"a\":1e}", "column 8: no digits in the exponent" },
		{ "{\"a\":1e+}", "column 9: no digits in the exponent" },
		{ "{\"a\":0x1}", "column 7: expected a comma or }" },
		{ "{\"a\":NaN}", "column 6: not a value" },
		{ "{\"a\":tru}", "column 6: not a value" },
		{ "{\"a\":nullx}", "column 10: expected a comma or }" },
		{ "{\"a\":\"x}", "column 9: a string without its end" },
		{ "{\"a\":\"\\", "column 7: an unknown escape" },
		{ "{\"a\":\"\\x\"}", "column 7: an unknown escape" },
		{ "{\"a\":\"\t\"}",
		    "column 7: a control character in a string" },
		{ "{\"a\":\"\\u12g4\"}",
		    "column 7: a bad \\u escape or half a surrogate pair" },
		{ "{\"a\":\"\\ud83d\"}",
		    "column 7: a bad \\u escape or half a surrogate pair" },
		{ "{\"a\":\"\\ude00\"}",
		    "column 7: a bad \\u escape or half a surrogate pair" },
		{ "{\"a\":\"\\ud83d\\u0041\"}",
		    "column 7: a bad \\u escape or half a surrogate pair" },
		{ "{\"a\":\"\xff\"}", "column 7: not UTF-8" },
		{ "{\"a\":\"\x80\"}", "column 7: not UTF-8" },
		{ "{\"a\":\"\xc0\xaf\"}", "column 7: not UTF-8" },
		{ "{\"a\":\"\xe0\x80\x80\"}", "column 7: not UTF-8" },
		{ "{\"a\":\"\xed\xa0\x80\"}", "column 7: not UTF-8" },
		{ "{\"a\":\"\xf4\x90\x80\x80\"}", "column 7: not UTF-8" },
		{ "{\"a\":\"\xe2\x82\"}", "column 7: not UTF-8" },
		{ "{\"a\":\"\xc3", "column 7: not UTF-8" },
		{ "{\"0123456789abcdef0123\xff\":1}", "column 23: not UTF-8" },
		{ "{\"a\":1,\"b\":1,\"c\":1,\"d\":1,\"e\":1,\"f\":1,\"g\":1,"
		  "\"h\":1,\"i\":1}",
		    "column 50: too many members" },
	};
	struct fault f;
	size_t i;

	for (i = 0; i < sizeof cases / sizeof *cases; i++) {
		tap_ok(
		    members(cases[i].line, &f) == -1 && f.code == FAULT_INPUT,
		    "refused: %zu", i);
		tap_str(f.msg, cases[i].msg, cases[i].msg);
	}
	tap_ok(scan_object("{\"a\":\"b\0c\"}", 11,
		   &(struct scan_member){ .key = NULL }, 1, &f) == -1,
	    "a NUL byte in a string");
	tap_ok(scan_object("{\"a\":1}\0", 8,
		   &(struct scan_member){ .key = NULL }, 1, &f) == -1,
	    "a NUL byte behind the object");
}

static void
depth(void)
{
	char line[2 * JSON_DEPTH + 32];
	struct fault f;
	size_t i, n;
	int extra;

	for (extra = 0; extra < 2; extra++) {
		n = (size_t)snprintf(line, sizeof line, "{\"a\":");
		for (i = 0; i < (size_t)JSON_DEPTH - 1 + (size_t)extra; i++)
			line[n++] = '[';
		for (i = 0; i < (size_t)JSON_DEPTH - 1 + (size_t)extra; i++)
			line[n++] = ']';
		line[n++] = '}';
		line[n] = '\0';
		tap_ok(members(line, &f) == (extra ? -1 : 1), "%s",
		    extra ? "one level too deep" : "the deepest allowed");
	}
	tap_ok(strstr(f.msg, "nested too deep") != NULL, "and says so");
}

static void
slices(void)
{
	static const char line[] =
	    "{\"n\": 9007199254740993, \"s\":\"a\\n\", \"o\":{\"x\":[1, 2]} }";
	struct scan_member m[3];
	struct fault f;
	struct buf b;

	buf_init(&b, 100);
	tap_ok(scan_object(line, strlen(line), m, 3, &f) == 3, "three");
	tap_ok(m[0].key_len == 1 && m[0].key[0] == 'n', "the first key");
	tap_ok(m[0].value.kind == SCAN_NUMBER && m[0].value.len == 16 &&
		   memcmp(m[0].value.at, "9007199254740993", 16) == 0,
	    "a number keeps every digit");
	tap_ok(m[1].value.len == 5 && memcmp(m[1].value.at, "\"a\\n\"", 5) == 0,
	    "a string with its quotes, as written");
	tap_ok(
	    m[2].value.kind == SCAN_OBJECT &&
		memcmp(m[2].value.at, "{\"x\":[1, 2]}", m[2].value.len) == 0 &&
		m[2].value.len == 12,
	    "an object as written");
	scan_text(&m[2].value, &b, &f);
	tap_str(buf_str(&b), "{\"x\":[1, 2]}", "text of an object: as written");
	buf_release(&b);
}

static void
paths(void)
{
	static const char line[] =
	    "{\"type\":\"probe\",\"a\":{\"b\":{\"c\":7},\"d\":[{\"c\":8}]},"
	    "\"t\\u0079p\":1,\"x\":1,\"x\":2,\"y\":{\"z\":1},\"y\":3,"
	    "\"\":0,\"last\":null}";
	static const struct {
		const char *path, *want; /* NULL: not there */
	} cases[] = {
		{ ".type", "\"probe\"" },
		{ "type", "\"probe\"" },
		{ ".a.b.c", "7" },
		{ ".a.b", "{\"c\":7}" },
		{ ".a.d", "[{\"c\":8}]" },
		{ ".a.d.c", NULL },
		{ ".typ", "1" },
		{ ".t", NULL },
		{ ".x", "2" },
		{ ".y.z", NULL },
		{ ".type.x", NULL },
		{ ".last", "null" },
		{ "..", NULL },
		{ ".", "0" },
	};
	struct scan_value v;
	struct fault f;
	size_t i;
	int rc;

	for (i = 0; i < sizeof cases / sizeof *cases; i++) {
		rc = scan_path(line, strlen(line), cases[i].path, &v, &f);
		if (cases[i].want == NULL)
			tap_ok(rc == 0, "path %s: not there", cases[i].path);
		else
			tap_ok(rc == 1 && v.len == strlen(cases[i].want) &&
				   memcmp(v.at, cases[i].want, v.len) == 0,
			    "path %s: %s", cases[i].path, cases[i].want);
	}
	tap_ok(scan_path("{\"a\":1,\"b\":tru}", 15, "a", &v, &f) == -1,
	    "all of the line is checked, also behind what was found");
	tap_ok(scan_path("{\"a\":{\"b\":1}", 12, "a.b", &v, &f) == -1,
	    "an object without its end");
}

static void
values(void)
{
	struct scan_value v;
	struct fault f;

	tap_ok(scan_value(" [1, {\"a\":2}] ", 14, &v, &f) == 0 &&
		   v.kind == SCAN_ARRAY && v.len == 12,
	    "an array alone");
	tap_ok(scan_value("-1.5", 4, &v, &f) == 0 && v.kind == SCAN_NUMBER,
	    "a number alone");
	tap_ok(scan_value("\"x\"", 3, &v, &f) == 0 && v.kind == SCAN_STRING,
	    "a string alone");
	tap_ok(scan_value("", 0, &v, &f) == -1, "nothing");
	tap_ok(scan_value("1 2", 3, &v, &f) == -1, "two");
	tap_ok(scan_value("{\"a\":}", 6, &v, &f) == -1, "a bad object");
}

static struct scan_value
of(enum scan_kind kind, const char *s)
{
	return (struct scan_value){ kind, s, strlen(s) };
}

static void
texts(void)
{
	struct scan_value v;
	struct fault f;
	struct buf b;

	buf_init(&b, 64);
	v = of(SCAN_STRING,
	    "\"a\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e4\\u20ac\\uD83D\\uDE00z\"");
	tap_ok(scan_text(&v, &b, &f) == 0, "escapes are undone");
	tap_str(buf_str(&b),
	    "a\"\\/\b\f\n\r\t\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80z",
	    "each as itself");
	buf_clear(&b);
	v = of(SCAN_STRING, "\"x\\u0000y\"");
	tap_ok(scan_text(&v, &b, &f) == 0 && b.len == 3, "a NUL is a byte");
	buf_clear(&b);
	v = of(SCAN_STRING, "\"\"");
	tap_ok(scan_text(&v, &b, &f) == 0 && b.len == 0, "an empty string");
	v = of(SCAN_NUMBER, "1.50");
	scan_text(&v, &b, &f);
	tap_str(buf_str(&b), "1.50", "a number as written");
	v = of(SCAN_STRING, "\"\\ud800\"");
	tap_ok(scan_text(&v, &b, &f) == -1, "half a surrogate pair");
	buf_release(&b);
	buf_init(&b, 3);
	v = of(SCAN_STRING, "\"abcd\"");
	tap_ok(scan_text(&v, &b, &f) == -1, "a full buffer");
	buf_release(&b);

	v = of(SCAN_STRING, "\"caf\\u00e9\"");
	tap_ok(scan_is(&v, "caf\xc3\xa9"), "equal with escapes undone");
	tap_ok(!scan_is(&v, "caf"), "not to a part of it");
	tap_ok(!scan_is(&v, "caf\xc3\xa9s"), "nor to more");
	v = of(SCAN_STRING, "\"cafe\"");
	tap_ok(scan_is(&v, "cafe") && !scan_is(&v, "cafd"), "plain");
	v = of(SCAN_NUMBER, "1");
	tap_ok(!scan_is(&v, "1"), "a number is no string");
}

static void
zeros(void)
{
	static const struct {
		const char *text;
		int has;
	} t[] = { { "{\"a\":\"\\u0000\"}", 1 }, { "\"\\\\u0000\"", 0 },
		{ "\"\\\\\\u0000\"", 1 }, { "\"\\\\u0000\\u0000\"", 1 },
		{ "\"\\u0001\"", 0 }, { "\"u0000\"", 0 }, { "", 0 } };
	size_t i;

	for (i = 0; i < sizeof t / sizeof t[0]; i++)
		tap_ok(scan_has_zero(t[i].text, strlen(t[i].text)) == t[i].has,
		    "%s: %s", t[i].text, t[i].has ? "a zero" : "none");
}

static void
numbers(void)
{
	static const char *const texts_[] = { "0", "-0", "1", "-1", "0.1",
		"12.345", "966.3", "0.001", "123456789012345",
		"1234567890123456", "0.000000000000001",
		"1.7976931348623157e308", "5e-324", "1e5", "-2.5E-3",
		"9007199254740993", "3.14159265358979323846264338327950288",
		"99999.99999", "123456789.012345" };
	struct scan_value v;
	char line[80];
	double d;
	size_t i;

	for (i = 0; i < sizeof texts_ / sizeof *texts_; i++) {
		snprintf(line, sizeof line, "%s}", texts_[i]);
		v = of(SCAN_NUMBER, line);
		v.len--;
		d = NAN;
		tap_ok(scan_double(&v, &d) == 0 && d == strtod(texts_[i], NULL),
		    "number %s", texts_[i]);
	}
	v = of(SCAN_STRING, "\"1\"");
	tap_ok(scan_double(&v, &d) == -1, "a string is no number");
}

/* Writes data to a new file; the name is to be freed and unlinked. */
static char *
file_of(const char *data, size_t len)
{
	char *path = strdup("/tmp/scan.XXXXXX");
	int fd = mkstemp(path);

	if (fd == -1 || write(fd, data, len) != (ssize_t)len)
		abort();
	close(fd);
	return path;
}

/* A pipe may bring a byte order mark in pieces. */
static void
slow_mark(void)
{
	struct fault f;
	struct scan *s = NULL;
	const char *line;
	char path[32];
	size_t len;
	int p[2];
	pid_t pid;

	if (pipe(p) != 0 || (pid = fork()) == -1)
		abort();
	if (pid == 0) {
		if (write(p[1], "\xef", 1) == 1 && usleep(100000) == 0 &&
		    write(p[1], "\xbb\xbf{}\n", 5) == 5)
			_exit(0);
		_exit(1);
	}
	close(p[1]);
	snprintf(path, sizeof path, "/proc/self/fd/%d", p[0]);
	s = scan_open(path, 100, &f);
	tap_ok(s != NULL && scan_next(s, &line, &len, &f) == 1 && len == 2 &&
		   memcmp(line, "{}", 2) == 0,
	    "a byte order mark in pieces");
	scan_close(s);
	close(p[0]);
	waitpid(pid, NULL, 0);
}

static void
lines(void)
{
	static const char data[] =
	    "\xef\xbb\xbf{\"a\":1}\n\n  \r\n{\"b\":2}\r\nlast";
	char *path = file_of(data, sizeof data - 1);
	struct fault f;
	struct scan *s;
	const char *line;
	size_t len;

	s = scan_open(path, 100, &f);
	tap_ok(s != NULL, "opened");
	tap_str(scan_name(s), path, "its name");
	tap_ok(scan_next(s, &line, &len, &f) == 1 && len == 7 &&
		   scan_line(s) == 1 && memcmp(line, "{\"a\":1}", 7) == 0,
	    "the first line, without a byte order mark");
	tap_ok(
	    scan_next(s, &line, &len, &f) == 1 && len == 8 && scan_line(s) == 4,
	    "blank lines are passed over, and counted");
	tap_ok(scan_next(s, &line, &len, &f) == 1 && len == 4 &&
		   memcmp(line, "last", 4) == 0 && scan_line(s) == 5,
	    "a last line without a newline");
	tap_ok(scan_next(s, &line, &len, &f) == 0, "the end");
	tap_ok(scan_next(s, &line, &len, &f) == 0, "and again");
	scan_close(s);

	s = scan_open(path, 6, &f);
	tap_ok(scan_next(s, &line, &len, &f) == -1 && f.code == FAULT_INPUT &&
		   strstr(f.msg, ":1: a line of more than 6 bytes") != NULL,
	    "a line past the limit");
	scan_close(s);
	unlink(path);
	tap_ok(scan_open(path, 6, &f) == NULL && f.code == FAULT_INPUT,
	    "a file that is not there");
	free(path);
	s = scan_open("/", 6, &f);
	tap_ok(s != NULL && scan_next(s, &line, &len, &f) == -1 &&
		   f.code == FAULT_UNSURE,
	    "a directory");
	scan_close(s);
}

/* Lines of all lengths around the size of a read, and one much longer. */
static void
reads(void)
{
	const size_t total = 3 << 20;
	char *data = malloc(total + 1), *path;
	size_t n = 0, want = 0, got = 0, sum = 0, expect = 0, len, next = 1;
	struct fault f;
	struct scan *s;
	const char *line;
	int rc, sane = 1;

	while (n + next + 1 < total) {
		memset(data + n, 'a' + (int)(want % 26), next);
		n += next;
		data[n++] = '\n';
		expect += next;
		want++;
		next = want == 40 ? 1500000 : next * 7 % 9001 + 1;
	}
	path = file_of(data, n);
	s = scan_open(path, 2 << 20, &f);
	while ((rc = scan_next(s, &line, &len, &f)) == 1) {
		sane = sane && len > 0 && line[0] == 'a' + (int)(got % 26) &&
		       line[len - 1] == line[0];
		sum += len;
		got++;
	}
	tap_ok(rc == 0 && got == want && sum == expect && sane,
	    "%zu lines over many reads", want);
	scan_close(s);
	s = scan_open(path, 1000000, &f);
	while ((rc = scan_next(s, &line, &len, &f)) == 1)
		;
	tap_ok(rc == -1 && f.code == FAULT_INPUT, "the long one refused");
	scan_close(s);
	unlink(path);
	free(path);
	free(data);
}

int
main(void)
{
	good();
	bad();
	zeros();
	depth();
	slices();
	paths();
	values();
	texts();
	numbers();
	lines();
	slow_mark();
	reads();
	return tap_end();
}
