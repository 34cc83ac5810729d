package supervise

import (
	"context"
	"maps"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/podup/podup/plan"
	"github.com/podup/podup/status"
	"github.com/podup/podup/translate"
)

// Supervisor leads the pods of one project. Its methods may be called at the same time, Run once.
type Supervisor struct {
	cfg    Config
	reload chan struct{} // want has changed
	asked  chan chan<- []*lead

	mu   sync.Mutex
	want translate.Project
	most time.Duration       // of back-off
	seen map[string]snapshot // by pod
}

// snapshot is what a supervisor knew of a pod when it last looked.
type snapshot struct {
	pod    translate.Pod
	state  plan.PodState
	memory status.Memory
}

// New returns a supervisor of a project's pods. It does nothing before one of its methods is called.
func New(cfg Config, want translate.Project) *Supervisor {
	return &Supervisor{cfg: cfg, want: want, most: cfg.MaxBackoff, reload: make(chan struct{}, 1), asked: make(chan chan<- []*lead), seen: map[string]snapshot{}}
}

// Reload takes new definitions and looks again at everything. Running containers are kept: probes,
// hooks and policies take effect at once.
func (s *Supervisor) Reload(want translate.Project) {
	s.mu.Lock()
	s.want = want
	s.mu.Unlock()
	select {
	case s.reload <- struct{}{}:
	default:
	}
}

// SetMaxBackoff is Config.MaxBackoff for the decisions to come.
func (s *Supervisor) SetMaxBackoff(most time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.most = most
}

func (s *Supervisor) maxBackoff() time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.most
}

// Status is what a pod's v1 status is as of the last look at it.
func (s *Supervisor) Status(pod string) corev1.PodStatus {
	s.mu.Lock()
	seen, ok := s.seen[pod]
	s.mu.Unlock()
	if !ok {
		return corev1.PodStatus{Phase: corev1.PodUnknown}
	}
	return status.Of(seen.pod, seen.state, seen.memory, time.Now())
}

// Run supervises every pod of the project until the engine has none of them. It adopts what runs
// without starting or hooking it again. The end of ctx ends the supervision and leaves the containers
// running; then ctx's error is returned.
//
// A pod that has never been launched, of which nothing runs, is left to whoever makes it.
func (s *Supervisor) Run(ctx context.Context) error {
	leads := map[string]*lead{}
	ended := make(chan string)
	var group sync.WaitGroup
	defer group.Wait()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()

	follow := func() {
		s.mu.Lock()
		pods := s.want.Pods
		s.mu.Unlock()
		for _, pod := range pods {
			if l := leads[pod.Name]; l != nil {
				l.reload(pod)
				continue
			}
			l := newLead(s, pod)
			leads[pod.Name] = l
			group.Go(func() {
				l.run(ctx)
				close(l.left)
				select {
				case ended <- pod.Name:
				case <-ctx.Done():
				}
			})
		}
	}
	follow()
	for len(leads) > 0 {
		select {
		case name := <-ended:
			late := leads[name].fetch() != nil // a definition came when it had looked for the last time
			delete(leads, name)
			s.mu.Lock()
			delete(s.seen, name)
			s.mu.Unlock()
			select {
			case <-s.reload:
				late = true
			default:
			}
			if late {
				follow()
			}
		case <-s.reload:
			follow()
		case asked := <-s.asked:
			answer(asked, leads)
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

// Attend supervises one pod as Run does all, until ctx ends or the engine has nothing of it.
func (s *Supervisor) Attend(ctx context.Context, pod translate.Pod) { newLead(s, pod).run(ctx) }

func (s *Supervisor) publish(pod translate.Pod, state plan.PodState, memory status.Memory) {
	state.Containers = maps.Clone(state.Containers) // the lead goes on with its own
	s.mu.Lock()
	s.seen[pod.Name] = snapshot{pod: pod, state: state, memory: clone(memory)}
	s.mu.Unlock()
	if s.cfg.Changed != nil {
		s.cfg.Changed(pod.Name)
	}
}

func (s *Supervisor) event(pod, container, kind, reason, message string) {
	s.report(Event{Time: time.Now(), Pod: pod, Container: container, Type: kind, Reason: reason, Message: message})
}

func (s *Supervisor) report(e Event) {
	if s.cfg.Report != nil {
		s.cfg.Report(e)
	}
}
