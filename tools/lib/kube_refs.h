/*
 * Which objects: KIND/NAME operands, and the `apply` records that k8s-apply
 * prints, as references that other tools take.  A reference only names; whether
 * the kind exists is discovery's to say (kube_kind_find).
 */
#ifndef KUBE_REFS_H
#define KUBE_REFS_H

#include <stddef.h>
#include <stdio.h>
#include <time.h>

#include "buf.h"
#include "fault.h"
#include "kube.h"

struct kube_ref {
	char *api_version; /* "apps/v1", or NULL: any ("deploy/web") */
	char *kind;        /* as given: a kind, plural or short name */
	char *ns;          /* namespace, or NULL: none was given */
	char *name;
	struct timespec changed; /* of a record whose object was created or
				    configured: its ts; else 0 */
};

/* A list of references; zero-initialise.  All strings are its own. */
struct kube_refs {
	struct kube_ref *v;
	size_t n;
};

/*
 * Appends the reference of an operand: KIND/NAME ("deploy/web",
 * "deployments.apps/web"), or a bare NAME when kind is not NULL.  -1:
 * FAULT_INPUT "ARG: reason" when it is malformed.
 */
int kube_refs_parse_arg(
    struct kube_refs *refs, const char *arg, const char *kind, struct fault *f);

/*
 * Appends a reference (strings copied; api_version and ns may be NULL or "").
 */
int kube_refs_add(struct kube_refs *refs, const char *api_version,
    const char *kind, const char *ns, const char *name, struct fault *f);

/*
 * Appends the reference of each `apply` record of in, to its end; records of
 * other types are passed over, and so are those whose result is "failed".
 * name is the file's, for messages.  -1: "NAME:LINE: reason" (FAULT_INPUT
 * when malformed, FAULT_UNSURE when it cannot be read).
 */
int kube_refs_read(
    struct kube_refs *refs, FILE *in, const char *name, struct fault *f);

/*
 * Resolves a reference by discovery: *kind and, in path, the object's path
 * (otherwise_ns when the reference has no namespace and the kind needs one).
 * -1 as kube_kind_find.
 */
int kube_ref_resolve(struct kube *k, const struct kube_ref *ref,
    const char *otherwise_ns, struct kube_kind *kind, struct buf *path,
    struct fault *f);

/*
 * Appends the query that selects a reference's pods in ns to query: a Pod by
 * its name ("fieldSelector=..."), a workload or Service by its selector
 * ("labelSelector=..."), for which the object is fetched.  -1: it does not
 * exist (FAULT_NO), selects no pods (FAULT_INPUT), cannot be had.
 */
int kube_ref_pods(struct kube *k, const struct kube_ref *ref, const char *ns,
    struct buf *query, struct fault *f);

/*
 * Appends a LabelSelector object, or a plain map of labels, as the text that
 * the API takes ("a=b,c in (d,e)"), not escaped.  0, or -1 when it is empty,
 * which would select everything, or malformed.
 */
int kube_selector_text(struct buf *b, const cJSON *selector);

void kube_refs_release(struct kube_refs *refs);

#endif
