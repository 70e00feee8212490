/*
 * Types of model.h: RBAC, authentication, leases, scale, eviction, metrics.
 */
#include "k8s-apid/model.h"

const struct model model_access[] = {
	{ "AggregationRule", "clusterRoleSelectors:[LabelSelector]" },
	{ "BoundObjectReference", "kind:s apiVersion:s name:s uid:s" },
	{ "ClusterRole", "metadata:ObjectMeta rules:[PolicyRule] "
			 "aggregationRule:*AggregationRule" },
	{ "ClusterRoleBinding",
	    "metadata:ObjectMeta subjects:[Subject] roleRef:RoleRef" },
	{ "ContainerMetrics", "name:s usage:{q}" },
	{ "Eviction", "metadata:ObjectMeta deleteOptions:*DeleteOptions" },
	{ "FieldSelectorAttributes",
	    "rawSelector:s requirements:[FieldSelectorRequirement]" },
	{ "LabelSelectorAttributes",
	    "rawSelector:s requirements:[LabelSelectorRequirement]" },
	{ "Lease", "metadata:ObjectMeta spec:LeaseSpec" },
	{ "LeaseSpec",
	    "holderIdentity:*s leaseDurationSeconds:*i acquireTime:*m "
	    "renewTime:*m leaseTransitions:*i strategy:*s preferredHolder:*s" },
	{ "NonResourceAttributes", "path:s verb:s" },
	{ "NonResourceRule", "verbs:[s] nonResourceURLs:[s]" },
	{ "PodMetrics", "metadata:ObjectMeta timestamp:t window:s "
			"containers:[ContainerMetrics]" },
	{ "PolicyRule",
	    "verbs:[s] apiGroups:[s] resources:[s] resourceNames:[s] "
	    "nonResourceURLs:[s]" },
	{ "ResourceAttributes",
	    "namespace:s verb:s group:s version:s resource:s subresource:s "
	    "name:s fieldSelector:*FieldSelectorAttributes "
	    "labelSelector:*LabelSelectorAttributes" },
	{ "ResourceRule",
	    "verbs:[s] apiGroups:[s] resources:[s] resourceNames:[s]" },
	{ "Role", "metadata:ObjectMeta rules:[PolicyRule]" },
	{ "RoleBinding",
	    "metadata:ObjectMeta subjects:[Subject] roleRef:RoleRef" },
	{ "RoleRef", "apiGroup:s kind:s name:s" },
	{ "Scale", "metadata:ObjectMeta spec:ScaleSpec status:ScaleStatus" },
	{ "ScaleSpec", "replicas:i" },
	{ "ScaleStatus", "replicas:i selector:s" },
	{ "SelfSubjectAccessReview",
	    "metadata:ObjectMeta spec:SelfSubjectAccessReviewSpec "
	    "status:SubjectAccessReviewStatus" },
	{ "SelfSubjectAccessReviewSpec",
	    "resourceAttributes:*ResourceAttributes "
	    "nonResourceAttributes:*NonResourceAttributes" },
	{ "SelfSubjectReview",
	    "metadata:ObjectMeta status:SelfSubjectReviewStatus" },
	{ "SelfSubjectReviewStatus", "userInfo:UserInfo" },
	{ "SelfSubjectRulesReview",
	    "metadata:ObjectMeta spec:SelfSubjectRulesReviewSpec "
	    "status:SubjectRulesReviewStatus" },
	{ "SelfSubjectRulesReviewSpec", "namespace:s" },
	{ "Subject", "kind:s apiGroup:s name:s namespace:s" },
	{ "SubjectAccessReviewStatus",
	    "allowed:b denied:b@4 reason:s@2 evaluationError:s" },
	{ "SubjectRulesReviewStatus",
	    "resourceRules:[ResourceRule] nonResourceRules:[NonResourceRule] "
	    "incomplete:b evaluationError:s" },
	{ "TokenRequest", "metadata:ObjectMeta spec:TokenRequestSpec "
			  "status:TokenRequestStatus" },
	{ "TokenRequestSpec", "audiences:[s] expirationSeconds:*l@4 "
			      "boundObjectRef:*BoundObjectReference@3" },
	{ "TokenRequestStatus", "token:s expirationTimestamp:t" },
	{ "UserInfo", "username:s uid:s groups:[s] extra:{[s]}" },
	{ NULL, NULL },
};
