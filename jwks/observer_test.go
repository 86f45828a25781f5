package jwks_test

import (
	"bytes"
	"crypto/ed25519"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/jwtexp/jwtexp/jwks"
	"github.com/jwtexp/jwtexp/jwtexptest"
)

// A recorder is an observer that records each Fetch.
type recorder struct {
	mu  sync.Mutex
	all []jwks.Fetch
}

func (r *recorder) observe(f jwks.Fetch) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.all = append(r.all, f)
}

// take returns what was recorded since the last call.
func (r *recorder) take() []jwks.Fetch {
	r.mu.Lock()
	defer r.mu.Unlock()
	all := r.all
	r.all = nil
	return all
}

// takeOne returns the one Fetch since the last call.
func (r *recorder) takeOne(t *testing.T) jwks.Fetch {
	t.Helper()
	all := r.take()
	if len(all) != 1 {
		t.Fatalf("got %d calls of the observer, want 1: %+v", len(all), all)
	}
	return all[0]
}

const encryptionJWK = `{"kid":"e","use":"enc","alg":"RSA-OAEP","kty":"RSA","n":"AQ","e":"AQAB"}`

// TestFetch shows what an observer gets, one fetch a row. The outage limit is 6 hours.
func TestFetch(t *testing.T) {
	const limit = 6 * time.Hour
	// The last JWK has no alg, so it is two keys, and counts once.
	mixed := `{"keys":[` + jwkOf("a") + "," + encryptionJWK + `,{"kid":"c",` + ed25519JWK(keyOf("c").PublicKey().(ed25519.PublicKey)) + `}]}`
	for _, tt := range []struct {
		name  string
		first reply // at day; nil: none
		after time.Duration
		reply reply
		want  jwks.Fetch // Err is compared by its text
		err   string     // a part of Err's text; "": no error
	}{
		{"good", nil, 0, set("a", "b"), jwks.Fetch{Status: 200, Keys: 2}, ""},
		{"one key left out", nil, 0, response(200, mixed), jwks.Fetch{Status: 200, Keys: 2, LeftOut: []string{`JWK 1 (kid "e"): use is "enc", and not sig`}}, ""},
		{"no answer", nil, 0, down, jwks.Fetch{}, "request failed"},
		{"status 404", nil, 0, response(404, secret), jwks.Fetch{Status: 404}, "status 404"},
		{"status 503", nil, 0, response(503, secret), jwks.Fetch{Status: 503}, "status 503"},
		{"HTML", nil, 0, response(200, "<html>"+secret), jwks.Fetch{Status: 200}, "HTML"},
		{"redirect to another host", nil, 0, response(302, "", "Location", "https://"+secret), jwks.Fetch{Status: 302}, "redirect to another origin"},
		{"transport panics", nil, 0, panicWith(errBoom), jwks.Fetch{}, "panicked"},
		{"transport exits", nil, 0, func(*http.Request) (*http.Response, error) { runtime.Goexit(); return nil, nil }, jwks.Fetch{}, "runtime.Goexit"},
		{"body panics", nil, 0, responseWith(200, func([]byte) (int, error) { panic(errBoom) }, func() {}), jwks.Fetch{Status: 200}, "panicked"},
		{"good again", set("a"), time.Hour, set("a"), jwks.Fetch{Status: 200, Keys: 1}, ""},
		{"failure while an old set is used", set("a"), time.Hour, down, jwks.Fetch{KeepUntil: day.Add(limit)}, "request failed"},
		{"failure in the last moment", set("a"), limit - 1, response(500, ""), jwks.Fetch{Status: 500, KeepUntil: day.Add(limit)}, "status 500"},
		{"failure after the limit", set("a"), limit, down, jwks.Fetch{}, "request failed"},
		{"good after the limit", set("a"), limit, set("a"), jwks.Fetch{Status: 200, Keys: 1}, ""},
		{"good after a failure", down, time.Minute, set("a"), jwks.Fetch{Status: 200, Keys: 1, Recovered: true}, ""},
		{"failure after a failure", down, time.Minute, down, jwks.Fetch{}, "request failed"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var recorder recorder
				origin := &origin{reply: tt.first}
				remote := newRemote(t, "https://login.example:8443/keys?key="+secret, jwks.WithTransport(origin), jwks.WithFetchObserver(recorder.observe))
				if tt.first != nil {
					remote.VerificationKeys(t.Context(), "a", day)
					recorder.takeOne(t)
				}
				origin.replyWith(tt.reply)
				remote.VerificationKeys(t.Context(), "a", day.Add(tt.after))
				got := recorder.takeOne(t)
				tt.want.Host = "login.example:8443"
				if diff := cmp.Diff(tt.want, got, cmpopts.IgnoreFields(jwks.Fetch{}, "Err", "Duration")); diff != "" {
					t.Errorf("Fetch (-want +got):\n%s", diff)
				}
				if (got.Err == nil) != (tt.err == "") || !strings.Contains(fmt.Sprint(got.Err), tt.err) {
					t.Errorf("got error %v, want one with %q", got.Err, tt.err)
				}
				wantUnreachable(t, "the Fetch", got)
				if text := fmt.Sprintf("%v %+v %#v", got, got, got); strings.Contains(text, secret) {
					t.Errorf("got %s, want no secret", text)
				}
			})
		})
	}
}

