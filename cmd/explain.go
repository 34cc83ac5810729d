package cmd

import (
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/podup/podup/validate"
)

func newExplainCommand(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "explain FIELD",
		Short: "Say what a field of a manifest means, and what podup does with it",
		Long: `Say what a field of a manifest means, in Kubernetes' own words, and whether podup
honours it, ignores it or refuses it, with the reason. No engine is asked.

A field is named from its kind on: pod.spec.containers.livenessProbe. The kinds are
pod, configmap, secret and persistentvolumeclaim.`,
		Example: `  podup explain pod
  podup explain pod.spec.containers.livenessProbe
  podup explain pod.spec.containers.resources.limits.cpu`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 {
				return usagef("explain: name one field, such as pod.spec.containers")
			}
			return nil
		},
		ValidArgsFunction: completeField,
		RunE: func(_ *cobra.Command, args []string) error {
			found, err := validate.Explain(args[0])
			if err != nil {
				return exit(exitUsage, err)
			}
			return printExplanation(a.env.Out, found)
		},
	}
}

// completeField offers the fields below what has been typed.
func completeField(_ *cobra.Command, args []string, typed string) ([]string, cobra.ShellCompDirective) {
	const directive = cobra.ShellCompDirectiveNoSpace | cobra.ShellCompDirectiveNoFileComp
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	dot := strings.LastIndexByte(typed, '.')
	if dot < 0 {
		return []string{"pod", "configmap", "secret", "persistentvolumeclaim"}, directive
	}
	parent, err := validate.Explain(typed[:dot])
	if err != nil {
		return nil, directive
	}
	var offers []string
	for _, child := range parent.Children {
		offers = append(offers, typed[:dot]+"."+child.Name())
	}
	return offers, directive
}

// explainWidth is that of the text; what is read aloud in terminals of any width has none of its own.
const explainWidth = 88

func printExplanation(out io.Writer, e validate.Explanation) error {
	var b strings.Builder
	fmt.Fprintf(&b, "KIND:   %s\n", e.Kind)
	if e.Path != "" {
		fmt.Fprintf(&b, "FIELD:  %s <%s>\n", e.Path, e.Type)
	}
	if e.Class != "" {
		fmt.Fprintf(&b, "PODUP:  %s\n", verdict(e))
	}
	if e.Text != "" {
		fmt.Fprintf(&b, "\n%s\n", wrap(e.Text, explainWidth, ""))
	}
	if len(e.Children) > 0 {
		b.WriteString("\nFIELDS:\n")
	}
	for _, child := range e.Children {
		line := fmt.Sprintf("  %s <%s>", child.Name(), child.Type)
		if class := verdict(child); class != "" {
			line += "  " + class
		}
		fmt.Fprintln(&b, line)
	}
	_, err := io.WriteString(out, b.String())
	return err
}

// verdict is a class, in the words of docs/support.md, with its reason.
func verdict(e validate.Explanation) string {
	if e.Reason == "" {
		return e.Class.Said()
	}
	return e.Class.Said() + ": " + e.Reason
}

// wrap breaks text between words. Lines that are there already stay.
func wrap(text string, width int, indent string) string {
	var lines []string
	for paragraph := range strings.SplitSeq(text, "\n") {
		line := indent
		for _, word := range strings.Fields(paragraph) {
			if len(line)+len(word) > width && line != indent {
				lines = append(lines, strings.TrimRight(line, " "))
				line = indent
			}
			line += word + " "
		}
		lines = append(lines, strings.TrimRight(line, " "))
	}
	return strings.Join(lines, "\n")
}
