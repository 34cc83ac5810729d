package e2e

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// TestDocuments does what the documents say, as a reader would: it writes their files and types their
// commands, on a real engine, and compares what they print.
//
// A block "```yaml NAME" is the file NAME. In a block "```console" each line that begins with "$ " is a
// command, and the lines behind it are its output; "…" in a line stands for any text, and a line that is
// "…" for any lines. A command that ends with "# exit code N" ends with that; all others with 0. Behind
// a command of which no output is shown, any output is right.
func TestDocuments(t *testing.T) {
	onEngines(t, workstations()[:1], func(t *testing.T, e *engine) {
		files, err := filepath.Glob(filepath.Join(fixtures(), "docs", "*.md"))
		if err != nil || len(files) == 0 {
			t.Fatalf("no documents: %v", err)
		}
		greeting(t)
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			steps := readDocument(string(text))
			if len(steps) == 0 { // support.md has no commands
				continue
			}
			name := strings.TrimSuffix(filepath.Base(file), ".md")
			t.Run(name, func(t *testing.T) { follow(t, e, projectPrefix+"docs-"+name, steps) })
		}
	})
}

// step is a file to write or a command to type.
type step struct {
	line    int
	file    string
	text    string // the file's content, or the command
	output  []string
	shown   bool // the document shows output
	code    int
	console bool
}

var exitCode = regexp.MustCompile(`\s+# exit code (\d+)$`)

func readDocument(text string) []step {
	var steps []step
	var open *step // the file or command under way
	kind := ""
	for i, line := range strings.Split(text, "\n") {
		if language, ok := strings.CutPrefix(line, "```"); ok {
			if kind != "" {
				kind, open = "", nil
				continue
			}
			first, name, _ := strings.Cut(language, " ")
			switch {
			case first == "console":
				kind = "console"
			case name != "":
				kind = "file"
				steps = append(steps, step{line: i + 1, file: strings.TrimSpace(name)})
				open = &steps[len(steps)-1]
			default:
				kind = "other"
			}
			continue
		}
		switch kind {
		case "file":
			open.text += line + "\n"
		case "console":
			if command, ok := strings.CutPrefix(line, "$ "); ok {
				s := step{line: i + 1, text: command, console: true}
				if code := exitCode.FindStringSubmatch(command); code != nil {
					s.code, _ = strconv.Atoi(code[1])
				}
				steps = append(steps, s)
				open = &steps[len(steps)-1]
				continue
			}
			open.output, open.shown = append(open.output, line), true
		}
	}
	return steps
}

// follow takes the steps in an empty directory, whose name is the project's.
func follow(t *testing.T, e *engine, project string, steps []step) {
	dir := filepath.Join(t.TempDir(), project)
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	environment := append(os.Environ(), "GORACE=atexit_sleep_ms=0", "CONTAINER_HOST=unix://"+e.socket, "NO_COLOR=1", "COLUMNS=100")
	t.Cleanup(func() { removeProjects(func(name string) bool { return name == project }) })
	for _, s := range steps {
		if !s.console {
			if err := os.WriteFile(filepath.Join(dir, s.file), []byte(s.text), 0o644); err != nil {
				t.Fatal(err)
			}
			continue
		}
		command := exec.Command("bash", "-c", s.text)
		command.Dir, command.Env = dir, environment
		out, err := command.CombinedOutput()
		if command.ProcessState == nil {
			t.Fatal(err)
		}
		if code := command.ProcessState.ExitCode(); code != s.code {
			t.Fatalf("line %d: %s\nexit code %d, want %d\n%s", s.line, s.text, code, s.code, out)
		}
		if s.shown && !resembles(s.output, string(out)) {
			t.Fatalf("line %d: %s\nprints\n%s\nthe document says\n%s", s.line, s.text, out, strings.Join(s.output, "\n"))
		}
	}
	if left := podman(t, "ps", "--all", "--quiet", "--filter", "label=io.podup.project="+project); left != "" {
		t.Errorf("the document leaves containers: %s", left)
	}
}

// resembles says whether output is what a document shows.
func resembles(shown []string, output string) bool {
	var pattern strings.Builder
	pattern.WriteString(`^`)
	for _, line := range shown {
		if line == "…" {
			pattern.WriteString(`(.*\n)*`)
			continue
		}
		for i, part := range strings.Split(strings.TrimRight(line, " "), "…") {
			if i > 0 {
				pattern.WriteString(`.*`)
			}
			pattern.WriteString(regexp.QuoteMeta(part))
		}
		pattern.WriteString(` *\n`)
	}
	pattern.WriteString(`$`)
	return regexp.MustCompile(pattern.String()).MatchString(strings.TrimRight(output, "\n") + "\n")
}

func TestResembles(t *testing.T) {
	for name, c := range map[string]struct {
		shown  []string
		output string
		want   bool
	}{
		"the same":                      {[]string{"a", "b"}, "a\nb\n", true},
		"a line too many":               {[]string{"a"}, "a\nb\n", false},
		"a line too few":                {[]string{"a", "b"}, "a\n", false},
		"any text in a line":            {[]string{"took …s"}, "took 12s\n", true},
		"any text is not another line":  {[]string{"took …s"}, "took 1\n2s\n", false},
		"any lines, also none":          {[]string{"a", "…", "b"}, "a\nb\n", true},
		"any lines":                     {[]string{"…", "b"}, "x\ny\nb\n", true},
		"what stands there is no regex": {[]string{"a.c"}, "abc\n", false},
		"spaces at an end are not seen": {[]string{"a"}, "a  \n", true},
	} {
		t.Run(name, func(t *testing.T) {
			if got := resembles(c.shown, c.output); got != c.want {
				t.Errorf("%t", got)
			}
		})
	}
}

// greeting builds the image of examples/hello.
func greeting(t *testing.T) {
	t.Helper()
	dir := t.TempDir()
	copyFile(t, helloProgram(t), filepath.Join(dir, "hello"))
	copyFile(t, filepath.Join(fixtures(), "examples", "hello", "Containerfile"), filepath.Join(dir, "Containerfile"))
	podman(t, "build", "--quiet", "--tag", "localhost/podup-hello:1", dir)
}
