package podmanapi

import (
	"io/fs"
	"testing"
)

func TestHugePagesAreLimitedWhereThereIsAController(t *testing.T) {
	const (
		root = "/sys/fs/cgroup/cgroup.controllers"
		user = "/sys/fs/cgroup/user.slice/user-1000.slice/user@1000.service/cgroup.controllers"
	)
	for _, test := range []struct {
		name  string
		files map[string]string
		uid   int
		want  bool
	}{
		{"root on cgroup v2", map[string]string{root: "cpu memory hugetlb pids\n"}, 0, true},
		{"root on cgroup v2 without it", map[string]string{root: "cpu memory pids\n"}, 0, false},
		{"a user to whom it is not delegated", map[string]string{root: "cpu memory hugetlb pids\n", user: "cpu memory pids\n"}, 1000, false},
		{"a user to whom it is", map[string]string{user: "cpu hugetlb\n"}, 1000, true},
		{"root on cgroup v1", map[string]string{"/proc/self/mounts": "cgroup /sys/fs/cgroup/hugetlb cgroup rw,nosuid,hugetlb 0 0\n"}, 0, true},
		{"root on cgroup v1 without it", map[string]string{"/proc/self/mounts": "cgroup /sys/fs/cgroup/memory cgroup rw,memory 0 0\n"}, 0, false},
		{"a user on cgroup v1", map[string]string{"/proc/self/mounts": "cgroup /sys/fs/cgroup/hugetlb cgroup rw,hugetlb 0 0\n"}, 1000, false},
		{"nothing can be read", nil, 0, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			read := func(path string) ([]byte, error) {
				if text, ok := test.files[path]; ok {
					return []byte(text), nil
				}
				return nil, fs.ErrNotExist
			}
			if got := hugeController(read, test.uid); got != test.want {
				t.Errorf("%t", got)
			}
		})
	}
}
