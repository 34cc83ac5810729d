package cmd

import (
	"fmt"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/podup/podup/status"
	"github.com/podup/podup/supervise"
	"github.com/podup/podup/translate"
)

// description is one pod on a page.
type description struct {
	life
	pod        *corev1.Pod
	now        time.Time
	supervisor int
	supervised bool
	events     []supervise.Event
	output     map[string][]string // the last lines of containers in trouble
}

const (
	describedEvents = 10 // of a pod's events, the last
	podLabels       = 13 // cells of the labels
	containerLabels = 13
)

func (d description) write(p *page) {
	s := summarize(d.pod, d.now)
	field := func(label, text string, paint func(string) string) { p.field(0, podLabels, label, text, paint) }
	field("Pod:", joined(" ", d.pod.Name, "(project "+d.life.pod.Project+")"), p.color.bold)
	field("Status:", d.headline(s), summaryColor(s, p.color))
	for i, t := range d.troubles(d.pod, d.now) {
		label := "Why:"
		if i > 0 {
			label = ""
		}
		field(label, t.say(d.pod.Name), nil)
	}
	field("Age:", s.age+", since "+d.pod.CreationTimestamp.Local().Format(time.DateTime), nil)
	field("Address:", d.address(), nil)
	field("Ports:", portsText(podPorts(d.state)), nil)
	field("Restarts:", fmt.Sprintf("%s, restartPolicy %s", s.restarts, d.pod.Spec.RestartPolicy), nil)
	field("QoS class:", string(d.pod.Status.QOSClass), nil)
	if d.supervised {
		field("Supervisor:", fmt.Sprintf("pid %d", d.supervisor), nil)
	} else {
		field("Supervisor:", "unsupervised: nothing is probed or restarted; podup up supervises it again", p.color.yellow)
	}
	d.conditions(p)
	d.containers(p, "Init containers:", d.pod.Spec.InitContainers, d.pod.Status.InitContainerStatuses)
	d.containers(p, "Containers:", d.pod.Spec.Containers, d.pod.Status.ContainerStatuses)
	d.history(p)
}

// headline is the status in the words of the table, with what it stands for.
func (d description) headline(s podSummary) string {
	text := fmt.Sprintf("%s, %d of %d containers ready", s.status, s.ready, s.total)
	if s.total == 1 {
		text = s.status + ", ready"
		if s.ready == 0 {
			text = s.status + ", not ready"
		}
	}
	if phase := string(d.pod.Status.Phase); phase != "" && phase != s.status {
		text += " (phase " + phase + ")"
	}
	return text
}

func (d description) address() string {
	var ips []string
	for _, ip := range d.pod.Status.PodIPs {
		ips = append(ips, ip.IP)
	}
	if len(ips) == 0 && d.pod.Status.PodIP != "" {
		ips = []string{d.pod.Status.PodIP}
	}
	text := strings.Join(ips, ", ")
	switch {
	case text == "" || d.pod.Status.HostIP == "":
	case slices.Contains(ips, d.pod.Status.HostIP): // Podman's pasta gives a pod the machine's own
		text += " (the machine's own)"
	default:
		text += " on the machine " + d.pod.Status.HostIP
	}
	return text
}

func (d description) conditions(p *page) {
	if len(d.pod.Status.Conditions) == 0 {
		return
	}
	p.heading(0, "Conditions:")
	width := 0
	for _, c := range d.pod.Status.Conditions {
		width = max(width, cells.StringWidth(clean(string(c.Type))))
	}
	for _, c := range d.pod.Status.Conditions {
		text := pad(string(c.Status), len("Unknown")) + " " + pad(ageText(c.LastTransitionTime.Time, d.now), 6)
		if c.LastTransitionTime.IsZero() || len(d.memory.Conditions) == 0 { // nobody has seen it change
			text = pad(string(c.Status), len("Unknown")) + " " + pad("", 6)
		}
		paint := p.color.yellow
		if c.Status == corev1.ConditionTrue {
			paint = nil
		}
		p.fieldAfter(2, width+2, string(c.Type), text, joined(": ", c.Reason, c.Message), paint)
	}
}

