/*
 * What became of each object: its record on standard output as soon as it is
 * known, and what people must know on standard error.
 */
#include <string.h>

#include "lib/clock.h"
#include "lib/record.h"
#include "tool.h"
#include "wait.h"

/* On a terminal, the lines that are drawn make room for it. */
static void
record(struct target *t, const char *status)
{
	struct wait *w = t->wait;
	struct record r;
	const char *from;
	double startup;

	live_clear(w);
	record_init(&r);
	record_begin(&r, "wait");
	record_str(&r, "kind", t->kind.kind);
	if (t->ns != NULL)
		record_str(&r, "namespace", t->ns);
	record_str(&r, "name", t->name);
	record_str(&r, "condition", w->goal_text);
	record_str(&r, "status", status);
	if (t->end.reason[0] != '\0')
		record_str(&r, "reason", t->end.reason);
	if (t->end.message[0] != '\0')
		record_str(&r, "message", t->end.message);
	record_ms(&r, "ms", t->end_ms - w->start_ms);
	startup = t->outcome == MET ? pods_startup(t, t->end_ms, &from) : -1;
	if (startup >= 0) {
		record_ms(&r, "startup_ms", startup);
		record_str(&r, "startup_from", from);
	}
	/* who reads the records may act on this one at once */
	record_flush(&r, &w->fault);
	record_release(&r);
}

static void
reason_of(const struct kube_verdict *v, char *out, size_t size)
{
	snprintf(out, size, "%s%s%s", v->reason,
	    v->reason[0] != '\0' && v->message[0] != '\0' ? ": " : "",
	    v->message);
}

void
report_end(struct target *t)
{
	static const char *const statuses[] = { "waiting", "met", "failed",
		"timeout", "failed" };
	char name[600], why[700];

	record(t, statuses[t->outcome]);
	if (t->outcome != FAILED && t->outcome != UNSURE)
		return;
	reason_of(&t->end, why, sizeof why);
	tool_warn("%s: %s", target_name(t, name, sizeof name), why);
}

/* t's time is up: says what it still lacks, with its pods' part of it. */
void
report_timeout(struct target *t)
{
	struct wait *w = t->wait;
	struct kube_verdict v = t->now, pod = { .state = KUBE_READY };
	const char *trouble;
	char name[600], why[700], pod_why[700];

	if (w->goal == FOR_DELETED) {
		trouble = t->there ? "it is still there" : "";
		snprintf(v.message, sizeof v.message, "%s", trouble);
		v.reason[0] = '\0';
	}
	/* never heard of: not its fault, and not known to be missing either */
	trouble = kube_watch_trouble(t->feed->watch);
	if (!t->feed->synced) {
		snprintf(v.reason, sizeof v.reason, "NoAnswer");
		snprintf(v.message, sizeof v.message, "%s",
		    trouble != NULL ? trouble : "the server did not answer");
	}
	if (t->workload && t->there)
		pod = pods_verdict(t, &t->culprit);
	target_end(t, t->feed->synced ? TIMED_OUT : UNSURE, &v);
	if (t->outcome == UNSURE)
		return;
	reason_of(&v, why, sizeof why);
	tool_warn("%s: not %s in time: %s", target_name(t, name, sizeof name),
	    w->goal_text, why);
	if (pod.state == KUBE_READY || t->culprit == NULL)
		return;
	reason_of(&pod, pod_why, sizeof pod_why);
	fprintf(stderr, "  pod %s: %s\n", t->culprit->name, pod_why);
}
