package e2e

import (
	"bufio"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/jwtexp/jwtexp"
	"github.com/jwtexp/jwtexp/session"
)

// A logout in one process reaches a resource server in another one, which reads the feed over HTTP.
// While the feed is down, the resource server goes on until its outage limit.
func TestLogoutReachesAnotherProcess(t *testing.T) {
	issuer := start(t, "issuer", "127.0.0.1:0", "")
	resource := start(t, "resource", "127.0.0.1:0", issuer.url+"/ended")
	alice, bob := logIn(t, issuer, "alice"), logIn(t, issuer, "bob")
	resource.waitFor(t, alice.AccessToken, 200)
	resource.waitFor(t, bob.AccessToken, 200)

	answer, err := http.PostForm(issuer.url+"/revoke", url.Values{"token": {alice.RefreshToken}})
	if err != nil || answer.StatusCode != 200 {
		t.Fatalf("got %v, %v, want 200", answer, err)
	}
	answer.Body.Close()
	t.Logf("rejected %v after the logout", resource.waitFor(t, alice.AccessToken, 401))
	resource.waitFor(t, bob.AccessToken, 200)

	issuer.stop()
	if got := resource.get(t, bob.AccessToken); got != 200 {
		t.Errorf("got %d when the feed went down, want 200", got)
	}
	t.Logf("503 %v after the feed went down", resource.waitFor(t, bob.AccessToken, 503))
	start(t, "issuer", strings.TrimPrefix(issuer.url, "http://"), "")
	t.Logf("200 %v after the feed came back", resource.waitFor(t, bob.AccessToken, 200))
}

const (
	roleVariable = "JWTEXP_E2E_ROLE"
	addrVariable = "JWTEXP_E2E_ADDR"
	feedVariable = "JWTEXP_E2E_FEED"
)

// A process is a service that runs as a process of its own.
type process struct {
	url string
	cmd *exec.Cmd
}

// start starts this test binary as a service, and waits until it listens. It ends with the test.
func start(t *testing.T, role, addr, feed string) *process {
	t.Helper()
	path, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	p := &process{cmd: exec.Command(path)}
	p.cmd.Env = append(os.Environ(), roleVariable+"="+role, addrVariable+"="+addr, feedVariable+"="+feed)
	p.cmd.Stderr = os.Stderr
	stdout, err := p.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.stop)
	line, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil {
		t.Fatalf("%s: got %v, want a line with its URL", role, err)
	}
	p.url = strings.TrimSpace(line)
	return p
}

// stop kills the process. It may be called more than once.
func (p *process) stop() {
	p.cmd.Process.Kill()
	p.cmd.Wait()
}

func logIn(t *testing.T, issuer *process, user string) (tokens session.TokenResponse) {
	t.Helper()
	answer, err := http.PostForm(issuer.url+"/login", url.Values{"user": {user}})
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	if err := json.NewDecoder(answer.Body).Decode(&tokens); err != nil || tokens.RefreshToken == "" {
		t.Fatalf("login: got status %d, %v, want tokens", answer.StatusCode, err)
	}
	return tokens
}

// get returns the status of GET /resource.
func (p *process) get(t *testing.T, token string) int {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), "GET", p.url+"/resource", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+token)
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	return answer.StatusCode
}

// waitFor asks 50 times a second until the status is the wanted one, and returns how long it took.
func (p *process) waitFor(t *testing.T, token string, want int) time.Duration {
	t.Helper()
	begun, again := time.Now(), time.Tick(20*time.Millisecond)
	for got := p.get(t, token); got != want; got = p.get(t, token) {
		if time.Since(begun) > 30*time.Second { // against hanging
			t.Fatalf("got %d, want %d", got, want)
		}
		<-again
	}
	return time.Since(begun).Round(time.Millisecond)
}

// serveAs is the main function of a service. It does not return.
func serveAs(role string) {
	handler, err := map[string]func() (http.Handler, error){"issuer": issuerService, "resource": resourceService}[role]()
	if err != nil {
		fail(err)
	}
	listener, err := net.Listen("tcp", os.Getenv(addrVariable))
	if err != nil {
		fail(err)
	}
	fmt.Printf("http://%s\n", listener.Addr())
	server := &http.Server{Handler: handler, ReadTimeout: 5 * time.Second, WriteTimeout: 5 * time.Second}
	fail(server.Serve(listener))
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, "e2e:", err)
	os.Exit(1)
}

func newKey() (jwtexp.Key, error) { return jwtexp.NewSecretKey(jwtexp.HS256, []byte(secret)) }

func issuerService() (http.Handler, error) {
	key, err := newKey()
	if err != nil {
		return nil, err
	}
	issuer, err := jwtexp.NewIssuer(key, access)
	if err != nil {
		return nil, err
	}
	store := session.NewMemory()
	sessions, err := session.New(store, issuer, []byte(secret), session.Policy{Lifetime: time.Hour})
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /login", func(w http.ResponseWriter, r *http.Request) {
		tokens, err := sessions.Start(r.Context(), r.FormValue("user"), nil)
		if err != nil {
			session.RespondError(w, err)
			return
		}
		tokens.Respond(w)
	})
	mux.Handle("/revoke", sessions.RevocationHandler())
	mux.Handle("/ended", session.FeedHandler(store))
	return mux, nil
}

func resourceService() (http.Handler, error) {
	key, err := newKey()
	if err != nil {
		return nil, err
	}
	feed, err := session.NewRemoteFeed(os.Getenv(feedVariable), nil)
	if err != nil {
		return nil, err
	}
	watcher, err := session.NewWatcher(feed, session.WithOutageLimit(4*time.Second))
	if err != nil {
		return nil, err
	}
	verifier, err := jwtexp.NewVerifier(key, jwtexp.WithRevoked(watcher.Revoked))
	if err != nil {
		return nil, err
	}
	guard, err := jwtexp.NewMiddleware(verifier)
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	mux.Handle("GET /resource", guard.Handler(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})))
	return mux, nil
}
