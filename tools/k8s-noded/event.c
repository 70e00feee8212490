/*
 * Events: see event.h.  What was posted lately is kept in a ring, so that a
 * repetition becomes a count; what drops out of it is posted anew.
 */
#include "k8s-noded/event.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define EVENTS_KEPT 256

struct posted {
	char key[768];  /* pod uid, container, reason and message; "" free */
	char name[320]; /* of the Event */
	char ns[64];
	unsigned count;
};

struct events {
	struct node *node;
	unsigned next;
	struct posted ring[EVENTS_KEPT];
};

struct events *
events_new(struct node *n, struct fault *f)
{
	struct events *e = calloc(1, sizeof(*e));

	if (e == NULL)
		fault_nomem(f);
	else
		e->node = n;
	return e;
}

void
events_free(struct events *e)
{
	free(e);
}

static void
on_done(void *arg, const struct kube_answer *a)
{
	(void)arg;
	(void)a;
}

static void
send(struct events *e, const char *method, const char *path,
    const char *content_type, const cJSON *v)
{
	struct kube_request rq = { .method = method,
		.path = path,
		.content_type = content_type,
		.done = on_done };
	struct buf b;

	buf_init(&b, 65536);
	if (json_write(&b, v) == 0) {
		rq.body = b.data;
		rq.body_len = b.len;
		kube_start(e->node->kube, &rq, NULL);
	}
	buf_release(&b);
}

static void
repeat(struct events *e, struct posted *p)
{
	char path[512], now[CLOCK_TS_SIZE];
	struct timespec ts;
	cJSON *v = cJSON_CreateObject();

	clock_gettime(CLOCK_REALTIME, &ts);
	clock_format(now, &ts, 1);
	json_set_num(v, "count", ++p->count);
	json_set_str(v, "lastTimestamp", now);
	snprintf(path, sizeof(path), "/api/v1/namespaces/%s/events/%s", p->ns,
	    p->name);
	send(e, "PATCH", path, "application/merge-patch+json", v);
	cJSON_Delete(v);
}

static cJSON *
compose(struct events *e, struct pod *p, const struct container *c,
    const char *type, const char *reason, const char *message, const char *name)
{
	char now[CLOCK_TS_SIZE], path[320];
	struct timespec ts;
	cJSON *v = cJSON_CreateObject(), *o;

	clock_gettime(CLOCK_REALTIME, &ts);
	clock_format(now, &ts, 1);
	json_set_str(v, "apiVersion", "v1");
	json_set_str(v, "kind", "Event");
	o = json_sub(v, "metadata");
	json_set_str(o, "name", name);
	json_set_str(o, "namespace", p->ns);
	o = json_sub(v, "involvedObject");
	json_set_str(o, "apiVersion", "v1");
	json_set_str(o, "kind", "Pod");
	json_set_str(o, "namespace", p->ns);
	json_set_str(o, "name", p->name);
	json_set_str(o, "uid", p->uid);
	if (c != NULL) {
		snprintf(path, sizeof(path), "spec.%s{%s}",
		    c->kind == CONTAINER_APP ? "containers" : "initContainers",
		    c->name);
		json_set_str(o, "fieldPath", path);
	}
	json_set_str(v, "type", type);
	json_set_str(v, "reason", reason);
	json_set_str(v, "message", message);
	json_set_num(v, "count", 1);
	json_set_str(v, "firstTimestamp", now);
	json_set_str(v, "lastTimestamp", now);
	o = json_sub(v, "source");
	json_set_str(o, "component", "kubelet");
	json_set_str(o, "host", e->node->name);
	json_set_str(v, "reportingComponent", "kubelet");
	json_set_str(v, "reportingInstance", e->node->name);
	return v;
}

void
event_pod(struct pod *p, const struct container *c, const char *type,
    const char *reason, const char *fmt, ...)
{
	struct events *e = p->node->events;
	struct posted *at;
	char message[1024], key[768], path[128];
	struct timespec now;
	unsigned i;
	va_list ap;
	cJSON *v;

	va_start(ap, fmt);
	vsnprintf(message, sizeof(message), fmt, ap);
	va_end(ap);
	snprintf(key, sizeof(key), "%s/%s/%s/%.512s", p->uid,
	    c != NULL ? c->name : "", reason, message);
	for (i = 0; i < EVENTS_KEPT; i++) {
		if (strcmp(e->ring[i].key, key) == 0) {
			repeat(e, &e->ring[i]);
			return;
		}
	}
	at = &e->ring[e->next++ % EVENTS_KEPT];
	memcpy(at->key, key, sizeof(key));
	snprintf(at->ns, sizeof(at->ns), "%.63s", p->ns);
	/* lists are in the order of names: so the name tells the time */
	clock_gettime(CLOCK_REALTIME, &now);
	snprintf(at->name, sizeof(at->name), "%.230s.%llx", p->name,
	    (unsigned long long)now.tv_sec * 1000000000ULL +
		(unsigned long long)now.tv_nsec);
	at->count = 1;
	v = compose(e, p, c, type, reason, message, at->name);
	snprintf(path, sizeof(path), "/api/v1/namespaces/%s/events", at->ns);
	send(e, "POST", path, NULL, v);
	cJSON_Delete(v);
}

void
events_forget(struct events *e, const char *pod_uid)
{
	size_t n = strlen(pod_uid);
	unsigned i;

	for (i = 0; i < EVENTS_KEPT; i++)
		if (strncmp(e->ring[i].key, pod_uid, n) == 0)
			e->ring[i].key[0] = '\0';
}
