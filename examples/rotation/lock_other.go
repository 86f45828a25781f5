//go:build !(darwin || dragonfly || freebsd || linux || netbsd || openbsd)

package main

import (
	"fmt"
	"runtime"
)

// lock refuses: two changes at once would lose one of them.
func lock(dir string) (unlock func() error, err error) {
	return nil, fmt.Errorf("%s cannot be locked on %s: rotate and revoke on Linux, macOS or BSD", dir, runtime.GOOS)
}
