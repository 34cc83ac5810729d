package cmd

import (
	"fmt"
	"slices"
	"strings"

	"github.com/podup/podup/plan"
)

// conflictErrors says once for each owner what it has that the plan needs.
func conflictErrors(conflicts []plan.Conflict) []error {
	var owners []string
	held := map[string][]string{}
	for _, c := range conflicts {
		if _, known := held[c.Owner]; !known {
			owners = append(owners, c.Owner)
		}
		held[c.Owner] = append(held[c.Owner], c.Object)
	}
	var errs []error
	for _, owner := range owners {
		objects := wholes(held[owner])
		if project, ok := strings.CutPrefix(owner, "units of "); ok {
			errs = append(errs, unitConflicts(objects, project)...)
			continue
		}
		if strings.HasSuffix(owner, "of this project") {
			for _, object := range objects {
				errs = append(errs, fmt.Errorf("the name of %s is that of a thing of %s: rename one of the two", object, owner))
			}
			continue
		}
		are, it := "exists and is not", "it"
		if len(objects) > 1 {
			are, it = "exist and are not", "them"
		}
		wayOut := fmt.Sprintf("podup does not touch %s; remove or rename one of the two", it)
		if project, ok := strings.CutPrefix(owner, "project "); ok {
			wayOut = fmt.Sprintf("podup up --project %s changes %s there, podup down --project %s removes %s", project, it, project, it)
		}
		errs = append(errs, fmt.Errorf("%s %s this project's (%s): %s", enumerate(objects), are, owner, wayOut))
	}
	return errs
}

// unitConflicts says what units of a project have. An uninstall of them leaves the data of claims.
func unitConflicts(objects []string, project string) []error {
	var errs []error
	var others []string
	for _, object := range objects {
		if !strings.HasPrefix(object, "volume/") {
			others = append(others, object)
			continue
		}
		errs = append(errs, fmt.Errorf("%s exists and is not this project's (units of %s): podup uninstall %s --volumes removes it, with its data; or give the claim another name",
			object, project, project))
	}
	if len(others) > 0 {
		are, it := "exists and is not", "it"
		if len(others) > 1 {
			are, it = "exist and are not", "them"
		}
		errs = append(errs, fmt.Errorf("%s %s this project's (units of %s): podup install has made %s: podup uninstall %s first", enumerate(others), are, project, it, project))
	}
	return errs
}

// wholes leaves out the containers and volumes that go with a pod that is told of as well.
func wholes(objects []string) []string {
	return slices.DeleteFunc(slices.Clone(objects), func(object string) bool {
		kind, name, _ := strings.Cut(object, "/")
		return kind != "pod" && slices.ContainsFunc(objects, func(other string) bool {
			pod, ok := strings.CutPrefix(other, "pod/")
			return ok && (strings.HasPrefix(name, pod+"-") || strings.HasPrefix(name, pod+"."))
		})
	})
}

// enumerate is "a", "a and b", "a, b and c".
func enumerate(words []string) string {
	last := len(words) - 1
	if last < 1 {
		return strings.Join(words, "")
	}
	return strings.Join(words[:last], ", ") + " and " + words[last]
}
