/*
 * YAML and JSON documents as JSON values, scalars read as kubectl reads them
 * (sigs.k8s.io/yaml over go-yaml: YAML 1.1 booleans, 0644 is octal, dates
 * stay strings); the door to libyaml.
 */
#ifndef LIB_YAML_H /* libyaml's own header has taken YAML_H */
#define LIB_YAML_H

#include "fault.h"
#include "json.h"

struct yaml_doc {
	cJSON *value;       /* owned; never NULL */
	unsigned long line; /* where the document starts, from 1 */
};

struct yaml_docs {
	struct yaml_doc *v;
	size_t n;
};

/*
 * Reads all documents of text (len bytes; a stream of JSON values works
 * too); empty documents are left out.  -1 with "line L: reason"
 * (FAULT_INPUT): malformed, a duplicate key, an unknown anchor, an
 * unsupported value, more than 1,000,000 nodes once aliases are expanded.
 */
int yaml_read(
    const char *text, size_t len, struct yaml_docs *docs, struct fault *f);

void yaml_docs_release(struct yaml_docs *docs);

/*
 * A plain (unquoted) scalar as kubectl reads it, a new value; NULL without
 * memory or (f filled) for one that JSON cannot hold, such as .inf.
 */
cJSON *yaml_scalar(const char *s, size_t n, struct fault *f);

#endif
