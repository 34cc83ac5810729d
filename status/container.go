package status

import (
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/kubernetes/pkg/util/parsers"

	"github.com/podup/podup/plan"
	"github.com/podup/podup/translate"
)

// The reasons of a kubelet and of the container runtimes it talks to.
const (
	ContainerCreating       = "ContainerCreating"
	PodInitializing         = "PodInitializing"
	CrashLoopBackOff        = "CrashLoopBackOff"
	RunContainerError       = "RunContainerError"
	PostStartHookError      = "PostStartHookError"
	Completed               = "Completed"
	Error                   = "Error"
	OOMKilled               = "OOMKilled"
	StartError              = "StartError"
	ContainerStatusUnknown  = "ContainerStatusUnknown"
	RestartingAllContainers = "RestartingAllContainers"
	DeadlineExceeded        = "DeadlineExceeded"
	Stopped                 = "Stopped" // podup's own: of a pod its user has stopped
)

const (
	unknownCode    = 137 // of a run that nobody saw end
	startErrorCode = 128 // of a run that could not begin, as containerd gives it
)

// Started says that a container counts as started for those who wait for it: it runs, its postStart
// is done and its startup probe has succeeded.
func Started(c translate.Container, m Container) bool {
	return m.Hook != HookRunning && m.Hook != HookFailed &&
		(c.Lifecycle.Startup == nil || m.Startup.Result == Success)
}

// Ready says that a running container counts as ready.
func Ready(c translate.Container, m Container) bool {
	return Started(c, m) && (c.Lifecycle.Readiness == nil || m.Readiness.Result == Success)
}

// The results of a Tally. The zero value is: not known yet.
const (
	Success = "success"
	Failure = "failure"
)

// containerStatus follows kubelet_pods.go convertToAPIContainerStatuses.
func containerStatus(pod translate.Pod, object *corev1.Pod, c translate.Container, state plan.PodState, memory Memory) corev1.ContainerStatus {
	m := memory.Containers[c.Name]
	actual, exists := state.Containers[c.EngineName()]
	run, running, ran := seen(m, actual, exists)

	s := corev1.ContainerStatus{
		Name:         c.Name,
		Image:        c.Image,
		RestartCount: max(m.Restarts, int32(actual.Restarts)),
	}
	if ran {
		s.ContainerID, s.ImageID = containerID(run), imageID(c.Image, run)
	}
	declared(&s, object, c, ran)

	waiting := func(reason, message string) corev1.ContainerState {
		return corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: reason, Message: message}}
	}
	creating := ContainerCreating
	if len(pod.Init) > 0 {
		creating = PodInitializing
	}
	ended := func(run *plan.Run, reason, message string) corev1.ContainerState {
		if run == nil {
			return corev1.ContainerState{}
		}
		return terminated(*run, reason, message)
	}

	switch {
	case running && m.Hook == HookRunning && m.Previous == nil:
		// Seen on kubelet 1.36.3: until the postStart ends the status is the one from before the start.
		s.State = waiting(creating, "")
	case running && m.Hook == HookRunning:
		s.State = ended(m.Previous, m.PreviousReason, "")
	case running:
		s.State.Running = &corev1.ContainerStateRunning{StartedAt: metav1.NewTime(run.StartedAt)}
		s.LastTerminationState = ended(m.Previous, m.PreviousReason, "")
	case ran && m.Stale && m.Reason == "" && !Restarts(c, Code(run)):
		// It starts over, although nothing of how it ended asks for that.
		s.State = waiting(creating, "")
	case ran && m.Waiting.Reason != "":
		s.State = waiting(m.Waiting.Reason, m.Waiting.Message)
		s.LastTerminationState = terminated(run, m.Reason, m.Message)
	case ran:
		s.State = terminated(run, m.Reason, m.Message)
		s.LastTerminationState = ended(m.Previous, m.PreviousReason, "")
	case m.Waiting.Reason != "":
		s.State = waiting(m.Waiting.Reason, m.Waiting.Message)
		s.LastTerminationState = ended(m.Previous, m.PreviousReason, "")
	case c.Init && !c.Sidecar && !exists && memory.Initialized:
		s.State.Terminated = &corev1.ContainerStateTerminated{
			Reason:  Completed,
			Message: "Unable to get init container status from container runtime and pod has been initialized, treat it as exited normally",
		}
	default:
		s.State = waiting(creating, "")
		s.LastTerminationState = ended(m.Previous, m.PreviousReason, "")
	}

	started := running && s.State.Running != nil && Started(c, m)
	s.Started = &started
	switch {
	case c.Init && !c.Sidecar:
		s.Ready = s.State.Terminated != nil && s.State.Terminated.ExitCode == 0
	default:
		s.Ready = started && Ready(c, m)
	}
	return s
}

