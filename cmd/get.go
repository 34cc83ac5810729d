package cmd

import (
	"context"
	"encoding/json"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/yaml"

	"github.com/podup/podup/plan"
)

const outputYAML = "yaml"

type getOptions struct {
	app       *app
	pods      []string
	noHeaders bool
	output    enum
}

func newGetCommand(a *app, run func(context.Context, *getOptions) error) *cobra.Command {
	opts := &getOptions{app: a, output: enum{value: "text", allowed: []string{"text", outputJSON, outputYAML}}}
	command := &cobra.Command{
		Use:   "get [POD...]",
		Short: "Show the pods as Kubernetes objects with their status",
		Long: `Show the pods of a project as v1 Pods: the manifests as they were applied, with their
defaults, and the status a kubelet would report.

One pod that is named is written as a Pod, else it is a List. Without -o it is the table
of podup status.`,
		Example: `  podup get -o yaml
  podup get web -o json
  podup get web -o json | jq .status.phase`,
		Args:              fileArgs,
		ValidArgsFunction: a.completePods,
		RunE: func(command *cobra.Command, args []string) error {
			opts.pods = args
			if run == nil {
				run = runGet
			}
			return run(command.Context(), opts)
		},
	}
	getFlags(a, command, opts)
	return command
}

func getFlags(a *app, command *cobra.Command, opts *getOptions) {
	flags := command.Flags()
	a.filesFlag(flags, "f")
	flags.BoolVar(&opts.noHeaders, "no-headers", false, "leave the column headers out")
	flags.VarP(&opts.output, "output", "o", "output format: text, json or yaml")
}

func runGet(ctx context.Context, opts *getOptions) error {
	a := opts.app
	o, done, err := a.lookAtProject(ctx)
	if err != nil {
		return err
	}
	defer done()
	names := podArgs(o.actual, opts.pods)
	if err := a.notHere(o.actual, names...); err != nil {
		return err
	}
	all, err := o.lives(ctx, names)
	if err != nil {
		return err
	}
	now := time.Now()
	pods := make([]*corev1.Pod, 0, len(all))
	for _, l := range all {
		pods = append(pods, l.object(now))
	}
	if opts.output.value != "text" {
		return writeObjects(a.env.Out, opts.output.value, pods, len(names) == 1)
	}
	if len(pods) == 0 {
		a.noPods(o.actual.Project)
		return nil
	}
	if err := writePods(a.env.Out, newPalette(a.env.Out, a.env.Getenv, a.color.value), pods, now, !opts.noHeaders); err != nil {
		return err
	}
	a.sayUnsupervised(o)
	return nil
}

// sayUnsupervised warns of containers that run and that nobody would start again.
func (a *app) sayUnsupervised(o *overview) {
	if text := unsupervised(o.actual, o.supervised); text != "" {
		a.warn(text)
	}
}

// unsupervised says that nobody leads a project, "" where there is nothing to lead.
func unsupervised(actual plan.Actual, supervised bool) string {
	if supervised || !slices.ContainsFunc(projectContainers(actual), func(c plan.ContainerState) bool { return c.Status == plan.Running }) {
		return ""
	}
	return "project " + actual.Project + " is unsupervised: nothing is probed or restarted until podup up"
}

// podArgs are the pods of a command line, also as kubectl's users name them: pod web, pods, pod/web.
func podArgs(actual plan.Actual, args []string) []string {
	kinds := []string{"pod", "pods", "po"}
	known := func(name string) bool { _, ok := actual.Pods[name]; return ok }
	if len(args) > 0 && slices.Contains(kinds, args[0]) && !known(args[0]) {
		args = args[1:]
	}
	var names []string
	for _, arg := range args {
		kind, name, found := strings.Cut(arg, "/")
		if found && slices.Contains(kinds, kind) && !known(kind) {
			arg = name
		}
		names = append(names, arg)
	}
	return names
}

// writeObjects writes Pods as kubectl get does: one, or a List of them.
func writeObjects(w io.Writer, format string, pods []*corev1.Pod, single bool) error {
	var document any
	if single && len(pods) == 1 {
		document = pods[0]
	} else {
		document = struct {
			metav1.TypeMeta `json:",inline"`
			metav1.ListMeta `json:"metadata"`
			Items           []*corev1.Pod `json:"items"`
		}{metav1.TypeMeta{Kind: "List", APIVersion: "v1"}, metav1.ListMeta{}, pods}
	}
	if format == outputYAML {
		text, err := yaml.Marshal(document)
		if err != nil {
			return err
		}
		_, err = w.Write(text)
		return err
	}
	text, err := json.MarshalIndent(document, "", "    ")
	if err != nil {
		return err
	}
	_, err = w.Write(append(text, '\n'))
	return err
}
