/*
 * The volumes of a pod: see volume.h.  All of a pod's volumes are looked at
 * in each step of the pod, so that a changed ConfigMap shows in a running
 * container: payload_write does nothing when nothing has changed.
 */
#include "k8s-noded/volume.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "k8s-noded/env.h"
#include "k8s-noded/path.h"
#include "k8s-noded/payload.h"
#include "k8s-noded/token.h"

#define VOLUME_FILE_MAX (4 << 20) /* an object has 1 MiB at most */

/* What is needed while one volume is put together. */
struct maker {
	struct pod *pod;
	struct payload files;
	mode_t mode; /* of files without one of their own */
	int pending; /* a token is under way */
};

static mode_t
mode_of(const cJSON *v, const char *key, mode_t otherwise)
{
	return (mode_t)json_num(v, key, otherwise) & 0777;
}

/* One key of an object as a file: 1, 0 when there is no such key, -1. */
static int
add_key(struct maker *m, const cJSON *object, int secret, const char *key,
    const char *path, mode_t mode, struct fault *f)
{
	struct buf b;
	int found;

	buf_init(&b, VOLUME_FILE_MAX);
	found = env_object_value(&b, object, secret, key, f);
	if (found == 1 &&
	    payload_add(&m->files, path, buf_str(&b), b.len, mode, f) != 0)
		found = -1;
	if (b.data != NULL)
		explicit_bzero(b.data, b.len);
	buf_release(&b);
	return found;
}

static int
add_object(struct maker *m, const cJSON *source, const cJSON *object,
    int secret, struct fault *f)
{
	static const char *const maps[] = { "data", "binaryData" };
	const cJSON *items = json_at(source, "items", NULL), *i;
	size_t k;
	int found, optional = json_bool(source, "optional", 0);

	if (cJSON_GetArraySize(items) == 0) {
		for (k = 0; k < 2; k++)
			cJSON_ArrayForEach(i, json_at(object, maps[k], NULL))
				if (add_key(m, object, secret, i->string,
					i->string, m->mode, f) < 0)
					return -1;
		return 0;
	}
	cJSON_ArrayForEach(i, items) {
		const char *key = json_str(i, "key", NULL);
		const char *path = json_str(i, "path", NULL);

		if (key == NULL || path == NULL)
			return fault_set(
			    f, FAULT_INPUT, "items: key or path is missing");
		found = add_key(m, object, secret, key, path,
		    mode_of(i, "mode", m->mode), f);
		if (found < 0)
			return -1;
		if (found == 0 && !optional)
			return fault_set(f, FAULT_NO,
			    secret ? "references non-existent secret key: %s" :
				     "configmap references non-existent "
				     "config key: %s",
			    key);
	}
	return 0;
}

static int
add_config_map(struct maker *m, const cJSON *source, struct fault *f)
{
	const char *name = json_str(source, "name", NULL);
	int optional = json_bool(source, "optional", 0);
	const cJSON *object;

	if (name == NULL)
		return fault_set(f, FAULT_INPUT, "configMap: no name");
	object = kube_cache_get(m->pod->node->config_maps, m->pod->ns, name);
	if (object == NULL && optional)
		return 0;
	if (object == NULL)
		return fault_set(
		    f, FAULT_NO, "configmap \"%s\" not found", name);
	return add_object(m, source, object, 0, f);
}

/* Volumes say secretName, projected sources say name. */
static int
add_secret(struct maker *m, const cJSON *source, struct fault *f)
{
	const char *name = json_str(source, "secretName", NULL);
	int optional = json_bool(source, "optional", 0);
	const cJSON *object;

	if (name == NULL)
		name = json_str(source, "name", NULL);
	if (name == NULL)
		return fault_set(f, FAULT_INPUT, "secret: no name");
	object = kube_cache_get(m->pod->node->secrets, m->pod->ns, name);
	if (object == NULL && optional)
		return 0;
	if (object == NULL)
		return fault_set(f, FAULT_NO, "secret \"%s\" not found", name);
	return add_object(m, source, object, 1, f);
}

