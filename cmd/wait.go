package cmd

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"
	corev1 "k8s.io/api/core/v1"
)

type waitOptions struct {
	app     *app
	pods    []string
	wants   []string
	timeout patience
}

func newWaitCommand(a *app, run func(context.Context, *waitOptions) error) *cobra.Command {
	opts := &waitOptions{app: a, timeout: patience(30 * time.Second)}
	command := &cobra.Command{
		Use:   "wait [POD...] [--for CONDITION]",
		Short: "Wait until pods are ready, have ended, or are gone",
		Long: `Wait until something is true of pods, of all where none is named, as kubectl wait does.

--for is one of
  condition=NAME[=VALUE]  a condition: Ready, ContainersReady, Initialized,
                          PodReadyToStartContainers or PodScheduled; the value is true
                          unless it is given
  phase=PHASE             Pending, Running, Succeeded or Failed
  create, delete          the pod is there, or gone
and may be repeated: then all must hold. Without it, podup waits for condition=Ready.

When the time is up, podup says why the pods are not there yet, with the last lines of
containers that fail, and ends with exit code 1.`,
		Example: `  podup wait
  podup wait web --for=condition=Ready --timeout=60s
  podup wait job --for=phase=Succeeded --timeout 10m
  podup wait web --for condition=Ready=false
  podup wait --for=delete`,
		Args:              fileArgs,
		ValidArgsFunction: a.completePods,
		RunE: func(command *cobra.Command, args []string) error {
			opts.pods = args
			if run == nil {
				run = runWait
			}
			return run(command.Context(), opts)
		},
	}
	flags := command.Flags()
	a.filesFlag(flags, "f")
	flags.StringArrayVar(&opts.wants, "for", nil, "what to wait for: condition=NAME[=VALUE], phase=PHASE, create or delete (default: condition=Ready)")
	flags.Var(&opts.timeout, "timeout", "how long to wait, such as 90s; 0 looks once, a negative time is no limit")
	_ = command.RegisterFlagCompletionFunc("for", completeWaits)
	return command
}

// patience is a flag for how long to wait: a duration, or a number of seconds.
type patience time.Duration

// String gives 0 as pflag expects it of a flag without a default.
func (p *patience) String() string {
	if *p == 0 {
		return "0"
	}
	return time.Duration(*p).String()
}

func (p *patience) Type() string { return "duration" }

func (p *patience) Set(text string) error {
	duration, err := time.ParseDuration(text)
	if seconds, numeric := strconv.Atoi(text); numeric == nil {
		duration, err = time.Duration(seconds)*time.Second, nil
	}
	if err != nil {
		return usagef("it is a duration such as 90s or 5m")
	}
	*p = patience(duration)
	return nil
}

func runWait(ctx context.Context, opts *waitOptions) error {
	a := opts.app
	if len(opts.wants) == 0 {
		opts.wants = []string{"condition=Ready"}
	}
	wants, err := parseWaits(opts.wants)
	if err != nil {
		return err
	}
	o, done, err := a.lookAtProject(ctx)
	if err != nil {
		return err
	}
	defer done()
	pods := podArgs(o.actual, opts.pods)
	if len(pods) == 0 {
		pods = podNames(o.actual)
	}
	absent := slices.ContainsFunc(wants, func(w want) bool { return w.absent })
	switch {
	case len(pods) == 0 && wants.only("delete"):
		return nil
	case len(pods) == 0:
		if text := a.installedText(o.actual.Project); text != "" {
			return errors.New(text)
		}
		return fmt.Errorf("project %s has no pods to wait for", o.actual.Project)
	case !absent:
		if err := a.notHere(o.actual, pods...); err != nil {
			return err
		}
		if err := knownPods(pods, podNames(o.actual)); err != nil {
			return err
		}
	}
	at := awaiting{
		overview: o, pods: pods, timeout: time.Duration(opts.timeout), warn: a.warn,
		met: func(name string, pod *corev1.Pod) (bool, error) { return wants.met(name, pod) },
		done: func(name string) {
			fmt.Fprintf(a.env.Out, "pod/%s condition met\n", clean(name))
		},
	}
	return awaitPods(ctx, at)
}

