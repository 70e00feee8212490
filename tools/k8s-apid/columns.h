/*
 * The columns that kubectl get shows of each kind.
 */
#ifndef COLUMNS_H
#define COLUMNS_H

#include "k8s-apid/types.h"
#include "lib/buf.h"
#include "lib/json.h"

#define COLUMN_PATH 4 /* steps of the longest */

struct column {
	const char *name;
	const char *type; /* "integer"; NULL: "string" */
	int wide;         /* 1: with -o wide only */
	/*
	 * Shows what stands at path (NULL when nothing does), or the object
	 * when path has no step.
	 */
	void (*cell)(const cJSON *at, struct buf *out);
	const char *path[COLUMN_PATH]; /* NULL behind the last */
};

/* A row of a table: the name, the cell, the steps of the path if any. */
#define COLUMN(name, ...) COLUMN_ROW(name, NULL, 0, __VA_ARGS__)
#define COLUMN_INT(name, ...) COLUMN_ROW(name, "integer", 0, __VA_ARGS__)
#define COLUMN_WIDE(name, ...) COLUMN_ROW(name, NULL, 1, __VA_ARGS__)
#define COLUMN_ROW(name, type, wide, cell, ...) \
	{                                       \
		name, type, wide, cell,         \
		{                               \
			__VA_ARGS__             \
		}                               \
	}

/* The columns of a kind, ended by one without a name. */
const struct column *columns_of(const struct type *t);

/* Appends the cell of an object in a column. */
void column_show(const struct column *c, const cJSON *object, struct buf *out);

/* Those of pods, and of what runs pods. */
extern const struct column columns_pods[], columns_deployments[],
    columns_replicasets[], columns_statefulsets[], columns_daemonsets[],
    columns_jobs[];

/* Those of the cluster's own kinds. */
extern const struct column columns_namespaces[], columns_nodes[],
    columns_events[], columns_bindings[], columns_roles[], columns_leases[],
    columns_claims[], columns_limits[], columns_quotas[], columns_revisions[];

/* ---- cells of a value ---- */

/* The string; nothing, or "<none>" also for "", when it is none. */
void column_text(const cJSON *text, struct buf *out);
void column_text_or_none(const cJSON *text, struct buf *out);

/* The number, whole; 0 when it is none. */
void column_number(const cJSON *number, struct buf *out);

/* Labels (an object) as "a=b,c=d", or "<none>". */
void column_labels(const cJSON *labels, struct buf *out);

/* ---- cells of an object ---- */

/* Its name; how long ago it was made. */
void column_name(const cJSON *v, struct buf *out);
void column_age(const cJSON *v, struct buf *out);

/* ---- what several cells need ---- */

/* "5m12s" since an RFC 3339 time, as kubectl counts; "<unknown>" for NULL. */
void column_since(const char *ts, struct buf *out);

/* "5m12s" for seconds. */
void column_duration(double seconds, struct buf *out);

/* Appends s, or "<none>" when it is NULL or empty. */
void column_or_none(const char *s, struct buf *out);

#endif
