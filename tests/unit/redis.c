/*
 * Redis URLs and replies as JSON.
 */
#include "lib/redis.h"

#include "tap.h"

static void
url(const char *s, const char *want)
{
	struct redis_url u;
	struct fault f;
	char got[2048];

	if (redis_url_parse(&u, s, &f) != 0)
		snprintf(got, sizeof got, "refused");
	else
		snprintf(got, sizeof got, "%s|%d|%d|%s|%s", u.host, u.port,
		    u.db, u.user, u.password);
	tap_str(got, want, s);
}

static void
reply(redisReply r, const char *want)
{
	struct buf b;

	buf_init(&b, 200);
	tap_ok(redis_write_json(&b, &r) == 0, "written");
	tap_str(buf_str(&b), want, want);
	buf_release(&b);
}

int
main(void)
{
	redisReply one = { .type = REDIS_REPLY_INTEGER,
		.integer = 9007199254740993 };
	redisReply text = {
		.type = REDIS_REPLY_STRING, .str = "a\"b", .len = 3
	};
	redisReply *both[] = { &one, &text };
	struct redis_url u;
	const char *argv[3];
	struct fault f;

	url("redis://h", "h|6379|0||");
	url("redis://", "127.0.0.1|6379|0||");
	url("redis://h:1234/3", "h|1234|3||");
	url("redis://h/", "h|6379|0||");
	url("redis://[::1]:7", "::1|7|0||");
	url("redis://:s3cret@h", "h|6379|0||s3cret");
	url("redis://u:p%40%3a%2F@h:1", "h|1|0|u|p@:/");
	url("redis://u:p@q@h", "h|6379|0|u|p@q");
	url("http://h", "refused");
	url("rediss://h", "refused");
	url("redis://h:0", "refused");
	url("redis://h:x", "refused");
	url("redis://h/x", "refused");
	url("redis://h/-1", "refused");
	url("redis://u:%zz@h", "refused");
	url("redis://u:%00@h", "refused");
	url("redis://[::1", "refused");
	tap_ok(redis_url_parse(&u, "redis://u:s3cret@h:x", &f) == -1 &&
		   strstr(f.msg, "s3cret") == NULL,
	    "no password in: %s", f.msg);

	redis_url_parse(&u, "redis://u:p@h", &f);
	tap_ok(redis_auth(&u, argv) == 3 && strcmp(argv[1], "u") == 0,
	    "AUTH user password");
	redis_url_parse(&u, "redis://:p@h", &f);
	tap_ok(redis_auth(&u, argv) == 2 && strcmp(argv[1], "p") == 0,
	    "AUTH password");
	redis_url_parse(&u, "redis://h", &f);
	tap_ok(redis_auth(&u, argv) == 0, "no AUTH");

	reply(one, "9007199254740993");
	reply(text, "\"a\\\"b\"");
	reply((redisReply){ .type = REDIS_REPLY_NIL }, "null");
	reply((redisReply){ .type = REDIS_REPLY_STATUS, .str = "OK", .len = 2 },
	    "\"OK\"");
	reply(
	    (redisReply){ .type = REDIS_REPLY_ERROR, .str = "ERR x", .len = 5 },
	    "{\"error\":\"ERR x\"}");
	reply(
	    (redisReply){
		.type = REDIS_REPLY_ARRAY, .elements = 2, .element = both },
	    "[9007199254740993,\"a\\\"b\"]");
	return tap_end();
}
