/*
 * Types of model.h: metadata, selectors, deletion.
 */
#include "k8s-apid/model.h"

const struct model model_meta[] = {
	{ "Condition",
	    "type:s status:s observedGeneration:l lastTransitionTime:t "
	    "reason:s message:s" },
	{ "DeleteOptions",
	    "gracePeriodSeconds:*l preconditions:*Preconditions "
	    "orphanDependents:*b propagationPolicy:*s dryRun:[s] "
	    "ignoreStoreReadErrorWithClusterBreakingPotential:*b" },
	{ "FieldSelectorRequirement", "key:s operator:s values:[s]" },
	{ "LabelSelector",
	    "matchLabels:{s} matchExpressions:[LabelSelectorRequirement]" },
	{ "LabelSelectorRequirement", "key:s operator:s values:[s]" },
	{ "ManagedFieldsEntry",
	    "manager:s operation:s apiVersion:s time:*t fieldsType:s@6 "
	    "fieldsV1:*j subresource:s" },
	{ "ObjectMeta",
	    "name:s generateName:s namespace:s selfLink:s uid:s "
	    "resourceVersion:s generation:l creationTimestamp:t "
	    "deletionTimestamp:*t deletionGracePeriodSeconds:*l labels:{s} "
	    "annotations:{s} ownerReferences:[OwnerReference] finalizers:[s] "
	    "managedFields:[ManagedFieldsEntry]@17" },
	{ "OwnerReference",
	    "apiVersion:s@5 kind:s@1 name:s@3 uid:s controller:*b@6 "
	    "blockOwnerDeletion:*b" },
	{ "Preconditions", "uid:*s resourceVersion:*s" },
	{ NULL, NULL },
};
