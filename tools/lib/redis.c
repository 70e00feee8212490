/*
 * Redis over hiredis: see redis.h.  One command, one reply: what pipelining
 * would save is nothing beside the round trip of a check.
 */
#include "redis.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>

#include "json.h"
#include "opt.h"

#define REPLY_DEPTH 16 /* Redis itself nests replies 7 deep */

static int
hex(char c)
{
	return c >= '0' && c <= '9'                   ? c - '0' :
	       (c | 0x20) >= 'a' && (c | 0x20) <= 'f' ? (c | 0x20) - 'a' + 10 :
							-1;
}

/* Copies len bytes percent-decoded into out: 0, or -1 when they do not fit. */
static int
decode(const char *p, size_t len, char *out, size_t size)
{
	const char *end = p + len;
	size_t n = 0;

	for (; p < end; p++) {
		char c = *p;

		if (c == '%') {
			if (end - p < 3 || hex(p[1]) < 0 || hex(p[2]) < 0)
				return -1;
			c = (char)(hex(p[1]) << 4 | hex(p[2]));
			p += 2;
		}
		if (c == '\0' || n + 1 >= size)
			return -1;
		out[n++] = c;
	}
	out[n] = '\0';
	return 0;
}

static int
parse_user(struct redis_url *u, const char *p, size_t len)
{
	const char *colon = memchr(p, ':', len);
	size_t user = colon != NULL ? (size_t)(colon - p) : len;

	if (decode(p, user, u->user, sizeof u->user) != 0)
		return -1;
	if (colon == NULL)
		return 0;
	return decode(
	    colon + 1, len - user - 1, u->password, sizeof u->password);
}

static int
parse_host(struct redis_url *u, const char *p, size_t len, struct fault *f)
{
	const char *host = p, *end = p + len, *port;
	char digits[8];
	long long n;

	if (len > 0 && *p == '[') {
		port = memchr(p, ']', len);
		if (port == NULL)
			return -1;
		host++;
		len = (size_t)(port++ - host);
	} else {
		port = memchr(p, ':', len);
		if (port == NULL)
			port = end;
		len = (size_t)(port - host);
	}
	if (decode(host, len, u->host, sizeof u->host) != 0)
		return -1;
	if (u->host[0] == '\0')
		snprintf(u->host, sizeof u->host, "127.0.0.1");
	if (port == end)
		return 0;
	if (*port != ':' || end - port > (long)sizeof digits)
		return -1;
	snprintf(
	    digits, sizeof digits, "%.*s", (int)(end - port - 1), port + 1);
	if (opt_number("port", digits, 1, 65535, &n, f) != 0)
		return -1;
	u->port = (int)n;
	return 0;
}

int
redis_url_parse(struct redis_url *u, const char *url, struct fault *f)
{
	static const char scheme[] = "redis://";
	const char *p, *at, *slash;
	size_t len;
	long long n;

	*u = (struct redis_url){ .port = 6379 };
	if (strncmp(url, "rediss://", 9) == 0)
		return fault_set(
		    f, FAULT_INPUT, "redis URL: TLS is not supported");
	if (strncmp(url, scheme, sizeof scheme - 1) != 0)
		goto bad;
	p = url + sizeof scheme - 1;
	len = strcspn(p, "/?#");
	slash = p + len;
	at = memrchr(p, '@', len);
	if (at != NULL) {
		if (parse_user(u, p, (size_t)(at - p)) != 0)
			goto bad;
		len -= (size_t)(at + 1 - p);
		p = at + 1;
	}
	if (parse_host(u, p, len, f) != 0)
		goto bad;
	if (slash[0] == '/' && slash[1] != '\0') {
		if (opt_number("db", slash + 1, 0, 1 << 20, &n, f) != 0)
			goto bad;
		u->db = (int)n;
	} else if (slash[0] != '/' && slash[0] != '\0')
		goto bad;
	return 0;
bad:
	return fault_set(f, FAULT_INPUT,
	    "redis URL: malformed (redis://[user:password@]host[:port][/db])");
}

