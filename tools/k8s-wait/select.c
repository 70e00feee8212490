/*
 * -l: the objects of a kind that a label selector matches.  The server matches,
 * so each selection is a watch of its own; what comes to match becomes a
 * target, what ceases to is none any more.  So a pod that is replaced does not
 * hold up the wait, as it does kubectl's, which takes a list of the moment
 * (kubectl#1120).
 */
#include <string.h>

#include "tool.h"
#include "wait.h"

int
selections_make(struct wait *w, char **kinds)
{
	int status = 0;

	for (; *kinds != NULL; kinds++) {
		struct kube_kind kind;
		struct fault f = { 0 };
		struct feed *d;

		if (strchr(*kinds, '/') != NULL)
			fault_set(&f, FAULT_INPUT,
			    "%s: not a KIND, which -l needs", *kinds);
		if (f.code != FAULT_NONE ||
		    kube_kind_find(w->kube, NULL, *kinds, &kind, &f) != 0) {
			status = tool_worse(status, tool_fault(&f));
			if (f.code == FAULT_UNSURE)
				break;
			continue;
		}
		for (d = w->feeds; d != NULL; d = d->next)
			if (strcmp(d->kind.resource, kind.resource) == 0 &&
			    strcmp(d->kind.group, kind.group) == 0)
				break;
		if (d != NULL)
			continue; /* given twice */
		d = feed_new(w, &kind, kind.namespaced ? w->ns : NULL);
		if (d == NULL) {
			fault_nomem(&f);
			return tool_fault(&f);
		}
		d->selector = w->selector;
	}
	return status;
}

/* 1 when an object's place is, or will be, another's: not to be waited for. */
static int
is_leaving(const struct feed *d, const cJSON *object)
{
	if (d->wait->goal == FOR_DELETED)
		return 0;
	if (json_at(object, "metadata", "deletionTimestamp", NULL) != NULL)
		return 1;
	return d->kind.group[0] == '\0' && strcmp(d->kind.kind, "Pod") == 0 &&
	       pod_is_replaced(object);
}

void
selection_event(struct feed *d, enum kube_event ev, const cJSON *object)
{
	const char *name = json_str(object, "metadata", "name", NULL);
	struct wait *w = d->wait;
	struct target *t = NULL;
	size_t i;

	for (i = 0; i < w->n && t == NULL; i++)
		if (w->v[i]->feed == d && strcmp(w->v[i]->name, name) == 0)
			t = w->v[i];
	if (ev == KUBE_DELETED || is_leaving(d, object)) {
		if (t == NULL)
			return;
		if (w->goal == FOR_DELETED)
			target_end(t, MET, NULL);
		target_drop(t);
		d->members--;
		return;
	}
	if (t != NULL)
		return;
	t = target_new(w, &d->kind, d->ns, name);
	if (t == NULL)
		return; /* w->fault is set */
	t->feed = d;
	t->pods_feed = d->pods_feed;
	d->members++;
}

int
selection_waits(const struct feed *d)
{
	if (d->selector == NULL)
		return 0;
	return !d->synced || (d->members == 0 && d->wait->goal != FOR_DELETED);
}

int
selections_wait(const struct wait *w)
{
	const struct feed *d;

	for (d = w->feeds; d != NULL; d = d->next)
		if (selection_waits(d))
			return 1;
	return 0;
}

int
selections_verdict(const struct wait *w)
{
	const struct feed *d;
	const char *trouble;
	int status = 0;

	/* one that has failed has ended the wait before these were late */
	for (d = w->feeds; d != NULL && !w->stop; d = d->next) {
		if (!selection_waits(d))
			continue;
		status =
		    tool_worse(status, d->synced ? FAULT_NO : FAULT_UNSURE);
		trouble = kube_watch_trouble(d->watch);
		if (trouble == NULL)
			trouble = "the server did not answer";
		tool_warn("%s -l %s: not %s in time: %s", d->kind.resource,
		    d->selector, w->goal_text,
		    d->synced ? "there is none" : trouble);
	}
	return status;
}
