package jwtexp_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/jwtexp/jwtexp"
	"github.com/jwtexp/jwtexp/jwtexptest"
)

// A directory has the Verifiers of tenants, and counts how often it is asked.
type directory struct {
	mu        sync.Mutex
	verifiers map[string]*jwtexp.Verifier
	err       error
	asked     []string
	last      *jwtexp.Verifier // as passed to the last call
}

func (d *directory) of(_ context.Context, issuer string, last *jwtexp.Verifier) (*jwtexp.Verifier, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.asked = append(d.asked, issuer)
	d.last = last
	return d.verifiers[issuer], d.err
}

// wantAsked checks the issuers that were asked for since the last call.
func (d *directory) wantAsked(t *testing.T, want ...string) {
	t.Helper()
	if diff := cmp.Diff(want, d.asked); diff != "" {
		t.Errorf("issuers that were asked for (-want +got):\n%s", diff)
	}
	d.asked = nil
}

func tokenOf(issuer, secret string) string {
	return sign(secret, sharedKID, live(fmt.Sprintf(`,"iss":%q`, issuer)))
}

func newTenants(d *directory, clock jwtexp.Clock) *jwtexp.VerifierSet {
	return must(jwtexp.NewVerifierSetFunc(d.of, jwtexp.WithClock(clock)))
}

func TestTenants(t *testing.T) {
	d := &directory{verifiers: map[string]*jwtexp.Verifier{
		"a":     namedVerifier("a", testSecret),
		"b":     namedVerifier("b", otherSecret),
		"wrong": namedVerifier("a", testSecret),
		"any":   must(jwtexp.NewVerifier(keyOf(testSecret))),
		"zero":  new(jwtexp.Verifier),
	}}
	set := newTenants(d, jwtexptest.NewClock(epoch))
	long := strings.Repeat("x", 2048)
	for _, c := range []struct{ name, raw, want, asked string }{
		{"a tenant", tokenOf("a", testSecret), "ok", "a"},
		{"another tenant", tokenOf("b", otherSecret), "ok", "b"},
		{"a tenant with the key of another", tokenOf("a", otherSecret), "invalid: signature", ""},
		{"an expired token", sign(testSecret, sharedKID, `{"iss":"a","exp":1}`), "expired", ""},
		{"an unknown issuer", tokenOf("c", testSecret), "invalid: issuer", "c"},
		{"the unknown issuer again", tokenOf("c", testSecret), "invalid: issuer", ""},
		{"an unknown issuer, expired", sign(testSecret, sharedKID, `{"iss":"e","exp":1}`), "invalid: issuer", "e"},
		{"no issuer", sign(testSecret, sharedKID, live(``)), "invalid: issuer", ""},
		{"an empty issuer", tokenOf("", testSecret), "invalid: issuer", ""},
		{"an issuer that is a number", sign(testSecret, sharedKID, live(`,"iss":1`)), "invalid: claims", ""},
		{"an issuer of 2048 bytes", tokenOf(long, testSecret), "invalid: issuer", long},
		{"an issuer of 2049 bytes", tokenOf(long+"x", testSecret), "invalid: issuer", ""},
		{"a Verifier for another issuer", tokenOf("wrong", testSecret), "unavailable", "wrong"},
		{"a Verifier for any issuer", tokenOf("any", testSecret), "unavailable", "any"},
		{"a zero Verifier", tokenOf("zero", testSecret), "unavailable", "zero"},
		{"a zero Verifier again", tokenOf("zero", testSecret), "unavailable", "zero"},
		{"no token", "x", "invalid: malformed", ""},
	} {
		_, err := set.Verify(t.Context(), c.raw)
		if got := outcome(err); got != c.want {
			t.Errorf("%s: got %s (%v), want %s", c.name, got, err, c.want)
		}
		if got, want := len(d.asked), min(len(c.asked), 1); got != want || strings.Join(d.asked, "") != c.asked {
			t.Errorf("%s: got calls for %q, want %q", c.name, d.asked, c.asked)
		}
		d.asked = nil
	}
}

