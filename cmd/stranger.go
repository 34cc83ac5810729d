package cmd

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/podup/podup/plan"
	"github.com/podup/podup/translate"
)

// stranger warns of manifests that seem to be those of another project: two directories of one name
// give one project name. It is empty for manifests that share a pod or a directory with the newest
// release.
func stranger(project string, sources, before []string, want translate.Project, actual plan.Actual) string {
	here, there := directoriesOf(sources), directoriesOf(before)
	if len(here) == 0 || len(there) == 0 || len(want.Pods) == 0 || len(actual.Pods) == 0 {
		return ""
	}
	for _, pod := range want.Pods {
		if _, shared := actual.Pods[pod.Name]; shared {
			return ""
		}
	}
	for _, dir := range here {
		if slices.Contains(there, dir) {
			return ""
		}
	}
	return fmt.Sprintf("project %s was last made from %s, and these manifests name none of its pods: if they are another project's, give it a name of its own with --project or $PODUP_PROJECT",
		project, strings.Join(before, ", "))
}

// directoriesOf are the directories of manifests, and a directory that was given itself; nothing for
// standard input.
func directoriesOf(sources []string) []string {
	var dirs []string
	for _, source := range sources {
		if source == "-" {
			return nil
		}
		dirs = append(dirs, filepath.Dir(source), source)
	}
	return dirs
}
