package validate

import (
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/podup/podup/manifest"
)

// metaRules are about names, labels and annotations of any object.
func metaRules[T metav1.Object](doc manifest.Document[T], kind string) manifest.Problems {
	var found manifest.Problems
	path := field.NewPath("metadata")
	for key := range doc.Object.GetLabels() {
		if strings.HasPrefix(key, "io.podup.") {
			found = append(found, doc.At(path.Child("labels").Key(key), "podup-reserved-label",
				"labels that begin with io.podup. are podup's own: choose another name"))
		}
	}
	if kind != "Pod" {
		return found
	}
	for key := range doc.Object.GetAnnotations() {
		at := path.Child("annotations").Key(key)
		switch {
		case strings.HasPrefix(key, corev1.DeprecatedAppArmorBetaContainerAnnotationKeyPrefix):
			// An API server turns it into the field.
			found = append(found, doc.At(at, "podup-unsupported-field", "use securityContext.appArmorProfile, into which an API server turns it"))
		case strings.HasPrefix(key, "io.podman.annotations."):
			found = append(found, doc.WarnAt(at, "podup-ignored-field", "ignored: it speaks to podman kube play"))
		}
	}
	return found
}

// overheadByHand: an API server's admission plugin RuntimeClass, which is on by default, forbids a pod whose overhead
// is not its RuntimeClass's (plugin/pkg/admission/runtimeclass/admission.go, validateOverhead).
const overheadByHand = "podup counts it, and a cluster refuses it: \"Pod Overhead set without corresponding RuntimeClass defined Overhead\"; " +
	"for a manifest that is to run in both, add it to what a container requests instead"

// podRules are about fields podup honours under a condition.
func (c *checker) podRules(doc manifest.Document[*corev1.Pod]) {
	spec := &doc.Object.Spec
	path := field.NewPath("spec")
	for i := range spec.Volumes {
		dir := spec.Volumes[i].EmptyDir
		if dir != nil && dir.SizeLimit != nil && dir.Medium == corev1.StorageMediumDefault {
			c.add(doc.WarnAt(path.Child("volumes").Index(i).Child("emptyDir", "sizeLimit"), "podup-ignored-field",
				`ignored: podup does not limit what is written to disk; with medium: Memory the limit holds`))
		}
	}
	if spec.Overhead != nil && spec.RuntimeClassName == nil {
		c.add(doc.WarnAt(path.Child("overhead"), "podup-cluster-refuses", overheadByHand))
	}
	users := &users{doc: doc, seen: map[string]bool{}}
	for i := range spec.InitContainers {
		users.container(&spec.InitContainers[i], path.Child("initContainers").Index(i))
		c.add(hookWarnings(doc, &spec.InitContainers[i], path.Child("initContainers").Index(i))...)
	}
	for i := range spec.Containers {
		users.container(&spec.Containers[i], path.Child("containers").Index(i))
		c.add(hookWarnings(doc, &spec.Containers[i], path.Child("containers").Index(i))...)
	}
	c.add(users.found...)
	c.sysctls(doc)
}

// users checks what the manifest alone says of who runs a container. What the image says is looked at
// when the container is made.
type users struct {
	doc   manifest.Document[*corev1.Pod]
	seen  map[string]bool // paths reported: the pod's own concern several containers
	found manifest.Problems
}

func (u *users) container(container *corev1.Container, path *field.Path) {
	pod := u.doc.Object.Spec.SecurityContext
	if pod == nil {
		pod = &corev1.PodSecurityContext{}
	}
	own := container.SecurityContext
	if own == nil {
		own = &corev1.SecurityContext{}
	}
	podPath, ownPath := field.NewPath("spec", "securityContext"), path.Child("securityContext")
	user, userPath := own.RunAsUser, ownPath
	if user == nil {
		user, userPath = pod.RunAsUser, podPath
	}
	group := own.RunAsGroup
	if group == nil {
		group = pod.RunAsGroup
	}
	nonRoot, nonRootPath := own.RunAsNonRoot, ownPath
	if nonRoot == nil {
		nonRoot, nonRootPath = pod.RunAsNonRoot, podPath
	}
	if policy := pod.SupplementalGroupsPolicy; group == nil && policy != nil && *policy == corev1.SupplementalGroupsPolicyStrict {
		u.report(podPath.Child("supplementalGroupsPolicy"), "podup-unsupported-field",
			"without a group Podman adds those of the image's /etc/group: set runAsGroup for container %q as well", container.Name)
	}
	if nonRoot != nil && *nonRoot && user != nil && *user == 0 {
		u.report(userPath.Child("runAsUser"), "podup-run-as-root",
			"container %q must not run as root, says %s: choose another user", container.Name, nonRootPath.Child("runAsNonRoot"))
	}
}

func (u *users) report(path *field.Path, rule, format string, args ...any) {
	if u.seen[path.String()] || u.doc.Refused(path.String()) {
		return
	}
	u.seen[path.String()] = true
	u.found = append(u.found, u.doc.At(path, rule, fmt.Sprintf(format, args...)))
}