func (d description) containers(p *page, title string, wanted []corev1.Container, statuses []corev1.ContainerStatus) {
	if len(wanted) == 0 {
		return
	}
	p.heading(0, title)
	for _, c := range wanted {
		i := slices.IndexFunc(statuses, func(s corev1.ContainerStatus) bool { return s.Name == c.Name })
		var s corev1.ContainerStatus
		if i >= 0 {
			s = statuses[i]
		}
		d.container(p, c, s)
	}
}

func (d description) container(p *page, c corev1.Container, s corev1.ContainerStatus) {
	name := c.Name
	if c.RestartPolicy != nil && *c.RestartPolicy == corev1.ContainerRestartPolicyAlways {
		name += " (sidecar)"
	}
	p.heading(2, name)
	field := func(label, text string, paint func(string) string) { p.field(4, containerLabels, label, text, paint) }
	known := d.memory.Containers[c.Name]
	lifecycle := translate.Lifecycle{}
	if w, ok := d.wanted(c.Name); ok {
		lifecycle = w.Lifecycle
	}

	field("Image:", familiarImage(c.Image)+imageDigits(d.imageID(c.Name)), nil)
	text, message, paint := d.stateText(s.State, known, p.color)
	field("State:", text, paint)
	field("Message:", message, nil)
	if past := s.LastTerminationState.Terminated; past != nil {
		field("Last run:", runText(past, d.now), nil)
		field("Message:", past.Message, nil)
	}
	ready := "no"
	if s.Ready {
		ready = "yes"
	}
	if s.RestartCount > 0 {
		ready += fmt.Sprintf("; restarted %s", times(int(s.RestartCount)))
	}
	field("Ready:", ready, nil)
	d.probe(p, "Startup:", lifecycle.Startup, known.Startup, s)
	d.probe(p, "Readiness:", lifecycle.Readiness, known.Readiness, s)
	d.probe(p, "Liveness:", lifecycle.Liveness, known.Liveness, s)
	if lifecycle.PostStart != nil {
		field("postStart:", joined(": ", actionText(lifecycle.PostStart.Exec, lifecycle.PostStart.HTTPGet, lifecycle.PostStart.TCPSocket, nil, lifecycle.PostStart.Sleep), string(known.Hook)), nil)
	}
	if lifecycle.PreStop != nil {
		field("preStop:", actionText(lifecycle.PreStop.Exec, lifecycle.PreStop.HTTPGet, lifecycle.PreStop.TCPSocket, nil, lifecycle.PreStop.Sleep), nil)
	}
	field("Mounts:", mountsText(c.VolumeMounts), nil)
	if lines := d.output[c.Name]; len(lines) > 0 {
		field("Output:", "the last of it (podup logs "+d.pod.Name+"/"+c.Name+")", nil)
		p.quote(4, lines)
	}
}

// imageID is the engine's, which its commands know: a status has the digest in its place.
func (d description) imageID(container string) string {
	if c, ok := d.state.Containers[translate.ContainerName(d.pod.Name, container)]; ok {
		return c.ImageID
	}
	return d.memory.Containers[container].Run.ImageID
}

// imageDigits are the 12 digits of an image's ID that people compare.
func imageDigits(id string) string {
	_, hex, found := strings.Cut(id, "sha256:")
	if !found {
		hex = id
	}
	if len(hex) < 12 {
		return ""
	}
	return " (" + hex[:12] + ")"
}

// stateText says what a container does, and what it or podup has to say of it.
func (d description) stateText(state corev1.ContainerState, known status.Container, color palette) (text, message string, paint func(string) string) {
	switch {
	case state.Running != nil:
		return "running for " + ageText(state.Running.StartedAt.Time, d.now), "", color.green
	case state.Terminated != nil:
		paint = color.red
		if state.Terminated.ExitCode == 0 {
			paint = nil
		}
		return runText(state.Terminated, d.now), state.Terminated.Message, paint
	case state.Waiting != nil:
		text = "waiting: " + state.Waiting.Reason
		if state.Waiting.Reason == "" {
			text = "waiting"
		}
		if state.Waiting.Reason == status.CrashLoopBackOff {
			text += ", " + nextTry(known, d.now)
		}
		paint = color.red
		if state.Waiting.Reason == status.ContainerCreating || state.Waiting.Reason == status.PodInitializing {
			paint = color.yellow
		}
		return text, state.Waiting.Message, paint
	}
	return "waiting", "", color.yellow
}

