/*
 * Namespaces that are to go: deletes what is in them, kind by kind, says
 * what is left, and gives the namespace free once nothing is.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "k8s-controllerd/act.h"
#include "k8s-controllerd/cond.h"
#include "k8s-controllerd/kinds.h"
#include "k8s-controllerd/meta.h"

#define KINDS_AGE_MS 60000.0
#define AGAIN_MS 250.0 /* a first second look at what is left */
#define AGAIN_MAX_MS 5000.0

/* One pass over all kinds of a namespace. */
struct pass {
	char *uid;         /* of the namespace */
	unsigned asking;   /* requests under way */
	size_t left;       /* objects that are still there */
	struct buf kinds;  /* "pods. has 2 resource instances, ..." */
	cJSON *finalizers; /* name -> how many objects have it */
	int done, failed;
	int rounds;
	char *empty;     /* by kind: nothing is left, and nothing can come */
	double kinds_at; /* of the kinds that empty is about */
	struct pass *next;
};

/* A kind within a pass, for its requests. */
struct sweep {
	struct pass *pass;
	size_t kind;
	char *path, *name;
};

static void
event(struct control *c, const struct change *ch)
{
	const cJSON *ns;

	if (ch->resource == NAMESPACES && meta_dying(ch->object))
		work_add_object(
		    c, &namespace_controller, NAMESPACES, ch->object);
	if (ch->event != KUBE_DELETED || meta_ns(ch->object)[0] == '\0')
		return;
	ns = control_get(c, NAMESPACES, "", meta_ns(ch->object));
	if (ns != NULL && meta_dying(ns))
		work_add_object(c, &namespace_controller, NAMESPACES, ns);
}

static struct pass *
pass_get(struct control *c, const cJSON *ns)
{
	struct pass *p;

	for (p = c->passes; p != NULL; p = p->next)
		if (strcmp(p->uid, meta_uid(ns)) == 0)
			return p;
	p = calloc(1, sizeof *p);
	if (p == NULL)
		return NULL;
	buf_init(&p->kinds, 4096);
	p->uid = strdup(meta_uid(ns));
	if (p->uid == NULL) {
		free(p);
		return NULL;
	}
	p->finalizers = cJSON_CreateObject();
	p->next = c->passes;
	c->passes = p;
	return p;
}

static void
pass_drop(struct control *c, struct pass *p)
{
	struct pass **at;

	for (at = &c->passes; *at != p; at = &(*at)->next)
		;
	*at = p->next;
	buf_release(&p->kinds);
	cJSON_Delete(p->finalizers);
	free(p->empty);
	free(p->uid);
	free(p);
}

void
passes_release(struct control *c)
{
	while (c->passes != NULL)
		pass_drop(c, c->passes);
}

static void
sweep_free(struct sweep *s)
{
	free(s->path);
	free(s->name);
	free(s);
}

/* A kind is done with; the last one makes the key go on. */
static void
sweep_end(struct work *w, struct sweep *s)
{
	struct pass *p = s->pass;

	sweep_free(s);
	if (--p->asking > 0)
		return;
	p->done = 1;
	w->again = 1;
}

static void
ask(struct control *c, struct work *w, struct sweep *s, const char *method,
    void (*then)(struct control *c, struct work *w, void *arg,
	const struct kube_answer *a))
{
	struct act a = { .method = method,
		.resource = RESOURCES,
		.path = s->path,
		.unseen = 1,
		.then = then,
		.arg = s };

	act(c, w, &a);
}

/* Counts what is left of a kind. */
static void
on_listed(
    struct control *c, struct work *w, void *arg, const struct kube_answer *a)
{
	struct sweep *s = arg;
	const cJSON *o, *f, *items = json_at(a->body, "items", NULL);
	int n = cJSON_GetArraySize(items);

	(void)c;
	s->pass->failed |= !kube_ok(a);
	s->pass->left += (size_t)n;
	s->pass->empty[s->kind] = kube_ok(a) && n == 0;
	if (n > 0)
		buf_addf(&s->pass->kinds, "%s%s has %d resource instances",
		    s->pass->kinds.len > 0 ? ", " : "", s->name, n);
	cJSON_ArrayForEach(o, items)
		cJSON_ArrayForEach(
		    f, json_at(o, "metadata", "finalizers", NULL))
			if (cJSON_IsString(f))
				json_set_num(s->pass->finalizers,
				    f->valuestring,
				    json_num(s->pass->finalizers,
					f->valuestring, 0) +
					1);
	sweep_end(w, s);
}

/* Nothing was there: done.  Else one more look tells what stays. */
static void
on_deleted(
    struct control *c, struct work *w, void *arg, const struct kube_answer *a)
{
	struct sweep *s = arg;
	const cJSON *items = json_at(a->body, "items", NULL);

	if (a->status == 404 || a->status == 405 ||
	    (kube_ok(a) && cJSON_IsArray(items) && items->child == NULL)) {
		w->failed = 0;
		s->pass->empty[s->kind] = 1;
		sweep_end(w, s);
	} else
		ask(c, w, s, "GET", on_listed);
}

