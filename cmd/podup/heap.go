package main

import (
	"math"
	"os"
	"runtime"
	"runtime/debug"
)

// firstCollection is how much memory a command takes before garbage is collected for the first time.
const firstCollection = 64 << 20

// collectLate keeps the collector out of commands that are over before their garbage is worth its time: that was
// 5 of 18 ms of CPU to judge two pods (Go 1.26). From the first collection on all is as usual. Where the user
// has said otherwise it is so from the beginning.
func collectLate() {
	if os.Getenv("GOGC") != "" || os.Getenv("GOMEMLIMIT") != "" {
		return
	}
	percent := debug.SetGCPercent(-1)
	debug.SetMemoryLimit(firstCollection)
	mark := new(struct{ next *byte }) // goes with the first collection
	runtime.AddCleanup(mark, func(percent int) {
		debug.SetGCPercent(percent)
		debug.SetMemoryLimit(math.MaxInt64)
	}, percent)
}
