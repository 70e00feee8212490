/*
 * Reading budgets: see budgets.h.  Each expression is checked alone, so that
 * its own line can be told, and then becomes part of one program: a record is
 * parsed once, however many budgets there are.
 */
#include "budget-check/budgets.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/jqx.h"
#include "lib/json.h"

#define FILE_MAX (16 << 20)

static int
bad(struct fault *f, const char *what, const char *why)
{
	return fault_set(f, FAULT_INPUT, "%s: %s", what, why);
}

static int
read_stat(struct budget *b, struct fault *f)
{
	static const struct {
		const char *name;
		enum stat stat;
	} stats[] = {
		{ "count", STAT_COUNT },
		{ "max", STAT_MAX },
		{ "mean", STAT_MEAN },
		{ "min", STAT_MIN },
		{ "span", STAT_SPAN },
		{ "sum", STAT_SUM },
	};
	const char *s = b->stat_name;
	char *end;
	size_t i;

	for (i = 0; i < sizeof(stats) / sizeof(stats[0]); i++)
		if (strcmp(s, stats[i].name) == 0) {
			b->stat = stats[i].stat;
			return 0;
		}
	if (s[0] == 'p' && s[1] >= '0' && s[1] <= '9') {
		b->percent = strtod(s + 1, &end);
		b->stat = STAT_PERCENTILE;
		if (*end == '\0' && b->percent > 0 && b->percent <= 100)
			return 0;
	}
	return fault_set(f, FAULT_INPUT,
	    "stat: not count, max, mean, min, span, sum or a percentile such "
	    "as p95: %s",
	    s);
}

static int
read_member(struct budget *b, const cJSON *m, struct fault *f)
{
	const struct {
		const char *name;
		char **at;
	} strings[] = { { "metric", &b->metric }, { "value", &b->value },
		{ "by", &b->by }, { "stat", &b->stat_name },
		{ "unit", &b->unit }, { "action", &b->action } };
	size_t i;

	if (strcmp(m->string, "limit") == 0) {
		if (!cJSON_IsNumber(m) || !isfinite(m->valuedouble))
			return bad(f, "limit", "not a number");
		b->limit = m->valuedouble;
		return 0;
	}
	for (i = 0; i < sizeof(strings) / sizeof(strings[0]); i++) {
		if (strcmp(m->string, strings[i].name) != 0)
			continue;
		if (!cJSON_IsString(m))
			return bad(f, m->string, "not a string");
		if (*strings[i].at != NULL)
			return bad(f, m->string, "stands there twice");
		*strings[i].at = strdup(m->valuestring);
		return *strings[i].at != NULL ? 0 : fault_nomem(f);
	}
	return bad(f, m->string, "unknown member of a budget");
}

/* What was left out, and the expressions by themselves. */
static int
complete(struct budget *b, struct jqx_set *jqs, struct fault *f)
{
	if (b->metric == NULL || *b->metric == '\0')
		return bad(f, "metric", "is missing");
	if (b->value == NULL)
		return bad(f, "value", "is missing");
	if (isnan(b->limit))
		return bad(f, "limit", "is missing");
	if (b->stat_name == NULL)
		return bad(f, "stat", "is missing");
	if (b->unit == NULL && (b->unit = strdup("")) == NULL)
		return fault_nomem(f);
	if (b->action == NULL && (b->action = strdup("")) == NULL)
		return fault_nomem(f);
	if (read_stat(b, f) != 0)
		return -1;
	if (jqx_set_add(jqs, b->value, NULL, 0, f) == NULL)
		return fault_prefix(f, "value");
	if (b->by != NULL && jqx_set_add(jqs, b->by, NULL, 0, f) == NULL)
		return fault_prefix(f, "by");
	return 0;
}

/*
 * The line on which budget number n begins in text that is known to be
 * {"budgets": [{...}, ...]}: cJSON keeps no places.
 */
static unsigned long
line_of(const char *text, size_t n)
{
	unsigned long line = 1;
	unsigned depth = 0;
	int quoted = 0;

	for (; *text != '\0'; text++) {
		if (quoted) {
			if (*text == '\\' && text[1] != '\0')
				text++;
			else if (*text == '"')
				quoted = 0;
		} else if (*text == '"')
			quoted = 1;
		else if (*text == '\n')
			line++;
		else if (*text == '}' || *text == ']')
			depth--;
		else if (*text == '{' || *text == '[') {
			if (++depth == 3 && n-- == 0)
				break;
		}
	}
	return line;
}

static int
read_budgets(
    struct budgets *b, const cJSON *list, struct jqx_set *jqs, struct fault *f)
{
	const cJSON *v, *m;
	struct budget *one;

