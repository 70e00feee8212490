/*
 * Looking kinds up: by kind, plural, singular or short name in any case, core
 * before other groups and, but for the usual kinds, full names before short
 * ones, as kubectl does; and their paths.
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kube_discovery.h"

#define KIND_NEAREST 3 /* suggestions for an unknown name */

/* How well a resource answers to a name: 2 exactly, 1 by short name, 0. */
static int
match(const cJSON *resource, const char *name)
{
	const char *s = json_str(resource, "name", NULL);
	const cJSON *alias;

	if (s == NULL || strchr(s, '/') != NULL) /* a subresource */
		return 0;
	if (strcasecmp(s, name) == 0)
		return 2;
	s = json_str(resource, "kind", NULL);
	if (s != NULL && strcasecmp(s, name) == 0)
		return 2;
	s = json_str(resource, "singularName", NULL);
	if (s != NULL && s[0] != '\0' && strcasecmp(s, name) == 0)
		return 2;
	cJSON_ArrayForEach(alias, json_at(resource, "shortNames", NULL)) {
		if (cJSON_IsString(alias) &&
		    strcasecmp(alias->valuestring, name) == 0)
			return 1;
	}
	return 0;
}

/* The resource of g that answers best to name, or NULL. */
static const cJSON *
gv_match(const struct gv *g, const char *name, int *how)
{
	const cJSON *r, *best = NULL;
	int m;

	*how = 0;
	cJSON_ArrayForEach(r, json_at(g->list, "resources", NULL)) {
		m = match(r, name);
		if (m > *how) {
			*how = m;
			best = r;
		}
	}
	return best;
}

static void
fill(struct kube_kind *out, const struct gv *g, const cJSON *resource)
{
	const char *kind = json_str(resource, "kind", NULL);
	const char *one = json_str(resource, "singularName", NULL);
	const cJSON *verb;
	size_t i;

	memset(out, 0, sizeof(*out));
	snprintf(out->group, sizeof(out->group), "%s", g->group);
	snprintf(out->version, sizeof(out->version), "%s", g->version);
	snprintf(out->kind, sizeof(out->kind), "%s", kind != NULL ? kind : "");
	snprintf(out->resource, sizeof(out->resource), "%s",
	    json_str(resource, "name", NULL));
	if (one != NULL && one[0] != '\0') {
		snprintf(out->singular, sizeof(out->singular), "%s", one);
	} else {
		/* kinds built in have none before 1.27 */
		for (i = 0; out->kind[i] != '\0'; i++)
			out->singular[i] =
			    (char)tolower((unsigned char)out->kind[i]);
	}
	out->namespaced = json_bool(resource, "namespaced", 0);
	cJSON_ArrayForEach(verb, json_at(resource, "verbs", NULL)) {
		if (cJSON_IsString(verb) &&
		    strcmp(verb->valuestring, "list") == 0)
			out->listable = 1;
	}
}

/* A name split at its first dot: "deployments.v1.apps". */
struct wanted {
	char name[128];
	const char *suffix; /* behind the dot, or NULL */
};

/* 1 when the suffix of a name admits this group and version. */
static int
admits(const struct wanted *w, const struct gv *g)
{
	size_t n = strlen(g->version);

	if (w->suffix == NULL || strcasecmp(w->suffix, g->group) == 0)
		return 1;
	if (strncasecmp(w->suffix, g->version, n) != 0)
		return 0;
	if (w->suffix[n] == '\0')
		return g->group[0] == '\0';
	return w->suffix[n] == '.' &&
	       strcasecmp(w->suffix + n + 1, g->group) == 0;
}

/* Core before other groups, full names before short ones. */
static int
search(const struct kube_discovery *d, const struct wanted *w,
    struct kube_kind *out)
{
	const cJSON *r, *best = NULL;
	const struct gv *from = NULL;
	int how, best_how = 0;
	size_t i;

	for (i = 0; i < d->n; i++) {
		if (!admits(w, d->v[i]))
			continue;
		r = gv_match(d->v[i], w->name, &how);
		if (r != NULL && how > best_how) {
			best = r;
			best_how = how;
			from = d->v[i];
		}
	}
	if (best == NULL)
		return 0;
	fill(out, from, best);
	return 1;
}

/* Edit distance of two short names, at most max. */
static int
distance(const char *a, const char *b, int max)
{
	int row[64], i, j, left, above, cost, n = (int)strlen(b);

	if (n >= 64 || strlen(a) >= 64 || abs((int)strlen(a) - n) > max)
		return max + 1;
	for (j = 0; j <= n; j++)
		row[j] = j;
	for (i = 1; a[i - 1] != '\0'; i++) {
		above = row[0];
		row[0] = i;
		for (j = 1; j <= n; j++) {
			cost = above + (tolower((unsigned char)a[i - 1]) !=
					   tolower((unsigned char)b[j - 1]));
			above = row[j];
			left = row[j - 1] + 1;
			row[j] = above + 1 < left ? above + 1 : left;
			if (cost < row[j])
				row[j] = cost;
		}
	}
	return row[n];
}

