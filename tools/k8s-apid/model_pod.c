/*
 * Types of model.h: what a pod is made of.
 */
#include "k8s-apid/model.h"

const struct model model_pod[] = {
	{ "Affinity", "nodeAffinity:*NodeAffinity podAffinity:*PodAffinity "
		      "podAntiAffinity:*PodAntiAffinity" },
	{ "AppArmorProfile", "type:s localhostProfile:*s" },
	{ "Capabilities", "add:[s] drop:[s]" },
	{ "ConfigMapEnvSource", ">LocalObjectReference optional:*b" },
	{ "ConfigMapKeySelector", ">LocalObjectReference key:s optional:*b" },
	{ "Container",
	    "name:s image:s command:[s] args:[s] workingDir:s "
	    "ports:[ContainerPort] envFrom:[EnvFromSource]@19 env:[EnvVar]@7 "
	    "resources:ResourceRequirements "
	    "resizePolicy:[ContainerResizePolicy]@23 restartPolicy:*s "
	    "volumeMounts:[VolumeMount]@9 volumeDevices:[VolumeDevice]@21 "
	    "livenessProbe:*Probe@10 readinessProbe:*Probe "
	    "startupProbe:*Probe@22 lifecycle:*Lifecycle@12 "
	    "terminationMessagePath:s terminationMessagePolicy:s@20 "
	    "imagePullPolicy:s@14 securityContext:*SecurityContext stdin:b "
	    "stdinOnce:b tty:b" },
	{ "ContainerPort",
	    "name:s hostPort:i containerPort:i protocol:s hostIP:s" },
	{ "ContainerResizePolicy", "resourceName:s restartPolicy:s" },
	{ "EnvFromSource", "prefix:s configMapRef:*ConfigMapEnvSource "
			   "secretRef:*SecretEnvSource" },
	{ "EnvVar", "name:s value:s valueFrom:*EnvVarSource" },
	{ "EnvVarSource", "fieldRef:*ObjectFieldSelector "
			  "resourceFieldRef:*ResourceFieldSelector "
			  "configMapKeyRef:*ConfigMapKeySelector "
			  "secretKeyRef:*SecretKeySelector" },
	{ "EphemeralContainer",
	    ">EphemeralContainerCommon targetContainerName:s" },
	{ "EphemeralContainerCommon",
	    "name:s image:s command:[s] args:[s] workingDir:s "
	    "ports:[ContainerPort] envFrom:[EnvFromSource]@19 env:[EnvVar]@7 "
	    "resources:ResourceRequirements "
	    "resizePolicy:[ContainerResizePolicy]@23 restartPolicy:*s "
	    "volumeMounts:[VolumeMount]@9 volumeDevices:[VolumeDevice]@21 "
	    "livenessProbe:*Probe@10 readinessProbe:*Probe "
	    "startupProbe:*Probe@22 lifecycle:*Lifecycle@12 "
	    "terminationMessagePath:s terminationMessagePolicy:s@20 "
	    "imagePullPolicy:s@14 securityContext:*SecurityContext stdin:b "
	    "stdinOnce:b tty:b" },
	{ "ExecAction", "command:[s]" },
	{ "GRPCAction", "port:i service:*s" },
	{ "HTTPGetAction",
	    "path:s port:x host:s scheme:s httpHeaders:[HTTPHeader]" },
	{ "HTTPHeader", "name:s value:s" },
	{ "HostAlias", "ip:s hostnames:[s]" },
	{ "Lifecycle",
	    "postStart:*LifecycleHandler preStop:*LifecycleHandler" },
	{ "LifecycleHandler", "exec:*ExecAction httpGet:*HTTPGetAction "
			      "tcpSocket:*TCPSocketAction sleep:*SleepAction" },
	{ "LocalObjectReference", "name:s" },
	{ "NodeAffinity",
	    "requiredDuringSchedulingIgnoredDuringExecution:*NodeSelector "
	    "preferredDuringSchedulingIgnoredDuringExecution:[PreferredSchedulingTerm]" },
	{ "NodeSelector", "nodeSelectorTerms:[NodeSelectorTerm]" },
	{ "NodeSelectorRequirement", "key:s operator:s values:[s]" },
	{ "NodeSelectorTerm", "matchExpressions:[NodeSelectorRequirement] "
			      "matchFields:[NodeSelectorRequirement]" },
	{ "ObjectFieldSelector", "apiVersion:s fieldPath:s" },
	{ "PersistentVolumeClaimSpec",
	    "accessModes:[s] selector:*LabelSelector@4 "
	    "resources:VolumeResourceRequirements@2 volumeName:s "
	    "storageClassName:*s@5 volumeMode:*s "
	    "dataSource:*TypedLocalObjectReference "
	    "dataSourceRef:*TypedObjectReference volumeAttributesClassName:*s" },
	{ "PersistentVolumeClaimTemplate",
	    "metadata:ObjectMeta spec:PersistentVolumeClaimSpec" },
	{ "PodAffinity",
	    "requiredDuringSchedulingIgnoredDuringExecution:[PodAffinityTerm] "
	    "preferredDuringSchedulingIgnoredDuringExecution:[WeightedPodAffinityTerm]" },
	{ "PodAffinityTerm",
	    "labelSelector:*LabelSelector namespaces:[s] topologyKey:s "
	    "namespaceSelector:*LabelSelector matchLabelKeys:[s] "
	    "mismatchLabelKeys:[s]" },
	{ "PodAntiAffinity",
	    "requiredDuringSchedulingIgnoredDuringExecution:[PodAffinityTerm] "
	    "preferredDuringSchedulingIgnoredDuringExecution:[WeightedPodAffinityTerm]" },
	{ "PodDNSConfig",
	    "nameservers:[s] searches:[s] options:[PodDNSConfigOption]" },
	{ "PodDNSConfigOption", "name:s value:*s" },
	{ "PodOS", "name:s" },
	{ "PodReadinessGate", "conditionType:s" },
	{ "PodResourceClaim",
	    "name:s resourceClaimName:*s@3 resourceClaimTemplateName:*s" },
	{ "PodSchedulingGate", "name:s" },
	{ "PodSecurityContext",
	    "seLinuxOptions:*SELinuxOptions "
	    "windowsOptions:*WindowsSecurityContextOptions@8 runAsUser:*l@2 "
	    "runAsGroup:*l@6 runAsNonRoot:*b@3 supplementalGroups:[l] "
	    "supplementalGroupsPolicy:*s@12 fsGroup:*l@5 sysctls:[Sysctl]@7 "
	    "fsGroupChangePolicy:*s@9 seccompProfile:*SeccompProfile "
	    "appArmorProfile:*AppArmorProfile seLinuxChangePolicy:*s@13" },
	{ "PodSpec",
	    "volumes:[Volume] initContainers:[Container]@20 "
	    "containers:[Container]@2 "
	    "ephemeralContainers:[EphemeralContainer]@34 restartPolicy:s@3 "
	    "terminationGracePeriodSeconds:*l activeDeadlineSeconds:*l "
	    "dnsPolicy:s nodeSelector:{s} serviceAccountName:s "
	    "serviceAccount:s automountServiceAccountToken:*b@21 "
	    "nodeName:s@10 hostNetwork:b hostPID:b hostIPC:b "
	    "shareProcessNamespace:*b@27 "
	    "securityContext:*PodSecurityContext@14 "
	    "imagePullSecrets:[LocalObjectReference] hostname:s subdomain:s "
	    "affinity:*Affinity schedulerName:s tolerations:[Toleration]@22 "
	    "hostAliases:[HostAlias] priorityClassName:s priority:*i "
	    "dnsConfig:*PodDNSConfig readinessGates:[PodReadinessGate]@28 "
	    "runtimeClassName:*s enableServiceLinks:*b preemptionPolicy:*s "
	    "overhead:{q} "
	    "topologySpreadConstraints:[TopologySpreadConstraint] "
	    "setHostnameAsFQDN:*b@35 os:*PodOS hostUsers:*b "
	    "schedulingGates:[PodSchedulingGate] "
	    "resourceClaims:[PodResourceClaim] "
	    "resources:*ResourceRequirements" },
	{ "PreferredSchedulingTerm", "weight:i preference:NodeSelectorTerm" },
	{ "Probe", ">ProbeHandler initialDelaySeconds:i timeoutSeconds:i "
		   "periodSeconds:i successThreshold:i failureThreshold:i "
		   "terminationGracePeriodSeconds:*l" },
	{ "ProbeHandler", "exec:*ExecAction httpGet:*HTTPGetAction "
			  "tcpSocket:*TCPSocketAction grpc:*GRPCAction" },
	{ "ResourceClaim", "name:s request:s" },
	{ "ResourceFieldSelector", "containerName:s resource:s divisor:q" },
	{ "ResourceRequirements",
	    "limits:{q} requests:{q} claims:[ResourceClaim]" },
	{ "SELinuxOptions", "user:s role:s type:s level:s" },
	{ "SeccompProfile", "type:s localhostProfile:*s" },
	{ "SecretEnvSource", ">LocalObjectReference optional:*b" },
	{ "SecretKeySelector", ">LocalObjectReference key:s optional:*b" },
	{ "SecurityContext",
	    "capabilities:*Capabilities privileged:*b "
	    "seLinuxOptions:*SELinuxOptions "
	    "windowsOptions:*WindowsSecurityContextOptions@10 runAsUser:*l@4 "
	    "runAsGroup:*l@8 runAsNonRoot:*b@5 readOnlyRootFilesystem:*b "
	    "allowPrivilegeEscalation:*b procMount:*s@9 "
	    "seccompProfile:*SeccompProfile@11 "
	    "appArmorProfile:*AppArmorProfile" },
	{ "SleepAction", "seconds:l" },
	{ "Sysctl", "name:s value:s" },
	{ "TCPSocketAction", "port:x host:s" },
	{ "Toleration",
	    "key:s operator:s value:s effect:s tolerationSeconds:*l" },
	{ "TopologySpreadConstraint",
	    "maxSkew:i topologyKey:s whenUnsatisfiable:s "
	    "labelSelector:*LabelSelector minDomains:*i nodeAffinityPolicy:*s "
	    "nodeTaintsPolicy:*s matchLabelKeys:[s]" },
	{ "TypedLocalObjectReference", "apiGroup:*s kind:s name:s" },
	{ "TypedObjectReference", "apiGroup:*s kind:s name:s namespace:*s" },
	{ "VolumeDevice", "name:s devicePath:s" },
	{ "VolumeMount",
	    "name:s readOnly:b recursiveReadOnly:*s@7 mountPath:s@3 subPath:s "
	    "mountPropagation:*s subPathExpr:s" },
	{ "VolumeResourceRequirements", "limits:{q} requests:{q}" },
	{ "WeightedPodAffinityTerm",
	    "weight:i podAffinityTerm:PodAffinityTerm" },
	{ "WindowsSecurityContextOptions",
	    "gmsaCredentialSpecName:*s gmsaCredentialSpec:*s runAsUserName:*s "
	    "hostProcess:*b" },
	{ NULL, NULL },
};
