package validate

import "slices"

const (
	noDriver = "podup mounts no network or cloud storage: mount it on this machine and use hostPath, or use a persistentVolumeClaim"
	noIssuer = "there is no cluster that would issue tokens or certificates: remove it, or project a secret"
)

// volumeFields are the rows of one volume.
func volumeFields() []Field {
	rows := slices.Concat(
		honoured("name", "hostPath", "configMap", "secret", "downwardAPI", "persistentVolumeClaim", "image"),
		honoured("projected.defaultMode", "projected.sources[].configMap", "projected.sources[].secret", "projected.sources[].downwardAPI"),
		[]Field{
			within("emptyDir.medium", "HugePages takes rootful Podman"),
			within("emptyDir.sizeLimit", `only with medium "Memory"; on disk a warning`),
			unsupported("projected.sources[].serviceAccountToken", noIssuer),
			unsupported("projected.sources[].clusterTrustBundle", noIssuer),
			unsupported("projected.sources[].podCertificate", noIssuer),
			unsupported("ephemeral", "podup makes no claims from templates: use emptyDir, or a persistentVolumeClaim with a document of its own"),
			unsupported("gitRepo", "Kubernetes has switched it off: clone into an emptyDir from an init container"),
		},
	)
	for _, source := range []string{
		"gcePersistentDisk", "awsElasticBlockStore", "nfs", "iscsi", "glusterfs", "rbd", "flexVolume", "cinder", "cephfs", "flocker",
		"fc", "azureFile", "vsphereVolume", "quobyte", "azureDisk", "photonPersistentDisk", "portworxVolume", "scaleIO", "storageos", "csi",
	} {
		rows = append(rows, unsupported(source, noDriver))
	}
	return rows
}
