/*
 * budget-check: holds records against targets.  One budget record for each
 * target and key, with the action that a miss asks for.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "budget-check/budgets.h"
#include "budget-check/tally.h"
#include "lib/jqx.h"
#include "lib/record.h"
#include "records.h"
#include "tool.h"

#define VALUES_MAX 10000 /* that one record may give */
#define VALUES_BYTES (16 << 20)

static const char usage[] = "budget-check BUDGETS [FILE ...]";

struct check {
	struct budgets budgets;
	struct tally tally;
	struct jqx *program;
	struct buf values; /* of one record, a line each */
	char *told;        /* per budget: its first error was told */
	struct record record;
	int status;
};

/* An expression's error is told once: it is likely the same on each record. */
static void
value_bad(struct check *c, size_t budget, const struct scan *s, const char *why)
{
	if (!c->told[budget])
		tool_warn("%s: %s:%lu: %s", c->budgets.v[budget].metric,
		    scan_name(s), scan_line(s), why);
	c->told[budget] = 1;
	c->status = tool_worse(c->status, FAULT_INPUT);
}

/* One {"m": budget, "k": key, "v": value}: 0, or -1 when it cannot go on. */
static int
add_value(struct check *c, const struct scan *s, const char *line, size_t len,
    struct fault *f)
{
	cJSON *v = json_parse(line, len, f);
	const char *error;
	size_t budget;
	int rc = 0;

	if (v == NULL)
		return -1;
	budget = (size_t)json_num(v, "m", 0);
	error = json_str(v, "e", NULL);
	if (error != NULL)
		value_bad(c, budget, s, error);
	else if (tally_add(&c->tally, budget, json_str(v, "k", NULL),
		     json_at(v, "v", NULL), f) != 0) {
		if (f->code == FAULT_INPUT)
			value_bad(c, budget, s, f->msg);
		else
			rc = -1;
	}
	cJSON_Delete(v);
	return rc;
}

static int
take(void *arg, const struct scan *s, const char *line, size_t len,
    struct fault *f)
{
	struct check *c = arg;
	char *at, *end;

	buf_clear(&c->values);
	if (jqx_run(c->program, line, len, VALUES_MAX, &c->values, f) == -1) {
		/* the program refuses a record that it cannot read */
		if (f->code == FAULT_NO)
			f->code = FAULT_INPUT;
		return -1;
	}
	for (at = c->values.data; at != NULL && *at != '\0'; at = end + 1) {
		end = strchr(at, '\n');
		if (end == NULL)
			break;
		if (add_value(c, s, at, (size_t)(end - at), f) != 0)
			return -1;
	}
	return 0;
}

static void
say(const struct budget *b, const char *key, uint64_t count, double value)
{
	const char *sep = key != NULL ? " " : "";

	if (key == NULL)
		key = "";
	if (count == 0)
		tool_warn("%s: not measured: no record has a value", b->metric);
	else
		tool_warn("%s%s%s: %.10g is over the limit of %.10g%s%s%s%s",
		    b->metric, sep, key, value, b->limit,
		    *b->unit != '\0' ? " " : "", b->unit,
		    *b->action != '\0' ? ": " : "", b->action);
}

static int
report(void *arg, const struct budget *b, const char *key, uint64_t count,
    double value)
{
	struct check *c = arg;
	struct fault f = { 0 };
	int miss;

	/* what is told is what counts: 0.1 and 0.2 do not pass 0.3 */
	value = record_rounded(value);
	miss = count > 0 && !(value <= b->limit);
	record_begin(&c->record, "budget");
	record_str(&c->record, "metric", b->metric);
	if (key != NULL)
		record_str(&c->record, "key", key);
	record_str(&c->record, "stat", b->stat_name);
	record_num(&c->record, "value", value);
	record_num(&c->record, "limit", b->limit);
	record_str(&c->record, "unit", b->unit);
	if (count > 0)
		record_bool(&c->record, "ok", !miss);
	else
		record_str(&c->record, "ok", NULL);
	if (miss) {
		record_str(&c->record, "action", b->action);
		c->status = tool_worse(c->status, FAULT_NO);
	}
	if (miss || count == 0)
		say(b, key, count, value);
	if (record_end(&c->record, stdout, &f) != 0) {
		c->status = tool_worse(c->status, tool_fault(&f));
		return -1;
	}
	return 0;
}

/* The budgets and their program, compiled; the set is the caller's. */
static struct jqx_set *
set_up(struct check *c, const char *path, struct fault *f)
{
	struct jqx_set *jqs;
	struct buf program;

	buf_init(&program, 16 << 20);
	buf_init(&c->values, VALUES_BYTES);
	record_init(&c->record);
	jqs = jqx_set_new(f);
	if (jqs == NULL || budgets_read(&c->budgets, path, f) != 0)
		tool_die(f);
	budgets_program(&c->budgets, &program);
	c->tally.budgets = &c->budgets;
	c->told = calloc(c->budgets.n, 1);
	if (buf_check(&program, path, f) != 0 || c->told == NULL)
		tool_fail(FAULT_UNSURE, "out of memory");
	c->program = jqx_set_add(jqs, program.data, NULL, 0, f);
	if (c->program == NULL || jqx_set_compile(jqs, f) != 0)
		tool_die(f);
	buf_release(&program);
	return jqs;
}

int
main(int argc, char **argv)
{
	static const struct option longs[] = { TOOL_LONG };
	struct check c = { .status = 0 };
	struct records records = {
		.line_max = RECORD_MAX, .pass_over = 1, .take = take, .arg = &c
	};
	struct fault f = { 0 };
	struct jqx_set *jqs;
	int status;

	tool_begin("budget-check", usage);
	while (tool_getopt(argc, argv, "", longs) != -1)
		;
	if (optind == argc)
		tool_usage("the file of budgets is missing");
	jqs = set_up(&c, argv[optind++], &f);
	status = records_read(&records, argv + optind, argc - optind);
	c.status = tool_worse(c.status, status);
	tally_each(&c.tally, report, &c);
	tally_release(&c.tally);
	jqx_set_free(jqs);
	budgets_release(&c.budgets);
	buf_release(&c.values);
	record_release(&c.record);
	free(c.told);
	return tool_end(c.status);
}
