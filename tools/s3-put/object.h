/*
 * One object made ready: its bytes at hand and their digests known.
 */
#ifndef S3_PUT_OBJECT_H
#define S3_PUT_OBJECT_H

#include "lib/buf.h"
#include "s3-put/objects.h"

/*
 * Of a file.  Up to OBJECT_HELD_MAX bytes are read into memory; larger files
 * are hashed and kept open.  type may be NULL: by the key's extension.  1,
 * or -1 (FAULT_INPUT: no such file, no regular one, too large, a key that is
 * refused); out is to be released in either case.
 */
int object_of_file(struct object *out, const char *prefix, const char *key,
    const char *path, const char *type, struct fault *f);

/* Of a text; where is for messages.  Else as object_of_file. */
int object_of_text(struct object *out, const char *prefix, const char *key,
    const struct buf *text, const char *where, const char *type,
    struct fault *f);

#endif
