package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/golang-jwt/jwt/v5"
	"github.com/google/go-cmp/cmp"
)

// noEnv is an environment without the secret.
func noEnv(string) (string, bool) { return "", false }

func withSecret(secret string) func(string) (string, bool) {
	return func(name string) (string, bool) {
		if name != "JWTEXP_SECRET" {
			return "", false
		}
		return secret, true
	}
}

func TestRunRefuses(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	pem := "-----BEGIN PUBLIC KEY-----\nMFkwEwYHKoZIzj0CAQYIKoZI\n-----END PUBLIC KEY-----"
	tests := []struct {
		name   string
		args   []string
		env    func(string) (string, bool)
		status int
		says   string // what stderr holds
	}{
		{"help", []string{"-h"}, noEnv, 0, "There is no password"},
		{"help in full", []string{"-help"}, noEnv, 0, "-lifetime"},
		{"help on time travel", []string{"-h"}, noEnv, 0, "With -timetravel the server uses a clock that can be moved ahead"},
		{"unknown flag", []string{"-nope"}, noEnv, 2, "-nope"},
		{"lifetime no duration", []string{"-lifetime", "half an hour"}, noEnv, 2, "-lifetime"},
		{"an argument", []string{"8080"}, noEnv, 2, "takes flags only"},
		{"secret too short", nil, withSecret("hunter2-hunter2-hunter2-hunter2"), 1, "openssl rand -base64 32"},
		{"secret empty", nil, withSecret(""), 1, "openssl rand -base64 32"},
		{"secret is PEM", nil, withSecret(pem), 1, "PEM"},
		{"secret of one byte", nil, withSecret(strings.Repeat("x", 40)), 1, "JWTEXP_SECRET: jwtexp: key: the secret is one byte repeated"},
		{"hosts that are none", []string{"-hosts", "https://demo.example"}, noEnv, 2, "without scheme and path"},
		{"lifetime 0", []string{"-lifetime", "0"}, noEnv, 1, "whole seconds, at least one"},
		{"lifetime negative", []string{"-lifetime", "-1s"}, noEnv, 1, "whole seconds, at least one"},
		{"lifetime half a second", []string{"-lifetime", "500ms"}, noEnv, 1, "whole seconds, at least one"},
		{"lifetime not whole", []string{"-lifetime", "1500ms"}, noEnv, 1, "whole seconds, at least one"},
		{"address in use", []string{"-addr", taken.Addr().String()}, noEnv, 1, "listen tcp"},
		{"address malformed", []string{"-addr", "nowhere"}, noEnv, 1, "missing port"},
	}
	for _, tt := range tests {
		var stdout, stderr strings.Builder
		status := run(t.Context(), tt.args, tt.env, &stdout, &stderr)
		if status != tt.status || stdout.Len() > 0 || !strings.Contains(stderr.String(), tt.says) {
			t.Errorf("%s: got status %d, stdout %q, stderr %q; want %d, nothing, and %q",
				tt.name, status, &stdout, &stderr, tt.status, tt.says)
		}
		if value, _ := tt.env("JWTEXP_SECRET"); value != "" && strings.Contains(stderr.String(), value) {
			t.Errorf("%s: stderr holds the secret", tt.name)
		}
	}
}

// process is a run under way.
type process struct {
	url    string
	cancel context.CancelFunc
	stdout *bufio.Reader
	stderr *safeBuffer
	ending watcher // of the line that says so
	status chan int
}

// startRun returns once the URL has been printed. The run is ended by the test.
func startRun(t *testing.T, env func(string) (string, bool), args ...string) *process {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	reader, writer := io.Pipe()
	p := &process{
		cancel: cancel,
		stdout: bufio.NewReader(reader),
		stderr: &safeBuffer{},
		ending: watcher{"finishing what is under way", make(chan struct{})},
		status: make(chan int, 1),
	}
	go func() {
		args := append([]string{"-addr", "127.0.0.1:0"}, args...)
		p.status <- run(ctx, args, env, writer, io.MultiWriter(p.stderr, p.ending))
		writer.Close()
	}()
	t.Cleanup(cancel)
	line, err := p.stdout.ReadString('\n')
	if err != nil {
		t.Fatalf("no URL was printed: %v; stderr: %s", err, p.stderr)
	}
	match := regexp.MustCompile(`^jwtexp demo: (http://127\.0\.0\.1:[1-9][0-9]*)\n$`).FindStringSubmatch(line)
	if match == nil {
		t.Fatalf("got %q, want one line with the URL", line)
	}
	p.url = match[1]
	return p
}

// stop ends the run, and checks that it printed its one line only.
func (p *process) stop(t *testing.T) {
	t.Helper()
	p.cancel()
	rest, err := io.ReadAll(p.stdout)
	if status := <-p.status; status != 0 || err != nil || len(rest) > 0 {
		t.Errorf("got status %d, %v, and more output %q; want 0 and none", status, err, rest)
	}
}

