/*
 * latency-summary: percentiles of a number in records, per key and over all.
 * Values go into histograms of bounded size, so memory grows with the number
 * of keys and not with the input; lines are tokenised in place.
 */
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <wchar.h>

#include "lib/hist.h"
#include "lib/record.h"
#include "lib/scan.h"
#include "records.h"
#include "tool.h"

#define LINE_MAX_BYTES (16 << 20)
#define KEYS_MAX 100000 /* more than that is a key that groups nothing */
#define BY_MAX 8        /* fields that make a key */
#define KEY_MAX_BYTES 4096

static const char usage[] =
    "latency-summary [-o json|table] [--by FIELD[,FIELD ...]] [--slow MS]\n"
    "          [--type TYPE] [--value FIELD] [FILE ...]";

struct group {
	char *key;
	struct hist *hist;
};

struct summary {
	const char *by[BY_MAX]; /* dotted paths */
	size_t by_n;
	const char *value; /* dotted path */
	const char *type;  /* of records that count; "": all */
	double slow;
	int table;
	struct group *groups; /* open addressing, by hash of the key */
	size_t cap, n;
	struct hist *all;
	struct buf key;
};

enum { OPT_BY = 1, OPT_SLOW, OPT_TYPE, OPT_VALUE };

/* FNV-1a: short keys, no adversary. */
static size_t
hash(const char *s)
{
	size_t h = 14695981039346656037u;

	for (; *s != '\0'; s++)
		h = (h ^ (unsigned char)*s) * 1099511628211u;
	return h;
}

static struct group *
slot(struct group *groups, size_t cap, const char *key)
{
	size_t i = hash(key) & (cap - 1);

	while (groups[i].key != NULL && strcmp(groups[i].key, key) != 0)
		i = (i + 1) & (cap - 1);
	return &groups[i];
}

static int
grow(struct summary *s, struct fault *f)
{
	size_t cap = s->cap > 0 ? s->cap * 2 : 64, i;
	struct group *groups = calloc(cap, sizeof(*groups));

	if (groups == NULL)
		return fault_nomem(f);
	for (i = 0; i < s->cap; i++)
		if (s->groups[i].key != NULL)
			*slot(groups, cap, s->groups[i].key) = s->groups[i];
	free(s->groups);
	s->groups = groups;
	s->cap = cap;
	return 0;
}

static struct hist *
hist_of(struct summary *s, const char *key, struct fault *f)
{
	struct group *g;

	if (s->n * 2 >= s->cap && grow(s, f) != 0)
		return NULL;
	g = slot(s->groups, s->cap, key);
	if (g->key != NULL)
		return g->hist;
	if (s->n == KEYS_MAX) {
		fault_set(f, FAULT_INPUT, "--by: more than %d keys", KEYS_MAX);
		return NULL;
	}
	/* a group counts by its key: it comes when the rest is there */
	g->hist = hist_new();
	if (g->hist != NULL)
		g->key = strdup(key);
	if (g->key == NULL) {
		hist_free(g->hist);
		g->hist = NULL;
		fault_nomem(f);
		return NULL;
	}
	s->n++;
	return g->hist;
}

/* The key of a record into s->key: its fields, blank-separated. */
static int
make_key(struct summary *s, const char *line, size_t len, struct fault *f)
{
	struct scan_value v;
	size_t i;
	int rc;

	buf_clear(&s->key);
	for (i = 0; i < s->by_n; i++) {
		rc = scan_path(line, len, s->by[i], &v, f);
		if (rc == -1)
			return -1;
		if (i > 0)
			buf_addc(&s->key, ' ');
		if (rc == 1 && scan_text(&v, &s->key, f) != 0)
			return -1;
		if (rc == 0)
			buf_addc(&s->key, '-');
	}
	return buf_check(&s->key, "key", f);
}

static int
take(void *arg, const struct scan *in, const char *line, size_t len,
    struct fault *f)
{
	struct summary *s = arg;
	struct scan_value v;
	struct hist *h;
	double number;
	int rc;

