package handler

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// namespace is a user namespace: the one below podup's own in which the engine runs, or podup's own.
type namespace struct {
	key  string   // device and inode
	file *os.File // nil: podup's own
}

func (n namespace) close() {
	if n.file != nil {
		n.file.Close()
	}
}

// engineNamespace finds the user namespace from which everything of the engine can be reached that the
// process is one of. A pod's may lie below it (hostUsers: false); its processes cannot be joined from
// there, and its network can from above.
func engineNamespace(pid int) (namespace, error) {
	if os.Geteuid() == 0 {
		return namespace{key: "own"}, nil
	}
	own, err := keyOf("/proc/self/ns/user")
	if err != nil {
		return namespace{}, err
	}
	path := "/proc/" + strconv.Itoa(pid) + "/ns/user"
	file, err := os.Open(path)
	if err != nil {
		return namespace{}, err
	}
	for {
		key, err := fileKey(file)
		if err != nil || key == own {
			file.Close()
			return namespace{key: "own"}, err
		}
		fd, err := unix.IoctlRetInt(int(file.Fd()), unix.NS_GET_PARENT)
		if err != nil { // beyond podup's own
			file.Close()
			return namespace{}, fmt.Errorf("%s: its parent: %w", path, err)
		}
		unix.CloseOnExec(fd)
		parent := os.NewFile(uintptr(fd), path)
		above, err := fileKey(parent)
		if err != nil || above == own {
			parent.Close()
			return namespace{key, file}, err
		}
		file.Close()
		file = parent
	}
}

func keyOf(path string) (string, error) {
	file, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer file.Close()
	return fileKey(file)
}

func fileKey(file *os.File) (string, error) {
	var stat unix.Stat_t
	if err := unix.Fstat(int(file.Fd()), &stat); err != nil {
		return "", err
	}
	return fmt.Sprintf("%d:%d", stat.Dev, stat.Ino), nil
}

// childCommand is the child's command line in the namespace. Go cannot join a user namespace: a process
// has to have one thread for that.
func childCommand(line []string, in namespace) (*exec.Cmd, func(), error) {
	done := func() {}
	program := line[0]
	if in.file == nil {
		cmd := exec.Command(program, line[1:]...) //nolint:noctx // it outlives every request and ends with its stdin
		return prepared(cmd), done, nil
	}
	nsenter, err := lookNsenter()
	if err != nil {
		return nil, nil, err
	}
	files := []*os.File{in.file}
	if program == "/proc/self/exe" { // would be nsenter
		self, err := os.Open(program)
		if err != nil {
			return nil, nil, err
		}
		done = func() { self.Close() }
		files = append(files, self)
		program = "/proc/self/fd/4"
	}
	args := append([]string{"--user=/proc/self/fd/3", "--preserve-credentials", "--", program}, line[1:]...)
	cmd := exec.Command(nsenter, args...) //nolint:noctx // as above
	cmd.ExtraFiles = files
	return prepared(cmd), done, nil
}

func lookNsenter() (string, error) {
	for _, dir := range append(filepath.SplitList(os.Getenv("PATH")), "/usr/bin", "/bin", "/usr/local/bin") {
		path := filepath.Join(dir, "nsenter")
		if info, err := os.Stat(path); filepath.IsAbs(path) && err == nil && info.Mode()&0o111 != 0 {
			return path, nil
		}
	}
	return "", errors.New("rootless probes and hooks need the program nsenter, which is not installed (package util-linux)")
}

// prepared gives the command its environment and a process group of its own: an interrupt from the
// terminal is for podup, whose last hooks need the child.
func prepared(cmd *exec.Cmd) *exec.Cmd {
	for _, pair := range os.Environ() {
		name, _, _ := strings.Cut(pair, "=")
		switch name {
		case "PATH", "HOME", "XDG_RUNTIME_DIR", "TMPDIR", "LANG", "GOCOVERDIR", "GORACE":
			cmd.Env = append(cmd.Env, pair)
		}
	}
	// The child lives as long as its pods and does little at a time: memory is what it costs.
	cmd.Env = append(cmd.Env, "GOMAXPROCS=2", "GOGC=50", "GOMEMLIMIT=24MiB")
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	return cmd
}