	b->v = calloc((size_t)cJSON_GetArraySize(list) + 1, sizeof(*b->v));
	if (b->v == NULL)
		return fault_nomem(f);
	cJSON_ArrayForEach(v, list) {
		if (b->n == BUDGETS_MAX)
			return fault_set(f, FAULT_INPUT, "more than %d budgets",
			    BUDGETS_MAX);
		one = &b->v[b->n++];
		one->limit = NAN;
		if (!cJSON_IsObject(v))
			return bad(f, "budget", "not an object");
		cJSON_ArrayForEach(m, v)
			if (read_member(one, m, f) != 0)
				return -1;
		if (complete(one, jqs, f) != 0)
			return -1;
	}
	return 0;
}

/*
 * Names that an expression uses are known only when it is compiled, which is
 * slow: all together, and one by one only to find the one to blame.
 */
static int
compile(const struct budgets *b, struct jqx_set *jqs, const char *path,
    const char *text, struct fault *f)
{
	struct jqx_set *alone;
	size_t i;
	int rc = jqx_set_compile(jqs, f);

	for (i = 0; rc != 0 && i < b->n; i++) {
		alone = jqx_set_new(f);
		if (alone == NULL)
			return -1;
		jqx_set_add(alone, b->v[i].value, NULL, 0, f);
		if (b->v[i].by != NULL)
			jqx_set_add(alone, b->v[i].by, NULL, 0, f);
		rc = jqx_set_compile(alone, f);
		jqx_set_free(alone);
		if (rc != 0)
			return fault_prefix(
			    f, "%s:%lu", path, line_of(text, i));
		rc = -1;
	}
	return rc;
}

/* json_parse's "line L column C: reason" as FILE:LINE. */
static void
not_json(const char *path, struct fault *f)
{
	char why[sizeof(f->msg)];
	unsigned long line;
	int n = 0;

	if (sscanf(f->msg, "line %lu %n", &line, &n) == 1 && n > 0) {
		snprintf(why, sizeof(why), "%s", f->msg + n);
		fault_set(f, FAULT_INPUT, "%s:%lu: %s", path, line, why);
	} else
		fault_prefix(f, "%s", path);
}

int
budgets_read(struct budgets *b, const char *path, struct fault *f)
{
	struct jqx_set *jqs = jqx_set_new(f);
	cJSON *all = NULL, *list;
	struct buf text;
	int rc = -1;

	buf_init(&text, FILE_MAX);
	if (jqs == NULL || buf_read_file(&text, path, f) != 0)
		goto out;
	all = json_parse(buf_str(&text), text.len, f);
	if (all == NULL) {
		not_json(path, f);
		goto out;
	}
	list = json_at(all, "budgets", NULL);
	if (!cJSON_IsArray(list) || cJSON_GetArraySize(all) != 1) {
		fault_set(f, FAULT_INPUT,
		    "%s:1: not {\"budgets\": [...]} and nothing else", path);
		goto out;
	}
	rc = read_budgets(b, list, jqs, f);
	if (rc == 0 && b->n == 0)
		rc = fault_set(f, FAULT_INPUT, "%s:1: no budgets", path);
	else if (rc != 0 && f->code == FAULT_INPUT)
		fault_prefix(f, "%s:%lu", path, line_of(text.data, b->n - 1));
	else if (rc == 0)
		rc = compile(b, jqs, path, text.data, f);
out:
	cJSON_Delete(all);
	jqx_set_free(jqs);
	buf_release(&text);
	return rc;
}

int
budgets_program(const struct budgets *b, struct buf *out)
{
	const struct budget *one;
	size_t i;

	for (i = 0; i < b->n; i++) {
		one = &b->v[i];
		buf_addf(out, "%s(try ((%s\n) as $v | ", i > 0 ? "," : "",
		    one->value);
		if (one->by != NULL)
			buf_addf(out, "(%s\n) as $k | ", one->by);
		buf_addf(out, "{m: %zu, v: ", i);
		/* whole records would only be carried about */
		buf_adds(
		    out, one->stat == STAT_SPAN ? "($v | {ts, ms})" : "$v");
		if (one->by != NULL)
			buf_adds(out, ", k: ($k | tostring)");
		buf_addf(out, "}) catch {m: %zu, e: tostring})\n", i);
	}
	return out->failed ? -1 : 0;
}

void
budgets_release(struct budgets *b)
{
	size_t i;

	for (i = 0; i < b->n; i++) {
		free(b->v[i].metric);
		free(b->v[i].unit);
		free(b->v[i].action);
		free(b->v[i].value);
		free(b->v[i].by);
		free(b->v[i].stat_name);
	}
	free(b->v);
	*b = (struct budgets){ 0 };
}
