/*
 * What became of the objects: records on standard output in input order,
 * whatever order they were answered in, and conflicts for people.
 */
#include <stdio.h>
#include <string.h>

#include "apply.h"
#include "lib/record.h"
#include "tool.h"

static const char *const names[] = { "pending", "created", "configured",
	"unchanged", "failed" };

static int
report_one(const struct object *o, struct record *r, struct fault *f)
{
	record_begin(r, "apply");
	record_str(
	    r, "apiVersion", json_str(o->from->object, "apiVersion", NULL));
	record_str(r, "kind", json_str(o->from->object, "kind", NULL));
	if (o->ns != NULL)
		record_str(r, "namespace", o->ns);
	record_str(r, "name", o->name);
	record_str(r, "result", names[o->result]);
	if (o->uid[0] != '\0')
		record_str(r, "uid", o->uid);
	if (o->ts[0] != '\0')
		record_str(r, "ts", o->ts);
	record_ms(r, "ms", o->ms);
	if (o->result == R_FAILED)
		record_str(
		    r, "error", o->error != NULL ? o->error : "out of memory");
	return record_end(r, stdout, f);
}

/* An object that is not answered yet holds back those behind it. */
int
report_ready(struct apply *a, struct fault *f)
{
	struct record r;
	int rc = 0;

	record_init(&r);
	while (rc == 0 && a->reported < a->n &&
	       a->v[a->reported].result != R_PENDING) {
		struct object *o = &a->v[a->reported++];

		if (a->diff)
			rc = diff_print(o, f);
		if (rc == 0)
			rc = report_one(o, &r, f);
	}
	record_release(&r);
	return rc;
}

void
report_progress(struct apply *a, int done)
{
	double now = clock_ms();

	/* drawing costs more than an object: ten times a second will do */
	if (!a->progress || (!done && now < a->drawn_ms + 100))
		return;
	if (done && a->drawn_ms > 0)
		fputs("\r\033[K", stderr);
	else if (!done)
		fprintf(stderr, "\r\033[K%zu of %zu applied", a->done, a->n);
	a->drawn_ms = done ? 0 : now;
}

/*
 * A cause's message is `conflict with "MANAGER" using v1`; its field the
 * path of what is contended.
 */
void
report_conflict(const struct object *o, const cJSON *status)
{
	const cJSON *c;
	char name[512];
	int any = 0;

	cJSON_ArrayForEach(c, json_at(status, "details", "causes", NULL)) {
		const char *reason = json_str(c, "reason", NULL);
		const char *field = json_str(c, "field", NULL);
		const char *message = json_str(c, "message", NULL);

		if (reason == NULL ||
		    strcmp(reason, "FieldManagerConflict") != 0)
			continue;
		any = 1;
		tool_warn("%s: %s: %s", object_name(o, name, sizeof name),
		    field != NULL ? field : "unknown field",
		    message != NULL ? message : "conflict");
	}
	if (any)
		tool_warn("%s: --force-conflicts takes these fields over",
		    object_name(o, name, sizeof name));
}