// A Verifier counts for one minute, and nil for ten seconds. Then tenants that were added are known, and
// those that were removed are not.
func TestTenantsComeAndGo(t *testing.T) {
	clock := jwtexptest.NewClock(epoch)
	d := &directory{verifiers: map[string]*jwtexp.Verifier{"a": namedVerifier("a", testSecret)}}
	set := newTenants(d, clock)
	raw := tokenOf("a", testSecret)
	verify := func(want string) {
		t.Helper()
		_, err := set.Verify(t.Context(), raw)
		wantOutcome(t, err, want)
	}

	token := must(set.Verify(t.Context(), raw))
	d.wantAsked(t, "a")
	if d.last != nil {
		t.Error("first call: got a last Verifier, want nil")
	}
	clock.Advance(time.Minute - 1)
	verify("ok")
	wantOutcome(t, set.Recheck(t.Context(), token), "ok")
	d.wantAsked(t)
	clock.Advance(1)
	verify("ok")
	d.wantAsked(t, "a")
	if d.last != d.verifiers["a"] {
		t.Error("second call: got another last Verifier, want the first one")
	}

	d.verifiers["a"] = nil // the tenant goes
	clock.Advance(time.Minute - 1)
	verify("ok")
	clock.Advance(1)
	verify("invalid: issuer")
	wantOutcome(t, set.Recheck(t.Context(), token), "invalid: issuer")
	d.wantAsked(t, "a")

	d.verifiers["a"] = namedVerifier("a", testSecret) // and comes back
	clock.Advance(10*time.Second - 1)
	verify("invalid: issuer")
	d.wantAsked(t)
	clock.Advance(1)
	verify("ok")
	d.wantAsked(t, "a")

	clock.Advance(-time.Hour) // an answer from the future does not count
	verify("ok")
	d.wantAsked(t, "a")

	d.err = errors.New("the database is down")
	clock.Advance(time.Hour)
	verify("unavailable")
	verify("unavailable")
	d.wantAsked(t, "a", "a") // an outage is not remembered
	_, err := set.Verify(t.Context(), raw)
	if !errors.Is(err, d.err) || strings.Contains(fmt.Sprint(err), "database") {
		t.Errorf("got %v, want an error that wraps the function's and does not quote it", err)
	}
	wantOutcome(t, set.Recheck(t.Context(), token), "unavailable")
}

// Made-up issuers evict no Verifier.
func TestMadeUpIssuersEvictNoTenant(t *testing.T) {
	d := &directory{verifiers: map[string]*jwtexp.Verifier{"a": namedVerifier("a", testSecret)}}
	set := newTenants(d, jwtexptest.NewClock(epoch))
	_, err := set.Verify(t.Context(), tokenOf("a", testSecret))
	wantOutcome(t, err, "ok")
	d.wantAsked(t, "a")
	const madeUp = 3000
	for i := range madeUp {
		_, err := set.Verify(t.Context(), tokenOf(fmt.Sprint("x", i), testSecret))
		if got := outcome(err); got != "invalid: issuer" {
			t.Fatalf("made-up issuer %d: got %s, want invalid: issuer", i, got)
		}
	}
	if len(d.asked) != madeUp {
		t.Errorf("got %d calls, want %d", len(d.asked), madeUp)
	}
	d.asked = nil
	_, err = set.Verify(t.Context(), tokenOf("a", testSecret))
	wantOutcome(t, err, "ok")
	d.wantAsked(t)
	for i := range madeUp { // those that are remembered are few
		set.Verify(t.Context(), tokenOf(fmt.Sprint("x", i), testSecret))
	}
	if got := len(d.asked); got < madeUp-1000 {
		t.Errorf("got %d calls for made-up issuers that came before, want at least %d", got, madeUp-1000)
	}
}

// Calls for one issuer wait for one answer, each no longer than its own context.
func TestConcurrentCallsShareOneAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var calls atomic.Int32
		answer := make(chan error)
		verifier := namedVerifier("a", testSecret)
		set := must(jwtexp.NewVerifierSetFunc(func(ctx context.Context, issuer string, _ *jwtexp.Verifier) (*jwtexp.Verifier, error) {
			calls.Add(1)
			select {
			case err := <-answer:
				return verifier, err
			case <-ctx.Done():
				return nil, ctx.Err()
			}
		}, jwtexp.WithClock(jwtexptest.NewClock(epoch))))
		raw := tokenOf("a", testSecret)
		outcomes := make(chan string, 64)
		start := func(ctx context.Context, n int) {
			for range n {
				go func() {
					_, err := set.Verify(ctx, raw)
					outcomes <- outcome(err)
				}()
			}
			synctest.Wait()
		}
		wantOutcomes := func(n int, want string) {
			t.Helper()
			synctest.Wait()
			if len(outcomes) != n {
				t.Fatalf("got %d outcomes, want %d", len(outcomes), n)
			}
			for range len(outcomes) {
				if got := <-outcomes; got != want {
					t.Errorf("got %s, want %s", got, want)
				}
			}
		}

		first, hangUp := context.WithCancel(t.Context())
		impatient, giveUp := context.WithCancel(t.Context())
		start(first, 1)
		start(impatient, 5)
		start(t.Context(), 20)
		giveUp()
		wantOutcomes(5, "unavailable")
		hangUp()
		wantOutcomes(1, "unavailable")
		if got := calls.Load(); got != 2 {
			t.Errorf("got %d calls, want 2: the others go on when the caller of the first disconnects", got)
		}
		answer <- errors.New("down")
		wantOutcomes(20, "unavailable")
		if got := calls.Load(); got != 2 {
			t.Errorf("got %d calls, want 2: an outage is one for all who wait", got)
		}

		start(t.Context(), 20)
		answer <- nil
		wantOutcomes(20, "ok")
		start(t.Context(), 20)
		wantOutcomes(20, "ok")
		if got := calls.Load(); got != 3 {
			t.Errorf("got %d calls, want 3", got)
		}
	})
}

