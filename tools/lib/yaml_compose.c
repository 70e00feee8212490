/*
 * YAML values from events: see yaml_compose.h.  They are composed into a tree
 * at once, as kubectl's go-yaml does it: aliases are copies, a merge key acts
 * where it stands (so that one behind a key replaces that key's value).  The
 * number of nodes bounds what aliases may expand to, JSON_DEPTH how deep the
 * composer recurses.
 */
#include "yaml_compose.h"

#include <stdlib.h>
#include <string.h>

#include "yaml_scalar.h"

#define MAX_NODES 1000000

unsigned long
yaml_line(const yaml_event_t *ev)
{
	return (unsigned long)ev->start_mark.line + 1;
}

static void *
bad(struct yaml_reader *r, const yaml_event_t *ev, const char *what)
{
	fault_set(r->f, FAULT_INPUT, "line %lu: %s", yaml_line(ev), what);
	return NULL;
}

/* The line of a byte, for errors below libyaml's scanner. */
static unsigned long
line_at(const char *text, size_t offset)
{
	unsigned long line = 1;
	size_t i;

	for (i = 0; i < offset; i++)
		line += text[i] == '\n';
	return line;
}

int
yaml_next(struct yaml_reader *r, yaml_event_t *ev)
{
	const yaml_parser_t *p = &r->parser;
	const char *problem;

	if (yaml_parser_parse(&r->parser, ev))
		return 0;
	problem = p->problem != NULL ? p->problem : "malformed";
	if (p->error == YAML_MEMORY_ERROR)
		return fault_nomem(r->f);
	if (p->error == YAML_READER_ERROR)
		return fault_set(r->f, FAULT_INPUT, "line %lu: %s",
		    line_at((const char *)p->input.string.start,
			p->problem_offset < (size_t)(p->input.string.end -
						     p->input.string.start) ?
			    p->problem_offset :
			    0),
		    problem);
	if (p->context != NULL)
		return fault_set(r->f, FAULT_INPUT, "line %zu: %s (%s)",
		    p->problem_mark.line + 1, problem, p->context);
	return fault_set(r->f, FAULT_INPUT, "line %zu: %s",
	    p->problem_mark.line + 1, problem);
}

static int
count_nodes(struct yaml_reader *r, const yaml_event_t *ev, size_t n)
{
	if (n > MAX_NODES - r->nodes) {
		bad(r, ev, "more than 1000000 values, aliases expanded");
		return -1;
	}
	r->nodes += n;
	return 0;
}

/* Keeps v until the document ends; 0, or -1 (v freed). */
static int
bury(struct yaml_reader *r, cJSON *v)
{
	if (cJSON_AddItemToArray(r->dead, v))
		return 0;
	cJSON_Delete(v);
	return fault_nomem(r->f);
}

/*
 * Enters an anchor.  Its name is kept as a buried string, since the event
 * that has it goes away.
 */
static int
anchor_set(
    struct yaml_reader *r, const yaml_char_t *name, cJSON *item, size_t n)
{
	struct yaml_slot *s;
	cJSON *copy;

	if (name == NULL)
		return 0;
	copy = cJSON_CreateString((const char *)name);
	if (copy == NULL)
		return fault_nomem(r->f);
	if (bury(r, copy) != 0)
		return -1;
	s = yaml_table_slot(&r->anchors, copy->valuestring);
	if (s == NULL)
		return fault_nomem(r->f);
	*s = (struct yaml_slot){ copy->valuestring, item, n };
	return 0;
}

static unsigned
height(const cJSON *v)
{
	unsigned most = 0, h;
	const cJSON *m;

	cJSON_ArrayForEach(m, v) {
		h = height(m);
		most = h > most ? h : most;
	}
	return most + 1;
}

static cJSON *
alias(struct yaml_reader *r, const yaml_event_t *ev, unsigned depth)
{
	const char *name = (const char *)ev->data.alias.anchor;
	struct yaml_slot *s = yaml_table_find(&r->anchors, name);
	cJSON *copy;

	if (s == NULL) {
		fault_set(r->f, FAULT_INPUT, "line %lu: unknown anchor *%.200s",
		    yaml_line(ev), name);
		return NULL;
	}
	if (s->item == NULL) {
		fault_set(r->f, FAULT_INPUT,
		    "line %lu: anchor &%.200s contains itself", yaml_line(ev),
		    name);
		return NULL;
	}
	if (count_nodes(r, ev, s->n) != 0)
		return NULL;
	if (depth + height(s->item) > JSON_DEPTH)
		return bad(r, ev, "nested too deep");
	copy = cJSON_Duplicate(s->item, 1);
	if (copy == NULL)
		fault_nomem(r->f);
	return copy;
}

