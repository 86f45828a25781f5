//go:build !(darwin || dragonfly || freebsd || linux || netbsd || openbsd)

package keyring

import (
	"context"
	"fmt"
	"runtime"
)

// lock returns an error, because without a lock one of two concurrent changes would be lost.
func lock(_ context.Context, dir string) (unlock func() error, err error) {
	return nil, fmt.Errorf("cannot lock %s on %s; write to it on Linux, macOS or BSD, or use a Store in a database", dir, runtime.GOOS)
}
