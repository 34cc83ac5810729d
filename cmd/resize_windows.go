package cmd

import "os"

// resizes reports nothing: a Windows console tells changes of its size only to who reads its raw
// input events. The size at the beginning is used.
func resizes() (changed <-chan os.Signal, stop func()) { return nil, func() {} }