// The chain of Err has the cause.
func TestFetchHasTheCause(t *testing.T) {
	for name, fail := range map[string]reply{
		"error": func(*http.Request) (*http.Response, error) { return nil, errBoom },
		"panic": panicWith(errBoom),
	} {
		var recorder recorder
		remote := newRemote(t, keysURL, jwks.WithTransport(&origin{reply: fail}), jwks.WithFetchObserver(recorder.observe))
		verify(t, remote, "a", unavailable)
		got := recorder.takeOne(t).Err
		if !errors.Is(got, errBoom) || strings.Contains(fmt.Sprint(got), "boom") {
			t.Errorf("%s: got %v, want an error that matches errBoom and does not print it", name, got)
		}
	}
}

// The observer's time is the system clock, and waiting callers go on after the observer.
func TestObserverIsCalledFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		called, release := make(chan jwks.Fetch, 1), make(chan struct{})
		transport := &origin{reply: func(r *http.Request) (*http.Response, error) {
			time.Sleep(3 * time.Second)
			return set("a")(r)
		}}
		remote := newRemote(t, keysURL, jwks.WithTransport(transport), jwks.WithFetchObserver(func(f jwks.Fetch) {
			called <- f
			<-release
		}))
		verdict := startVerify(t.Context(), newVerifier(remote, jwtexptest.NewClock(day)), tokenOf("a"))
		if got, want := (<-called).Duration, 3*time.Second; got != want {
			t.Errorf("got duration %v, want %v", got, want)
		}
		wantWaiting(t, "a caller", verdict)
		close(release)
		wantVerdict(t, "a caller", <-verdict, good)
	})
}

// A broken observer fails the fetch, also a good one, and the process goes on.
func TestBrokenObserver(t *testing.T) {
	for name, do := range map[string]func(){
		"panics":               func() { panic(errBoom) },
		"panics with nil":      func() { panic(nil) },
		"panics and panics":    func() { panic(evilError{func() { panic(errBoom) }}) },
		"panic value blocks":   func() { panic(evilError{func() { select {} }}) },
		"calls runtime.Goexit": runtime.Goexit,
	} {
		for kind, reply := range map[string]reply{"good": set("a"), "failed": down, "panicked": panicWith("x"), "exited": brokenTransports()["transport exits"]} {
			t.Run(kind+" fetch, observer "+name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					broken := true
					origin := &origin{reply: reply}
					remote := newRemote(t, keysURL, jwks.WithTransport(origin), jwks.WithFetchObserver(func(jwks.Fetch) {
						if broken {
							do()
						}
					}))
					err := wantKeys(t, remote, "a", day, unavailable)
					if got := wantUnavailable(t, err).Detail; !strings.Contains(got, "observer") {
						t.Errorf("got detail %q, want it to name the observer", got)
					}
					if name == "panics" && !errors.Is(err, errBoom) {
						t.Errorf("got %v, want it to match errBoom", err)
					}
					broken = false
					origin.replyWith(set("a"))
					wantKeys(t, remote, "a", day.Add(time.Minute), good)
				})
			})
		}
	}
}

