/*
 * Validation of metadata, and which function does which kind: see
 * validate.h.
 */
#include "k8s-apid/validate.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "k8s-apid/names.h"

#define ANNOTATIONS_MAX (256U << 10) /* bytes, of keys and values together */

/* Paths are built as the walk goes: no cause, no cost but this. */
size_t
go_in(struct validation *x, const char *fmt, ...)
{
	size_t was = x->len, room = sizeof x->path - x->len;
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(x->path + x->len, room, fmt, ap);
	va_end(ap);
	if (n > 0 && (size_t)n < room)
		x->len += (size_t)n;
	return was;
}

void
go_back(struct validation *x, size_t len)
{
	x->len = len;
	x->path[len] = '\0';
}

/* The path of member key, until go_back. */
static const char *
member(struct validation *x, const char *key)
{
	if (key != NULL)
		go_in(x, "%s%s", x->len > 0 ? "." : "", key);
	return x->path;
}

void
bad_required(struct validation *x, const char *key, const char *why)
{
	size_t was = x->len;

	cause_required(&x->causes, member(x, key), why);
	go_back(x, was);
}

void
bad_value(
    struct validation *x, const char *key, const cJSON *value, const char *why)
{
	size_t was = x->len;

	cause_invalid(&x->causes, member(x, key), value, why);
	go_back(x, was);
}

void
bad_choice(struct validation *x, const char *key, const cJSON *value,
    const char *supported)
{
	size_t was = x->len;

	cause_unsupported(&x->causes, member(x, key), value, supported);
	go_back(x, was);
}

void
bad_duplicate(struct validation *x, const char *key, const cJSON *value)
{
	size_t was = x->len;

	cause_duplicate(&x->causes, member(x, key), value);
	go_back(x, was);
}

void
bad_forbidden(struct validation *x, const char *key, const char *why)
{
	size_t was = x->len;

	cause_forbidden(&x->causes, member(x, key), why);
	go_back(x, was);
}

void
bad_missing(struct validation *x, const char *key, const cJSON *value)
{
	size_t was = x->len;

	cause_not_found(&x->causes, member(x, key), value);
	go_back(x, was);
}

const char *
must_have(struct validation *x, const cJSON *o, const char *key)
{
	const char *s = json_str(o, key, NULL);

	if (s != NULL && s[0] != '\0')
		return s;
	bad_required(x, key, NULL);
	return NULL;
}

/* Missing and malformed are two causes, and only one is told. */
const char *
must_be(struct validation *x, const cJSON *o, const char *key,
    const char *(*syntax)(const char *))
{
	const char *s = must_have(x, o, key);
	const char *why = s != NULL ? syntax(s) : NULL;

	if (why != NULL)
		bad_value(x, key, json_at(o, key, NULL), why);
	return s;
}

/* The choices in the message are what a user corrects a typo with. */
void
may_choose(struct validation *x, const cJSON *o, const char *key,
    const char *const *choices)
{
	const char *s = json_str(o, key, NULL);
	char list[256] = "";
	size_t n = 0, i;

	if (s == NULL || s[0] == '\0')
		return;
	for (i = 0; choices[i] != NULL; i++) {
		if (strcmp(choices[i], s) == 0)
			return;
		if (n < sizeof list)
			n += (size_t)snprintf(list + n, sizeof list - n,
			    "%s\"%s\"", i > 0 ? ", " : "", choices[i]);
	}
	bad_choice(x, key, json_at(o, key, NULL), list);
}

/* No upper bound in the message when there is none that matters. */
void
may_count(struct validation *x, const cJSON *o, const char *key, double min,
    double max)
{
	const cJSON *v = json_at(o, key, NULL);
	char why[96];

	if (v == NULL || (v->valuedouble >= min && v->valuedouble <= max))
		return;
	if (max >= INT32_MAX)
		snprintf(why, sizeof why,
		    "must be greater than or equal to %.0f", min);
	else
		snprintf(why, sizeof why,
		    "must be between %.0f and %.0f, inclusive", min, max);
	bad_value(x, key, v, why);
}

