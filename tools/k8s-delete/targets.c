/*
 * What is to be deleted: operands, manifests, and namespaces whose run is
 * long over.  Only namespaces that bear our label can expire.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "delete.h"
#include "lib/clock.h"
#include "tool.h"

#define LABEL "app.kubernetes.io/managed-by"
#define OWNER "inttest"
#define EXPIRES "inttest/expires"

const char *
target_name(const struct target *t, char *out, size_t size)
{
	if (t->ns != NULL)
		snprintf(
		    out, size, "%s/%s in %s", t->kind.singular, t->name, t->ns);
	else
		snprintf(out, size, "%s/%s", t->kind.singular, t->name);
	return out;
}

/*
 * The group of a collection's path.  Few collections: a list will do, and one
 * watch for each spares the server one for each object.
 */
static struct group *
group_of(struct job *j, const char *path, struct fault *f)
{
	struct group **v, *g;
	size_t i;

	for (i = 0; i < j->ngroups; i++)
		if (strcmp(j->groups[i]->path, path) == 0)
			return j->groups[i];
	v = reallocarray(j->groups, j->ngroups + 1, sizeof(*v));
	g = calloc(1, sizeof(*g));
	if (v != NULL)
		j->groups = v;
	if (v == NULL || g == NULL || (g->path = strdup(path)) == NULL) {
		free(g);
		fault_nomem(f);
		return NULL;
	}
	g->job = j;
	v[j->ngroups++] = g;
	return g;
}

static void
target_free(struct target *t)
{
	free(t->ns);
	free(t->name);
	free(t->path);
	free(t->error);
	free(t);
}

void
targets_release(struct job *j)
{
	size_t i;

	for (i = 0; i < j->n; i++)
		target_free(j->v[i]);
	for (i = 0; i < j->ngroups; i++) {
		kube_cache_free(j->groups[i]->cache);
		free(j->groups[i]->path);
		free(j->groups[i]);
	}
	free(j->v);
	free(j->groups);
}

/* Sets the paths of t and of its collection. */
static int
place(struct target *t, struct fault *f)
{
	struct buf b;
	int r = -1;

	buf_init(&b, 4096);
	kube_path(&b, &t->kind, t->ns, NULL);
	if (buf_check(&b, t->name, f) != 0)
		goto out;
	t->group = group_of(t->job, buf_str(&b), f);
	if (t->group == NULL)
		goto out;
	buf_clear(&b);
	kube_path(&b, &t->kind, t->ns, t->name);
	if (buf_check(&b, t->name, f) != 0)
		goto out;
	t->path = buf_take(&b);
	r = t->path != NULL ? 0 : fault_nomem(f);
out:
	buf_release(&b);
	return r;
}

/* A target of a resolved kind; one that is there already is not doubled. */
static int
add(struct job *j, const struct kube_kind *kind, const char *ns,
    const char *name, const char *uid, struct fault *f)
{
	struct target **v, *t = calloc(1, sizeof(*t));
	size_t i;

	if (t == NULL)
		return fault_nomem(f);
	t->job = j;
	t->kind = *kind;
	t->name = strdup(name);
	if (kind->namespaced)
		t->ns = strdup(ns != NULL ? ns : j->ns);
	if (uid != NULL) {
		snprintf(t->uid, sizeof(t->uid), "%s", uid);
		t->only_uid = 1;
	}
	if (t->name == NULL || (kind->namespaced && t->ns == NULL)) {
		target_free(t);
		return fault_nomem(f);
	}
	if (place(t, f) != 0) {
		target_free(t);
		return -1;
	}
	for (i = 0; i < j->n; i++)
		if (strcmp(j->v[i]->path, t->path) == 0) {
			target_free(t);
			return 0;
		}
	v = reallocarray(j->v, j->n + 1, sizeof(*v));
	if (v == NULL) {
		target_free(t);
		return fault_nomem(f);
	}
	if (t->group->n++ == 0)
		t->group->first = t;
	j->v = v;
	v[j->n++] = t;
	return 0;
}

int
targets_add(struct job *j, const struct kube_ref *ref, int unknown_is_gone,
    struct fault *f)
{
	struct kube_kind kind;

	if (kube_kind_find(j->kube, ref->api_version, ref->kind, &kind, f) != 0)
		return unknown_is_gone && f->code == FAULT_INPUT ? 1 : -1;
	/* as kubectl: -n is what the user is looking at */
	if (j->forced_ns && kind.namespaced && ref->ns != NULL &&
	    strcmp(ref->ns, j->ns) != 0)
		return fault_set(f, FAULT_INPUT,
		    "%s %s: it is of the namespace %s, -n the namespace %s",
		    kind.kind, ref->name, ref->ns, j->ns);
	return add(j, &kind, ref->ns, ref->name, NULL, f);
}

