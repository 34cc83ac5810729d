package podmanapi

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"runtime"
	"testing"
	"time"
)

func TestAProcessIsWaitedFor(t *testing.T) {
	cmd := exec.Command("sleep", "1000")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	p, err := openProcess(cmd.Process.Pid)
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	ctx, cancel := context.WithTimeoutCause(t.Context(), 20*time.Millisecond, errors.New("given up"))
	defer cancel()
	if err := p.wait(ctx); err == nil || err.Error() != "given up" {
		t.Errorf("while it runs: %v", err)
	}
	again, err := openProcess(cmd.Process.Pid)
	if err != nil {
		t.Fatal(err)
	}
	defer again.Close()
	told := make(chan error)
	go func() { told <- again.wait(t.Context()) }()
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	if err := <-told; err != nil { // also of one nobody has reaped
		t.Error(err)
	}
	_ = cmd.Wait()
	if err := again.wait(t.Context()); err != nil {
		t.Errorf("of one that has ended: %v", err)
	}
	if _, err := openProcess(cmd.Process.Pid); err == nil {
		t.Error("a process that is gone is opened")
	}
}

// A thread for each container would cost a supervisor its memory.
func TestWaitingForManyProcessesTakesNoThreads(t *testing.T) {
	const count = 200
	before, err := os.ReadDir("/proc/self/task")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	began := make(chan struct{})
	for range count {
		p, err := openProcess(os.Getpid())
		if err != nil {
			t.Fatal(err)
		}
		defer p.Close()
		go func() {
			began <- struct{}{}
			done <- p.wait(ctx)
		}()
	}
	for range count {
		<-began
	}
	runtime.Gosched()
	during, err := os.ReadDir("/proc/self/task")
	if err != nil {
		t.Fatal(err)
	}
	if more := len(during) - len(before); more > count/4 {
		t.Errorf("%d more threads", more)
	}
	cancel()
	for range count {
		if err := <-done; !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
	}
}
