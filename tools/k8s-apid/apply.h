/*
 * Who owns which field: server-side apply, and the tracking of ownership on
 * every other write.  Pure: objects in, objects out; storing, defaulting,
 * validation and resourceVersion are the caller's.  (The model is
 * apimachinery's managedfields over structured-merge-diff's merge.Updater.)
 *
 * How k8s-apid uses it:
 *   PATCH apply   new = apply_patch(rq, live or NULL, config, &causes, f)
 *                 then defaults and validation; if apply_same(live, new):
 *                 nothing is stored and the live object is the answer.
 *   POST, PUT, other PATCHes
 *                 with defaults done and live's status (or, for a
 *                 subresource, all but it) carried over:
 *                 apply_track(rq, live or NULL, object, f), then apply_same.
 */
#ifndef APPLY_H
#define APPLY_H

#include "lib/fault.h"
#include "lib/json.h"

#define APPLY_MANAGER_MAX 128 /* bytes of a field manager's name */
#define APPLY_MAX_UPDATERS 10 /* Update entries kept; older ones are merged */

struct apply_request {
	const char *manager;     /* the fieldManager parameter; for apply_track
				    NULL: from the user agent, see below */
	const char *user_agent;  /* "kubectl/v1.32.0 (linux...": its part before
				    '/' names the manager when manager is NULL */
	const char *subresource; /* NULL, "status", "scale" */
	const char *api_version; /* "apps/v1", of the request */
	const char *kind;
	int force;        /* take fields over from others */
	const char *time; /* RFC 3339 in whole seconds, for entries that change;
			     NULL: now */
};

/*
 * Server-side apply of config over live (NULL: create).  config has no
 * managedFields (FAULT_INPUT).  Returns the new object, the caller's, with
 * metadata.managedFields brought up to date; what this manager applied
 * before, no longer does and nobody else owns is gone from it.  NULL: FAULT_NO
 * for conflicts, when *causes is the caller's array of StatusCause objects
 * (reason FieldManagerConflict, message, field) for details.causes of a 409
 * with reason Conflict and f's message ("Apply failed with 1 conflict: ...");
 * FAULT_INPUT for a config that cannot be applied (400 BadRequest: no manager,
 * list items without keys or with the same keys twice).
 * With subresource NULL config's status is passed over; with "status"
 * everything but status is.
 */
cJSON *apply_patch(const struct apply_request *rq, const cJSON *live,
    const cJSON *config, cJSON **causes, struct fault *f);

/*
 * Ownership of a plain write: object is what shall be stored; its
 * metadata.managedFields are set from live's (NULL: create), or from its own
 * where the writer changed them on purpose ([] or [{}] resets), and the
 * manager now owns what differs from live.  0, or -1 (FAULT_UNSURE without
 * memory; object is unusable then).
 */
int apply_track(const struct apply_request *rq, const cJSON *live,
    cJSON *object, struct fault *f);

/*
 * 1 when a and b are the same but for resourceVersion, the order of members
 * and the times in managedFields: a write that changes nothing.
 */
int apply_same(const cJSON *a, const cJSON *b);

#endif
