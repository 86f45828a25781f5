//go:build !(darwin || dragonfly || freebsd || linux || netbsd || openbsd)

package main

import (
	"fmt"
	"runtime"
)

// lock returns an error, because without a lock one of two concurrent changes would be lost.
func lock(dir string) (unlock func() error, err error) {
	return nil, fmt.Errorf("cannot lock %s on %s: run rotate and revoke on Linux, macOS or BSD", dir, runtime.GOOS)
}
