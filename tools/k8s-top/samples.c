/*
 * Samples: from the metrics API (metrics.k8s.io) where a cluster has one, else
 * from each kubelet's stats/summary through the API server.  Neither can be
 * watched, so both are polled for the first sample of each pod.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/quantity.h"
#include "tool.h"
#include "top.h"

#define ONE_ROUND_MS 500 /* what does not answer is not waited for */
#define OTHER_PATIENCE_MS 10000

void
pods_release(struct top *t)
{
	size_t i;

	for (i = 0; i < t->n; i++) {
		free(t->v[i].name);
		free(t->v[i].node);
	}
	free(t->v);
}

static struct pod *
find_pod(struct top *t, const char *name)
{
	size_t i;

	for (i = 0; name != NULL && i < t->n; i++)
		if (strcmp(t->v[i].name, name) == 0)
			return &t->v[i];
	return NULL;
}

static int
wanted(const struct top *t, const char *name)
{
	size_t i;

	for (i = 0; t->names[i] != NULL; i++)
		if (strcmp(t->names[i], name) == 0)
			return 1;
	return i == 0;
}

static int
add_pod(struct top *t, const char *name, const char *node, struct fault *f)
{
	struct pod *p = find_pod(t, name), *v;

	if (p == NULL) {
		v = reallocarray(t->v, t->n + 1, sizeof(*v));
		if (v == NULL)
			return fault_nomem(f);
		t->v = v;
		p = &v[t->n];
		*p = (struct pod){ .name = strdup(name), .node = strdup(node) };
		if (p->name == NULL || p->node == NULL) {
			free(p->name);
			free(p->node);
			return fault_nomem(f);
		}
		t->n++;
	}
	p->seen = 1;
	return 0;
}

static int
collection(const struct top *t, struct buf *b, const char *api, int selected)
{
	buf_addf(b, "%s/namespaces/", api);
	http_escape(b, t->ns, strlen(t->ns), 0);
	buf_adds(b, "/pods");
	if (selected && t->selector != NULL) {
		buf_adds(b, "?labelSelector=");
		http_escape(b, t->selector, strlen(t->selector), 0);
	}
	return b->failed ? -1 : 0;
}

/* 1 when a container of the pod runs: else there is nothing to measure. */
static int
runs(const cJSON *pod)
{
	const cJSON *c;

	cJSON_ArrayForEach(
	    c, json_at(pod, "status", "containerStatuses", NULL)) {
		if (json_at(c, "state", "running", NULL) != NULL)
			return 1;
	}
	return 0;
}

/* As metrics servers: what has ended uses nothing, and has no sample. */
int
pods_list(struct top *t, struct fault *f)
{
	const char *name, *node;
	cJSON *list = NULL, *pod;
	struct buf path;
	size_t i;
	int r;

	buf_init(&path, 1 << 17);
	collection(t, &path, "/api/v1", 1);
	r = buf_check(&path, "path", f);
	if (r == 0)
		r = kube_call(
		    t->kube, "GET", buf_str(&path), NULL, NULL, &list, NULL, f);
	buf_release(&path);
	for (i = 0; i < t->n; i++)
		t->v[i].seen = 0;
	cJSON_ArrayForEach(pod, json_at(list, "items", NULL)) {
		name = json_str(pod, "metadata", "name", NULL);
		node = json_str(pod, "spec", "nodeName", NULL);
		if (r == 0 && name != NULL && node != NULL && runs(pod) &&
		    wanted(t, name))
			r = add_pod(t, name, node, f);
	}
	cJSON_Delete(list);
	return r;
}

size_t
pods_waiting(const struct top *t)
{
	size_t i, n = 0;

	for (i = 0; t->skipped.code == 0 && i < t->n; i++)
		n += t->v[i].seen && !t->v[i].sampled;
	return n;
}

/* -1: not known. */
static double
quantity(const cJSON *v)
{
	double out;

	return quantity_json(v, &out) == 0 ? out : -1;
}

/* PodMetrics of metrics.k8s.io: usage as quantities, "12345n" and "4Ki". */
static int
take_metrics(struct top *t, const cJSON *list, struct fault *f)
{
	const cJSON *item, *c;
	struct pod *p;

	cJSON_ArrayForEach(item, json_at(list, "items", NULL)) {
		p = find_pod(t, json_str(item, "metadata", "name", NULL));
		if (p == NULL || p->sampled)
			continue;
		cJSON_ArrayForEach(c, json_at(item, "containers", NULL)) {
			p->sampled = 1;
			if (usage_tell(t, p->name, json_str(c, "name", NULL),
				quantity(json_at(c, "usage", "memory", NULL)),
				quantity(json_at(c, "usage", "cpu", NULL)),
				json_str(item, "timestamp", NULL), f) != 0)
				return -1;
		}
	}
	return 0;
}

/* A Status's message, or else the HTTP status, written into room. */
static const char *
said(const cJSON *body, int status, char room[32])
{
	const char *message = json_str(body, "message", NULL);

	if (message != NULL)
		return message;
	snprintf(room, 32, "HTTP status %d", status);
	return room;
}

/*
 * A server that says 503 has the API registered and nobody behind it, one that
 * says 404 has none: in either case the kubelets know as well.  All of the
 * namespace is asked for, and the pods that are wanted looked up in it.
 */
