/*
 * Persistent volume claims: there are no volumes here that outlive their
 * pods, and no provisioner.  A claim stays Pending, and an Event says why, in
 * the words of a cluster that has none either; pods that use it are not
 * scheduled.
 */
#include <stdio.h>

#include "k8s-controllerd/act.h"
#include "k8s-controllerd/meta.h"

static void
event(struct control *c, const struct change *ch)
{
	if (ch->resource == CLAIMS && ch->event == KUBE_ADDED &&
	    !json_is(json_at(ch->object, "status", NULL), "phase", "Bound"))
		work_add_object(c, &claim_controller, CLAIMS, ch->object);
}

static void
reconcile(struct control *c, struct work *w)
{
	const cJSON *claim = control_get(c, CLAIMS, w->ns, w->name);
	const char *class = json_str(claim, "spec", "storageClassName", NULL);
	char why[400];

	if (claim == NULL || meta_dying(claim))
		return;
	if (class == NULL || *class == '\0') {
		act_event(c, CLAIMS, claim, "Normal", "FailedBinding",
		    "no persistent volumes available for this claim and no "
		    "storage class is set",
		    "persistentvolume");
		return;
	}
	snprintf(why, sizeof why,
	    "storageclass.storage.k8s.io \"%.253s\" not found", class);
	act_event(c, CLAIMS, claim, "Warning", "ProvisioningFailed", why,
	    "persistentvolume");
}

const struct controller claim_controller = { "persistentvolume", event,
	reconcile };
