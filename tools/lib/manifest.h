/*
 * Manifests: YAML or JSON files, folders of them, or standard input, as a
 * list of objects that know where they were written.
 */
#ifndef MANIFEST_H
#define MANIFEST_H

#include "fault.h"
#include "json.h"

#define MANIFEST_MAX (64 << 20) /* bytes of one file */

struct manifest {
	cJSON *object;      /* owned; has apiVersion, kind, metadata.name */
	const char *source; /* file name, or "stdin"; owned by the list */
	unsigned long line; /* where its document starts, from 1 */
};

/* Zero-initialise. */
struct manifests {
	struct manifest *v;
	size_t n;
	char **sources;
	size_t sources_n;
};

enum manifest_flags {
	MANIFEST_RECURSIVE = 1,    /* folders within folders */
	MANIFEST_PLACEHOLDERS = 2, /* ${NAME} is nothing special */
};

/*
 * Appends the objects of path: a file, a folder (its *.yaml, *.yml and *.json
 * in the order of their names), or "-" for standard input.  Lists are taken
 * apart.  -1: FAULT_INPUT with "FILE:LINE: reason" for malformed text, an
 * object without apiVersion, kind or metadata.name, or a placeholder ${NAME}
 * (capitals) left in the text; FAULT_INPUT or FAULT_UNSURE for what cannot
 * be read.
 */
int manifest_read(struct manifests *m, const char *path,
    enum manifest_flags flags, struct fault *f);

/* As manifest_read for text (len bytes) that messages call source. */
int manifest_parse(struct manifests *m, const char *source, const char *text,
    size_t len, enum manifest_flags flags, struct fault *f);

void manifests_release(struct manifests *m);

#endif
