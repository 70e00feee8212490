/*
 * New kinds: objects of a CRD can be applied once the server serves them,
 * which its Established condition tells.
 */
#include <stdio.h>
#include <string.h>

#include "apply.h"
#include "lib/kube_status.h"
#include "lib/kube_watch.h"
#include "tool.h"

struct wait {
	int done;
	struct kube_verdict verdict;
	struct fault f;
};

static void
event(void *arg, enum kube_event ev, const cJSON *object, double at_ms)
{
	struct wait *w = arg;

	(void)at_ms;
	if (ev == KUBE_BROKEN) {
		const char *why = json_str(object, "message", NULL);

		fault_set(&w->f, FAULT_UNSURE, "%s",
		    why != NULL ? why : "the watch has ended");
		w->done = 1;
		return;
	}
	/* deleted by somebody else: it may come back, the deadline decides */
	if (ev != KUBE_ADDED && ev != KUBE_MODIFIED)
		return;
	w->verdict = kube_status(object);
	w->done =
	    w->verdict.state == KUBE_READY || w->verdict.state == KUBE_FAILED;
	if (w->verdict.state == KUBE_FAILED)
		fault_set(&w->f, FAULT_NO, "%s: %s", w->verdict.reason,
		    w->verdict.message);
}

/*
 * A watch of the one definition by its name, as k8s-wait has it: it may take
 * long while etcd or the apiextensions server is busy, and is refused for good
 * when its names are taken.
 */
static int
wait_one(struct apply *a, const struct object *o, struct fault *f)
{
	struct wait w = { 0 };
	struct kube_watch *watch;
	struct buf path, query;
	int rc = 0;

	buf_init(&path, 4096);
	buf_init(&query, 4096);
	kube_path(&path, &o->kind, NULL, NULL);
	kube_name_query(&query, o->name);
	watch = kube_watch_new(
	    a->kube, buf_str(&path), buf_str(&query), event, &w, f);
	if (watch == NULL)
		rc = -1;
	while (rc == 0 && !w.done) {
		double left = a->deadline - clock_ms();

		if (left <= 0)
			rc = fault_set(f, FAULT_UNSURE,
			    "not established in time: %s", w.verdict.message);
		else
			rc = loop_once(a->loop, left, f);
	}
	if (rc == 0 && w.f.code != FAULT_NONE) {
		*f = w.f;
		rc = -1;
	}
	kube_watch_free(watch);
	buf_release(&path);
	buf_release(&query);
	return rc;
}

int
crd_wait(struct apply *a)
{
	struct fault f = { 0 };
	char name[512];
	int status = 0;
	size_t i;

	/* nothing here needs new kinds: k8s-wait waits for them, if anybody */
	for (i = 0; i < a->n && a->v[i].known; i++)
		;
	if (a->dry_run || i == a->n)
		return 0;
	for (i = 0; i < a->n; i++)
		if (a->v[i].tier == TIER_CRD && a->v[i].known &&
		    a->v[i].result != R_FAILED &&
		    wait_one(a, &a->v[i], &f) != 0) {
			fault_prefix(
			    &f, "%s", object_name(&a->v[i], name, sizeof name));
			status = tool_worse(status, tool_fault(&f));
		}
	return status;
}
