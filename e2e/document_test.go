package e2e

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// TestDocuments does what the documents say, as a reader would: it writes their files and types their
// commands, on a real engine, and compares what they print.
//
// A block "```yaml NAME" is the file NAME. In a block "```console" each line that begins with "$ " is a
// command, and the lines behind it are its output; "…" in a line stands for any text, and a line that is
// "…" for any lines. A command that ends with "# exit code N" ends with that; all others with 0. Behind
// a command of which no output is shown, any output is right. A block "```console cluster" is typed where
// kubectl talks to a cluster: by TestCluster.
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
			if !typed(steps, console) { // support.md has no commands
				continue
			}
			name := strings.TrimSuffix(filepath.Base(file), ".md")
			t.Run(name, func(t *testing.T) {
				project := projectPrefix + "docs-" + name
				t.Cleanup(func() { removeProjects(func(name string) bool { return name == project }) })
				environment := append(os.Environ(), "GORACE=atexit_sleep_ms=0", "CONTAINER_HOST=unix://"+e.socket, "NO_COLOR=1", "COLUMNS=100")
				follow(t, environment, project, steps, console)
				if left := podman(t, "ps", "--all", "--quiet", "--filter", "label=io.podup.project="+project); left != "" {
					t.Errorf("the document leaves containers: %s", left)
				}
			})
		}
	})
}

// Where the commands of a block are typed, as the line that opens it says.
const (
	console        = "console"         // where podup runs: TestDocuments
	clusterConsole = "console cluster" // where kubectl talks to a cluster: TestCluster
)

// step is a file to write or a command to type.
type step struct {
	line    int
	file    string
	text    string // the file's content, or the command
	output  []string
	shown   bool // the document shows output
	code    int
	console string // "" is a file
}

// typed says whether any step is a command for this console.
func typed(steps []step, where string) bool {
	return slices.ContainsFunc(steps, func(s step) bool { return s.console == where })
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
			_, name, _ := strings.Cut(language, " ")
			switch {
			case language == console, language == clusterConsole:
				kind = language
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
		case console, clusterConsole:
			if command, ok := strings.CutPrefix(line, "$ "); ok {
				s := step{line: i + 1, text: command, console: kind}
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

// commandPatience is for one command of a document, kubectl's waiting for a pod included.
const commandPatience = 3 * time.Minute

// follow writes the files and types the commands for one console, in an empty directory of this name.
func follow(t *testing.T, environment []string, name string, steps []step, where string) {
	t.Helper()
	dir := filepath.Join(t.TempDir(), name)
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	for _, s := range steps {
		if s.console == "" {
			if err := os.WriteFile(filepath.Join(dir, s.file), []byte(s.text), 0o644); err != nil {
				t.Fatal(err)
			}
			continue
		}
		if s.console != where {
			continue
		}
		out, code, err := s.execute(t.Context(), dir, environment)
		if err != nil {
			t.Fatalf("line %d: %s: %v\n%s", s.line, s.text, err, out)
		}
		if code != s.code {
			t.Fatalf("line %d: %s\nexit code %d, want %d\n%s", s.line, s.text, code, s.code, out)
		}
		if s.shown && !resembles(s.output, string(out)) {
			t.Fatalf("line %d: %s\nprints\n%s\nthe document says\n%s", s.line, s.text, out, strings.Join(s.output, "\n"))
		}
	}
}

// execute types the command.
func (s step) execute(ctx context.Context, dir string, environment []string) (out []byte, code int, err error) {
	ctx, cancel := context.WithTimeoutCause(ctx, commandPatience, fmt.Errorf("it does not end within %v", commandPatience))
	defer cancel()
	command := exec.CommandContext(ctx, "bash", "-c", s.text)
	command.Dir, command.Env = dir, environment
	command.WaitDelay = time.Second // for what it started and left behind
	out, err = command.CombinedOutput()
	if command.ProcessState == nil || ctx.Err() != nil {
		return out, 0, errors.Join(err, context.Cause(ctx))
	}
	return out, command.ProcessState.ExitCode(), nil
}

// Whatever looks like a command in a document is in a block that a test types.
func TestEveryCommandIsTyped(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(fixtures(), "docs", "*.md"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no documents: %v", err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, problem := range untyped(string(text)) {
			t.Errorf("%s:%s", file, problem)
		}
	}
}

// untyped are the places of a document where readDocument would pass over a command: "LINE: what is wrong".
func untyped(text string) []string {
	var problems []string
	open, language := false, ""
	for i, line := range strings.Split(text, "\n") {
		report := func(format string, args ...any) {
			problems = append(problems, fmt.Sprintf("%d: ", i+1)+fmt.Sprintf(format, args...))
		}
		fence, isFence := strings.CutPrefix(strings.TrimSpace(line), "```")
		switch {
		case isFence && strings.TrimSpace(line) != strings.TrimRight(line, " "):
			report("a block that is indented is not read")
		case isFence && open:
			open = false
		case isFence:
			open, language = true, fence
			word, name, _ := strings.Cut(fence, " ")
			switch word {
			case "console":
				if fence != console && fence != clusterConsole {
					report("no test types the commands of %q", fence)
				}
			case "sh", "bash", "shell":
				if name == "" {
					report("commands are in a block %q or %q", console, clusterConsole)
				}
			}
		case open && strings.HasPrefix(line, "$ ") && language != console && language != clusterConsole:
			report("a command in a block %q, which no test types", language)
		}
	}
	return problems
}

func TestUntyped(t *testing.T) {
	for name, c := range map[string]struct {
		text string
		want []string
	}{
		"commands for either console are typed": {"```console\n$ a\n```\n```console cluster\n$ b\n```", nil},
		"a file may hold anything":              {"```bash a.sh\nb\n```", nil},
		"a dollar outside of blocks is text":    {"$ a", nil},
		"a console that no test has":            {"```console elsewhere\n$ a\n```", []string{`1: no test types the commands of "console elsewhere"`, `2: a command in a block "console elsewhere", which no test types`}},
		"a shell without a name":                {"```bash\na\n```", []string{`1: commands are in a block "console" or "console cluster"`}},
		"a command in a block of text":          {"```\n$ a\n```", []string{`2: a command in a block "", which no test types`}},
		"a block in a list":                     {"* x\n  ```console\n  $ a\n  ```", []string{"2: a block that is indented is not read", "4: a block that is indented is not read"}},
	} {
		t.Run(name, func(t *testing.T) {
			if got := untyped(c.text); !slices.Equal(got, c.want) {
				t.Errorf("%q", got)
			}
		})
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
