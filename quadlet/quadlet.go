// Package quadlet writes the units by which systemd and Podman run a project without podup: a .pod, its
// .container files, volumes and network, and what these refer to. It does no I/O.
package quadlet

import (
	"io/fs"

	"github.com/podup/podup/translate"
)

// Options are what the units depend on beside the project.
type Options struct {
	Podman  Version  // the oldest Podman they must work with
	Root    bool     // for the system's service manager and root's Podman
	Sources []string // files the manifests were read from, for the first line of each unit
}

// Set is everything that runs one project. It is the same for the same project and options.
type Set struct {
	Project string
	Units   []Unit   // sorted by name
	Files   []File   // sorted by name; what units mount
	Secrets []Secret // sorted by name; what must be in the engine before a unit starts
	Notes   []Note   // what systemd cannot express, in manifest order
}

// Unit is one Quadlet file.
type Unit struct {
	Name    string // "web-app.container"
	Service string // "web-app.service", the unit that Podman's generator makes of it
	Text    []byte
}

// File is one file below the directory of the units.
type File struct {
	Name string // relative, with slashes: "files/web-config/app.conf"
	Mode fs.FileMode
	Data []byte
}

// Secret is an engine secret that units name.
type Secret struct {
	Name   string
	Value  translate.Value
	Source string   // for people: the Secret and key that the value came from
	Units  []string // names of the units that use it
}

// Note is something of the manifest that the units do not do, or do otherwise.
type Note struct {
	Unit  string // name of the unit whose comment says so
	Field string // "spec.containers[app].readinessProbe"
	Text  string // what is lost, and the way out
}
