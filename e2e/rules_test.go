package e2e

import (
	"regexp"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"
)

var (
	hostPort = regexp.MustCompile(`(?m)hostPort: *(\d+)`)
	bringsUp = regexp.MustCompile(`(?m)^(!|code \d+|exec)? *podup (.* )?up\b.* -d`)
	docKind  = regexp.MustCompile(`(?m)^kind: *(\w+)`)
	docName  = regexp.MustCompile(`(?m)^metadata: *(?:\{ *name: *|\n(?:  .*\n)*?  name: *)([a-zA-Z0-9.-]+)`)
)

// checkRules holds one script to SCENARIO.md. A manifest that is meant to be refused may break the
// rules about names: its file begins with "bad".
func checkRules(t *testing.T, file, script string) {
	t.Helper()
	archive, err := txtar.ParseFile(file)
	if err != nil {
		t.Fatal(err)
	}
	first := ""
	for line := range strings.Lines(string(archive.Comment)) {
		if !strings.HasPrefix(line, "# ") {
			break
		}
		first = strings.TrimSpace(line)
	}
	if !strings.HasSuffix(first, ".") {
		t.Errorf("%s:1: a script begins with a comment that states the invariant, with a full stop", file)
	}
	for number, line := range strings.Split(string(archive.Comment), "\n") {
		words := strings.Fields(line)
		for i, word := range words {
			if word == "sleep" && (i == 0 || words[i-1] == "exec") {
				t.Errorf("%s:%d: sleep: wait for a condition with eventually", file, number+1)
			}
		}
	}
	if bringsUp.Match(archive.Comment) && !strings.Contains(string(archive.Comment), "nothing-left") {
		t.Errorf("%s: the script brings something up and never says nothing-left", file)
	}
	for _, f := range archive.Files {
		if strings.HasPrefix(f.Name, "bad") {
			continue
		}
		for _, document := range strings.Split(string(f.Data), "\n---\n") {
			kind := docKind.FindStringSubmatch(document)
			if kind == nil || kind[1] == "List" {
				continue
			}
			name := docName.FindStringSubmatch(document)
			if name == nil {
				t.Errorf("%s: %s: a %s without a name", file, f.Name, kind[1])
				continue
			}
			shared := kind[1] == "Pod" || kind[1] == "PersistentVolumeClaim" // the others never reach the engine by name
			if shared && name[1] != script && !strings.HasPrefix(name[1], script+"-") {
				t.Errorf("%s: %s: %s %s: the name is not %s and does not begin with %s-", file, f.Name, kind[1], name[1], script, script)
			}
		}
		if !strings.HasSuffix(f.Name, ".yaml") {
			continue
		}
		for _, port := range hostPort.FindAllStringSubmatch(string(f.Data), -1) {
			t.Errorf("%s: %s: %s: ports are picked by unused-port", file, f.Name, port[0])
		}
	}
}
