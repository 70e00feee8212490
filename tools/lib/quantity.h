/*
 * Kubernetes quantities: "250m", "1.5", "128Mi", "12345n", "1e3".
 */
#ifndef QUANTITY_H
#define QUANTITY_H

#include "json.h"

/*
 * Reads a quantity into *out, in its base unit (cores, bytes).  0, or -1 when
 * it is none.  (apimachinery's resource.Quantity: decimal suffixes n u m k M G
 * T P E, binary Ki Mi Gi Ti Pi Ei, or a decimal exponent.)
 */
int quantity_parse(const char *s, double *out);

/* The same of a JSON value: a string, or a number that stands for itself. */
int quantity_json(const cJSON *v, double *out);

#endif
