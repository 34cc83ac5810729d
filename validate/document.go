package validate

import (
	"fmt"
	"slices"
	"strings"
)

// section is one table of the document.
type section struct {
	title  string
	prefix string // of the paths of kind Pod; longer prefixes of other sections win
	kind   string
}

func sections() []section {
	return []section{
		{"Pod", "", "Pod"},
		{"Metadata", "metadata.", "Pod"},
		{"Pod security context", "spec.securityContext.", "Pod"},
		{"Containers", "spec.containers[].", "Pod"},
		{"Environment", "spec.containers[].env", "Pod"},
		{"Probes and hooks", "spec.containers[].livenessProbe", "Pod"},
		{"Probes and hooks", "spec.containers[].readinessProbe", "Pod"},
		{"Probes and hooks", "spec.containers[].startupProbe", "Pod"},
		{"Probes and hooks", "spec.containers[].lifecycle", "Pod"},
		{"Resources", "spec.containers[].resources.", "Pod"},
		{"Container security context", "spec.containers[].securityContext.", "Pod"},
		{"Volume mounts", "spec.containers[].volume", "Pod"},
		{"Init containers", "spec.initContainers[].", "Pod"},
		{"Volumes", "spec.volumes[].", "Pod"},
		{"Service", "", "Service"},
		{"ConfigMap", "", "ConfigMap"},
		{"Secret", "", "Secret"},
		{"PersistentVolumeClaim", "", "PersistentVolumeClaim"},
	}
}

// Document is docs/support.md: the support table and the differences from a kubelet, in Markdown.
func Document() string {
	var b strings.Builder
	b.WriteString(`# What podup does with each field

<!-- Made from the table in validate/; go test ./validate -run TestSupportDocument -update writes it. -->

A field is **honoured**: it means what it means in a cluster; **ignored**: it means nothing on one machine, and podup
warns where a manifest sets it, unless it says "quietly"; or **refused**: podup does not run the manifest and says what
to do instead. A test walks Kubernetes' types and fails on a field that stands in no row. A row stands for all fields
below it. ` + "`podup explain pod.spec.containers`" + ` shows the same beside Kubernetes' own words.

The metadata of the other kinds is treated as a Pod's.
`)
	written := map[string]bool{}
	for _, s := range sections() {
		if written[s.kind+s.title] {
			continue
		}
		written[s.kind+s.title] = true
		fmt.Fprintf(&b, "\n## %s\n\n", s.title)
		if s.title == "Init containers" {
			b.WriteString("As the containers, but for these fields:\n\n")
		}
		b.WriteString("| field | class | |\n| --- | --- | --- |\n")
		for _, row := range rowsUnder(s) {
			fmt.Fprintf(&b, "| `%s` | %s | %s |\n", row.Path, className(row), note(row))
		}
	}
	b.WriteString("\n## Known differences from a kubelet\n\nWhat no field says, and is not as on a cluster's node:\n\n")
	for _, d := range Differences() {
		fmt.Fprintf(&b, "* **%s.** %s\n", d.Topic, d.Text)
	}
	return b.String()
}

// rowsUnder are the rows of a section, in the order of the table.
func rowsUnder(s section) []Field {
	var rows []Field
	for _, row := range Fields() {
		if row.Kind != s.kind || titleOf(row) != s.title {
			continue
		}
		switch {
		case row.Kind != "Pod" && strings.HasPrefix(row.Path, "metadata."):
			continue
		case s.title == "Init containers" && sameForContainers(row):
			continue
		}
		rows = append(rows, row)
	}
	return rows
}

func titleOf(row Field) string {
	best := section{}
	for _, s := range sections() {
		if s.kind == row.Kind && strings.HasPrefix(row.Path, s.prefix) && (best.title == "" || len(s.prefix) > len(best.prefix)) {
			best = s
		}
	}
	return best.title
}

// sameForContainers says whether a row of init containers only repeats one of containers.
func sameForContainers(row Field) bool {
	twin := strings.Replace(row.Path, "spec.initContainers[]", "spec.containers[]", 1)
	return slices.ContainsFunc(Fields(), func(other Field) bool {
		if other.Kind != row.Kind || other.Class != row.Class || other.Reason != row.Reason || !slices.Equal(other.Fine, row.Fine) {
			return false
		}
		return other.Path == twin || strings.HasPrefix(twin, other.Path+".") || strings.HasPrefix(twin, other.Path+"[")
	})
}

func className(row Field) string {
	if row.Quiet {
		return "ignored quietly"
	}
	return row.Class.Said()
}

// note is the reason, fit for a cell.
func note(row Field) string {
	text := row.Reason
	if len(row.Fine) > 0 {
		fine := make([]string, len(row.Fine))
		for i, value := range row.Fine {
			fine[i] = "`" + value + "`"
			if value == "" {
				fine[i] = "empty"
			}
		}
		text += " (fine: " + strings.Join(fine, ", ") + ")"
	}
	return strings.ReplaceAll(text, "|", `\|`)
}
