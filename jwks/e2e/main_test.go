// Package e2e tests package jwks with oidc-provider, a certified OpenID Connect implementation for
// Node.js, which runs as a process on loopback. It is a module of its own because it needs Node.js.
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

// install lets npm install the packages in the lock file, unless they are up to date. Without npm it
// fails, so that these tests are not skipped by accident.
func install() error {
	want, err := os.Stat(folder + "/package-lock.json")
	if err != nil {
		return err
	}
	// npm writes this file last.
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
		return fmt.Errorf("npm ci failed; install nodejs and npm: %w\n%s", err, output)
	}
	return nil
}

// A provider is a running OpenID provider. It ends with the test.
type provider struct {
	issuer string
	stdin  io.Writer
	stdout *bufio.Scanner
}

func startProvider(t *testing.T) *provider {
	t.Helper()
	const script = "provider.js"
	if _, err := os.Stat(folder + "/" + script); err != nil { // makes go test rerun the tests when the script changes
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
		t.Fatalf("cannot start the provider; install nodejs: %v", err)
	}
	t.Cleanup(func() {
		stdin.Close() // ends the process
		if err := node.Wait(); err != nil {
			t.Errorf("got %v from the provider, want exit status 0", err)
		}
		if t.Failed() {
			t.Logf("the provider's log:\n%s", log)
		}
	})
	p := &provider{stdin: stdin, stdout: bufio.NewScanner(stdout)}
	p.issuer = p.readLine(t)
	return p
}

// setKeys replaces the provider's keys by the keys with these names. All are published, and the
// first one signs.
func (p *provider) setKeys(t *testing.T, names ...string) {
	t.Helper()
	line := strings.Join(names, " ")
	fmt.Fprintln(p.stdin, line)
	if got := p.readLine(t); got != line {
		t.Fatalf("got %q from the provider, want %q", got, line)
	}
}

func (p *provider) readLine(t *testing.T) string {
	t.Helper()
	if !p.stdout.Scan() {
		t.Fatalf("got no line from the provider: %v", p.stdout.Err())
	}
	return p.stdout.Text()
}
