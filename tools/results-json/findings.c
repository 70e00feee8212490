/*
 * What a person should look at, and the verdict: see results.h.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "results-json/results.h"

int
results_finding(cJSON *list, const char *kind, const char *subject,
    const char *action, const char *fmt, ...)
{
	cJSON *item = cJSON_CreateObject();
	char *message;
	va_list ap;
	int n, rc;

	if (item == NULL || !cJSON_AddItemToArray(list, item)) {
		cJSON_Delete(item);
		return -1;
	}
	va_start(ap, fmt);
	n = vasprintf(&message, fmt, ap);
	va_end(ap);
	if (n == -1)
		return -1;
	rc = json_set_str(item, "kind", kind);
	rc |= json_set_str(item, "subject", subject);
	rc |= json_set_str(item, "message", message);
	if (action != NULL && *action != '\0')
		rc |= json_set_str(item, "action", action);
	free(message);
	return rc;
}

static int
stage_findings(const struct stages *s, cJSON *list)
{
	const struct stage_part *p;
	const struct stage *st;
	char subject[300];
	size_t i, j;
	int rc = 0;

	for (i = 0; i < s->n; i++) {
		st = &s->v[i];
		if (st->parts_n == 0)
			rc |= results_finding(
			    list, "stage", st->name, NULL, "did not run");
		for (j = 0; j < st->parts_n; j++) {
			p = &st->parts[j];
			if (p->status == STAGE_OK)
				continue;
			snprintf(subject, sizeof(subject), "%s%s%s", st->name,
			    p->part != NULL ? "/" : "",
			    p->part != NULL ? p->part : "");
			rc |= results_finding(list, "stage", subject, NULL,
			    "%s%s%s", stage_status_name(p->status),
			    p->message != NULL ? ": " : "",
			    p->message != NULL ? p->message : "");
		}
	}
	return rc;
}

static int
budget_findings(const cJSON *budgets, cJSON *list)
{
	const char *metric, *key, *unit;
	const cJSON *b, *ok;
	char subject[300];
	int rc = 0;

	cJSON_ArrayForEach(b, budgets) {
		ok = json_at(b, "ok", NULL);
		if (cJSON_IsTrue(ok))
			continue;
		metric = json_str(b, "metric", NULL);
		key = json_str(b, "key", NULL);
		unit = json_str(b, "unit", NULL);
		snprintf(subject, sizeof(subject), "%s%s%s",
		    metric != NULL ? metric : "", key != NULL ? " " : "",
		    key != NULL ? key : "");
		if (cJSON_IsFalse(ok))
			rc |= results_finding(list, "budget", subject,
			    json_str(b, "action", NULL),
			    "%.10g %s, over the limit of %.10g",
			    json_num(b, "value", 0), unit != NULL ? unit : "",
			    json_num(b, "limit", 0));
		else
			rc |= results_finding(list, "budget", subject, NULL,
			    "not measured: no record has a value");
	}
	return rc;
}

static int
slow_findings(const cJSON *latency, cJSON *list)
{
	const cJSON *l;
	const char *key;
	int rc = 0;

	cJSON_ArrayForEach(l, latency) {
		key = json_str(l, "key", NULL);
		if (json_bool(l, "slow", 0))
			rc |= results_finding(list, "slow",
			    key != NULL ? key : "", NULL,
			    "p95 %.1f ms, at most %.1f ms",
			    json_num(l, "p95_ms", 0), json_num(l, "max_ms", 0));
	}
	return rc;
}

/* 1 when nothing was run: whoever should have written records failed. */
static int
empty(const struct results *r)
{
	return r->stages.n == 0 && r->budgets->child == NULL &&
	       r->passed + r->failed + r->skipped == 0;
}

int
results_findings(const struct results *r, cJSON *list, struct fault *f)
{
	const cJSON *n;
	cJSON *copy;
	int rc = stage_findings(&r->stages, list);

	cJSON_ArrayForEach(n, r->notes) {
		copy = cJSON_Duplicate(n, 1);
		if (copy == NULL || !cJSON_AddItemToArray(list, copy))
			return fault_nomem(f);
	}
	if (empty(r))
		rc |= results_finding(list, "results", "results", NULL,
		    "no stage, check or budget is in the records");
	rc |= budget_findings(r->budgets, list);
	rc |= slow_findings(r->latency, list);
	if (r->left_out > 0)
		rc |= results_finding(list, "results", "results", NULL,
		    "%zu items left out: a list holds %d", r->left_out,
		    RESULTS_LIST_MAX);
	return rc == 0 ? 0 : fault_nomem(f);
}

/*
 * A stage that did not run because one before it failed is no error of its
 * own; one that did not run though nothing failed is.
 */
const char *
results_verdict(const struct results *r)
{
	int failed = r->failed > 0, missing = empty(r);
	const cJSON *b;
	size_t i;

	for (i = 0; i < r->stages.n; i++) {
		if (r->stages.v[i].status == STAGE_ERROR)
			return "error";
		failed |= r->stages.v[i].status == STAGE_FAILED;
		missing |= r->stages.v[i].status == STAGE_SKIPPED;
	}
	cJSON_ArrayForEach(b, r->budgets)
		failed |= cJSON_IsFalse(json_at(b, "ok", NULL));
	return failed ? "failed" : missing ? "error" : "passed";
}
