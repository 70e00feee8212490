/*
 * Requests: see act.h.  At most MAX_CALLS are under way, the others queue
 * here, so that a hundred pods do not open a hundred connections.
 */
#include "k8s-controllerd/act.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "k8s-controllerd/meta.h"
#include "lib/clock.h"

#define MAX_CALLS 8

struct call {
	struct control *c;
	struct work *w; /* NULL: an Event */
	struct kube_call_state *state;
	char *path, *body, *name, *ns;
	char *made;  /* the name of what it makes, or NULL */
	size_t stem; /* how much of that is generateName */
	const char *method, *content_type;
	enum resource resource;
	int unseen, plain; /* plain: no subresource */
	cJSON *about;
	enum resource about_resource;
	char *reason, *note;
	void (*then)(struct control *c, struct work *w, void *arg,
	    const struct kube_answer *a);
	void *arg;
	struct call *next;
};

struct calls {
	struct call *head, **tail; /* not started */
	struct call *running;
	unsigned n;
};

int
act_init(struct control *c)
{
	c->calls = calloc(1, sizeof *c->calls);
	if (c->calls == NULL)
		return -1;
	c->calls->tail = &c->calls->head;
	return 0;
}

static void
call_free(struct call *call)
{
	free(call->path);
	free(call->body);
	free(call->name);
	free(call->ns);
	free(call->made);
	free(call->reason);
	free(call->note);
	cJSON_Delete(call->about);
	free(call);
}

void
act_release(struct control *c)
{
	struct call *call;

	if (c->calls == NULL)
		return;
	while ((call = c->calls->running) != NULL) {
		c->calls->running = call->next;
		kube_cancel(c->kube, call->state);
		call_free(call);
	}
	while ((call = c->calls->head) != NULL) {
		c->calls->head = call->next;
		call_free(call);
	}
	free(c->calls);
	c->calls = NULL;
}

/* The key waits until its cache shows what the request has made. */
static void
wait_for(struct call *call, const struct kube_answer *a)
{
	const cJSON *now;
	unsigned long long version = meta_version(a->body);
	const char *kind = json_str(a->body, "kind", NULL);
	const char *name = meta_name(a->body);

	if (call->unseen || call->resource == RESOURCES)
		return;
	now = control_get(call->c, call->resource, call->ns, call->name);
	if (strcmp(call->method, "DELETE") == 0) {
		if (kind != NULL && strcmp(kind, "Status") != 0 &&
		    meta_dying(a->body))
			work_wait(call->c, call->w, call->resource, call->ns,
			    call->name, version);
		else
			work_wait(call->c, call->w, call->resource, call->ns,
			    call->name, 0);
		return;
	}
	if (version == 0) /* a Status: any change will do */
		version = now != NULL ? meta_version(now) + 1 : 0;
	else if (*name == '\0')
		name = call->name;
	if (version > 0)
		work_wait(call->c, call->w, call->resource, call->ns,
		    meta_version(a->body) > 0 ? name : call->name, version);
}

/* 1 when the failure is one that needs no second attempt. */
static int
is_moot(const struct call *call, const struct kube_answer *a)
{
	int closed = call->ns[0] != '\0' && !control_ns_open(call->c, call->ns);

	if (a->status == 404)
		return call->name[0] != '\0' || closed;
	/* nothing is made in a namespace that goes */
	return a->status == 403 && closed;
}

/*
 * A name made up at random is another one each time.  Told is what it begins
 * with, as by a server that makes up names itself: else the same trouble
 * would be news at each attempt, and its news the cause of the next.
 */
static void
forget_name(const struct call *call, char *s)
{
	size_t n = call->made != NULL ? strlen(call->made) : 0;

	while (n > call->stem && (s = strstr(s, call->made)) != NULL) {
		s += call->stem;
		memmove(s, s + n - call->stem, strlen(s + n - call->stem) + 1);
	}
}

static void
failed(struct call *call, const struct kube_answer *a)
{
	struct fault f = { 0 };
	char note[700];
	int news;

	if (is_moot(call, a))
		return;
	kube_fault(a, resources[call->resource % RESOURCES].plural, &f);
	forget_name(call, f.msg);
	work_fail(call->w, &f);
	call->w->conflicted |= a->status == 409;
	if (call->about == NULL || a->status == 409 ||
	    strcmp(call->method, "POST") != 0 || !call->plain)
		return;
	news = !call->w->refused && call->w->failures == 0;
	call->w->refused = 1;
	snprintf(note, sizeof note, "Error creating: %.600s", a->message);
	forget_name(call, note);
	snprintf(call->w->trouble, sizeof call->w->trouble, "%.500s",
	    note + strlen("Error creating: "));
	if (news)
		act_event(call->c, call->about_resource, call->about, "Warning",
		    "FailedCreate", note, call->w->who->name);
}

static void pump(struct control *c);

