/*
 * What became of the objects: records on standard output in input order,
 * whatever order they were answered in, and conflicts for people.
 */
#include <errno.h>
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

/*
 * An object that is not answered yet holds back those behind it.  What is told
 * is written at once: of a run that is killed, it is all there is to clean up
 * by.
 */
int
report_ready(struct apply *a, struct fault *f)
{
	size_t before = a->reported;
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
	if (rc == 0 && a->reported > before && fflush(stdout) != 0)
		rc = fault_sys(f, FAULT_UNSURE, errno, RECORD_OUTPUT);
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
static int
report_conflict(const char *name, const cJSON *cause)
{
	const char *reason = json_str(cause, "reason", NULL);
	const char *field = json_str(cause, "field", NULL);
	const char *message = json_str(cause, "message", NULL);

	if (reason == NULL || strcmp(reason, "FieldManagerConflict") != 0)
		return 0;
	tool_warn("%s: %s: %s", name, field != NULL ? field : "unknown field",
	    message != NULL ? message : "conflict");
	return 1;
}

/*
 * There is no reason of its own for it, so the words of k8s' validation count
 * (apimachinery's api/validation, apis/core, apps and rbac).
 */
static void
report_fixed(const struct object *o, const char *name, const cJSON *cause)
{
	static const char *const words[] = { "immutable", "may not change",
		"cannot change", "for fields other than" };
	const char *field = json_str(cause, "field", NULL);
	const char *message = json_str(cause, "message", NULL);
	size_t i;

	if (message == NULL)
		return;
	for (i = 0; i < sizeof words / sizeof *words; i++)
		if (strstr(message, words[i]) != NULL) {
			tool_warn("%s: %s: only a new object can have another "
				  "one; k8s-delete%s%s %s/%s removes this one",
			    name, field != NULL ? field : "a field",
			    o->ns != NULL ? " -n " : "",
			    o->ns != NULL ? o->ns : "", o->kind.singular,
			    o->name);
			return;
		}
}

/* 1 when o was refused because its namespace would only be made before it. */
static int
is_untried(const struct object *o, const cJSON *status)
{
	const struct apply *a = o->run;
	size_t i;

	if (!a->dry_run || o->ns == NULL ||
	    !json_is(json_at(status, "details", NULL), "kind", "namespaces") ||
	    !json_is(status, "reason", "NotFound"))
		return 0;
	for (i = 0; i < a->n; i++)
		if (a->v[i].tier == TIER_NAMESPACE &&
		    strcmp(a->v[i].name, o->ns) == 0)
			return 1;
	return 0;
}

void
report_refusal(const struct object *o, const cJSON *status)
{
	const cJSON *c;
	char name[512];
	int conflicts = 0;

	object_name(o, name, sizeof name);
	cJSON_ArrayForEach(c, json_at(status, "details", "causes", NULL)) {
		conflicts += report_conflict(name, c);
		report_fixed(o, name, c);
	}
	if (is_untried(o, status))
		tool_warn("%s: its namespace is in this input, but a dry run "
			  "makes none",
		    name);
	else if (conflicts > 0)
		tool_warn(
		    "%s: --force-conflicts takes these fields over", name);
	else if (json_is(status, "reason", "Conflict") &&
		 json_at(o->from->object, "metadata", "resourceVersion",
		     NULL) != NULL)
		tool_warn("%s: without metadata.resourceVersion it would be "
			  "applied to any version",
		    name);
}
