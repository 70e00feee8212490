/*
 * Defaults of what runs pods: see defaults.h.
 */
#include <stdlib.h>
#include <string.h>

#include "k8s-apid/defaults.h"

#define HISTORY 10   /* revisionHistoryLimit */
#define PROGRESS 600 /* seconds, progressDeadlineSeconds */
#define BACKOFF 6    /* backoffLimit */
#define BATCH "batch.kubernetes.io/"

/* Whether the strategy, once defaulted, is a rolling one: 1, 0 or -1. */
static int
is_rolling(cJSON *strategy)
{
	if (strategy == NULL ||
	    default_str(strategy, "type", "RollingUpdate") != 0)
		return -1;
	return strcmp(json_str(strategy, "type", NULL), "RollingUpdate") == 0;
}

static int
deployment(cJSON *spec)
{
	cJSON *strategy = json_sub(spec, "strategy"), *r;
	int rc = is_rolling(strategy);

	if (rc == 1) {
		r = json_sub(strategy, "rollingUpdate");
		rc = default_str(r, "maxUnavailable", "25%") |
		     default_str(r, "maxSurge", "25%");
	}
	return rc | default_num(spec, "replicas", 1) |
	       default_num(spec, "revisionHistoryLimit", HISTORY) |
	       default_num(spec, "progressDeadlineSeconds", PROGRESS);
}

static int
replica_set(cJSON *spec)
{
	return default_num(spec, "replicas", 1);
}

/* Claims in templates are whole objects and get their defaults too. */
static int
stateful_set(cJSON *spec)
{
	cJSON *update = json_sub(spec, "updateStrategy");
	cJSON *keep = json_sub(spec, "persistentVolumeClaimRetentionPolicy");
	cJSON *claim, *in;
	int rc = default_num(spec, "replicas", 1) |
		 default_str(spec, "podManagementPolicy", "OrderedReady") |
		 default_num(spec, "revisionHistoryLimit", HISTORY) |
		 default_str(update, "type", "RollingUpdate") |
		 default_str(keep, "whenDeleted", "Retain") |
		 default_str(keep, "whenScaled", "Retain");

	if (is_rolling(update) == 1)
		rc |= default_num(
		    json_sub(update, "rollingUpdate"), "partition", 0);
	cJSON_ArrayForEach(claim, json_at(spec, "volumeClaimTemplates", NULL)) {
		in = json_sub(claim, "spec");
		rc |=
		    json_set_str(claim, "apiVersion", "v1") |
		    json_set_str(claim, "kind", "PersistentVolumeClaim") |
		    default_str(in, "volumeMode", "Filesystem") |
		    default_str(json_sub(claim, "status"), "phase", "Pending");
	}
	return rc;
}

static int
daemon_set(cJSON *spec)
{
	cJSON *update = json_sub(spec, "updateStrategy"), *r;
	int rc = default_str(update, "type", "RollingUpdate") |
		 default_num(spec, "revisionHistoryLimit", HISTORY);

	if (rc != 0 ||
	    strcmp(json_str(update, "type", NULL), "RollingUpdate") != 0)
		return rc;
	r = json_sub(update, "rollingUpdate");
	return default_num(r, "maxUnavailable", 1) |
	       default_num(r, "maxSurge", 0);
}

/* Neither number given is one pod; parallelism alone is a work queue. */
static int
job(cJSON *spec)
{
	int rc = 0;

	if (json_at(spec, "completions", NULL) == NULL &&
	    json_at(spec, "parallelism", NULL) == NULL)
		rc = json_set_num(spec, "completions", 1);
	return rc | default_num(spec, "parallelism", 1) |
	       default_num(spec, "backoffLimit", BACKOFF) |
	       default_str(spec, "completionMode", "NonIndexed") |
	       default_bool(spec, "suspend", 0) |
	       default_bool(spec, "manualSelector", 0) |
	       default_str(spec, "podReplacementPolicy",
		   json_at(spec, "podFailurePolicy", NULL) != NULL ?
		       "Failed" :
		       "TerminatingOrFailed");
}

/* Counts that are always there, 0 too. */
static int
counts(const char *kind, cJSON *v)
{
	static const char *const of_daemon_set[] = { "currentNumberScheduled",
		"desiredNumberScheduled", "numberMisscheduled", "numberReady" };
	cJSON *status = json_sub(v, "status");
	size_t i;
	int rc = 0;

	if (strcmp(kind, "ReplicaSet") == 0 || strcmp(kind, "StatefulSet") == 0)
		rc = default_num(status, "replicas", 0);
	if (strcmp(kind, "StatefulSet") == 0)
		rc |= default_num(status, "availableReplicas", 0);
	if (strcmp(kind, "DaemonSet") == 0)
		for (i = 0; i < 4; i++)
			rc |= default_num(status, of_daemon_set[i], 0);
	return rc;
}

/* Templates may lack metadata in a manifest; controllers add labels there. */
int
defaults_workload(const char *kind, cJSON *v)
{
	static const struct {
		const char *kind;
		int (*fn)(cJSON *spec);
	} kinds[] = {
		{ "DaemonSet", daemon_set },
		{ "Deployment", deployment },
		{ "Job", job },
		{ "ReplicaSet", replica_set },
		{ "StatefulSet", stateful_set },
	};
	cJSON *spec, *template;
	size_t i;

	for (i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
		if (strcmp(kinds[i].kind, kind) != 0)
			continue;
		spec = json_sub(v, "spec");
		template = json_at(spec, "template", NULL);
		if (kinds[i].fn(spec) != 0 || counts(kind, v) != 0)
			return -1;
		if (template == NULL)
			return 0;
		if (default_object(template, "metadata") != 0)
			return -1;
		return defaults_pod_spec(json_sub(template, "spec"));
	}
	return 0;
}

/* The uid makes pods of a namesake that came before someone else's. */
int
defaults_job_selector(cJSON *job)
{
	static const char *const keys[] = { BATCH "controller-uid",
		BATCH "job-name", "controller-uid", "job-name" };
	const char *uid = json_str(job, "metadata", "uid", NULL);
	const char *name = json_str(job, "metadata", "name", NULL);
	cJSON *spec = json_sub(job, "spec"), *meta, *labels, *match;
	int rc = 0;
	size_t i;

	meta = json_sub(json_sub(spec, "template"), "metadata");
	if (!json_bool(spec, "manualSelector", 0)) {
		labels = json_sub(meta, "labels");
		for (i = 0; i < sizeof keys / sizeof keys[0]; i++)
			rc |= json_set_str(
			    labels, keys[i], i % 2 == 0 ? uid : name);
		match = json_sub(json_sub(spec, "selector"), "matchLabels");
		rc |= json_set_str(match, keys[0], uid);
	}
	labels = json_at(meta, "labels", NULL);
	if (json_at(job, "metadata", "labels", NULL) == NULL && labels != NULL)
		rc |= json_set(json_sub(job, "metadata"), "labels",
		    cJSON_Duplicate(labels, 1));
	return rc;
}