func TestRun(t *testing.T) {
	p := startRun(t, noEnv)
	token := logIn(t, p.url, `{"user_id":1}`)
	if diff := cmp.Diff(alice, get(t, p.url, "Bearer "+token)); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}

	q := startRun(t, noEnv)
	if diff := cmp.Diff(invalidToken, get(t, q.url, "Bearer "+token)); diff != "" {
		t.Errorf("another process with another random secret: (-want +got)\n%s", diff)
	}
	q.stop(t)
	p.stop(t)

	if want := "tokens end with this process"; !strings.Contains(p.stderr.String(), want) {
		t.Errorf("got the log %q, want a line with %q", p.stderr, want)
	}
	if strings.Contains(p.stderr.String()+q.stderr.String(), token) {
		t.Error("the log holds the token")
	}
	if _, err := net.Dial("tcp", strings.TrimPrefix(p.url, "http://")); err == nil {
		t.Error("it still listens after its end")
	}
}

func TestRunWithSecret(t *testing.T) {
	p := startRun(t, withSecret(secret))
	token := logIn(t, p.url, `{"user_id":1}`)
	foreign := forge(t, jwt.SigningMethodHS256, []byte(secret), jwt.MapClaims{"user_id": 1, "exp": int64(253402300799)})
	p.stop(t)

	q := startRun(t, withSecret(secret))
	for name, raw := range map[string]string{"of an earlier process": token, "of another library": foreign} {
		if diff := cmp.Diff(alice, get(t, q.url, "Bearer "+raw)); diff != "" {
			t.Errorf("token %s: (-want +got)\n%s", name, diff)
		}
	}
	q.stop(t)
	if log := p.stderr.String() + q.stderr.String(); strings.Contains(log, "random") || strings.Contains(log, secret) {
		t.Errorf("got the log %q, want no random secret in use and none shown", log)
	}
}

func TestRunLifetime(t *testing.T) {
	tests := []struct {
		args []string
		want int64 // exp - iat
	}{
		{nil, 1800},
		{[]string{"-lifetime", "1s"}, 1},
		{[]string{"-lifetime", "2h"}, 7200},
	}
	for _, tt := range tests {
		p := startRun(t, noEnv, tt.args...)
		claims := decode(t, strings.Split(logIn(t, p.url, `{"user_id":1}`), ".")[1])
		exp, _ := claims["exp"].(json.Number).Int64()
		iat, _ := claims["iat"].(json.Number).Int64()
		if got := exp - iat; got != tt.want {
			t.Errorf("%q: got exp - iat %d, want %d", tt.args, got, tt.want)
		}
		p.stop(t)
	}
}

func TestRunTimeTravel(t *testing.T) {
	for _, tt := range []struct {
		args   []string
		status int
	}{{nil, 404}, {[]string{"-timetravel"}, 200}} {
		p := startRun(t, noEnv, tt.args...)
		if got := advance(t, p.url, `{"advance_seconds":1}`); got.Status != tt.status {
			t.Errorf("%q: got %+v, want status %d", tt.args, got, tt.status)
		}
		p.stop(t)
	}
}

func TestRunBoundsHeaders(t *testing.T) {
	p := startRun(t, noEnv)
	if got := get(t, p.url, "Bearer "+strings.Repeat("a", 32<<10)); got.Status != http.StatusRequestHeaderFieldsTooLarge {
		t.Errorf("got %+v, want 431", got)
	}
	p.stop(t)
}

// A request that has begun when the signal comes is answered before the end.
func TestRunFinishesRequests(t *testing.T) {
	p := startRun(t, noEnv)
	conn, err := net.Dial("tcp", strings.TrimPrefix(p.url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	reader := bufio.NewReader(conn)

	body := `{"user_id":1}`
	fmt.Fprintf(conn, "POST /login HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: %d\r\nExpect: 100-continue\r\n\r\n", len(body))
	if line, err := reader.ReadString('\n'); err != nil || !strings.Contains(line, "100 Continue") {
		t.Fatalf("got %q, %v, want 100 Continue", line, err)
	}
	reader.ReadString('\n') // the end of the interim answer

	p.cancel()
	<-p.ending.seen
	io.WriteString(conn, body)
	res, err := http.ReadResponse(reader, nil)
	if err != nil {
		t.Fatal(err)
	}
	if got := read(t, res); got.Status != 200 {
		t.Errorf("got %+v, want 200", got)
	}
	p.stop(t)
}

// watcher closes seen at the first write that holds text.
type watcher struct {
	text string
	seen chan struct{}
}

func (w watcher) Write(p []byte) (int, error) {
	if strings.Contains(string(p), w.text) {
		close(w.seen)
	}
	return len(p), nil
}
