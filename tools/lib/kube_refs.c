/*
 * References: see kube_refs.h.
 */
#include "kube_refs.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"

#define REFS_LINE (4 << 20) /* bytes of a record at most */

static void
ref_release(struct kube_ref *r)
{
	free(r->api_version);
	free(r->kind);
	free(r->ns);
	free(r->name);
}

void
kube_refs_release(struct kube_refs *refs)
{
	size_t i;

	for (i = 0; i < refs->n; i++)
		ref_release(&refs->v[i]);
	free(refs->v);
	*refs = (struct kube_refs){ 0 };
}

static char *
copy(const char *s, int *failed)
{
	char *d;

	if (s == NULL || s[0] == '\0')
		return NULL;
	d = strdup(s);
	if (d == NULL)
		*failed = 1;
	return d;
}

int
kube_refs_add(struct kube_refs *refs, const char *api_version, const char *kind,
    const char *ns, const char *name, struct fault *f)
{
	struct kube_ref *v, r = { 0 };
	int failed = 0;

	v = reallocarray(refs->v, refs->n + 1, sizeof(*v));
	if (v == NULL)
		return fault_nomem(f);
	refs->v = v;
	r.api_version = copy(api_version, &failed);
	r.kind = copy(kind, &failed);
	r.ns = copy(ns, &failed);
	r.name = copy(name, &failed);
	if (failed) {
		ref_release(&r);
		return fault_nomem(f);
	}
	v[refs->n++] = r;
	return 0;
}

int
kube_refs_parse_arg(
    struct kube_refs *refs, const char *arg, const char *kind, struct fault *f)
{
	const char *slash = strchr(arg, '/'), *name;
	char *of;
	int r;

	name = slash != NULL ? slash + 1 : arg;
	if (slash == NULL && kind == NULL)
		return fault_set(f, FAULT_INPUT, "%s: not KIND/NAME", arg);
	if (name[0] == '\0' || slash == arg || strchr(name, '/') != NULL)
		return fault_set(f, FAULT_INPUT, "%s: not %s", arg,
		    kind != NULL ? "NAME or KIND/NAME" : "KIND/NAME");
	if (slash == NULL)
		return kube_refs_add(refs, NULL, kind, NULL, name, f);
	of = strndup(arg, (size_t)(slash - arg));
	if (of == NULL)
		return fault_nomem(f);
	r = kube_refs_add(refs, NULL, of, NULL, name, f);
	free(of);
	return r;
}

/* One record; types other than "apply" are none of our business. */
static int
read_record(struct kube_refs *refs, const cJSON *v, struct fault *f)
{
	const char *type = json_str(v, "type", NULL);
	const char *result = json_str(v, "result", NULL);
	const char *kind = json_str(v, "kind", NULL);
	const char *name = json_str(v, "name", NULL);
	const char *ts = json_str(v, "ts", NULL);
	struct timespec changed;

	if (!cJSON_IsObject(v) || type == NULL)
		return fault_set(f, FAULT_INPUT, "not a record");
	if (strcmp(type, "apply") != 0 ||
	    (result != NULL && strcmp(result, "failed") == 0))
		return 0;
	if (kind == NULL || name == NULL || kind[0] == '\0' || name[0] == '\0')
		return fault_set(
		    f, FAULT_INPUT, "an apply record without kind and name");
	if (kube_refs_add(refs, json_str(v, "apiVersion", NULL), kind,
		json_str(v, "namespace", NULL), name, f) != 0)
		return -1;
	if (result != NULL && strcmp(result, "unchanged") != 0 && ts != NULL &&
	    clock_parse(ts, &changed) == 0)
		refs->v[refs->n - 1].changed = changed;
	return 0;
}

int
kube_refs_read(
    struct kube_refs *refs, FILE *in, const char *name, struct fault *f)
{
	unsigned long line = 0;
	char *text = NULL;
	size_t cap = 0;
	ssize_t n;
	cJSON *v;
	int r = 0;

	while (r == 0 && (n = getline(&text, &cap, in)) != -1) {
		line++;
		if ((size_t)n > REFS_LINE) {
			r = fault_set(f, FAULT_INPUT, "record too large");
			break;
		}
		if (strspn(text, " \t\r\n") == (size_t)n)
			continue;
		v = json_parse(text, (size_t)n, f);
		r = v != NULL ? read_record(refs, v, f) : -1;
		cJSON_Delete(v);
	}
	/* getline ends in -1 without memory as well, and sets no error then */
	if (r == 0 && !feof(in))
		r = fault_sys(f, FAULT_UNSURE, errno, "%s", name);
	else if (r != 0)
		fault_prefix(f, "%s:%lu", name, line);
	free(text);
	return r;
}