/* From the end: what was applied last needs what came before it. */
int
targets_add_manifests(struct job *j, const struct manifests *m)
{
	struct kube_ref ref = { 0 };
	struct fault f = { 0 };
	const struct manifest *at;
	int status = 0;
	size_t i;

	for (i = m->n; i-- > 0 && status != FAULT_UNSURE;) {
		at = &m->v[i];
		ref.api_version =
		    (char *)json_str(at->object, "apiVersion", NULL);
		ref.kind = (char *)json_str(at->object, "kind", NULL);
		ref.ns =
		    (char *)json_str(at->object, "metadata", "namespace", NULL);
		ref.name =
		    (char *)json_str(at->object, "metadata", "name", NULL);
		/* a kind whose definition is gone has no objects either */
		if (targets_add(j, &ref, 1, &f) != -1)
			continue;
		fault_prefix(&f, "%s:%lu", at->source, at->line);
		status = tool_worse(status, tool_fault(&f));
	}
	return status;
}

int
targets_add_selected(
    struct job *j, const char *kind_name, const char *selector, struct fault *f)
{
	struct kube_answer a = { 0 };
	cJSON *list = NULL, *o;
	struct kube_kind kind;
	struct buf path;
	int r;

	if (strchr(kind_name, '/') != NULL || strcmp(kind_name, "-") == 0)
		return fault_set(f, FAULT_INPUT,
		    "%s: not a KIND, which -l needs", kind_name);
	if (kube_kind_find(j->kube, NULL, kind_name, &kind, f) != 0)
		return -1;
	buf_init(&path, 1 << 16);
	kube_path(&path, &kind, j->ns, NULL);
	buf_adds(&path, "?labelSelector=");
	http_escape(&path, selector, strlen(selector), 0);
	/* what comes to match later is not what the user has looked at */
	r = buf_check(&path, "-l", f);
	if (r == 0)
		r = kube_call(j->kube, "GET", buf_str(&path), NULL, NULL, &list,
		    &a.status, f);
	if (r == 0 && !kube_ok(&a)) {
		a.message = json_str(list, "message", NULL);
		if (a.message == NULL)
			a.message = "refused";
		kube_fault(&a, selector, f);
		r = fault_prefix(f, "-l");
		/* the server cannot read the selector */
		if (a.status == 400)
			f->code = FAULT_INPUT;
	}
	cJSON_ArrayForEach(o, json_at(list, "items", NULL)) {
		if (r == 0 && json_str(o, "metadata", "name", NULL) != NULL)
			r = add(j, &kind,
			    json_str(o, "metadata", "namespace", NULL),
			    json_str(o, "metadata", "name", NULL),
			    json_str(o, "metadata", "uid", NULL), f);
	}
	cJSON_Delete(list);
	buf_release(&path);
	return r;
}

/* 1 when a namespace of ours has expired, 0 when not, -1 when it cannot be
 * told. */
static int
has_expired(const cJSON *ns)
{
	const char *owner = json_str(ns, "metadata", "labels", LABEL, NULL);
	const char *until =
	    json_str(ns, "metadata", "annotations", EXPIRES, NULL);
	struct timespec ts, now;

	/* the server has selected by label: never trust that alone */
	if (owner == NULL || strcmp(owner, OWNER) != 0 || until == NULL)
		return 0;
	if (clock_parse(until, &ts) != 0)
		return -1;
	clock_gettime(CLOCK_REALTIME, &now);
	return ts.tv_sec < now.tv_sec;
}

int
targets_add_expired(struct job *j, const char *except, struct fault *f)
{
	static const char path[] =
	    "/api/v1/namespaces?labelSelector=" LABEL "%3D" OWNER;
	static const struct kube_kind kind = { .version = "v1",
		.kind = "Namespace",
		.resource = "namespaces",
		.singular = "namespace" };
	cJSON *list = NULL, *ns;
	const char *name, *uid;
	int expired, r = 0;

	if (kube_call(j->kube, "GET", path, NULL, NULL, &list, NULL, f) != 0)
		return -1;
	cJSON_ArrayForEach(ns, json_at(list, "items", NULL)) {
		name = json_str(ns, "metadata", "name", NULL);
		uid = json_str(ns, "metadata", "uid", NULL);
		expired = has_expired(ns);
		if (expired == -1)
			tool_warn("namespace/%s: %s: not a time: %s",
			    name != NULL ? name : "?", EXPIRES,
			    json_str(
				ns, "metadata", "annotations", EXPIRES, NULL));
		if (expired != 1 || name == NULL || uid == NULL ||
		    (except != NULL && strcmp(name, except) == 0))
			continue;
		r = add(j, &kind, NULL, name, uid, f);
		if (r != 0)
			break;
	}
	cJSON_Delete(list);
	return r;
}
