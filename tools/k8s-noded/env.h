/*
 * The environment of a container, put together as the kubelet does: service
 * variables, then envFrom, then env in order, with $(VAR) expanded.  Pure:
 * ConfigMaps and Secrets come through callbacks, so that tests need no
 * cluster.
 */
#ifndef NODED_ENV_H
#define NODED_ENV_H

#include "k8s-noded/field.h"
#include "lib/buf.h"
#include "lib/json.h"

#define ENV_MAX (1 << 20) /* bytes of one value */

/* "NAME=VALUE" strings in order of definition; zero-initialise. */
struct env {
	char **v; /* n strings, then NULL: fit for execve; NULL when empty */
	size_t n;
};

/* Sets or replaces a variable (both copied): 0, or -1 without memory. */
int
env_set(struct env *e, const char *name, const char *value, struct fault *f);

/* Its value, borrowed, or NULL. */
const char *env_get(const struct env *e, const char *name);

void env_release(struct env *e);

/*
 * Appends s with $(NAME) replaced by e's value; unknown names stay as they
 * are, $$ is one $ (Kubernetes' third_party/forked/golang/expansion).  0, or
 * -1: the buffer has failed.
 */
int env_expand(struct buf *out, const char *s, const struct env *e);

struct env_sources {
	/* the object's "data" holder of that name in the pod's namespace, or
	 * NULL; borrowed */
	const cJSON *(*config_map)(void *arg, const char *name);
	const cJSON *(*secret)(void *arg, const char *name);
	void *arg;
	const cJSON *pod;
	struct field_node node;
};

/*
 * Adds envFrom and env of container to e.  -1 with the kubelet's message: a
 * missing object or key that is not optional (FAULT_NO), a malformed
 * reference (FAULT_INPUT).
 */
int env_build(struct env *e, const struct env_sources *src,
    const cJSON *container, struct fault *f);

/*
 * Adds the variables of one Service: NAME_SERVICE_HOST, NAME_SERVICE_PORT,
 * NAME_SERVICE_PORT_<portname>, and Docker's NAME_PORT... set.  Services
 * without a cluster IP have none.  0, or -1 without memory.
 */
int env_service(struct env *e, const cJSON *service, struct fault *f);

/*
 * The value of key in a ConfigMap (data, binaryData) or, with secret, in a
 * Secret (data) as bytes appended to out: 1, or 0 when there is no such key,
 * -1 when it cannot be decoded.
 */
int env_object_value(struct buf *out, const cJSON *object, int secret,
    const char *key, struct fault *f);

#endif