int
kube_ref_resolve(struct kube *k, const struct kube_ref *ref,
    const char *otherwise_ns, struct kube_kind *kind, struct buf *path,
    struct fault *f)
{
	const char *ns = ref->ns != NULL ? ref->ns : otherwise_ns;

	if (kube_kind_find(k, ref->api_version, ref->kind, kind, f) != 0)
		return -1;
	kube_path(path, kind, ns, ref->name);
	return buf_check(path, ref->name, f);
}

static void
comma(struct buf *b, size_t from)
{
	if (b->len > from)
		buf_addc(b, ',');
}

/* "key in (a,b)" and its kin. */
static int
add_expression(struct buf *b, const cJSON *e)
{
	const char *key = json_str(e, "key", NULL);
	const char *op = json_str(e, "operator", NULL);
	const cJSON *value;
	int n = 0;

	if (key == NULL || op == NULL)
		return -1;
	if (strcmp(op, "Exists") == 0)
		return buf_adds(b, key);
	if (strcmp(op, "DoesNotExist") == 0)
		return buf_addf(b, "!%s", key);
	if (strcmp(op, "In") != 0 && strcmp(op, "NotIn") != 0)
		return -1;
	buf_addf(b, "%s %s (", key, op[0] == 'I' ? "in" : "notin");
	cJSON_ArrayForEach(value, json_at(e, "values", NULL)) {
		if (!cJSON_IsString(value))
			return -1;
		buf_addf(b, "%s%s", n++ > 0 ? "," : "", value->valuestring);
	}
	return buf_addc(b, ')');
}

int
kube_selector_text(struct buf *b, const cJSON *selector)
{
	const cJSON *labels = json_at(selector, "matchLabels", NULL);
	const cJSON *expressions = json_at(selector, "matchExpressions", NULL);
	const cJSON *item;
	size_t from = b->len;

	if (!cJSON_IsObject(labels) && !cJSON_IsArray(expressions))
		labels = selector; /* of a Service */
	cJSON_ArrayForEach(item, labels) {
		if (!cJSON_IsString(item))
			return -1;
		comma(b, from);
		buf_addf(b, "%s=%s", item->string, item->valuestring);
	}
	cJSON_ArrayForEach(item, expressions) {
		comma(b, from);
		if (add_expression(b, item) != 0)
			return -1;
	}
	return b->len > from && !b->failed ? 0 : -1;
}

/* The object at path; messages name the reference, not the path. */
static int
get(struct kube *k, const char *path, const struct kube_ref *ref, cJSON **out,
    struct fault *f)
{
	struct kube_answer a = { 0 };
	char name[600];

	if (kube_call(k, "GET", path, NULL, NULL, out, &a.status, f) != 0)
		return -1;
	if (kube_ok(&a))
		return 0;
	a.message = json_str(*out, "message", NULL);
	if (a.message == NULL)
		a.message = "refused";
	snprintf(name, sizeof(name), "%s/%s", ref->kind, ref->name);
	return kube_fault(&a, name, f);
}

int
kube_ref_pods(struct kube *k, const struct kube_ref *ref, const char *ns,
    struct buf *query, struct fault *f)
{
	struct kube_kind kind;
	struct buf path, text;
	cJSON *o = NULL;
	int r = -1;

	buf_init(&path, 4096);
	buf_init(&text, 1 << 16);
	if (kube_ref_resolve(k, ref, ns, &kind, &path, f) != 0)
		goto out;
	if (kind.group[0] == '\0' && strcmp(kind.resource, "pods") == 0) {
		r = kube_name_query(query, ref->name);
		goto out;
	}
	if (get(k, buf_str(&path), ref, &o, f) != 0)
		goto out;
	if (kube_selector_text(&text, json_at(o, "spec", "selector", NULL)) !=
	    0) {
		fault_set(f, FAULT_INPUT, "%s/%s: selects no pods", ref->kind,
		    ref->name);
		goto out;
	}
	buf_adds(query, "labelSelector=");
	r = http_escape(query, buf_str(&text), text.len, 0);
out:
	cJSON_Delete(o);
	buf_release(&path);
	buf_release(&text);
	return r == 0 ? buf_check(query, ref->name, f) : -1;
}
