package podmantest

import (
	"archive/tar"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path"
	"path/filepath"
	"syscall"
)

// getArchive sends a file or directory of a container, running or not, as a tar archive.
func getArchive(c *call) (answer, error) {
	s := c.s
	s.mu.Lock()
	one, err := c.container()
	if err != nil {
		s.mu.Unlock()
		return answer{}, err
	}
	files := s.files(one)
	s.mu.Unlock()

	inside := c.query.Get("path")
	if inside == "" {
		return answer{}, &failure{http.StatusBadRequest, "missing `path` parameter", ""}
	}
	host, _ := files.place(inside)
	info, err := os.Stat(host)
	if err != nil {
		return answer{}, notFound("no such file or directory", "")
	}
	stat, err := json.Marshal(map[string]any{
		"name": path.Base(inside), "size": info.Size(), "mode": info.Mode(), "mtime": info.ModTime(), "linkTarget": inside,
	})
	if err != nil {
		return answer{}, err
	}
	c.w.Header().Set("X-Docker-Container-Path-Stat", base64.StdEncoding.EncodeToString(stat))
	if c.r.Method == http.MethodHead {
		return answer{status: http.StatusOK}, nil
	}
	c.w.Header().Set("Content-Type", "application/x-tar")
	archive := tar.NewWriter(c.w)
	defer archive.Close()
	if info.IsDir() {
		return answer{streamed: true}, archive.AddFS(os.DirFS(filepath.Clean(host)))
	}
	data, err := os.ReadFile(host)
	if err != nil {
		return answer{}, err
	}
	header := &tar.Header{Name: path.Base(inside), Mode: int64(info.Mode().Perm()), Size: int64(len(data)), ModTime: info.ModTime()}
	if err := archive.WriteHeader(header); err != nil {
		return answer{streamed: true}, nil // the client is gone
	}
	archive.Write(data)
	return answer{streamed: true}, nil
}

// putArchive unpacks a tar archive into a directory of a container.
func putArchive(c *call) (answer, error) {
	s := c.s
	s.mu.Lock()
	one, err := c.container()
	if err != nil {
		s.mu.Unlock()
		return answer{}, err
	}
	files := s.files(one)
	s.mu.Unlock()
	host, m := files.place(c.query.Get("path"))
	if m.readOnly {
		return answer{}, internal("read-only file system", "copying to %s", c.query.Get("path"))
	}
	if _, err := os.Stat(host); err != nil {
		return answer{}, notFound("no such file or directory", "")
	}
	if err := untar(c.r.Body, host); err != nil {
		return answer{}, internal(err.Error(), "copying to %s", c.query.Get("path"))
	}
	return answer{status: http.StatusOK}, nil
}

func exportVolume(c *call) (answer, error) {
	v, err := c.transferable()
	if err != nil {
		return answer{}, err
	}
	c.w.Header().Set("Content-Type", "application/x-tar")
	archive := tar.NewWriter(c.w)
	if err := archive.AddFS(os.DirFS(v.content)); err != nil {
		return answer{}, err
	}
	return answer{streamed: true}, archive.Close()
}

func importVolume(c *call) (answer, error) {
	v, err := c.transferable()
	if err != nil {
		return answer{}, err
	}
	if err := untar(c.r.Body, v.content); err != nil {
		return answer{}, internal(err.Error(), "importing into volume %s", v.name)
	}
	return answer{status: http.StatusNoContent}, nil
}

// transferable finds the volume of an export or import, which came with Podman 5.6: before, 404.
func (c *call) transferable() (*volume, error) {
	c.s.mu.Lock()
	defer c.s.mu.Unlock()
	i := c.s.volumeIndex(c.name)
	if i < 0 {
		return nil, noVolume(c.name)
	}
	if !c.s.atLeast(5, 6) {
		return nil, notFound("Not Found", "")
	}
	return c.s.volumes[i], nil
}

// untar unpacks files, directories and links, an existing link or file being removed first.
func untar(from io.Reader, to string) error {
	root, err := os.OpenRoot(to)
	if err != nil {
		return err
	}
	defer root.Close()
	archive := tar.NewReader(from)
	for {
		header, err := archive.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		name := filepath.Clean(header.Name)
		if name == "." {
			continue // the mode of the root is not applied (seen on 5.8.6)
		}
		mode := header.FileInfo().Mode().Perm()
		switch header.Typeflag {
		case tar.TypeDir:
			if err = root.Mkdir(name, mode); err == nil || errors.Is(err, fs.ErrExist) {
				err = root.Chmod(name, mode) // the umask took bits away
			}
		case tar.TypeSymlink:
			if err = root.Remove(name); err == nil || errors.Is(err, fs.ErrNotExist) {
				err = root.Symlink(header.Linkname, name)
			}
		case tar.TypeReg:
			var data []byte
			if data, err = io.ReadAll(archive); err != nil {
				return err
			}
			if err = root.Remove(name); err == nil || errors.Is(err, fs.ErrNotExist) {
				if err = root.WriteFile(name, data, mode); err == nil {
					err = root.Chmod(name, mode)
				}
			}
		default:
			err = syscall.EINVAL
		}
		if err != nil {
			return err
		}
	}
}
