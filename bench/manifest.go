package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

func podName(containers int) string { return fmt.Sprintf("bench-%d", containers) }

func (b *bench) file(containers int) string {
	return filepath.Join(b.dir, fmt.Sprintf("%d.yaml", containers))
}

func (b *bench) write(pods int) error {
	files := map[string]string{
		b.file(1): manifest(podName(1), 1, "1"), b.file(3): manifest(podName(3), 3, "1"), b.file(10): manifest(podName(10), 10, "1"),
		filepath.Join(b.dir, "changed.yaml"): manifest(podName(10), 10, "2"),
	}
	for name, count := range map[string]int{"large.yaml": pods, "fifth.yaml": pods / 5} {
		var text strings.Builder
		for i := range count {
			text.WriteString("---\n" + manifest(fmt.Sprintf("bench-large-%d", i), 4, "1"))
		}
		files[filepath.Join(b.dir, name)] = text.String()
	}
	for name, text := range files {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			return err
		}
	}
	return nil
}

// manifest is a pod whose first container has the image of a version; the others have version 1. The
// emptyDir has the pod's name: kube play's volumes have no other.
func manifest(name string, containers int, version string) string {
	var text strings.Builder
	fmt.Fprintf(&text, "apiVersion: v1\nkind: Pod\nmetadata:\n  name: %s\nspec:\n  terminationGracePeriodSeconds: 5\n  containers:\n", name)
	for i := range containers {
		fmt.Fprintf(&text, "  - name: c%d\n    image: %s:%s\n    args: [sleep, forever]\n    env:\n    - {name: LOG, value: info}\n    volumeMounts:\n    - {name: %s-data, mountPath: /data}\n", i, image, version, name)
		version = "1"
	}
	fmt.Fprintf(&text, "  volumes:\n  - name: %s-data\n    emptyDir: {}\n", name)
	return text.String()
}
