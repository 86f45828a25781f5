// Package e2e tests session.Cookies in Chromium, and a logout that reaches another process. It is a
// module, so that the library does not depend on the packages that drive the browser.
package e2e

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"testing"

	"github.com/chromedp/chromedp"
)

var chromium context.Context // one for all tests; each test opens windows with cookies of their own

func TestMain(m *testing.M) {
	if role := os.Getenv(roleVariable); role != "" {
		serveAs(role) // the test binary is also the services of TestLogoutReachesAnotherProcess
		return
	}
	os.Exit(runTests(m))
}

func runTests(m *testing.M) int {
	stop, err := startChromium()
	defer stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "e2e:", err)
		return 1
	}
	return m.Run()
}

// startChromium returns an error if Chromium is not installed, because a skipped test proves
// nothing. Chromium accepts the certificates of httptest.
func startChromium() (stop func(), err error) {
	path, err := exec.LookPath("chromium")
	if err != nil {
		return func() {}, fmt.Errorf("%w (apt-get install chromium)", err)
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path), chromedp.Flag("ignore-certificate-errors", true))
	if os.Geteuid() == 0 {
		options = append(options, chromedp.NoSandbox) // Chromium has no sandbox for root
	}
	allocator, stopAllocator := chromedp.NewExecAllocator(context.Background(), options...)
	ctx, stopBrowser := chromedp.NewContext(allocator)
	chromium = ctx
	return func() { stopBrowser(); stopAllocator() }, chromedp.Do(ctx)
}