static int
ask_metrics(struct top *t, struct fault *f)
{
	cJSON *list = NULL;
	struct buf path;
	int status = 0, r;

	buf_init(&path, 1 << 17);
	collection(t, &path, "/apis/metrics.k8s.io/v1beta1", 0);
	kube_set_patience(t->kube, ONE_ROUND_MS);
	r = buf_check(&path, "path", f);
	if (r == 0)
		r = kube_call(t->kube, "GET", buf_str(&path), NULL, NULL, &list,
		    &status, f);
	kube_set_patience(t->kube, OTHER_PATIENCE_MS);
	buf_release(&path);
	if (r == 0 && status == 200) {
		t->source = "metrics.k8s.io";
		r = take_metrics(t, list, f);
	} else if (r == 0) {
		t->kubelet = 1;
		t->absent = status == 404 || status == 503;
		fault_set(&t->metrics, FAULT_UNSURE, "metrics API: %s",
		    said(list, status, (char[32]){ 0 }));
	}
	cJSON_Delete(list);
	return r;
}

/* The summary is of all the node's pods, in bytes and nanocores. */
static int
take_summary(struct top *t, const cJSON *summary, struct fault *f)
{
	const cJSON *item, *c, *memory;
	const char *ns;
	struct pod *p;

	/* the two measure differently: whose figures these are is said */
	if (t->source == NULL)
		tool_warn("the kubelets are asked: %s", t->metrics.msg);
	t->source = "kubelet";
	cJSON_ArrayForEach(item, json_at(summary, "pods", NULL)) {
		p = find_pod(t, json_str(item, "podRef", "name", NULL));
		ns = json_str(item, "podRef", "namespace", NULL);
		if (p == NULL || p->sampled || ns == NULL ||
		    strcmp(ns, t->ns) != 0)
			continue;
		cJSON_ArrayForEach(c, json_at(item, "containers", NULL)) {
			memory = json_at(c, "memory", NULL);
			if (json_num(memory, "workingSetBytes", -1) < 0)
				continue;
			p->sampled = 1;
			if (usage_tell(t, p->name, json_str(c, "name", NULL),
				json_num(memory, "workingSetBytes", -1),
				json_num(json_at(c, "cpu", NULL),
				    "usageNanoCores", -1) /
				    1e9,
				json_str(memory, "time", NULL), f) != 0)
				return -1;
		}
	}
	return 0;
}

/*
 * The kubelets are behind a right that is a lot to grant (nodes/proxy): not
 * to have it is no fault where the caller said so, unless there is a metrics
 * API, which a right of its own is for.
 */
static int
not_allowed(struct top *t, const char *why, struct fault *f)
{
	if (!t->optional || !t->absent)
		return fault_set(
		    f, FAULT_UNSURE, "%s; %s", why, t->metrics.msg);
	fault_set(&t->skipped, FAULT_UNSURE,
	    "memory not measured: no metrics API, and %s", why);
	return 0;
}

/* One node that is in trouble keeps nobody from asking the others. */
static void
no_answer(struct top *t, const char *node, const char *why)
{
	size_t i;

	for (i = 0; i < t->n; i++)
		if (strcmp(t->v[i].node, node) == 0)
			snprintf(t->v[i].why, sizeof(t->v[i].why),
			    "node %.80s: %.160s", node, why);
}

static int
ask_kubelet(struct top *t, const char *node, struct fault *f)
{
	struct kube_answer a = { 0 };
	struct fault own = { 0 };
	cJSON *summary = NULL;
	struct buf path;
	char room[32];
	int r;

	buf_init(&path, 4096);
	buf_adds(&path, "/api/v1/nodes/");
	http_escape(&path, node, strlen(node), 0);
	buf_adds(&path, "/proxy/stats/summary");
	r = buf_check(&path, node, f);
	if (r != 0)
		goto out;
	/* it is asked again in the next round */
	kube_set_patience(t->kube, ONE_ROUND_MS);
	if (kube_call(t->kube, "GET", buf_str(&path), NULL, NULL, &summary,
		&a.status, &own) != 0)
		a.status = 0;
	kube_set_patience(t->kube, OTHER_PATIENCE_MS);
	a.message = a.status == 0 ? own.msg : said(summary, a.status, room);
	if (a.status == 0 || a.status >= 500)
		no_answer(t, node, a.message);
	else if (a.status == 403)
		r = not_allowed(t, a.message, f);
	else if (!kube_ok(&a))
		r = kube_fault(&a, buf_str(&path), f);
	else
		r = take_summary(t, summary, f);
out:
	cJSON_Delete(summary);
	buf_release(&path);
	return r;
}

/* Asks the node of each pod that waits for a sample, once in a round. */
static int
ask_kubelets(struct top *t, struct fault *f)
{
	size_t i, j;

	for (i = 0; i < t->n; i++)
		t->v[i].asked = 0;
	for (i = 0; i < t->n && t->skipped.code == 0; i++) {
		if (!t->v[i].seen || t->v[i].sampled || t->v[i].asked)
			continue;
		for (j = i; j < t->n; j++)
			if (strcmp(t->v[j].node, t->v[i].node) == 0) {
				t->v[j].asked = 1;
				t->v[j].why[0] = '\0';
			}
		if (ask_kubelet(t, t->v[i].node, f) != 0)
			return -1;
	}
	return 0;
}

int
samples_take(struct top *t, struct fault *f)
{
	if (!t->kubelet && ask_metrics(t, f) != 0)
		return -1;
	return t->kubelet ? ask_kubelets(t, f) : 0;
}
