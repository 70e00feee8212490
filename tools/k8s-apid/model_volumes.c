/*
 * Types of model.h: volumes and their sources.
 */
#include "k8s-apid/model.h"

const struct model model_volumes[] = {
	{ "AWSElasticBlockStoreVolumeSource",
	    "volumeID:s fsType:s partition:i readOnly:b" },
	{ "AzureDiskVolumeSource",
	    "diskName:s diskURI:s cachingMode:*s fsType:*s readOnly:*b "
	    "kind:*s" },
	{ "AzureFileVolumeSource", "secretName:s shareName:s readOnly:b" },
	{ "CSIVolumeSource",
	    "driver:s readOnly:*b fsType:*s volumeAttributes:{s} "
	    "nodePublishSecretRef:*LocalObjectReference" },
	{ "CephFSVolumeSource", "monitors:[s] path:s user:s secretFile:s "
				"secretRef:*LocalObjectReference readOnly:b" },
	{ "CinderVolumeSource",
	    "volumeID:s fsType:s readOnly:b secretRef:*LocalObjectReference" },
	{ "ClusterTrustBundleProjection",
	    "name:*s signerName:*s labelSelector:*LabelSelector optional:*b@5 "
	    "path:s@4" },
	{ "ConfigMapProjection",
	    ">LocalObjectReference items:[KeyToPath] optional:*b@4" },
	{ "ConfigMapVolumeSource",
	    ">LocalObjectReference items:[KeyToPath] defaultMode:*i "
	    "optional:*b" },
	{ "DownwardAPIProjection", "items:[DownwardAPIVolumeFile]" },
	{ "DownwardAPIVolumeFile",
	    "path:s fieldRef:*ObjectFieldSelector "
	    "resourceFieldRef:*ResourceFieldSelector mode:*i" },
	{ "DownwardAPIVolumeSource",
	    "items:[DownwardAPIVolumeFile] defaultMode:*i" },
	{ "EmptyDirVolumeSource", "medium:s sizeLimit:*q" },
	{ "EphemeralVolumeSource",
	    "volumeClaimTemplate:*PersistentVolumeClaimTemplate" },
	{ "FCVolumeSource",
	    "targetWWNs:[s] lun:*i fsType:s readOnly:b wwids:[s]" },
	{ "FlexVolumeSource",
	    "driver:s fsType:s secretRef:*LocalObjectReference readOnly:b "
	    "options:{s}" },
	{ "FlockerVolumeSource", "datasetName:s datasetUUID:s" },
	{ "GCEPersistentDiskVolumeSource",
	    "pdName:s fsType:s partition:i readOnly:b" },
	{ "GitRepoVolumeSource", "repository:s revision:s directory:s" },
	{ "GlusterfsVolumeSource", "endpoints:s path:s readOnly:b" },
	{ "HostPathVolumeSource", "path:s type:*s" },
	{ "ISCSIVolumeSource",
	    "targetPortal:s iqn:s lun:i iscsiInterface:s fsType:s readOnly:b "
	    "portals:[s] chapAuthDiscovery:b chapAuthSession:b@11 "
	    "secretRef:*LocalObjectReference@10 initiatorName:*s@12" },
	{ "ImageVolumeSource", "reference:s pullPolicy:s" },
	{ "KeyToPath", "key:s path:s mode:*i" },
	{ "NFSVolumeSource", "server:s path:s readOnly:b" },
	{ "PersistentVolumeClaimVolumeSource", "claimName:s readOnly:b" },
	{ "PhotonPersistentDiskVolumeSource", "pdID:s fsType:s" },
	{ "PortworxVolumeSource", "volumeID:s fsType:s readOnly:b" },
	{ "ProjectedVolumeSource",
	    "sources:[VolumeProjection] defaultMode:*i" },
	{ "QuobyteVolumeSource",
	    "registry:s volume:s readOnly:b user:s group:s tenant:s" },
	{ "RBDVolumeSource",
	    "monitors:[s] image:s fsType:s pool:s user:s keyring:s "
	    "secretRef:*LocalObjectReference readOnly:b" },
	{ "ScaleIOVolumeSource",
	    "gateway:s system:s secretRef:*LocalObjectReference sslEnabled:b "
	    "protectionDomain:s storagePool:s storageMode:s volumeName:s "
	    "fsType:s readOnly:b" },
	{ "SecretProjection",
	    ">LocalObjectReference items:[KeyToPath] optional:*b@4" },
	{ "SecretVolumeSource",
	    "secretName:s items:[KeyToPath] defaultMode:*i optional:*b" },
	{ "ServiceAccountTokenProjection",
	    "audience:s expirationSeconds:*l path:s" },
	{ "StorageOSVolumeSource",
	    "volumeName:s volumeNamespace:s fsType:s readOnly:b "
	    "secretRef:*LocalObjectReference" },
	{ "Volume", "name:s >VolumeSource" },
	{ "VolumeProjection",
	    "secret:*SecretProjection downwardAPI:*DownwardAPIProjection "
	    "configMap:*ConfigMapProjection "
	    "serviceAccountToken:*ServiceAccountTokenProjection "
	    "clusterTrustBundle:*ClusterTrustBundleProjection" },
	{ "VolumeSource",
	    "hostPath:*HostPathVolumeSource emptyDir:*EmptyDirVolumeSource "
	    "gcePersistentDisk:*GCEPersistentDiskVolumeSource "
	    "awsElasticBlockStore:*AWSElasticBlockStoreVolumeSource "
	    "gitRepo:*GitRepoVolumeSource secret:*SecretVolumeSource "
	    "nfs:*NFSVolumeSource iscsi:*ISCSIVolumeSource "
	    "glusterfs:*GlusterfsVolumeSource "
	    "persistentVolumeClaim:*PersistentVolumeClaimVolumeSource "
	    "rbd:*RBDVolumeSource flexVolume:*FlexVolumeSource "
	    "cinder:*CinderVolumeSource cephfs:*CephFSVolumeSource "
	    "flocker:*FlockerVolumeSource "
	    "downwardAPI:*DownwardAPIVolumeSource fc:*FCVolumeSource "
	    "azureFile:*AzureFileVolumeSource "
	    "configMap:*ConfigMapVolumeSource "
	    "vsphereVolume:*VsphereVirtualDiskVolumeSource "
	    "quobyte:*QuobyteVolumeSource azureDisk:*AzureDiskVolumeSource "
	    "photonPersistentDisk:*PhotonPersistentDiskVolumeSource "
	    "projected:*ProjectedVolumeSource@26 "
	    "portworxVolume:*PortworxVolumeSource@24 "
	    "scaleIO:*ScaleIOVolumeSource storageos:*StorageOSVolumeSource@27 "
	    "csi:*CSIVolumeSource ephemeral:*EphemeralVolumeSource "
	    "image:*ImageVolumeSource" },
	{ "VsphereVirtualDiskVolumeSource",
	    "volumePath:s fsType:s storagePolicyName:s storagePolicyID:s" },
	{ NULL, NULL },
};