// A panic reaches its caller. Other callers ask again.
func TestTenantsPanic(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		calls := 0
		proceed := make(chan bool)
		verifier := namedVerifier("a", testSecret)
		set := must(jwtexp.NewVerifierSetFunc(func(context.Context, string, *jwtexp.Verifier) (*jwtexp.Verifier, error) {
			if calls++; calls == 1 {
				<-proceed
				panic("a bug")
			}
			return verifier, nil
		}, jwtexp.WithClock(jwtexptest.NewClock(epoch))))
		recovered, outcomes := make(chan any, 1), make(chan string, 1)
		go func() {
			defer func() { recovered <- recover() }()
			set.Verify(t.Context(), tokenOf("a", testSecret))
		}()
		synctest.Wait()
		go func() {
			_, err := set.Verify(t.Context(), tokenOf("a", testSecret))
			outcomes <- outcome(err)
		}()
		synctest.Wait()
		proceed <- true
		if got := <-recovered; got != "a bug" {
			t.Errorf("got %v, want the panic", got)
		}
		if got := <-outcomes; got != "ok" {
			t.Errorf("got %s, want ok", got)
		}
	})
}

// Deadline and decision know the Verifier of a tenant, with its leeway and its clock, also if the
// tenant goes meanwhile.
func TestTenantsInMiddleware(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		verifier := must(jwtexp.NewVerifier(keyOf(testSecret), jwtexp.WithIssuer("a"), jwtexp.WithLeeway(time.Minute)))
		set := must(jwtexp.NewVerifierSetFunc(func(context.Context, string, *jwtexp.Verifier) (*jwtexp.Verifier, error) {
			return verifier, nil
		}))
		var remaining time.Duration
		guard := must(jwtexp.NewMiddleware(set, jwtexp.WithContextDeadline(), jwtexp.WithObserver(func(_ *http.Request, d jwtexp.Decision) {
			verifier, remaining = nil, d.Remaining
		})))
		var left time.Duration
		handler := guard.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			deadline, _ := r.Context().Deadline()
			left = time.Until(deadline)
		}))
		issuer := must(jwtexp.NewIssuer(keyOf(testSecret), time.Hour, jwtexp.WithIssuer("a")))
		token := must(issuer.Issue(t.Context(), "alice", nil))
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, jwtexptest.NewRequest(t, "GET", "/", token.Raw()))
		if w.Code != http.StatusOK || left != time.Hour+time.Minute || remaining != time.Hour {
			t.Errorf("got %d, %v until the deadline, %v remaining, want 200, 1h1m, 1h", w.Code, left, remaining)
		}
	})
}

func TestTenantsFaults(t *testing.T) {
	d := new(directory)
	for name, c := range map[string]struct {
		verifierOf func(context.Context, string, *jwtexp.Verifier) (*jwtexp.Verifier, error)
		opts       []jwtexp.CommonOption
		want       string
	}{
		"nil function": {nil, nil, "NewVerifierSetFunc: verifierOf: nil"},
		"nil clock":    {d.of, []jwtexp.CommonOption{jwtexp.WithClock(nil)}, "WithClock: nil"},
		"nil option":   {d.of, []jwtexp.CommonOption{nil}, "a nil option"},
		"issuer":       {d.of, []jwtexp.CommonOption{jwtexp.WithIssuer("a")}, "only WithClock and WithMaxSize"},
		"audience":     {d.of, []jwtexp.CommonOption{jwtexp.WithAudience("a")}, "only WithClock and WithMaxSize"},
		"type":         {d.of, []jwtexp.CommonOption{jwtexp.WithType("a")}, "only WithClock and WithMaxSize"},
		"size":         {d.of, []jwtexp.CommonOption{jwtexp.WithMaxSize(0)}, "WithMaxSize"},
	} {
		set, err := jwtexp.NewVerifierSetFunc(c.verifierOf, c.opts...)
		if set != nil || !strings.Contains(fmt.Sprint(err), c.want) {
			t.Errorf("%s: got %v, want an error with %q", name, err, c.want)
		}
	}

	d.verifiers = map[string]*jwtexp.Verifier{"a": namedVerifier("a", testSecret)}
	raw := tokenOf("a", testSecret)
	for size, want := range map[int]string{len(raw): "ok", len(raw) - 1: "invalid: too_large"} {
		set := must(jwtexp.NewVerifierSetFunc(d.of, jwtexp.WithClock(jwtexptest.NewClock(epoch)), jwtexp.WithMaxSize(size)))
		_, err := set.Verify(t.Context(), raw)
		wantOutcome(t, err, want)
	}
	_, err := newTenants(d, jwtexp.ClockFunc(func() time.Time { return time.Time{} })).Verify(t.Context(), raw)
	wantOutcome(t, err, "unavailable")
}
