/*
 * Budgets: what may be spent of what, read from a file (budget-check(1)),
 * and one jq expression that gives the values of all of them from a record.
 */
#ifndef BUDGET_CHECK_BUDGETS_H
#define BUDGET_CHECK_BUDGETS_H

#include <stddef.h>

#include "lib/buf.h"
#include "lib/fault.h"

#define BUDGETS_MAX 500

enum stat {
	STAT_COUNT,
	STAT_MAX,
	STAT_MEAN,
	STAT_MIN,
	STAT_PERCENTILE,
	STAT_SPAN, /* from the earliest ts to the latest ts + ms */
	STAT_SUM,
};

struct budget {
	char *metric, *unit, *action; /* unit and action may be "" */
	char *value, *by;             /* jq; by may be NULL */
	char *stat_name;              /* as written */
	enum stat stat;
	double percent; /* of STAT_PERCENTILE */
	double limit;   /* the most that is fine */
};

struct budgets {
	struct budget *v;
	size_t n;
};

/*
 * Reads a file of budgets; zero-initialise b, release it in every case.  -1
 * with "FILE:LINE: reason" (FAULT_INPUT) when it is malformed, an expression
 * that is no jq included.
 */
int budgets_read(struct budgets *b, const char *path, struct fault *f);

/*
 * Appends the expression that gives, for a record, {"m": index, "k": key,
 * "v": value} for every value and {"m": index, "e": message} where an
 * expression ended in an error.  0, or -1 (the buffer has failed).
 */
int budgets_program(const struct budgets *b, struct buf *out);

void budgets_release(struct budgets *b);

#endif
