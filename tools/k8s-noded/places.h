/*
 * What is mounted into a container: its volumeMounts and the writable
 * folders of its image, each a folder or file of the host with its place.
 */
#ifndef NODED_PLACES_H
#define NODED_PLACES_H

#include <limits.h>

#include "k8s-noded/env.h"
#include "k8s-noded/pod.h"

struct place {
	char *dest;         /* absolute, without a slash at its end */
	char src[PATH_MAX]; /* on the host */
	int read_only;
};

/* Zero-initialise. */
struct places {
	struct place *v;
	size_t n;
};

/*
 * Finds all places of a container whose rootfs folder exists: the image's
 * writable folders first, so that a volume at the same path is bound over
 * them, then volumes, outer before inner.  subPathExpr is expanded from e.
 * -1: an unknown volume, a subPath that leads out of its volume or (on a
 * read-only volume) does not exist.
 */
int places_find(struct places *ps, const struct container *c,
    const struct env *e, struct fault *f);
void places_release(struct places *ps);

/* 1 when something is mounted at path itself. */
int places_at(const struct places *ps, const char *path);

/* path's part below tree ("x/y" for "/usr/x/y" in "/usr"), or NULL. */
const char *places_below(const char *path, const char *tree);

/*
 * 1 when something is mounted below tree at a place that the host's folder
 * does not have, or has only behind a link.
 */
int
places_need_farm(const struct places *ps, const char *tree, const char *host);

#endif
