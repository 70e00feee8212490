/*
 * The environment of a container: see env.h.  A plain array with linear
 * look-up: containers have tens of variables, and execve wants an array.
 */
#include "k8s-noded/env.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/digest.h"

static size_t
env_index(const struct env *e, const char *name)
{
	size_t i, len = strlen(name);

	for (i = 0; i < e->n; i++)
		if (strncmp(e->v[i], name, len) == 0 && e->v[i][len] == '=')
			break;
	return i;
}

int
env_set(struct env *e, const char *name, const char *value, struct fault *f)
{
	size_t i = env_index(e, name);
	char *s, **v;

	if (asprintf(&s, "%s=%s", name, value) < 0)
		return fault_nomem(f);
	if (i < e->n) {
		free(e->v[i]);
		e->v[i] = s;
		return 0;
	}
	v = reallocarray(e->v, e->n + 2, sizeof(*v));
	if (v == NULL) {
		free(s);
		return fault_nomem(f);
	}
	e->v = v;
	e->v[e->n++] = s;
	e->v[e->n] = NULL;
	return 0;
}

const char *
env_get(const struct env *e, const char *name)
{
	size_t i = env_index(e, name);

	return i < e->n ? e->v[i] + strlen(name) + 1 : NULL;
}

void
env_release(struct env *e)
{
	size_t i;

	for (i = 0; i < e->n; i++)
		free(e->v[i]);
	free(e->v);
	*e = (struct env){ 0 };
}

int
env_expand(struct buf *out, const char *s, const struct env *e)
{
	const char *close, *value;
	char name[512];
	size_t n;

	buf_adds(out, "");
	for (; *s != '\0'; s++) {
		if (*s != '$' || s[1] == '\0') {
			buf_addc(out, *s);
			continue;
		}
		s++;
		if (*s == '$') {
			buf_addc(out, '$');
			continue;
		}
		close = *s == '(' ? strchr(s, ')') : NULL;
		n = close != NULL ? (size_t)(close - s) - 1 : 0;
		if (close == NULL || n >= sizeof(name)) {
			buf_addc(out, '$');
			buf_addc(out, *s);
			continue;
		}
		memcpy(name, s + 1, n);
		name[n] = '\0';
		value = env_get(e, name);
		if (value != NULL)
			buf_adds(out, value);
		else
			buf_addf(out, "$(%s)", name);
		s = close;
	}
	return out->failed ? -1 : 0;
}

/* C_IDENTIFIER is too strict: Kubernetes also takes dots and dashes. */
static int
valid_name(const char *s)
{
	if (*s == '\0' || isdigit((unsigned char)*s))
		return 0;
	for (; *s != '\0'; s++)
		if (!isalnum((unsigned char)*s) && strchr("_.-", *s) == NULL)
			return 0;
	return 1;
}

int
env_object_value(struct buf *out, const cJSON *object, int secret,
    const char *key, struct fault *f)
{
	const char *s = json_str(object, "data", key, NULL);

	if (s != NULL && !secret) {
		buf_adds(out, s);
	} else {
		if (!secret)
			s = json_str(object, "binaryData", key, NULL);
		if (s == NULL)
			return 0;
		buf_adds(out, "");
		if (digest_unbase64(s, strlen(s), out, f) != 0)
			return fault_prefix(f, "%s", key);
	}
	return out->failed ? fault_nomem(f) : 1;
}

/* All keys of one envFrom object; binaryData is for files only. */
static int
add_all(struct env *e, const cJSON *object, int secret, const char *prefix,
    struct fault *f)
{
	struct buf value;
	const cJSON *m;
	char name[1024];
	int n, status = 0;

	buf_init(&value, ENV_MAX);
	cJSON_ArrayForEach(m, json_at(object, "data", NULL)) {
		n = snprintf(name, sizeof(name), "%s%s", prefix, m->string);
		/* the kubelet skips names that cannot be */
		if (n < 0 || (size_t)n >= sizeof(name) || !valid_name(name))
			continue;
		buf_clear(&value);
		if (env_object_value(&value, object, secret, m->string, f) <
			0 ||
		    env_set(e, name, buf_str(&value), f) != 0) {
			status = -1;
			break;
		}
	}
	buf_release(&value);
	return status;
}

