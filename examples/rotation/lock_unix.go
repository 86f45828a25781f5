//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package main

import (
	"errors"
	"os"
	"syscall"
)

// lock waits until no other process has the lock on the directory, and takes it. The lock lasts
// until unlock is called or the process ends.
func lock(dir string) (unlock func() error, err error) {
	d, err := os.Open(dir)
	if err != nil {
		return nil, err
	}
	for {
		err = syscall.Flock(int(d.Fd()), syscall.LOCK_EX)
		if err == nil {
			return d.Close, nil
		}
		if !errors.Is(err, syscall.EINTR) {
			return nil, errors.Join(err, d.Close())
		}
	}
}
