/*
 * redis-probe: runs Redis commands and asserts on their replies.  All checks
 * are read before the first command is sent, so that a typo in the last line
 * does not leave half of them done.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/clock.h"
#include "lib/jqx.h"
#include "lib/json.h"
#include "lib/opt.h"
#include "lib/record.h"
#include "lib/redis.h"
#include "lib/scan.h"
#include "tool.h"

#define LINE_BYTES ((size_t)4 << 20)   /* of one check */
#define REPLY_BYTES ((size_t)64 << 20) /* of one reply as JSON */
#define FAILURES_MAX 50                /* told at most of one check */

static const char usage[] = "redis-probe [-t TIMEOUT] [--url URL] [FILE ...]";

struct check {
	char *file, *name, *group, *service;
	unsigned long line;
	char **argv;
	int argc;
	struct jqx **expect; /* the set's */
	size_t n_expect;
};

struct checks {
	struct check *v;
	size_t n;
	struct jqx_set *set;
};

struct failures {
	char *v[FAILURES_MAX];
	size_t n;
};

static void
checks_release(struct checks *cs)
{
	size_t i;
	int k;

	for (i = 0; i < cs->n; i++) {
		struct check *c = &cs->v[i];

		for (k = 0; c->argv != NULL && k < c->argc; k++)
			free(c->argv[k]);
		free(c->argv);
		free(c->expect);
		free(c->file);
		free(c->name);
		free(c->group);
		free(c->service);
	}
	free(cs->v);
	jqx_set_free(cs->set);
}

/* ---- reading checks ---- */

static int
read_string(const cJSON *v, char **out, struct fault *f)
{
	if (!cJSON_IsString(v) || v->valuestring[0] == '\0')
		return fault_set(f, FAULT_INPUT, "%s: not a string", v->string);
	free(*out);
	*out = strdup(v->valuestring);
	return *out != NULL ? 0 : fault_nomem(f);
}

/* A word of a command: a string, or a number that a double holds exactly. */
static int
read_word(const cJSON *v, char **out, struct fault *f)
{
	struct buf b;

	if (cJSON_IsString(v))
		*out = strdup(v->valuestring);
	else if (cJSON_IsNumber(v) && fabs(v->valuedouble) <= 0x1p53) {
		buf_init(&b, 64);
		json_write(&b, v);
		*out = buf_take(&b);
		buf_release(&b);
	} else
		return fault_set(f, FAULT_INPUT,
		    "command: neither a string nor a number (a number past "
		    "2^53 is to be written as a string)");
	return *out != NULL ? 0 : fault_nomem(f);
}

static int
read_command(struct check *c, const cJSON *v, struct fault *f)
{
	const cJSON *word;

	if (c->argv != NULL || !cJSON_IsArray(v) || v->child == NULL)
		return fault_set(
		    f, FAULT_INPUT, "command: not a list of words");
	c->argv = calloc((size_t)cJSON_GetArraySize(v), sizeof *c->argv);
	if (c->argv == NULL)
		return fault_nomem(f);
	cJSON_ArrayForEach(word, v) {
		if (read_word(word, &c->argv[c->argc], f) != 0)
			return -1;
		c->argc++;
	}
	return 0;
}

static int
read_expect(struct checks *cs, struct check *c, const cJSON *v, struct fault *f)
{
	const cJSON *e;

	if (c->expect != NULL || !cJSON_IsArray(v))
		return fault_set(
		    f, FAULT_INPUT, "expect: not a list of expressions");
	c->expect =
	    calloc((size_t)cJSON_GetArraySize(v) + 1, sizeof *c->expect);
	if (c->expect == NULL)
		return fault_nomem(f);
	cJSON_ArrayForEach(e, v) {
		if (!cJSON_IsString(e))
			return fault_set(
			    f, FAULT_INPUT, "expect: not a string");
		c->expect[c->n_expect] =
		    jqx_set_add(cs->set, e->valuestring, NULL, 0, f);
		if (c->expect[c->n_expect] == NULL)
			return fault_prefix(f, "expect");
		c->n_expect++;
	}
	return 0;
}

