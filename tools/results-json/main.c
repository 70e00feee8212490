/*
 * results-json: one run's records as results.json.  A member a line and an
 * item of a list a line, so that two runs can be compared with diff.
 */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/clock.h"
#include "lib/record.h"
#include "records.h"
#include "results-json/results.h"
#include "tool.h"

#define OUTPUT_MAX ((size_t)1 << 30)

static const char usage[] =
    "results-json [--cluster NAME] [--namespace NAMESPACE] [--run ID]\n"
    "          [--stages NAME[,NAME ...]] [FILE ...]";

struct options {
	const char *run, *namespace, *cluster, *stages;
};

struct output {
	struct buf b;
	int members;
};

static double
rounded(double ms)
{
	return round(ms * 1e3) / 1e3;
}

static void
member(struct output *o, const char *name)
{
	buf_adds(&o->b, o->members++ > 0 ? ",\n" : "{\n");
	buf_addf(&o->b, "\"%s\":", name);
}

static void
member_str(struct output *o, const char *name, const char *value)
{
	member(o, name);
	if (value != NULL)
		json_write_string(&o->b, value, strlen(value));
	else
		buf_adds(&o->b, "null");
}

static void
member_num(struct output *o, const char *name, double value)
{
	cJSON v = { .type = cJSON_Number, .valuedouble = rounded(value) };

	member(o, name);
	json_write(&o->b, &v);
}

/* The items of an array, or of an object's values, a line each. */
static void
member_list(struct output *o, const char *name, const cJSON *list)
{
	const cJSON *item;

	member(o, name);
	buf_addc(&o->b, '[');
	cJSON_ArrayForEach(item, list) {
		buf_adds(&o->b, item != list->child ? ",\n " : "\n ");
		json_write(&o->b, item);
	}
	buf_addc(&o->b, ']');
}

/* An empty object at the end of a list; NULL without memory. */
static cJSON *
add_item(cJSON *list)
{
	cJSON *v = cJSON_CreateObject();

	if (v != NULL && cJSON_AddItemToArray(list, v))
		return v;
	cJSON_Delete(v);
	return NULL;
}

static char *
time_text(char *ts, double ms)
{
	struct timespec t = { .tv_sec = (time_t)(ms / 1e3) };

	t.tv_nsec = (long)((ms - (double)t.tv_sec * 1e3) * 1e6 + 0.5);
	return clock_format(ts, &t, 0);
}

/* What a stage and a part of one have in common. */
static int
set_outcome(cJSON *v, enum stage_status status, double from, double to,
    const char *message)
{
	char ts[CLOCK_TS_SIZE];
	int rc = json_set_str(v, "status", stage_status_name(status));

	if (to > 0) {
		rc |= json_set_str(v, "ts", time_text(ts, from));
		rc |= json_set_num(v, "ms", rounded(to - from));
	}
	if (message != NULL)
		rc |= json_set_str(v, "message", message);
	return rc;
}

static int
add_stage(cJSON *list, const struct stage *s)
{
	cJSON *v = add_item(list), *parts, *item;
	const struct stage_part *p;
	size_t i;
	int rc;

	if (v == NULL)
		return -1;
	rc = json_set_num(v, "stage", (double)s->number);
	rc |= json_set_str(v, "name", s->name);
	rc |= set_outcome(v, s->status, s->from, s->to, s->message);
	if (s->parts_n < 2)
		return rc;
	parts = cJSON_AddArrayToObject(v, "parts");
	for (i = 0; i < s->parts_n; i++) {
		p = &s->parts[i];
		item = add_item(parts);
		if (item == NULL)
			return -1;
		if (p->part != NULL)
			rc |= json_set_str(item, "part", p->part);
		rc |= json_set_num(item, "exit_status", p->exit_status);
		rc |= set_outcome(item, p->status, p->from, p->to, p->message);
	}
	return rc;
}

/* What a pod took: its containers' peaks together. */
static int
add_memory(cJSON *list, const cJSON *pod)
{
	cJSON *v = add_item(list);
	const cJSON *container;
	double bytes = 0;

	if (v == NULL)
		return -1;
	cJSON_ArrayForEach(container, pod)
		bytes += container->valuedouble;
	return json_set_str(v, "pod", pod->string) |
	       json_set_num(v, "memory_bytes", bytes);
}

