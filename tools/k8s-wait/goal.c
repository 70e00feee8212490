/*
 * What is waited for: --for and its question to an object.  The words are
 * kubectl wait's where it has one ("condition=Ready", "delete"); its jsonpath=
 * has jq= for a counterpart.
 */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "wait.h"

static int
take_condition(struct wait *w, const char *arg, struct fault *f)
{
	const char *value = strchr(arg, '=');
	size_t n = strcspn(arg, "=");

	if (n == 0 || n >= sizeof w->condition ||
	    (value != NULL && value[1] == '\0'))
		return fault_set(f, FAULT_INPUT,
		    "not a condition as Available or Available=False: %s", arg);
	w->goal = FOR_CONDITION;
	memcpy(w->condition, arg, n);
	w->condition[n] = '\0';
	w->condition_value = value != NULL ? value + 1 : "True";
	return 0;
}

static int
take_expression(struct wait *w, const char *arg, struct fault *f)
{
	w->goal = FOR_JQ;
	jqx_free(w->expression);
	w->expression = jqx_new(arg, NULL, f);
	return w->expression != NULL ? 0 : -1;
}

/* What is wrong with it; kubectl's users are told what to write here. */
static const char *
not_known(const char *arg)
{
	if (strncmp(arg, "jsonpath=", 9) == 0)
		return "JSONPath is not supported, jq=EXPRESSION is";
	if (strcmp(arg, "create") == 0)
		return "not supported, jq=true waits for what is to be created";
	return "not ready, complete, deleted, condition=... or jq=...";
}

int
goal_parse(struct wait *w, const char *arg, struct fault *f)
{
	static const char *const words[] = { "ready", "complete", "deleted" };
	unsigned i;

	w->goal_text = arg;
	for (i = 0; i < sizeof words / sizeof *words; i++)
		if (strcmp(arg, words[i]) == 0) {
			w->goal = (enum goal)i;
			return 0;
		}
	if (strcmp(arg, "delete") == 0) { /* as kubectl calls it */
		w->goal = FOR_DELETED;
		w->goal_text = "deleted";
		return 0;
	}
	if (strncmp(arg, "condition=", 10) == 0)
		return take_condition(w, arg + 10, f);
	if (strncmp(arg, "jq=", 3) == 0)
		return take_expression(w, arg + 3, f);
	return fault_set(f, FAULT_INPUT, "%s: %s", not_known(arg), arg);
}

static void
test_expression(struct target *t, const cJSON *object)
{
	struct buf text, got;
	struct fault f;

	buf_init(&text, KUBE_MAX_BODY);
	buf_init(&got, 1024);
	json_write(&text, object);
	t->holds = !text.failed && jqx_holds(t->wait->expression,
				       buf_str(&text), text.len, &got, &f) == 1;
	snprintf(t->now.reason, sizeof t->now.reason, "NotTrue");
	snprintf(t->now.message, sizeof t->now.message, "it gives %s",
	    buf_str(&got));
	buf_release(&text);
	buf_release(&got);
}

/* The condition of that type, in any case: kubectl's users write "available" */
static const cJSON *
find_condition(const cJSON *object, const char *type)
{
	const cJSON *c;
	const char *s;

	cJSON_ArrayForEach(c, json_at(object, "status", "conditions", NULL)) {
		s = json_str(c, "type", NULL);
		if (s != NULL && strcasecmp(s, type) == 0)
			return c;
	}
	return NULL;
}

/*
 * As kubectl wait: a condition that is older than the object's newest
 * generation says nothing.  What has failed for good stays failed, so that a
 * failed Job does not take the whole time (kubernetes#100248).
 */
static void
test_condition(struct target *t, const cJSON *object)
{
	const struct wait *w = t->wait;
	const cJSON *c = find_condition(object, w->condition);
	const char *status = json_str(c, "status", NULL);
	const char *message = json_str(c, "message", NULL);
	double generation =
	    json_num(json_at(object, "metadata", NULL), "generation", 0);
	double seen = json_num(c, "observedGeneration",
	    json_num(json_at(object, "status", NULL), "observedGeneration",
		generation));

	t->holds = status != NULL && seen >= generation &&
		   strcasecmp(status, w->condition_value) == 0;
	if (t->holds || t->now.state == KUBE_FAILED)
		return;
	if (status == NULL || seen < generation) {
		snprintf(t->now.reason, sizeof t->now.reason, "%s",
		    status == NULL ? "NoCondition" : "NotObserved");
		snprintf(t->now.message, sizeof t->now.message,
		    "its condition %s %s", w->condition,
		    status == NULL ? "is not there" : "is of an older one");
		return;
	}
	snprintf(t->now.reason, sizeof t->now.reason, "%.40s=%.20s",
	    w->condition, status);
	snprintf(t->now.message, sizeof t->now.message, "%s",
	    message != NULL ? message : "");
}

void
goal_test(struct target *t, const cJSON *object)
{
	if (t->wait->goal == FOR_JQ)
		test_expression(t, object);
	else if (t->wait->goal == FOR_CONDITION)
		test_condition(t, object);
}