// runText says how a run ended and how long it was: "ended with exit code 1 (Error) 12s ago, after 2s".
func runText(ended *corev1.ContainerStateTerminated, now time.Time) string {
	text := endText(ended, now)
	if !ended.StartedAt.IsZero() && !ended.FinishedAt.IsZero() {
		text += ", after " + ageText(ended.StartedAt.Time, ended.FinishedAt.Time)
	}
	return text
}

func (d description) probe(p *page, label string, probe *corev1.Probe, tally status.Tally, s corev1.ContainerStatus) {
	if probe == nil {
		return
	}
	p.field(4, containerLabels, label, fmt.Sprintf("%s delay=%ds timeout=%ds period=%ds #success=%d #failure=%d",
		actionText(probe.Exec, probe.HTTPGet, probe.TCPSocket, probe.GRPC, nil),
		probe.InitialDelaySeconds, probe.TimeoutSeconds, probe.PeriodSeconds, probe.SuccessThreshold, probe.FailureThreshold), nil)
	if s.State.Running == nil && tally.At.IsZero() {
		return
	}
	paint := p.color.yellow
	if tally.Last == status.Success {
		paint = nil
	}
	// What has killed its container is not made any more, nor a startup probe that has succeeded.
	over := !d.supervised || s.State.Running == nil ||
		(label == "Startup:" && tally.Result != "") || (label == "Liveness:" && tally.Result == status.Failure)
	p.field(4, containerLabels, "", probeText(probe, tally, d.now, !over), paint)
}

// actionText is what a probe or hook does, as kubectl describe writes it.
func actionText(exec *corev1.ExecAction, http *corev1.HTTPGetAction, tcp *corev1.TCPSocketAction, grpc *corev1.GRPCAction, sleep *corev1.SleepAction) string {
	switch {
	case exec != nil:
		return fmt.Sprintf("exec %s", exec.Command)
	case http != nil:
		return fmt.Sprintf("http-get %s://%s:%s%s", strings.ToLower(string(http.Scheme)), http.Host, http.Port.String(), http.Path)
	case tcp != nil:
		return fmt.Sprintf("tcp-socket %s:%s", tcp.Host, tcp.Port.String())
	case grpc != nil && grpc.Service != nil:
		return fmt.Sprintf("grpc <pod>:%d %s", grpc.Port, *grpc.Service)
	case grpc != nil:
		return fmt.Sprintf("grpc <pod>:%d", grpc.Port)
	case sleep != nil:
		return fmt.Sprintf("sleep %ds", sleep.Seconds)
	}
	return "unknown"
}

func mountsText(mounts []corev1.VolumeMount) string {
	var all []string
	for _, m := range mounts {
		text := m.MountPath + " from " + m.Name
		if sub := m.SubPath + m.SubPathExpr; sub != "" {
			text += "/" + sub
		}
		if m.ReadOnly {
			text += " (ro)"
		}
		all = append(all, text)
	}
	return strings.Join(all, ", ")
}

func (d description) history(p *page) {
	if len(d.events) == 0 {
		return
	}
	p.heading(0, "Events:")
	rows := foldEvents(d.events)
	if len(rows) > describedEvents {
		rows = rows[len(rows)-describedEvents:]
	}
	seen, reason, object := 0, 0, 0
	for _, r := range rows {
		seen = max(seen, cells.StringWidth(r.seen(d.now)))
		reason = max(reason, cells.StringWidth(clean(r.event.Reason)))
		object = max(object, cells.StringWidth(clean(r.event.Container)))
	}
	for _, r := range rows {
		text := pad(clean(r.event.Reason), reason) + "  "
		if object > 0 {
			text += pad(clean(r.event.Container), object) + "  "
		}
		paint := p.color.yellow
		if r.event.Type != supervise.Warning {
			paint = nil
		}
		p.fieldAfter(2, seen+2, r.seen(d.now), text, r.event.Message, paint)
	}
}
