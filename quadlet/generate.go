package quadlet

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"
	"text/template"

	"github.com/podup/podup/templates"
	"github.com/podup/podup/translate"
)

const podman = "/usr/bin/podman"

// Generate writes the units of a project whose pods have been translated with Node as the node's name. What
// cannot be written is an error of type RefusedError, and what can only in part is in the notes.
func Generate(project translate.Project, opts Options) (Set, error) {
	text, err := templates.Parse("quadlet", functions())
	if err != nil {
		return Set{}, err
	}
	g := &generator{
		project: project,
		opts:    opts,
		text:    text,
		set:     Set{Project: project.Name},
		volumes: map[string]translate.Volume{},
		values:  map[string]translate.Secret{},
		claims:  map[string]string{},
		secrets: map[string]*Secret{},
	}
	for _, volume := range project.Volumes {
		g.volumes[volume.Name] = volume
	}
	for _, secret := range project.Secrets {
		g.values[secret.Name] = secret
	}
	if project.Network != nil {
		g.network(*project.Network)
	}
	for i := range project.Pods {
		g.pod(&project.Pods[i])
	}
	for _, volume := range project.Volumes {
		g.volume(volume)
	}
	g.collectSecrets()
	if g.err != nil {
		return Set{}, g.err
	}
	if len(g.refused) > 0 {
		return Set{}, g.refused
	}
	slices.SortFunc(g.set.Units, func(a, b Unit) int { return cmp.Compare(a.Name, b.Name) })
	slices.SortFunc(g.set.Files, func(a, b File) int { return cmp.Compare(a.Name, b.Name) })
	return g.set, nil
}

type generator struct {
	project translate.Project
	opts    Options
	text    *template.Template
	set     Set
	refused RefusedError
	err     error // of a template

	volumes map[string]translate.Volume
	values  map[string]translate.Secret // secrets of the project by the name they would have for podup up
	secrets map[string]*Secret          // of the units, by name
	claims  map[string]string           // service names, and the unit that has them
}

// head is what every unit begins with.
type head struct {
	Mark    string
	Notes   []Note
	Project string
	Service string
	Name    string // of the engine's object
	Labels  []string
}

func (g *generator) head(unit, service, object string) head {
	return head{
		Mark:    Head(g.project.Name, g.opts.Sources),
		Notes:   g.notesOf(unit),
		Project: g.project.Name,
		Service: service,
		Name:    object,
		Labels:  []string{translate.LabelUnit + "=" + g.project.Name},
	}
}

// write executes the template for a unit of a kind: "pod", "container", "volume", "network".
func (g *generator) write(pod, unit, service, kind string, data any) {
	if other, taken := g.claims[service]; taken {
		g.refuse(pod, "metadata.name", fmt.Sprintf("%s and %s would both be %s.service: rename one of them", other, unit, service))
	}
	g.claims[service] = unit
	var text bytes.Buffer
	if err := g.text.ExecuteTemplate(&text, kind+".tmpl", data); err != nil {
		g.err = cmp.Or(g.err, fmt.Errorf("write unit %s: %w", unit, err))
		return
	}
	g.set.Units = append(g.set.Units, Unit{Name: unit, Service: service + ".service", Text: text.Bytes()})
}

func (g *generator) network(n translate.Network) {
	unit, service := networkUnit(n.Name), n.Name+".network" // Quadlet's own podup.shop-network could be the supervisor's of a project
	g.write("", unit, service, "network", g.head(unit, service, n.Name))
}

// File names of units, and the services that Podman's generator makes of them, without ".service".
func networkUnit(network string) string { return network + ".network" }

func podUnit(pod string) (unit, service string) { return pod + ".pod", pod + "-pod" }

func containerUnit(pod, container string) (unit, service string) {
	service = translate.ContainerName(pod, container)
	return service + ".container", service
}

func volumeUnit(volume string) (unit, service string) { return volume + ".volume", volume + "-volume" }