static int
read_member(struct checks *cs, struct check *c, const cJSON *m, struct fault *f)
{
	if (strcmp(m->string, "name") == 0)
		return read_string(m, &c->name, f);
	if (strcmp(m->string, "group") == 0)
		return read_string(m, &c->group, f);
	if (strcmp(m->string, "service") == 0)
		return read_string(m, &c->service, f);
	if (strcmp(m->string, "command") == 0)
		return read_command(c, m, f);
	if (strcmp(m->string, "expect") == 0)
		return read_expect(cs, c, m, f);
	return fault_set(f, FAULT_INPUT, "%s: unknown member", m->string);
}

static int
read_check(struct checks *cs, const char *line, size_t len, const char *file,
    unsigned long number, struct fault *f)
{
	struct check *more, *c;
	cJSON *v, *m;
	size_t i;
	int rc = 0;

	more = reallocarray(cs->v, cs->n + 1, sizeof *more);
	if (more == NULL)
		return fault_nomem(f);
	cs->v = more;
	c = &more[cs->n++];
	*c = (struct check){ .line = number, .file = strdup(file) };
	if (c->file == NULL)
		return fault_nomem(f);
	v = json_parse(line, len, f);
	if (v == NULL)
		return -1;
	if (!cJSON_IsObject(v))
		rc = fault_set(f, FAULT_INPUT, "not an object");
	else if (scan_has_zero(line, len))
		rc = fault_set(f, FAULT_INPUT, "a zero byte (\\u0000)");
	for (m = v->child; m != NULL && rc == 0; m = m->next)
		rc = read_member(cs, c, m, f);
	cJSON_Delete(v);
	if (rc == 0 && (c->name == NULL || c->argv == NULL))
		rc = fault_set(f, FAULT_INPUT, "no %s",
		    c->name == NULL ? "name" : "command");
	for (i = 0; rc == 0 && i + 1 < cs->n; i++)
		if (strcmp(cs->v[i].name, c->name) == 0 &&
		    strcmp(cs->v[i].file, c->file) == 0)
			rc = fault_set(f, FAULT_INPUT,
			    "%s: the name of line %lu already", c->name,
			    cs->v[i].line);
	return rc;
}

static int
read_file(struct checks *cs, const char *path, struct fault *f)
{
	struct scan *s = scan_open(path, LINE_BYTES, f);
	struct scan_value v;
	const char *line;
	size_t len;
	int rc;

	if (s == NULL)
		return -1;
	while ((rc = scan_next(s, &line, &len, f)) == 1)
		/* the scanner's column counts within the line */
		if (scan_value(line, len, &v, f) != 0 ||
		    read_check(cs, line, len, scan_name(s), scan_line(s), f) !=
			0) {
			rc = fault_prefix(
			    f, "%s:%lu", scan_name(s), scan_line(s));
			break;
		}
	scan_close(s);
	return rc;
}

/* ---- running them ---- */

static void
fail(struct failures *fs, const char *fmt, const char *a, const char *b)
{
	struct buf text;

	if (fs->n == FAILURES_MAX)
		return;
	buf_init(&text, 4096);
	buf_addf(&text, "%s", a);
	if (fmt != NULL)
		buf_addf(&text, "%s%s", fmt, b);
	fs->v[fs->n] = buf_take(&text);
	if (fs->v[fs->n] != NULL)
		fs->n++;
	buf_release(&text);
}

/* Holds a reply against the check; without expectations it must be no error. */
static int
judge(const struct check *c, const redisReply *reply, struct failures *fs,
    struct fault *f)
{
	struct buf json, got;
	size_t i;
	int held, rc = 0;

	buf_init(&json, REPLY_BYTES);
	buf_init(&got, 4096);
	if (redis_write_json(&json, reply) != 0)
		rc = json.failed ?
			 buf_check(&json, "reply", f) :
			 fault_set(f, FAULT_UNSURE, "reply: nested too deep");
	if (rc == 0 && c->n_expect == 0 && reply->type == REDIS_REPLY_ERROR)
		fail(fs, NULL, reply->str, NULL);
	for (i = 0; rc == 0 && i < c->n_expect; i++) {
		buf_clear(&got);
		held = jqx_holds(c->expect[i], json.data, json.len, &got, f);
		if (held < 0)
			rc = -1;
		else if (held == 0)
			fail(fs, ": got ", jqx_text(c->expect[i]),
			    buf_str(&got));
	}
	if (rc == 0 && fs->n > 0 && c->n_expect > 0 &&
	    reply->type == REDIS_REPLY_ERROR)
		fail(fs, ": ", "the reply is an error", reply->str);
	buf_release(&json);
	buf_release(&got);
	return rc;
}

