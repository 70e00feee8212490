/*
 * Server-side printing: the meta.k8s.io/v1 Table that kubectl get shows.
 * Columns and cells are those of a real API server.
 */
#ifndef TABLE_H
#define TABLE_H

#include "k8s-apid/types.h"
#include "lib/json.h"

/*
 * An empty Table for a kind, with column definitions when headers is not 0;
 * the caller's, NULL without memory.
 */
cJSON *table_new(const struct type *t, int headers);

/* What a row has of its object beside the cells. */
enum table_include { TABLE_METADATA, TABLE_OBJECT, TABLE_NONE };

/* From the query includeObject (or NULL); what is unknown is metadata. */
enum table_include table_include(const char *query);

/* Appends a row for the object.  0 or -1. */
int table_add(cJSON *table, const struct type *t, const cJSON *object,
    enum table_include include);

#endif
