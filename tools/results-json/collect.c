/*
 * Taking in records: see results.h.  A passed check, by far the most common
 * record, is told from its line alone; others are parsed.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/clock.h"
#include "lib/scan.h"
#include "results-json/results.h"

int
results_init(struct results *r, struct fault *f)
{
	*r = (struct results){ 0 };
	r->failures = cJSON_CreateArray();
	r->tables = cJSON_CreateArray();
	r->latency = cJSON_CreateArray();
	r->budgets = cJSON_CreateArray();
	r->notes = cJSON_CreateArray();
	r->startup = cJSON_CreateObject();
	r->memory = cJSON_CreateObject();
	if (r->failures == NULL || r->tables == NULL || r->latency == NULL ||
	    r->budgets == NULL || r->notes == NULL || r->startup == NULL ||
	    r->memory == NULL)
		return fault_nomem(f);
	return 0;
}

void
results_release(struct results *r)
{
	stages_release(&r->stages);
	cJSON_Delete(r->failures);
	cJSON_Delete(r->tables);
	cJSON_Delete(r->latency);
	cJSON_Delete(r->budgets);
	cJSON_Delete(r->notes);
	cJSON_Delete(r->startup);
	cJSON_Delete(r->memory);
	*r = (struct results){ 0 };
}

/*
 * Appends a copy of the named members (all but "type" when names is NULL) of
 * a record to a list that has room for it.
 */
static int
append(struct results *r, cJSON *list, const cJSON *record,
    const char *const *names, struct fault *f)
{
	const cJSON *m;
	cJSON *item, *copy;
	size_t i;

	if (cJSON_GetArraySize(list) >= RESULTS_LIST_MAX) {
		r->left_out++;
		return 0;
	}
	item = cJSON_CreateObject();
	if (item == NULL || !cJSON_AddItemToArray(list, item)) {
		cJSON_Delete(item);
		return fault_nomem(f);
	}
	cJSON_ArrayForEach(m, record) {
		for (i = 0; names != NULL && names[i] != NULL; i++)
			if (strcmp(m->string, names[i]) == 0)
				break;
		if (names != NULL ? names[i] == NULL :
				    strcmp(m->string, "type") == 0)
			continue;
		copy = cJSON_Duplicate(m, 1);
		if (copy == NULL || json_set(item, m->string, copy) != 0)
			return fault_nomem(f);
	}
	return 0;
}

static int
note(struct results *r, const char *kind, const char *subject,
    const char *message, struct fault *f)
{
	if (cJSON_GetArraySize(r->notes) >= RESULTS_LIST_MAX) {
		r->left_out++;
		return 0;
	}
	if (results_finding(r->notes, kind, subject != NULL ? subject : "",
		NULL, "%s", message != NULL ? message : "") != 0)
		return fault_nomem(f);
	return 0;
}