/* The tag under which a scalar is to be read; quoted ones are strings. */
static const char *
tag_of(const yaml_event_t *ev)
{
	const yaml_char_t *tag = ev->data.scalar.tag;

	if (tag != NULL && strcmp((const char *)tag, "!") != 0)
		return (const char *)tag;
	return ev->data.scalar.plain_implicit ? NULL : YAML_TAG "str";
}

static cJSON *
scalar(struct yaml_reader *r, const yaml_event_t *ev)
{
	cJSON *v = yaml_resolve(tag_of(ev), (char *)ev->data.scalar.value,
	    ev->data.scalar.length, r->f);

	if (v == NULL)
		fault_prefix(r->f, "line %lu", yaml_line(ev));
	return v;
}

static cJSON *
sequence(struct yaml_reader *r, unsigned depth)
{
	cJSON *array = cJSON_CreateArray(), *item;
	yaml_event_t ev;

	if (array == NULL) {
		fault_nomem(r->f);
		return NULL;
	}
	for (;;) {
		if (yaml_next(r, &ev) != 0)
			break;
		if (ev.type == YAML_SEQUENCE_END_EVENT) {
			yaml_event_delete(&ev);
			return array;
		}
		item = yaml_compose(r, &ev, depth);
		if (item == NULL)
			break;
		cJSON_AddItemToArray(array, item);
	}
	cJSON_Delete(array);
	return NULL;
}

/*
 * Makes item a member, and owns it.  key_line is 0 for merged members, which
 * replace what is there; two keys that are written out are an error.
 */
static int
member_set(struct yaml_reader *r, cJSON *object, struct yaml_table *t,
    const char *key, unsigned long key_line, cJSON *item)
{
	struct yaml_slot *s = yaml_table_find(t, key);
	size_t line = key_line;

	if (s != NULL) {
		if (key_line > 0 && s->n > 0) {
			cJSON_Delete(item);
			return fault_set(r->f, FAULT_INPUT,
			    "line %lu: duplicate key \"%.200s\", first on "
			    "line %zu",
			    key_line, key, s->n);
		}
		if (s->n > 0)
			line = s->n;
		/* the table's key is the member's own name: bury, not free */
		if (bury(r, cJSON_DetachItemViaPointer(object, s->item)) != 0) {
			cJSON_Delete(item);
			return -1;
		}
	}
	if (!cJSON_AddItemToObject(object, key, item)) {
		cJSON_Delete(item);
		return fault_nomem(r->f);
	}
	s = yaml_table_slot(t, item->string);
	if (s == NULL)
		return fault_nomem(r->f);
	*s = (struct yaml_slot){ item->string, item, line };
	return 0;
}

static int
merge_one(struct yaml_reader *r, cJSON *object, struct yaml_table *t,
    const cJSON *from)
{
	const cJSON *m;
	cJSON *copy;

	cJSON_ArrayForEach(m, from) {
		copy = cJSON_Duplicate(m, 1);
		if (copy == NULL)
			return fault_nomem(r->f);
		if (member_set(r, object, t, m->string, 0, copy) != 0)
			return -1;
	}
	return 0;
}

/* `<<: value`, where value is a mapping or a list of them, first wins */
static int
merge(
    struct yaml_reader *r, cJSON *object, struct yaml_table *t, unsigned depth)
{
	size_t before = r->nodes;
	yaml_event_t ev, mark;
	cJSON *from;
	int i;

	if (yaml_next(r, &ev) != 0)
		return -1;
	mark = ev; /* for its line: compose ends ev */
	from = yaml_compose(r, &ev, depth);
	if (from == NULL || bury(r, from) != 0 ||
	    count_nodes(r, &mark, r->nodes - before) != 0)
		return -1;
	if (cJSON_IsObject(from))
		return merge_one(r, object, t, from);
	for (i = cJSON_GetArraySize(from); i-- > 0;) {
		const cJSON *one = cJSON_GetArrayItem(from, i);

		if (!cJSON_IsObject(one))
			break;
		if (merge_one(r, object, t, one) != 0)
			return -1;
	}
	if (cJSON_IsArray(from) && i < 0)
		return 0;
	bad(r, &mark, "a merge takes a mapping or a list of mappings");
	return -1;
}

