/*
 * The columns that kubectl get shows of each kind.
 */
#ifndef COLUMNS_H
#define COLUMNS_H

#include "k8s-apid/types.h"
#include "lib/buf.h"
#include "lib/json.h"

struct column {
	const char *name;
	const char *type; /* "integer"; NULL: "string" */
	int wide;         /* 1: with -o wide only */
	void (*cell)(const cJSON *object, struct buf *out);
};

/* The columns of a kind, ended by one without a name. */
const struct column *columns_of(const struct type *t);

/* Those of pods, and of what runs pods. */
extern const struct column columns_pods[], columns_deployments[],
    columns_replicasets[], columns_statefulsets[], columns_daemonsets[],
    columns_jobs[];

/* Those of the cluster's own kinds. */
extern const struct column columns_namespaces[], columns_nodes[],
    columns_events[], columns_bindings[], columns_roles[], columns_leases[];

/* ---- what several cells need ---- */

void column_name(const cJSON *v, struct buf *out);
void column_age(const cJSON *v, struct buf *out);

/* "5m12s" since an RFC 3339 time, as kubectl counts; "<unknown>" for NULL. */
void column_since(const char *ts, struct buf *out);

/* "5m12s" for seconds. */
void column_duration(double seconds, struct buf *out);

/* Appends s, or "<none>" when it is NULL or empty. */
void column_or_none(const char *s, struct buf *out);

/* Labels (an object) as "a=b,c=d", or "<none>". */
void column_labels(const cJSON *labels, struct buf *out);

#endif
