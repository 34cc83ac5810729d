package validate_test

import (
	"os"
	"strings"
	"testing"

	"github.com/podup/podup/validate"
)

func TestSupportDocumentIsMadeFromTheTable(t *testing.T) {
	const path = "../docs/support.md"
	got := validate.Document()
	if *update {
		if err := os.MkdirAll("../docs", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s is not what the table says: make docs writes it", path)
	}
}

// What is left out is what stands in it in another form: metadata of other kinds, and rows of init
// containers that repeat those of containers.
func TestSupportDocumentHasEveryRow(t *testing.T) {
	text := validate.Document()
	for _, row := range validate.Fields() {
		other := row.Kind != "Pod" && strings.HasPrefix(row.Path, "metadata.")
		if other || strings.HasPrefix(row.Path, "spec.initContainers[]") {
			continue
		}
		if !strings.Contains(text, "| `"+row.Path+"` |") {
			t.Errorf("%s %s is not in it", row.Kind, row.Path)
		}
	}
}