static int
is_merge(const yaml_event_t *ev)
{
	const char *tag = (const char *)ev->data.scalar.tag;

	return ev->type == YAML_SCALAR_EVENT &&
	       strcmp((const char *)ev->data.scalar.value, "<<") == 0 &&
	       (tag == NULL ? ev->data.scalar.plain_implicit :
			      strcmp(tag, YAML_TAG "merge") == 0);
}

/* The name that a key's event stands for, allocated, or NULL. */
static char *
key_of(struct yaml_reader *r, const yaml_event_t *ev)
{
	cJSON *v;
	char *key = NULL;

	if (ev->type == YAML_ALIAS_EVENT) {
		v = alias(r, ev, 0);
		if (v != NULL && !cJSON_IsString(v))
			bad(r, ev, "an alias as key must be a string");
		else if (v != NULL && (key = strdup(v->valuestring)) == NULL)
			fault_nomem(r->f);
		cJSON_Delete(v);
		return key;
	}
	if (ev->type != YAML_SCALAR_EVENT)
		return bad(r, ev, "a key must be a scalar");
	key = yaml_key(tag_of(ev), (char *)ev->data.scalar.value,
	    ev->data.scalar.length, r->f);
	if (key == NULL) {
		fault_prefix(r->f, "line %lu", yaml_line(ev));
		return NULL;
	}
	if (ev->data.scalar.anchor != NULL &&
	    ((v = scalar(r, ev)) == NULL || bury(r, v) != 0 ||
		anchor_set(r, ev->data.scalar.anchor, v, 1) != 0)) {
		free(key);
		return NULL;
	}
	return key;
}

/* One key (ev, not deleted here) and its value: 0 or -1. */
static int
pair(struct yaml_reader *r, const yaml_event_t *ev, cJSON *object,
    struct yaml_table *t, unsigned depth)
{
	yaml_event_t value;
	cJSON *item;
	char *key;
	int rc = -1;

	if (is_merge(ev))
		return merge(r, object, t, depth);
	key = key_of(r, ev);
	if (key == NULL)
		return -1;
	if (yaml_next(r, &value) == 0 &&
	    (item = yaml_compose(r, &value, depth)) != NULL)
		rc = member_set(r, object, t, key, yaml_line(ev), item);
	free(key);
	return rc;
}

static cJSON *
mapping(struct yaml_reader *r, unsigned depth)
{
	cJSON *object = cJSON_CreateObject();
	struct yaml_table t = { 0 };
	yaml_event_t ev;
	int rc, more = 1;

	if (object == NULL)
		fault_nomem(r->f);
	rc = object != NULL ? 0 : -1;
	while (rc == 0 && more) {
		if (yaml_next(r, &ev) != 0) {
			rc = -1;
			break;
		}
		more = ev.type != YAML_MAPPING_END_EVENT;
		if (more)
			rc = pair(r, &ev, object, &t, depth);
		yaml_event_delete(&ev);
	}
	free(t.v);
	if (rc == 0)
		return object;
	/* anchors may point into it until the reader is released */
	cJSON_Delete(object);
	return NULL;
}

/* The value that starts with ev, which is ended here; owned, or NULL. */
cJSON *
yaml_compose(struct yaml_reader *r, yaml_event_t *ev, unsigned depth)
{
	size_t before = r->nodes;
	const yaml_char_t *anchor = NULL;
	cJSON *v = NULL;

	if (depth >= JSON_DEPTH) {
		bad(r, ev, "nested too deep");
		goto out;
	}
	if (ev->type == YAML_ALIAS_EVENT) {
		v = alias(r, ev, depth);
		goto out;
	}
	if (count_nodes(r, ev, 1) != 0)
		goto out;
	if (ev->type == YAML_SCALAR_EVENT) {
		anchor = ev->data.scalar.anchor;
		v = scalar(r, ev);
	} else if (ev->type == YAML_SEQUENCE_START_EVENT) {
		anchor = ev->data.sequence_start.anchor;
		if (anchor_set(r, anchor, NULL, 0) == 0)
			v = sequence(r, depth + 1);
	} else if (ev->type == YAML_MAPPING_START_EVENT) {
		anchor = ev->data.mapping_start.anchor;
		if (anchor_set(r, anchor, NULL, 0) == 0)
			v = mapping(r, depth + 1);
	} else
		bad(r, ev, "not a value");
	if (v != NULL && anchor_set(r, anchor, v, r->nodes - before) != 0) {
		cJSON_Delete(v);
		v = NULL;
	}
out:
	yaml_event_delete(ev);
	return v;
}