/* The run lasts from the earliest start to the latest end of anything. */
static void
add_time(struct results *r, const char *ts, double ms)
{
	struct timespec t;
	double from;

	if (ts == NULL || clock_parse(ts, &t) != 0)
		return;
	from = (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
	if (r->from == 0 || from < r->from)
		r->from = from;
	if (from + (ms > 0 ? ms : 0) > r->to)
		r->to = from + (ms > 0 ? ms : 0);
}

static int
add_stage(struct results *r, const cJSON *v, struct fault *f)
{
	add_time(r, json_str(v, "ts", NULL), json_num(v, "ms", 0));
	return stages_add(&r->stages, v, f);
}

/* A check that did not pass; pages are checks, too. */
static int
add_check(struct results *r, const cJSON *v, struct fault *f)
{
	static const char *const names[] = { "service", "group", "name",
		"method", "path", "url", "route", "status", "failures",
		"attempts", "ts", "ms", NULL };

	add_time(r, json_str(v, "ts", NULL), json_num(v, "ms", 0));
	if (json_bool(v, "skipped", 0)) {
		r->skipped++;
		return 0;
	}
	if (json_bool(v, "ok", 0)) {
		r->passed++;
		return 0;
	}
	r->failed++;
	return append(r, r->failures, v, names, f);
}

static int
add_wait(struct results *r, const cJSON *v, struct fault *f)
{
	const char *name = json_str(v, "name", NULL);
	const char *kind = json_str(v, "kind", NULL);
	const char *status = json_str(v, "status", NULL);
	const char *reason = json_str(v, "reason", NULL);
	const char *message = json_str(v, "message", NULL);
	double ms = json_num(v, "startup_ms", -1);
	char subject[300], text[900];
	cJSON *item;

	if (name == NULL)
		return fault_set(f, FAULT_INPUT, "name: is missing");
	if (status != NULL && strcmp(status, "met") != 0) {
		snprintf(subject, sizeof(subject), "%s/%s",
		    kind != NULL ? kind : "", name);
		snprintf(text, sizeof(text), "%s%s%s%s%s", status,
		    reason != NULL ? ": " : "", reason != NULL ? reason : "",
		    message != NULL ? ": " : "",
		    message != NULL ? message : "");
		if (note(r, "wait", subject, text, f) != 0)
			return -1;
	}
	if (ms < 0)
		return 0;
	if (cJSON_GetArraySize(r->startup) >= RESULTS_LIST_MAX) {
		r->left_out++;
		return 0;
	}
	item = json_sub(r->startup, name);
	if (item == NULL || json_set_str(item, "workload", name) != 0 ||
	    (kind != NULL && json_set_str(item, "kind", kind) != 0) ||
	    json_set_num(item, "ms", fmax(ms, json_num(item, "ms", 0))) != 0)
		return fault_nomem(f);
	return 0;
}

static int
add_usage(struct results *r, const cJSON *v, struct fault *f)
{
	const char *pod = json_str(v, "pod", NULL);
	const char *container = json_str(v, "container", NULL);
	double bytes = json_num(v, "memory_bytes", -1);
	cJSON *of;

	if (pod == NULL || bytes < 0)
		return 0;
	if (container == NULL)
		container = "";
	if (cJSON_GetArraySize(r->memory) >= RESULTS_LIST_MAX) {
		r->left_out++;
		return 0;
	}
	of = json_sub(r->memory, pod);
	if (of == NULL || json_set_num(of, container,
			      fmax(bytes, json_num(of, container, 0))) != 0)
		return fault_nomem(f);
	return 0;
}

static int
add_seed(struct results *r, const cJSON *v, struct fault *f)
{
	r->rows += (long long)json_num(v, "rows", 0);
	return append(r, r->tables, v, NULL, f);
}

static int
add_put(struct results *r, const cJSON *v, struct fault *f)
{
	double status = json_num(v, "status", 0);

	(void)f;
	r->objects += status >= 200 && status < 300;
	return 0;
}

static int
add_latency(struct results *r, const cJSON *v, struct fault *f)
{
	return append(r, r->latency, v, NULL, f);
}

static int
add_budget(struct results *r, const cJSON *v, struct fault *f)
{
	return append(r, r->budgets, v, NULL, f);
}

static int
add_query(struct results *r, const cJSON *v, struct fault *f)
{
	const char *finding = json_str(v, "finding", NULL);
	const char *route = json_str(v, "route", NULL);

	if (finding == NULL)
		return 0;
	return note(r, "query",
	    route != NULL ? route : json_str(v, "query", NULL), finding, f);
}

static int
add_error(struct results *r, const cJSON *v, struct fault *f)
{
	return note(r, "error", json_str(v, "tool", NULL),
	    json_str(v, "message", NULL), f);
}

typedef int add_fn(struct results *r, const cJSON *v, struct fault *f);

static add_fn *
adder(const struct scan_value *type)
{
	static const struct {
		const char *type;
		add_fn *fn;
	} adders[] = {
		{ "probe", add_check },
		{ "page", add_check },
		{ "stage", add_stage },
		{ "wait", add_wait },
		{ "usage", add_usage },
		{ "seed", add_seed },
		{ "put", add_put },
		{ "latency", add_latency },
		{ "budget", add_budget },
		{ "query", add_query },
		{ "error", add_error },
	};
	size_t i;

	for (i = 0; i < sizeof(adders) / sizeof(adders[0]); i++)
		if (scan_is(type, adders[i].type))
			return adders[i].fn;
	return NULL;
}

/* 1 when the line is a check that passed, which then is counted; else 0. */
static int
add_passed(struct results *r, const char *line, size_t len)
{
	struct scan_value ok, skipped, ts, number;
	char text[CLOCK_TS_SIZE];
	double ms = 0;

	if (scan_path(line, len, "ok", &ok, NULL) != 1 ||
	    ok.kind != SCAN_TRUE ||
	    scan_path(line, len, "skipped", &skipped, NULL) != 0)
		return 0;
	if (scan_path(line, len, "ms", &number, NULL) == 1)
		scan_double(&number, &ms);
	if (scan_path(line, len, "ts", &ts, NULL) == 1 &&
	    ts.kind == SCAN_STRING && ts.len - 2 < sizeof(text)) {
		memcpy(text, ts.at + 1, ts.len - 2);
		text[ts.len - 2] = '\0';
		add_time(r, text, ms);
	}
	r->passed++;
	return 1;
}

int
results_add(struct results *r, const char *line, size_t len, struct fault *f)
{
	struct scan_value type;
	int rc = scan_path(line, len, "type", &type, f);
	add_fn *fn;
	cJSON *v;

	if (rc != 1)
		return rc;
	fn = adder(&type);
	if (fn == NULL || (fn == add_check && add_passed(r, line, len)))
		return 0;
	v = json_parse(line, len, f);
	if (v == NULL)
		return -1;
	rc = fn(r, v, f);
	cJSON_Delete(v);
	return rc;
}
