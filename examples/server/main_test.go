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

func TestRunErrors(t *testing.T) {
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
		want   string // in stderr
	}{
		{"help", []string{"-h"}, noEnv, 0, "There is no password"},
		{"long help flag", []string{"-help"}, noEnv, 0, "-lifetime"},
		{"help for -timetravel", []string{"-h"}, noEnv, 0, "With -timetravel, clients can move the server's clock ahead"},
		{"unknown flag", []string{"-nope"}, noEnv, 2, "-nope"},
		{"malformed lifetime", []string{"-lifetime", "half an hour"}, noEnv, 2, "-lifetime"},
		{"argument", []string{"8080"}, noEnv, 2, "unexpected argument"},
		{"short secret", nil, withSecret("hunter2-hunter2-hunter2-hunter2"), 1, "openssl rand -base64 32"},
		{"empty secret", nil, withSecret(""), 1, "openssl rand -base64 32"},
		{"PEM as secret", nil, withSecret(pem), 1, "PEM"},
		{"secret of one repeated byte", nil, withSecret(strings.Repeat("x", 40)), 1, "JWTEXP_SECRET: jwtexp: "},
		{"URL in -hosts", []string{"-hosts", "https://demo.example"}, noEnv, 2, "without scheme and path"},
		{"lifetime 0", []string{"-lifetime", "0"}, noEnv, 1, "whole seconds"},
		{"negative lifetime", []string{"-lifetime", "-1s"}, noEnv, 1, "whole seconds"},
		{"lifetime of half a second", []string{"-lifetime", "500ms"}, noEnv, 1, "whole seconds"},
		{"lifetime with half a second", []string{"-lifetime", "1500ms"}, noEnv, 1, "whole seconds"},
		{"address in use", []string{"-addr", taken.Addr().String()}, noEnv, 1, "listen tcp"},
		{"address malformed", []string{"-addr", "nowhere"}, noEnv, 1, "missing port"},
	}
	for _, tt := range tests {
		var stdout, stderr strings.Builder
		status := run(t.Context(), tt.args, tt.env, &stdout, &stderr)
		if status != tt.status || stdout.Len() > 0 || !strings.Contains(stderr.String(), tt.want) {
			t.Errorf("%s: got status %d, stdout %q, stderr %q; want status %d, no stdout, %q in stderr",
				tt.name, status, &stdout, &stderr, tt.status, tt.want)
		}
		if value, _ := tt.env("JWTEXP_SECRET"); value != "" && strings.Contains(stderr.String(), value) {
			t.Errorf("%s: stderr holds the secret", tt.name)
		}
	}
}

// process is a running call of run.
type process struct {
	url    string
	cancel context.CancelFunc
	stdout *bufio.Reader
	stderr *safeBuffer
	ending watcher // sees the log line about the shutdown
	status chan int
}

// startRun calls run and returns when it has printed the URL. The test must call stop.
func startRun(t *testing.T, env func(string) (string, bool), args ...string) *process {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	reader, writer := io.Pipe()
	p := &process{
		cancel: cancel,
		stdout: bufio.NewReader(reader),
		stderr: &safeBuffer{},
		ending: watcher{"shutting down", make(chan struct{})},
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
		t.Fatalf("got %v, want a line with the URL; stderr: %s", err, p.stderr)
	}
	match := regexp.MustCompile(`^jwtexp demo: (http://127\.0\.0\.1:[1-9][0-9]*)\n$`).FindStringSubmatch(line)
	if match == nil {
		t.Fatalf("got %q, want one line with the URL", line)
	}
	p.url = match[1]
	return p
}

// stop ends the run and checks that it printed only the URL.
func (p *process) stop(t *testing.T) {
	t.Helper()
	p.cancel()
	rest, err := io.ReadAll(p.stdout)
	if status := <-p.status; status != 0 || err != nil || len(rest) > 0 {
		t.Errorf("got status %d, error %v and further output %q; want status 0 and no output", status, err, rest)
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
		t.Errorf("other process, other random secret: (-want +got)\n%s", diff)
	}
	q.stop(t)
	p.stop(t)

	if want := "tokens become invalid when this process ends"; !strings.Contains(p.stderr.String(), want) {
		t.Errorf("got the log %q, want a line with %q", p.stderr, want)
	}
	if strings.Contains(p.stderr.String()+q.stderr.String(), token) {
		t.Error("the log holds the token")
	}
	if _, err := net.Dial("tcp", strings.TrimPrefix(p.url, "http://")); err == nil {
		t.Error("the server still listens after run has returned")
	}
}

func TestRunWithSecret(t *testing.T) {
	p := startRun(t, withSecret(secret))
	token := logIn(t, p.url, `{"user_id":1}`)
	foreign := forge(t, jwt.SigningMethodHS256, []byte(secret), jwt.MapClaims{"user_id": 1, "exp": int64(253402300799)})
	p.stop(t)

	q := startRun(t, withSecret(secret))
	for name, raw := range map[string]string{"from an earlier process": token, "from golang-jwt": foreign} {
		if diff := cmp.Diff(alice, get(t, q.url, "Bearer "+raw)); diff != "" {
			t.Errorf("token %s: (-want +got)\n%s", name, diff)
		}
	}
	q.stop(t)
	if log := p.stderr.String() + q.stderr.String(); strings.Contains(log, "random") || strings.Contains(log, secret) {
		t.Errorf("got the log %q, want no random secret, and the secret not shown", log)
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

// A request that began before the signal is answered.
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
	reader.ReadString('\n') // the end of the 100 response

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

// watcher closes seen when text is written.
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
