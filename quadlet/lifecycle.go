package quadlet

import (
	"slices"
	"strconv"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/podup/podup/translate"
)

// order puts a container behind those that start before it. Apps are not ordered among each other: systemd
// would then also stop them one after the other. It stops in reverse: apps before sidecars, and the last
// sidecar first, as a kubelet does.
func order(data *containerData, p *translate.Pod, c *translate.Container) {
	before := p.Init
	if c.Init {
		i := slices.IndexFunc(p.Init, func(other translate.Container) bool { return other.Name == c.Name })
		before = p.Init[:i]
	}
	for i, other := range before {
		_, service := containerUnit(p.Name, other.Name)
		service += ".service"
		last := !slices.ContainsFunc(before[i+1:], func(later translate.Container) bool { return !later.Sidecar })
		switch {
		case other.Sidecar:
			data.After, data.Wants = append(data.After, service), append(data.Wants, service)
		case last: // it has those before it for its own conditions
			data.After, data.Requires = append(data.After, service), append(data.Requires, service)
		}
	}
}

// stopMargin is what podman needs around the grace period before systemd loses its patience.
const stopMargin = 15 * time.Second

// foreverGrace is where TimeoutStopSec no longer means anything.
const foreverGrace = 24 * 365 * time.Hour

func (g *generator) restart(unit string, data *containerData, c *translate.Container) {
	data.Once = c.Init && !c.Sidecar
	data.Direct = c.Init
	data.TimeoutStop = seconds(c.Grace + stopMargin)
	if c.Grace > foreverGrace {
		data.TimeoutStop = "infinity"
	}
	switch c.Lifecycle.Restart {
	case corev1.RestartPolicyAlways:
		data.Restart = "always"
	case corev1.RestartPolicyOnFailure:
		data.Restart = "on-failure"
	default:
		data.Restart = "no"
	}
	for _, rule := range c.Lifecycle.Rules {
		if rule.ExitCodes == nil || rule.ExitCodes.Operator != corev1.ContainerRestartRuleOnExitCodesOpIn ||
			rule.Action != corev1.ContainerRestartRuleActionRestart {
			g.note(unit, field(c, "restartPolicyRules"), "only rules with the action Restart and the operator In are kept; "+supervised)
			continue
		}
		if data.Once {
			g.note(unit, field(c, "restartPolicyRules"), "systemd before 256 loads no such unit of an init container, so the rule is left out; "+supervised)
			continue
		}
		for _, code := range rule.ExitCodes.Values {
			data.ForceRestart = append(data.ForceRestart, strconv.Itoa(int(code)))
		}
	}
	if data.Restart != "no" && !data.Once {
		data.Signalled = true
		data.ForceRestart = append(data.ForceRestart, "137", "143")
	}
}

// hooks are systemd's commands around the container. A postStart that fails fails the unit, and Restart=
// says what then, as with a kubelet.
func (g *generator) hooks(unit string, data *containerData, c *translate.Container) {
	if argv := g.hook(unit, c, c.Lifecycle.PostStart, "lifecycle.postStart"); argv != nil {
		data.StartPost = append(data.StartPost, argv)
	}
	if data.Startup != nil {
		data.StartPost = append(data.StartPost, data.Startup)
	}
	// A kubelet runs none either where there is no time for it (kuberuntime_container.go, killContainer).
	if c.Grace <= 0 {
		return
	}
	if argv := g.hook(unit, c, c.Lifecycle.PreStop, "lifecycle.preStop"); argv != nil {
		_, name := containerUnit(c.Pod, c.Name)
		data.Stop = append([]string{"/bin/sh", "-c", stopScript(), "stop", seconds(c.Grace), name}, argv...)
		if data.Health != nil {
			g.note(unit, field(c, "livenessProbe"), "a container that fails it is killed at once, without preStop and grace period; "+supervised)
		}
	}
}

// stopScript runs preStop and stops the container, both in one grace period of which the container has two
// seconds at least (kubelet: kuberuntime_container.go). $1 is the period, $2 the container, what follows the
// hook. systemd has ExecStop run also when the container ended by itself; a kubelet has no hook then, and
// neither is there a MAINPID (seen with systemd 257).
func stopScript() string {
	return strings.Join([]string{
		`[ "${MAINPID:-0}" -gt 0 ] || exit 0`,
		`grace=$1 name=$2 begin=$(date +%s)`,
		`shift 2`,
		`timeout "$grace" "$@"`,
		`left=$((begin + grace - $(date +%s)))`,
		`[ "$left" -ge 2 ] || left=2`,
		`exec ` + podman + ` stop --time "$left" "$name"`,
	}, "; ")
}

// hook is the command of a hook, nil where there is none or none that can be said.
func (g *generator) hook(unit string, c *translate.Container, hook *corev1.LifecycleHandler, name string) []string {
	switch {
	case hook == nil:
		return nil
	case hook.Exec != nil:
		_, object := containerUnit(c.Pod, c.Name)
		argv := []string{podman, "exec", object}
		for _, text := range hook.Exec.Command {
			g.checkWord(c.Pod, field(c, name+".exec.command"), text)
			argv = append(argv, text)
		}
		return argv
	case hook.Sleep != nil:
		return []string{"/usr/bin/sleep", strconv.FormatInt(hook.Sleep.Seconds, 10)}
	}
	g.note(unit, field(c, name), "systemd makes no requests: the hook is left out; "+supervised)
	return nil
}
