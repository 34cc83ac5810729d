package e2e

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// endPatience is how long what podup has told to end may take to be gone.
const endPatience = 10 * time.Second

// runtimeDir is where podup keeps what is true of a project while the machine runs, as package cmd
// chooses it.
func runtimeDir(getenv func(string) string, project string) string {
	candidates := []string{getenv("XDG_RUNTIME_DIR"), fmt.Sprintf("/run/user/%d", os.Getuid())}
	if os.Getuid() == 0 {
		candidates = []string{"/run"}
	}
	for _, dir := range candidates {
		if info, err := os.Stat(dir); filepath.IsAbs(dir) && err == nil && info.IsDir() && info.Sys().(*syscall.Stat_t).Uid == uint32(os.Getuid()) {
			return filepath.Join(dir, "podup", project)
		}
	}
	return filepath.Join(getenv("TMPDIR"), fmt.Sprintf("podup-%d", os.Getuid()), project)
}

// supervisorOf is the process that supervises the project of a runtime directory, 0 where none does.
func supervisorOf(dir string) (int, error) {
	path := filepath.Join(dir, "supervisor.lock")
	file, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	defer file.Close()
	if err := syscall.Flock(int(file.Fd()), syscall.LOCK_SH|syscall.LOCK_NB); !errors.Is(err, syscall.EWOULDBLOCK) {
		return 0, err
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return 0, err
	}
	return strconv.Atoi(strings.TrimSpace(string(text)))
}

// supervisor waits for a supervisor and puts its pid into a variable; "! supervisor" waits until there
// is none: supervisor [-not PID] VAR.
func supervisor(ts *testscript.TestScript, neg bool, args []string) {
	not := 0
	if len(args) > 1 && args[0] == "-not" {
		var err error
		not, err = strconv.Atoi(args[1])
		ts.Check(err)
		args = args[2:]
	}
	if neg && len(args) != 0 || !neg && len(args) != 1 {
		ts.Fatalf("usage: supervisor [-not PID] VAR, ! supervisor")
	}
	dir := runtimeDir(ts.Getenv, ts.Getenv("PROJECT"))
	within(ts, patience, "the supervisor of "+ts.Getenv("PROJECT"), func() error {
		pid, err := supervisorOf(dir)
		switch {
		case err != nil:
			return err
		case neg && pid != 0:
			return fmt.Errorf("process %d supervises", pid)
		case !neg && (pid == 0 || pid == not):
			return fmt.Errorf("process %d supervises (0 is none)", pid)
		case !neg:
			ts.Setenv(args[0], strconv.Itoa(pid))
		}
		return nil
	})
}

// gone waits until a process has ended, or is a zombie that others have to put away: gone PID….
func gone(ts *testscript.TestScript, neg bool, args []string) {
	notNegated(ts, neg)
	for _, pid := range args {
		within(ts, patience, "the end of process "+pid, func() error {
			status, err := os.ReadFile("/proc/" + pid + "/status")
			if err == nil && !strings.Contains(string(status), "State:\tZ") {
				return errors.New("it is alive")
			}
			return nil
		})
	}
}

// order checks the journal that a program's notes make, a line "SECONDS EVENT" each: every RE of a file
// must match a line of stdout behind the one that the RE before it has matched. A line "= SECONDS" before
// an RE is how much later than that its line must be, "= MIN MAX" at least and at most: order FILE.
func order(ts *testscript.TestScript, neg bool, args []string) {
	notNegated(ts, neg)
	if len(args) != 1 {
		ts.Fatalf("usage: order FILE")
	}
	type line struct {
		at    float64
		event string
	}
	var journal []line
	for text := range strings.Lines(ts.ReadFile("stdout")) {
		stamp, event, _ := strings.Cut(strings.TrimSpace(text), " ")
		at, err := strconv.ParseFloat(stamp, 64)
		if err != nil {
			ts.Fatalf("no journal: %q", text)
		}
		journal = append(journal, line{at, event})
	}
	slices.SortStableFunc(journal, func(a, b line) int { return int(1000 * (a.at - b.at)) })
	next, last := 0, 0.0
	least, most := 0.0, -1.0
	for text := range strings.Lines(ts.ReadFile(args[0])) {
		text = strings.TrimSpace(text)
		if text == "" || strings.HasPrefix(text, "#") {
			continue
		}
		if bounds, ok := strings.CutPrefix(text, "= "); ok {
			if n, err := fmt.Sscanf(bounds, "%g %g", &least, &most); n == 0 {
				ts.Fatalf("%s: %q: %v", args[0], text, err)
			}
			continue
		}
		match, err := regexp.Compile("^(?:" + text + ")$")
		ts.Check(err)
		for next < len(journal) && !match.MatchString(journal[next].event) {
			next++
		}
		if next == len(journal) {
			ts.Fatalf("no %q behind the one before it in:\n%s", text, ts.ReadFile("stdout"))
		}
		if took := journal[next].at - last; took < least || most >= 0 && took > most {
			ts.Fatalf("%q came %.3f s after the one before it, want %g to %g s:\n%s", text, took, least, most, ts.ReadFile("stdout"))
		}
		last, least, most = journal[next].at, 0, -1
		next++
	}
}