	(void)in;
	if (*s->type != '\0') {
		rc = scan_path(line, len, "type", &v, f);
		if (rc != 1 || !scan_is(&v, s->type))
			return rc == -1 ? -1 : 0;
	}
	rc = scan_path(line, len, s->value, &v, f);
	if (rc != 1 || v.kind == SCAN_NULL)
		return rc == -1 ? -1 : 0;
	if (scan_double(&v, &number) != 0)
		return fault_set(f, FAULT_INPUT, "%s: not a number", s->value);
	if (hist_add(s->all, number, f) != 0)
		return fault_prefix(f, "%s", s->value);
	if (s->by_n == 0)
		return 0;
	if (make_key(s, line, len, f) != 0)
		return -1;
	h = hist_of(s, buf_str(&s->key), f);
	return h != NULL ? hist_add(h, number, f) : -1;
}

static int
by_key(const void *a, const void *b)
{
	const struct group *x = a, *y = b;

	return strcmp(x->key, y->key);
}

static int
print_record(const struct summary *s, struct record *r, const char *key,
    const struct hist *h, struct fault *f)
{
	static const struct {
		const char *name;
		double p;
	} columns[] = { { "p50_ms", 50 }, { "p90_ms", 90 }, { "p95_ms", 95 },
		{ "p99_ms", 99 } };
	size_t i;

	record_begin(r, "latency");
	record_str(r, "key", key);
	record_int(r, "count", (long long)h->count);
	record_value(r, "min_ms", h->min);
	record_value(r, "mean_ms", hist_mean(h));
	for (i = 0; i < sizeof(columns) / sizeof(columns[0]); i++)
		record_value(
		    r, columns[i].name, hist_percentile(h, columns[i].p));
	record_value(r, "max_ms", h->max);
	record_bool(r, "slow", hist_percentile(h, 95) > s->slow);
	return record_end(r, stdout, f);
}

/*
 * Writes a key to out (NULL: it is only measured): the columns of a terminal
 * that it takes.  What a terminal would act on is a question mark.
 */
static int
put_key(const char *key, FILE *out)
{
	int all = 0, columns;
	wchar_t c;
	size_t n;

	for (; *key != '\0'; key += n) {
		mbstate_t start = { 0 };

		n = mbrtowc(&c, key, MB_CUR_MAX, &start);
		columns = n <= MB_CUR_MAX ? wcwidth(c) : -1;
		n = n <= MB_CUR_MAX ? n : 1;
		if (out != NULL && columns < 0)
			putc('?', out);
		else if (out != NULL)
			fwrite(key, 1, n, out);
		all += columns < 0 ? 1 : columns;
	}
	return all;
}

/* How the columns of the table are written, by what stands in them. */
struct table {
	int key;      /* columns of the longest */
	int width;    /* of the largest number */
	int decimals; /* as many for all; -1: numbers too large for that */
};

static void
table_measure(struct table *t, const struct summary *s, size_t n)
{
	double max = s->all->max;
	size_t i;
	int w;

	*t = (struct table){ .key = 3, .width = 9, .decimals = 2 };
	for (i = 0; i < n; i++) {
		w = put_key(s->groups[i].key, NULL);
		t->key = w > t->key ? w : t->key;
	}
	if (max >= 1e15)
		*t = (struct table){
			.key = t->key, .width = 12, .decimals = -1
		};
	else if (max >= 1)
		t->width = snprintf(NULL, 0, "%9.2f", max);
	else
		/* seconds, perhaps: three digits of the largest */
		for (; max > 0 && max < 1 && t->decimals < 9; max *= 10)
			t->decimals++, t->width++;
}

static void
table_row(const struct summary *s, const struct table *t, const char *key,
    const struct hist *h)
{
	const double cells[] = { h->min, hist_mean(h), hist_percentile(h, 50),
		hist_percentile(h, 90), hist_percentile(h, 95),
		hist_percentile(h, 99), h->max };
	size_t i;

	printf("%*s %8llu", t->key - put_key(key, stdout), "",
	    (unsigned long long)h->count);
	for (i = 0; i < sizeof(cells) / sizeof(cells[0]); i++)
		if (t->decimals < 0)
			printf(" %*.6g", t->width, cells[i]);
		else
			printf(" %*.*f", t->width, t->decimals, cells[i]);
	puts(hist_percentile(h, 95) > s->slow ? "  SLOW" : "");
}

