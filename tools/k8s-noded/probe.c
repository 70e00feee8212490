/*
 * Probes of a container: see probe.h.
 */
#include "k8s-noded/probe.h"

#include <stdlib.h>
#include <string.h>

#include "k8s-noded/check.h"
#include "k8s-noded/event.h"
#include "k8s-noded/probe_rule.h"
#include "k8s-noded/process.h"

/*
 * Early looks: from EARLY_MS after the one before, growing by half to
 * EARLY_MAX_MS; an exec costs a process, so its looks are rarer.
 */
#define EARLY_MS 20.0
#define EARLY_MAX_MS 100.0
#define EARLY_EXEC_MS 40.0
#define EARLY_EXEC_MAX_MS 120.0
#define ENTER_MS 4.0 /* until an exec can enter a container that starts */

struct probe {
	struct container *c;
	enum probe_kind kind;
	cJSON *spec; /* own copy: the pod's object is replaced */
	probe_fn *result;
	struct probe_rule rule;
	double period_ms, timeout_ms;
	double due_ms;   /* when the next regular check is, by clock_ms */
	double early_ms; /* the present distance of early looks */
	double early_max_ms;
	int exec;
	int counts; /* the check under way is a regular one */
	int ever;   /* it has succeeded once */
	struct check *check;
	struct loop_timer *timer;
};

static void on_time(void *arg);

/* Sets the timer for the next regular check, or for a look before it. */
static void
schedule(struct probe *p)
{
	double ms = p->due_ms - clock_ms();

	if (!p->ever && p->kind != PROBE_LIVENESS && p->early_ms < ms) {
		ms = p->early_ms;
		p->early_ms *= 1.5;
		if (p->early_ms > p->early_max_ms)
			p->early_ms = p->early_max_ms;
	}
	p->timer = loop_timer(
	    p->c->pod->node->loop, ms > 0 ? ms : 0, on_time, p, NULL);
}

static void
on_check(void *arg, int ok, const char *output)
{
	static const char *const names[PROBE_KINDS] = { "Startup", "Readiness",
		"Liveness" };
	struct probe *p = arg;
	struct container *c = p->c;
	size_t n = strcspn(output, "\n");
	int changed;

	p->check = NULL;
	if (!ok && !p->counts) {
		schedule(p);
		return;
	}
	p->ever |= ok;
	changed = probe_judge(&p->rule, ok);
	if (!ok)
		event_pod(c->pod, c, "Warning", "Unhealthy",
		    "%s probe failed: %.*s", names[p->kind],
		    (int)(n < 512 ? n : 512), output);
	/* a startup probe is over with its success */
	if (p->kind != PROBE_STARTUP || p->rule.ok != 1)
		schedule(p);
	/* last: the result may free p */
	if (changed)
		p->result(c, p->kind, ok);
}

static void
on_time(void *arg)
{
	struct probe *p = arg;
	struct fault f = { 0 };
	double now = clock_ms();
	p->timer = NULL;
	/* the container's root is being made: its end is near */
	if (p->exec && !process_entered(p->c->process) &&
	    now + ENTER_MS < p->due_ms) {
		p->timer = loop_timer(
		    p->c->pod->node->loop, ENTER_MS, on_time, p, NULL);
		return;
	}
	p->counts = now >= p->due_ms - 1;
	while (p->due_ms <= now + 1)
		p->due_ms += p->period_ms;
	p->check = check_start(p->c, p->spec, p->timeout_ms, on_check, p, &f);
	if (p->check == NULL)
		on_check(p, 0, f.msg);
}

/* A number of seconds in the spec, at least min, as milliseconds. */
static double
seconds(const cJSON *spec, const char *key, double otherwise, double min)
{
	double v = json_num(spec, key, otherwise);

	return 1000 * (v < min ? min : v);
}

struct probe *
probe_new(struct container *c, enum probe_kind kind, const cJSON *spec,
    probe_fn *result, struct fault *f)
{
	struct probe *p = calloc(1, sizeof(*p));
	int exec = json_at(spec, "exec", NULL) != NULL;
	double delay;

	if (p == NULL || (p->spec = cJSON_Duplicate(spec, 1)) == NULL) {
		free(p);
		fault_nomem(f);
		return NULL;
	}
	p->c = c;
	p->kind = kind;
	p->result = result;
	p->rule.ok = -1;
	p->rule.success_threshold = (int)json_num(spec, "successThreshold", 1);
	p->rule.failure_threshold = (int)json_num(spec, "failureThreshold", 3);
	p->period_ms = seconds(spec, "periodSeconds", 10, 1);
	p->timeout_ms = seconds(spec, "timeoutSeconds", 1, 1);
	p->exec = exec;
	p->early_ms = exec ? EARLY_EXEC_MS : EARLY_MS;
	p->early_max_ms = exec ? EARLY_EXEC_MAX_MS : EARLY_MAX_MS;
	delay = seconds(spec, "initialDelaySeconds", 0, 0);
	p->due_ms = clock_ms() + delay + p->period_ms;
	if (kind == PROBE_LIVENESS)
		delay += p->period_ms;
	p->timer = loop_timer(c->pod->node->loop, delay, on_time, p, f);
	if (p->timer == NULL) {
		probe_free(p);
		return NULL;
	}
	return p;
}

void
probe_free(struct probe *p)
{
	if (p == NULL)
		return;
	loop_timer_cancel(p->c->pod->node->loop, &p->timer);
	check_cancel(p->check);
	cJSON_Delete(p->spec);
	free(p);
}
