// Package validate judges a set of manifests: Kubernetes' own validation first, then which fields
// podup honours, ignores or refuses, then what must hold between documents. It does no I/O.
package validate

import (
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/podup/podup/manifest"
)

// Options of a check.
type Options struct {
	Strict bool // warnings become errors
}

// Check gives every finding about a set, sorted. Of a document Load found damaged only what stands
// on its own is reported. A set without findings that are errors can be translated.
func Check(set manifest.Set, opts Options) manifest.Problems {
	c := &checker{support: newSupport()}
	for _, pod := range set.Pods {
		c.pod(pod)
	}
	for _, service := range set.Services {
		c.service(service)
	}
	for _, configMap := range set.ConfigMaps {
		judge(c, configMap, "ConfigMap", validateConfigMap)
	}
	for _, secret := range set.Secrets {
		c.secret(secret)
	}
	for _, claim := range set.Claims {
		c.claim(claim)
	}
	c.references(set)
	if opts.Strict {
		for i := range c.problems {
			c.problems[i].Severity = manifest.SeverityError
		}
	}
	return manifest.Sort(c.problems)
}

type checker struct {
	support  support
	problems manifest.Problems
}

func (c *checker) add(problems ...manifest.Problem) {
	c.problems = append(c.problems, problems...)
}

func (c *checker) pod(doc manifest.Document[*corev1.Pod]) {
	given, kept, err := internalPod(doc.Object)
	var refusals field.ErrorList
	if err == nil {
		refusals = validatePod(withStopSignals(given, kept))
	}
	judge(c, doc, "Pod", func(*corev1.Pod) (field.ErrorList, error) { return refusals, err })
	if err == nil {
		c.add(podWarnings(doc, given, kept, len(refusals) == 0)...)
	}
	c.podRules(doc)
}

func (c *checker) secret(doc manifest.Document[*corev1.Secret]) {
	refusals, err := validateSecret(doc.Object)
	judge(c, doc, "Secret", func(*corev1.Secret) (field.ErrorList, error) { return refusals, err })
	if err == nil && len(refusals) == 0 && !doc.Damaged() { // as of a pod
		c.add(secretWarnings(doc)...)
	}
}

func (c *checker) claim(doc manifest.Document[*corev1.PersistentVolumeClaim]) {
	kept, err := internalClaim(doc.Object)
	var refusals field.ErrorList
	if err == nil {
		refusals = validateClaim(kept)
	}
	judge(c, doc, "PersistentVolumeClaim", func(*corev1.PersistentVolumeClaim) (field.ErrorList, error) { return refusals, err })
	if err == nil && len(refusals) == 0 && !doc.Damaged() { // as of a pod
		c.add(claimWarnings(doc, kept)...)
	}
}
