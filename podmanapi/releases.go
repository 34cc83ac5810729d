package podmanapi

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"

	"github.com/podup/podup/translate"
)

// ReleaseFiles are the files of a project's release volume, written in its mountpoint. Directories
// are 0700 and files 0600.
type ReleaseFiles struct {
	client  *Client
	project string
}

// Releases gives access to a project's releases; nothing is looked at yet. A volume of that name that
// is another project's, whose claim may be called so, is not touched.
func (c *Client) Releases(project string) *ReleaseFiles {
	c.known.join(project)
	return &ReleaseFiles{c, project}
}

// RemoveReleases removes the release volume itself.
func (c *Client) RemoveReleases(ctx context.Context, project string) error {
	return c.RemoveVolume(ctx, translate.ProjectObject(project))
}

// temporary begins the names of files that are being written; List leaves them out, and an
// interrupted write leaves one behind.
const temporary = ".tmp-"

// Read gives a file's content, or fs.ErrNotExist where file or volume is missing.
func (f *ReleaseFiles) Read(ctx context.Context, name string) ([]byte, error) {
	doing := f.doing("read", name)
	root, err := f.root(ctx, doing)
	if err != nil {
		return nil, err
	}
	defer root.Close()
	text, err := root.ReadFile(name)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", doing, err)
	}
	return text, nil
}

// List gives all names, sorted; none where the volume is missing.
func (f *ReleaseFiles) List(ctx context.Context) ([]string, error) {
	doing := f.doing("list", "")
	root, err := f.root(ctx, doing)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer root.Close()
	var names []string
	err = fs.WalkDir(root.FS(), ".", func(name string, entry fs.DirEntry, err error) error {
		if err == nil && !entry.IsDir() && !strings.HasPrefix(entry.Name(), temporary) {
			names = append(names, name)
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("%s: %w", doing, err)
	}
	slices.Sort(names)
	return names, nil
}

// Write makes the volume if need be and swaps the file in by rename.
func (f *ReleaseFiles) Write(ctx context.Context, name string, data []byte) error {
	doing := f.doing("write", name)
	if err := f.make(ctx, doing); err != nil {
		return err
	}
	root, err := f.root(ctx, doing)
	if err != nil {
		return err
	}
	defer root.Close()
	if dir := path.Dir(name); dir != "." {
		if err := root.Mkdir(dir, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
			return fmt.Errorf("%s: %w", doing, err)
		}
	}
	written := temporary + rand.Text()
	err = root.WriteFile(written, data, 0o600)
	if err == nil {
		err = root.Rename(written, name)
	}
	if err != nil {
		_ = root.Remove(written) // the cause is the error worth telling
		return fmt.Errorf("%s: %w", doing, err)
	}
	return nil
}

// Rename gives a file another name, replacing what has it.
func (f *ReleaseFiles) Rename(ctx context.Context, from, to string) error {
	return f.change(ctx, f.doing("rename", from), func(root *os.Root) error { return root.Rename(from, to) })
}

// Remove removes a file; one that is gone is removed.
func (f *ReleaseFiles) Remove(ctx context.Context, name string) error {
	err := f.change(ctx, f.doing("remove", name), func(root *os.Root) error { return root.Remove(name) })
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

func (f *ReleaseFiles) doing(verb, name string) string {
	return strings.TrimSuffix(fmt.Sprintf("%s volume/%s/%s", verb, translate.ProjectObject(f.project), name), "/")
}

func (f *ReleaseFiles) change(ctx context.Context, doing string, do func(*os.Root) error) error {
	root, err := f.root(ctx, doing)
	if err != nil {
		return err
	}
	defer root.Close()
	if err := do(root); err != nil {
		return fmt.Errorf("%s: %w", doing, err)
	}
	return nil
}

// make makes the volume if there is none.
func (f *ReleaseFiles) make(ctx context.Context, doing string) error {
	if !f.client.local {
		return fmt.Errorf("%s: %w", doing, f.client.needsLocal("writing a release"))
	}
	name := translate.ProjectObject(f.project)
	if _, ok := f.client.known.mountpoint(name); ok {
		return nil
	}
	mountpoint, err := f.client.makeVolume(ctx, name, translate.ReleaseLabels(f.project), nil, doing)
	if err != nil {
		return err
	}
	return setMode(mountpoint, 0o700)
}

// root opens the volume's directory; fs.ErrNotExist where there is no volume.
func (f *ReleaseFiles) root(ctx context.Context, doing string) (*os.Root, error) {
	mountpoint, err := f.client.mountpoint(ctx, translate.ProjectObject(f.project), doing)
	if missing(err) {
		return nil, fmt.Errorf("%s: %w", doing, fs.ErrNotExist)
	}
	if err != nil {
		return nil, err
	}
	if !f.client.local {
		return nil, fmt.Errorf("%s: %w", doing, f.client.needsLocal("reading releases"))
	}
	root, err := os.OpenRoot(mountpoint)
	if errors.Is(err, fs.ErrNotExist) { // the volume was removed since podup looked
		f.client.known.forget(volume, translate.ProjectObject(f.project))
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", doing, err)
	}
	return root, nil
}
