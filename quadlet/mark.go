package quadlet

import "strings"

// Mark begins the first line of every unit that podup has written, followed by the project's name. It is
// what makes a unit podup's: another one is never replaced or removed.
const Mark = "# Made by podup for project"

// Head is the first line of a unit made from these files.
func Head(project string, sources []string) string {
	return comment(Mark + " " + project + " from " + strings.Join(sources, ", ") + "; podup install replaces it.")
}

// ServiceName is the unit by which podup itself leads a project.
func ServiceName(project string) string { return "podup-" + project + ".service" }
