package systemd

import (
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// listen is a service manager's socket; next gives what comes, line by line.
func listen(t *testing.T) (environment map[string]string, next func() []string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "notify")
	conn, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return map[string]string{"NOTIFY_SOCKET": path}, func() []string {
		t.Helper()
		if err := conn.SetReadDeadline(time.Now().Add(10 * time.Second)); err != nil {
			t.Fatal(err)
		}
		message := make([]byte, 4096)
		length, err := conn.Read(message)
		if err != nil {
			t.Fatal(err)
		}
		return strings.Split(string(message[:length]), "\n")
	}
}

func environment(of map[string]string) func(string) string {
	return func(name string) string { return of[name] }
}

func TestANotifierSpeaksToTheServiceManager(t *testing.T) {
	variables, next := listen(t)
	n, err := TakeNotifier(environment(variables))
	if err != nil || n.Control || n.Watchdog != 0 {
		t.Fatalf("%+v, %v", n, err)
	}
	wants := func(want ...string) {
		t.Helper()
		got := next()
		for i, line := range got {
			if name, value, _ := strings.Cut(line, "="); name == "MONOTONIC_USEC" {
				if usec, err := strconv.ParseInt(value, 10, 64); err != nil || usec <= 0 {
					t.Errorf("%s is no time", line)
				}
				got[i] = name
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("told %q, want %q", got, want)
		}
	}
	n.Status("starting\tpod/web\nnow")
	wants("STATUS=starting pod/web now")
	n.Status("starting pod/web now") // no change
	n.Reloading()                    // it is not up yet
	n.Ready("1 of 1 pod ready")
	wants("READY=1", "STATUS=1 of 1 pod ready")
	n.Alive()
	wants("WATCHDOG=1")
	n.Reloading()
	wants("RELOADING=1", "MONOTONIC_USEC")
	n.Ready("1 of 1 pod ready") // a control process may have set another one meanwhile
	wants("READY=1", "STATUS=1 of 1 pod ready")
	n.Status(strings.Repeat("ä", 1000))
	wants("STATUS=" + strings.Repeat("ä", 200) + "…")
	n.Stopping("stopping", 90*time.Second)
	wants("STOPPING=1", "STATUS=stopping", "EXTEND_TIMEOUT_USEC=90000000")
}

func TestTheEnvironmentSaysWhoIsToTell(t *testing.T) {
	self := strconv.Itoa(os.Getpid())
	for name, test := range map[string]struct {
		more     map[string]string
		watchdog time.Duration
		control  bool
	}{
		"a watchdog for this process":          {map[string]string{"WATCHDOG_USEC": "3000000", "WATCHDOG_PID": self}, 3 * time.Second, false},
		"a watchdog for whoever reads of it":   {map[string]string{"WATCHDOG_USEC": "3000000"}, 3 * time.Second, false},
		"a watchdog for a parent":              {map[string]string{"WATCHDOG_USEC": "3000000", "WATCHDOG_PID": "1"}, 0, false},
		"a watchdog that is none":              {map[string]string{"WATCHDOG_USEC": "soon"}, 0, false},
		"a command that runs beside a service": {map[string]string{"MAINPID": "7"}, 0, true},
	} {
		t.Run(name, func(t *testing.T) {
			variables, _ := listen(t)
			for key, value := range test.more {
				variables[key] = value
			}
			for key, value := range variables {
				t.Setenv(key, value)
			}
			n, err := TakeNotifier(os.Getenv)
			if err != nil {
				t.Fatal(err)
			}
			defer n.Close()
			if n.Watchdog != test.watchdog || n.Control != test.control {
				t.Errorf("%+v", n)
			}
			for _, key := range []string{"NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"} {
				if value, there := os.LookupEnv(key); there {
					t.Errorf("children inherit %s=%s", key, value)
				}
			}
		})
	}
	if n, err := TakeNotifier(environment(nil)); n != nil || err != nil {
		t.Errorf("without a socket: %v, %v", n, err)
	}
	if _, err := TakeNotifier(environment(map[string]string{"NOTIFY_SOCKET": filepath.Join(t.TempDir(), "none")})); err == nil {
		t.Error("nobody listens, and that is no error")
	}
}