static void
start(struct control *c, struct work *w, struct pass *p, const cJSON *ns)
{
	struct sweep *s;
	char path[700];
	size_t i;

	if (p->empty == NULL || p->kinds_at != c->kinds->at) {
		free(p->empty);
		p->empty = calloc(c->kinds->n + 1, 1);
		p->kinds_at = c->kinds->at;
	}
	for (i = 0; p->empty != NULL && i < c->kinds->n; i++) {
		if (p->empty[i])
			continue;
		s = calloc(1, sizeof *s);
		if (s == NULL)
			break;
		snprintf(path, sizeof path, "%s/namespaces/%s/%s",
		    c->kinds->paths[i], meta_name(ns), c->kinds->names[i]);
		s->pass = p;
		s->kind = i;
		s->path = strdup(path);
		snprintf(path, sizeof path, "%s.%s", c->kinds->names[i],
		    strncmp(c->kinds->paths[i], "/apis/", 6) == 0 ?
			c->kinds->paths[i] + 6 :
			"");
		path[strcspn(path, "/")] = '\0';
		s->name = strdup(path);
		if (s->path == NULL || s->name == NULL) {
			sweep_free(s);
			break;
		}
		p->asking++;
		ask(c, w, s, "DELETE", on_deleted);
	}
	if (p->asking == 0) {
		p->done = 1;
		w->again = 1;
	}
}

/* "web/cleanup in 2 resource instances, ..." */
static void
print_finalizers(const struct pass *p, struct buf *b)
{
	const cJSON *f;

	cJSON_ArrayForEach(f, p->finalizers)
		buf_addf(b, "%s%s in %.0f resource instances",
		    b->len > 0 ? ", " : "", f->string, f->valuedouble);
}

static int
set_conditions(const struct pass *p, cJSON *status)
{
	struct buf text;
	int bad = 0;

	buf_init(&text, 4096);
	bad |= cond_set(status, "NamespaceDeletionDiscoveryFailure", "False",
	    "ResourcesDiscovered", "All resources successfully discovered", 0);
	bad |= cond_set(status, "NamespaceDeletionContentFailure",
	    p->failed ? "True" : "False",
	    p->failed ? "ContentDeletionFailed" : "ContentDeleted",
	    p->failed ? "Failed to delete some content" :
			"All content successfully deleted, may be waiting on "
			"finalization",
	    0);
	buf_addf(&text, "Some resources are remaining: %s", buf_str(&p->kinds));
	bad |= p->left > 0 ?
		   cond_set(status, "NamespaceContentRemaining", "True",
		       "SomeResourcesRemain", buf_str(&text), 0) :
		   cond_set(status, "NamespaceContentRemaining", "False",
		       "ContentRemoved", "All content successfully removed", 0);
	buf_clear(&text);
	print_finalizers(p, &text);
	if (text.len > 0) {
		char *list = buf_take(&text);

		buf_addf(&text,
		    "Some content in the namespace has finalizers remaining: "
		    "%s",
		    list != NULL ? list : "");
		free(list);
		bad |= cond_set(status, "NamespaceFinalizersRemaining", "True",
		    "SomeFinalizersRemain", buf_str(&text), 0);
	} else
		bad |= cond_set(status, "NamespaceFinalizersRemaining", "False",
		    "ContentHasNoFinalizers",
		    "All content-preserving finalizers finished", 0);
	buf_release(&text);
	return bad;
}

/* Says on the namespace what keeps it. */
static void
tell(struct control *c, struct work *w, const struct pass *p, const cJSON *ns)
{
	const cJSON *old = json_at(ns, "status", NULL);
	cJSON *s = old != NULL ? cJSON_Duplicate(old, 1) : cJSON_CreateObject();

	if (s == NULL || set_conditions(p, s) != 0)
		cJSON_Delete(s);
	else
		act_status(c, w, NAMESPACES, ns, s);
}

static void
finalize(struct control *c, struct work *w, const cJSON *ns)
{
	cJSON *o = cJSON_Duplicate(ns, 1), *list, *f, *next;
	struct act a = { .method = "PUT",
		.resource = NAMESPACES,
		.name = meta_name(ns),
		.sub = "finalize",
		.body = o,
		.unseen = 1 };

	list = json_at(o, "spec", "finalizers", NULL);
	for (f = list != NULL ? list->child : NULL; f != NULL; f = next) {
		next = f->next;
		if (cJSON_IsString(f) &&
		    strcmp(f->valuestring, "kubernetes") == 0)
			cJSON_Delete(cJSON_DetachItemViaPointer(list, f));
	}
	json_set_str(o, "apiVersion", "v1");
	if (json_set_str(o, "kind", "Namespace") == 0)
		act(c, w, &a);
	cJSON_Delete(o);
}

static int
is_ours(const cJSON *ns)
{
	const cJSON *f;

	cJSON_ArrayForEach(f, json_at(ns, "spec", "finalizers", NULL))
		if (cJSON_IsString(f) &&
		    strcmp(f->valuestring, "kubernetes") == 0)
			return 1;
	return 0;
}

static void
reconcile(struct control *c, struct work *w)
{
	const cJSON *ns = control_get(c, NAMESPACES, "", w->name);
	struct pass *p;
	double ms = AGAIN_MS;
	int i;

	if (ns == NULL || !meta_dying(ns) || !is_ours(ns) ||
	    !kinds_ready(c, w, KINDS_AGE_MS))
		return;
	p = pass_get(c, ns);
	if (p == NULL || p->asking > 0)
		return;
	if (!p->done) {
		start(c, w, p, ns);
		return;
	}
	if (p->left == 0 && !p->failed) {
		finalize(c, w, ns);
		pass_drop(c, p);
		return;
	}
	tell(c, w, p, ns);
	for (i = 0; i < p->rounds && ms < AGAIN_MAX_MS; i++)
		ms *= 2;
	work_later(c, w, ms);
	p->rounds++;
	p->done = p->failed = 0;
	p->left = 0;
	buf_clear(&p->kinds);
	cJSON_Delete(p->finalizers);
	p->finalizers = cJSON_CreateObject();
}

const struct controller namespace_controller = { "namespace", event,
	reconcile };