static int
emit(struct record *r, const struct check *c, const struct failures *fs,
    const char *ts, double ms, struct fault *f)
{
	size_t i;

	record_begin(r, "probe");
	record_str(r, "name", c->name);
	record_str(r, "group", c->group != NULL ? c->group : c->name);
	record_str(r, "service", c->service != NULL ? c->service : "redis");
	record_str(r, "method", c->argv[0]);
	record_bool(r, "ok", fs->n == 0);
	record_open(r, "failures", '[');
	for (i = 0; i < fs->n; i++)
		record_str(r, NULL, fs->v[i]);
	record_close(r, ']');
	record_str(r, "ts", ts);
	record_ms(r, "ms", ms);
	for (i = 0; i < fs->n; i++)
		tool_warn(
		    "%s:%lu: %s: %s", c->file, c->line, c->name, fs->v[i]);
	return record_end(r, stdout, f);
}

/* One check: the exit status that it stands for. */
static int
run(redisContext *redis, struct record *r, const struct check *c)
{
	struct failures fs = { .n = 0 };
	char ts[CLOCK_TS_SIZE];
	redisReply *reply;
	struct fault f;
	double begun, ms;
	int status = 0;

	clock_ts(ts);
	begun = clock_ms();
	reply = redis_command(redis, c->argc, (const char **)c->argv, NULL, &f);
	ms = clock_ms() - begun;
	if (reply == NULL) {
		status = f.code;
		fail(&fs, NULL, f.msg, NULL);
	} else if (judge(c, reply, &fs, &f) != 0)
		tool_die(&f);
	if (status == 0 && fs.n > 0)
		status = FAULT_NO;
	if (emit(r, c, &fs, ts, ms, &f) != 0)
		tool_die(&f);
	while (fs.n > 0)
		free(fs.v[--fs.n]);
	if (reply != NULL)
		freeReplyObject(reply);
	return status;
}

static int
run_all(const struct redis_url *url, double timeout, const struct checks *cs)
{
	redisContext *redis;
	struct record r;
	struct fault f;
	int status = 0;
	size_t i;

	redis = redis_connect(url, timeout, &f);
	if (redis == NULL)
		return tool_fault(&f);
	record_init(&r);
	/* after a lost connection nothing more can be told */
	for (i = 0; i < cs->n && status != FAULT_UNSURE; i++)
		status = tool_worse(status, run(redis, &r, &cs->v[i]));
	record_release(&r);
	redisFree(redis);
	return status;
}

int
main(int argc, char **argv)
{
	enum { URL = 256 };
	static const struct option table[] = {
		{ "timeout", required_argument, NULL, 't' },
		{ "url", required_argument, NULL, URL },
		TOOL_LONG,
	};
	static char *no_operands[] = { "-", NULL };
	const char *where = getenv("REDIS_URL");
	struct checks cs = { .n = 0 };
	struct redis_url url;
	struct fault f;
	double timeout = 5000;
	int ch, status = 0;
	char **file;

	tool_begin("redis-probe", usage);
	while ((ch = tool_getopt(argc, argv, "t:", table)) != -1)
		if (ch == URL)
			where = optarg;
		else if (opt_duration("--timeout", optarg, &timeout, &f) != 0)
			tool_usage("%s", f.msg);
	if (redis_url_parse(&url,
		where != NULL ? where : "redis://127.0.0.1:6379", &f) != 0)
		tool_usage("%s", f.msg);
	cs.set = jqx_set_new(&f);
	if (cs.set == NULL)
		tool_die(&f);
	file = optind < argc ? argv + optind : no_operands;
	for (; *file != NULL; file++)
		if (read_file(&cs, *file, &f) != 0)
			status = tool_worse(status, tool_fault(&f));
	if (status == 0 && jqx_set_compile(cs.set, &f) != 0)
		status = tool_fault(&f);
	if (status == 0)
		status = run_all(&url, timeout, &cs);
	checks_release(&cs);
	return tool_end(status);
}