static int
add_downward(struct maker *m, const cJSON *source, struct fault *f)
{
	const cJSON *i;
	struct buf b;
	int status = 0;

	buf_init(&b, VOLUME_FILE_MAX);
	cJSON_ArrayForEach(i, json_at(source, "items", NULL)) {
		const char *path = json_str(i, "path", NULL);
		const char *field = json_str(i, "fieldRef", "fieldPath", NULL);
		const cJSON *res = json_at(i, "resourceFieldRef", NULL);
		const char *what = json_str(res, "resource", NULL);

		buf_clear(&b);
		buf_adds(&b, "");
		if (path == NULL || (field == NULL && what == NULL))
			status = fault_set(f, FAULT_INPUT,
			    "downwardAPI: path or reference is missing");
		else if (field != NULL)
			status = field_value(&b, m->pod->object, field, f);
		else
			status = field_resource(&b,
			    field_container(m->pod->object,
				json_str(res, "containerName", NULL)),
			    what, json_str(res, "divisor", NULL),
			    &m->pod->node->size, f);
		if (status == 0)
			status = payload_add(&m->files, path, buf_str(&b),
			    b.len, mode_of(i, "mode", m->mode), f);
		if (status != 0)
			break;
	}
	buf_release(&b);
	return status;
}

static int
add_token(struct maker *m, const cJSON *source, struct fault *f)
{
	const char *path = json_str(source, "path", NULL);
	const char *audience = json_str(source, "audience", NULL);
	const char *value;

	switch (token_get(m->pod, audience != NULL ? audience : "",
	    json_num(source, "expirationSeconds", 0), &value, f)) {
	case 1:
		return payload_add(&m->files, path != NULL ? path : "token",
		    value, strlen(value), 0600, f);
	case 0:
		m->pending = 1;
		return 0;
	default:
		return -1;
	}
}

static int
add_projected(struct maker *m, const cJSON *source, struct fault *f)
{
	static const struct {
		const char *name;
		int (*add)(struct maker *, const cJSON *, struct fault *);
	} kinds[] = {
		{ "configMap", add_config_map },
		{ "secret", add_secret },
		{ "downwardAPI", add_downward },
		{ "serviceAccountToken", add_token },
	};
	const cJSON *s, *part;
	size_t i;

	cJSON_ArrayForEach(s, json_at(source, "sources", NULL)) {
		for (i = 0; i < 4; i++) {
			part = json_at(s, kinds[i].name, NULL);
			if (part != NULL)
				break;
		}
		if (i == 4)
			return fault_set(f, FAULT_NO,
			    "a projected source %s is not supported by the "
			    "sandbox",
			    s->child != NULL ? s->child->string : "");
		if (kinds[i].add(m, part, f) != 0)
			return -1;
	}
	return 0;
}

/* What the API server's admission would have written as a volume. */
static int
add_account(struct maker *m, struct fault *f)
{
	const cJSON *root = kube_cache_get(
	    m->pod->node->config_maps, m->pod->ns, "kube-root-ca.crt");
	const char *ca = json_str(root, "data", "ca.crt", NULL);

	if (ca == NULL)
		ca = m->pod->node->ca;
	if (add_token(m, NULL, f) != 0)
		return -1;
	if (payload_add(&m->files, "namespace", m->pod->ns, strlen(m->pod->ns),
		0644, f) != 0)
		return -1;
	return ca == NULL ?
		   0 :
		   payload_add(&m->files, "ca.crt", ca, strlen(ca), 0644, f);
}

static const struct kind {
	const char *name;
	int (*add)(struct maker *, const cJSON *, struct fault *);
	int read_only;
} kinds[] = {
	{ "configMap", add_config_map, 1 },
	{ "secret", add_secret, 1 },
	{ "downwardAPI", add_downward, 1 },
	{ "projected", add_projected, 1 },
	{ "emptyDir", NULL, 0 },
};

