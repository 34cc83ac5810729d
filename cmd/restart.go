package cmd

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/podup/podup/plan"
)

func newRestartCommand(a *app, run func(context.Context, *steerOptions) error) *cobra.Command {
	opts := &steerOptions{app: a}
	command := &cobra.Command{
		Use:   "restart [POD|POD/CONTAINER]...",
		Short: "Restart pods, or single containers",
		Long: `Restart pods: stop them as podup stop does and start them again behind their init
containers. A container that is named with its pod is restarted alone, whatever its
restart policy, with its hooks and its grace; that counts as a restart.`,
		Example: `  podup restart
  podup restart web
  podup restart web/app --timeout 5`,
		Args: fileArgs,
		ValidArgsFunction: func(command *cobra.Command, args []string, toComplete string) ([]string, cobra.ShellCompDirective) {
			return a.complete(command, args, toComplete, func(actual plan.Actual) []string {
				return append(podNames(actual), containerPaths(projectContainers(actual))...)
			})
		},
		RunE: func(command *cobra.Command, args []string) error {
			opts.names = args
			if run == nil {
				run = runRestart
			}
			return run(command.Context(), opts)
		},
	}
	a.filesFlag(command.Flags(), "f")
	timeoutFlag(command, opts)
	return command
}

func runRestart(ctx context.Context, opts *steerOptions) error {
	s, err := opts.app.steer(ctx, "podup restart")
	if err != nil {
		return err
	}
	defer s.close()
	whole, parts := splitTargets(podArgs(s.overview.actual, opts.names))
	if len(whole) > 0 || len(parts) == 0 {
		var pods []life
		before := s.overview.actual
		if pods, err = s.pods(ctx, whole); err != nil || len(pods) == 0 {
			return err
		}
		s.overview.actual = before
		p, err := startPods(before.Project, pods, true, opts.timeout.value())
		if err != nil {
			return err
		}
		if err := s.lead(ctx, pods, p, anew); err != nil {
			return err
		}
	}
	return s.restartParts(ctx, whole, parts, opts.timeout.value())
}

// splitTargets tells pods from containers, POD/CONTAINER.
func splitTargets(names []string) (pods, containers []string) {
	for _, name := range names {
		if strings.Contains(name, "/") {
			containers = append(containers, name)
		} else {
			pods = append(pods, name)
		}
	}
	return pods, containers
}

// restartParts restarts single containers, but for those whose pod has just been restarted.
func (s *steering) restartParts(ctx context.Context, whole, parts []string, timeout time.Duration) error {
	p := plan.Plan{Project: s.overview.actual.Project}
	var pods []life
	var errs []error
	slices.Sort(parts)
	for _, part := range slices.Compact(parts) {
		pod, container, _ := strings.Cut(part, "/")
		if slices.Contains(whole, pod) {
			continue
		}
		if err := s.app.notHere(s.overview.actual, pod); err != nil {
			return err
		}
		if err := knownPods([]string{pod}, podNames(s.overview.actual)); err != nil {
			errs = append(errs, err)
			continue
		}
		i := slices.IndexFunc(pods, func(l life) bool { return l.pod.Name == pod })
		if i < 0 {
			l, err := s.overview.life(ctx, pod)
			if err != nil {
				return err
			}
			i, pods = len(pods), append(pods, l)
		}
		var err error
		if p, err = restartContainer(p, pods[i], container, timeout); err != nil {
			errs = append(errs, err)
		}
	}
	if len(errs) > 0 || p.Empty() {
		return errors.Join(errs...)
	}
	return s.lead(ctx, pods, p, kept)
}
