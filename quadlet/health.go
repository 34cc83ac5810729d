package quadlet

import (
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/podup/podup/translate"
)

// health is a container's health check, which is its liveness probe.
type health struct {
	Command                    []string // nil where PodmanArgs has it
	Interval, Timeout, Retries string
	StartPeriod                string
	Startup                    *startup
}

// startup comes before it: until it has succeeded, Podman does not check further.
type startup struct {
	Command           []string // nil where PodmanArgs has it
	Interval, Timeout string
}

// health says what Podman and systemd can check: commands inside the container. Podman's own way to start
// a service when its container is healthy, Notify=healthy, is not used: podman run then waits with a lock
// in its hand without which no other container of the pod starts, and at times its message does not reach
// systemd (seen with 5.8.6).
func (g *generator) health(unit string, data *containerData, c *translate.Container) {
	l := c.Lifecycle
	if l.Readiness != nil {
		g.note(unit, field(c, "readinessProbe"), "systemd knows no readiness: the container counts as ready when it runs; "+supervised)
	}
	live := g.execProbe(unit, c, l.Liveness, "livenessProbe")
	start := g.execProbe(unit, c, l.Startup, "startupProbe")
	if start != nil {
		data.Startup = g.startupLoop(c, start)
	}
	if live == nil {
		// The image's own check would set timers that nobody looks at; a kubelet ignores it.
		data.PodmanArgs = append(data.PodmanArgs, "--no-healthcheck")
		return
	}
	h := &health{Interval: period(live), Timeout: probeTimeout(live), Retries: strconv.Itoa(int(max(live.FailureThreshold, 1)))}
	if live.InitialDelaySeconds > 0 {
		h.StartPeriod = span(live.InitialDelaySeconds)
	}
	if start != nil {
		h.Startup = &startup{Interval: period(start), Timeout: probeTimeout(start)}
		h.Startup.Command = g.checkCommand(data, c, start, healthStartupCmd, "startupProbe")
	}
	h.Command = g.checkCommand(data, c, live, healthCmd, "livenessProbe")
	data.Health = h
}

// startupLoop is a startup probe as a command of systemd's: who waits for the service waits for it, and when
// it gives up the start has failed, and Restart= says what then.
func (g *generator) startupLoop(c *translate.Container, probe *corev1.Probe) []string {
	argv := []string{
		"/bin/sh", "-c", startupScript(), "startup", strconv.Itoa(int(probe.InitialDelaySeconds)), strconv.Itoa(int(max(probe.PeriodSeconds, 1))),
		strconv.Itoa(int(max(probe.TimeoutSeconds, 1))), strconv.Itoa(int(max(probe.FailureThreshold, 1))),
	}
	_, name := containerUnit(c.Pod, c.Name)
	argv = append(argv, podman, "exec", name)
	for _, text := range probe.Exec.Command {
		g.checkWord(c.Pod, field(c, "startupProbe.exec.command"), text)
		argv = append(argv, text)
	}
	return argv
}

// $1 is the delay, $2 the period, $3 the time for one try, $4 the number of failures, what follows the command.
func startupScript() string {
	return strings.Join([]string{
		`sleep "$1"`,
		`period=$2 time=$3 left=$4`,
		`shift 4`,
		`until timeout "$time" "$@"; do left=$((left - 1)); [ "$left" -gt 0 ] || { echo "the startup probe has failed" >&2; exit 1; }; sleep "$period"; done`,
	}, "; ")
}

// execProbe is the probe where it is a command; of others, and of what is beside the command, a note says
// what is lost.
func (g *generator) execProbe(unit string, c *translate.Container, probe *corev1.Probe, name string) *corev1.Probe {
	switch {
	case probe == nil:
		return nil
	case probe.Exec == nil || len(probe.Exec.Command) == 0:
		g.note(unit, field(c, name), "systemd makes no requests: the probe is left out, where one with a command (exec) is kept; "+supervised)
		return nil
	}
	if probe.TerminationGracePeriodSeconds != nil {
		g.note(unit, field(c, name+".terminationGracePeriodSeconds"), "it is not what a container that fails the probe is given; "+supervised)
	}
	return probe
}

// checkCommand is the argv of a check for the key, or nil where the version takes it through PodmanArgs.
//
// An array of one word is a shell's line to Podman, unless "CMD" comes before it. Before 5.8.2 an array
// that begins so is taken apart at its blanks, JSON and all; "CMD word" is understood there.
func (g *generator) checkCommand(data *containerData, c *translate.Container, probe *corev1.Probe, k key, name string) []string {
	argv := probe.Exec.Command
	for _, text := range argv {
		g.checkJSON(c.Pod, field(c, name+".exec.command"), text)
	}
	since, option := k.since()
	if !g.opts.Podman.Before(since) {
		return append([]string{"CMD"}, argv...)
	}
	text := jsonText(argv)
	switch first := strings.ToUpper(argv[0]); {
	case first == "CMD" || first == "CMD-SHELL" || first == "NONE", len(argv) == 1 && (argv[0] == "" || strings.ContainsAny(argv[0], " \t\n\r\v\f")):
		g.refuse(c.Pod, field(c, name+".exec.command"), "Podman before "+since.String()+" takes this command for something else: write it as [sh, -c, …], or use a newer Podman")
	case len(argv) == 1:
		text = "CMD " + argv[0]
	}
	g.checkWord(c.Pod, field(c, name+".exec.command"), text)
	data.PodmanArgs = append(data.PodmanArgs, option+"="+text)
	return nil
}

func period(probe *corev1.Probe) string { return span(max(probe.PeriodSeconds, 1)) }

func probeTimeout(probe *corev1.Probe) string { return span(max(probe.TimeoutSeconds, 1)) }

func span(seconds int32) string { return strconv.Itoa(int(seconds)) + "s" }
