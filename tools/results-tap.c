/*
 * results-tap: one run's records as TAP version 14.  A point for each stage,
 * then a subtest for each service's checks and one for the budgets; what
 * failed carries its diagnostics in YAML.  Lines are made while records are
 * read and kept until the end, since a service's checks do not come together.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/record.h"
#include "lib/scan.h"
#include "lib/stages.h"
#include "records.h"
#include "tool.h"

#define SERVICES_MAX 10000
#define SUBTEST_MAX ((size_t)256 << 20) /* bytes of one */

static const char usage[] = "results-tap [--stages NAME[,NAME ...]] [FILE ...]";

struct subtest {
	char *name;
	struct buf lines;
	size_t points, failed;
};

struct tap {
	struct subtest *v; /* in the order in which they were met */
	size_t n;
	struct subtest budgets;
	struct stages stages;
};

/* A description: on one line, with what TAP gives a meaning to escaped. */
static void
add_text(struct buf *b, const char *s)
{
	for (; *s != '\0'; s++) {
		if (*s == '#' || *s == '\\')
			buf_addc(b, '\\');
		buf_addc(b, (unsigned char)*s < ' ' || *s == 127 ? ' ' : *s);
	}
}

/* "not ok 3 - name", with a directive when skip (its reason) is not NULL. */
static void
add_point(
    struct buf *b, int ok, size_t number, const char *name, const char *skip)
{
	buf_addf(b, "%sok %zu - ", ok || skip != NULL ? "" : "not ", number);
	add_text(b, name);
	if (skip != NULL) {
		buf_adds(b, " # SKIP ");
		add_text(b, skip);
	}
	buf_addc(b, '\n');
}

/*
 * Members of a record as a YAML block behind its point.  JSON is YAML, so
 * values stand as they are; lists on one line, as Perl's TAP::Parser takes an
 * item with a colon in it for a mapping, quotes or not.
 */
static void
add_yaml(
    struct buf *b, const char *indent, const cJSON *v, const char *const *names)
{
	const cJSON *m;

	buf_addf(b, "%s---\n", indent);
	for (; *names != NULL; names++) {
		m = json_at(v, *names, NULL);
		if (m == NULL)
			continue;
		buf_addf(b, "%s%s: ", indent, *names);
		json_write(b, m);
		buf_addc(b, '\n');
	}
	buf_addf(b, "%s...\n", indent);
}

static struct subtest *
subtest_of(struct tap *t, const char *name, struct fault *f)
{
	struct subtest *grown;
	size_t i;

	for (i = 0; i < t->n; i++)
		if (strcmp(t->v[i].name, name) == 0)
			return &t->v[i];
	if (t->n == SERVICES_MAX) {
		fault_set(
		    f, FAULT_UNSURE, "more than %d services", SERVICES_MAX);
		return NULL;
	}
	grown = reallocarray(t->v, t->n + 1, sizeof(*grown));
	if (grown == NULL) {
		fault_nomem(f);
		return NULL;
	}
	t->v = grown;
	grown[t->n] = (struct subtest){ .name = strdup(name) };
	if (grown[t->n].name == NULL) {
		fault_nomem(f);
		return NULL;
	}
	buf_init(&grown[t->n].lines, SUBTEST_MAX);
	return &grown[t->n++];
}

static int
add_check(struct tap *t, const cJSON *v, struct fault *f)
{
	static const char *const shown[] = { "failures", "method", "url",
		"status", "attempts", "ms", NULL };
	const char *service = json_str(v, "service", NULL);
	const char *name = json_str(v, "name", NULL), *why = NULL;
	int ok = json_bool(v, "ok", 0);
	struct subtest *s;

	if (name == NULL)
		return fault_set(f, FAULT_INPUT, "name: is missing");
	s = subtest_of(t, service != NULL ? service : "checks", f);
	if (s == NULL)
		return -1;
	if (json_bool(v, "skipped", 0)) {
		why = cJSON_GetStringValue(
		    cJSON_GetArrayItem(json_at(v, "failures", NULL), 0));
		if (why == NULL)
			why = "not run";
	}
	buf_adds(&s->lines, "    ");
	add_point(&s->lines, ok, ++s->points, name, why);
	if (!ok && why == NULL) {
		s->failed++;
		add_yaml(&s->lines, "      ", v, shown);
	}
	return buf_check(&s->lines, s->name, f);
}

static int
add_budget(struct tap *t, const cJSON *v, struct fault *f)
{
	static const char *const shown[] = { "stat", "value", "limit", "unit",
		"action", NULL };
	const char *metric = json_str(v, "metric", NULL);
	const char *key = json_str(v, "key", NULL);
	const cJSON *ok = json_at(v, "ok", NULL);
	struct subtest *s = &t->budgets;
	char name[1000];

	if (metric == NULL)
		return fault_set(f, FAULT_INPUT, "metric: is missing");
	snprintf(name, sizeof(name), "%s%s%s", metric, key != NULL ? " " : "",
	    key != NULL ? key : "");
	buf_adds(&s->lines, "    ");
	add_point(&s->lines, cJSON_IsTrue(ok), ++s->points, name,
	    cJSON_IsBool(ok) ? NULL : "not measured");
	if (cJSON_IsFalse(ok)) {
		s->failed++;
		add_yaml(&s->lines, "      ", v, shown);
	}
	return buf_check(&s->lines, "budgets", f);
}

