/*
 * The scheduler: binds each pod to the first node that it fits on, and says
 * on the pod and in an Event why there is none.
 */
#include "k8s-controllerd/schedule.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "k8s-controllerd/act.h"
#include "k8s-controllerd/cond.h"
#include "k8s-controllerd/meta.h"

/* Pods whose binding was asked for and that no cache shows yet. */
struct bind {
	char *uid, *node;
	struct requests asks;
	struct bind *next;
};

struct binds {
	struct bind *head;
};

static void
bind_forget(struct control *c, const char *uid)
{
	struct bind **p, *b;

	if (c->binds == NULL)
		return;
	for (p = &c->binds->head; (b = *p) != NULL; p = &b->next)
		if (strcmp(b->uid, uid) == 0) {
			*p = b->next;
			free(b->uid);
			free(b->node);
			free(b);
			return;
		}
}

static void
bind_note(struct control *c, const cJSON *pod, const cJSON *node)
{
	struct bind *b = calloc(1, sizeof *b);

	if (c->binds == NULL)
		c->binds = calloc(1, sizeof *c->binds);
	if (b == NULL || c->binds == NULL) {
		free(b);
		return; /* then the sum is a little too low for a moment */
	}
	b->uid = strdup(meta_uid(pod));
	b->node = strdup(meta_name(node));
	b->asks = pod_requests(pod);
	if (b->uid == NULL || b->node == NULL) {
		free(b->uid);
		free(b->node);
		free(b);
		return;
	}
	b->next = c->binds->head;
	c->binds->head = b;
}

void
binds_release(struct control *c)
{
	while (c->binds != NULL && c->binds->head != NULL)
		bind_forget(c, c->binds->head->uid);
	free(c->binds);
	c->binds = NULL;
}

static const char *
node_of(const cJSON *pod)
{
	const char *s = json_str(pod, "spec", "nodeName", NULL);

	return s != NULL ? s : "";
}

static int
is_waiting(const void *arg, const cJSON *pod)
{
	const char *who = json_str(pod, "spec", "schedulerName", NULL);

	(void)arg;
	return pod_active(pod) && node_of(pod)[0] == '\0' &&
	       (who == NULL || strcmp(who, scheduler.name) == 0);
}

/* Room may have come free: what waits is looked at again. */
static void
wake(struct control *c)
{
	struct objects pods;
	size_t i;

	if (control_list(c, PODS, NULL, is_waiting, NULL, &pods) == 0)
		for (i = 0; i < pods.n; i++)
			work_add_object(c, &scheduler, PODS, pods.v[i]);
	objects_release(&pods);
}

static void
event(struct control *c, const struct change *ch)
{
	if (ch->resource == NODES || ch->resource == CLAIMS)
		wake(c);
	if (ch->resource != PODS)
		return;
	if (ch->event == KUBE_DELETED || node_of(ch->object)[0] != '\0')
		bind_forget(c, meta_uid(ch->object));
	if (ch->event != KUBE_DELETED && is_waiting(NULL, ch->object))
		work_add_object(c, &scheduler, PODS, ch->object);
	else if (node_of(ch->object)[0] != '\0' &&
		 (ch->event == KUBE_DELETED ||
		     (!pod_active(ch->object) && ch->before != NULL &&
			 pod_active(ch->before))))
		wake(c);
}

/* What the pods on a node ask for together. */
struct load {
	const char *node;
	struct requests sum;
};

static int
add_load(void *arg, const cJSON *pod)
{
	struct load *l = arg;
	const char *phase = pod_phase(pod);
	struct requests r;

	if (strcmp(node_of(pod), l->node) == 0 &&
	    strcmp(phase, "Succeeded") != 0 && strcmp(phase, "Failed") != 0) {
		r = pod_requests(pod);
		l->sum.cpu += r.cpu;
		l->sum.memory += r.memory;
	}
	return 0;
}

static struct requests
load_of(const struct control *c, const cJSON *node)
{
	struct load l = { .node = meta_name(node) };
	const struct bind *b;

	kube_cache_each(c->caches[PODS], add_load, &l);
	for (b = c->binds != NULL ? c->binds->head : NULL; b != NULL;
	     b = b->next)
		if (strcmp(b->node, l.node) == 0) {
			l.sum.cpu += b->asks.cpu;
			l.sum.memory += b->asks.memory;
		}
	return l.sum;
}

static void
bound(struct control *c, struct work *w, void *arg, const struct kube_answer *a)
{
	const cJSON *pod = control_get(c, PODS, w->ns, w->name);

	(void)arg;
	if (!kube_ok(a) && pod != NULL)
		bind_forget(c, meta_uid(pod));
}

