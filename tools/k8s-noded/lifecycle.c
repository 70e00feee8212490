/*
 * The hooks at a container's start and the way to its end: see lifecycle.h.
 */
#include "k8s-noded/lifecycle.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "k8s-noded/check.h"
#include "k8s-noded/event.h"
#include "k8s-noded/process.h"

#define HOOK_MS 60000.0    /* the longest a postStart may take */
#define HOOK_ENTER_MS 5.0  /* until the program runs, and exec can enter */
#define STOP_MIN_MS 2000.0 /* SIGTERM is given so long after a slow preStop */

struct run_ending {
	struct container *c;
	struct check *hook;
	struct loop_timer *timer; /* of the sleep, of the retry, of the kill */
	double begun_ms, kill_ms; /* clock_ms */
	int stopping;             /* 0: this is a postStart hook */
	int signalled;            /* SIGTERM has been sent */
	void (*go_on)(struct container *c); /* after a postStart */
};

static void on_kill(void *arg);
static void start_hook(void *arg);
static void terminate(struct run_ending *e);

static struct loop *
loop_of(const struct run_ending *e)
{
	return e->c->pod->node->loop;
}

static const cJSON *
hook_spec(const struct run_ending *e)
{
	return json_at(e->c->spec, "lifecycle",
	    e->stopping ? "preStop" : "postStart", NULL);
}

void
lifecycle_ended(struct container *c)
{
	struct run_ending *e = c->ending;

	if (e == NULL)
		return;
	loop_timer_cancel(loop_of(e), &e->timer);
	check_cancel(e->hook);
	free(e);
	c->ending = NULL;
}

static void
on_entered(void *arg)
{
	struct run_ending *e = arg;

	e->timer = NULL;
	terminate(e);
}

/* SIGTERM now, SIGKILL when the grace is over. */
static void
terminate(struct run_ending *e)
{
	double left = e->kill_ms - clock_ms();

	loop_timer_cancel(loop_of(e), &e->timer);
	/* a signal before the program runs would be lost on bubblewrap */
	if (!e->signalled && left > HOOK_ENTER_MS &&
	    !process_entered(e->c->process)) {
		e->timer =
		    loop_timer(loop_of(e), HOOK_ENTER_MS, on_entered, e, NULL);
		if (e->timer != NULL)
			return;
	}
	if (left < 0)
		left = 0;
	if (!e->signalled && left > 0)
		process_signal(e->c->process, SIGTERM);
	e->signalled = 1;
	e->timer = loop_timer(loop_of(e), left, on_kill, e, NULL);
	if (e->timer == NULL)
		process_signal(e->c->process, SIGKILL);
}

static void
on_kill(void *arg)
{
	struct run_ending *e = arg;

	e->timer = NULL;
	check_cancel(e->hook);
	e->hook = NULL;
	if (e->signalled) {
		process_signal(e->c->process, SIGKILL);
		return;
	}
	/* preStop took the whole grace: the kubelet gives two seconds more */
	e->kill_ms = clock_ms() + (e->kill_ms > e->begun_ms ? STOP_MIN_MS : 0);
	terminate(e);
}

/* A postStart that failed ends the container, which then restarts. */
static void
start_failed(struct container *c, const char *why)
{
	event_pod(c->pod, c, "Warning", "FailedPostStartHook",
	    "PostStartHook failed%s%s", *why != '\0' ? ": " : "", why);
	lifecycle_ended(c);
	lifecycle_stop(c, 1000 * json_num(json_at(c->pod->object, "spec", NULL),
				     "terminationGracePeriodSeconds", 30));
}

static void
on_hook(void *arg, int ok, const char *output)
{
	struct run_ending *e = arg;
	struct container *c = e->c;
	void (*go_on)(struct container * c);

	e->hook = NULL;
	if (e->stopping) {
		if (!ok)
			event_pod(c->pod, c, "Warning", "FailedPreStopHook",
			    "PreStopHook failed: %.512s", output);
		terminate(e);
	} else if (!ok) {
		start_failed(c, output);
	} else {
		go_on = e->go_on;
		lifecycle_ended(c);
		go_on(c);
	}
}

static void
on_slept(void *arg)
{
	struct run_ending *e = arg;

	e->timer = NULL;
	on_hook(e, 1, "");
}

/* Runs the hook: a sleep, or as a check; e may be gone afterwards. */
static void
start_hook(void *arg)
{
	struct run_ending *e = arg;
	const cJSON *spec = hook_spec(e), *sleep_for;
	struct fault f = { 0 };
	double left = e->stopping ? e->kill_ms - clock_ms() : HOOK_MS, ms;

	e->timer = NULL;
	sleep_for = json_at(spec, "sleep", NULL);
	if (sleep_for != NULL) {
		ms = 1000 * json_num(sleep_for, "seconds", 0);
		e->timer = loop_timer(
		    loop_of(e), ms < left ? ms : left, on_slept, e, &f);
		return;
	}
	if (!process_entered(e->c->process) &&
	    clock_ms() - e->begun_ms < 2000) {
		e->timer =
		    loop_timer(loop_of(e), HOOK_ENTER_MS, start_hook, e, &f);
		return;
	}
	e->hook = check_start(e->c, spec, left, on_hook, e, &f);
	if (e->hook == NULL)
		on_hook(e, 0, f.msg);
	else if (e->stopping)
		e->timer = loop_timer(loop_of(e), left, on_kill, e, &f);
}

static struct run_ending *
begin(struct container *c, int stopping)
{
	struct run_ending *e = calloc(1, sizeof(*e));

	if (e == NULL)
		return NULL;
	e->c = c;
	e->stopping = stopping;
	e->begun_ms = clock_ms();
	c->ending = e;
	return e;
}

void
lifecycle_started(struct container *c, void (*go_on)(struct container *c))
{
	struct run_ending *e;

	if (json_at(c->spec, "lifecycle", "postStart", NULL) == NULL) {
		go_on(c);
		return;
	}
	e = begin(c, 0);
	if (e == NULL)
		return;
	e->go_on = go_on;
	start_hook(e);
}

void
lifecycle_stop(struct container *c, double grace_ms)
{
	struct run_ending *e = c->ending;
	double kill_ms = clock_ms() + grace_ms;

	if (c->state != CONTAINER_RUNNING || c->process == NULL)
		return;
	if (e != NULL && e->stopping) {
		if (kill_ms >= e->kill_ms)
			return;
		e->kill_ms = kill_ms;
		if (e->signalled || grace_ms <= 0) {
			check_cancel(e->hook);
			e->hook = NULL;
			terminate(e);
		}
		return;
	}
	lifecycle_ended(c);
	e = begin(c, 1);
	if (e == NULL) {
		process_signal(c->process, SIGKILL);
		return;
	}
	e->kill_ms = kill_ms;
	if (grace_ms > 0 && hook_spec(e) != NULL)
		start_hook(e);
	else
		terminate(e);
}
