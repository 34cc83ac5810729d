package manifest

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
)

// MaxBytes is the largest manifest file Load accepts. An API server takes 3 MiB a request; a file
// may hold several.
const MaxBytes = 8 << 20

// Read reads manifests: files, directories (their *.yaml, *.yml and *.json in the order of their
// names, not those of directories below) and "-", which is stdin. The error names every path that
// cannot be read. Of a file larger than MaxBytes only so much is read that Load can tell.
func Read(paths []string, stdin io.Reader) ([]Source, error) {
	var sources []Source
	var failures []error
	for _, path := range paths {
		found, err := readPath(path, stdin)
		if err != nil {
			failures = append(failures, err)
		}
		sources = append(sources, found...)
	}
	if err := errors.Join(failures...); err != nil {
		return nil, err
	}
	return sources, nil
}

func readPath(path string, stdin io.Reader) ([]Source, error) {
	if path == "-" {
		return readStdin(stdin)
	}
	info, err := os.Stat(path)
	if err != nil {
		return nil, readError(path, err)
	}
	if info.IsDir() {
		return readDirectory(path)
	}
	source, err := readFile(path)
	if err != nil {
		return nil, err
	}
	return []Source{source}, nil
}

func readStdin(stdin io.Reader) ([]Source, error) {
	dir, err := os.Getwd()
	if err != nil {
		return nil, fmt.Errorf("read manifest <stdin>: find the working directory: %w", err)
	}
	if stdin == nil {
		stdin = bytes.NewReader(nil)
	}
	data, err := io.ReadAll(io.LimitReader(stdin, MaxBytes+1))
	if err != nil {
		return nil, readError("<stdin>", err)
	}
	return []Source{{Name: "<stdin>", Dir: dir, Data: data}}, nil
}

func readDirectory(path string) ([]Source, error) {
	entries, err := os.ReadDir(path)
	if err != nil {
		return nil, readError(path, err)
	}
	var sources []Source
	var failures []error
	for _, entry := range entries { // sorted by name
		if !slices.Contains([]string{".yaml", ".yml", ".json"}, filepath.Ext(entry.Name())) || entry.IsDir() {
			continue
		}
		source, err := readFile(filepath.Join(path, entry.Name()))
		if err != nil {
			failures = append(failures, err)
			continue
		}
		sources = append(sources, source)
	}
	if len(sources) == 0 && len(failures) == 0 {
		return nil, fmt.Errorf("read manifest directory %s: no *.yaml, *.yml or *.json file in it", path)
	}
	return sources, errors.Join(failures...)
}

func readFile(path string) (Source, error) {
	absolute, err := filepath.Abs(path)
	if err != nil {
		return Source{}, readError(path, err)
	}
	file, err := os.Open(path)
	if err != nil {
		return Source{}, readError(path, err)
	}
	defer file.Close()
	data, err := io.ReadAll(io.LimitReader(file, MaxBytes+1))
	if err != nil {
		return Source{}, readError(path, err)
	}
	return Source{Name: path, Dir: filepath.Dir(absolute), Data: data}, nil
}

// readError names the path once: a PathError would repeat it.
func readError(path string, err error) error {
	var pathError *fs.PathError
	if errors.As(err, &pathError) {
		err = pathError.Err
	}
	return fmt.Errorf("read manifest %s: %w", path, err)
}
