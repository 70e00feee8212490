/*
 * What is to be uploaded, one object after the other: the files of folders,
 * single files, or JSON lines on standard input.  Nothing is listed ahead, so
 * a folder of any size takes no memory.
 */
#ifndef S3_PUT_OBJECTS_H
#define S3_PUT_OBJECTS_H

#include <stddef.h>

#include "lib/fault.h"

#define OBJECT_KEY_MAX 1024                  /* bytes, as S3 has it */
#define OBJECT_SIZE_MAX ((long long)5 << 30) /* of one PUT */
#define OBJECT_HELD_MAX ((long long)1 << 20) /* read into memory */
#define OBJECT_LINE_MAX ((size_t)64 << 20)   /* of standard input */

struct object {
	char *key;   /* prefix and all */
	char *type;  /* content type */
	char *where; /* for messages: the file, or stdin:LINE */
	char *body;  /* len bytes, or NULL: they are read from fd */
	int fd;      /* or -1 */
	size_t len;
	char sha256[65]; /* hex */
	char md5[32];    /* base64; "" when the bytes are not in memory */
};

struct objects;

/*
 * From n operands (none: "-", standard input); prefix, put before each key,
 * and operands are borrowed.  NULL without memory.
 */
struct objects *objects_new(
    char *const *operands, size_t n, const char *prefix, struct fault *f);
void objects_free(struct objects *o);

/*
 * The next object, to be released: 1; 0 at the end; -1 with f filled when
 * one is no good (a file that cannot be read, a key that is refused, a line
 * that is malformed): the others can still be asked for.
 */
int objects_next(struct objects *o, struct object *out, struct fault *f);

void object_release(struct object *o);

/*
 * 0 when S3 and everything between it and us take the key as it is: 1 to
 * 1024 bytes, no control characters, no "." or ".." between slashes, no
 * slash at the front.  Else -1 (FAULT_INPUT).
 */
int object_key_ok(const char *key, struct fault *f);

/* The content type for a file name's extension; never NULL. */
const char *object_type(const char *name);

#endif
