package e2e

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// insideManifests has manifests whose container says what it sees, and beside each what one saw that a real
// kubelet had made.
const insideManifests = "testdata/inside"

var recordInsideWith = flag.String("record-inside", "", "record anew what containers see with the kubelet this command leads, given as an absolute path")

// TestInside holds what containers see to what they see under a real kubelet, but for what
// inside_known_test.go lists. With -record-inside it asks the kubelet anew.
func TestInside(t *testing.T) {
	files, err := filepath.Glob(insideManifests + "/*.yaml")
	if err != nil || len(files) < 30 {
		t.Fatalf("%d manifests in %s: %v", len(files), insideManifests, err)
	}
	if *recordInsideWith != "" {
		recordInside(t, kubeletCommand(*recordInsideWith), files)
		return
	}
	onEngines(t, []string{"5.8 rootless", "5.8 rootful"}, func(t *testing.T, e *engine) {
		var seen sync.Mutex // guards used and ran
		used, ran := map[string]bool{}, 0
		known := knownInside(e)
		// The reference was recorded on cgroup v1, where rootless containers have no limits.
		limited := e.cgroups == "v1" && os.Getuid() == 0
		judged := func(lines []string) []string {
			return slices.DeleteFunc(lines, func(line string) bool { return !limited && strings.HasPrefix(line, "cgroup ") })
		}
		for _, file := range files {
			name := strings.TrimSuffix(filepath.Base(file), ".yaml")
			t.Run(name, func(t *testing.T) {
				reference, err := os.ReadFile(seenFile(file))
				if err != nil {
					t.Fatalf("%v: record it with -record-inside", err)
				}
				t.Parallel()
				got := judged(insidePodup(t, file, name))
				seen.Lock()
				defer seen.Unlock()
				ran++
				want := judged(strings.Split(strings.TrimSpace(string(reference)), "\n")[1:])
				for _, problem := range compareInside(known, used, want, got) {
					t.Error(problem)
				}
			})
		}
		t.Cleanup(func() { // when the last of them has ended
			for _, d := range known {
				if ran == len(files) && !used[d.String()] {
					t.Errorf("the known difference %s is none", d)
				}
			}
		})
	})
}

func seenFile(manifest string) string { return strings.TrimSuffix(manifest, ".yaml") + ".seen" }

// otherwise is a line that differs, and the reason. Each side is a regular expression for whole lines.
type otherwise struct {
	kubelet string // "" is no line
	podup   string // "" is no line
	reason  string
}

func (o otherwise) String() string {
	return fmt.Sprintf("%q → %q (%s)", o.kubelet, o.podup, o.reason)
}

// compareInside takes from both what is the same and what is known to differ.
func compareInside(known []otherwise, used map[string]bool, want, got []string) []string {
	lost := slices.DeleteFunc(slices.Clone(want), func(line string) bool { return slices.Contains(got, line) })
	more := slices.DeleteFunc(slices.Clone(got), func(line string) bool { return slices.Contains(want, line) })
	for _, d := range known {
		without := func(lines []string, pattern string) ([]string, bool) {
			matches := regexp.MustCompile("^(" + pattern + ")$")
			left := slices.DeleteFunc(slices.Clone(lines), func(line string) bool { return pattern != "" && matches.MatchString(line) })
			return left, pattern == "" || len(left) < len(lines)
		}
		restWant, inWant := without(lost, d.kubelet)
		restGot, inGot := without(more, d.podup)
		if inWant && inGot {
			lost, more, used[d.String()] = restWant, restGot, true
		}
	}
	var problems []string
	for _, line := range lost {
		problems = append(problems, "a kubelet's container sees, and this one does not: "+line)
	}
	for _, line := range more {
		problems = append(problems, "this container sees, and a kubelet's does not: "+line)
	}
	return problems
}

// looked ends what a container says.
const looked = "looked"

func insidePodup(t *testing.T, file, name string) []string {
	t.Helper()
	project := projectPrefix + "inside-" + name
	defer removeProjects(func(p string) bool { return p == project })
	podup := func(args ...string) (string, error) {
		command := exec.CommandContext(t.Context(), "podup", args...)
		command.Env = append(os.Environ(), "PODUP_PROJECT="+project, "PODUP_CAPACITY=memory=64Gi,cpu=64", "GORACE=atexit_sleep_ms=0")
		out, err := command.Output()
		if err != nil {
			return "", fmt.Errorf("podup %s: %s", strings.Join(args, " "), reason(err))
		}
		return string(out), nil
	}
	if _, err := podup("up", "-d", "-f", file); err != nil {
		t.Fatal(err)
	}
	text := untilLooked(t, func() (string, error) { return podup("logs", "--no-prefix", name+"/app") })
	if _, err := podup("down"); err != nil {
		t.Error(err)
	}
	node, err := os.Hostname()
	if err != nil {
		t.Fatal(err)
	}
	return normalised(text, name, node, node)
}

func untilLooked(t *testing.T, read func() (string, error)) string {
	t.Helper()
	var text string
	for end := time.Now().Add(patience); time.Now().Before(end); {
		var err error
		if text, err = read(); err == nil && strings.Contains(text, looked+"\n") {
			return text
		}
		if err := until(t.Context(), time.Now().Add(100*time.Millisecond)); err != nil {
			t.Fatal(err)
		}
	}
	t.Fatalf("the container has not said all it sees within %v:\n%s", patience, text)
	return ""
}

