/*
 * Routes: the parser's messages, and which route answers which request.
 */
#include "sql-serve/routes.h"

#include <stdlib.h>
#include <unistd.h>

#include "tap.h"

static char path[] = "/tmp/routes.XXXXXX";

static int
load(struct routes *rs, const char *text, struct fault *f)
{
	FILE *out = fopen(path, "w");

	*rs = (struct routes){ .n = 0 };
	if (out == NULL || fputs(text, out) < 0 || fclose(out) != 0)
		abort();
	if (routes_load(rs, path, f) != 0)
		return -1;
	return routes_finish(rs, f);
}

static void
refused(const char *text, const char *want)
{
	struct routes rs;
	struct fault f;

	if (tap_ok(load(&rs, text, &f) == -1 && f.code == FAULT_INPUT,
		"refused: %s", want)) {
		tap_ok(strncmp(f.msg, path, strlen(path)) == 0, "names it");
		tap_str(f.msg + strlen(path), want, "says where and why");
	}
	routes_release(&rs);
}

static void
errors(void)
{
	refused("GET\n\tSELECT 1\n", ":1: expected METHOD PATH [STATUS]");
	refused(
	    "GET /a 200 x\n\tSELECT 1\n", ":1: expected METHOD PATH [STATUS]");
	refused("FETCH /a\n\tSELECT 1\n",
	    ":1: not a method (GET, POST, PUT, PATCH, DELETE)");
	refused("GET a\n\tSELECT 1\n", ":1: a path must start with /");
	refused("GET /a/\n\tSELECT 1\n", ":1: a path must not end with /");
	refused("GET /:a/:a\n\tSELECT 1\n",
	    ":1: a bad segment (empty, a parameter twice, or a name that is "
	    "none)");
	refused("GET /a 404\n\tSELECT 1\n",
	    ":1: status: not within 200 to 299: 404");
	refused("\tSELECT 1\n", ":1: an indented line before any route");
	refused("# x\n\nGET /a\n# y\nGET /b\n\tSELECT 1\n",
	    ":3: a route without an SQL statement");
	refused(
	    "GET /a\n\tSELECT\n\n\t:id\n", ":4: :id: no such parameter in /a");
	refused("GET /a\n\tSELECT :redis.x\n",
	    ":2: :redis.x: no redis step before gives it");
	refused("GET /a\n\tredis\n\tSELECT 1\n",
	    ":2: a redis step without a command");
	refused("GET /a\n\tredis x =\n\tSELECT 1\n",
	    ":2: a redis step without a command");
	refused("GET /a\n\tredis :body\n\tSELECT 1\n",
	    ":2: a redis command cannot be a parameter");
	refused("GET /:a\n\tredis GET :a:b\n\tSELECT 1\n",
	    ":2: a parameter must be the whole of an argument");
	refused("GET /a\n\tredis x = GET :redis.x\n\tSELECT 1\n",
	    ":2: :redis.x: no redis step before gives it");
	refused("GET /a\n\tSELECT 1;\n# c\n\tSELECT 2\n",
	    ":4: a second statement (use WITH for several)");
	refused("GET /a\n\tSELECT 'a\n", ":2: a literal without its end");
}

static void
matches(void)
{
	static const char text[] =
	    "GET /a\n\tSELECT 1\n"
	    "GET /a/:id\n\tSELECT :id\n"
	    "GET /a/special\n\tSELECT 1\n"
	    "POST /a 201\n\tSELECT :body\n"
	    "DELETE /a/:id 204\n\tSELECT :id\n"
	    "GET /\n\tSELECT 1\n"
	    "GET /:x/b\n\tSELECT :x\n"
	    "PUT /k/:key\n"
	    "\tredis was = GET :key\n"
	    "\tredis SET :key :query.value\n"
	    "\tSELECT :redis.was::text, :query.value::text, :query.other\n";
	static const struct {
		const char *method, *path, *want, *allow;
	} cases[] = {
		{ "GET", "/a", "/a", "" },
		{ "HEAD", "/a", "/a", "" },
		{ "GET", "/", "/", "" },
		{ "GET", "/a/7", "/a/:id", "" },
		{ "GET", "/a/special", "/a/special", "" },
		{ "DELETE", "/a/special", "/a/:id", "" },
		{ "GET", "/a/b", "/a/:id", "" },
		{ "GET", "/c/b", "/:x/b", "" },
		{ "POST", "/a", "/a", "" },
		{ "PUT", "/a", NULL, "GET, HEAD, POST, OPTIONS" },
		{ "POST", "/a/7", NULL, "DELETE, GET, HEAD, OPTIONS" },
		{ "GET", "/a/", NULL, "" },
		{ "GET", "/a//", NULL, "" },
		{ "GET", "//b", NULL, "" },
		{ "GET", "/a/7/8", NULL, "" },
		{ "GET", "/A", NULL, "" },
		{ "GET", "a", NULL, "" },
		{ "GET", "/1/2/3/4/5/6/7/8/9/10/11/12/13/14/15/16/17", NULL,
		    "" },
	};
	const struct route *r;
	struct routes rs;
	struct capture c;
	struct fault f;
	char allow[64];
	size_t i;

	tap_ok(load(&rs, text, &f) == 0 && rs.n == 8, "loaded");
	for (i = 0; i < sizeof cases / sizeof *cases; i++) {
		r = routes_match(&rs, cases[i].method, cases[i].path, &c, allow,
		    sizeof allow);
		tap_str(
		    r != NULL ? r->path : NULL, cases[i].want, cases[i].path);
		if (r == NULL)
			tap_str(allow, cases[i].allow, "what is allowed");
	}
	r = routes_match(&rs, "GET", "/a/x%", &c, allow, sizeof allow);
	tap_ok(c.len[1] == 2 && memcmp(c.at[1], "x%", 2) == 0 &&
		   r->sql.params[0].index == 1,
	    "what is captured");
	r = routes_match(&rs, "DELETE", "/a/1", &c, allow, sizeof allow);
	tap_ok(r->status == 204, "a status of its own");
	r = routes_match(&rs, "PUT", "/k/1", &c, allow, sizeof allow);
	tap_ok(r->status == 200 && r->n_steps == 2 && r->n_queries == 2 &&
		   r->steps[1].n == 3 && r->steps[1].result == NULL,
	    "redis steps");
	tap_str(r->steps[0].result, "was", "a step's result");
	tap_ok(r->sql_line == 18, "the statement's line");
	routes_release(&rs);
}

static void
duplicates(void)
{
	struct routes rs;
	struct fault f;

	tap_ok(load(&rs, "GET /a/:x\n\tSELECT 1\n\nGET /a/:y\n\tSELECT 1\n",
		   &f) == -1,
	    "two routes for the same requests");
	tap_ok(strstr(f.msg, ":4: GET /a/:y: answered by ") != NULL &&
		   strstr(f.msg, ":1 already") != NULL,
	    "both are named");
	routes_release(&rs);
}

int
main(void)
{
	int fd = mkstemp(path);

	if (fd == -1)
		return 1;
	close(fd);
	errors();
	matches();
	duplicates();
	unlink(path);
	return tap_end();
}
