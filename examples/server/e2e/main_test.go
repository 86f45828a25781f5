// Package e2e tests the page of the demo in Chromium, against a server that runs as a process of
// its own. It is a module, so that the library does not depend on the packages that drive
// the browser.
//
// The tests build the server when they start. go test does not know its sources and could
// report an old result, so run them with -count=1.
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
	serverPath string          // the executable
	browser    context.Context // one for all tests; each test opens a window
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

// startBrowser returns an error if Chromium is not installed, because a skipped test proves
// nothing.
func startBrowser() (stop func(), err error) {
	path, err := exec.LookPath("chromium")
	if err != nil {
		return func() {}, fmt.Errorf("%w (apt-get install chromium)", err)
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path))
	if os.Geteuid() == 0 {
		options = append(options, chromedp.NoSandbox) // Chromium has no sandbox for root
	}
	allocator, stopAllocator := chromedp.NewExecAllocator(context.Background(), options...)
	ctx, stopBrowser := chromedp.NewContext(allocator)
	browser = ctx
	return func() { stopBrowser(); stopAllocator() }, chromedp.Do(ctx)
}
