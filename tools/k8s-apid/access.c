/*
 * Access to requests: see access.h.  Verbs and names are taken from requests
 * as apiserver's RequestInfo does.
 */
#include "k8s-apid/access.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "k8s-apid/rbac.h"

struct question {
	struct rbac_ask ask;
	struct path path;
	char verb[32];
	char name[PATH_NAME]; /* of a list with a field selector */
};

/* The object that a list, watch or deletecollection is narrowed to. */
static void
selected_name(const struct request *rq, char *out, size_t size)
{
	static const char field[] = "metadata.name=";
	const char *s = httpd_query(rq->http, "fieldSelector");
	size_t n;

	for (; s != NULL && *s != '\0'; s += n + (s[n] == ',')) {
		n = strcspn(s, ",");
		if (strncmp(s, field, sizeof field - 1) != 0)
			continue;
		s += sizeof field - 1;
		s += *s == '=';
		n = strcspn(s, ",");
		snprintf(out, size, "%.*s", (int)n, s);
		return;
	}
}

static const char *
resource_verb(const struct request *rq, int collection)
{
	static const struct {
		const char *method, *object, *all;
	} verbs[] = {
		{ "DELETE", "delete", "deletecollection" },
		{ "GET", "get", "list" },
		{ "HEAD", "get", "list" },
		{ "PATCH", "patch", "patch" },
		{ "POST", "create", "create" },
		{ "PUT", "update", "update" },
	};
	size_t i;

	if (collection && strcmp(rq->method, "GET") == 0 &&
	    request_flag(rq, "watch"))
		return "watch";
	for (i = 0; i < sizeof verbs / sizeof verbs[0]; i++)
		if (strcmp(rq->method, verbs[i].method) == 0)
			return collection ? verbs[i].all : verbs[i].object;
	return "";
}

/* A namespace is in itself, so that its own roles can let it be seen. */
static void
ask_resource(const struct request *rq, struct question *q)
{
	struct path *p = &q->path;
	int collection = p->name[0] == '\0';

	snprintf(q->verb, sizeof q->verb, "%s", resource_verb(rq, collection));
	snprintf(q->name, sizeof q->name, "%s", p->name);
	if (collection && strcmp(q->verb, "create") != 0)
		selected_name(rq, q->name, sizeof q->name);
	if (p->group[0] == '\0' && strcmp(p->resource, "namespaces") == 0)
		memcpy(p->ns, p->name, sizeof p->ns);
	q->ask.group = p->group;
	q->ask.resource = p->resource;
	q->ask.sub = p->sub;
	q->ask.ns = p->ns;
	q->ask.name = q->name;
}

static void
ask(const struct request *rq, struct question *q)
{
	size_t i;

	*q = (struct question){ .ask = { "", "", "", "", "", "", "" } };
	q->ask.verb = q->verb;
	if (path_parse(httpd_path(rq->http), &q->path) == 1) {
		ask_resource(rq, q);
		return;
	}
	for (i = 0; rq->method[i] != '\0' && i + 1 < sizeof q->verb; i++)
		q->verb[i] = (char)tolower((unsigned char)rq->method[i]);
	q->ask.path = httpd_path(rq->http);
}

/* ---- 403 ---- */

/* "User ... cannot ...", as apiserver's forbiddenMessage. */
static void
say_cannot(struct buf *b, const char *user, const struct rbac_ask *a)
{
	buf_addf(b, "User \"%s\" cannot %s ", user, a->verb);
	if (a->resource[0] == '\0') {
		buf_addf(b, "path \"%s\"", a->path);
		return;
	}
	buf_addf(b, "resource \"%s%s%s\" in API group \"%s\" ", a->resource,
	    a->sub[0] ? "/" : "", a->sub, a->group);
	if (a->ns[0] != '\0')
		buf_addf(b, "in the namespace \"%s\"", a->ns);
	else
		buf_adds(b, "at the cluster scope");
}

