/*
 * What is mounted into a container: see places.h.
 */
#include "k8s-noded/places.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "k8s-noded/image.h"
#include "k8s-noded/path.h"
#include "k8s-noded/payload.h"
#include "k8s-noded/volume.h"

static int
place_add(struct places *ps, const char *dest, const char *src, int read_only,
    struct fault *f)
{
	struct place *v = reallocarray(ps->v, ps->n + 1, sizeof(*v));
	size_t len = strlen(dest);

	if (v == NULL)
		return fault_nomem(f);
	ps->v = v;
	v += ps->n;
	while (len > 1 && dest[len - 1] == '/')
		len--;
	v->dest = strndup(dest, len);
	if (v->dest == NULL)
		return fault_nomem(f);
	v->read_only = read_only;
	ps->n++;
	return path_make(v->src, "%s", src) == 0 ?
		   0 :
		   fault_sys(f, FAULT_INPUT, errno, "%s", dest);
}

void
places_release(struct places *ps)
{
	size_t i;

	for (i = 0; i < ps->n; i++)
		free(ps->v[i].dest);
	free(ps->v);
	*ps = (struct places){ 0 };
}

/* Folders before what is in them. */
static int
by_length(const void *a, const void *b)
{
	const struct place *x = a, *y = b;
	size_t m = strlen(x->dest), n = strlen(y->dest);

	return m != n ? (m > n) - (m < n) : strcmp(x->dest, y->dest);
}

/* One volumeMount. */
static int
place_volume(struct places *ps, const struct container *c, const cJSON *m,
    const struct env *e, struct fault *f)
{
	const char *name = json_str(m, "name", NULL);
	const char *dest = json_str(m, "mountPath", NULL);
	const char *sub = json_str(m, "subPath", NULL);
	const char *expr = json_str(m, "subPathExpr", NULL);
	char src[PATH_MAX], path[PATH_MAX];
	struct buf b;
	int ro, status = -1;

	buf_init(&b, PATH_MAX);
	if (name == NULL || dest == NULL || *dest != '/' ||
	    strstr(dest, "..") != NULL) {
		fault_set(f, FAULT_INPUT, "volumeMount %s: malformed mountPath",
		    name != NULL ? name : "");
		goto out;
	}
	if (volume_path(c->pod, name, path, &ro) != 0) {
		fault_set(f, FAULT_INPUT, "volume \"%s\" not found", name);
		goto out;
	}
	if (expr != NULL && *expr != '\0') {
		if (env_expand(&b, expr, e) != 0)
			goto out;
		sub = buf_str(&b);
	}
	if (sub != NULL && *sub != '\0') {
		if (payload_within(path, sub, !ro, src, sizeof(src), f) != 0)
			goto out;
	} else if (path_make(src, "%s", path) != 0) {
		goto out;
	}
	status = place_add(ps, dest, src, ro || json_bool(m, "readOnly", 0), f);
out:
	buf_release(&b);
	return status;
}

int
places_find(struct places *ps, const struct container *c, const struct env *e,
    struct fault *f)
{
	const cJSON *m;
	char src[PATH_MAX];
	size_t i = 0;
	int ro;

	cJSON_ArrayForEach(m, json_at(c->image->variant, "writable", NULL)) {
		if (!cJSON_IsString(m) || m->valuestring[0] != '/')
			continue;
		if (path_make(src, "%s/writable-%zu", c->rootfs, i++) != 0 ||
		    mkdir(src, 0700) != 0)
			return fault_sys(f, FAULT_UNSURE, errno, "%s", src);
		if (place_add(ps, m->valuestring, src, 0, f) != 0)
			return -1;
	}
	cJSON_ArrayForEach(m, json_at(c->spec, "volumeMounts", NULL))
		if (place_volume(ps, c, m, e, f) != 0)
			return -1;
	if (volume_wants_token(c->pod, c->spec)) {
		if (volume_path(c->pod, VOLUME_TOKEN, src, &ro) != 0 ||
		    place_add(ps, VOLUME_TOKEN_PATH, src, 1, f) != 0)
			return fault_set(f, FAULT_UNSURE, "token volume");
	}
	if (ps->n - i > 1)
		qsort(ps->v + i, ps->n - i, sizeof(*ps->v), by_length);
	return 0;
}

int
places_at(const struct places *ps, const char *path)
{
	size_t i;

	for (i = 0; i < ps->n; i++)
		if (strcmp(ps->v[i].dest, path) == 0)
			return 1;
	return 0;
}

const char *
places_below(const char *path, const char *tree)
{
	size_t n = strlen(tree);

	return strncmp(path, tree, n) == 0 && path[n] == '/' ? path + n + 1 :
							       NULL;
}

int
places_need_farm(const struct places *ps, const char *tree, const char *host)
{
	char path[PATH_MAX], real[PATH_MAX];
	const char *rest;
	size_t i;

	for (i = 0; i < ps->n; i++) {
		rest = places_below(ps->v[i].dest, tree);
		if (rest == NULL)
			continue;
		if (path_make(path, "%s/%s", host, rest) != 0 ||
		    realpath(path, real) == NULL || strcmp(path, real) != 0)
			return 1;
	}
	return 0;
}
