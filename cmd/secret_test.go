package cmd

import (
	"regexp"
	"strings"
	"testing"
)

func TestASecretIsShownByNameAndKey(t *testing.T) {
	s := newStory(t)
	two := strings.Replace(claimManifest, "{secretKeyRef: {name: login, key: password}}",
		"{secretKeyRef: {name: login, key: password}}\n    - {name: DSN, value: 'pg://$(PASSWORD)@db'}\n    - {name: AGAIN, value: $(PASSWORD)}", 1)
	s.write("pod.yaml", two)
	creates := regexp.MustCompile(`(?m)^.*secret/.*$`)
	first := creates.FindAllString(s.podup(1, "diff").out, -1)
	want := []string{"create secret/login key password         does not exist", "create secret/login key password in DSN  does not exist"}
	if len(first) != 2 || strings.TrimSpace(first[0]) != want[0] || strings.TrimSpace(first[1]) != want[1] {
		t.Errorf("diff shows %q, want %q", first, want)
	}
	s.contains(s.podup(0, "up", "-d").err, "created secret/login key password in", "created secret/login key password in DSN in")
	s.podup(0, "diff")

	s.write("pod.yaml", strings.Replace(two, "swordfish", "hunter2", 1))
	s.contains(s.podup(1, "diff").out,
		"create secret/login key password its value is another one",
		"remove secret/login key password no container uses this value any more")
	s.contains(s.podup(0, "down", "--volumes").err, "removed secret/login key password in", "removed 2 pods, 2 volumes, 2 secrets, 1 network")
	s.nothingLeft()
}
