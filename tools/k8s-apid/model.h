/*
 * The shape of the built-in kinds: which members an object has, of which
 * type, and under which number protobuf carries them.  Taken from the Go
 * types of k8s.io/api v0.32.  Every body that comes in is held against it,
 * so that the rooms behind need not check types again.
 *
 * A type is a line in one of model_*.c: its name, and its fields as
 * "name:TYPE" with blanks between.  TYPE is
 *   s string   b boolean   i int32   l int64   y base64 bytes   f number
 *   t time     m time with microseconds        q quantity
 *   x integer or string    j anything          NAME another type
 *   [TYPE] list   {TYPE} map by strings   *TYPE pointer: keeps zero values
 * ">NAME" are the members of another type, inlined.  The protobuf number is
 * one more than that of the field before, or what "@N" behind it says.
 */
#ifndef MODEL_H
#define MODEL_H

#include <stddef.h>

#include "k8s-apid/status.h"
#include "k8s-apid/types.h"
#include "lib/json.h"

struct model {
	const char *name, *fields;
};

struct model_field {
	const char *name, *type; /* not ended: name_len, type_len */
	size_t name_len, type_len;
	int number;
	int inlined, pointer;
};

/* The type with the name (len bytes), or NULL. */
const struct model *model_find(const char *name, size_t len);

/*
 * Steps through fields: *at starts as model->fields, f->number as 0.
 * 1, or 0 at the end.
 */
int model_next(const char **at, struct model_field *f);

/*
 * Holds an object (without nulls) against its kind.  Members that the kind
 * does not have are removed and named in unknown ("spec.x" each on a line).
 * Quantities that are numbers become strings.  -1: 400 for wrong types.
 */
int model_check(
    const struct type *t, cJSON *v, struct buf *unknown, struct status *st);

/*
 * A body in Kubernetes' protobuf encoding ("k8s\0" and a runtime.Unknown)
 * as JSON, with apiVersion and kind; the caller's.  NULL with f filled.
 */
cJSON *model_read_protobuf(const void *p, size_t len, struct fault *f);

#define MODEL_PROTOBUF "application/vnd.kubernetes.protobuf"

/* The tables, each sorted by name and ended by an entry without one. */
extern const struct model model_access[], model_apps[], model_core[],
    model_meta[], model_pod[], model_volumes[];

#endif
