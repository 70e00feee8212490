/*
 * Fields by kind: see select_field.h.
 */
#include "select_field.h"

#include <stdio.h>
#include <string.h>

/* Which fields can be selected by, beyond metadata.name and .namespace. */
static const struct {
	const char *kind;
	const char *paths; /* blank-separated */
} selectable[] = {
	{ "Event",
	    "involvedObject.kind involvedObject.namespace involvedObject.name "
	    "involvedObject.uid involvedObject.apiVersion "
	    "involvedObject.resourceVersion involvedObject.fieldPath reason "
	    "reportingComponent source type" },
	{ "Pod", "spec.nodeName spec.restartPolicy spec.schedulerName "
		 "spec.serviceAccountName spec.hostNetwork status.phase "
		 "status.podIP status.nominatedNodeName" },
	{ "Node", "spec.unschedulable" },
	{ "Namespace", "status.phase" },
	{ "Secret", "type" },
	{ "Service", "spec.clusterIP spec.type" },
	{ "ReplicaSet", "status.replicas" },
	{ "Job", "status.successful" },
};

/* Fields whose name in a selector is not their path in the object. */
static const struct {
	const char *kind, *name, *path;
} renamed[] = {
	{ "Event", "source", "source.component" },
	{ "Job", "status.successful", "status.succeeded" },
};

const char *
select_field_path(const char *kind, const char *name)
{
	size_t i, n = strlen(name);
	const char *p;

	for (i = 0; i < sizeof renamed / sizeof *renamed; i++)
		if (strcmp(renamed[i].kind, kind) == 0 &&
		    strcmp(renamed[i].name, name) == 0)
			return renamed[i].path;
	if (strcmp(name, "metadata.name") == 0 ||
	    strcmp(name, "metadata.namespace") == 0)
		return name;
	for (i = 0; i < sizeof selectable / sizeof *selectable; i++) {
		if (strcmp(selectable[i].kind, kind) != 0)
			continue;
		p = selectable[i].paths;
		/* an empty name is found everywhere */
		while (n > 0 && (p = strstr(p, name)) != NULL) {
			if ((p == selectable[i].paths || p[-1] == ' ') &&
			    (p[n] == ' ' || p[n] == '\0'))
				return name;
			p += n;
		}
	}
	return NULL;
}

/* The scalar at a dotted path as text, "" when missing; num is scratch. */
static const char *
field_at(const cJSON *object, const char *path, char *num, size_t size)
{
	const cJSON *v = object;
	char name[256];
	size_t n;

	for (; v != NULL && *path != '\0'; path += n + (path[n] == '.')) {
		n = strcspn(path, ".");
		snprintf(name, sizeof name, "%.*s", (int)n, path);
		v = cJSON_GetObjectItemCaseSensitive(v, name);
	}
	if (cJSON_IsString(v))
		return v->valuestring;
	if (cJSON_IsBool(v))
		return cJSON_IsTrue(v) ? "true" : "false";
	if (!cJSON_IsNumber(v))
		return "";
	snprintf(num, size, "%.0f", v->valuedouble);
	return num;
}

/* Fields that are numbers or booleans count as 0 or false when missing. */
static const char *
field_default(const char *path)
{
	static const char *const zero[] = { "status.replicas", "0",
		"status.succeeded", "0", "spec.unschedulable", "false",
		"spec.hostNetwork", "false" };
	size_t i;

	for (i = 0; i < sizeof zero / sizeof *zero; i += 2)
		if (strcmp(zero[i], path) == 0)
			return zero[i + 1];
	return "";
}

const char *
select_field_value(
    const cJSON *object, const char *path, char *num, size_t size)
{
	const char *value = field_at(object, path, num, size);

	return value[0] == '\0' ? field_default(path) : value;
}
