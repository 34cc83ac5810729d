package quadlet

import (
	"cmp"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/podup/podup/translate"
)

// Bounds of the engine's secrets (common: pkg/secrets/secrets.go).
const (
	secretNameLength = 253
	secretSize       = 512000 // bytes; fewer, in fact
)

// secretName is a name without what a secret's must not hold: "=", "/", ",". No digest is in it: another
// value changes no unit.
func secretName(prefix, name string) string {
	return prefix + "." + strings.NewReplacer("/", ".", ",", ".", "=", ".").Replace(name)
}

// secretVariable has the engine set a variable to a secret.
func (g *generator) secretVariable(unit string, data *containerData, c *translate.Container, v translate.EnvVar) {
	at := field(c, "env["+v.Name+"]")
	secret := g.values[v.Secret]
	name := secretName(translate.ContainerName(c.Pod, c.Name), v.Name)
	if strings.Contains(v.Name, ",") {
		g.refuse(c.Pod, at, "podman reads no comma in the name of a secret's variable: rename it")
	}
	g.needSecret(c.Pod, at, unit, Secret{Name: name, Value: secret.Value, Source: secret.Source})
	data.Secrets = append(data.Secrets, fmt.Sprintf("%s,type=env,target=%s", name, v.Name))
}

// secretFile has the engine mount a secret over the empty file at its place.
func (g *generator) secretFile(unit string, data *containerData, c *translate.Container, volume translate.Volume, file translate.File, target string) {
	at := field(c, "volumeMounts["+target+"]")
	name := secretName(volume.Name, file.Path)
	if strings.Contains(target, ",") {
		g.refuse(c.Pod, at, "podman reads no comma in the path of a secret: mount it elsewhere")
	}
	g.checkWord(c.Pod, at, target)
	g.needSecret(c.Pod, at, unit, Secret{Name: name, Value: file.Data, Source: "volume " + volume.Name + " file " + file.Path})
	text := fmt.Sprintf("%s,type=mount,target=%s,mode=%04o", name, target, file.Mode.Perm())
	if volume.Group != nil {
		text += fmt.Sprintf(",gid=%d", *volume.Group)
	}
	data.Secrets = append(data.Secrets, text)
}

func (g *generator) needSecret(pod, at, unit string, secret Secret) {
	switch {
	case len(secret.Name) > secretNameLength:
		g.refuse(pod, at, fmt.Sprintf("the engine's secret would have a name of %d characters, and %d are allowed: shorten the names", len(secret.Name), secretNameLength))
	case len(secret.Value.Reveal()) >= secretSize:
		g.refuse(pod, at, fmt.Sprintf("a secret of the engine is smaller than %d bytes; %s", secretSize, supervised))
	}
	known, found := g.secrets[secret.Name]
	switch {
	case !found:
		secret.Units = []string{unit}
		g.secrets[secret.Name] = &secret
		return
	case known.Value != secret.Value:
		g.refuse(pod, at, fmt.Sprintf("the engine's secret would be called %s, as that of %s: rename one of them", secret.Name, known.Source))
	case !slices.Contains(known.Units, unit):
		known.Units = append(known.Units, unit)
	}
}

func (g *generator) collectSecrets() {
	for _, secret := range g.secrets {
		slices.Sort(secret.Units)
		g.set.Secrets = append(g.set.Secrets, *secret)
	}
	slices.SortFunc(g.set.Secrets, func(a, b Secret) int { return cmp.Compare(a.Name, b.Name) })
}

// confidential says whether a file is a secret of the engine. An empty one gives nothing away, and the
// engine has no empty secrets.
func confidential(file translate.File) bool {
	return file.Data.Confidential() && file.Data.Reveal() != ""
}

// filesDirectory is below the units'.
const filesDirectory = "files"

func fileName(volume, file string) string { return path.Join(filesDirectory, volume, file) }
