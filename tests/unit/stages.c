/*
 * Stages out of their records: parts become one, what has no record is
 * skipped, and the order is that of the list.
 */
#include "lib/stages.h"

#include "tap.h"

static struct stages s;

static int
add(const char *json)
{
	struct fault f = { 0 };
	cJSON *v = json_parse(json, strlen(json), &f);
	int rc = stages_add(&s, v, &f);

	cJSON_Delete(v);
	return rc;
}

/* The stages as "name status from-to", one after the other. */
static void
are(const char *list, const char *want, const char *what)
{
	struct fault f = { 0 };
	struct buf b;
	size_t i;

	buf_init(&b, 65536);
	tap_ok(stages_finish(&s, list, &f) == 0, "%s: finishes", what);
	for (i = 0; i < s.n; i++)
		buf_addf(&b, "%s%ld %s %s %.0f-%.0f", i > 0 ? ", " : "",
		    s.v[i].number, s.v[i].name,
		    stage_status_name(s.v[i].status), s.v[i].from, s.v[i].to);
	tap_str(buf_str(&b), want, what);
	buf_release(&b);
}

static void
parts(void)
{
	add("{\"stage\":3,\"name\":\"seed\",\"part\":\"rows\",\"status\":\"ok\","
	    "\"ts\":\"1970-01-01T00:00:05Z\",\"ms\":1000}");
	add("{\"stage\":3,\"name\":\"seed\",\"part\":\"objects\","
	    "\"status\":\"failed\",\"message\":\"no bucket\","
	    "\"ts\":\"1970-01-01T00:00:02.500Z\",\"ms\":500}");
	add("{\"stage\":3,\"name\":\"seed\",\"part\":\"redis\","
	    "\"status\":\"ok\",\"message\":\"fine\"}");
	are(NULL, "3 seed failed 2500-6000",
	    "the worst status, from the first start to the last end");
	tap_str(s.v[0].message, "no bucket", "with the worst part's message");
	tap_ok(s.v[0].parts_n == 3, "and its parts");
	add("{\"stage\":3,\"name\":\"seed\",\"part\":\"objects\","
	    "\"status\":\"ok\",\"ts\":\"1970-01-01T00:00:07Z\",\"ms\":0}");
	are(NULL, "3 seed ok 5000-7000",
	    "a later record of a part replaces the earlier");
	stages_release(&s);
}

static void
order(void)
{
	add("{\"stage\":6,\"name\":\"api\",\"status\":\"ok\"}");
	add("{\"stage\":9,\"name\":\"teardown\",\"status\":\"sideways\"}");
	add("{\"stage\":1,\"name\":\"namespace\",\"status\":\"skipped\"}");
	are("namespace,seed,,api,seed",
	    "1 namespace skipped 0-0, 2 seed skipped 0-0, 6 api ok 0-0, "
	    "9 teardown error 0-0",
	    "the list's first, then others; what has no record is skipped");
	stages_release(&s);
	add("{\"stage\":2,\"name\":\"b\",\"status\":\"ok\"}");
	add("{\"stage\":1,\"name\":\"a\",\"status\":\"ok\"}");
	are(NULL, "1 a ok 0-0, 2 b ok 0-0", "without a list: by number");
	stages_release(&s);
	are("", "", "nothing at all");
	stages_release(&s);
}

static void
refused(void)
{
	char json[64];
	int i, rc = 0;

	tap_ok(add("{\"stage\":1,\"status\":\"ok\"}") == -1, "no name");
	tap_ok(add("{\"name\":\"\"}") == -1, "an empty name");
	for (i = 0; i < STAGES_MAX + 1 && rc == 0; i++) {
		snprintf(json, sizeof(json), "{\"name\":\"n%d\"}", i);
		rc = add(json);
	}
	tap_ok(rc == -1 && i == STAGES_MAX + 1, "more than there may be");
	stages_release(&s);
}

int
main(void)
{
	parts();
	order();
	refused();
	return tap_end();
}
