package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// referenceDir holds a manifest and the trace of the real kubelet for each thing it was asked.
const referenceDir = "testdata/reference"

// experiment is a manifest and how it is watched, which the manifest's first comment says.
type experiment struct {
	name  string // of the file, and of the pod
	text  string
	claim string // the first sentence

	status    []time.Duration // when the status is looked at, from the first event
	watch     time.Duration   // when the pod is told to end, from the first event
	after     time.Duration   // how long the kubelet needs from then on
	tolerance time.Duration
	repeats   []string
	needs     string // what not every engine has
}

// minTolerance is more than a kubelet needs to see that a container has ended: it looks once a second.
const minTolerance = 2 * time.Second

func experiments(t *testing.T) []experiment {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(referenceDir, "*.yaml"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no manifests in %s: %v", referenceDir, err)
	}
	var list []experiment
	for _, file := range files {
		x, err := readExperiment(file)
		if err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		list = append(list, x)
	}
	return list
}

func readExperiment(file string) (experiment, error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return experiment{}, err
	}
	x := experiment{name: strings.TrimSuffix(filepath.Base(file), ".yaml"), text: string(data), tolerance: minTolerance}
	told := false
	for line := range strings.Lines(x.text) {
		comment, ok := strings.CutPrefix(strings.TrimSpace(line), "#")
		if !ok {
			break
		}
		comment = strings.TrimSpace(comment)
		if !told {
			if comment == "" {
				told = true
				continue
			}
			x.claim = strings.TrimSpace(x.claim + " " + comment)
			continue
		}
		key, value, _ := strings.Cut(comment, ": ")
		if err := x.set(key, value); err != nil {
			return x, fmt.Errorf("%s: %w", key, err)
		}
	}
	switch {
	case !strings.HasSuffix(x.claim, "."):
		return x, fmt.Errorf("it does not begin with a sentence that says what it shows")
	case x.watch == 0 || len(x.status) == 0 || x.status[len(x.status)-1] >= x.watch:
		return x, fmt.Errorf("no time to watch that ends after the last status")
	case !strings.Contains(x.text, "\nmetadata:\n  name: "+x.name+"\n"):
		return x, fmt.Errorf("the pod is not called %s", x.name)
	case !strings.Contains(x.text, journalVolume):
		return x, fmt.Errorf("no %s", journalVolume)
	}
	return x, nil
}

func (x *experiment) set(key, value string) (err error) {
	switch key {
	case "status":
		for _, word := range strings.Fields(value) {
			at, err := time.ParseDuration(word)
			if err != nil {
				return err
			}
			x.status = append(x.status, at)
		}
	case "watch":
		x.watch, err = time.ParseDuration(value)
	case "after":
		x.after, err = time.ParseDuration(value)
	case "tolerance":
		x.tolerance, err = time.ParseDuration(value)
	case "repeats":
		x.repeats = append(x.repeats, value)
	case "needs":
		x.needs = value
	default:
		err = fmt.Errorf("unknown")
	}
	return err
}

// journalVolume is where every manifest has its containers' notes: in the directory events beside it.
const journalVolume = "hostPath: {path: ./events}"

// placed is the manifest for a kubelet, which takes no relative path, and keeps the back-off of a static
// pod it has known before unless the uid is another.
func (x experiment) placed(events, uid string) string {
	text := strings.Replace(x.text, "path: ./events", "path: "+events, 1)
	return strings.Replace(text, "\n  name: "+x.name+"\n", "\n  name: "+x.name+"\n  uid: "+uid+"\n", 1)
}

func (x experiment) traceFile() string { return filepath.Join(referenceDir, x.name+".trace") }
