package translate

import (
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

// The sizes of huge pages on the machines that podup knows.
const (
	page2Mi = 2 << 20
	page1Gi = 1 << 30
)

// hugePages is a container's limit for pages of a size, in bytes.
func hugePages(c *corev1.Container, page int64) int64 {
	name := corev1.ResourceName(corev1.ResourceHugePagesPrefix + resource.NewQuantity(page, resource.BinarySI).String())
	limit := c.Resources.Limits[name]
	return limit.Value()
}

// hugePageVolume is an emptyDir on huge pages. A medium without a size means the one that the pod's
// containers ask for (kubelet: emptydir/empty_dir.go, getPageSizeMountOption).
func (p *podTranslator) hugePageVolume(source *corev1.EmptyDirVolumeSource, medium *field.Path) Volume {
	asked := map[int64]bool{}
	for _, list := range [][]corev1.Container{p.pod.Spec.InitContainers, p.pod.Spec.Containers} {
		for i := range list {
			for _, page := range []int64{page2Mi, page1Gi} {
				asked[page] = asked[page] || hugePages(&list[i], page) > 0
			}
		}
	}
	var page int64
	switch text, sized := strings.CutPrefix(string(source.Medium), string(corev1.StorageMediumHugePagesPrefix)); {
	case sized && text == "2Mi", !sized && asked[page2Mi]:
		page = page2Mi
	case sized && text == "1Gi", !sized && asked[page1Gi]:
		page = page1Gi
	case sized:
		p.report(medium, RuleUnsupportedField, "podup knows huge pages of 2Mi and 1Gi, not of %s", text)
	}
	switch {
	case source.Medium == corev1.StorageMediumHugePages && asked[page2Mi] && asked[page1Gi]:
		p.report(medium, RuleUnsupportedField, "the pod asks for huge pages of 2Mi and of 1Gi: say HugePages-2Mi or HugePages-1Gi")
	case !asked[page] && (page > 0 || source.Medium == corev1.StorageMediumHugePages):
		p.report(medium, RuleUnsupportedField, "no container of the pod has a limit of such huge pages: add resources.limits[hugepages-2Mi] or [hugepages-1Gi]")
	}
	return Volume{Kind: Memory, Page: page}
}