static void
table_print(const struct summary *s, size_t n)
{
	static const char *const heads[] = { "min", "mean", "p50", "p90", "p95",
		"p99", "max" };
	struct table t;
	size_t i;

	table_measure(&t, s, n);
	printf("%-*s %8s", t.key, "key", "count");
	for (i = 0; i < sizeof(heads) / sizeof(heads[0]); i++)
		printf(" %*s", t.width, heads[i]);
	putchar('\n');
	for (i = 0; i < n; i++)
		table_row(s, &t, s->groups[i].key, s->groups[i].hist);
	table_row(s, &t, "all", s->all);
}

static int
records_print(const struct summary *s, size_t n)
{
	struct fault f = { 0 };
	struct record r;
	size_t i;
	int rc = 0;

	record_init(&r);
	for (i = 0; rc == 0 && i < n; i++)
		rc = print_record(
		    s, &r, s->groups[i].key, s->groups[i].hist, &f);
	if (rc == 0)
		rc = print_record(s, &r, "all", s->all, &f);
	record_release(&r);
	return rc == 0 ? 0 : tool_fault(&f);
}

/* Per key in alphabetical order, then over all. */
static int
print_all(struct summary *s)
{
	size_t i, n = 0;

	for (i = 0; i < s->cap; i++)
		if (s->groups[i].key != NULL)
			s->groups[n++] = s->groups[i];
	s->cap = n;
	if (n > 0)
		qsort(s->groups, n, sizeof(*s->groups), by_key);
	if (!s->table)
		return records_print(s, n);
	table_print(s, n);
	return 0;
}

static void
release(struct summary *s)
{
	size_t i;

	for (i = 0; i < s->cap; i++) {
		free(s->groups[i].key);
		hist_free(s->groups[i].hist);
	}
	free(s->groups);
	hist_free(s->all);
	buf_release(&s->key);
}

static void
option(struct summary *s, int ch)
{
	struct fault f = { 0 };
	struct scan_value slow;
	char *field;

	switch (ch) {
	case 'o':
		if (strcmp(optarg, "table") != 0 && strcmp(optarg, "json") != 0)
			tool_usage("-o: json or table: %s", optarg);
		s->table = *optarg == 't';
		break;
	case OPT_BY:
		while ((field = strsep(&optarg, ",")) != NULL) {
			if (s->by_n == BY_MAX || *field == '\0')
				tool_usage("--by: from 1 to %d fields", BY_MAX);
			s->by[s->by_n++] = field;
		}
		break;
	case OPT_SLOW:
		if (scan_value(optarg, strlen(optarg), &slow, &f) != 0 ||
		    scan_double(&slow, &s->slow) != 0 || !(s->slow >= 0))
			tool_usage(
			    "--slow: not a number of 0 or more: %s", optarg);
		break;
	case OPT_TYPE:
		s->type = optarg;
		break;
	case OPT_VALUE:
		s->value = optarg;
		break;
	}
}

int
main(int argc, char **argv)
{
	static const struct option longs[] = {
		{ "by", required_argument, NULL, OPT_BY },
		{ "output", required_argument, NULL, 'o' },
		{ "slow", required_argument, NULL, OPT_SLOW },
		{ "type", required_argument, NULL, OPT_TYPE },
		{ "value", required_argument, NULL, OPT_VALUE },
		TOOL_LONG,
	};
	struct summary s = { .slow = 500 };
	/* a malformed line ends its file: half would give wrong figures */
	struct records records = {
		.line_max = LINE_MAX_BYTES, .take = take, .arg = &s
	};
	int ch, status;

	tool_begin("latency-summary", usage);
	setlocale(LC_CTYPE, "C.UTF-8"); /* records are, whatever the user has */
	s.table = isatty(STDOUT_FILENO);
	while ((ch = tool_getopt(argc, argv, "o:", longs)) != -1)
		option(&s, ch);
	/* probe records unless a value of others is asked for */
	if (s.type == NULL)
		s.type = s.value == NULL ? "probe" : "";
	if (s.value == NULL)
		s.value = "ms";
	buf_init(&s.key, KEY_MAX_BYTES);
	s.all = hist_new();
	if (s.all == NULL)
		tool_fail(FAULT_UNSURE, "out of memory");
	status = records_read(&records, argv + optind, argc - optind);
	if (s.all->count == 0 && status == 0)
		tool_warn("no record has %s%s%s", s.value,
		    *s.type != '\0' ? " and type " : "", s.type);
	else if (s.all->count > 0)
		status = tool_worse(status, print_all(&s));
	release(&s);
	return tool_end(status);
}
