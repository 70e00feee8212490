/*
 * What has been spent: the values of each budget, by key, in memory that does
 * not grow with their number (percentiles come from a histogram).
 */
#ifndef BUDGET_CHECK_TALLY_H
#define BUDGET_CHECK_TALLY_H

#include <stddef.h>
#include <stdint.h>

#include "budget-check/budgets.h"
#include "lib/fault.h"
#include "lib/json.h"

#define TALLY_KEYS_MAX 100000 /* of all budgets together */

struct series;

struct tally {
	const struct budgets *budgets;
	void *tree; /* of struct series, by budget and key */
	size_t keys;
};

/*
 * Counts a value for a budget; key is NULL when it has no "by".  null is no
 * value.  -1 when it is not what the budget's stat can count (FAULT_INPUT),
 * there are too many keys or memory ran out (FAULT_UNSURE).
 */
int tally_add(struct tally *t, size_t budget, const char *key,
    const cJSON *value, struct fault *f);

/*
 * Calls fn for each budget in the file's order and each of its keys in
 * alphabetical order; once with key NULL and count 0 for a budget that
 * has no value.  Stops when fn returns -1; returns what fn did.
 */
typedef int tally_fn(void *arg, const struct budget *b, const char *key,
    uint64_t count, double value);
int tally_each(const struct tally *t, tally_fn *fn, void *arg);

void tally_release(struct tally *t);

#endif