void
must_stay(
    struct validation *x, const cJSON *old, const cJSON *o, const char *key)
{
	const cJSON *a = json_at(old, key, NULL), *b = json_at(o, key, NULL);

	if (a == NULL && b == NULL)
		return;
	if (a == NULL || b == NULL || !json_equal(a, b))
		bad_value(x, key, b, "field is immutable");
}

/* ---- labels and selectors ---- */

static void
check_key(struct validation *x, const char *key)
{
	const char *why = names_qualified(key);
	cJSON *name;

	if (why == NULL)
		return;
	name = cJSON_CreateString(key);
	bad_value(x, NULL, name, why);
	cJSON_Delete(name);
}

/* Keys and values are told one by one: a manifest may have several wrong. */
void
check_labels(struct validation *x, const cJSON *o, const char *key)
{
	size_t was = go_in(x, ".%s", key);
	const cJSON *m;
	const char *why;

	cJSON_ArrayForEach(m, json_at(o, key, NULL)) {
		check_key(x, m->string);
		why = names_label_value(m->valuestring);
		if (why != NULL)
			bad_value(x, NULL, m, why);
	}
	go_back(x, was);
}

static int
matches_expression(const cJSON *e, const cJSON *labels)
{
	const char *key = json_str(e, "key", NULL);
	const char *op = json_str(e, "operator", NULL);
	const char *is = key != NULL ? json_str(labels, key, NULL) : NULL;
	const cJSON *s;
	int in = 0;

	if (op == NULL || key == NULL)
		return 0;
	cJSON_ArrayForEach(s, json_at(e, "values", NULL)) {
		in |= is != NULL && cJSON_IsString(s) &&
		      strcmp(s->valuestring, is) == 0;
	}
	if (strcmp(op, "In") == 0)
		return in;
	if (strcmp(op, "NotIn") == 0)
		return !in;
	return (is != NULL) == (strcmp(op, "Exists") == 0);
}

static void
check_expressions(struct validation *x, const cJSON *list)
{
	static const char *const ops[] = { "DoesNotExist", "Exists", "In",
		"NotIn", NULL };
	const cJSON *e;
	size_t was;
	int i = 0;

	cJSON_ArrayForEach(e, list) {
		const char *op = json_str(e, "operator", NULL);
		int n = cJSON_GetArraySize(json_at(e, "values", NULL));

		was = go_in(x, ".matchExpressions[%d]", i++);
		must_be(x, e, "key", names_qualified);
		may_choose(x, e, "operator", ops);
		if (op == NULL)
			bad_required(x, "operator", NULL);
		else if (n == 0 && strstr(op, "In") != NULL)
			bad_required(x, "values",
			    "must be specified when `operator` is 'In' or "
			    "'NotIn'");
		else if (n > 0 && strstr(op, "Exist") != NULL)
			bad_forbidden(x, "values",
			    "may not be specified when `operator` is "
			    "'Exists' or 'DoesNotExist'");
		go_back(x, was);
	}
}

/*
 * A selector that does not match its own template would make pods without end;
 * this is refused before a controller sees it.
 */
void
check_selector(struct validation *x, const cJSON *selector, const cJSON *labels)
{
	size_t was = go_in(x, ".selector");
	const cJSON *m;
	const char *is;
	int good = 1;

	if (selector == NULL)
		bad_required(x, NULL, NULL);
	else if (selector->child == NULL)
		bad_value(x, NULL, selector, "empty selector is invalid here");
	check_labels(x, selector, "matchLabels");
	check_expressions(x, json_at(selector, "matchExpressions", NULL));
	go_back(x, was);
	cJSON_ArrayForEach(m, json_at(selector, "matchLabels", NULL)) {
		is = json_str(labels, m->string, NULL);
		good &= is != NULL && strcmp(is, m->valuestring) == 0;
	}
	cJSON_ArrayForEach(m, json_at(selector, "matchExpressions", NULL)) {
		good &= matches_expression(m, labels);
	}
	if (good)
		return;
	was = go_in(x, ".template.metadata.labels");
	bad_value(
	    x, NULL, labels, "`selector` does not match template `labels`");
	go_back(x, was);
}