static int
forbid(struct status *st, const char *user, const struct rbac_ask *a,
    const char *reason)
{
	struct buf b;

	buf_init(&b, sizeof st->message);
	if (a->resource[0] != '\0') {
		buf_addf(&b, "%s%s%s ", a->resource, a->group[0] ? "." : "",
		    a->group);
		if (a->name[0] != '\0')
			buf_addf(&b, "\"%s\" ", a->name);
		buf_adds(&b, "is ");
	}
	buf_adds(&b, "forbidden: ");
	say_cannot(&b, user, a);
	if (reason[0] != '\0')
		buf_addf(&b, ": %s", reason);
	status_set(st, 403, "Forbidden", "%s", buf_str(&b));
	buf_release(&b);
	st->details = cJSON_CreateObject();
	if (st->details == NULL)
		return status_nomem(st);
	if (a->name[0] != '\0')
		json_set_str(st->details, "name", a->name);
	if (a->group[0] != '\0')
		json_set_str(st->details, "group", a->group);
	if (a->resource[0] != '\0')
		json_set_str(st->details, "kind", a->resource);
	return -1;
}

int
access_check_ask(
    const struct request *rq, const struct rbac_ask *a, struct status *st)
{
	struct rbac_answer out;

	rbac_decide(rq->a->store, rq->user, a, &out);
	return out.allowed ? 0 : forbid(st, rq->user->name, a, out.reason);
}

/* Who has come here without a user was let in for what is public. */
int
access_check(const struct request *rq, struct status *st)
{
	struct question q;

	if (rq->user == NULL || rbac_is_master(rq->user))
		return 0;
	ask(rq, &q);
	return access_check_ask(rq, &q.ask, st);
}

int
access_check_verb(const struct request *rq, const char *verb, struct status *st)
{
	struct question q;

	if (rbac_is_master(rq->user))
		return 0;
	ask(rq, &q);
	q.ask.verb = verb;
	return access_check_ask(rq, &q.ask, st);
}

/* ---- reviews ---- */

static const char *
member(const cJSON *v, const char *key)
{
	const char *s = json_str(v, key, NULL);

	return s != NULL ? s : "";
}

static int
refuse_review(const struct request *rq, const char *why, struct status *st)
{
	cJSON *none = cJSON_CreateNull();
	struct causes c;

	causes_init(&c);
	cause_invalid(&c, "spec.resourceAttributes", none, why);
	cJSON_Delete(none);
	return status_invalid(st, rq->type, "", &c);
}

int
access_review(const struct request *rq, cJSON *v, struct status *st)
{
	const cJSON *r = json_at(v, "spec", "resourceAttributes", NULL);
	const cJSON *p = json_at(v, "spec", "nonResourceAttributes", NULL);
	const cJSON *one = cJSON_IsObject(r) ? r : p;
	struct rbac_ask a = { member(one, "verb"), member(r, "group"),
		member(r, "resource"), member(r, "subresource"),
		member(r, "namespace"), member(r, "name"), member(p, "path") };
	struct rbac_answer out;
	cJSON *status;

	if (cJSON_IsObject(r) && cJSON_IsObject(p))
		return refuse_review(rq,
		    "cannot be specified in combination with "
		    "nonResourceAttributes",
		    st);
	if (!cJSON_IsObject(one))
		return refuse_review(rq,
		    "exactly one of nonResourceAttributes or "
		    "resourceAttributes must be specified",
		    st);
	rbac_decide(rq->a->store, rq->user, &a, &out);
	status = cJSON_CreateObject();
	if (json_set_bool(status, "allowed", out.allowed) != 0 ||
	    (out.reason[0] != '\0' &&
		json_set_str(status, "reason", out.reason) != 0)) {
		cJSON_Delete(status);
		return status_nomem(st);
	}
	return json_set(v, "status", status) == 0 ? 0 : status_nomem(st);
}