// want is one --for.
type want struct {
	text   string
	absent bool // it can be about a pod that is not there
	met    func(pod *corev1.Pod) bool
}

type waits []want

// only says that nothing is waited for but this.
func (ws waits) only(text string) bool {
	return !slices.ContainsFunc(ws, func(w want) bool { return w.text != text })
}

// met says whether all holds of a pod. One that is gone can only be waited for in vain.
func (ws waits) met(name string, pod *corev1.Pod) (bool, error) {
	for _, w := range ws {
		if pod == nil && !w.absent && !slices.ContainsFunc(ws, func(other want) bool { return other.text == "create" }) {
			return false, fmt.Errorf("pod %s is gone", name)
		}
		if pod == nil && !w.absent || !w.met(pod) {
			return false, nil
		}
	}
	return true, nil
}

func podConditions() []string {
	return []string{
		string(corev1.PodReady), string(corev1.ContainersReady), string(corev1.PodInitialized),
		string(corev1.PodReadyToStartContainers), string(corev1.PodScheduled), string(corev1.DisruptionTarget),
		string(corev1.AllContainersRestarting),
	}
}

func podPhases() []string {
	return []string{
		string(corev1.PodPending), string(corev1.PodRunning), string(corev1.PodSucceeded), string(corev1.PodFailed), string(corev1.PodUnknown),
	}
}

// parseWaits reads --for. Names that no pod can ever have would be waited for in vain, and are refused.
func parseWaits(texts []string) (waits, error) {
	var all waits
	for _, text := range texts {
		kind, rest, _ := strings.Cut(text, "=")
		w := want{text: strings.ToLower(text)}
		switch {
		case w.text == "delete":
			w.absent, w.met = true, func(pod *corev1.Pod) bool { return pod == nil }
		case w.text == "create":
			w.absent, w.met = true, func(pod *corev1.Pod) bool { return pod != nil }
		case kind == "condition":
			name, value, given := strings.Cut(rest, "=")
			if !given {
				value = "true"
			}
			if err := knownCondition(name, value); err != nil {
				return nil, err
			}
			w.met = func(pod *corev1.Pod) bool { return conditionIs(pod, name, value) }
		case kind == "phase":
			if !containsFold(podPhases(), rest) {
				return nil, usagef("--for %s: a pod's phase is one of %s", text, strings.Join(podPhases(), ", "))
			}
			w.met = func(pod *corev1.Pod) bool { return strings.EqualFold(string(pod.Status.Phase), rest) }
		case kind == "jsonpath" && strings.Contains(rest, "status.phase"):
			return nil, usagef("--for %s: a phase is waited for with --for=phase=Running", text)
		default:
			return nil, usagef("--for %s: it is condition=NAME[=VALUE], phase=PHASE, create or delete", text)
		}
		all = append(all, w)
	}
	return all, nil
}

func containsFold(all []string, one string) bool {
	return slices.ContainsFunc(all, func(s string) bool { return strings.EqualFold(s, one) })
}

// knownCondition takes the conditions a kubelet gives, and readiness gates, whose names are labels'
// and have a dot or a slash by custom.
func knownCondition(name, value string) error {
	if !containsFold(podConditions(), name) && !strings.ContainsAny(name, "./") {
		return usagef("--for condition=%s: a pod's conditions are %s", name, strings.Join(podConditions(), ", "))
	}
	if !containsFold([]string{"true", "false", "unknown"}, value) {
		return usagef("--for condition=%s=%s: a condition is true, false or unknown", name, value)
	}
	return nil
}

func conditionIs(pod *corev1.Pod, name, value string) bool {
	for _, c := range pod.Status.Conditions {
		if strings.EqualFold(string(c.Type), name) {
			return strings.EqualFold(string(c.Status), value)
		}
	}
	return false
}

func completeWaits(_ *cobra.Command, _ []string, _ string) ([]string, cobra.ShellCompDirective) {
	offers := []string{"create", "delete"}
	for _, name := range podConditions() {
		offers = append(offers, "condition="+name)
	}
	for _, phase := range podPhases() {
		offers = append(offers, "phase="+phase)
	}
	return offers, cobra.ShellCompDirectiveNoFileComp
}
