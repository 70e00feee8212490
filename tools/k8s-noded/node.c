/*
 * The Node object: see node.h.
 */
#include "k8s-noded/node.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysinfo.h>

#include "k8s-noded/node_info.h"
#include "lib/clock.h"
#include "tool.h"

#define HEARTBEAT_MS 10000.0 /* the kubelet's */
#define RETRY_MS 500.0
#define PODS_MAX "500" /* a bridge has 1023 ports at most */

struct registration {
	struct node *node;
	struct kube_call_state *call;
	struct loop_timer *timer;
	node_ready_fn *ready;
	void *arg;
	cJSON *info;
	int known; /* the object exists */
	int told;  /* ready was called */
	char since[CLOCK_TS_SIZE];
};

void
node_measure(struct node *n)
{
	struct sysinfo si;

	n->size.cpu = get_nprocs();
	if (sysinfo(&si) == 0)
		n->size.memory = (double)si.totalram * si.mem_unit;
}

static void
add_condition(cJSON *list, const struct registration *r, const char *type,
    int is, const char *reason, const char *message)
{
	cJSON *c = cJSON_CreateObject();
	char now[CLOCK_TS_SIZE];
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	json_set_str(c, "type", type);
	json_set_str(c, "status", is ? "True" : "False");
	json_set_str(c, "lastHeartbeatTime", clock_format(now, &ts, 1));
	json_set_str(c, "lastTransitionTime", r->since);
	json_set_str(c, "reason", reason);
	json_set_str(c, "message", message);
	cJSON_AddItemToArray(list, c);
}

static cJSON *
resources(const struct node *n)
{
	cJSON *v = cJSON_CreateObject();
	char text[64];

	snprintf(text, sizeof(text), "%.0f", n->size.cpu);
	json_set_str(v, "cpu", text);
	snprintf(text, sizeof(text), "%.0fKi", n->size.memory / 1024);
	json_set_str(v, "memory", text);
	json_set_str(v, "pods", PODS_MAX);
	return v;
}

static void
add_address(cJSON *list, const char *type, const char *address)
{
	cJSON *a = cJSON_CreateObject();

	json_set_str(a, "type", type);
	json_set_str(a, "address", address);
	cJSON_AddItemToArray(list, a);
}

static cJSON *
compose(const struct registration *r)
{
	const struct node *n = r->node;
	cJSON *v = cJSON_CreateObject(), *m, *s, *list;

	json_set_str(v, "apiVersion", "v1");
	json_set_str(v, "kind", "Node");
	m = json_sub(v, "metadata");
	json_set_str(m, "name", n->name);
	m = json_sub(m, "labels");
	json_set_str(m, "kubernetes.io/hostname", n->name);
	json_set_str(m, "kubernetes.io/os", "linux");
	json_set_str(m, "kubernetes.io/arch", node_architecture());
	s = json_sub(v, "status");
	json_set(s, "capacity", resources(n));
	json_set(s, "allocatable", resources(n));
	list = cJSON_AddArrayToObject(s, "conditions");
	add_condition(list, r, "MemoryPressure", 0,
	    "KubeletHasSufficientMemory",
	    "kubelet has sufficient memory available");
	add_condition(list, r, "DiskPressure", 0, "KubeletHasNoDiskPressure",
	    "kubelet has no disk pressure");
	add_condition(list, r, "PIDPressure", 0, "KubeletHasSufficientPID",
	    "kubelet has sufficient PID available");
	add_condition(list, r, "Ready", 1, "KubeletReady",
	    "kubelet is posting ready status");
	list = cJSON_AddArrayToObject(s, "addresses");
	add_address(list, "InternalIP", n->address);
	add_address(list, "Hostname", n->name);
	json_set_num(
	    json_sub(json_sub(s, "daemonEndpoints"), "kubeletEndpoint"), "Port",
	    NODE_PORT);
	json_set(s, "nodeInfo", cJSON_Duplicate(r->info, 1));
	return v;
}

/* 1 when a Node object says that it is Ready. */
static int
says_ready(const cJSON *node)
{
	return json_is(json_find(json_at(node, "status", "conditions", NULL),
			   "type", "Ready"),
	    "status", "True");
}

static void beat(void *arg);

static void
on_answer(void *arg, const struct kube_answer *a)
{
	struct registration *r = arg;
	struct fault f;
	double ms = HEARTBEAT_MS;

	r->call = NULL;
	if (a->status == 409) {
		/* one of our name is there: its status becomes ours */
		r->known = 1;
		ms = 0;
	} else if (a->status == 404) {
		r->known = 0;
		ms = r->told ? RETRY_MS : 0;
	} else if (!kube_ok(a)) {
		kube_fault(a, "node", &f);
		tool_warn("%s", f.msg);
		ms = RETRY_MS;
	} else {
		r->known = 1;
		/* servers that drop a new object's status get it again */
		if (!says_ready(a->body))
			ms = 0;
		else if (!r->told) {
			r->told = 1;
			r->ready(r->arg);
		}
	}
	r->timer = loop_timer(r->node->loop, ms, beat, r, NULL);
}

static void
beat(void *arg)
{
	struct registration *r = arg;
	struct kube_request rq = { .done = on_answer, .arg = r };
	char path[512];
	struct fault f;
	struct buf b;
	cJSON *v = compose(r);

	r->timer = NULL;
	buf_init(&b, 65536);
	json_write(&b, v);
	cJSON_Delete(v);
	snprintf(path, sizeof(path), "/api/v1/nodes/%s/status", r->node->name);
	rq.method = r->known ? "PATCH" : "POST";
	rq.path = r->known ? path : "/api/v1/nodes";
	rq.content_type = r->known ? "application/merge-patch+json" : NULL;
	rq.body = b.data;
	rq.body_len = b.len;
	r->call = kube_start(r->node->kube, &rq, &f);
	if (r->call == NULL) {
		tool_warn("%s", f.msg);
		r->timer =
		    loop_timer(r->node->loop, HEARTBEAT_MS, beat, r, NULL);
	}
	buf_release(&b);
}

int
node_register(struct node *n, node_ready_fn *ready, void *arg, struct fault *f)
{
	struct registration *r = calloc(1, sizeof(*r));
	struct timespec ts;

	if (r == NULL)
		return fault_nomem(f);
	clock_gettime(CLOCK_REALTIME, &ts);
	clock_format(r->since, &ts, 1);
	r->node = n;
	r->ready = ready;
	r->arg = arg;
	n->registration = r;
	r->info = node_info(n);
	r->timer = loop_timer(n->loop, 0, beat, r, f);
	return r->timer != NULL ? 0 : -1;
}

void
node_unregister(struct node *n)
{
	struct registration *r = n->registration;

	if (r == NULL)
		return;
	loop_timer_cancel(n->loop, &r->timer);
	if (r->call != NULL)
		kube_cancel(n->kube, r->call);
	cJSON_Delete(r->info);
	free(r);
	n->registration = NULL;
}
