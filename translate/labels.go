package translate

import "strconv"

// Labels of the pod; its infra container inherits them.
func (p Pod) Labels() map[string]string {
	labels := map[string]string{LabelProject: p.Project, LabelPod: p.Name, LabelRole: RolePod, LabelHash: p.Hash()}
	if p.Request != (Request{}) {
		labels[LabelRequest] = p.Request.label()
	}
	if !p.Names.empty() {
		labels[LabelNames] = p.Names.label()
	}
	return labels
}

// HolderLabels are those of the container that keeps the pod's Memory volumes.
func (p Pod) HolderLabels() map[string]string {
	return map[string]string{LabelProject: p.Project, LabelUnit: "", LabelPod: p.Name, LabelRole: RoleHolder}
}

// Labels of the container.
func (c Container) Labels() map[string]string {
	role := RoleApp
	switch {
	case c.Ephemeral:
		role = RoleDebug
	case c.Sidecar:
		role = RoleSidecar
	case c.Init:
		role = RoleInit
	}
	return map[string]string{
		LabelProject: c.Project, LabelUnit: "", LabelPod: c.Pod, LabelContainer: c.Name, LabelRole: role, LabelHash: c.Hash(),
		LabelOrder: strconv.Itoa(c.Order),
	}
}

// Labels of the volume.
func (v Volume) Labels() map[string]string {
	if v.Pod == "" {
		return map[string]string{LabelProject: v.Project, LabelRole: RoleClaim, LabelKind: string(v.Kind)}
	}
	return map[string]string{LabelProject: v.Project, LabelPod: v.Pod, LabelRole: RoleVolume, LabelKind: string(v.Kind)}
}

// Labels of the engine secret.
func (s Secret) Labels() map[string]string {
	labels := map[string]string{LabelProject: s.Project}
	if s.Source != "" {
		labels[LabelSource] = s.Source
	}
	return labels
}

// Labels of the network.
func (n Network) Labels() map[string]string { return map[string]string{LabelProject: n.Project} }

// ReleaseLabels are those of a project's release volume.
func ReleaseLabels(project string) map[string]string {
	return map[string]string{LabelProject: project, LabelRole: RoleRelease}
}
