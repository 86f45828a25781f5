package e2e

import (
	"bufio"
	"bytes"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
)

const secret = "a secret of the tests, 32 bytes or more"

// server is a process of the demo that ends with the test.
type server struct {
	url string
	log *safeBuffer
}

func startServer(t *testing.T, args ...string) *server {
	t.Helper()
	visitSources(t)
	s := &server{log: &safeBuffer{}}
	cmd := exec.Command(serverPath, append([]string{"-addr", "127.0.0.1:0"}, args...)...)
	cmd.Env = append(os.Environ(), "JWTEXP_SECRET="+secret)
	cmd.Stderr = s.log
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cmd.Process.Signal(syscall.SIGTERM)
		if err := cmd.Wait(); err != nil {
			t.Errorf("the server ended: got %v, want status 0", err)
		}
	})
	line, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil {
		t.Fatalf("the server printed no URL: %v; %s", err, s.log)
	}
	_, s.url, _ = strings.Cut(strings.TrimSpace(line), ": ")
	return s
}

// visitSources opens every folder that the server may be built from. go test
// remembers a result until something that the test opened has changed, but only
// of what lies in this module, as it does by way of a link.
func visitSources(t *testing.T) {
	t.Helper()
	err := filepath.WalkDir("testdata/repository/.", func(_ string, entry fs.DirEntry, err error) error {
		if err == nil && entry.IsDir() && entry.Name() == ".git" {
			return fs.SkipDir
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// safeBuffer is a bytes.Buffer that is written to while a test reads.
type safeBuffer struct {
	mu     sync.Mutex
	buffer bytes.Buffer
}

func (b *safeBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buffer.Write(p)
}

func (b *safeBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buffer.String()
}
