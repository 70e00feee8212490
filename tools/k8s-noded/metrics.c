/*
 * Memory and CPU of containers: see metrics.h.
 */
#include "k8s-noded/metrics.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "k8s-noded/event.h"
#include "k8s-noded/pods.h"
#include "k8s-noded/proc.h"
#include "k8s-noded/process.h"
#include "lib/quantity.h"

#define SAMPLE_MS 1000.0 /* between PodMetrics */
#define LIMIT_MS 200.0   /* between looks at memory limits */
#define YOUNG_MS 5000.0  /* a container younger than this changes fast */
/*
 * CPU use is the mean of at least so long (or since the start): the clock
 * ticks of /proc are 10 ms, too coarse for a second of an idle server.
 */
#define WINDOW_MS 10000.0

/* What the API has of a pod's metrics. */
struct usage {
	struct pod *pod;
	struct kube_call_state *call;
	int created; /* the object is there: PATCH, else POST */
	cJSON *next; /* to be posted after a PATCH has found nothing */
};

struct metrics {
	struct node *node;
	struct loop_timer *timer;
	double sampled_ms;
};

/* One reading of /proc, and what the walk over the pods makes of it. */
struct round {
	struct proc_table table;
	double now_ms;
	int publish;
	struct node *node;
};

static void
check_limit(const struct round *r, struct container *c)
{
	double limit;
	size_t used;
	pid_t pid = process_pid(c->process);

	if (c->oom ||
	    quantity_json(
		json_at(c->spec, "resources", "limits", "memory", NULL),
		&limit) != 0 ||
	    limit <= 0 || (double)proc_family(&r->table, pid).rss <= limit)
		return;
	proc_pss(&r->table, pid, &used);
	if ((double)used <= limit)
		return;
	c->oom = 1;
	event_pod(c->pod, c, "Warning", "OOMKilling",
	    "Container %s used %zu bytes of memory, its limit is %.0f", c->name,
	    used, limit);
	process_signal(c->process, SIGKILL);
}

static void
take_sample(const struct round *r, struct container *c)
{
	struct proc_sum sum = proc_family(&r->table, process_pid(c->process));
	struct sample *s = &c->sample;
	double ms;

	if (s->at_ms < c->started_ms)
		*s = (struct sample){ .base_ms = c->started_ms,
			.next_ms = c->started_ms };
	if (r->now_ms - s->next_ms >= WINDOW_MS) {
		s->base_ms = s->next_ms;
		s->base_s = s->next_s;
		s->next_ms = r->now_ms;
		s->next_s = sum.cpu_s;
	}
	ms = r->now_ms - s->base_ms;
	s->nanocores = ms > 1 && sum.cpu_s > s->base_s ?
			   (sum.cpu_s - s->base_s) / ms * 1e12 :
			   0;
	s->cpu_s = sum.cpu_s;
	s->at_ms = r->now_ms;
	s->memory = proc_pss(&r->table, process_pid(c->process), NULL);
}

/* The PodMetrics object, or NULL when nothing was sampled. */
static cJSON *
compose(struct pod *p)
{
	cJSON *v = cJSON_CreateObject(), *list, *one, *use;
	const cJSON *labels = json_at(p->object, "metadata", "labels", NULL);
	char text[64];
	size_t i;

	json_set_str(v, "apiVersion", "metrics.k8s.io/v1beta1");
	json_set_str(v, "kind", "PodMetrics");
	one = json_sub(v, "metadata");
	json_set_str(one, "name", p->name);
	json_set_str(one, "namespace", p->ns);
	if (labels != NULL)
		json_set(one, "labels", cJSON_Duplicate(labels, 1));
	json_set_str(v, "timestamp", clock_ts(text));
	json_set_str(v, "window", "10s");
	list = cJSON_AddArrayToObject(v, "containers");
	for (i = 0; i < p->n; i++) {
		if (p->containers[i].process == NULL ||
		    p->containers[i].sample.at_ms < p->containers[i].started_ms)
			continue;
		one = cJSON_CreateObject();
		json_set_str(one, "name", p->containers[i].name);
		use = json_sub(one, "usage");
		snprintf(text, sizeof(text), "%.0fn",
		    p->containers[i].sample.nanocores);
		json_set_str(use, "cpu", text);
		snprintf(text, sizeof(text), "%zuKi",
		    p->containers[i].sample.memory / 1024);
		json_set_str(use, "memory", text);
		cJSON_AddItemToArray(list, one);
	}
	if (cJSON_GetArraySize(list) > 0)
		return v;
	cJSON_Delete(v);
	return NULL;
}

static void
path_of(char *out, size_t size, const struct pod *p, int collection)
{
	snprintf(out, size,
	    "/apis/metrics.k8s.io/v1beta1/namespaces/%s/pods%s%s", p->ns,
	    collection ? "" : "/", collection ? "" : p->name);
}

static void
on_published(void *arg, const struct kube_answer *a)
{
	struct usage *u = arg;

	u->call = NULL;
	if (kube_ok(a) || a->status == 409)
		u->created = 1;
	else if (a->status == 404)
		u->created = 0;
}

