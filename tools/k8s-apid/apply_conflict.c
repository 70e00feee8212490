/*
 * Conflicts and their wording, which kubectl prints as it is: see
 * apply_conflict.h.
 */
#include "apply_conflict.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "apply.h"
#include "fields.h"
#include "fields_object.h"

#define LAST_APPLIED "kubectl.kubernetes.io/last-applied-configuration"

struct conflicts {
	const struct owner *owner;
	char who[APPLY_MANAGER_MAX * 2 + 400];
	cJSON *causes;
	struct buf text; /* the list of a message about several */
	char first[1024];
	size_t n;
};

static int
add_conflict(void *arg, const char *path)
{
	struct conflicts *c = arg;
	cJSON *cause = cJSON_CreateObject();
	char message[sizeof c->who + 32];

	snprintf(message, sizeof message, "conflict with %s", c->who);
	if (cause == NULL ||
	    json_set_str(cause, "reason", "FieldManagerConflict") != 0 ||
	    json_set_str(cause, "message", message) != 0 ||
	    json_set_str(cause, "field", path) != 0 ||
	    !cJSON_AddItemToArray(c->causes, cause)) {
		cJSON_Delete(cause);
		return -1;
	}
	if (c->n++ == 0)
		snprintf(c->first, sizeof c->first, "%s: %s", message, path);
	buf_addf(&c->text, "\n- %s", path);
	return 0;
}

/* `"kubectl" with subresource "status" using apps/v1` */
static void
print_owner(const struct owner *o, struct buf *b)
{
	json_write_string(b, o->manager, strlen(o->manager));
	if (o->subresource[0] != '\0')
		buf_addf(b, " with subresource \"%s\"", o->subresource);
	if (!o->applies)
		buf_addf(b, " using %s", o->api_version);
}

static int
conflicts_of(struct conflicts *c, const struct owner *o, const cJSON *set)
{
	struct buf who;

	buf_init(&who, 4096);
	print_owner(o, &who);
	snprintf(c->who, sizeof c->who, "%s", buf_str(&who));
	buf_release(&who);
	buf_addf(
	    &c->text, "%sconflicts with %s:", c->n > 0 ? "\n" : "", c->who);
	return fields_each(set, add_conflict, c);
}

int
conflicts_find(const struct managed *m, const struct owner *me,
    const cJSON *changed, const cJSON *allowed, cJSON **causes, struct fault *f)
{
	struct conflicts c = { .causes = cJSON_CreateArray() };
	cJSON *both, *rest;
	int err = 0;
	size_t i;

	buf_init(&c.text, sizeof f->msg);
	for (i = 0; err == 0 && c.causes != NULL && i < m->n; i++) {
		if (&m->v[i] == me)
			continue;
		both = fields_common(m->v[i].set, changed, &err);
		rest = fields_minus(both, allowed, &err);
		cJSON_Delete(both);
		if (rest != NULL)
			err |= conflicts_of(&c, &m->v[i], rest);
		cJSON_Delete(rest);
	}
	if (c.causes == NULL || err != 0)
		err = fault_nomem(f);
	else if (c.n > 0)
		err = fault_set(f, FAULT_NO,
		    "Apply failed with %zu conflict%s: %s", c.n,
		    c.n == 1 ? "" : "s", c.n == 1 ? c.first : buf_str(&c.text));
	if (err != 0 && c.n > 0 && causes != NULL)
		*causes = c.causes;
	else
		cJSON_Delete(c.causes);
	buf_release(&c.text);
	return err;
}

int
annotation_allows(
    const char *manager, const char *type, const cJSON *live, cJSON **allowed)
{
	const char *text =
	    json_str(live, "metadata", "annotations", LAST_APPLIED, NULL);
	cJSON *changed = NULL, *removed = NULL, *set = NULL, *rest, *last;
	int err = 0;

	*allowed = NULL;
	if (text == NULL || strcmp(manager, "kubectl") != 0)
		return 0;
	last = json_parse(text, strlen(text), NULL);
	if (last == NULL)
		return 0;
	if (fields_of(type, last, 0, &set, NULL) != 0 ||
	    fields_compare(type, last, live, &changed, &removed, NULL) != 0)
		err = -1;
	if (err == 0) {
		rest = fields_minus(set, changed, &err);
		*allowed = fields_minus(rest, removed, &err);
		cJSON_Delete(rest);
	}
	cJSON_Delete(last);
	cJSON_Delete(set);
	cJSON_Delete(changed);
	cJSON_Delete(removed);
	return err;
}

int
annotation_update(const char *manager, const cJSON *config, cJSON *object)
{
	cJSON *notes = json_at(object, "metadata", "annotations", NULL);
	struct buf b;
	int r = -1;

	if (strcmp(manager, "kubectl") != 0 ||
	    json_str(notes, LAST_APPLIED, NULL) == NULL)
		return 0;
	buf_init(&b, 256 << 10);
	if (json_write(&b, config) == 0 && buf_addc(&b, '\n') == 0)
		r = json_set_str(notes, LAST_APPLIED, b.data);
	buf_release(&b);
	return r;
}
