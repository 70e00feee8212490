/*
 * The stages of a run: see stages.h.  A run has nine of them, so lists do.
 */
#include "stages.h"

#include <stdlib.h>
#include <string.h>

#include "clock.h"

static const char *const names[] = { "ok", "skipped", "failed", "error" };

const char *
stage_status_name(enum stage_status status)
{
	return names[status];
}

/* What is none of the four is as bad as an error. */
static enum stage_status
status_of(const cJSON *record)
{
	const char *s = json_str(record, "status", NULL);
	size_t i;

	for (i = 0; s != NULL && i < sizeof(names) / sizeof(names[0]); i++)
		if (strcmp(s, names[i]) == 0)
			return (enum stage_status)i;
	return STAGE_ERROR;
}

static struct stage *
stage_get(struct stages *s, const char *name, size_t len, struct fault *f)
{
	struct stage *grown;
	size_t i;

	for (i = 0; i < s->n; i++)
		if (strncmp(s->v[i].name, name, len) == 0 &&
		    s->v[i].name[len] == '\0')
			return &s->v[i];
	if (s->n == STAGES_MAX) {
		fault_set(f, FAULT_INPUT, "more than %d stages", STAGES_MAX);
		return NULL;
	}
	grown = reallocarray(s->v, s->n + 1, sizeof(*grown));
	if (grown == NULL) {
		fault_nomem(f);
		return NULL;
	}
	s->v = grown;
	grown[s->n] = (struct stage){ .name = strndup(name, len) };
	if (grown[s->n].name == NULL) {
		fault_nomem(f);
		return NULL;
	}
	return &grown[s->n++];
}

static struct stage_part *
part_get(struct stage *st, const char *part, struct fault *f)
{
	struct stage_part *grown, *p;
	size_t i;

	for (i = 0; i < st->parts_n; i++) {
		p = &st->parts[i];
		if (part == NULL ? p->part == NULL :
				   p->part != NULL && !strcmp(p->part, part))
			return p;
	}
	if (st->parts_n == STAGES_MAX) {
		fault_set(f, FAULT_INPUT, "more than %d parts", STAGES_MAX);
		return NULL;
	}
	grown = reallocarray(st->parts, st->parts_n + 1, sizeof(*grown));
	if (grown == NULL) {
		fault_nomem(f);
		return NULL;
	}
	st->parts = grown;
	grown[st->parts_n] = (struct stage_part){ 0 };
	if (part != NULL && (grown[st->parts_n].part = strdup(part)) == NULL) {
		fault_nomem(f);
		return NULL;
	}
	return &grown[st->parts_n++];
}

/* The stage's own figures from those of its parts. */
static void
merge(struct stage *st)
{
	const struct stage_part *p;
	size_t i;

	st->status = STAGE_OK;
	st->message = NULL;
	st->from = st->to = 0;
	for (i = 0; i < st->parts_n; i++) {
		p = &st->parts[i];
		if (p->status > st->status ||
		    (p->status == st->status && st->message == NULL))
			st->message = p->message;
		if (p->status > st->status)
			st->status = p->status;
		if (p->to > 0 && (st->to == 0 || p->from < st->from))
			st->from = p->from;
		if (p->to > st->to)
			st->to = p->to;
	}
}

int
stages_add(struct stages *s, const cJSON *record, struct fault *f)
{
	const char *name = json_str(record, "name", NULL);
	const char *ts = json_str(record, "ts", NULL);
	const char *message = json_str(record, "message", NULL);
	double ms = json_num(record, "ms", 0);
	struct stage_part *p;
	struct timespec t;
	struct stage *st;

	if (name == NULL || *name == '\0')
		return fault_set(f, FAULT_INPUT, "name: is missing");
	st = stage_get(s, name, strlen(name), f);
	if (st == NULL)
		return -1;
	p = part_get(st, json_str(record, "part", NULL), f);
	if (p == NULL)
		return -1;
	st->number = (long)json_num(record, "stage", 0);
	p->status = status_of(record);
	p->exit_status = (int)json_num(record, "exit_status", 0);
	p->from = p->to = 0;
	if (ts != NULL && clock_parse(ts, &t) == 0) {
		p->from = (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
		p->to = p->from + (ms > 0 ? ms : 0);
	}
	free(p->message);
	p->message = message != NULL ? strdup(message) : NULL;
	merge(st);
	return message != NULL && p->message == NULL ? fault_nomem(f) : 0;
}

static int
by_number(const void *a, const void *b)
{
	const struct stage *x = a, *y = b;

	if (x->number != y->number)
		return x->number < y->number ? -1 : 1;
	return strcmp(x->name, y->name);
}

int
stages_finish(struct stages *s, const char *list, struct fault *f)
{
	struct stage *st, found;
	size_t place = 0, len, at;

	if (s->n > 0)
		qsort(s->v, s->n, sizeof(*s->v), by_number);
	while (list != NULL && *list != '\0') {
		len = strcspn(list, ",");
		st = len > 0 ? stage_get(s, list, len, f) : NULL;
		if (len > 0 && st == NULL)
			return -1;
		list += len + (list[len] == ',');
		at = st != NULL ? (size_t)(st - s->v) : 0;
		if (st == NULL || at < place) /* named twice */
			continue;
		if (st->parts_n == 0) {
			st->status = STAGE_SKIPPED;
			st->number = (long)place + 1;
		}
		found = *st;
		memmove(&s->v[place + 1], &s->v[place],
		    (at - place) * sizeof(*s->v));
		s->v[place++] = found;
	}
	return 0;
}

void
stages_release(struct stages *s)
{
	size_t i, j;

	for (i = 0; i < s->n; i++) {
		for (j = 0; j < s->v[i].parts_n; j++) {
			free(s->v[i].parts[j].part);
			free(s->v[i].parts[j].message);
		}
		free(s->v[i].parts);
		free(s->v[i].name);
	}
	free(s->v);
	*s = (struct stages){ 0 };
}
