/*
 * What runs for an image name: folders with an image.json, matched by
 * patterns, as variants of which the first whose programs are installed is
 * taken.  Nothing is ever pulled: "present" means that such a folder is.
 */
#ifndef NODED_IMAGE_H
#define NODED_IMAGE_H

#include "lib/fault.h"
#include "lib/json.h"

struct images;

struct image {
	const char *name;     /* its folder's name */
	const char *dir;      /* absolute */
	const cJSON *variant; /* entrypoint, cmd, env, workdir, user, mounts */
	char id[256];         /* sandbox://NAME/VERSION LINE */
};

/*
 * The folders to look in, first match wins, and the one that containers have
 * at /inttest/bin; all borrowed.  NULL without memory.
 */
struct images *
images_new(const char *const *dirs, size_t n, const char *bin, struct fault *f);
void images_free(struct images *im);

/*
 * The image for a reference ("postgres:16"): *out is borrowed and stays
 * valid.  Folders are read again when a name is unknown, so an image may be
 * added later.  -1: FAULT_NO when no pattern matches or no variant can run
 * here (the message says what was looked for), FAULT_INPUT for a malformed
 * image.json.  The first use of an image may run its version command.
 */
int images_find(struct images *im, const char *ref, const struct image **out,
    struct fault *f);

/*
 * 1 when s is an image reference as the distribution project defines it
 * ([DOMAIN/]PATH[:TAG][@DIGEST]); else 0 and *why a reason for people.
 */
int image_valid(const char *s, const char **why);

/* 1 when pattern matches the reference as written, or with ":latest". */
int image_matches(const char *pattern, const char *ref);

#endif