static int
take(void *arg, const struct scan *s, const char *line, size_t len,
    struct fault *f)
{
	struct tap *t = arg;
	struct scan_value type;
	int rc = scan_path(line, len, "type", &type, f);
	int check, budget;
	cJSON *v;

	(void)s;
	if (rc != 1)
		return rc;
	check = scan_is(&type, "probe") || scan_is(&type, "page");
	budget = scan_is(&type, "budget");
	if (!check && !budget && !scan_is(&type, "stage"))
		return 0;
	v = json_parse(line, len, f);
	if (v == NULL)
		return -1;
	if (check)
		rc = add_check(t, v, f);
	else
		rc =
		    budget ? add_budget(t, v, f) : stages_add(&t->stages, v, f);
	cJSON_Delete(v);
	return rc;
}

static void
add_stage(struct buf *b, const struct stage *st, size_t number)
{
	const struct stage_part *p;
	char name[300];
	size_t i;

	snprintf(name, sizeof(name), "stage %ld: %s", st->number, st->name);
	add_point(b, st->status == STAGE_OK, number, name,
	    st->status == STAGE_SKIPPED ? "did not run" : NULL);
	if (st->status != STAGE_FAILED && st->status != STAGE_ERROR)
		return;
	buf_addf(b, "  ---\n  status: %s\n  parts:\n",
	    stage_status_name(st->status));
	for (i = 0; i < st->parts_n; i++) {
		p = &st->parts[i];
		buf_addf(b, "    - status: %s\n      exit_status: %d\n",
		    stage_status_name(p->status), p->exit_status);
		if (p->part != NULL) {
			buf_adds(b, "      part: ");
			json_write_string(b, p->part, strlen(p->part));
			buf_addc(b, '\n');
		}
		if (p->message != NULL) {
			buf_adds(b, "      message: ");
			json_write_string(b, p->message, strlen(p->message));
			buf_addc(b, '\n');
		}
	}
	buf_adds(b, "  ...\n");
}

static int
print_subtest(
    const struct subtest *s, const char *name, size_t number, struct fault *f)
{
	struct buf head, point;
	int rc = -1;

	buf_init(&head, SUBTEST_MAX);
	buf_init(&point, SUBTEST_MAX);
	buf_adds(&head, "# Subtest: ");
	add_text(&head, name);
	buf_addf(&head, "\n    1..%zu\n", s->points);
	add_point(&point, s->failed == 0, number, name, NULL);
	if (buf_check(&head, name, f) == 0 && buf_check(&point, name, f) == 0)
		rc = 0;
	if (rc == 0) {
		fputs(buf_str(&head), stdout);
		fputs(buf_str(&s->lines), stdout);
		fputs(buf_str(&point), stdout);
	}
	buf_release(&head);
	buf_release(&point);
	return rc;
}

/* Errors of standard output stick and are told at the end of main. */
static int
print_all(const struct tap *t, struct fault *f)
{
	size_t i, number = 0;
	size_t all = t->stages.n + t->n + (t->budgets.points > 0);
	struct buf b;
	int rc;

	buf_init(&b, SUBTEST_MAX);
	printf("TAP version 14\n1..%zu%s\n", all,
	    all == 0 ? " # SKIP no checks" : "");
	for (i = 0; i < t->stages.n; i++)
		add_stage(&b, &t->stages.v[i], ++number);
	rc = buf_check(&b, "stages", f);
	fputs(buf_str(&b), stdout);
	buf_release(&b);
	for (i = 0; rc == 0 && i < t->n; i++)
		rc = print_subtest(&t->v[i], t->v[i].name, ++number, f);
	if (rc == 0 && t->budgets.points > 0)
		rc = print_subtest(&t->budgets, "budgets", ++number, f);
	return rc;
}

static void
release(struct tap *t)
{
	size_t i;

	for (i = 0; i < t->n; i++) {
		free(t->v[i].name);
		buf_release(&t->v[i].lines);
	}
	free(t->v);
	buf_release(&t->budgets.lines);
	stages_release(&t->stages);
}

int
main(int argc, char **argv)
{
	static const struct option longs[] = {
		{ "stages", required_argument, NULL, 's' },
		TOOL_LONG,
	};
	const char *stages = NULL;
	struct fault f = { 0 };
	struct tap t = { .n = 0 };
	/* what is no record is passed over, as results-json does */
	struct records records = {
		.line_max = RECORD_MAX, .pass_over = 1, .take = take, .arg = &t
	};
	int status;

	tool_begin("results-tap", usage);
	while (tool_getopt(argc, argv, "", longs) != -1)
		stages = optarg;
	buf_init(&t.budgets.lines, SUBTEST_MAX);
	status = records_read(&records, argv + optind, argc - optind);
	if (stages_finish(&t.stages, stages, &f) != 0 || print_all(&t, &f) != 0)
		status = tool_worse(status, tool_fault(&f));
	release(&t);
	return tool_end(status);
}