// Discover makes one request, which is a Fetch. DiscoverLater's two requests are one.
func TestFetchesOfDiscovery(t *testing.T) {
	var recorder recorder
	observe := jwks.WithFetchObserver(recorder.observe)
	want := func(host string, status, keys int, failed bool) {
		t.Helper()
		got := recorder.takeOne(t)
		if got.Host != host || got.Status != status || got.Keys != keys || (got.Err != nil) != failed {
			t.Errorf("got %+v, want host %s, status %d, %d keys, error: %t", got, host, status, keys, failed)
		}
	}
	web := goodWeb()
	web.put(configurationURL, response(http.StatusOK, configuration(issuerURL, "https://keys.example/keys")))
	web.put("https://keys.example/keys", set("a"))
	remote, err := jwks.Discover(t.Context(), issuerURL, jwks.WithTransport(web), observe)
	if err != nil {
		t.Fatal(err)
	}
	defer remote.Close()
	want("login.example", 200, 0, false)
	wantKeys(t, remote, "a", day, good)
	want("keys.example", 200, 1, false)

	later := discoverLater(t, web, issuerURL, observe)
	wantKeys(t, later, "a", day, good)
	want("keys.example", 200, 1, false)

	web.put("https://keys.example/keys", down)
	wantKeys(t, discoverLater(t, web, issuerURL, observe), "a", day, unavailable)
	want("keys.example", 0, 0, true)

	web.put(configurationURL, response(http.StatusOK, configuration("https://other.example", keysURL)))
	wantKeys(t, discoverLater(t, web, issuerURL, observe), "a", day, unavailable)
	want("login.example", 200, 0, true)
	_, err = jwks.Discover(t.Context(), issuerURL, jwks.WithTransport(web), observe)
	wantNoVerdict(t, err)
	want("login.example", 200, 0, true)

	web.put(configurationURL, response(http.StatusServiceUnavailable, ""))
	_, err = jwks.Discover(t.Context(), issuerURL, jwks.WithTransport(web), observe)
	wantVerdict(t, "Discover", err, unavailable)
	want("login.example", 503, 0, true)
}

func TestDiscoverWithABrokenObserver(t *testing.T) {
	for _, configuration := range []reply{goodWeb().replies[configurationURL], down} {
		web := newWeb(map[string]reply{configurationURL: configuration})
		remote, err := jwks.Discover(t.Context(), issuerURL, jwks.WithTransport(web), jwks.WithFetchObserver(func(jwks.Fetch) { panic(errBoom) }))
		wantVerdict(t, "Discover", err, unavailable)
		if remote != nil || !errors.Is(err, errBoom) || !strings.Contains(fmt.Sprint(err), "observer") {
			t.Errorf("got %v, %v, want no Remote and an error about the observer that matches errBoom", remote, err)
		}
	}
}

// A fetch that Close cancels is not a failure.
func TestCloseIsNotObserved(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var recorder recorder
		remote := newRemote(t, keysURL, jwks.WithTransport(&origin{reply: after(nil, nil)}), jwks.WithFetchObserver(recorder.observe))
		verdict := startVerify(t.Context(), newVerifier(remote, jwtexptest.NewClock(day)), tokenOf("a"))
		wantWaiting(t, "a caller", verdict)
		remote.Close()
		wantVerdict(t, "a caller", <-verdict, unavailable)
		if got := recorder.take(); len(got) != 0 {
			t.Errorf("got %+v, want no call of the observer", got)
		}
	})
}

