/*
 * Counting values by budget and key: see tally.h.  A tree of libc's keeps
 * them in the order in which they are told.
 */
#include "budget-check/tally.h"

#include <math.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>

#include "lib/clock.h"
#include "lib/hist.h"

struct series {
	size_t budget;
	char *key; /* or NULL */
	uint64_t count;
	double sum, min, max;
	double from, to;   /* of a span: ms since 1970 */
	struct hist *hist; /* of a percentile */
};

static int
compare(const void *a, const void *b)
{
	const struct series *x = a, *y = b;

	if (x->budget != y->budget)
		return x->budget < y->budget ? -1 : 1;
	if (x->key == NULL || y->key == NULL)
		return (x->key != NULL) - (y->key != NULL);
	return strcmp(x->key, y->key);
}

static void
series_free(void *arg)
{
	struct series *s = arg;

	hist_free(s->hist);
	free(s->key);
	free(s);
}

static struct series *
series_of(struct tally *t, size_t budget, const char *key, struct fault *f)
{
	struct series want = { .budget = budget, .key = (char *)key }, *s;
	void *at = tfind(&want, &t->tree, compare);

	if (at != NULL)
		return *(struct series **)at;
	if (t->keys == TALLY_KEYS_MAX) {
		fault_set(f, FAULT_UNSURE, "more than %d keys", TALLY_KEYS_MAX);
		return NULL;
	}
	s = calloc(1, sizeof(*s));
	if (s == NULL) {
		fault_nomem(f);
		return NULL;
	}
	s->budget = budget;
	if ((key != NULL && (s->key = strdup(key)) == NULL) ||
	    (t->budgets->v[budget].stat == STAT_PERCENTILE &&
		(s->hist = hist_new()) == NULL) ||
	    tsearch(s, &t->tree, compare) == NULL) {
		series_free(s);
		fault_nomem(f);
		return NULL;
	}
	t->keys++;
	return s;
}

/* A record's ts and ms as a stretch of time. */
static int
add_span(struct series *s, const cJSON *value, struct fault *f)
{
	const char *ts = json_str(value, "ts", NULL);
	double from, to, ms = json_num(value, "ms", 0);
	struct timespec t;

	if (ts == NULL || clock_parse(ts, &t) != 0)
		return fault_set(
		    f, FAULT_INPUT, "span: the value has no time in ts");
	from = (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
	to = from + (ms > 0 ? ms : 0);
	if (s->count == 0 || from < s->from)
		s->from = from;
	if (s->count == 0 || to > s->to)
		s->to = to;
	s->count++;
	return 0;
}

int
tally_add(struct tally *t, size_t budget, const char *key, const cJSON *value,
    struct fault *f)
{
	enum stat stat = t->budgets->v[budget].stat;
	struct series *s;
	double v;

	if (cJSON_IsNull(value))
		return 0;
	if (stat != STAT_SPAN && stat != STAT_COUNT &&
	    (!cJSON_IsNumber(value) || !isfinite(value->valuedouble)))
		return fault_set(f, FAULT_INPUT, "the value is no number");
	s = series_of(t, budget, key, f);
	if (s == NULL)
		return -1;
	if (stat == STAT_SPAN)
		return add_span(s, value, f);
	v = stat == STAT_COUNT ? 0 : value->valuedouble;
	if (s->hist != NULL && hist_add(s->hist, v, f) != 0)
		return -1;
	if (s->count == 0 || v < s->min)
		s->min = v;
	if (s->count == 0 || v > s->max)
		s->max = v;
	s->sum += v;
	s->count++;
	return 0;
}

static double
result(const struct budget *b, const struct series *s)
{
	switch (b->stat) {
	case STAT_COUNT:
		return (double)s->count;
	case STAT_MAX:
		return s->max;
	case STAT_MEAN:
		return s->sum / (double)s->count;
	case STAT_MIN:
		return s->min;
	case STAT_PERCENTILE:
		return hist_percentile(s->hist, b->percent);
	case STAT_SPAN:
		return s->to - s->from;
	case STAT_SUM:
		break;
	}
	return s->sum;
}

struct walk {
	const struct tally *t;
	tally_fn *fn;
	void *arg;
	size_t next; /* the first budget that was not told of */
	int rc;
};

/* Budgets that no record gave a value for, before number end. */
static void
tell_missing(struct walk *w, size_t end)
{
	for (; w->rc == 0 && w->next < end; w->next++)
		w->rc = w->fn(w->arg, &w->t->budgets->v[w->next], NULL, 0, NAN);
}

static void
visit(const void *node, VISIT which, void *arg)
{
	const struct series *s = *(const struct series *const *)node;
	struct walk *w = arg;
	const struct budget *b;

	/* a series whose values all were refused has none */
	if ((which != postorder && which != leaf) || s->count == 0)
		return;
	tell_missing(w, s->budget);
	b = &w->t->budgets->v[s->budget];
	if (w->rc == 0)
		w->rc = w->fn(w->arg, b, s->key, s->count, result(b, s));
	if (w->next == s->budget)
		w->next++;
}

int
tally_each(const struct tally *t, tally_fn *fn, void *arg)
{
	struct walk w = { .t = t, .fn = fn, .arg = arg };

	twalk_r(t->tree, visit, &w);
	tell_missing(&w, t->budgets->n);
	return w.rc;
}

void
tally_release(struct tally *t)
{
	tdestroy(t->tree, series_free);
	*t = (struct tally){ 0 };
}
