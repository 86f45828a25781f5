package e2e

import (
	"bufio"
	"crypto/sha1"
	"encoding/base64"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jwtexp/jwtexp"
	"github.com/jwtexp/jwtexp/jwtexptest"
	"github.com/jwtexp/jwtexp/session"
)

const (
	access = 10 * time.Minute
	grace  = session.DefaultGrace
	secret = "a secret of the tests, 32 bytes or more"
)

// A site is a web application with session.Cookies, and a clock of its own.
type site struct {
	*httptest.Server
	clock    *jwtexptest.Clock
	store    *session.Memory
	sessions *session.Manager

	arrived, release chan bool // of GET /held: each request sends to the one and receives from the other

	mu       sync.Mutex
	statuses []string // of the requests with POST
}

// newSite starts a site over HTTP, or with TLS and HTTP/2.
func newSite(t *testing.T, tls bool) *site {
	t.Helper()
	s := &site{
		clock:   jwtexptest.NewClock(time.Now()),
		store:   session.NewMemory(),
		arrived: make(chan bool), release: make(chan bool),
	}
	handler, err := s.handler(t)
	if err != nil {
		t.Fatal(err)
	}
	s.Server = httptest.NewUnstartedServer(handler)
	if tls {
		s.EnableHTTP2 = true
		s.StartTLS()
	} else {
		s.Start()
	}
	t.Cleanup(s.Close)
	return s
}

func (s *site) handler(t *testing.T) (http.Handler, error) {
	key, err := jwtexp.NewSecretKey(jwtexp.HS256, []byte(secret))
	if err != nil {
		return nil, err
	}
	issuer, err := jwtexp.NewIssuer(key, access, jwtexp.WithClock(s.clock))
	if err != nil {
		return nil, err
	}
	watcher, err := session.NewWatcher(s.store, session.WithClock(s.clock))
	if err != nil {
		return nil, err
	}
	t.Cleanup(func() { watcher.Close() })
	verifier, err := jwtexp.NewVerifier(key, jwtexp.WithClock(s.clock), jwtexp.WithRevoked(watcher.Revoked))
	if err != nil {
		return nil, err
	}
	s.sessions, err = session.New(s.store, issuer, []byte(secret), session.Policy{Lifetime: 30 * 24 * time.Hour}, session.WithWatcher(watcher))
	if err != nil {
		return nil, err
	}
	cookies, err := session.NewCookies(s.sessions, verifier, session.WithLoopbackHTTP())
	if err != nil {
		return nil, err
	}
	guard, err := jwtexp.NewMiddleware(verifier, jwtexp.WithTokenFrom(cookies.Extractor()))
	if err != nil {
		return nil, err
	}
	return s.log(http.NewCrossOriginProtection().Handler(cookies.Handler(s.mux(cookies, guard)))), nil
}

func (s *site) mux(cookies *session.Cookies, guard *jwtexp.Middleware) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /login", func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, `<!doctype html><form method="post" action="/login"><input name="name"></form>`)
	})
	mux.HandleFunc("POST /login", func(w http.ResponseWriter, r *http.Request) {
		if _, err := cookies.Start(w, r, r.FormValue("name"), nil); err != nil {
			http.Error(w, "cannot log in", jwtexp.StatusCode(err))
			return
		}
		http.Redirect(w, r, "/", http.StatusSeeOther)
	})
	mux.HandleFunc("POST /logout", func(w http.ResponseWriter, r *http.Request) {
		if err := cookies.End(w, r); err != nil {
			http.Error(w, "cannot log out", jwtexp.StatusCode(err))
			return
		}
		http.Redirect(w, r, "/login", http.StatusSeeOther)
	})
	page := guard.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		token, _ := jwtexp.FromContext(r.Context())
		fmt.Fprint(w, "Hello "+token.Subject())
	}))
	mux.Handle("GET /{$}", page)
	mux.HandleFunc("GET /held", func(w http.ResponseWriter, r *http.Request) {
		s.arrived <- true
		<-s.release
		page.ServeHTTP(w, r)
	})
	mux.Handle("GET /events", guard.Handler(http.HandlerFunc(serveEvents)))
	mux.Handle("GET /socket", guard.Handler(http.HandlerFunc(acceptSocket)))
	return mux
}

// serveEvents sends one event, and then nothing until the client hangs up.
func serveEvents(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "text/event-stream")
	fmt.Fprint(w, "data: first\n\n")
	if err := http.NewResponseController(w).Flush(); err != nil {
		panic(err)
	}
	<-r.Context().Done()
}

// acceptSocket answers a WebSocket handshake (RFC 6455 §4.2.2), and closes the connection.
func acceptSocket(w http.ResponseWriter, r *http.Request) {
	conn, buffer, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(err)
	}
	defer conn.Close()
	sum := sha1.Sum([]byte(r.Header.Get("Sec-WebSocket-Key") + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"))
	fmt.Fprintf(buffer, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: %s\r\n\r\n",
		base64.StdEncoding.EncodeToString(sum[:]))
	buffer.Flush()
	bufio.NewReader(conn).ReadByte() // until the browser closes the socket
}

// log notes the status of each POST.
func (s *site) log(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodPost {
			next.ServeHTTP(w, r)
			return
		}
		rec := httptest.NewRecorder()
		next.ServeHTTP(rec, r)
		s.mu.Lock()
		s.statuses = append(s.statuses, fmt.Sprint(r.URL.Path, " ", rec.Code))
		s.mu.Unlock()
		for name, values := range rec.Header() {
			w.Header()[name] = values
		}
		w.WriteHeader(rec.Code)
		w.Write(rec.Body.Bytes())
	})
}

// posts returns the requests with POST, and their status.
func (s *site) posts() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return strings.Join(s.statuses, ", ")
}

// generation returns how often the refresh token of the only session of a user was replaced, and 1.
func (s *site) generation(t *testing.T, user string) uint32 {
	t.Helper()
	records, err := s.store.List(t.Context(), user, s.clock.Now())
	if err != nil || len(records) != 1 {
		t.Fatalf("got %d sessions of %s, %v, want 1", len(records), user, err)
	}
	return records[0].Generation
}
