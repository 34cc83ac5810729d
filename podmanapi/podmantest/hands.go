package podmantest

import "time"

// Crash ends a container's process with an exit code, as if of its own accord: its restart policy
// applies. The name is the engine's.
func (s *Service) Crash(name string, code int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	one := s.mustFind(name)
	if one.run == nil {
		s.t.Fatalf("podmantest: %s does not run", name)
	}
	one.run.end()
	s.ended(one, code)
}

// Lose ends a container's process behind the engine's back, which goes on to believe that it runs,
// as it does when the process that watches it was killed, too.
func (s *Service) Lose(name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	one := s.mustFind(name)
	if one.run == nil {
		s.t.Fatalf("podmantest: %s does not run", name)
	}
	one.run.end()
	one.lost = true
	s.change()
}

// LeavePod leaves a pod without any container, as the engine does that is killed while it makes one.
func (s *Service) LeavePod(name string, labels map[string]string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.pods = append(s.pods, &pod{id: s.newID(), name: name, labels: labels, created: time.Now(), serving: map[int]*listener{}})
	s.change()
}

// LeaveVolume makes a volume that nobody uses.
func (s *Service) LeaveVolume(name string, labels map[string]string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, err := s.newVolume(name, labels, nil); err != nil {
		s.t.Fatal(err)
	}
	s.change()
}

func (s *Service) mustFind(name string) *container {
	i := s.containerIndex(name)
	if i < 0 {
		s.t.Fatalf("podmantest: no container %q", name)
	}
	return s.containers[i]
}
