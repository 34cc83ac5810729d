package cmd

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/podup/podup/plan"
	"github.com/podup/podup/podmanapi"
	"github.com/podup/podup/translate"
)

type debugFlags struct {
	image, target, container string
	pull                     enum
	stdin, tty, attach       bool
	env                      []string
}

func newDebugCommand(a *app) *cobra.Command {
	flags := debugFlags{pull: enum{allowed: []string{"Always", "IfNotPresent", "Never"}}}
	command := &cobra.Command{
		Use:   "debug [flags] POD --image IMAGE [-- COMMAND [ARGUMENT...]]",
		Short: "Add a container to a running pod, to look around in it",

		DisableFlagsInUseLine: true,
		Long: `Run an ephemeral container in a pod: one of another image, in the pod's network, under its name and with its
security context. With --target it sees the processes of that container; it may trace them (SYS_PTRACE). It
mounts none of the pod's volumes, is not restarted and does not keep the pod alive.

With -i, -t or --attach podup stays with it, passes on its exit code and removes it in the end. Without,
it is left to itself, shows in podup ps and podup logs, and goes with its pod. Exit code 125 says that podup
failed.`,
		Example: `  podup debug web -it --image busybox
  podup debug web -it --image busybox --target app -- sh
  podup debug web --image nicolaka/netshoot -- tcpdump -w /tmp/x`,
		ValidArgsFunction: a.completePods,
		RunE: func(command *cobra.Command, args []string) error {
			dash := command.ArgsLenAtDash()
			if len(args) == 0 || dash == 0 || dash > 1 || dash < 0 && len(args) > 1 {
				return usagef("debug: one POD is named, and what to run in it stands after --")
			}
			if flags.image == "" {
				return usagef("debug: say with --image what to run in pod %s", clean(args[0]))
			}
			return a.debug(command.Context(), flags, args[0], args[1:])
		},
	}
	f := command.Flags()
	a.filesFlag(f, "f")
	f.StringVar(&flags.image, "image", "", "image of the container")
	f.Var(&flags.pull, "image-pull-policy", "when to pull the image: Always, IfNotPresent or Never (default: as in a manifest)")
	f.StringVar(&flags.target, "target", "", "container whose processes it sees")
	f.StringVarP(&flags.container, "container", "c", "", "name of the container (default: debugger- and five characters)")
	f.BoolVarP(&flags.stdin, "stdin", "i", false, "pass standard input on")
	f.BoolVarP(&flags.tty, "tty", "t", false, "give it a terminal")
	f.BoolVar(&flags.attach, "attach", false, "stay with it; so do -i and -t")
	f.StringArrayVarP(&flags.env, "env", "e", nil, "set an environment variable, NAME=VALUE; NAME alone takes podup's own value")
	return command
}

func (a *app) debug(ctx context.Context, flags debugFlags, pod string, command []string) error {
	environment, err := a.execEnv(flags.env)
	if err != nil {
		return err
	}
	wanted := &corev1.EphemeralContainer{
		EphemeralContainerCommon: corev1.EphemeralContainerCommon{
			Name: flags.container, Image: flags.image, ImagePullPolicy: pullPolicy(flags), Command: command,
			Stdin: flags.stdin, TTY: flags.tty,
			SecurityContext: &corev1.SecurityContext{Capabilities: &corev1.Capabilities{Add: []corev1.Capability{"SYS_PTRACE"}}},
		},
		TargetContainerName: flags.target,
	}
	for _, one := range environment {
		name, value, _ := strings.Cut(one, "=")
		// No $(VAR) is meant in what a command line says.
		wanted.Env = append(wanted.Env, corev1.EnvVar{Name: name, Value: strings.ReplaceAll(value, "$", "$$")})
	}
	code, err := a.runDebug(ctx, flags, pod, wanted)
	return commandExit(ctx, code, err)
}

// pullPolicy is that of a manifest's container where the flags name none.
func pullPolicy(flags debugFlags) corev1.PullPolicy {
	name := flags.image[strings.LastIndexByte(flags.image, '/')+1:]
	tagged := strings.ContainsAny(name, ":@") && !strings.HasSuffix(name, ":latest")
	switch {
	case flags.pull.value != "":
		return corev1.PullPolicy(flags.pull.value)
	case tagged, strings.HasPrefix(flags.image, builtHere):
		return corev1.PullIfNotPresent
	}
	return corev1.PullAlways
}

