package program

import (
	"context"
	"fmt"
	"io"
	"os"
	"path"
	"reflect"
	"slices"
	"strings"
)

// look prints what the process sees of the world, and of the paths all files with mode and owner:
//
//	look [PATH...]
//
// Each line begins with what it is about. What an engine has of no interest is left out: mounts elsewhere,
// options that say nothing of who may do what.
func look(_ context.Context, r *run, args []string) (int, bool) {
	l := &looker{run: r, paths: args}
	l.status()
	hostname := r.Hostname
	fmt.Fprintf(r.Out, "hostname %s\ncwd %s\n", hostname, r.Dir)
	for _, one := range slices.Sorted(slices.Values(r.Env)) {
		fmt.Fprintf(r.Out, "env %s\n", one)
	}
	l.lines("hosts", "/etc/hosts")
	l.lines("resolv.conf", "/etc/resolv.conf")
	l.lines("oom_score_adj", "/proc/self/oom_score_adj")
	for _, file := range []string{"memory/memory.limit_in_bytes", "memory/memory.memsw.limit_in_bytes", "cpu/cpu.cfs_quota_us", "cpu/cpu.shares", "memory.max", "cpu.max", "cpu.weight"} {
		l.lines("cgroup "+path.Base(file), "/sys/fs/cgroup/"+file)
	}
	l.mounts()
	for _, root := range args {
		l.tree(root)
	}
	io.WriteString(r.Out, "looked\n")
	return 0, false
}

type looker struct {
	*run
	paths []string
}

// status has users, groups, capabilities and seccomp.
func (l *looker) status() {
	text, err := l.Files.ReadFile("/proc/self/status")
	if err != nil {
		return
	}
	for line := range strings.Lines(string(text)) {
		name, value, _ := strings.Cut(line, ":")
		switch name {
		case "Uid", "Gid", "Groups", "CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb", "NoNewPrivs", "Seccomp":
			fmt.Fprintf(l.Out, "%s %s\n", name, strings.Join(strings.Fields(value), " "))
		}
	}
}

func (l *looker) lines(what, file string) {
	text, err := l.Files.ReadFile(file)
	if err != nil {
		return
	}
	for line := range strings.Lines(string(text)) {
		if line = strings.TrimSpace(line); line != "" {
			fmt.Fprintf(l.Out, "%s %s\n", what, line)
		}
	}
}

func (l *looker) mounts() {
	text, err := l.Files.ReadFile("/proc/self/mounts")
	if err != nil {
		return
	}
	known := []string{"/", "/dev/shm", "/dev/termination-log", "/etc/hosts", "/etc/resolv.conf"}
	var all []string
	for line := range strings.Lines(string(text)) {
		fields := strings.Fields(line)
		if len(fields) < 4 || !slices.Contains(slices.Concat(known, l.paths), fields[1]) {
			continue
		}
		options := slices.DeleteFunc(strings.Split(fields[3], ","), func(option string) bool {
			name, _, _ := strings.Cut(option, "=")
			return !slices.Contains([]string{"ro", "rw", "nosuid", "nodev", "noexec", "size", "pagesize"}, name)
		})
		kind := fields[2]
		if kind != "tmpfs" && kind != "hugetlbfs" {
			kind = "disk"
		}
		all = append(all, fmt.Sprintf("mount %s %s %s", fields[1], kind, strings.Join(options, ",")))
	}
	slices.Sort(all)
	for _, line := range all {
		fmt.Fprintln(l.Out, line)
	}
}

func (l *looker) tree(name string) {
	info, err := l.Files.Stat(name)
	if err != nil {
		fmt.Fprintf(l.Out, "file %s: %v\n", name, cause(err))
		return
	}
	fmt.Fprintf(l.Out, "file %s %s %s\n", name, info.Mode(), owner(info))
	if !info.IsDir() || path.Base(name) == "..data" {
		return
	}
	names, err := l.Files.ReadDir(name)
	if err != nil {
		fmt.Fprintf(l.Out, "file %s: %v\n", name, cause(err))
	}
	for _, below := range slices.Sorted(slices.Values(names)) {
		l.tree(path.Join(name, below))
	}
}

// owner is "uid:gid", where the system has such.
func owner(info os.FileInfo) string {
	stat := reflect.Indirect(reflect.ValueOf(info.Sys()))
	if stat.Kind() != reflect.Struct || !stat.FieldByName("Uid").IsValid() {
		return "-"
	}
	return fmt.Sprintf("%d:%d", stat.FieldByName("Uid").Uint(), stat.FieldByName("Gid").Uint())
}
