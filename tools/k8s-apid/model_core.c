/*
 * Types of model.h: the core group.
 */
#include "k8s-apid/model.h"

const struct model model_core[] = {
	{ "AttachedVolume", "name:s devicePath:s" },
	{ "Binding", "metadata:ObjectMeta target:ObjectReference" },
	{ "ClientIPConfig", "timeoutSeconds:*i" },
	{ "ConfigMap",
	    "metadata:ObjectMeta immutable:*b@4 data:{s}@2 binaryData:{y}" },
	{ "ConfigMapNodeConfigSource",
	    "namespace:s name:s uid:s resourceVersion:s kubeletConfigKey:s" },
	{ "ContainerImage", "names:[s] sizeBytes:l" },
	{ "ContainerState",
	    "waiting:*ContainerStateWaiting running:*ContainerStateRunning "
	    "terminated:*ContainerStateTerminated" },
	{ "ContainerStateRunning", "startedAt:t" },
	{ "ContainerStateTerminated",
	    "exitCode:i signal:i reason:s message:s startedAt:t finishedAt:t "
	    "containerID:s" },
	{ "ContainerStateWaiting", "reason:s message:s" },
	{ "ContainerStatus",
	    "name:s state:ContainerState lastState:ContainerState ready:b "
	    "restartCount:i image:s imageID:s containerID:s started:*b "
	    "allocatedResources:{q} resources:*ResourceRequirements "
	    "volumeMounts:[VolumeMountStatus] user:*ContainerUser "
	    "allocatedResourcesStatus:[ResourceStatus]" },
	{ "ContainerUser", "linux:*LinuxContainerUser" },
	{ "DaemonEndpoint", "Port:i" },
	{ "EndpointAddress",
	    "ip:s hostname:s@3 nodeName:*s targetRef:*ObjectReference@2" },
	{ "EndpointPort", "name:s port:i protocol:s appProtocol:*s" },
	{ "EndpointSubset",
	    "addresses:[EndpointAddress] notReadyAddresses:[EndpointAddress] "
	    "ports:[EndpointPort]" },
	{ "Endpoints", "metadata:ObjectMeta subsets:[EndpointSubset]" },
	{ "Event",
	    "metadata:ObjectMeta involvedObject:ObjectReference reason:s "
	    "message:s source:EventSource firstTimestamp:t lastTimestamp:t "
	    "count:i type:s eventTime:m series:*EventSeries action:s "
	    "related:*ObjectReference reportingComponent:s "
	    "reportingInstance:s" },
	{ "EventSeries", "count:i lastObservedTime:m" },
	{ "EventSource", "component:s host:s" },
	{ "HostIP", "ip:s" },
	{ "LimitRange", "metadata:ObjectMeta spec:LimitRangeSpec" },
	{ "LimitRangeItem",
	    "type:s max:{q} min:{q} default:{q} defaultRequest:{q} "
	    "maxLimitRequestRatio:{q}" },
	{ "LimitRangeSpec", "limits:[LimitRangeItem]" },
	{ "LinuxContainerUser", "uid:l gid:l supplementalGroups:[l]" },
	{ "LoadBalancerIngress",
	    "ip:s hostname:s ipMode:*s ports:[PortStatus]" },
	{ "LoadBalancerStatus", "ingress:[LoadBalancerIngress]" },
	{ "ModifyVolumeStatus", "targetVolumeAttributesClassName:s status:s" },
	{ "Namespace",
	    "metadata:ObjectMeta spec:NamespaceSpec status:NamespaceStatus" },
	{ "NamespaceCondition",
	    "type:s status:s lastTransitionTime:t@4 reason:s message:s" },
	{ "NamespaceSpec", "finalizers:[s]" },
	{ "NamespaceStatus", "phase:s conditions:[NamespaceCondition]" },
	{ "Node", "metadata:ObjectMeta spec:NodeSpec status:NodeStatus" },
	{ "NodeAddress", "type:s address:s" },
	{ "NodeCondition",
	    "type:s status:s lastHeartbeatTime:t lastTransitionTime:t "
	    "reason:s message:s" },
	{ "NodeConfigSource", "configMap:*ConfigMapNodeConfigSource@2" },
	{ "NodeConfigStatus",
	    "assigned:*NodeConfigSource active:*NodeConfigSource "
	    "lastKnownGood:*NodeConfigSource error:s" },
	{ "NodeDaemonEndpoints", "kubeletEndpoint:DaemonEndpoint" },
	{ "NodeFeatures", "supplementalGroupsPolicy:*b" },
	{ "NodeRuntimeHandler", "name:s features:*NodeRuntimeHandlerFeatures" },
	{ "NodeRuntimeHandlerFeatures",
	    "recursiveReadOnlyMounts:*b userNamespaces:*b" },
	{ "NodeSpec",
	    "podCIDR:s podCIDRs:[s]@7 providerID:s@3 unschedulable:b "
	    "taints:[Taint] configSource:*NodeConfigSource externalID:s@2" },
	{ "NodeStatus",
	    "capacity:{q} allocatable:{q} phase:s conditions:[NodeCondition] "
	    "addresses:[NodeAddress] daemonEndpoints:NodeDaemonEndpoints "
	    "nodeInfo:NodeSystemInfo images:[ContainerImage] volumesInUse:[s] "
	    "volumesAttached:[AttachedVolume] config:*NodeConfigStatus "
	    "runtimeHandlers:[NodeRuntimeHandler] features:*NodeFeatures" },
	{ "NodeSystemInfo",
	    "machineID:s systemUUID:s bootID:s kernelVersion:s osImage:s "
	    "containerRuntimeVersion:s kubeletVersion:s kubeProxyVersion:s "
	    "operatingSystem:s architecture:s" },
	{ "ObjectReference",
	    "kind:s namespace:s name:s uid:s apiVersion:s resourceVersion:s "
	    "fieldPath:s" },
	{ "PersistentVolumeClaim",
	    "metadata:ObjectMeta spec:PersistentVolumeClaimSpec "
	    "status:PersistentVolumeClaimStatus" },
	{ "PersistentVolumeClaimCondition",
	    "type:s status:s lastProbeTime:t lastTransitionTime:t reason:s "
	    "message:s" },
	{ "PersistentVolumeClaimStatus",
	    "phase:s accessModes:[s] capacity:{q} "
	    "conditions:[PersistentVolumeClaimCondition] "
	    "allocatedResources:{q} allocatedResourceStatuses:{s}@7 "
	    "currentVolumeAttributesClassName:*s "
	    "modifyVolumeStatus:*ModifyVolumeStatus" },
	{ "Pod", "metadata:ObjectMeta spec:PodSpec status:PodStatus" },
	{ "PodCondition",
	    "type:s status:s lastProbeTime:t lastTransitionTime:t reason:s "
	    "message:s" },
	{ "PodIP", "ip:s" },
	{ "PodResourceClaimStatus", "name:s resourceClaimName:*s" },
	{ "PodStatus",
	    "phase:s conditions:[PodCondition] message:s reason:s "
	    "nominatedNodeName:s@11 hostIP:s@5 hostIPs:[HostIP]@16 podIP:s@6 "
	    "podIPs:[PodIP]@12 startTime:*t@7 "
	    "initContainerStatuses:[ContainerStatus]@10 "
	    "containerStatuses:[ContainerStatus]@8 qosClass:s "
	    "ephemeralContainerStatuses:[ContainerStatus]@13 resize:s "
	    "resourceClaimStatuses:[PodResourceClaimStatus]" },
	{ "PodTemplateSpec", "metadata:ObjectMeta spec:PodSpec" },
	{ "PortStatus", "port:i protocol:s error:*s" },
	{ "ResourceHealth", "resourceID:s health:s" },
	{ "ResourceQuota", "metadata:ObjectMeta spec:ResourceQuotaSpec "
			   "status:ResourceQuotaStatus" },
	{ "ResourceQuotaSpec",
	    "hard:{q} scopes:[s] scopeSelector:*ScopeSelector" },
	{ "ResourceQuotaStatus", "hard:{q} used:{q}" },
	{ "ResourceStatus", "name:s resources:[ResourceHealth]" },
	{ "ScopeSelector",
	    "matchExpressions:[ScopedResourceSelectorRequirement]" },
	{ "ScopedResourceSelectorRequirement",
	    "scopeName:s operator:s values:[s]" },
	{ "Secret",
	    "metadata:ObjectMeta immutable:*b@5 data:{y}@2 stringData:{s}@4 "
	    "type:s@3" },
	{ "Service",
	    "metadata:ObjectMeta spec:ServiceSpec status:ServiceStatus" },
	{ "ServiceAccount", "metadata:ObjectMeta secrets:[ObjectReference] "
			    "imagePullSecrets:[LocalObjectReference] "
			    "automountServiceAccountToken:*b" },
	{ "ServicePort",
	    "name:s protocol:s appProtocol:*s@6 port:i@3 targetPort:x "
	    "nodePort:i" },
	{ "ServiceSpec",
	    "ports:[ServicePort] selector:{s} clusterIP:s clusterIPs:[s]@18 "
	    "type:s@4 externalIPs:[s] sessionAffinity:s@7 loadBalancerIP:s "
	    "loadBalancerSourceRanges:[s] externalName:s "
	    "externalTrafficPolicy:s healthCheckNodePort:i "
	    "publishNotReadyAddresses:b "
	    "sessionAffinityConfig:*SessionAffinityConfig ipFamilies:[s]@19 "
	    "ipFamilyPolicy:*s@17 allocateLoadBalancerNodePorts:*b@20 "
	    "loadBalancerClass:*s internalTrafficPolicy:*s "
	    "trafficDistribution:*s" },
	{ "ServiceStatus",
	    "loadBalancer:LoadBalancerStatus conditions:[Condition]" },
	{ "SessionAffinityConfig", "clientIP:*ClientIPConfig" },
	{ "Taint", "key:s value:s effect:s timeAdded:*t" },
	{ "VolumeMountStatus",
	    "name:s mountPath:s readOnly:b recursiveReadOnly:*s" },
	{ NULL, NULL },
};
