package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
)

// clusterVar is set by `make cluster`, which builds Kubernetes.
const clusterVar = "PODUP_E2E_CLUSTER"

// clusterImagesVar names an archive with the images of the examples (podman save), else they are built.
const clusterImagesVar = "PODUP_CLUSTER_IMAGES"

// TestCluster gives a real cluster what podup gets: the examples, unchanged, and the commands that the
// documents have for kubectl. The script cluster builds one, which takes minutes: `make cluster` runs this test,
// and `make test` says that it does not.
func TestCluster(t *testing.T) {
	if os.Getenv(clusterVar) == "" {
		t.Skip("make cluster runs it: it builds Kubernetes, which takes minutes")
	}
	if reason := noWorkstation(); reason != "" {
		t.Fatalf("no cluster can be booted: %s", reason)
	}
	c := cluster{}
	c.boot(t)
	t.Run("manifests", c.manifests)
	c.load(t)
	t.Run("examples", func(t *testing.T) {
		files, err := filepath.Glob("../examples/*/pod.yaml")
		if err != nil || len(files) == 0 {
			t.Fatalf("no examples: %v", err)
		}
		for _, file := range files {
			t.Run(filepath.Base(filepath.Dir(file)), func(t *testing.T) { c.example(t, file) })
		}
	})
	t.Run("documents", c.documents)
}

// clusterPatience is for one command of the cluster's, loading all images included.
const clusterPatience = 5 * time.Minute

// cluster is the one that the script of this name leads.
type cluster struct{}

func (cluster) try(args ...string) (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), clusterPatience)
	defer cancel()
	command := exec.CommandContext(ctx, "./cluster", args...)
	command.WaitDelay = time.Second
	out, err := command.CombinedOutput()
	if ctx.Err() != nil {
		err = fmt.Errorf("it does not end within %v", clusterPatience)
	}
	return strings.TrimRight(string(out), "\n"), err
}