static int
add_from(struct env *e, const struct env_sources *src, const cJSON *from,
    struct fault *f)
{
	const char *prefix = json_str(from, "prefix", NULL);
	const cJSON *ref = json_at(from, "configMapRef", NULL);
	const cJSON *object;
	const char *name;
	int secret = ref == NULL;

	if (secret)
		ref = json_at(from, "secretRef", NULL);
	name = json_str(ref, "name", NULL);
	if (name == NULL)
		return fault_set(
		    f, FAULT_INPUT, "envFrom: no configMapRef or secretRef");
	object = secret ? src->secret(src->arg, name) :
			  src->config_map(src->arg, name);
	if (object == NULL)
		return json_bool(ref, "optional", 0) ?
			   0 :
			   fault_set(f, FAULT_NO, "%s \"%s\" not found",
			       secret ? "secret" : "configmap", name);
	return add_all(e, object, secret, prefix != NULL ? prefix : "", f);
}

/* valueFrom's configMapKeyRef or secretKeyRef: 1 found, 0 optional, -1. */
static int
key_ref(struct buf *out, const struct env_sources *src, const cJSON *ref,
    int secret, struct fault *f)
{
	const char *name = json_str(ref, "name", NULL);
	const char *key = json_str(ref, "key", NULL);
	const char *ns = json_str(src->pod, "metadata", "namespace", NULL);
	const cJSON *object;
	int found, optional = json_bool(ref, "optional", 0);

	if (name == NULL || key == NULL)
		return fault_set(
		    f, FAULT_INPUT, "valueFrom: name or key is missing");
	object = secret ? src->secret(src->arg, name) :
			  src->config_map(src->arg, name);
	if (object == NULL)
		return optional ? 0 :
				  fault_set(f, FAULT_NO, "%s \"%s\" not found",
				      secret ? "secret" : "configmap", name);
	found = secret || json_at(object, "data", key, NULL) != NULL ?
		    env_object_value(out, object, secret, key, f) :
		    0;
	if (found == 0 && !optional)
		return fault_set(f, FAULT_NO,
		    "couldn't find key %s in %s %s/%s", key,
		    secret ? "Secret" : "ConfigMap", ns != NULL ? ns : "",
		    name);
	return found;
}

/* The value that valueFrom gives: 1, 0 when optional and missing, -1. */
static int
value_from(struct buf *out, const struct env_sources *src,
    const cJSON *container, const cJSON *from, struct fault *f)
{
	const cJSON *ref;
	const char *path;

	if ((ref = json_at(from, "configMapKeyRef", NULL)) != NULL)
		return key_ref(out, src, ref, 0, f);
	if ((ref = json_at(from, "secretKeyRef", NULL)) != NULL)
		return key_ref(out, src, ref, 1, f);
	if ((path = json_str(from, "fieldRef", "fieldPath", NULL)) != NULL)
		return field_value(out, src->pod, path, f) == 0 ? 1 : -1;
	if ((ref = json_at(from, "resourceFieldRef", NULL)) != NULL) {
		const char *other = json_str(ref, "containerName", NULL);
		const cJSON *divisor = json_at(ref, "divisor", NULL);
		char number[32];

		path = json_str(ref, "resource", NULL);
		if (path == NULL)
			path = "";
		if (other != NULL && *other != '\0')
			container = field_container(src->pod, other);
		if (cJSON_IsNumber(divisor))
			snprintf(number, sizeof(number), "%.17g",
			    divisor->valuedouble);
		return field_resource(out, container, path,
			   cJSON_IsNumber(divisor) ?
			       number :
			       json_str(ref, "divisor", NULL),
			   &src->node, f) == 0 ?
			   1 :
			   -1;
	}
	return fault_set(f, FAULT_INPUT, "valueFrom: nothing that is known");
}

int
env_build(struct env *e, const struct env_sources *src, const cJSON *container,
    struct fault *f)
{
	const cJSON *item;
	struct buf value;
	int status = -1;

