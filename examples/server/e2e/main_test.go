// Package e2e tests the demo's page as a person meets it: the server as a
// process, and Chromium in front of it. It is a module of its own, so that what
// drives the browser is no dependency of the library.
package e2e

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/chromedp/chromedp"
)

var (
	serverPath string          // of the server that was built
	browser    context.Context // one for all tests: each has a window of its own
)

func TestMain(m *testing.M) { os.Exit(runTests(m)) }

func runTests(m *testing.M) int {
	dir, err := os.MkdirTemp("", "jwtexp-e2e-")
	if err != nil {
		return failed(err)
	}
	defer os.RemoveAll(dir)
	serverPath = filepath.Join(dir, "server")
	if err := buildServer(); err != nil {
		return failed(err)
	}
	stop, err := startBrowser()
	defer stop()
	if err != nil {
		return failed(err)
	}
	return m.Run()
}

func failed(err error) int {
	fmt.Fprintln(os.Stderr, "e2e:", err)
	return 1
}

func buildServer() error {
	build := exec.Command("go", "build", "-buildvcs=false", "-o", serverPath, "./examples/server")
	build.Dir = "../../.."
	if output, err := build.CombinedOutput(); err != nil {
		return fmt.Errorf("go build: %w\n%s", err, output)
	}
	return nil
}

// startBrowser fails where there is no Chromium: tests that nobody runs prove
// nothing.
func startBrowser() (stop func(), err error) {
	path, err := exec.LookPath("chromium")
	if err != nil {
		return func() {}, fmt.Errorf("%w (apt-get install chromium)", err)
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path))
	if os.Geteuid() == 0 {
		options = append(options, chromedp.NoSandbox) // which root cannot have
	}
	allocator, stopAllocator := chromedp.NewExecAllocator(context.Background(), options...)
	ctx, stopBrowser := chromedp.NewContext(allocator)
	browser = ctx
	return func() { stopBrowser(); stopAllocator() }, chromedp.Do(ctx)
}