static void
done(void *arg, const struct kube_answer *a)
{
	struct call *call = arg, **p;
	struct control *c = call->c;
	struct work *w = call->w;

	for (p = &c->calls->running; *p != call; p = &(*p)->next)
		;
	*p = call->next;
	c->calls->n--;
	if (w != NULL) {
		if (!kube_ok(a))
			failed(call, a);
		else {
			wait_for(call, a);
			if (call->reason != NULL)
				act_event(c, call->about_resource, call->about,
				    "Normal", call->reason, call->note,
				    w->who->name);
		}
		if (call->then != NULL)
			call->then(c, w, call->arg, a);
		work_end(c, w);
	}
	call_free(call);
	pump(c);
}

/* A call that cannot even start fails as if it was not answered. */
static void
start(struct call *call)
{
	struct kube_request rq = { .method = call->method,
		.path = call->path,
		.content_type = call->content_type,
		.body = call->body,
		.body_len = call->body != NULL ? strlen(call->body) : 0,
		.done = done,
		.arg = call };
	struct kube_answer none = { .reason = "" };
	struct fault f = { 0 };

	call->state = kube_start(call->c->kube, &rq, &f);
	if (call->state == NULL) {
		none.message = f.msg;
		done(call, &none);
	}
}

static void
pump(struct control *c)
{
	struct call *call;

	while (c->calls->n < MAX_CALLS && (call = c->calls->head) != NULL) {
		c->calls->head = call->next;
		if (c->calls->head == NULL)
			c->calls->tail = &c->calls->head;
		call->next = c->calls->running;
		c->calls->running = call;
		c->calls->n++;
		start(call);
	}
}

static char *
path_of(const struct act *a)
{
	const struct resource_info *info = &resources[a->resource];
	struct buf b;
	char *path;

	buf_init(&b, 4096);
	if (a->path != NULL)
		buf_adds(&b, a->path);
	else {
		buf_adds(&b, info->root);
		if (info->namespaced)
			buf_addf(&b, "/namespaces/%s", a->ns);
		buf_addf(&b, "/%s", info->plural);
		if (a->name != NULL) {
			buf_addc(&b, '/');
			http_escape(&b, a->name, strlen(a->name), 0);
		}
		if (a->sub != NULL)
			buf_addf(&b, "/%s", a->sub);
	}
	path = buf_take(&b);
	buf_release(&b);
	return path;
}

/* What is made and has a generateName was named by us, and at random. */
static int
note_name(struct call *call, enum resource owner, const cJSON *body)
{
	const char *stem = json_str(body, "metadata", "generateName", NULL);
	const char *name = json_str(body, "metadata", "name", NULL);

	if (stem == NULL || name == NULL || owner == STATEFULSETS ||
	    strncmp(name, stem, strlen(stem)) != 0)
		return 0;
	call->stem = strlen(stem);
	call->made = strdup(name);
	return call->made != NULL ? 0 : -1;
}

/* 0, or -1 when memory ran out half-way. */
static int
call_fill(struct call *call, const struct act *a)
{
	struct buf b;

	buf_init(&b, 4 << 20);
	call->method = a->method;
	call->resource = a->resource;
	call->unseen = a->unseen;
	call->plain = a->sub == NULL;
	call->then = a->then;
	call->arg = a->arg;
	call->about_resource = a->about_resource;
	if (strcmp(a->method, "PATCH") == 0)
		call->content_type = "application/merge-patch+json";
	call->path = path_of(a);
	call->ns = strdup(a->ns != NULL ? a->ns : "");
	call->name = strdup(a->name != NULL ? a->name : "");
	if (a->body != NULL && json_write(&b, a->body) == 0)
		call->body = buf_take(&b);
	buf_release(&b);
	if (a->about != NULL)
		call->about = cJSON_Duplicate(a->about, 1);
	if (a->reason != NULL) {
		call->reason = strdup(a->reason);
		call->note = strdup(a->note);
	}
	return note_name(call, a->about_resource, a->body) != 0 ||
		       call->path == NULL || call->ns == NULL ||
		       call->name == NULL ||
		       (a->body != NULL && call->body == NULL) ||
		       (a->about != NULL && call->about == NULL) ||
		       (a->reason != NULL &&
			   (call->reason == NULL || call->note == NULL)) ?
		   -1 :
		   0;
}

void
act(struct control *c, struct work *w, const struct act *a)
{
	struct call *call = calloc(1, sizeof *call);
	struct fault f = { 0 };

	if (call == NULL || call_fill(call, a) != 0) {
		if (call != NULL)
			call_free(call);
		fault_nomem(&f);
		if (w != NULL)
			work_fail(w, &f);
		return;
	}
	call->c = c;
	call->w = w;
	if (w != NULL)
		work_begin(w);
	*c->calls->tail = call;
	c->calls->tail = &call->next;
	pump(c);
}