// seen is the run that counts: what is remembered of it, unless the engine has another.
func seen(m Container, actual plan.ContainerState, exists bool) (run plan.Run, running, ran bool) {
	run = m.Run
	known := !run.StartedAt.IsZero() || run.Error != ""
	if !exists {
		if run.Running() {
			run.Pid, run.Lost = 0, true
		}
		return run, false, known
	}
	listed := plan.Run{
		Container: actual.Name, ID: actual.ID, ImageID: actual.ImageID,
		StartedAt: actual.StartedAt, ExitCode: actual.ExitCode, FinishedAt: actual.ExitedAt,
	}
	if hexadecimal(run.ImageID) == hexadecimal(actual.ImageID) {
		listed.ImageDigest = run.ImageDigest // no list has it
	}
	switch actual.Status {
	case plan.Running, plan.Paused:
		if run.Running() && run.ID == actual.ID {
			return run, true, true
		}
		listed.ExitCode, listed.FinishedAt = 0, actual.ExitedAt
		return listed, true, true
	case plan.Exited, plan.Lost:
		listed.Lost = actual.Status == plan.Lost
		switch {
		case known && !run.Running():
			return run, false, true
		case !known && m.Previous != nil && sameSecond(m.Previous.StartedAt, actual.StartedAt):
			// It was to be started and the engine has not done it yet: what it shows is the run before.
			return plan.Run{}, false, false
		case actual.StartedAt.IsZero() && !known:
			return plan.Run{}, false, false
		}
		return listed, false, true
	case plan.Created:
	}
	return run, false, known && !run.Running()
}

// sameSecond compares a moment that is known exactly with one an engine's list has told, which knows
// whole seconds.
func sameSecond(a, b time.Time) bool { return a.Unix() == b.Unix() }

// terminated is how a run ended. Reason and message, where given, stand for the run's own.
func terminated(run plan.Run, reason, message string) corev1.ContainerState {
	t := &corev1.ContainerStateTerminated{
		ExitCode:    int32(run.ExitCode),
		Message:     run.Message,
		StartedAt:   metav1.NewTime(run.StartedAt),
		FinishedAt:  metav1.NewTime(run.FinishedAt),
		ContainerID: containerID(run),
	}
	switch {
	case reason == RestartingAllContainers:
		// A kubelet has removed the container by then, and its real end with it (seen on 1.36.3).
		t.ExitCode, t.Reason = unknownCode, reason
		t.Message = "The container is removed because RestartAllContainers in place"
	case reason != "":
		t.Reason = reason
	case run.Error != "":
		t.ExitCode, t.Reason, t.Message = startErrorCode, StartError, run.Error
	case run.Lost:
		t.ExitCode, t.Reason = unknownCode, ContainerStatusUnknown
		t.Message = "The container could not be located when the pod was terminated"
	default:
		t.Reason = Reason(run)
	}
	if message != "" {
		t.Message = message
	}
	return corev1.ContainerState{Terminated: t}
}

// Code is what a run ended with, as policies see it.
func Code(run plan.Run) int {
	switch {
	case run.Error != "":
		return startErrorCode
	case run.Lost:
		return unknownCode
	}
	return run.ExitCode
}

// Reason says in a word how a run ended.
func Reason(run plan.Run) string {
	switch {
	case run.Error != "":
		return StartError
	case run.Lost:
		return ContainerStatusUnknown
	case run.OOMKilled:
		return OOMKilled
	case run.ExitCode == 0:
		return Completed
	}
	return Error
}

func containerID(run plan.Run) string {
	if run.ID == "" {
		return ""
	}
	return "podman://" + run.ID
}

// imageID is what a container runtime calls the image of a run, and a kubelet shows as it is told: the image by
// digest where it has one, else its ID (containerd: internal/cri/server/container_status.go, cri-o:
// server/container_create.go). Podman gives every image a digest; that of one named localhost/, which no registry
// has, is of no use to anybody, and a runtime has none of an image it was handed as a file.
func imageID(image string, run plan.Run) string {
	repository, _, pinned, err := parsers.ParseImageName(image)
	switch {
	case err == nil && pinned != "":
		return repository + "@" + pinned
	case err == nil && run.ImageDigest != "" && !strings.HasPrefix(repository, "localhost/"):
		return repository + "@" + run.ImageDigest
	case run.ImageID != "":
		return "sha256:" + hexadecimal(run.ImageID)
	}
	return ""
}

func hexadecimal(id string) string { return strings.TrimPrefix(id, "sha256:") }

// declared copies what a status repeats of the manifest.
func declared(s *corev1.ContainerStatus, object *corev1.Pod, c translate.Container, ran bool) {
	all := slices.Concat(object.Spec.InitContainers, object.Spec.Containers)
	i := slices.IndexFunc(all, func(of corev1.Container) bool { return of.Name == c.Name })
	if i < 0 {
		return
	}
	if all[i].Image != "" {
		s.Image = all[i].Image
	}
	for _, mount := range all[i].VolumeMounts {
		shown := corev1.VolumeMountStatus{Name: mount.Name, MountPath: mount.MountPath, ReadOnly: mount.ReadOnly}
		if mount.ReadOnly {
			disabled := corev1.RecursiveReadOnlyDisabled
			shown.RecursiveReadOnly = &disabled
		}
		s.VolumeMounts = append(s.VolumeMounts, shown)
	}
	if ran {
		s.Resources = all[i].Resources.DeepCopy()
		s.AllocatedResources = all[i].Resources.DeepCopy().Requests
	}
}
