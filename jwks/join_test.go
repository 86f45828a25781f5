package jwks_test

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/jwtexp/jwtexp"
	"github.com/jwtexp/jwtexp/jwks"
	"github.com/jwtexp/jwtexp/jwtexptest"
)

// A joint is some Remotes, their origins, and the set that joins them.
type joint struct {
	origins []*origin
	remotes []*jwks.Remote
	keys    jwtexp.KeySet
	clock   *jwtexptest.Clock
}

func join(t *testing.T, replies ...reply) *joint {
	t.Helper()
	j := &joint{clock: jwtexptest.NewClock(day)}
	for i, r := range replies {
		o := &origin{reply: r}
		j.origins = append(j.origins, o)
		j.remotes = append(j.remotes, newRemote(t, fmt.Sprintf("https://login.example/keys/%d", i+1), jwks.WithTransport(o)))
	}
	keys, err := jwks.Join(j.remotes...)
	if err != nil {
		t.Fatal(err)
	}
	j.keys = keys
	return j
}

func (j *joint) verify(t *testing.T, id string, want error) error {
	t.Helper()
	_, err := newVerifier(j.keys, j.clock).Verify(context.Background(), tokenOf(id))
	wantVerdict(t, "token "+id, err, want)
	return err
}

// start verifies the token in the background.
func (j *joint) start(ctx context.Context, id string) <-chan error {
	return startVerify(ctx, newVerifier(j.keys, j.clock), tokenOf(id))
}

func (j *joint) wantFetches(t *testing.T, want ...int) {
	t.Helper()
	synctest.Wait()
	var got []int
	for _, o := range j.origins {
		got = append(got, o.count())
	}
	if !slices.Equal(got, want) {
		t.Errorf("got fetches %v, want %v", got, want)
	}
}

// TestJoin shows the verdict on a token of key id when no set was fetched before.
func TestJoin(t *testing.T) {
	for _, tt := range []struct {
		name string
		sets []reply
		id   string
		want error
	}{
		{"one remote", []reply{set("a")}, "a", good},
		{"first of two", []reply{set("a"), set("b")}, "a", good},
		{"second of two", []reply{set("a"), set("b")}, "b", good},
		{"third of three", []reply{set("a"), set("b"), set("c")}, "c", good},
		{"in none", []reply{set("a"), set("b")}, "x", invalid},
		{"in none and the first is down", []reply{down, set("b")}, "x", unavailable},
		{"in none and the second is down", []reply{set("a"), down}, "x", unavailable},
		{"in the second and the first is down", []reply{down, set("b")}, "b", good},
		{"in the first and the second is down", []reply{set("a"), down}, "a", good},
		{"all down", []reply{down, down}, "a", unavailable},
		{"no kid, in the second", []reply{set("a"), set("", "b")}, "", good},
		{"no kid, in none", []reply{set("a"), set("b")}, "", invalid},
		{"no kid, and one is down", []reply{set("", "b"), down}, "", unavailable},
		{"only JWK without kid, token without kid", []reply{set(""), set("b")}, "", good},
		{"only JWK without kid in the second, token without kid", []reply{set("b"), set("")}, "", good},
		{"token of another set beside an only JWK without kid", []reply{set(""), set("b")}, "b", good},
		{"token of another set before an only JWK without kid", []reply{set("b"), set("")}, "b", good},
		{"an only JWK without kid and an outage", []reply{set(""), down}, "b", unavailable},
		{"two only JWKs without kid, token without kid", []reply{set(""), set("")}, "", good},
		{"unknown kid and an only JWK without kid", []reply{set(""), set("b")}, "x", invalid},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { join(t, tt.sets...).verify(t, tt.id, tt.want) })
		})
	}
}

// The only JWK of a set has no kid, so the token of its key may have any.
func TestJoinedSoleKeyServesAnyKid(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, sole := range []string{`{"keys":[` + jwkOf("") + `]}`, `{"keys":[{` + ed25519JWK(newPublicKey("")) + `}]}`} { // one key, and two for one JWK
			for _, sets := range [][]reply{{response(200, sole), set("b", "c")}, {set("b", "c"), response(200, sole)}, {response(200, sole), response(200, sole)}} {
				j := join(t, sets...)
				token := tokenBy(keyOf("").WithID("any"))
				for range 2 {
					_, err := newVerifier(j.keys, j.clock).Verify(t.Context(), token)
					wantVerdict(t, "a token with any kid", err, good)
				}
			}
		}
	})
}

