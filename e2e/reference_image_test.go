package e2e

import (
	"archive/tar"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"os"
	"runtime"
	"testing"
)

// dockerArchive writes localhost/podup-test:1 as `docker save` would, which every engine can load.
func dockerArchive(t *testing.T, file string) {
	t.Helper()
	program, err := os.ReadFile(testProgram(t))
	if err != nil {
		t.Fatal(err)
	}
	layer := imageTar(t, program, "1")
	sum := sha256.Sum256(layer)
	document := func(v any) []byte {
		data, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		return data
	}
	config := document(map[string]any{
		"architecture": runtime.GOARCH, "os": "linux",
		"config": map[string]any{"Entrypoint": []string{"/testprogram"}, "Env": []string{"PATH=/", "VERSION=1"}},
		"rootfs": map[string]any{"type": "layers", "diff_ids": []string{"sha256:" + hex.EncodeToString(sum[:])}},
	})
	manifest := document([]map[string]any{{"Config": "config.json", "RepoTags": []string{"localhost/podup-test:1"}, "Layers": []string{"layer.tar"}}})

	out, err := os.Create(file)
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	archive := tar.NewWriter(out)
	for _, member := range []struct {
		name string
		data []byte
	}{{"layer.tar", layer}, {"config.json", config}, {"manifest.json", manifest}} {
		if err := archive.WriteHeader(&tar.Header{Name: member.name, Mode: 0o644, Size: int64(len(member.data))}); err != nil {
			t.Fatal(err)
		}
		if _, err := archive.Write(member.data); err != nil {
			t.Fatal(err)
		}
	}
	if err := archive.Close(); err != nil {
		t.Fatal(err)
	}
}
