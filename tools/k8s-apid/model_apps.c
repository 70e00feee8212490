/*
 * Types of model.h: workloads.
 */
#include "k8s-apid/model.h"

const struct model model_apps[] = {
	{ "ControllerRevision", "metadata:ObjectMeta data:j revision:l" },
	{ "DaemonSet",
	    "metadata:ObjectMeta spec:DaemonSetSpec status:DaemonSetStatus" },
	{ "DaemonSetCondition",
	    "type:s status:s lastTransitionTime:t reason:s message:s" },
	{ "DaemonSetSpec",
	    "selector:*LabelSelector template:PodTemplateSpec "
	    "updateStrategy:DaemonSetUpdateStrategy minReadySeconds:i "
	    "revisionHistoryLimit:*i@6" },
	{ "DaemonSetStatus",
	    "currentNumberScheduled:i numberMisscheduled:i "
	    "desiredNumberScheduled:i numberReady:i observedGeneration:l "
	    "updatedNumberScheduled:i numberAvailable:i numberUnavailable:i "
	    "collisionCount:*i conditions:[DaemonSetCondition]" },
	{ "DaemonSetUpdateStrategy",
	    "type:s rollingUpdate:*RollingUpdateDaemonSet" },
	{ "Deployment",
	    "metadata:ObjectMeta spec:DeploymentSpec status:DeploymentStatus" },
	{ "DeploymentCondition",
	    "type:s status:s lastUpdateTime:t@6 lastTransitionTime:t "
	    "reason:s@4 message:s" },
	{ "DeploymentSpec",
	    "replicas:*i selector:*LabelSelector template:PodTemplateSpec "
	    "strategy:DeploymentStrategy minReadySeconds:i "
	    "revisionHistoryLimit:*i paused:b progressDeadlineSeconds:*i@9" },
	{ "DeploymentStatus",
	    "observedGeneration:l replicas:i updatedReplicas:i "
	    "readyReplicas:i@7 availableReplicas:i@4 unavailableReplicas:i "
	    "conditions:[DeploymentCondition] collisionCount:*i@8" },
	{ "DeploymentStrategy",
	    "type:s rollingUpdate:*RollingUpdateDeployment" },
	{ "Job", "metadata:ObjectMeta spec:JobSpec status:JobStatus" },
	{ "JobCondition",
	    "type:s status:s lastProbeTime:t lastTransitionTime:t reason:s "
	    "message:s" },
	{ "JobSpec", "parallelism:*i completions:*i activeDeadlineSeconds:*l "
		     "podFailurePolicy:*PodFailurePolicy@11 "
		     "successPolicy:*SuccessPolicy@16 backoffLimit:*i@7 "
		     "backoffLimitPerIndex:*i@12 maxFailedIndexes:*i "
		     "selector:*LabelSelector@4 manualSelector:*b "
		     "template:PodTemplateSpec ttlSecondsAfterFinished:*i@8 "
		     "completionMode:*s suspend:*b podReplacementPolicy:*s@14 "
		     "managedBy:*s" },
	{ "JobStatus",
	    "conditions:[JobCondition] startTime:*t completionTime:*t "
	    "active:i succeeded:i failed:i terminating:*i@11 "
	    "completedIndexes:s@7 failedIndexes:*s@10 "
	    "uncountedTerminatedPods:*UncountedTerminatedPods@8 ready:*i" },
	{ "PodFailurePolicy", "rules:[PodFailurePolicyRule]" },
	{ "PodFailurePolicyOnExitCodesRequirement",
	    "containerName:*s operator:s values:[i]" },
	{ "PodFailurePolicyOnPodConditionsPattern", "type:s status:s" },
	{ "PodFailurePolicyRule",
	    "action:s onExitCodes:*PodFailurePolicyOnExitCodesRequirement "
	    "onPodConditions:[PodFailurePolicyOnPodConditionsPattern]" },
	{ "ReplicaSet",
	    "metadata:ObjectMeta spec:ReplicaSetSpec status:ReplicaSetStatus" },
	{ "ReplicaSetCondition",
	    "type:s status:s lastTransitionTime:t reason:s message:s" },
	{ "ReplicaSetSpec",
	    "replicas:*i minReadySeconds:i@4 selector:*LabelSelector@2 "
	    "template:PodTemplateSpec" },
	{ "ReplicaSetStatus",
	    "replicas:i fullyLabeledReplicas:i readyReplicas:i@4 "
	    "availableReplicas:i observedGeneration:l@3 "
	    "conditions:[ReplicaSetCondition]@6" },
	{ "RollingUpdateDaemonSet", "maxUnavailable:*x maxSurge:*x" },
	{ "RollingUpdateDeployment", "maxUnavailable:*x maxSurge:*x" },
	{ "RollingUpdateStatefulSetStrategy",
	    "partition:*i maxUnavailable:*x" },
	{ "StatefulSet", "metadata:ObjectMeta spec:StatefulSetSpec "
			 "status:StatefulSetStatus" },
	{ "StatefulSetCondition",
	    "type:s status:s lastTransitionTime:t reason:s message:s" },
	{ "StatefulSetOrdinals", "start:i" },
	{ "StatefulSetPersistentVolumeClaimRetentionPolicy",
	    "whenDeleted:s whenScaled:s" },
	{ "StatefulSetSpec",
	    "replicas:*i selector:*LabelSelector template:PodTemplateSpec "
	    "volumeClaimTemplates:[PersistentVolumeClaim] serviceName:s "
	    "podManagementPolicy:s updateStrategy:StatefulSetUpdateStrategy "
	    "revisionHistoryLimit:*i minReadySeconds:i "
	    "persistentVolumeClaimRetentionPolicy:*StatefulSetPersistentVolumeClaimRetentionPolicy "
	    "ordinals:*StatefulSetOrdinals" },
	{ "StatefulSetStatus",
	    "observedGeneration:l replicas:i readyReplicas:i "
	    "currentReplicas:i updatedReplicas:i currentRevision:s "
	    "updateRevision:s collisionCount:*i@9 "
	    "conditions:[StatefulSetCondition] availableReplicas:i" },
	{ "StatefulSetUpdateStrategy",
	    "type:s rollingUpdate:*RollingUpdateStatefulSetStrategy" },
	{ "SuccessPolicy", "rules:[SuccessPolicyRule]" },
	{ "SuccessPolicyRule", "succeededIndexes:*s succeededCount:*i" },
	{ "UncountedTerminatedPods", "succeeded:[s] failed:[s]" },
	{ NULL, NULL },
};