func (a *app) runDebug(ctx context.Context, flags debugFlags, pod string, wanted *corev1.EphemeralContainer) (code int, err error) {
	project, engine, err := a.openProject(ctx)
	if err != nil {
		return 0, err
	}
	defer engine.Close()
	o, err := a.overview(ctx, engine, project)
	if err != nil {
		return 0, err
	}
	container, err := debugger(o.actual, pod, wanted)
	if err != nil {
		return 0, err
	}
	if err := a.fetch(ctx, engine, container); err != nil {
		return 0, err
	}
	name := container.EngineName()
	warnings, err := engine.CreateContainer(ctx, container, name)
	for _, warning := range warnings {
		a.warn("container " + name + ": " + warning)
	}
	if err != nil {
		return 0, err
	}
	fmt.Fprintf(a.env.Err, "container %s/%s\n", pod, container.Name)
	if !flags.stdin && !flags.tty && !flags.attach {
		return 0, engine.StartContainer(ctx, name)
	}
	code, err = a.attachDebugger(ctx, engine, flags, name)
	return code, errors.Join(err, discard(ctx, engine, name))
}

// debugger is the container to add to a pod, whose name it completes.
func debugger(actual plan.Actual, pod string, wanted *corev1.EphemeralContainer) (translate.Container, error) {
	state, ok := actual.Pods[pod]
	switch {
	case !ok:
		return translate.Container{}, unknownName("pod", pod, podNames(actual))
	case state.Infra.Status != plan.Running:
		return translate.Container{}, fmt.Errorf("pod %s is not running", clean(pod))
	}
	containers := podContainers(state)
	if wanted.Name == "" {
		wanted.Name = "debugger-" + strings.ToLower(rand.Text()[:5])
	}
	if wrong := validation.IsDNS1123Label(wanted.Name); len(wrong) > 0 {
		return translate.Container{}, usagef("debug: --container: %s", wrong[0])
	}
	if slices.ContainsFunc(containers, func(c plan.ContainerState) bool { return c.Container == wanted.Name }) {
		return translate.Container{}, usagef("debug: --container: pod %s has a container %s", clean(pod), wanted.Name)
	}
	if target := wanted.TargetContainerName; target != "" {
		i := slices.IndexFunc(containers, func(c plan.ContainerState) bool { return containerLabel(c) == target })
		if i < 0 {
			return translate.Container{}, unknownName("container", target, containerPaths(containers))
		}
		if containers[i].Status != plan.Running {
			return translate.Container{}, fmt.Errorf("container %s is not running: it is %s", clean(containerPath(containers[i])), containers[i].Status)
		}
	}
	container, problems := definition(actual, state).EphemeralContainer(wanted)
	if problems.HasErrors() {
		return translate.Container{}, usagef("debug: %s", problems[0].Message)
	}
	return container, nil
}

// fetch pulls the container's image as its policy says.
func (a *app) fetch(ctx context.Context, engine Engine, c translate.Container) error {
	found, err := engine.Observe(ctx, translate.Project{Name: c.Project, Pods: []translate.Pod{{Name: c.Pod, Apps: []translate.Container{c}}}})
	if err != nil {
		return err
	}
	there := found.Images[c.Image] != ""
	switch {
	case c.Pull == translate.PullNever && !there:
		return fmt.Errorf("image %s is not in the engine's store, and the policy is Never", c.Image)
	case c.Pull == translate.PullNever, there && c.Pull == translate.PullIfNotPresent:
		return nil
	}
	fmt.Fprintf(a.env.Err, "pulling image %s\n", c.Image)
	return engine.PullImage(ctx, c.Image, func(plan.PullProgress) {})
}

func (a *app) attachDebugger(ctx context.Context, engine Engine, flags debugFlags, name string) (code int, err error) {
	opts := podmanapi.ExecOptions{TTY: flags.tty, Out: a.env.Out, Err: a.env.Err}
	if flags.stdin {
		opts.In = a.env.In
	}
	if flags.tty {
		restore, err := a.attachTerminal(ctx, flags.stdin, &opts)
		if err != nil {
			return 0, err
		}
		defer restore()
	}
	return engine.Attach(ctx, name, opts)
}

// discardTime is how long removing a container may take when podup has been interrupted.
const discardTime = 10 * time.Second

// discard removes a container that has been looked at to its end, also after an interrupt.
func discard(ctx context.Context, engine Engine, name string) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), discardTime)
	defer cancel()
	return engine.RemoveContainer(ctx, name)
}
