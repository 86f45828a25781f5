package main

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/jwtexp/jwtexp/jwtexptest"
)

func TestCommandLine(t *testing.T) {
	for _, tt := range []struct {
		args string
		want int
	}{
		{"-h", 0}, {"", 2}, {"turn", 2}, {"rotate now", 2}, {"revoke", 2}, {"serve x", 2}, {"-x", 2},
		{"-every -1s rotate", 2}, {"-every x rotate", 2},
		{"serve", 1}, {"revoke x", 1}, // the directory has no keys
	} {
		var stdout, stderr bytes.Buffer
		args := append([]string{"-dir", t.TempDir()}, strings.Fields(tt.args)...)
		if got := run(t.Context(), args, jwtexptest.NewClock(epoch), &stdout, &stderr); got != tt.want {
			t.Errorf("%q: got status %d, want %d: %s", tt.args, got, tt.want, &stderr)
		}
		if stderr.Len() == 0 || stdout.Len() > 0 {
			t.Errorf("%q: got stdout %q and stderr %q, want only stderr", tt.args, &stdout, &stderr)
		}
	}
}

// This test runs the commands as main does, with a real listener.
func TestRotateServeRevoke(t *testing.T) {
	dir := t.TempDir()
	first := command(t, dir, "rotate")
	second := command(t, dir, "rotate")
	command(t, dir, "revoke", first)

	ask, stop := start(t, "-dir", dir, "-addr", "127.0.0.1:0", "serve")
	if got, want := ask("/whoami", ask("/token", "")), "alice, by the key "+second; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if got := stop(); got != 0 {
		t.Errorf("got status %d, want 0", got)
	}
}

// With -every, serve makes the first key itself.
func TestServeMakesKeys(t *testing.T) {
	dir := t.TempDir()
	ask, stop := start(t, "-dir", dir, "-addr", "127.0.0.1:0", "-every", "1h", "serve")
	if got, want := ask("/whoami", ask("/token", "")), "alice, by the key "; !strings.HasPrefix(got, want) {
		t.Errorf("got %q, want it to begin with %q", got, want)
	}
	if got := stop(); got != 0 {
		t.Errorf("got status %d, want 0", got)
	}
}

// command runs a command that succeeds, and returns what it prints.
func command(t *testing.T, dir string, args ...string) string {
	t.Helper()
	var stdout, stderr bytes.Buffer
	if got := run(t.Context(), append([]string{"-dir", dir}, args...), jwtexptest.NewClock(epoch), &stdout, &stderr); got != 0 {
		t.Fatalf("%v: got status %d: %s", args, got, &stderr)
	}
	return strings.TrimSpace(stdout.String())
}

// start runs a server. ask returns the body of the response to a GET with a token, and stop returns
// the exit status.
func start(t *testing.T, args ...string) (ask func(path, token string) string, stop func() int) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	lines, stdout := io.Pipe()
	done := make(chan int, 1)
	go func() {
		defer stdout.Close()
		done <- run(ctx, args, jwtexptest.NewClock(epoch), stdout, io.Discard)
	}()
	line, err := bufio.NewReader(lines).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	_, url, _ := strings.Cut(strings.TrimSpace(line), ": ")
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	ask = func(path, token string) string {
		t.Helper()
		r, err := http.NewRequestWithContext(t.Context(), "GET", url+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Authorization", "Bearer "+token)
		response, err := client.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer response.Body.Close()
		body, err := io.ReadAll(response.Body)
		if err != nil {
			t.Fatal(err)
		}
		return strings.TrimSpace(string(body))
	}
	return ask, func() int {
		cancel()
		return <-done
	}
}