// An observer may keep and change its Fetch.
func TestObserversOwnTheirFetch(t *testing.T) {
	var recorder recorder
	text := `{"keys":[` + jwkOf("a") + "," + encryptionJWK + `]}`
	remote := newRemote(t, keysURL, jwks.WithTransport(&origin{reply: response(200, text)}), jwks.WithFetchObserver(recorder.observe))
	verify(t, remote, "a", good)
	clear(recorder.takeOne(t).LeftOut)
	if got := remote.WhyNot("e"); !strings.Contains(got, "enc") {
		t.Errorf("got %q from WhyNot, want the reason", got)
	}
}

func TestNilObserver(t *testing.T) {
	_, err := jwks.NewRemote(keysURL, jwks.WithFetchObserver(jwks.LogFetches(nil)))
	wantFaults(t, nil, err, 1)
	if got := jwks.LogFetches(nil); got != nil {
		t.Error("got a func for a nil logger, want nil")
	}
}

func TestLogFetches(t *testing.T) {
	until := day.Add(time.Hour)
	failure := errors.New("https://login.example/keys: server answered status 404; want 200, check the URL")
	for _, tt := range []struct {
		fetch jwks.Fetch
		want  string // JSON without the time
	}{
		{jwks.Fetch{Host: "login.example", Status: 200, Duration: 1500 * time.Millisecond, Keys: 2},
			`{"level":"DEBUG","msg":"key set fetch","fetch":{"host":"login.example","status":200,"duration":"1.5s","keys":2}}`},
		{jwks.Fetch{Host: "login.example", Status: 200, Duration: time.Second, Keys: 1, LeftOut: []string{"JWK 1: a", "JWK 2: b"}},
			`{"level":"DEBUG","msg":"key set fetch","fetch":{"host":"login.example","status":200,"duration":"1s","keys":1,"left_out":"JWK 1: a; JWK 2: b"}}`},
		{jwks.Fetch{Host: "login.example", Status: 200, Duration: time.Second, Keys: 1, Recovered: true},
			`{"level":"INFO","msg":"key set fetch","fetch":{"host":"login.example","status":200,"duration":"1s","keys":1,"recovered":true}}`},
		{jwks.Fetch{Host: "login.example", Status: 404, Duration: time.Second, Err: failure, KeepUntil: until},
			`{"level":"WARN","msg":"key set fetch","fetch":{"host":"login.example","status":404,"duration":"1s","error":"https://login.example/keys: server answered status 404; want 200, check the URL","keep_until":"2026-01-02T04:04:05Z"}}`},
		{jwks.Fetch{Host: "login.example", Duration: 10 * time.Second, Err: failure},
			`{"level":"ERROR","msg":"key set fetch","fetch":{"host":"login.example","duration":"10s","error":"https://login.example/keys: server answered status 404; want 200, check the URL"}}`},
		{jwks.Fetch{Host: "login.example", Status: 200, LeftOut: strings.Fields(strings.Repeat("x ", 10))},
			`{"level":"DEBUG","msg":"key set fetch","fetch":{"host":"login.example","status":200,"duration":"0s","keys":0,"left_out":"x; x; x; x; x; x; x; x; and 2 more"}}`},
	} {
		var out bytes.Buffer
		logger := slog.New(slog.NewJSONHandler(&out, &slog.HandlerOptions{Level: slog.LevelDebug}))
		jwks.LogFetches(logger)(tt.fetch)
		var got, want map[string]any
		if err := errors.Join(json.Unmarshal(out.Bytes(), &got), json.Unmarshal([]byte(tt.want), &want)); err != nil {
			t.Fatal(err)
		}
		delete(got, "time")
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("line (-want +got):\n%s", diff)
		}
	}
}

// The default level has no line for a good fetch, also if the provider has encryption keys.
func TestLogFetchesIsQuiet(t *testing.T) {
	var out bytes.Buffer
	logger := slog.New(slog.NewTextHandler(&out, nil))
	text := `{"keys":[` + jwkOf("a") + "," + encryptionJWK + `]}`
	remote := newRemote(t, keysURL, jwks.WithTransport(&origin{reply: response(200, text)}), jwks.WithFetchObserver(jwks.LogFetches(logger)))
	verify(t, remote, "a", good)
	if got := out.String(); got != "" {
		t.Errorf("got %s, want no line", got)
	}
}
