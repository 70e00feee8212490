/*
 * Validation of quotas and limit ranges: see validate.h.  What kubernetes
 * takes and this server does not count is refused: a quota that is not kept
 * would be worse than none.
 */
#include <math.h>
#include <string.h>

#include "k8s-apid/quota.h"
#include "k8s-apid/validate.h"
#include "lib/quantity.h"

static int
is_amount(const char *name)
{
	return quota_is_compute(name) || strcmp(name, "requests.storage") == 0;
}

/* The name is the key of a map, so a cause shows it as the value too. */
static void
bad_name(struct validation *x, const char *name, const char *why)
{
	cJSON *v = cJSON_CreateString(name);

	bad_value(x, NULL, v, why);
	cJSON_Delete(v);
}

static void
check_hard(struct validation *x, const cJSON *hard)
{
	const cJSON *m;
	size_t was;
	double n;

	cJSON_ArrayForEach(m, hard) {
		was = go_in(x, ".hard[%s]", m->string);
		if (!quota_counts(m->string) &&
		    strpbrk(m->string, "/.-") == NULL)
			bad_name(x, m->string,
			    "must be a standard resource for quota");
		else if (!quota_counts(m->string))
			bad_name(
			    x, m->string, "is not counted by this API server");
		else if (quantity_json(m, &n) != 0)
			n = 0; /* the model has seen to it */
		else if (n < 0)
			bad_value(
			    x, NULL, m, "must be greater than or equal to 0");
		else if (!is_amount(m->string) && n != floor(n))
			bad_value(x, NULL, m, "must be an integer");
		go_back(x, was);
	}
}

/* A scope is of pods: nothing else can be counted in it. */
static void
check_scopes(struct validation *x, const cJSON *spec)
{
	static const char supported[] =
	    "\"BestEffort\", \"NotBestEffort\", \"NotTerminating\", "
	    "\"Terminating\"";
	const cJSON *scopes = json_at(spec, "scopes", NULL), *s, *m;
	int best = 0, unfit = 0;

	if (json_at(spec, "scopeSelector", NULL) != NULL)
		bad_forbidden(x, "scopeSelector",
		    "is not supported by this API server; scopes are");
	cJSON_ArrayForEach(s, scopes) {
		best |= strcmp(s->valuestring, "BestEffort") == 0;
		if (strcmp(s->valuestring, "BestEffort") != 0 &&
		    strcmp(s->valuestring, "NotBestEffort") != 0 &&
		    strcmp(s->valuestring, "Terminating") != 0 &&
		    strcmp(s->valuestring, "NotTerminating") != 0)
			bad_choice(x, "scopes", s, supported);
	}
	cJSON_ArrayForEach(m, json_at(spec, "hard", NULL))
		unfit |= strcmp(m->string, "pods") != 0 &&
			 (best || !quota_is_compute(m->string));
	if (unfit && cJSON_GetArraySize(scopes) > 0)
		bad_value(x, "scopes", scopes,
		    "unsupported scope applied to resource");
}

void
validate_quota(struct validation *x, const cJSON *v)
{
	const cJSON *spec = json_at(v, "spec", NULL);
	size_t was = go_in(x, "spec");

	check_hard(x, json_at(spec, "hard", NULL));
	check_scopes(x, spec);
	if (x->old != NULL)
		must_stay(x, json_at(x->old, "spec", NULL), spec, "scopes");
	go_back(x, was);
}

/* min <= defaultRequest <= default <= max, where they are given. */
static void
check_order(struct validation *x, const cJSON *item)
{
	static const char *const order[] = { "min", "defaultRequest", "default",
		"max" };
	const cJSON *m, *other;
	double a, b;
	size_t i, j, was;

	for (i = 0; i < 4; i++)
		cJSON_ArrayForEach(m, json_at(item, order[i], NULL))
			for (j = i + 1; j < 4; j++) {
				other =
				    json_at(item, order[j], m->string, NULL);
				if (quantity_json(m, &a) != 0 ||
				    quantity_json(other, &b) != 0 || a <= b)
					continue;
				was = go_in(x, ".%s[%s]", order[i], m->string);
				bad_value(x, NULL, m,
				    "is greater than one of default and max");
				go_back(x, was);
			}
}

void
validate_limits(struct validation *x, const cJSON *v)
{
	const cJSON *item;
	size_t was = go_in(x, "spec"), in;
	int i = 0;

	cJSON_ArrayForEach(item, json_at(v, "spec", "limits", NULL)) {
		in = go_in(x, ".limits[%d]", i++);
		if (!json_is(item, "type", "Container"))
			bad_choice(x, "type", json_at(item, "type", NULL),
			    "\"Container\"");
		if (json_at(item, "maxLimitRequestRatio", NULL) != NULL)
			bad_forbidden(x, "maxLimitRequestRatio",
			    "is not supported by this API server");
		check_order(x, item);
		go_back(x, in);
	}
	go_back(x, was);
}