static void
write_seed(struct output *o, const struct results *r)
{
	double from = 0, to = 0;
	size_t i;

	for (i = 0; i < r->stages.n; i++)
		if (strcmp(r->stages.v[i].name, "seed") == 0) {
			from = r->stages.v[i].from;
			to = r->stages.v[i].to;
		}
	member(o, "seed");
	buf_addf(&o->b,
	    "{\"ms\":%.15g,\"rows\":%lld,\"objects\":%lld,\"tables\":",
	    rounded(to - from), r->rows, r->objects);
	json_write(&o->b, r->tables);
	buf_addc(&o->b, '}');
}

static void
write_head(struct output *o, const struct results *r, const struct options *opt)
{
	char ts[CLOCK_TS_SIZE];

	member_str(o, "run", opt->run);
	member_str(o, "namespace", opt->namespace);
	member_str(o, "cluster", opt->cluster);
	member_str(o, "started", r->from > 0 ? time_text(ts, r->from) : NULL);
	member_num(o, "ms", r->to - r->from);
	member_str(o, "verdict", results_verdict(r));
}

static void
write_members(struct output *o, const struct results *r,
    const struct options *opt, cJSON *const lists[3])
{
	write_head(o, r, opt);
	member_list(o, "stages", lists[0]);
	member(o, "tests");
	buf_addf(&o->b, "{\"passed\":%lld,\"failed\":%lld,\"skipped\":%lld}",
	    r->passed, r->failed, r->skipped);
	member_list(o, "failures", r->failures);
	write_seed(o, r);
	member_list(o, "startup", r->startup);
	member_list(o, "latency", r->latency);
	member_list(o, "memory", lists[1]);
	member_list(o, "budgets", r->budgets);
	member_list(o, "findings", lists[2]);
	buf_adds(&o->b, "}\n");
}

static int
write_all(const struct results *r, const struct options *opt, struct fault *f)
{
	cJSON *lists[] = { cJSON_CreateArray(), cJSON_CreateArray(),
		cJSON_CreateArray() };
	struct output o = { .members = 0 };
	const cJSON *pod;
	size_t i;
	int rc = 0;

	buf_init(&o.b, OUTPUT_MAX);
	for (i = 0; i < r->stages.n; i++)
		rc |= add_stage(lists[0], &r->stages.v[i]);
	cJSON_ArrayForEach(pod, r->memory)
		rc |= add_memory(lists[1], pod);
	if (rc != 0)
		fault_nomem(f);
	else
		rc = results_findings(r, lists[2], f);
	if (rc == 0) {
		write_members(&o, r, opt, lists);
		rc = buf_check(&o.b, "results", f);
	}
	if (rc == 0 && fwrite(o.b.data, 1, o.b.len, stdout) != o.b.len)
		rc = fault_sys(f, FAULT_UNSURE, errno, "standard output");
	buf_release(&o.b);
	for (i = 0; i < sizeof(lists) / sizeof(lists[0]); i++)
		cJSON_Delete(lists[i]);
	return rc;
}

static int
take(void *arg, const struct scan *s, const char *line, size_t len,
    struct fault *f)
{
	(void)s;
	return results_add(arg, line, len, f);
}

/*
 * A line that is no record (cut off when its tool was killed, say) is among
 * the findings too: results are wanted all the same.
 */
static int
passed(void *arg, const char *file, const char *message, struct fault *f)
{
	struct results *r = arg;

	if (results_finding(r->notes, "record", file, NULL, "%s", message) != 0)
		return fault_nomem(f);
	return 0;
}

static void
parse(struct options *o, int argc, char **argv)
{
	static const struct option longs[] = {
		{ "cluster", required_argument, NULL, 'c' },
		{ "namespace", required_argument, NULL, 'n' },
		{ "run", required_argument, NULL, 'r' },
		{ "stages", required_argument, NULL, 's' },
		TOOL_LONG,
	};
	int ch;

	while ((ch = tool_getopt(argc, argv, "", longs)) != -1) {
		if (ch == 'c')
			o->cluster = optarg;
		else if (ch == 'n')
			o->namespace = optarg;
		else if (ch == 'r')
			o->run = optarg;
		else
			o->stages = optarg;
	}
}

int
main(int argc, char **argv)
{
	struct options o = { 0 };
	struct fault f = { 0 };
	struct results r;
	struct records records = { .line_max = RECORD_MAX,
		.pass_over = 1,
		.take = take,
		.passed = passed,
		.arg = &r };
	int status;

	tool_begin("results-json", usage);
	parse(&o, argc, argv);
	if (results_init(&r, &f) != 0)
		tool_die(&f);
	status = records_read(&records, argv + optind, argc - optind);
	if (stages_finish(&r.stages, o.stages, &f) != 0 ||
	    write_all(&r, &o, &f) != 0)
		status = tool_worse(status, tool_fault(&f));
	results_release(&r);
	return tool_end(status);
}
