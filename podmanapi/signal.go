package podmanapi

import "fmt"

// stopSignals are Linux' numbers by the names a manifest may use, as on all machines Podman has images
// for (asm-generic/signal.h). The engine takes a number, and its machine need not be this one.
func stopSignals() map[string]int {
	numbers := map[string]int{"SIGIOT": 6, "SIGCLD": 17, "SIGPOLL": 29}
	for i, name := range []string{
		"HUP", "INT", "QUIT", "ILL", "TRAP", "ABRT", "BUS", "FPE", "KILL", "USR1", "SEGV", "USR2", "PIPE", "ALRM", "TERM",
		"STKFLT", "CHLD", "CONT", "STOP", "TSTP", "TTIN", "TTOU", "URG", "XCPU", "XFSZ", "VTALRM", "PROF", "WINCH", "IO", "PWR", "SYS",
	} {
		numbers["SIG"+name] = i + 1
	}
	const first, last = 34, 64 // two more are glibc's own
	numbers["SIGRTMIN"], numbers["SIGRTMAX"] = first, last
	for i := 1; i <= 15; i++ {
		numbers[fmt.Sprintf("SIGRTMIN+%d", i)] = first + i
	}
	for i := 1; i <= 14; i++ {
		numbers[fmt.Sprintf("SIGRTMAX-%d", i)] = last - i
	}
	return numbers
}
