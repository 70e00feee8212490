/*
 * What a YAML scalar means: the rules of go-yaml v2, which kubectl reads
 * with, apart from any parser.  For yaml.c alone; others include yaml.h.
 */
#ifndef YAML_SCALAR_H
#define YAML_SCALAR_H

#include "fault.h"
#include "json.h"

/*
 * The value of the scalar s (n bytes, a 0 behind them) under a full tag
 * ("tag:yaml.org,2002:int") or NULL, which is what a plain scalar has.
 * Integers that a double cannot hold become raw values, so that no digit is
 * lost.  A new value, or NULL: without memory, or FAULT_INPUT when s cannot
 * be read under that tag or JSON cannot hold it.
 */
cJSON *yaml_resolve(const char *tag, const char *s, size_t n, struct fault *f);

/*
 * The member name for a scalar key, as sigs.k8s.io/yaml makes one: numbers
 * in their shortest form, booleans "true" or "false".  Allocated; NULL as
 * above, and for a null key.
 */
char *yaml_key(const char *tag, const char *s, size_t n, struct fault *f);

#define YAML_TAG "tag:yaml.org,2002:"

#endif