/* ---- metadata ---- */

/* By kind, since names become parts of DNS names, or do not. */
static const char *
check_name(const struct type *t, const char *name)
{
	if (strcmp(t->group, "rbac.authorization.k8s.io") == 0)
		return names_segment(name);
	if (strcmp(t->kind, "Namespace") == 0)
		return names_label(name);
	if (strcmp(t->kind, "Service") == 0)
		return names_dns1035(name);
	return names_subdomain(name);
}

/* Two controllers would fight over the object. */
static void
check_owners(struct validation *x, const cJSON *meta)
{
	const cJSON *o;
	size_t was;
	int i = 0, controllers = 0;

	cJSON_ArrayForEach(o, json_at(meta, "ownerReferences", NULL)) {
		was = go_in(x, ".ownerReferences[%d]", i++);
		must_have(x, o, "apiVersion");
		must_have(x, o, "kind");
		must_have(x, o, "name");
		must_have(x, o, "uid");
		controllers += json_bool(o, "controller", 0);
		go_back(x, was);
	}
	if (controllers > 1)
		bad_value(x, "ownerReferences",
		    json_at(meta, "ownerReferences", NULL),
		    "Only one reference can have Controller set to true");
}

static void
check_annotations(struct validation *x, const cJSON *meta)
{
	size_t was = go_in(x, ".annotations"), total = 0;
	const cJSON *m;

	cJSON_ArrayForEach(m, json_at(meta, "annotations", NULL)) {
		check_key(x, m->string);
		total += strlen(m->string) + strlen(m->valuestring);
	}
	if (total > ANNOTATIONS_MAX)
		cause_too_long(&x->causes, x->path, ANNOTATIONS_MAX);
	go_back(x, was);
}

/* A stored name was valid once and is not looked at again. */
static void
check_metadata(struct validation *x, const cJSON *meta)
{
	size_t was = go_in(x, "metadata");
	const char *why = check_name(x->type, json_str(meta, "name", NULL));
	const cJSON *f;
	int i = 0;

	if (why != NULL && x->old == NULL)
		bad_value(x, "name", json_at(meta, "name", NULL), why);
	check_labels(x, meta, "labels");
	check_annotations(x, meta);
	check_owners(x, meta);
	cJSON_ArrayForEach(f, json_at(meta, "finalizers", NULL)) {
		char at[40];

		snprintf(at, sizeof at, "finalizers[%d]", i++);
		why = names_finalizer(f->valuestring);
		if (why != NULL)
			bad_value(x, at, f, why);
	}
	go_back(x, was);
}

static const struct {
	const char *kind;
	void (*fn)(struct validation *x, const cJSON *v);
} kinds[] = {
	{ "ClusterRoleBinding", validate_binding },
	{ "ConfigMap", validate_config },
	{ "DaemonSet", validate_workload },
	{ "Deployment", validate_workload },
	{ "Job", validate_job },
	{ "LimitRange", validate_limits },
	{ "Pod", validate_pod },
	{ "ReplicaSet", validate_workload },
	{ "ResourceQuota", validate_quota },
	{ "RoleBinding", validate_binding },
	{ "Secret", validate_config },
	{ "Service", validate_service },
	{ "StatefulSet", validate_workload },
};

/* Sub-resources too: a status write must not leave an invalid object. */
int
validate(
    const struct type *t, const cJSON *old, const cJSON *v, struct status *st)
{
	struct validation x = { .type = t, .old = old };
	size_t i;

	causes_init(&x.causes);
	check_metadata(&x, json_at(v, "metadata", NULL));
	for (i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
		if (strcmp(kinds[i].kind, t->kind) == 0)
			kinds[i].fn(&x, v);
	return status_invalid(
	    st, t, json_str(v, "metadata", "name", NULL), &x.causes);
}
