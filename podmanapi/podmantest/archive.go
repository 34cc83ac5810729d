package podmantest

import (
	"archive/tar"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"os"
	"path"
	"path/filepath"
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
