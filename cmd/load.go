package cmd

import (
	"crypto/rand"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/podup/podup/manifest"
	"github.com/podup/podup/release"
	"github.com/podup/podup/translate"
	"github.com/podup/podup/validate"
)

// loaded is what the files of a command line say.
type loaded struct {
	set      manifest.Set
	problems manifest.Problems
	names    []string // as messages show them
	sources  []string // absolute paths, "-" for standard input
}

// ruleUnreadable is a manifest file that could not even be read.
const ruleUnreadable = "podup-unreadable-file"

// load reads and checks the manifests without an engine. Whatever is wrong with them is a problem;
// an error is about the command line.
func (a *app) load(strict bool, network string) (loaded, error) {
	paths, err := a.manifests()
	if err != nil {
		return loaded{}, err
	}
	var l loaded
	for _, path := range paths {
		name := path
		if path == "-" {
			name = "<stdin>"
		} else if path, err = filepath.Abs(path); err != nil {
			return loaded{}, fmt.Errorf("find the manifests: %w", err)
		}
		l.names = append(l.names, name)
		l.sources = append(l.sources, path)
	}
	var sources []manifest.Source
	for _, path := range paths {
		read, err := manifest.Read([]string{path}, a.env.In)
		if err != nil {
			l.problems = append(l.problems, unreadable(path, err)...)
		}
		sources = append(sources, read...)
	}
	if len(l.problems) > 0 {
		return l, nil
	}
	l.set, l.problems = manifest.Load(sources)
	if !l.problems.HasErrors() && len(l.set.Pods)+len(l.set.Services)+len(l.set.ConfigMaps)+len(l.set.Secrets)+len(l.set.Claims) == 0 {
		l.problems = manifest.Merge(l.problems, manifest.Problems{{
			Pos: manifest.Pos{File: sources[0].Name}, Rule: "podup-empty", Severity: manifest.SeverityError,
			Message: "there is no object in it; podup runs objects of kind Pod",
		}})
	}
	if strict {
		asErrors(l.problems)
	}
	l.problems = manifest.Merge(l.problems, check(l.set, a.checkedAs(), strict, network))
	return l, nil
}

// unreadable are the problems of a path that could not be read.
func unreadable(path string, err error) manifest.Problems {
	var problems manifest.Problems
	for _, one := range flatten(err) {
		problems = append(problems, manifest.Problem{
			Pos: manifest.Pos{File: path}, Rule: ruleUnreadable, Severity: manifest.SeverityError,
			Message: strings.TrimPrefix(one.Error(), "read manifest "+path+": "),
		})
	}
	return problems
}

// checkedAs is the project whose names a claim may not have. A manifest can be checked where none can
// be named.
func (a *app) checkedAs() string {
	project, err := a.projectName()
	if err != nil {
		return ""
	}
	return project
}

// check finds what is wrong with a set, as far as that shows without an engine.
func check(set manifest.Set, project string, strict bool, network string) manifest.Problems {
	problems := validate.Check(set, validate.Options{Strict: strict})
	if problems.HasErrors() {
		return problems
	}
	// What only shows when references are followed. The key is for this call alone: nothing of what
	// is made here is kept.
	_, found := translate.Want(set, translate.Options{Project: project, Network: network, SecretKey: randomKey()})
	if strict {
		asErrors(found)
	}
	return manifest.Merge(problems, found)
}

// asErrors is what --strict makes of findings.
func asErrors(problems manifest.Problems) {
	for i := range problems {
		problems[i].Severity = manifest.SeverityError
	}
}

func randomKey() []byte {
	key := make([]byte, 32)
	rand.Read(key) // since Go 1.24 it never fails
	return key
}

// summary is the closing line of validate: "2 pods, 1 configMap: valid".
func summary(set manifest.Set, problems manifest.Problems) string {
	errors, warnings := 0, 0
	for _, problem := range problems {
		if problem.Severity == manifest.SeverityError {
			errors++
		} else {
			warnings++
		}
	}
	switch {
	case errors > 0 && warnings > 0:
		return count(errors, "error") + ", " + count(warnings, "warning")
	case errors > 0:
		return count(errors, "error")
	}
	var objects []string
	for _, kind := range []struct {
		number int
		name   string
	}{
		{len(set.Pods), "pod"}, {len(set.Services), "service"}, {len(set.ConfigMaps), "configMap"},
		{len(set.Secrets), "secret"}, {len(set.Claims), "persistentVolumeClaim"},
	} {
		if kind.number > 0 {
			objects = append(objects, count(kind.number, kind.name))
		}
	}
	text := strings.Join(objects, ", ") + ": valid"
	if warnings > 0 {
		text += ", " + count(warnings, "warning")
	}
	return text
}

// count is "1 pod", "2 pods".
func count(number int, noun string) string {
	if number != 1 {
		noun += "s"
	}
	return fmt.Sprintf("%d %s", number, noun)
}

// releaseOptions are what of a command line a release remembers.
func (l loaded) releaseOptions(network string) release.Options {
	return release.Options{Network: network, Sources: l.sources}
}