	buf_init(&value, ENV_MAX);
	cJSON_ArrayForEach(item, json_at(container, "envFrom", NULL))
		if (add_from(e, src, item, f) != 0)
			goto out;
	cJSON_ArrayForEach(item, json_at(container, "env", NULL)) {
		const char *name = json_str(item, "name", NULL);
		const char *plain = json_str(item, "value", NULL);
		const cJSON *from = json_at(item, "valueFrom", NULL);
		int found = 1;

		if (name == NULL || strchr(name, '=') != NULL) {
			fault_set(f, FAULT_INPUT, "env: malformed name");
			goto out;
		}
		buf_clear(&value);
		if (from != NULL && (plain == NULL || *plain == '\0'))
			found = value_from(&value, src, container, from, f);
		else if (env_expand(&value, plain != NULL ? plain : "", e) != 0)
			found = fault_nomem(f);
		if (found < 0)
			goto out;
		if (found && env_set(e, name, buf_str(&value), f) != 0)
			goto out;
	}
	status = 0;
out:
	buf_release(&value);
	return status;
}

/* "my-svc" as "MY_SVC". */
static void
upper(char *out, size_t size, const char *s)
{
	size_t i;

	for (i = 0; s[i] != '\0' && i + 1 < size; i++)
		out[i] = s[i] == '-' || s[i] == '.' ?
			     '_' :
			     (char)toupper((unsigned char)s[i]);
	out[i] = '\0';
}

static int __attribute__((format(printf, 4, 5)))
set_f(struct env *e, const char *name, struct fault *f, const char *fmt, ...)
{
	char value[256];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(value, sizeof(value), fmt, ap);
	va_end(ap);
	return env_set(e, name, value, f);
}

/* Docker's variables of one port: NAME_PORT_80_TCP and its parts. */
static int
docker_port(struct env *e, const char *svc, const char *ip, int port,
    const char *proto, struct fault *f)
{
	char base[320], name[352], up[16];

	upper(up, sizeof(up), proto);
	snprintf(base, sizeof(base), "%s_PORT_%d_%s", svc, port, up);
	upper(up, sizeof(up), proto);
	for (char *p = up; *p != '\0'; p++)
		*p = (char)tolower((unsigned char)*p);
	if (set_f(e, base, f, "%s://%s:%d", up, ip, port) != 0)
		return -1;
	snprintf(name, sizeof(name), "%s_PROTO", base);
	if (env_set(e, name, up, f) != 0)
		return -1;
	snprintf(name, sizeof(name), "%s_PORT", base);
	if (set_f(e, name, f, "%d", port) != 0)
		return -1;
	snprintf(name, sizeof(name), "%s_ADDR", base);
	return env_set(e, name, ip, f);
}

int
env_service(struct env *e, const cJSON *service, struct fault *f)
{
	const char *svc = json_str(service, "metadata", "name", NULL);
	const char *ip = json_str(service, "spec", "clusterIP", NULL);
	const char *proto, *pname;
	char up[256], name[512], part[128];
	const cJSON *port;
	int first = 1, number;

	if (svc == NULL || ip == NULL || *ip == '\0' || strcmp(ip, "None") == 0)
		return 0;
	upper(up, sizeof(up), svc);
	snprintf(name, sizeof(name), "%s_SERVICE_HOST", up);
	if (env_set(e, name, ip, f) != 0)
		return -1;
	cJSON_ArrayForEach(port, json_at(service, "spec", "ports", NULL)) {
		number = (int)json_num(port, "port", 0);
		proto = json_str(port, "protocol", NULL);
		if (proto == NULL)
			proto = "TCP";
		if (first) {
			snprintf(name, sizeof(name), "%s_SERVICE_PORT", up);
			if (set_f(e, name, f, "%d", number) != 0)
				return -1;
			snprintf(name, sizeof(name), "%s_PORT", up);
			if (set_f(e, name, f, "%s://%s:%d",
				strcmp(proto, "UDP") == 0 ? "udp" : "tcp", ip,
				number) != 0)
				return -1;
			first = 0;
		}
		pname = json_str(port, "name", NULL);
		if (pname != NULL && *pname != '\0') {
			upper(part, sizeof(part), pname);
			snprintf(
			    name, sizeof(name), "%s_SERVICE_PORT_%s", up, part);
			if (set_f(e, name, f, "%d", number) != 0)
				return -1;
		}
		if (docker_port(e, up, ip, number, proto, f) != 0)
			return -1;
	}
	return 0;
}
