package e2e

import (
	"bufio"
	"bytes"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"
)

const secret = "a secret of the tests, 32 bytes or more"

// server is a process of the demo. It ends with the test.
type server struct {
	url string
	log *safeBuffer
}

func startServer(t *testing.T, args ...string) *server {
	t.Helper()
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
			t.Errorf("server: got %v at its end, want status 0", err)
		}
	})
	line, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil {
		t.Fatalf("server: got %v, want a line with the URL\n%s", err, s.log)
	}
	_, s.url, _ = strings.Cut(strings.TrimSpace(line), ": ")
	return s
}

// safeBuffer is a bytes.Buffer that is safe for concurrent use.
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
