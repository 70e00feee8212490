/*
 * Why something is not gone yet: a namespace's conditions and what is still in
 * it, an object's finalizers and grace, for people.
 */
#include <stdio.h>
#include <string.h>

#include "delete.h"
#include "lib/clock.h"
#include "tool.h"

#define REMAINS_MS 15000 /* for the question after them */
#define NAMED_AT_MOST 20 /* remaining objects that are named */

/* Appends the strings of a list, or nothing when it is empty. */
static void
add_list(struct buf *b, const char *intro, const cJSON *list)
{
	const cJSON *item;
	int n = 0;

	cJSON_ArrayForEach(item, list) {
		if (cJSON_IsString(item))
			buf_addf(b, "%s%s", n++ == 0 ? intro : ", ",
			    item->valuestring);
	}
}

/* The finalizers of an object in words, "" when there are none. */
static void
add_finalizers(struct buf *b, const cJSON *object)
{
	add_list(b,
	    "; finalizers: ", json_at(object, "metadata", "finalizers", NULL));
	if (strcmp(json_str(object, "kind", NULL) != NULL ?
		       json_str(object, "kind", NULL) :
		       "",
		"Namespace") == 0)
		add_list(b, "; finalizers: ",
		    json_at(object, "spec", "finalizers", NULL));
}

/*
 * The conditions that the namespace controller keeps (k/k pkg/controller/
 * namespace/deletion/status_condition_utils.go): each is True when it blocks.
 */
static void
tell_conditions(const char *name, const cJSON *ns)
{
	const char *type, *status, *message;
	const cJSON *c;

	cJSON_ArrayForEach(c, json_at(ns, "status", "conditions", NULL)) {
		type = json_str(c, "type", NULL);
		status = json_str(c, "status", NULL);
		message = json_str(c, "message", NULL);
		if (type != NULL && status != NULL &&
		    strcmp(status, "True") == 0)
			tool_warn("namespace/%s: %s: %s", name, type,
			    message != NULL ? message : "no message");
	}
}

/* The search for what remains in a namespace. */
struct remains {
	struct job *job;
	const char *ns;
	unsigned named, more;
};

/* Events and metrics go with what they are about: they block nothing. */
static int
tell_kind(void *arg, const struct kube_kind *kind)
{
	struct remains *r = arg;
	struct fault f = { 0 };
	cJSON *list = NULL, *o;
	struct buf path, why;

	if (!kind->namespaced || !kind->listable ||
	    strcmp(kind->resource, "events") == 0 ||
	    strcmp(kind->group, "metrics.k8s.io") == 0)
		return 0;
	buf_init(&path, 4096);
	buf_init(&why, 4096);
	kube_path(&path, kind, r->ns, NULL);
	if (kube_call(r->job->kube, "GET", buf_str(&path), NULL, NULL, &list,
		NULL, &f) != 0)
		list = NULL;
	cJSON_ArrayForEach(o, json_at(list, "items", NULL)) {
		if (r->named++ >= NAMED_AT_MOST) {
			r->more++;
			continue;
		}
		buf_clear(&why);
		add_finalizers(&why, o);
		tool_warn("namespace/%s: still there: %s/%s%s", r->ns,
		    kind->singular, json_str(o, "metadata", "name", NULL),
		    buf_str(&why));
	}
	cJSON_Delete(list);
	buf_release(&why);
	buf_release(&path);
	return 0;
}

static void
tell_remains(struct job *j, const char *ns)
{
	struct remains r = { .job = j, .ns = ns };
	struct fault f = { 0 };
	struct buf missing;

	/* the time is up: what does not answer is not asked again */
	kube_set_deadline(j->kube, clock_ms() + REMAINS_MS);
	kube_set_patience(j->kube, 1000);
	buf_init(&missing, 1 << 16);
	if (kube_kind_each(j->kube, tell_kind, &r, &missing, &f) != 0)
		tool_warn("namespace/%s: what remains: %s", ns, f.msg);
	if (r.more > 0)
		tool_warn("namespace/%s: and %u more", ns, r.more);
	if (missing.len > 0)
		tool_warn("namespace/%s: discovery is broken, which holds up "
			  "every namespace: %.*s",
		    ns, (int)strcspn(buf_str(&missing), "\n"),
		    buf_str(&missing));
	buf_release(&missing);
}

void
blockers_why(const struct job *j, const struct target *t, const cJSON *object,
    struct buf *why)
{
	const char *since =
	    json_str(object, "metadata", "deletionTimestamp", NULL);

	buf_addf(why, "not gone within %g s: ", j->timeout_ms / 1000);
	if (object == NULL)
		buf_adds(why, t->group->cache == NULL ?
				  "no answer" :
				  "its state is not known");
	else
		buf_addf(why, "%s%s",
		    since != NULL ? "terminating since " : "not terminating",
		    since != NULL ? since : "");
	add_finalizers(why, object);
}

void
blockers_tell(struct job *j, const struct target *t, const cJSON *object)
{
	if (t->ns != NULL || strcmp(t->kind.resource, "namespaces") != 0 ||
	    object == NULL)
		return;
	tell_conditions(t->name, object);
	tell_remains(j, t->name);
}