static void
bind_pod(struct control *c, struct work *w, const cJSON *pod, const cJSON *node)
{
	cJSON *body = cJSON_CreateObject();
	cJSON *target = json_sub(body, "target");
	char note[600];
	struct act a = { .method = "POST",
		.resource = PODS,
		.ns = w->ns,
		.name = w->name,
		.sub = "binding",
		.body = body,
		.about = pod,
		.about_resource = PODS,
		.reason = "Scheduled",
		.note = note,
		.then = bound };

	snprintf(note, sizeof note, "Successfully assigned %s/%s to %s", w->ns,
	    w->name, meta_name(node));
	json_set_str(body, "apiVersion", "v1");
	json_set_str(body, "kind", "Binding");
	json_set_str(json_sub(body, "metadata"), "name", w->name);
	json_set_str(json_sub(body, "metadata"), "uid", meta_uid(pod));
	json_set_str(target, "kind", "Node");
	if (json_set_str(target, "name", meta_name(node)) == 0) {
		bind_note(c, pod, node);
		act(c, w, &a);
	}
	cJSON_Delete(body);
}

/* Says on the pod, once, why it waits: 1 when that is news. */
static int
note_why(struct control *c, struct work *w, const cJSON *pod,
    const char *reason, const char *why)
{
	const cJSON *old = json_at(pod, "status", NULL);
	const char *said =
	    json_str(meta_condition(pod, "PodScheduled"), "message", NULL);
	cJSON *s;

	if (said != NULL && strcmp(said, why) == 0)
		return 0;
	s = old != NULL ? cJSON_Duplicate(old, 1) : cJSON_CreateObject();
	if (s == NULL ||
	    cond_set(s, "PodScheduled", "False", reason, why, 0) != 0) {
		cJSON_Delete(s);
		return 0;
	}
	act_status(c, w, PODS, pod, s);
	return 1;
}

/*
 * 1 when a claim of the pod is not there or not bound: why in out.  None
 * gets bound here, but by whoever writes its status.
 */
static int
waits_for_claim(
    const struct control *c, const cJSON *pod, char *out, size_t size)
{
	const cJSON *v, *claim;
	const char *name;

	cJSON_ArrayForEach(v, json_at(pod, "spec", "volumes", NULL)) {
		name = json_str(v, "persistentVolumeClaim", "claimName", NULL);
		if (name == NULL)
			continue;
		claim = control_get(c, CLAIMS, meta_ns(pod), name);
		if (claim != NULL &&
		    json_is(json_at(claim, "status", NULL), "phase", "Bound"))
			continue;
		if (claim == NULL)
			snprintf(out, size,
			    "persistentvolumeclaim \"%.253s\" not found", name);
		else
			snprintf(out, size,
			    "pod has unbound immediate "
			    "PersistentVolumeClaims");
		return 1;
	}
	return 0;
}

static void
reconcile(struct control *c, struct work *w)
{
	const cJSON *pod = control_get(c, PODS, w->ns, w->name);
	struct objects nodes;
	struct requests used;
	char one[300] = "", why[500];
	size_t i;
	int waits;

	if (pod == NULL || !is_waiting(NULL, pod))
		return;
	if (cJSON_GetArraySize(json_at(pod, "spec", "schedulingGates", NULL)) >
	    0) {
		note_why(c, w, pod, "SchedulingGated",
		    "Scheduling is blocked due to non-empty scheduling gates");
		return;
	}
	if (control_list(c, NODES, NULL, NULL, NULL, &nodes) != 0)
		nodes.n = 0;
	waits = waits_for_claim(c, pod, one, sizeof one);
	for (i = 0; i < nodes.n && !waits; i++) {
		used = load_of(c, nodes.v[i]);
		if (node_fits(nodes.v[i], &used, pod, one, sizeof one)) {
			bind_pod(c, w, pod, nodes.v[i]);
			goto out;
		}
	}
	if (nodes.n == 0)
		snprintf(
		    why, sizeof why, "no nodes available to schedule pods");
	else
		snprintf(why, sizeof why, "0/%zu nodes are available: %zu %s.",
		    nodes.n, nodes.n, one);
	if (note_why(c, w, pod, "Unschedulable", why))
		act_event(c, PODS, pod, "Warning", "FailedScheduling", why,
		    scheduler.name);
out:
	objects_release(&nodes);
}

const struct controller scheduler = { "default-scheduler", event, reconcile };
