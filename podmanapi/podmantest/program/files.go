package program

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"strings"
)

func write(_ context.Context, r *run, args []string) (int, bool) {
	if len(args) == 0 {
		return r.fail("write: a path is missing")
	}
	if err := r.Files.WriteFile(args[0], []byte(text(args[1:])+"\n")); err != nil {
		return r.fail("write %s: %v", args[0], cause(err))
	}
	return 0, false
}

func remove(_ context.Context, r *run, args []string) (int, bool) {
	if len(args) != 1 {
		return r.fail("remove: one path")
	}
	if err := r.Files.Remove(args[0]); err != nil {
		return r.fail("remove %s: %v", args[0], cause(err))
	}
	return 0, false
}

func cat(_ context.Context, r *run, args []string) (int, bool) {
	if len(args) == 0 {
		return r.fail("cat: a path is missing")
	}
	if args[0] == "-" {
		if _, err := io.Copy(r.Out, r.In); err != nil {
			return r.fail("cat: %v", err)
		}
		return 0, false
	}
	data, err := r.Files.ReadFile(args[0])
	if err != nil {
		return r.fail("cat %s: %v", args[0], cause(err))
	}
	r.Out.Write(data)
	return 0, false
}

func ls(_ context.Context, r *run, args []string) (int, bool) {
	if len(args) == 0 {
		return r.fail("ls: a path is missing")
	}
	names, err := r.Files.ReadDir(args[0])
	if err != nil {
		return r.fail("ls %s: %v", args[0], cause(err))
	}
	for _, name := range slices.Sorted(slices.Values(names)) {
		fmt.Fprintln(r.Out, name)
	}
	return 0, false
}

func mode(_ context.Context, r *run, args []string) (int, bool) {
	if len(args) == 0 {
		return r.fail("mode: a path is missing")
	}
	info, err := r.Files.Stat(args[0])
	if err != nil {
		return r.fail("mode %s: %v", args[0], cause(err))
	}
	fmt.Fprintf(r.Out, "%04o\n", info.Mode().Perm())
	return 0, false
}

func await(ctx context.Context, r *run, args []string) (int, bool) {
	if len(args) == 0 {
		return r.fail("await: a path is missing")
	}
	for {
		if _, err := r.Files.Stat(args[0]); err == nil {
			return 0, false
		}
		if code, over := r.pause(ctx, poll); over {
			return code, true
		}
	}
}

func watch(ctx context.Context, r *run, args []string) (int, bool) {
	if len(args) == 0 {
		return r.fail("watch: a path is missing")
	}
	last := ""
	for {
		now := "missing"
		// Twice: a reader that has followed a link and not opened the file yet when what the link
		// pointed to goes, misses it once, with a kubelet's volumes as well.
		for range 2 {
			if data, err := r.Files.ReadFile(args[0]); err == nil {
				now = strings.TrimSpace(string(data))
				break
			}
		}
		if now != last {
			fmt.Fprintln(r.Out, now)
			last = now
		}
		// No timer: the shorter the gap between two looks, the better the chance to see a moment
		// in which the file is not there.
		if code, over := r.pause(ctx, 0); over {
			return code, true
		}
	}
}

// cause drops the path an error repeats: inside and outside of a container it is not the same.
func cause(err error) error {
	if pathErr, ok := errors.AsType[*fs.PathError](err); ok {
		return pathErr.Err
	}
	return err
}