// normalised leaves out what another machine, another run or another way to make the same image has
// otherwise: addresses, the machine's name and its own hosts file and name servers, the image's PATH, and the
// name of the node, which a static pod has behind its own.
func normalised(text, name, node, machine string) []string {
	text, _, _ = strings.Cut(text, looked+"\n")
	text = strings.ReplaceAll(text, name+"-"+node, name)
	var lines []string
	address := regexp.MustCompile(`^hosts (\S+)\s+(.*)$`)
	var own []string // addresses of the pod
	for line := range strings.Lines(text) {
		line = strings.ReplaceAll(strings.TrimSpace(line), "\t", " ")
		if m := address.FindStringSubmatch(line); m != nil && !strings.HasPrefix(m[1], "#") {
			if names := strings.Fields(m[2]); slices.Contains(names, name) || slices.Contains(names, hostnameOf(lines)) {
				own = append(own, m[1])
			}
		}
		lines = append(lines, line)
	}
	for i, line := range lines {
		for _, ip := range own {
			line = regexp.MustCompile(`(^hosts |=)`+regexp.QuoteMeta(ip)+`( |$)`).ReplaceAllString(line, "${1}POD_IP${2}")
		}
		line = strings.ReplaceAll(line, " "+machine, " NODE")
		// What a machine has to give, which the reference's root was not given whole.
		line = regexp.MustCompile(`^(Cap\w+) 000001f+e?f+$`).ReplaceAllString(line, "$1 all")
		if strings.HasPrefix(line, "env PATH=") {
			line = "env PATH"
		}
		if m := regexp.MustCompile(`^mount (/etc/\S+|/dev/termination-log) (?:disk|tmpfs) (r[ow])\b`).FindStringSubmatch(line); m != nil {
			line = "mount " + m[1] + " file " + m[2] // where the engine keeps such files is the machine's
		}
		if words, ok := strings.CutPrefix(line, "resolv.conf options "); ok { // in no order (kubelet: network/dns)
			line = "resolv.conf options " + strings.Join(slices.Sorted(slices.Values(strings.Fields(words))), " ")
		}
		lines[i] = regexp.MustCompile(`\.\.\d{4}_\d\d_\d\d_\d\d_\d\d_\d\d\.\d+`).ReplaceAllString(line, "..TIME")
	}
	declared := slices.Contains(lines, "resolv.conf nameserver 192.0.2.53")
	host := slices.Contains(lines, "hosts # Kubernetes-managed hosts file (host network).")
	lines = slices.DeleteFunc(lines, func(line string) bool {
		return strings.HasPrefix(line, "resolv.conf ") && !declared || host && strings.HasPrefix(line, "hosts ") && !strings.Contains(line, "#") && !strings.Contains(line, "192.0.2.")
	})
	slices.Sort(lines)
	return slices.Compact(lines)
}

func hostnameOf(lines []string) string {
	for _, line := range lines {
		if name, ok := strings.CutPrefix(line, "hostname "); ok {
			return name
		}
	}
	return ""
}

// recordInside runs each manifest as a static pod and writes down what its container saw.
func recordInside(t *testing.T, kubelet kubeletCommand, files []string) {
	archive := filepath.Join(t.TempDir(), "podup-test.tar")
	dockerArchive(t, archive)
	if _, err := kubelet.run(t.Context(), "image", archive); err != nil {
		t.Fatal(err)
	}
	version, err := kubelet.run(t.Context(), "root", "kubelet", "--version")
	if err != nil {
		t.Fatal(err)
	}
	machine, err := kubelet.run(t.Context(), "root", "hostname")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".yaml")
		t.Run(name, func(t *testing.T) {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			uid := newUID()
			placed := filepath.Join(t.TempDir(), name+".yaml")
			with := strings.Replace(string(text), "\n  name: "+name+"\n", "\n  name: "+name+"\n  uid: "+uid+"\n", 1)
			if err := os.WriteFile(placed, []byte(with), 0o644); err != nil {
				t.Fatal(err)
			}
			if _, err := kubelet.run(t.Context(), "run", placed); err != nil {
				t.Fatal(err)
			}
			defer func() { _, _ = kubelet.run(context.Background(), "rm", name) }()
			said := untilLooked(t, func() (string, error) {
				log, err := kubelet.run(t.Context(), "root", "sh", "-c", "cat /var/log/pods/*_"+uid+"/app/0.log 2>/dev/null || true")
				return criText(log), err
			})
			dir, err := kubelet.run(t.Context(), "root", "sh", "-c", "echo /var/log/pods/*_"+uid)
			if err != nil {
				t.Fatal(err)
			}
			node := strings.TrimPrefix(strings.TrimSuffix(strings.TrimSpace(filepath.Base(dir)), "_"+uid), "default_"+name+"-")
			lines := append([]string{"# What a container of " + strings.TrimSpace(version) + " sees."}, normalised(said, name, node, strings.TrimSpace(machine))...)
			if err := os.WriteFile(seenFile(file), []byte(strings.Join(lines, "\n")+"\n"), 0o644); err != nil {
				t.Fatal(err)
			}
		})
	}
}

// criText is what stands behind time, stream and tag in a log of a container runtime.
func criText(log string) string {
	var text strings.Builder
	for line := range strings.Lines(log) {
		if fields := strings.SplitN(line, " ", 4); len(fields) == 4 {
			text.WriteString(fields[3])
		}
	}
	return text.String()
}
