/*
 * Files of a volume that come from objects (ConfigMap, Secret, downwardAPI,
 * token), written as the kubelet's atomic writer does: the files are in a
 * folder with a time in its name, ..data links to it, and each name links
 * through ..data; an update swaps one link, so a reader never sees half.
 */
#ifndef NODED_PAYLOAD_H
#define NODED_PAYLOAD_H

#include <stddef.h>
#include <sys/types.h>

#include "lib/fault.h"

struct payload_file {
	struct payload_file *next;
	char *path; /* relative, without ".." and without a leading slash */
	void *data;
	size_t len;
	mode_t mode;
};

/* A set of files, later ones replace earlier ones; zero-initialise. */
struct payload {
	struct payload_file *files;
};

/*
 * Adds a file (all copied).  -1: FAULT_INPUT when the path is absolute, has
 * a ".." element or begins with ".."; or no memory.
 */
int payload_add(struct payload *p, const char *path, const void *data,
    size_t len, mode_t mode, struct fault *f);

void payload_release(struct payload *p);

/*
 * Makes dir hold exactly these files.  1 when something was written, 0 when
 * it held them already, -1 with f filled (the old state stays).
 */
int payload_write(const struct payload *p, const char *dir, struct fault *f);

/* Removes a whole folder, never following a link out of it. */
void payload_remove_tree(const char *dir);

/*
 * Resolves sub below dir, links included, and makes sure that it stays in
 * there; what is missing is made as folders when create is set.  The result
 * is absolute, in out (size bytes).  -1: FAULT_INPUT when it leads out,
 * FAULT_NO when it does not exist.
 */
int payload_within(const char *dir, const char *sub, int create, char *out,
    size_t size, struct fault *f);

#endif
