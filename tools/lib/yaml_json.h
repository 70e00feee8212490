/*
 * Streams of JSON values as YAML documents.  For yaml.c alone: libyaml reads
 * most of JSON, but neither values that stand behind each other without
 * `---`, nor surrogate pairs, nor keys of more than 1,024 bytes.
 */
#ifndef YAML_JSON_H
#define YAML_JSON_H

#include "yaml.h"

/*
 * Reads text (len bytes) as JSON values with blanks between.  1 with docs
 * filled; 0 when it is no JSON, with the reason in f, docs left empty and
 * *read the number of values that were; -1 for what is wrong in YAML too
 * (duplicate keys, numbers out of range).
 */
int yaml_json(const char *text, size_t len, struct yaml_docs *docs,
    size_t *read, struct fault *f);

/* Appends a document: 0, or -1 (value is freed). */
int yaml_docs_add(
    struct yaml_docs *docs, cJSON *value, unsigned long line, struct fault *f);

#endif
