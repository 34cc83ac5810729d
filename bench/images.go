package main

import (
	"archive/tar"
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

func (b *bench) importImages(ctx context.Context, program string) error {
	data, err := os.ReadFile(program)
	if err != nil {
		return err
	}
	var archive bytes.Buffer
	w := tar.NewWriter(&archive)
	if err := w.WriteHeader(&tar.Header{Name: "testprogram", Mode: 0o755, Size: int64(len(data)), Typeflag: tar.TypeReg}); err != nil {
		return err
	}
	if _, err := w.Write(data); err != nil {
		return err
	}
	if err := w.Close(); err != nil {
		return err
	}
	for _, version := range []string{"1", "2"} {
		file := filepath.Join(b.dir, "image.tar")
		if err := os.WriteFile(file, archive.Bytes(), 0o600); err != nil {
			return err
		}
		if err := b.podman("import", "--change", `ENTRYPOINT ["/testprogram"]`, "--change", "ENV VERSION="+version, file, image+":"+version)(ctx); err != nil {
			return err
		}
	}
	return nil
}

// makeNginx makes the image of nginx where neither this engine nor a registry has it.
func makeNginx(ctx context.Context, recipes string) error {
	there := func() bool { return command("podman", "image", "exists", nginxImage)(ctx) == nil }
	if there() {
		return nil
	}
	fmt.Fprintf(os.Stderr, "bench: making %s, some minutes, once\n", nginxImage)
	build := exec.CommandContext(ctx, filepath.Join(recipes, "build"), nginxRecipe)
	build.Stderr = os.Stderr
	err := build.Run()
	if err == nil && !there() { // a registry answers, so it builds nothing
		err = command("podman", "pull", "--quiet", nginxImage)(ctx)
	}
	if err != nil {
		return fmt.Errorf("there is no %s, which `make example-images` makes: %w", nginxImage, err)
	}
	return nil
}
