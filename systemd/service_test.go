package systemd

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	unitfile "github.com/coreos/go-systemd/v22/unit"
)

var updateServices = flag.Bool("update", false, "rewrite the golden services")

func TestTheServiceOfAProject(t *testing.T) {
	service := Service{
		Project: "shop", Program: "/usr/bin/podup", Flags: []string{"--prune=true"}, Sources: []string{"/srv/shop/pod.yaml", "/srv/50% off/$secrets"},
		Stop: 33500 * time.Millisecond, Hopeless: []int{3, 6},
	}
	for name, root := range map[string]bool{"user": false, "system": true} {
		t.Run(name, func(t *testing.T) {
			service.Root = root
			text, err := service.Text()
			if err != nil {
				t.Fatal(err)
			}
			path := filepath.Join("testdata", "podup-shop."+name+".service")
			if *updateServices {
				if err := os.WriteFile(path, text, 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(path)
			if err != nil {
				t.Fatalf("%v: run with -update", err)
			}
			if !bytes.Equal(text, want) {
				t.Errorf("written is (-update if that is right):\n%s\nwritten down is:\n%s", text, want)
			}
			if project, ours := owner(text); !ours || project != "shop" {
				t.Errorf("the unit is not known as shop's: %q, %v", project, ours)
			}
			options, err := unitfile.DeserializeOptions(bytes.NewReader(text))
			if err != nil {
				t.Fatal(err)
			}
			seen := map[string]bool{}
			for _, option := range options {
				if seen[option.Name] || option.Value == "" || strings.Contains(option.Value, "<no value>") {
					t.Errorf("%s is there again, or is empty: %q", option.Name, option.Value)
				}
				seen[option.Name] = true
			}
		})
	}
}

func TestAServiceOfAFileThatNoUnitCanNameIsRefused(t *testing.T) {
	text, err := Service{Project: "shop", Program: "/usr/bin/podup", Sources: []string{"/srv/\xff.yaml"}}.Text()
	if err == nil || !strings.Contains(err.Error(), "cannot be written in a unit: it is not UTF-8") {
		t.Errorf("%s, %v", text, err)
	}
}
