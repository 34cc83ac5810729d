package systemd

import (
	"errors"
	"fmt"
	"net"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/coreos/go-systemd/v22/daemon"
)

// Notifier tells the service manager that has started this process how it is (sd_notify(3)). Its methods
// may be called at the same time; what cannot be told is lost, for nothing of the work depends on it.
type Notifier struct {
	// Watchdog is how often the service manager wants to hear that the process is alive; 0 is never.
	Watchdog time.Duration
	// Control says that this is not the service itself but a command run beside it, as that of ExecReload.
	Control bool

	conn   *net.UnixConn
	mu     sync.Mutex
	status string
	ready  bool
}

// notifyTime is how long a service manager that does not read may keep its service waiting.
const notifyTime = 5 * time.Second

// TakeNotifier gives the notifier that the environment names, nil where it names none. It takes the names
// out of the process's environment: what this process starts speaks for itself (`podman system service`
// says READY=1, seen on 5.8).
func TakeNotifier(getenv func(string) string) (*Notifier, error) {
	socket := getenv("NOTIFY_SOCKET")
	if socket == "" {
		return nil, nil
	}
	n := &Notifier{Control: getenv("MAINPID") != "", Watchdog: watchdog(getenv)}
	for _, name := range []string{"NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"} {
		if err := os.Unsetenv(name); err != nil {
			return nil, err
		}
	}
	var err error
	if n.conn, err = net.DialUnix("unixgram", nil, &net.UnixAddr{Name: socket, Net: "unixgram"}); err != nil {
		return nil, fmt.Errorf("connect to the service manager: %w", err)
	}
	return n, nil
}

// watchdog is the interval that is meant for this process.
func watchdog(getenv func(string) string) time.Duration {
	if pid := getenv("WATCHDOG_PID"); pid != "" && pid != strconv.Itoa(os.Getpid()) {
		return 0
	}
	usec, err := strconv.ParseInt(getenv("WATCHDOG_USEC"), 10, 64)
	if err != nil || usec <= 0 {
		return 0
	}
	return time.Duration(usec) * time.Microsecond
}

// Ready says that the service is up, with what systemctl status is to show.
func (n *Notifier) Ready(status string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.ready = true
	n.send(daemon.SdNotifyReady, n.statusLine(status))
}

// IsReady says whether Ready has been called.
func (n *Notifier) IsReady() bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.ready
}

// Status is what systemctl status is to show. Only a change is sent.
func (n *Notifier) Status(status string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if line := n.statusLine(status); line != "" {
		n.send(line)
	}
}

// Reloading says that definitions are being read; Ready ends it. Before the first Ready it says nothing:
// that one would be taken for the end of the start.
func (n *Notifier) Reloading() {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.ready {
		n.status = "" // a control process may have set another
		n.send(daemon.SdNotifyReloading, strings.TrimSpace(daemon.SdNotifyMonotonicUsec()))
	}
}

// Stopping says that the service is ending, which may take so long.
func (n *Notifier) Stopping(status string, most time.Duration) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.send(daemon.SdNotifyStopping, n.statusLine(status), fmt.Sprintf("EXTEND_TIMEOUT_USEC=%d", most.Microseconds()))
}

// Alive keeps the watchdog from barking.
func (n *Notifier) Alive() {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.send(daemon.SdNotifyWatchdog)
}

// Close ends the connection.
func (n *Notifier) Close() error { return n.conn.Close() }

// mostStatus is about what fits in a line of systemctl status.
const mostStatus = 400

// statusLine is an assignment of one line, empty where the status is the last one.
func (n *Notifier) statusLine(status string) string {
	status = strings.ToValidUTF8(strings.Join(strings.Fields(status), " "), "\ufffd")
	if len(status) > mostStatus {
		cut := mostStatus
		for !utf8.RuneStart(status[cut]) {
			cut--
		}
		status = status[:cut] + "…"
	}
	if status == n.status {
		return ""
	}
	n.status = status
	return "STATUS=" + status
}

func (n *Notifier) send(lines ...string) {
	var kept []string
	for _, line := range lines {
		if line != "" {
			kept = append(kept, line)
		}
	}
	_ = n.conn.SetWriteDeadline(time.Now().Add(notifyTime))
	if _, err := n.conn.Write([]byte(strings.Join(kept, "\n"))); err != nil && !errors.Is(err, net.ErrClosed) {
		n.status = "" // say it again
	}
}
