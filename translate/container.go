package translate

import (
	"maps"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

func (p *podTranslator) container(c *corev1.Container, path *field.Path, init bool) Container {
	env := p.environment(c, path)
	wanted := Container{
		Project:    p.opts.Project,
		Pod:        p.pod.Name,
		Name:       c.Name,
		Init:       init,
		Image:      p.image(c.Image, path.Child("image")),
		Pull:       PullPolicy(c.ImagePullPolicy),
		Entrypoint: p.argv(env, c.Command, path.Child("command")),
		Command:    p.argv(env, c.Args, path.Child("args")),
		WorkingDir: p.text(c.WorkingDir, path.Child("workingDir")),
		Env:        p.engineEnv(env),
		Mounts:     p.mounts(env, c, path),
		StopSignal: stopSignal(c),
		Grace:      grace(p.pod),
		TTY:        c.TTY,
		Stdin:      c.Stdin,
		HostPID:    p.pod.Spec.HostPID,
		Resources:  resources(p.pod, c),

		RestartForCPU:    restartsFor(c, corev1.ResourceCPU),
		RestartForMemory: restartsFor(c, corev1.ResourceMemory),
		Security:         p.security(c, path),
		Lifecycle:        p.lifecycle(c, path, init),
	}
	for _, name := range slices.Sorted(maps.Keys(env.missed)) {
		p.report(path, RuleMissingVariable, "$(%s) is a variable that a kubelet makes of a Service's address, and here a Service has none: use the name %s",
			name, env.missed[name])
	}
	wanted.Sidecar = init && sidecar(c)
	if wanted.Entrypoint != nil && wanted.Command == nil {
		wanted.Command = []string{}
	}
	return wanted
}

func (p *podTranslator) image(image string, path *field.Path) string {
	if image == "" {
		return "" // Kubernetes' validation has said so
	}
	normal, err := normalImage(image)
	if err != nil {
		p.report(path, RuleInvalidImage, "%q is not an image reference: %v", image, err)
	}
	return normal
}

// text passes on what a manifest says, which must not hold a NUL: no argument, variable or path can,
// and tokens are marked by it.
func (p *podTranslator) text(text string, path *field.Path) string {
	if strings.Contains(text, tokenMark) {
		p.report(path, RuleNULByte, "holds a NUL byte, at which the kernel ends every argument, variable and path; take it out")
		return strings.ReplaceAll(text, tokenMark, "")
	}
	return text
}

// argv expands a command or its arguments; nil where there are none.
func (p *podTranslator) argv(env *environment, words []string, path *field.Path) []string {
	var expanded []string
	for i, word := range words {
		word, secret := env.expand(p.text(word, path.Index(i)))
		if secret != "" {
			p.report(path.Index(i), RuleSecretInArgv,
				"$(%s) is the value of a Secret and would show in the process list and in the engine's records: "+
					"let a shell in the container expand it (sh -c 'exec prog \"$%s\"'), or mount the Secret as a file", secret, secret)
			word = ""
		}
		expanded = append(expanded, word)
	}
	return expanded
}
