/*
 * What checks may not be, told while the line is still known: what would only
 * be refused when the check is sent, or be read as something else than meant.
 */
#ifndef HTTP_PROBE_CHECK_RULES_H
#define HTTP_PROBE_CHECK_RULES_H

#include "lib/fault.h"
#include "lib/json.h"

/* Each gives 0, or -1 with "WHAT: reason" (FAULT_INPUT). */

/* No member stands twice, at any depth but in a body. */
int rules_unique(const cJSON *check, struct fault *f);

/* No \u0000 in a line, but in a body: strings would end there. */
int rules_zero(const char *line, size_t len, struct fault *f);

/* A header that can be sent. */
int rules_header(const char *name, const char *value, struct fault *f);

/* "/..." or a URL, or a ${NAME} that may become one; without blanks. */
int rules_path(const char *path, struct fault *f);

/* 1 when path is a URL of its own, with no base before it. */
int rules_absolute(const char *path);

/* A name that both ${NAME} and jq's $NAME can be. */
int rules_variable(const char *name, struct fault *f);

#endif