// A set that has the key answers at once, and no other set is fetched for it.
func TestJoinAnswersWithoutFetch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j := join(t, set("a"), set("b"))
		j.verify(t, "a", good)
		j.verify(t, "b", good)
		j.wantFetches(t, 1, 1)
		j.clock.Advance(time.Minute)
		for range 3 {
			j.verify(t, "a", good)
			j.verify(t, "b", good)
		}
		j.wantFetches(t, 1, 1)
	})
	synctest.Test(t, func(t *testing.T) { // the other one was never fetched
		j := join(t, set("a"), after(nil, nil))
		verify(t, j.remotes[0], "a", good)
		j.verify(t, "a", good)
		j.wantFetches(t, 1, 0)
	})
	synctest.Test(t, func(t *testing.T) { // the other one is stale and hangs
		j := join(t, set("a"), set("b"))
		verify(t, j.remotes[1], "b", good)
		j.clock.Advance(time.Hour)
		_, err := j.remotes[0].VerificationKeys(t.Context(), "a", j.clock.Now())
		wantVerdict(t, "the first set", err, good)
		j.origins[1].replyWith(after(nil, nil))
		j.verify(t, "a", good)
		j.wantFetches(t, 1, 1)
	})
}

// The fetches run together, and the first one that finds the key ends the wait.
func TestJoinWaitsForTheKeyAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := []chan struct{}{make(chan struct{}), make(chan struct{}), make(chan struct{})}
		j := join(t, after(release[0], set("a")), after(release[1], set("b")), after(release[2], set("c")))
		verdict := j.start(t.Context(), "b")
		wantWaiting(t, "a caller", verdict)
		j.wantFetches(t, 1, 1, 1)
		close(release[2]) // has another key
		wantWaiting(t, "a caller", verdict)
		close(release[1])
		synctest.Wait()
		select {
		case err := <-verdict:
			wantVerdict(t, "a caller", err, good)
		default:
			t.Error("got a waiting caller, want a verdict: the key was fetched")
		}
		unknown := j.start(t.Context(), "x")
		wantWaiting(t, "a caller with an unknown kid", unknown)
		close(release[0])
		wantVerdict(t, "a caller with an unknown kid", <-unknown, invalid)
		j.wantFetches(t, 1, 1, 1)
	})
}

// One set is down for longer than its limit. The other one goes on.
func TestJoinInAnOutage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j := join(t, set("a"), set("b"))
		j.verify(t, "a", good)
		j.verify(t, "b", good)
		j.origins[1].replyWith(down)
		j.clock.Advance(time.Hour)
		j.verify(t, "b", good) // with the last good set
		j.verify(t, "a", good)
		synctest.Wait()
		j.clock.Advance(6 * time.Hour)
		j.verify(t, "a", good)
		j.verify(t, "b", unavailable)
		j.verify(t, "x", unavailable)
		j.origins[1].replyWith(set("c"))
		j.clock.Advance(time.Minute)
		j.verify(t, "b", invalid)
		j.verify(t, "c", good)
	})
}

// Made-up kids cause one fetch of each set per interval.
func TestJoinLimitsFetches(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j := join(t, set("a"), set("b"))
		for round := range 3 {
			for i := range 20 {
				_, err := newVerifier(j.keys, j.clock).Verify(t.Context(), withKid(fmt.Sprint(round, i)))
				wantVerdict(t, "a made-up kid", err, invalid)
			}
			j.wantFetches(t, round+1, round+1)
			j.clock.Advance(10 * time.Second)
		}
	})
}

// Sets that were fetched may have different keys with one ID.
func TestJoinTriesEachKeyWithTheID(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		other := `{"keys":[{"kid":"a","alg":"Ed25519",` + ed25519JWK(newPublicKey("other")) + `}]}`
		j := join(t, set("a"), response(http.StatusOK, other))
		for _, r := range j.remotes {
			if _, err := r.VerificationKeys(t.Context(), "a", day); err != nil {
				t.Fatal(err)
			}
		}
		j.verify(t, "a", good)
		_, err := newVerifier(j.keys, j.clock).Verify(t.Context(), tokenBy(keyOf("other").WithID("a")))
		wantVerdict(t, "a token of the other key", err, good)
	})
}

func TestJoinContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j := join(t, after(nil, nil), after(nil, nil))
		ctx, cancel := context.WithCancel(t.Context())
		verdict := j.start(ctx, "a")
		wantWaiting(t, "a caller", verdict)
		cancel()
		err := <-verdict
		wantCanceled(t, "a caller", err)
		if got, want := wantUnavailable(t, err).Detail, "https://login.example/keys/1: fetch has not ended; https://login.example/keys/2: fetch has not ended"; !strings.Contains(got, want) {
			t.Errorf("got detail %q, want %q", got, want)
		}
		for _, r := range j.remotes {
			r.Close()
		}
		err = j.verify(t, "a", unavailable)
		if got := wantUnavailable(t, err).Detail; !strings.Contains(got, "closed") {
			t.Errorf("got detail %q, want it to say that the Remotes are closed", got)
		}
	})
}