int
redis_auth(const struct redis_url *u, const char **argv)
{
	int n = 0;

	if (u->password[0] == '\0')
		return 0;
	argv[n++] = "AUTH";
	if (u->user[0] != '\0')
		argv[n++] = u->user;
	argv[n++] = u->password;
	return n;
}

static int
context_fault(const redisContext *c, struct fault *f)
{
	/* of a read that took too long hiredis says what read(2) says */
	int late = c->err == REDIS_ERR_IO && errno == EAGAIN;

	return fault_set(f, FAULT_UNSURE, "%s",
	    c->err == REDIS_ERR_EOF ? "the server closed the connection" :
	    late                    ? "no answer in time" :
	    c->errstr[0] != '\0'    ? c->errstr :
				      "the connection was lost");
}

redisReply *
redis_command(redisContext *c, int argc, const char **argv, const size_t *lens,
    struct fault *f)
{
	redisReply *r = redisCommandArgv(c, argc, argv, lens);

	if (r == NULL)
		context_fault(c, f);
	return r;
}

/* A command of the greeting: an error reply is a fault. */
static int
greet(redisContext *c, int argc, const char **argv, struct fault *f)
{
	redisReply *r = redis_command(c, argc, argv, NULL, f);
	int rc = 0;

	if (r == NULL)
		return -1;
	if (r->type == REDIS_REPLY_ERROR)
		rc = fault_set(f, FAULT_UNSURE, "%s", r->str);
	freeReplyObject(r);
	return rc;
}

redisContext *
redis_connect(const struct redis_url *u, double ms, struct fault *f)
{
	struct timeval tv = { .tv_sec = (time_t)(ms / 1000),
		.tv_usec = (suseconds_t)((long long)ms % 1000 * 1000) };
	const char *argv[3];
	char db[16];
	redisContext *c;
	int n;

	c = redisConnectWithTimeout(u->host, u->port, tv);
	if (c == NULL) {
		fault_nomem(f);
		return NULL;
	}
	if (c->err != 0) {
		context_fault(c, f);
		goto bad;
	}
	if (redisSetTimeout(c, tv) != REDIS_OK) {
		fault_set(f, FAULT_UNSURE, "cannot set a timeout");
		goto bad;
	}
	n = redis_auth(u, argv);
	if (n > 0 && greet(c, n, argv, f) != 0)
		goto bad;
	snprintf(db, sizeof db, "%d", u->db);
	argv[0] = "SELECT";
	argv[1] = db;
	if (u->db != 0 && greet(c, 2, argv, f) != 0)
		goto bad;
	return c;
bad:
	fault_prefix(f, "redis %s:%d", u->host, u->port);
	redisFree(c);
	return NULL;
}

static int
write_reply(struct buf *b, const redisReply *r, unsigned depth)
{
	size_t i;

	if (depth > REPLY_DEPTH)
		return -1;
	switch (r->type) {
	case REDIS_REPLY_INTEGER:
		return buf_addf(b, "%lld", r->integer);
	case REDIS_REPLY_STRING:
	case REDIS_REPLY_STATUS:
		return json_write_string(b, r->str, r->len);
	case REDIS_REPLY_ERROR:
		buf_adds(b, "{\"error\":");
		json_write_string(b, r->str, r->len);
		return buf_addc(b, '}');
	case REDIS_REPLY_ARRAY:
		buf_addc(b, '[');
		for (i = 0; i < r->elements; i++) {
			if (i > 0)
				buf_addc(b, ',');
			if (write_reply(b, r->element[i], depth + 1) != 0)
				return -1;
		}
		return buf_addc(b, ']');
	default:
		return buf_adds(b, "null");
	}
}

int
redis_write_json(struct buf *b, const redisReply *r)
{
	return write_reply(b, r, 0);
}
