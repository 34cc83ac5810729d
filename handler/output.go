package handler

import (
	"bytes"
	"sync"
)

// outputLimit is how much of what a probe answers is kept (kubelet: probe/exec, probe/http).
const outputLimit = 10 << 10

// limited keeps the beginning of an output.
type limited struct {
	mu   sync.Mutex
	text bytes.Buffer
	max  int
}

func (l *limited) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if room := l.max - l.text.Len(); room > 0 {
		l.text.Write(p[:min(room, len(p))])
	}
	return len(p), nil
}

func (l *limited) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

func firstNonEmpty(texts ...string) string {
	for _, text := range texts {
		if text != "" {
			return text
		}
	}
	return ""
}
