// Package e2e tests package jwks against a provider that others have written: oidc-provider,
// a certified OpenID Connect implementation for Node.js, which runs as a process on loopback.
// It is a module of its own, since it needs more than Go.
package e2e

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"strings"
	"testing"
)

const folder = "testdata/provider"

func TestMain(m *testing.M) {
	if err := install(); err != nil {
		fmt.Fprintln(os.Stderr, "e2e:", err)
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// install has npm fetch what the lock file names, unless it has since that file changed. It
// fails where there is no npm: tests that nobody runs prove nothing.
func install() error {
	want, err := os.Stat(folder + "/package-lock.json")
	if err != nil {
		return err
	}
	// npm writes it last.
	got, err := os.Stat(folder + "/node_modules/.package-lock.json")
	switch {
	case err == nil && got.ModTime().After(want.ModTime()):
		return nil
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return err
	}
	npm := exec.Command("npm", "ci", "--ignore-scripts", "--prefer-offline", "--no-audit", "--no-fund", "--loglevel=error")
	npm.Dir = folder
	if output, err := npm.CombinedOutput(); err != nil {
		return fmt.Errorf("npm ci: %w (apt-get install nodejs npm)\n%s", err, output)
	}
	return nil
}

// A provider is the process, which ends with the test.
type provider struct {
	issuer string
	stdin  io.Writer
	stdout *bufio.Scanner
}

func startProvider(t *testing.T) *provider {
	t.Helper()
	const script = "provider.js"
	if _, err := os.Stat(folder + "/" + script); err != nil { // go test runs the tests again when it changes
		t.Fatal(err)
	}
	node := exec.Command("node", script)
	node.Dir = folder
	log := new(strings.Builder)
	node.Stderr = log
	stdin, err := node.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := node.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := node.Start(); err != nil {
		t.Fatalf("%v (apt-get install nodejs)", err)
	}
	t.Cleanup(func() {
		stdin.Close() // at which it ends
		if err := node.Wait(); err != nil {
			t.Errorf("the provider ended: got %v, want status 0", err)
		}
		if t.Failed() {
			t.Logf("the provider's log:\n%s", log)
		}
	})
	p := &provider{stdin: stdin, stdout: bufio.NewScanner(stdout)}
	p.issuer = p.answer(t)
	return p
}

// setKeys makes the keys of these names those of the provider: the first signs, and all are
// published.
func (p *provider) setKeys(t *testing.T, names ...string) {
	t.Helper()
	line := strings.Join(names, " ")
	fmt.Fprintln(p.stdin, line)
	if got := p.answer(t); got != line {
		t.Fatalf("got %q from the provider, want %q", got, line)
	}
}

func (p *provider) answer(t *testing.T) string {
	t.Helper()
	if !p.stdout.Scan() {
		t.Fatalf("the provider ended too early: %v", p.stdout.Err())
	}
	return p.stdout.Text()
}
