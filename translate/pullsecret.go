package translate

import (
	"cmp"
	"encoding/json"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/kubernetes/pkg/credentialprovider"
	"k8s.io/kubernetes/pkg/credentialprovider/secrets"
)

// Credential is a login that a pod's imagePullSecrets have for an image.
type Credential struct {
	Image string
	Login Value // confidential: {"username": …, "password": …}
}

// credentials finds the logins for the images of the pod, as a kubelet does before it pulls (kubelet:
// images/image_manager.go). What is not in the files is left out with a warning: a kubelet then pulls
// without it.
func (p *podTranslator) credentials(pod Pod) []Credential {
	var named []corev1.Secret
	for i, ref := range p.pod.Spec.ImagePullSecrets {
		path := field.NewPath("spec", "imagePullSecrets").Index(i)
		doc, found := p.secrets[ref.Name]
		if !found {
			p.problems = append(p.problems, p.doc.WarnAt(path.Child("name"), RuleMissingReference,
				"there is no Secret \""+ref.Name+"\" in the files given: images are pulled without it"))
			continue
		}
		if kind := doc.Object.Type; kind != corev1.SecretTypeDockerConfigJson && kind != corev1.SecretTypeDockercfg {
			p.problems = append(p.problems, p.doc.WarnAt(path.Child("name"), RulePullSecret,
				"Secret \""+ref.Name+"\" is not of type "+string(corev1.SecretTypeDockerConfigJson)+": images are pulled without it"))
			continue
		}
		secret := doc.Object.DeepCopy()
		secret.Data = mergeSecret(doc.Object)
		if _, err := secrets.MakeDockerKeyring([]corev1.Secret{*secret}, &credentialprovider.BasicDockerKeyring{}); err != nil {
			// The error may quote what it could not read.
			p.report(path.Child("name"), RulePullSecret, "Secret %q holds no registry logins that can be read: make it with kubectl create secret docker-registry --dry-run=client -o yaml", ref.Name)
			continue
		}
		named = append(named, *secret)
	}
	if len(named) == 0 {
		return nil
	}
	keyring, err := secrets.MakeDockerKeyring(named, &credentialprovider.BasicDockerKeyring{})
	if err != nil {
		return nil // each of them could be read
	}
	var all []Credential
	for _, image := range imagesOf(pod) {
		repository, _, _ := strings.Cut(image, "@")
		if colon := strings.LastIndexByte(repository, ':'); colon > strings.LastIndexByte(repository, '/') {
			repository = repository[:colon]
		}
		logins, _ := keyring.Lookup(repository)
		for _, login := range logins {
			text, err := json.Marshal(map[string]string{"username": login.Username, "password": login.Password})
			if err == nil {
				all = append(all, Credential{image, Conceal(p.opts.SecretKey, string(text))})
			}
		}
	}
	return all
}

// imagesOf are the images of a pod, each once, those of its volumes among them.
func imagesOf(pod Pod) []string {
	var images []string
	for _, c := range pod.Containers() {
		images = append(images, c.Image)
		for _, m := range c.Mounts {
			if m.Image != "" {
				images = append(images, m.Image)
			}
		}
	}
	return distinctWords(images)
}

// distinctCredentials are in the order of images, and for each in that of the pods that name it.
func distinctCredentials(all []Credential) []Credential {
	var kept []Credential
	for _, c := range all {
		if !slices.Contains(kept, c) {
			kept = append(kept, c)
		}
	}
	slices.SortStableFunc(kept, func(a, b Credential) int { return cmp.Compare(a.Image, b.Image) })
	return kept
}
