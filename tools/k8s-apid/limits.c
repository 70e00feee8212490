/*
 * Limit ranges: see limits.h.  The model and the words are those of
 * kubernetes' plugin/pkg/admission/limitranger; only limits of containers
 * are taken (validation refuses others).
 */
#include "k8s-apid/limits.h"

#include <stdio.h>
#include <string.h>

#include "k8s-apid/defaults.h"
#include "lib/quantity.h"

#define NOTE "kubernetes.io/limit-ranger"
#define TEXT_MAX 1500 /* bytes of a message or annotation */

/* ---- defaults ---- */

/* Copies what is missing; notes "cpu, memory request for container c". */
static int
fill(cJSON *container, const char *list, const cJSON *from, struct buf *note,
    const char *init)
{
	cJSON *to;
	const cJSON *m;
	int n = 0, bad = 0;

	if (cJSON_GetArraySize(from) == 0)
		return 0;
	to = json_sub(json_sub(container, "resources"), list);
	cJSON_ArrayForEach(m, from) {
		if (json_at(to, m->string, NULL) != NULL)
			continue;
		bad |= json_set(to, m->string, cJSON_Duplicate(m, 1));
		buf_addf(note, "%s%s",
		    n++ > 0       ? ", " :
		    note->len > 0 ? "; " :
				    "",
		    m->string);
	}
	if (n > 0)
		buf_addf(note, " %.*s for %scontainer %s",
		    (int)strlen(list) - 1, list, init,
		    json_str(container, "name", NULL));
	return bad;
}

static int
fill_list(cJSON *pod, const char *list, const cJSON *item, struct buf *note)
{
	const char *init = strcmp(list, "containers") == 0 ? "" : "init ";
	cJSON *c;
	int bad = 0;

	cJSON_ArrayForEach(c, json_at(pod, "spec", list, NULL)) {
		bad |= fill(c, "requests",
		    json_at(item, "defaultRequest", NULL), note, init);
		bad |= fill(
		    c, "limits", json_at(item, "default", NULL), note, init);
	}
	return bad;
}

/* ---- bounds ---- */

/* A minimum is for requests, a maximum for limits; both must be said. */
static void
check_bound(const cJSON *c, const cJSON *bound, int max, struct buf *b)
{
	const cJSON *v = json_at(
	    c, "resources", max ? "limits" : "requests", bound->string, NULL);
	const char *what = max ? "limit" : "request", *is;
	double have, want;
	int said = quantity_json(v, &have) == 0;

	if (quantity_json(bound, &want) != 0 ||
	    (said && (max ? have <= want : have >= want)))
		return;
	is = cJSON_GetStringValue(v);
	buf_addf(b, "%s%s %s usage per Container is %s", b->len > 0 ? ", " : "",
	    max ? "maximum" : "minimum", bound->string, bound->valuestring);
	if (said)
		buf_addf(b, ", but %s is %s", what, is != NULL ? is : "");
	else
		buf_addf(b, ".  No %s is specified", what);
}

static void
check_list(const cJSON *pod, const char *list, const cJSON *item, struct buf *b)
{
	const cJSON *c, *bound;

	cJSON_ArrayForEach(c, json_at(pod, "spec", list, NULL)) {
		cJSON_ArrayForEach(bound, json_at(item, "min", NULL))
			check_bound(c, bound, 0, b);
		cJSON_ArrayForEach(bound, json_at(item, "max", NULL))
			check_bound(c, bound, 1, b);
	}
}

/* ---- a pod ---- */

typedef int
limits_fn(cJSON *pod, const char *list, const cJSON *item, struct buf *b);

static int
check_fn(cJSON *pod, const char *list, const cJSON *item, struct buf *b)
{
	check_list(pod, list, item, b);
	return 0;
}

/* Calls fn for each list of containers with each item about containers. */
static int
each_item(struct apid *a, cJSON *pod, limits_fn *fn, struct buf *b)
{
	const struct type *t = type_named("", "limitranges");
	struct object *const *list;
	const cJSON *item;
	int bad = 0;
	size_t n, i;

	n = store_list(a->store, type_index(t),
	    json_str(pod, "metadata", "namespace", NULL), NULL, &list);
	for (i = 0; i < n; i++)
		cJSON_ArrayForEach(item,
		    json_at(object_value(list[i]), "spec", "limits", NULL)) {
			bad |= fn(pod, "containers", item, b);
			bad |= fn(pod, "initContainers", item, b);
		}
	return bad;
}

int
limits_admit(struct apid *a, const struct type *t, cJSON *v, struct status *st)
{
	struct buf note, wrong, text;
	int rc = 0;

	if (strcmp(t->kind, "Pod") != 0)
		return 0;
	buf_init(&note, TEXT_MAX);
	buf_init(&wrong, TEXT_MAX);
	buf_init(&text, TEXT_MAX + 64);
	if (each_item(a, v, fill_list, &note) != 0)
		rc = status_nomem(st);
	if (rc == 0 && note.len > 0 && defaults_qos(v) != 0)
		rc = status_nomem(st);
	if (rc == 0 && note.len > 0) {
		buf_addf(&text, "LimitRanger plugin set: %s", note.data);
		json_set_str(json_sub(json_sub(v, "metadata"), "annotations"),
		    NOTE, buf_str(&text));
	}
	each_item(a, v, check_fn, &wrong);
	buf_clear(&text);
	if (rc == 0 && wrong.len > 0) {
		/* several come in brackets, as an aggregate of errors */
		buf_addf(&text,
		    strstr(wrong.data, ", m") != NULL ? "[%s]" : "%s",
		    wrong.data);
		rc = status_forbidden(st, t,
		    json_str(v, "metadata", "name", NULL), buf_str(&text));
	}
	buf_release(&note);
	buf_release(&wrong);
	buf_release(&text);
	return rc;
}