func (c cluster) must(t *testing.T, args ...string) string {
	t.Helper()
	out, err := c.try(args...)
	if err != nil {
		t.Fatalf("cluster %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return out
}

func (c cluster) kubectl(t *testing.T, args ...string) string {
	t.Helper()
	return c.must(t, append([]string{"kubectl"}, args...)...)
}

// logged runs a command that leaves processes behind: with pipes of this process it would be waited for
// until they close them.
func logged(t *testing.T, command *exec.Cmd) string {
	t.Helper()
	log, err := os.CreateTemp(t.TempDir(), "log")
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	command.Stderr = log
	if command.Stdout == nil {
		command.Stdout = log
	}
	err = command.Run()
	text, _ := os.ReadFile(log.Name())
	if err != nil {
		t.Fatalf("%s: %v\n%s", strings.Join(command.Args, " "), err, text)
	}
	return string(bytes.TrimSpace(text))
}

// boot begins with a cluster that has no objects.
func (c cluster) boot(t *testing.T) {
	if os.Getenv(keepVar) == "" {
		c.must(t, "down")
		t.Cleanup(func() { c.must(t, "down") })
	}
	t.Log(logged(t, exec.Command("./cluster", "up")))
}

// refusedThere are manifests that podup accepts and this cluster does not.
func refusedThere() map[string]string {
	return map[string]string{
		"document-markers": "kubectl's reader of documents knows no directives",
		"ignored-fields":   "its namespace is not made",
		"list":             "kubectl takes no list of lists",
		"service":          "the cluster has no IPv6",
	}
}

// manifests asks the API server about every manifest of which the tests say that podup accepts it.
func (c cluster) manifests(t *testing.T) {
	refused := refusedThere()
	for _, pattern := range []string{"../validate/testdata/ok/*.yaml", "testdata/inside/*.yaml", "testdata/reference/*.yaml"} {
		files, err := filepath.Glob(pattern)
		if err != nil || len(files) == 0 {
			t.Fatalf("no manifests %s: %v", pattern, err)
		}
		for _, file := range files {
			name := strings.TrimSuffix(filepath.Base(file), ".yaml")
			// A field that Kubernetes does not have is dropped by both, each with a warning.
			out, err := c.try("kubectl", "apply", "--dry-run=server", "--validate=ignore", "--filename", file)
			why, known := refused[name]
			delete(refused, name)
			switch {
			case strings.Contains(out, "no objects passed to apply"): // nor to podup
			case err != nil && !known:
				t.Errorf("%s: %v\n%s", file, err, out)
			case err == nil && known:
				t.Errorf("%s is accepted, although %s", file, why)
			}
		}
	}
	for name := range refused {
		t.Errorf("there is no manifest %s", name)
	}
}

// saveImages builds the images of the examples and writes those that are its arguments to stdout.
const saveImages = `set -euo pipefail
podman build --quiet --tag localhost/podup-hello:1 hello >&2
examples/images/build >&2
for image; do podman image exists "$image" || podman pull --quiet "$image" >&2; done
exec podman save --quiet --multi-image-archive --format docker-archive "$@"`

// load puts the images of the examples on the node, where no registry can be reached.
func (c cluster) load(t *testing.T) {
	if archive := os.Getenv(clusterImagesVar); archive != "" {
		c.must(t, "image", archive)
		return
	}
	dir := filepath.Join(t.TempDir(), "podup-cluster")
	copyFile(t, helloProgram(t), filepath.Join(dir, "hello", "hello"))
	copyFile(t, "../examples/hello/Containerfile", filepath.Join(dir, "hello", "Containerfile"))
	if err := os.CopyFS(filepath.Join(dir, "examples"), os.DirFS("../examples")); err != nil {
		t.Fatal(err)
	}
	save := exec.Command("bash", append([]string{"-c", saveImages, "bash"}, imagesOfExamples(t)...)...)
	save.Dir = dir
	if usable() != nil {
		logged(t, exec.Command("./workstation", "up"))
		if os.Getenv(keepVar) == "" {
			defer func() { logged(t, exec.Command("./workstation", "down")) }()
		}
		logged(t, exec.Command("./workstation", "push", dir, "opt"))
		save = exec.Command("./workstation", append([]string{"run", "env", "-C", "/opt/" + filepath.Base(dir)}, save.Args...)...)
	}
	archive, err := os.Create(filepath.Join(t.TempDir(), "images.tar"))
	if err != nil {
		t.Fatal(err)
	}
	defer archive.Close()
	save.Stdout = archive
	t.Log(logged(t, save))
	c.must(t, "image", archive.Name())
}

var imageField = regexp.MustCompile(`(?m)^\s*(?:- )?image: (\S+)`)

// imagesOfExamples are the images that the manifests of the examples name.
func imagesOfExamples(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob("../examples/*/pod.yaml")
	if err != nil || len(files) == 0 {
		t.Fatalf("no examples: %v", err)
	}
	var images []string
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, match := range imageField.FindAllStringSubmatch(string(text), -1) {
			images = append(images, match[1])
		}
	}
	slices.Sort(images)
	return slices.Compact(images)
}

// look is a command of the script cluster, and what its output matches sooner or later.
type look struct {
	command []string
	want    string
}

// looks are one look at what each example promises. Their `check`s are for podup, which they stop and start.
func looks() map[string][]look {
	page := func(url, want string) look {
		return look{[]string{"root", "curl", "--silent", "--fail", "--location", "http://127.0.0.1:" + url}, want}
	}
	inside := func(pod, container, want string, command ...string) look {
		return look{append([]string{"kubectl", "exec", pod, "--container", container, "--"}, command...), want}
	}
	return map[string][]look{
		"hello":      {page("8080/", `^Hello from pod hello at [0-9]`)},
		"nginx-blog": {page("8081/", `<h1>Blog of nginx-blog</h1>`)},
		"frontend":   {page("8086/", `<title>A pod`)},
		"war-tomcat": {page("8082/sample/hello", `^Hello from sample.war, version 1, on Apache Tomcat/10.1`)},
		"log-collector": {
			inside("store", "postgres", `^[1-9]\d`, "psql", "-U", "logs", "-d", "logs", "-qAtc", "SELECT max(number) FROM lines"),
		},
		"ambassador": {page("8087/", `"backend": "quotes-1"`), page("8087/", `"backend": "quotes-2"`), page("8087/", `"backend": "quotes-3"`)},
		"adapter":    {page("8083/", `^hello from adapter`), page("9113/metrics", `(?m)^nginx_up 1$`)},
		"rsyslog-group": {
			inside("rsyslog-group", "imuxsock", ``, "logger", "--socket", "/run/sockets/log", "from a program"),
			inside("rsyslog-group", "main", `from a program`, "cat", "/var/log/collected/all.log"),
		},
		"zombies": {
			inside("zombies", "look", `orphans\.py`, "ps"),
			inside("zombies", "orphans", `^(pause|catatonit)$`, "cat", "/proc/1/comm"),
		},
		"hooks": {page("8085/", `^app-a$`), page("8085/", `^app-b$`)},
	}
}

// example applies a manifest, waits for its pods and looks at them. A warning of the API server is a failure,
// and so is a container that had to be started twice.
func (c cluster) example(t *testing.T, file string) {
	name := filepath.Base(filepath.Dir(file))
	looks := looks()[name]
	if len(looks) == 0 {
		t.Fatal("nothing says how this example is looked at")
	}
	t.Cleanup(func() { c.remove(t, file) })
	t.Log(c.kubectl(t, "apply", "--warnings-as-errors", "--filename", file))
	if out, err := c.try("kubectl", "wait", "--for=condition=Ready", "pod", "--all", "--timeout=4m"); err != nil {
		described, _ := c.try("kubectl", "describe", "pods")
		t.Fatalf("%v\n%s\n%s", err, out, described)
	}
	for _, look := range looks {
		within(t, time.Minute, strings.Join(look.command, " "), func() error {
			out, err := c.try(look.command...)
			if err == nil && !regexp.MustCompile(look.want).MatchString(out) {
				err = errors.New("not what is promised")
			}
			if err != nil {
				return fmt.Errorf("%w\n%s", err, out)
			}
			return nil
		})
	}
	for _, pod := range c.pods(t) {
		for _, status := range slices.Concat(pod.Status.InitContainerStatuses, pod.Status.ContainerStatuses) {
			if status.RestartCount != 0 {
				t.Errorf("container %s of pod %s was restarted: %+v", status.Name, pod.Name, status.LastTerminationState.Terminated)
			}
		}
	}
	c.kubectl(t, "diff", "--filename", file) // exit code 1 is a difference
}

func (c cluster) pods(t *testing.T) []corev1.Pod {
	t.Helper()
	var list corev1.PodList
	if err := json.Unmarshal([]byte(c.kubectl(t, "get", "pods", "--output", "json")), &list); err != nil {
		t.Fatal(err)
	}
	return list.Items
}

// remove deletes what a manifest made, and wants the volumes of its claims to go with it.
func (c cluster) remove(t *testing.T, file string) {
	t.Helper()
	c.kubectl(t, "delete", "--ignore-not-found", "--timeout=2m", "--filename", file)
	c.empty(t)
}

func (c cluster) empty(t *testing.T) {
	t.Helper()
	within(t, time.Minute, "nothing is left", func() error {
		left, err := c.try("kubectl", "get", "deployments,pods,services,persistentvolumeclaims,persistentvolumes", "--output", "name")
		if err == nil && left != "service/kubernetes" {
			err = errors.New("left")
		}
		if err != nil {
			return fmt.Errorf("%w: %s", err, left)
		}
		return nil
	})
}

// documents types the commands that the documents have for kubectl.
func (c cluster) documents(t *testing.T) {
	script, err := filepath.Abs("cluster")
	if err != nil {
		t.Fatal(err)
	}
	path := t.TempDir()
	if err := os.WriteFile(filepath.Join(path, "kubectl"), []byte("#!/bin/sh\nexec '"+script+"' kubectl \"$@\"\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	environment := append(os.Environ(), "PATH="+path+":"+os.Getenv("PATH"))
	files, err := filepath.Glob("../docs/*.md")
	if err != nil {
		t.Fatal(err)
	}
	followed := 0
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		steps := readDocument(string(text))
		if !typed(steps, clusterConsole) {
			continue
		}
		followed++
		name := strings.TrimSuffix(filepath.Base(file), ".md")
		t.Run(name, func(t *testing.T) {
			t.Cleanup(func() {
				c.kubectl(t, "delete", "deployments,pods", "--all")
				c.empty(t)
			})
			follow(t, environment, name, steps, clusterConsole)
			c.empty(t)
		})
	}
	if followed == 0 {
		t.Error("no document has a command for kubectl")
	}
}

// The cluster is of the Kubernetes whose code judges manifests.
func TestClusterVersion(t *testing.T) {
	version := func(file string) string {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		match := regexp.MustCompile(`(?m)^\tk8s\.io/kubernetes (v\S+)`).FindSubmatch(text)
		if match == nil {
			t.Fatalf("%s does not require k8s.io/kubernetes", file)
		}
		return string(match[1])
	}
	if podup, cluster := version("../go.mod"), version("cluster.d/kubernetes/go.mod"); podup != cluster {
		t.Errorf("podup requires Kubernetes %s, the cluster %s: go get -C e2e/cluster.d/kubernetes", podup, cluster)
	}
}