/* Members that now lacks and was had become null: a merge patch's removal. */
static int
add_removals(const cJSON *was, cJSON *now)
{
	const cJSON *m;
	cJSON *same;
	int bad = 0;

	cJSON_ArrayForEach(m, was) {
		same = cJSON_GetObjectItemCaseSensitive(now, m->string);
		if (same == NULL)
			bad |= json_set(now, m->string, cJSON_CreateNull());
		else if (cJSON_IsObject(m) && cJSON_IsObject(same))
			bad |= add_removals(m, same);
	}
	return bad;
}

/*
 * A patch, not an update: what others have written to metadata meanwhile
 * stays, and a namesake with another uid is left alone.
 */
void
act_status(struct control *c, struct work *w, enum resource r,
    const cJSON *object, cJSON *status)
{
	const cJSON *old = json_at(object, "status", NULL);
	const cJSON *was =
	    control_get(c, r, meta_ns(object), meta_name(object));
	cJSON *body;
	struct act a = { .method = "PATCH",
		.resource = r,
		.ns = meta_ns(object),
		.name = meta_name(object),
		.sub = "status" };

	if (status == NULL || (old != NULL && json_equal(old, status))) {
		cJSON_Delete(status);
		return;
	}
	a.body = body = cJSON_CreateObject();
	if (json_set(body, "status", status) == 0 &&
	    json_set_str(json_sub(body, "metadata"), "uid", meta_uid(object)) ==
		0 &&
	    add_removals(json_at(was, "status", NULL), status) == 0)
		act(c, w, &a);
	cJSON_Delete(body);
}

void
act_create(
    struct control *c, struct work *w, enum resource r, const cJSON *object)
{
	struct act a = { .method = "POST",
		.resource = r,
		.ns = meta_ns(object),
		.body = object };

	act(c, w, &a);
}

void
act_delete(
    struct control *c, struct work *w, enum resource r, const cJSON *object)
{
	cJSON *options = cJSON_CreateObject();
	struct act a = { .method = "DELETE",
		.resource = r,
		.ns = meta_ns(object),
		.name = meta_name(object),
		.body = options };

	json_set_str(
	    json_sub(options, "preconditions"), "uid", meta_uid(object));
	act(c, w, &a);
	cJSON_Delete(options);
}

/* The Event object, or NULL without memory. */
static cJSON *
event_object(enum resource r, const cJSON *about, const char *type,
    const char *reason, const char *note, const char *component)
{
	cJSON *e = cJSON_CreateObject(), *meta = json_sub(e, "metadata");
	cJSON *ref = json_sub(e, "involvedObject");
	const char *ns = meta_ns(about), *version;
	char name[300], ts[CLOCK_TS_SIZE], source[80];
	struct timespec now;
	int bad = 0;

	clock_gettime(CLOCK_REALTIME, &now);
	snprintf(name, sizeof name, "%.230s.%llx", meta_name(about),
	    (unsigned long long)now.tv_sec * 1000000000ULL +
		(unsigned long long)now.tv_nsec);
	snprintf(source, sizeof source, "%s%s", component,
	    strstr(component, "sched") == NULL ? "-controller" : "");
	version = json_str(about, "metadata", "resourceVersion", NULL);
	bad |= json_set_str(meta, "name", name);
	bad |= json_set_str(meta, "namespace", *ns != '\0' ? ns : "default");
	bad |= json_set_str(ref, "apiVersion", resources[r].api_version);
	bad |= json_set_str(ref, "kind", resources[r].kind);
	bad |= json_set_str(ref, "name", meta_name(about));
	if (*ns != '\0')
		bad |= json_set_str(ref, "namespace", ns);
	bad |= json_set_str(ref, "uid", meta_uid(about));
	if (version != NULL)
		bad |= json_set_str(ref, "resourceVersion", version);
	bad |= json_set_str(e, "type", type);
	bad |= json_set_str(e, "reason", reason);
	bad |= json_set_str(e, "message", note);
	bad |= json_set_str(json_sub(e, "source"), "component", source);
	bad |= json_set_str(e, "reportingComponent", source);
	bad |= json_set_str(e, "reportingInstance", "");
	bad |= json_set_num(e, "count", 1);
	clock_format(ts, &now, 1);
	bad |= json_set_str(e, "firstTimestamp", ts);
	bad |= json_set_str(e, "lastTimestamp", ts);
	if (bad == 0)
		return e;
	cJSON_Delete(e);
	return NULL;
}

void
act_event(struct control *c, enum resource r, const cJSON *about,
    const char *type, const char *reason, const char *note,
    const char *component)
{
	cJSON *e = event_object(r, about, type, reason, note, component);
	struct buf path;
	struct act a = {
		.method = "POST", .resource = RESOURCES, .body = e, .unseen = 1
	};

	buf_init(&path, 512);
	buf_addf(&path, "/api/v1/namespaces/%s/events",
	    json_str(e, "metadata", "namespace", NULL));
	a.path = buf_str(&path);
	if (e != NULL)
		act(c, NULL, &a);
	buf_release(&path);
	cJSON_Delete(e);
}