/* Appends the names that are nearest to an unknown one. */
static void
suggest(const struct kube_discovery *d, const char *name, struct buf *b)
{
	const cJSON *r;
	const char *s, *kind;
	int told = 0, max, limit = strlen(name) > 6 ? 2 : 1;
	size_t i;

	for (max = 1; max <= limit && told == 0; max++)
		for (i = 0; i < d->n; i++)
			cJSON_ArrayForEach(
			    r, json_at(d->v[i]->list, "resources", NULL)) {
				s = json_str(r, "name", NULL);
				kind = json_str(r, "kind", NULL);
				if (s == NULL || kind == NULL ||
				    strchr(s, '/') != NULL ||
				    told == KIND_NEAREST ||
				    (distance(name, s, max) > max &&
					distance(name, kind, max) > max) ||
				    strstr(buf_str(b), s) != NULL)
					continue;
				buf_addf(b, "%s%s",
				    told++ == 0 ? "; did you mean " : ", ", s);
			}
}

/* Why a name may be unknown although it exists. */
static const char *
trouble(const struct kube_discovery *d)
{
	size_t i;

	if (d->trouble[0] != '\0')
		return d->trouble;
	for (i = 0; i < d->n; i++)
		if (d->v[i]->trouble[0] != '\0')
			return d->v[i]->trouble;
	return NULL;
}

static int
unknown(const struct kube_discovery *d, const char *api_version,
    const char *name, struct fault *f)
{
	const char *why = trouble(d);
	struct buf near;

	if (why != NULL)
		return fault_set(
		    f, FAULT_UNSURE, "%s: discovery: %s", name, why);
	buf_init(&near, 500);
	suggest(d, name, &near);
	fault_set(f, FAULT_INPUT, "%s: no such kind%s%s%s", name,
	    api_version != NULL ? " in " : "",
	    api_version != NULL ? api_version : "", buf_str(&near));
	buf_release(&near);
	return -1;
}

/* The group of "GROUP/VERSION" into group, "" for core; returns the version. */
static const char *
split_version(const char *api_version, char group[static 128])
{
	const char *slash = strchr(api_version, '/');

	snprintf(group, 128, "%.*s",
	    slash != NULL ? (int)(slash - api_version) : 0, api_version);
	return slash != NULL ? slash + 1 : api_version;
}

int
kube_kind_expect(struct kube *k, const char *api_version, struct fault *f)
{
	struct kube_discovery *d = kube_discovery(k, f);
	char group[128];
	const char *version = split_version(api_version, group);

	return d != NULL ? kube_discovery_ask(d, group, version, f) : -1;
}

/* A list that could not be had: what is in it cannot be told. */
static int
no_list(const struct gv *g, const struct wanted *w, struct fault *f)
{
	return fault_set(
	    f, FAULT_UNSURE, "%s: discovery: %s", w->name, g->trouble);
}

/* A kind of a known version needs that version's list alone. */
static int
find_in_version(struct kube *k, const char *api_version, const struct wanted *w,
    struct kube_kind *out, struct fault *f)
{
	struct kube_discovery *d = kube_discovery(k, f);
	const cJSON *r;
	char group[128];
	const char *version = split_version(api_version, group);
	struct gv *g;
	int how;

	if (d == NULL)
		return -1;
	g = kube_discovery_one(d, group, version, f);
	if (g == NULL)
		return -1;
	if (g->trouble[0] != '\0')
		return no_list(g, w, f);
	r = gv_match(g, w->name, &how);
	if (r != NULL)
		fill(out, g, r);
	return r != NULL;
}

/* Everything that the server has, or NULL. */
static struct kube_discovery *
complete(struct kube *k, struct fault *f)
{
	struct kube_discovery *d = kube_discovery(k, f);

	if (d == NULL || d->complete)
		return d;
	/* what was fetched by version is not in the server's order */
	if (d->n > 1 || (d->n == 1 && d->v[0]->group[0] != '\0')) {
		kube_kind_forget(k);
		d = kube_discovery(k, f);
	}
	return d != NULL && kube_discovery_all(d, f) == 0 ? d : NULL;
}

/*
 * What most names mean is in a few lists, so that not all of some forty have
 * to come.  Full names of core stand before all others anyway; a short name of
 * these lists is taken at its word, although another group might call a kind
 * so in full.
 */
static int
find_usual(struct kube *k, struct kube_discovery *d, const struct wanted *w,
    struct kube_kind *out, struct fault *f)
{
	static const struct {
		const char *group, *version;
	} usual[] = { { "", "v1" }, { "apps", "v1" }, { "batch", "v1" } };
	const struct gv *g;
	const cJSON *r;
	size_t i;
	int how;