// unitsOf are the units of a project's supervisor that the service manager has, and the service of
// `podup generate systemd`.
func unitsOf(project string) ([]string, error) {
	if _, err := exec.LookPath("systemctl"); err != nil {
		return nil, nil // nobody runs units
	}
	args := []string{"list-units", "--all", "--plain", "--no-legend", "podup." + project + ".service", "podup-" + project + ".service"}
	if os.Getuid() != 0 {
		args = append([]string{"--user"}, args...)
	}
	out, err := exec.Command("systemctl", args...).CombinedOutput()
	if err != nil {
		if strings.Contains(string(out), "Failed to connect") || strings.Contains(string(out), "not been booted") {
			return nil, nil
		}
		return nil, fmt.Errorf("systemctl list-units: %w: %s", err, out)
	}
	var units []string
	for line := range strings.Lines(string(out)) {
		units = append(units, "unit "+strings.TrimSpace(line))
	}
	return units, nil
}

// process is one that podup runs beside itself.
type process struct {
	pid, parent int
	args        []string
}

// processes are all of this machine that podup has started beside itself, for whatever project.
func processes() (supervisors, children []process, err error) {
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return nil, nil, err
	}
	for _, entry := range entries {
		pid, err := strconv.Atoi(entry.Name())
		if err != nil {
			continue
		}
		line, err := os.ReadFile("/proc/" + entry.Name() + "/cmdline")
		if err != nil {
			continue // it has ended
		}
		p := process{pid: pid, args: strings.Split(strings.TrimSuffix(string(line), "\x00"), "\x00")}
		if len(p.args) < 2 || filepath.Base(p.args[0]) != "podup" {
			continue
		}
		stat, err := os.ReadFile("/proc/" + entry.Name() + "/stat")
		if err != nil {
			continue
		}
		if fields := strings.Fields(string(stat[strings.LastIndexByte(string(stat), ')')+1:])); len(fields) > 1 {
			p.parent, _ = strconv.Atoi(fields[1])
		}
		switch p.args[1] {
		case "supervise":
			supervisors = append(supervisors, p)
		case "netns":
			children = append(children, p)
		}
	}
	return supervisors, children, nil
}

// runningFor are a project's supervisors and their children, and children whose podup is gone, of
// whatever project: they belong to nobody.
func runningFor(project string) ([]string, error) {
	supervisors, children, err := processes()
	if err != nil {
		return nil, err
	}
	var left []string
	own := map[int]bool{}
	for _, p := range supervisors {
		if i := slices.Index(p.args, "--project"); i > 0 && i+1 < len(p.args) && p.args[i+1] == project {
			own[p.pid] = true
			left = append(left, fmt.Sprintf("process %d %s", p.pid, strings.Join(p.args[1:], " ")))
		}
	}
	for _, p := range children {
		parent, err := os.Readlink(fmt.Sprintf("/proc/%d/exe", p.parent))
		orphan := err == nil && !strings.HasPrefix(filepath.Base(parent), "podup")
		if own[p.parent] || orphan {
			left = append(left, fmt.Sprintf("process %d (child of %d) %s", p.pid, p.parent, strings.Join(p.args[1:], " ")))
		}
	}
	return left, nil
}

// leftRunning is an error that names the processes, units and runtime files that a project has when it is down.
func leftRunning(dir, project string) error {
	left, err := runningFor(project)
	if err != nil {
		return err
	}
	units, err := unitsOf(project)
	if err != nil {
		return err
	}
	left = append(left, units...)
	for _, pattern := range []string{dir, dir + ".*", filepath.Join(dir, "*"), filepath.Join(dir, ".*")} {
		files, err := filepath.Glob(pattern)
		if err != nil {
			return err
		}
		for _, file := range files {
			left = append(left, "file "+file)
		}
	}
	if len(left) > 0 {
		return fmt.Errorf("left of project %s: %s", project, strings.Join(left, ", "))
	}
	return nil
}

// endSupervisors ends what supervises a project that a script has left behind; the pods stay.
func endSupervisors(getenv func(string) string, project string) {
	dir := runtimeDir(getenv, project)
	within(unheard{}, endPatience, "the end of the supervisor", func() error {
		supervisors, _, err := processes()
		if err != nil {
			return err
		}
		for _, p := range supervisors {
			if slices.Contains(p.args, project) {
				_ = syscall.Kill(p.pid, syscall.SIGUSR1)
				err = errors.New("it is alive")
			}
		}
		return err
	})
	_ = os.RemoveAll(dir)
}

// unheard is for what is no part of a test: what cannot be put away is left.
type unheard struct{}

func (unheard) Fatalf(string, ...any) {}