static void
publish(struct pod *p)
{
	struct usage *u = p->usage;
	struct kube_request rq = { .once = 1, .done = on_published };
	char path[512];
	struct buf b;
	cJSON *v;

	if (u == NULL)
		u = p->usage = calloc(1, sizeof(*u));
	if (u == NULL || u->call != NULL)
		return;
	v = compose(p);
	if (v == NULL)
		return;
	u->pod = p;
	buf_init(&b, 1 << 20);
	json_write(&b, v);
	cJSON_Delete(v);
	path_of(path, sizeof(path), p, !u->created);
	rq.method = u->created ? "PATCH" : "POST";
	rq.content_type = u->created ? "application/merge-patch+json" : NULL;
	rq.path = path;
	rq.body = b.data;
	rq.body_len = b.len;
	rq.arg = u;
	if (!b.failed)
		u->call = kube_start(p->node->kube, &rq, NULL);
	buf_release(&b);
}

static void
on_forgotten(void *arg, const struct kube_answer *a)
{
	(void)arg;
	(void)a;
}

void
metrics_forget(struct pod *p)
{
	struct usage *u = p->usage;
	struct kube_request rq = { .method = "DELETE", .done = on_forgotten };
	char path[512];

	if (u == NULL)
		return;
	p->usage = NULL;
	if (u->call != NULL)
		kube_cancel(p->node->kube, u->call);
	/* a POST that was cut off may have arrived all the same */
	if (u->created || u->call != NULL) {
		path_of(path, sizeof(path), p, 0);
		rq.path = path;
		kube_start(p->node->kube, &rq, NULL);
	}
	free(u);
}

static void
look_at(void *arg, struct pod *p)
{
	struct round *r = arg;
	struct container *c;
	size_t i;
	int told = r->publish, any = 0;

	/* who asks soon after a start is not to be told of the start itself */
	for (i = 0; i < p->n; i++)
		told |= r->now_ms - p->containers[i].started_ms < YOUNG_MS;
	for (i = 0; i < p->n; i++) {
		c = &p->containers[i];
		if (c->process == NULL || process_pid(c->process) == 0)
			continue;
		any = 1;
		check_limit(r, c);
		if (told)
			take_sample(r, c);
	}
	if (any && told)
		publish(p);
}

static void
count_busy(void *arg, struct pod *p)
{
	*(int *)arg += pod_busy(p);
}

static void
on_time(void *arg)
{
	struct metrics *m = arg;
	struct round r = { .node = m->node, .now_ms = clock_ms() };
	int busy = 0;

	m->timer = loop_timer(m->node->loop, LIMIT_MS, on_time, m, NULL);
	pods_each(m->node->pods, count_busy, &busy);
	if (busy == 0 || proc_read(&r.table) != 0)
		return;
	r.publish = r.now_ms - m->sampled_ms >= SAMPLE_MS;
	if (r.publish)
		m->sampled_ms = r.now_ms;
	pods_each(m->node->pods, look_at, &r);
	proc_release(&r.table);
}

struct metrics *
metrics_new(struct node *n, struct fault *f)
{
	struct metrics *m = calloc(1, sizeof(*m));

	if (m == NULL) {
		fault_nomem(f);
		return NULL;
	}
	m->node = n;
	m->timer = loop_timer(n->loop, LIMIT_MS, on_time, m, f);
	if (m->timer != NULL)
		return m;
	free(m);
	return NULL;
}

void
metrics_free(struct metrics *m)
{
	if (m == NULL)
		return;
	loop_timer_cancel(m->node->loop, &m->timer);
	free(m);
}

static void
summarize(void *arg, struct pod *p)
{
	cJSON *v = cJSON_CreateObject(), *ref = json_sub(v, "podRef");
	cJSON *list, *one, *part;
	const struct container *c;
	char now[CLOCK_TS_SIZE];
	size_t i;

	clock_ts(now);
	json_set_str(ref, "name", p->name);
	json_set_str(ref, "namespace", p->ns);
	json_set_str(ref, "uid", p->uid);
	list = cJSON_AddArrayToObject(v, "containers");
	for (i = 0; i < p->n; i++) {
		c = &p->containers[i];
		if (c->process == NULL || c->sample.at_ms < c->started_ms)
			continue;
		one = cJSON_CreateObject();
		json_set_str(one, "name", c->name);
		json_set_str(one, "startTime", c->now.started);
		part = json_sub(one, "cpu");
		json_set_str(part, "time", now);
		json_set_num(part, "usageNanoCores", c->sample.nanocores);
		json_set_num(
		    part, "usageCoreNanoSeconds", c->sample.cpu_s * 1e9);
		part = json_sub(one, "memory");
		json_set_str(part, "time", now);
		json_set_num(part, "workingSetBytes", (double)c->sample.memory);
		cJSON_AddItemToArray(list, one);
	}
	cJSON_AddItemToArray(arg, v);
}

cJSON *
metrics_summary(struct node *n)
{
	cJSON *v = cJSON_CreateObject(), *list;

	json_set_str(json_sub(v, "node"), "nodeName", n->name);
	list = cJSON_AddArrayToObject(v, "pods");
	pods_each(n->pods, summarize, list);
	return v;
}
