package handler

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// pipePatience is how long output is waited for that a program's children keep open when it has ended.
const pipePatience = time.Second

// execute runs a command in a container by its OCI runtime: 5 ms, where an exec over Podman's API costs
// 69 and two processes for five minutes (5.8, 5.4).
func execute(ctx context.Context, a action) result {
	if a.Timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, a.Timeout)
		defer cancel()
	}
	if err := os.MkdirAll(a.Container.Dir, 0o700); err != nil {
		return failed(err)
	}
	// The runtime writes the number of the process when it has begun: an empty file is a command that
	// could not be run, and no exit code of it.
	file, err := os.CreateTemp(a.Container.Dir, strconv.Itoa(os.Getpid())+"-*.pid")
	if err != nil {
		return failed(err)
	}
	_ = file.Close()
	defer func() { _ = os.Remove(file.Name()) }()

	output := &limited{max: outputLimit}
	args := append([]string{"--root", a.Container.Root, "exec", "--pid-file", file.Name(), a.Container.ID}, a.Exec.Command...)
	cmd := exec.CommandContext(ctx, a.Container.Runtime, args...)
	cmd.Env = os.Environ()
	cmd.Dir = "/"
	cmd.Stdout, cmd.Stderr = output, output
	cmd.Cancel = func() error {
		killTrees(cmd.Process.Pid, pidIn(file.Name()))
		return nil
	}
	cmd.WaitDelay = pipePatience
	err = cmd.Run()
	var exit *exec.ExitError
	switch {
	case errors.Is(ctx.Err(), context.DeadlineExceeded) && a.Timeout > 0:
		return result{Output: fmt.Sprintf("command %q timed out after %s", strings.Join(a.Exec.Command, " "), a.Timeout)}
	case ctx.Err() != nil:
		return failed(context.Cause(ctx))
	case err == nil, errors.Is(err, exec.ErrWaitDelay) && cmd.ProcessState.Success():
		return result{Success: true, Output: output.String()}
	case pidIn(file.Name()) == 0:
		text := firstNonEmpty(strings.TrimSpace(output.String()), err.Error())
		return result{Unrun: !unrunnable(text), Err: fmt.Sprintf("run %q: %s", strings.Join(a.Exec.Command, " "), text)}
	case errors.As(err, &exit), errors.Is(err, exec.ErrWaitDelay):
		return result{Output: firstNonEmpty(output.String(), fmt.Sprintf("exit code %d", cmd.ProcessState.ExitCode()))}
	}
	return failed(err)
}

// unrunnable says that it is the command that cannot be run, and not by the runtime alone: crun 1.21 and 1.28
// "executable file `x` not found", "the path `x` exists but it is not executable"; runc 1.3 "executable file
// not found in $PATH". The engine, which takes longer than many a probe may, would say the same.
func unrunnable(text string) bool {
	return strings.Contains(text, "executable file") && strings.Contains(text, "not found") ||
		strings.Contains(text, "exists but it is not executable")
}

func pidIn(path string) int {
	text, err := os.ReadFile(path)
	if err != nil {
		return 0
	}
	pid, _ := strconv.Atoi(strings.TrimSpace(string(text))) // one that is not written yet is 0
	return pid
}

// killTrees kills processes and all that descend from them. Those whose parent has ended, and that the
// container's first process has adopted, are not found.
func killTrees(roots ...int) {
	var all []int
	for _, root := range roots {
		if root > 1 {
			all = append(all, root)
		}
	}
	for i := 0; i < len(all); i++ { // grows
		all = append(all, childrenOf(all[i])...)
	}
	for _, pid := range all {
		if process, err := os.FindProcess(pid); err == nil {
			_ = process.Kill() // it may be gone
			_ = process.Release()
		}
	}
}

// childrenOf needs CONFIG_PROC_CHILDREN, which distributions have.
func childrenOf(pid int) []int {
	files, _ := filepath.Glob("/proc/" + strconv.Itoa(pid) + "/task/*/children")
	var all []int
	for _, file := range files {
		text, _ := os.ReadFile(file) // of a process that is gone
		for _, field := range strings.Fields(string(text)) {
			if child, err := strconv.Atoi(field); err == nil {
				all = append(all, child)
			}
		}
	}
	return all
}
