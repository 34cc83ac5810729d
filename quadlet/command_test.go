package quadlet

import (
	"slices"
	"strings"
	"testing"

	"github.com/containers/podman/v5/pkg/systemd/parser"
)

// A service's command line is read as systemd reads it: split and unquoted, then without the doubling that
// keeps % and $ from meaning something.
func FuzzCommandComesThrough(f *testing.F) {
	for _, seed := range []string{
		" ", "a b", `a\`, `"`, "'", "%n", "$HOME", "${HOME}", ";", "#", "\n", "\t\x1b", "ä€😀", "-", "a;b", `\x41`, "\u0085", "a'b\"c", "%%", "$$", "\\\n",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if text == "" {
			return // systemd reads it, and Podman's parser ends there (5.8.2)
		}
		argv := []string{"/usr/bin/podup", "up", "-f", text, "last"}
		line, err := Command(argv)
		if err != nil {
			if wordTrouble(text) == "" {
				t.Errorf("%q: %v", text, err)
			}
			return
		}
		if strings.ContainsAny(line, "\n\r") {
			t.Fatalf("%q is more than one line: %q", text, line)
		}
		unit := parser.NewUnitFile()
		if err := unit.Parse("[Service]\nExecStart=" + line + "\nType=notify\n"); err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		words, ok, err := unit.LookupLastArgs("Service", "ExecStart")
		if err != nil || !ok {
			t.Fatalf("%q: %v", line, err)
		}
		for i := range words {
			words[i] = strings.NewReplacer("%%", "%", "$$", "$").Replace(words[i])
		}
		if !slices.Equal(words, argv) {
			t.Errorf("%q comes through as %q", argv, words)
		}
	})
}

func TestAProgramsPathHoldsNoVariable(t *testing.T) {
	if line, err := Command([]string{"/opt/$HOME/podup", "up"}); err == nil || !strings.Contains(err.Error(), "can hold no $") {
		t.Errorf("%s, %v", line, err)
	}
}
