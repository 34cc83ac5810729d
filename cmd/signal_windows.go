package cmd

import "os"

func notifySupervisor(_, _ chan<- os.Signal) {}

func tellSupervisor(int) {}

func (r runtimeDir) endSupervisor() error { return nil }