	for (i = 0; i < sizeof(usual) / sizeof(*usual); i++) {
		if (i == 1 && kube_kind_expect(k, "batch/v1", f) != 0)
			return -1; /* comes along with apps */
		g = kube_discovery_one(d, usual[i].group, usual[i].version, f);
		if (g == NULL)
			return -1;
		/* where core cannot be had, nothing can */
		if (i == 0 && g->trouble[0] != '\0')
			return no_list(g, w, f);
		r = admits(w, g) ? gv_match(g, w->name, &how) : NULL;
		if (r != NULL) {
			fill(out, g, r);
			return 1;
		}
	}
	return 0;
}

static int
find_anywhere(struct kube *k, const struct wanted *w, struct kube_kind *out,
    struct fault *f)
{
	struct kube_discovery *d = kube_discovery(k, f);
	int r = 0;

	if (d == NULL)
		return -1;
	if (!d->complete && (r = find_usual(k, d, w, out, f)) != 0)
		return r;
	d = complete(k, f);
	return d != NULL ? search(d, w, out) : -1;
}

static int
find(struct kube *k, const char *api_version, const struct wanted *w,
    struct kube_kind *out, struct fault *f)
{
	return api_version != NULL && api_version[0] != '\0' ?
		   find_in_version(k, api_version, w, out, f) :
		   find_anywhere(k, w, out, f);
}

int
kube_kind_find(struct kube *k, const char *api_version, const char *name,
    struct kube_kind *out, struct fault *f)
{
	size_t n = strcspn(name, ".");
	int fresh = k->discovery == NULL || k->discovery->n == 0, r;
	struct wanted w = { 0 };

	if (n == 0 || n >= sizeof(w.name))
		return fault_set(f, FAULT_INPUT, "%s: not a kind", name);
	memcpy(w.name, name, n);
	if (name[n] == '.')
		w.suffix = name + n + 1;
	r = find(k, api_version, &w, out, f);
	if (r == 0 && !fresh) {
		kube_kind_forget(k); /* a CRD may be newer */
		r = find(k, api_version, &w, out, f);
	}
	if (r == 1)
		return 0;
	if (r == 0)
		unknown(k->discovery, api_version, name, f);
	return -1;
}

int
kube_kind_each(struct kube *k,
    int (*fn)(void *arg, const struct kube_kind *kind), void *arg,
    struct buf *missing, struct fault *f)
{
	struct kube_discovery *d = complete(k, f);
	struct kube_kind kind;
	const cJSON *r;
	size_t i;
	int rc;

	if (d == NULL)
		return -1;
	if (d->trouble[0] != '\0')
		return fault_set(f, FAULT_UNSURE, "discovery: %s", d->trouble);
	for (i = 0; i < d->n; i++) {
		if (d->v[i]->trouble[0] != '\0' && missing != NULL)
			buf_addf(missing, "%s/%s: %s\n", d->v[i]->group,
			    d->v[i]->version, d->v[i]->trouble);
		if (!d->v[i]->preferred)
			continue;
		cJSON_ArrayForEach(
		    r, json_at(d->v[i]->list, "resources", NULL)) {
			if (strchr(json_str(r, "name", NULL) != NULL ?
				       json_str(r, "name", NULL) :
				       "/",
				'/') != NULL)
				continue;
			fill(&kind, d->v[i], r);
			rc = fn(arg, &kind);
			if (rc != 0)
				return rc;
		}
	}
	return 0;
}

int
kube_path(struct buf *b, const struct kube_kind *kind, const char *ns,
    const char *name)
{
	if (kind->group[0] == '\0') {
		buf_adds(b, "/api/");
	} else {
		buf_adds(b, "/apis/");
		http_escape(b, kind->group, strlen(kind->group), 0);
		buf_addc(b, '/');
	}
	http_escape(b, kind->version, strlen(kind->version), 0);
	if (kind->namespaced && ns != NULL) {
		buf_adds(b, "/namespaces/");
		http_escape(b, ns, strlen(ns), 0);
	}
	buf_addc(b, '/');
	http_escape(b, kind->resource, strlen(kind->resource), 0);
	if (name != NULL) {
		buf_addc(b, '/');
		http_escape(b, name, strlen(name), 0);
	}
	return b->failed ? -1 : 0;
}

int
kube_name_query(struct buf *b, const char *name)
{
	buf_adds(b, "fieldSelector=metadata.name%3D");
	/* the selector's own escapes (apimachinery's fields.EscapeValue) */
	for (; *name != '\0'; name++) {
		if (strchr("\\,=", *name) != NULL)
			buf_adds(b, "%5C");
		http_escape(b, name, 1, 0);
	}
	return b->failed ? -1 : 0;
}

int
kube_pod_path(
    struct buf *b, const char *ns, const char *pod, const char *container)
{
	static const struct kube_kind pods = {
		.version = "v1", .resource = "pods", .namespaced = 1
	};

	kube_path(b, &pods, ns, pod);
	if (container != NULL) {
		buf_adds(b, "/log?container=");
		http_escape(b, container, strlen(container), 0);
	}
	return b->failed ? -1 : 0;
}