// The error names each set that is down, and the chain has each cause.
func TestJoinNamesEachOutage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		errOther := errors.New("other")
		fail := func(err error) reply {
			return func(*http.Request) (*http.Response, error) { return nil, fmt.Errorf("%s: %w", secret, err) }
		}
		j := join(t, fail(errBoom), set("b"), fail(errOther))
		err := j.verify(t, "x", unavailable)
		e := wantUnavailable(t, err)
		for _, want := range []string{"https://login.example/keys/1: request failed", "https://login.example/keys/3: request failed"} {
			if !strings.Contains(e.Detail, want) {
				t.Errorf("got detail %q, want %q", e.Detail, want)
			}
		}
		if !errors.Is(err, errBoom) || !errors.Is(err, errOther) || e.RetryAfter != 10*time.Second {
			t.Errorf("got %v with RetryAfter %v, want it to match both causes, and 10s", err, e.RetryAfter)
		}
		wantNoQuote(t, err)
		wantUnreachable(t, "the error", err)
		wantUnreachable(t, "the set", j.keys)
	})
}

// The set that can be fetched again first decides when to try again.
func TestJoinRetryAfter(t *testing.T) {
	remotes := []*jwks.Remote{remoteOf(t, setOf("closed"))}
	remotes[0].Close() // which says nothing
	for _, interval := range []time.Duration{30 * time.Second, 20 * time.Second, time.Minute} {
		remotes = append(remotes, newRemote(t, keysURL, jwks.WithTransport(&origin{reply: down}), jwks.WithInterval(interval)))
	}
	_, err := must(jwks.Join(remotes...)).VerificationKeys(t.Context(), "a", day)
	if got, want := wantUnavailable(t, err).RetryAfter, 20*time.Second; got != want {
		t.Errorf("got RetryAfter %v, want %v", got, want)
	}
}

func TestJoinedWhyNot(t *testing.T) {
	j := join(t, set("a"), response(http.StatusOK, `{"keys":[`+jwkOf("b")+","+encryptionJWK+`]}`))
	for _, r := range j.remotes {
		if _, err := r.VerificationKeys(t.Context(), "", day); err != nil {
			t.Fatal(err)
		}
	}
	why := j.keys.(interface{ WhyNot(string) string }).WhyNot
	if got := why("e"); !strings.Contains(got, "enc") {
		t.Errorf("got %q, want the reason", got)
	}
	if got := why("a") + why("x"); got != "" {
		t.Errorf("got %q, want nothing", got)
	}
}

func TestJoinedWhyAlgorithm(t *testing.T) {
	j := join(t, set("a"), response(http.StatusOK, `{"keys":[{"kid":"1",`+rsa2048+`}]}`))
	for _, r := range j.remotes {
		if _, err := r.VerificationKeys(t.Context(), "", day); err != nil {
			t.Fatal(err)
		}
	}
	why := j.keys.(interface{ WhyAlgorithm(string) string }).WhyAlgorithm
	wantAssumed(t, "1", why("1"), "RS256 was assumed")
	wantAssumed(t, "a", why("a"), "")
}

// The slice belongs to the caller.
func TestJoinReturnsCopies(t *testing.T) {
	j := join(t, set("a", "b"), set("c"))
	for _, id := range []string{"a", ""} {
		keys, err := j.keys.VerificationKeys(t.Context(), id, day)
		if err != nil {
			t.Fatal(err)
		}
		clear(append(keys, keys...))
		clear(keys)
		j.verify(t, "a", good)
	}
}

func TestJoinFaults(t *testing.T) {
	remote := remoteOf(t, setOf("a"))
	for _, tt := range []struct {
		remotes []*jwks.Remote
		faults  int
	}{
		{nil, 1},
		{[]*jwks.Remote{nil}, 1},
		{[]*jwks.Remote{new(jwks.Remote)}, 1},
		{[]*jwks.Remote{remote, nil, new(jwks.Remote)}, 2},
		{[]*jwks.Remote{remote}, 0},
	} {
		keys, err := jwks.Join(tt.remotes...)
		got := 0
		if joined, ok := err.(interface{ Unwrap() []error }); ok {
			got = len(joined.Unwrap())
		}
		if got != tt.faults || (keys == nil) != (err != nil) {
			t.Errorf("%v: got %v with error %v, want %d faults", tt.remotes, keys, err, tt.faults)
		}
	}
}

// A joined set does not follow changes of the caller's slice.
func TestJoinCopiesItsArguments(t *testing.T) {
	remotes := []*jwks.Remote{remoteOf(t, setOf("a"))}
	keys, err := jwks.Join(remotes...)
	if err != nil {
		t.Fatal(err)
	}
	remotes[0] = nil
	verify(t, keys, "a", good)
}

func newPublicKey(id string) []byte { return keyOf(id).PublicKey().(ed25519.PublicKey) }