/* The kind of a volume and its source, or NULL. */
static const struct kind *
kind_of(const cJSON *volume, const cJSON **source)
{
	size_t i;

	for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		*source = json_at(volume, kinds[i].name, NULL);
		if (*source != NULL)
			return &kinds[i];
	}
	return NULL;
}

static int
folder(const struct pod *p, const char *name, char *out)
{
	char rest[PATH_MAX];

	if (path_make(rest, ".volumes/%s", name) != 0)
		return -1;
	return pod_path(p, out, rest);
}

/* Makes the folder and its files: 1, 0 pending, -1. */
static int
set_up(struct pod *p, const char *name, const cJSON *source,
    int (*add)(struct maker *, const cJSON *, struct fault *), struct fault *f)
{
	struct maker m = { .pod = p,
		.mode = mode_of(source, "defaultMode", 0644) };
	char dir[PATH_MAX];
	int status = -1;

	if (folder(p, name, dir) != 0 || path_make_dirs(dir, 0777) != 0 ||
	    (add == NULL && chmod(dir, 0777) != 0)) {
		fault_sys(f, FAULT_UNSURE, errno, "%s", name);
		goto out;
	}
	if (add != NULL && add(&m, source, f) != 0)
		goto out;
	if (add != NULL && !m.pending && payload_write(&m.files, dir, f) < 0)
		goto out;
	status = !m.pending;
out:
	payload_release(&m.files);
	if (status < 0)
		fault_prefix(f, "MountVolume.SetUp failed for volume \"%s\" ",
		    *name == '.' ? "kube-api-access" : name);
	return status;
}

static int
add_account_source(struct maker *m, const cJSON *source, struct fault *f)
{
	(void)source;
	return add_account(m, f);
}

int
volume_wants_token(const struct pod *p, const cJSON *container)
{
	if (!json_bool(json_at(p->object, "spec", NULL),
		"automountServiceAccountToken", 1))
		return 0;
	return json_find(json_at(container, "volumeMounts", NULL), "mountPath",
		   VOLUME_TOKEN_PATH) == NULL;
}

static int
any_wants_token(const struct pod *p)
{
	size_t i;

	for (i = 0; i < p->n; i++)
		if (volume_wants_token(p, p->containers[i].spec))
			return 1;
	return 0;
}

int
volumes_set_up(struct pod *p, struct fault *f)
{
	const cJSON *v, *source;
	const struct kind *kind;
	const char *name;
	int done = 1, one;

	cJSON_ArrayForEach(v, json_at(p->object, "spec", "volumes", NULL)) {
		name = json_str(v, "name", NULL);
		if (name == NULL || *name == '.' || strchr(name, '/') != NULL)
			return fault_set(f, FAULT_INPUT, "volume: bad name");
		kind = kind_of(v, &source);
		if (kind == NULL && v->child != NULL &&
		    v->child->next == NULL) {
			kind = &kinds[4]; /* no source: an emptyDir */
			source = NULL;
		}
		if (kind == NULL) {
			for (source = v->child; source != NULL;
			     source = source->next)
				if (strcmp(source->string, "name") != 0)
					break;
			return fault_set(f, FAULT_NO,
			    "MountVolume.SetUp failed for volume \"%s\" : %s "
			    "volumes are not supported by the sandbox",
			    name, source != NULL ? source->string : "such");
		}
		one = set_up(p, name, source, kind->add, f);
		if (one < 0)
			return -1;
		done &= one;
	}
	if (!any_wants_token(p))
		return done;
	one = set_up(p, VOLUME_TOKEN, NULL, add_account_source, f);
	return one < 0 ? -1 : done & one;
}

int
volume_path(const struct pod *p, const char *name, char *out, int *read_only)
{
	const cJSON *v, *source;
	const struct kind *kind;

	if (strcmp(name, VOLUME_TOKEN) == 0) {
		*read_only = 1;
		return folder(p, name, out);
	}
	v = json_find(
	    json_at(p->object, "spec", "volumes", NULL), "name", name);
	if (v == NULL)
		return -1;
	kind = kind_of(v, &source);
	*read_only = kind != NULL && kind->read_only;
	return folder(p, name, out);
}
