package jwks

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jwtexp/jwtexp"
)

// A Remote is a [jwtexp.KeySet] that fetches a JWK Set over HTTP. Make one with [NewRemote],
// [Discover] or [DiscoverLater]; a zero Remote returns [jwtexp.ErrUnavailable]. It is safe for
// concurrent use.
//
// A Remote has no timer, and reads no clock but for [Remote.Ready] and [Fetch.Duration]. It uses the
// time that the Verifier passes:
//
//   - While the set is fresh ([WithFreshness]), calls use it. After three quarters of that
//     time, the next call starts a fetch in the background.
//   - When the set is stale, calls wait for one shared fetch. A call whose context ends stops
//     waiting; the fetch continues.
//   - While fetching fails, calls use the last good set until [WithOutageLimit], and then return
//     ErrUnavailable. A retry runs in the background, once per [WithInterval]. Calls wait for it
//     if no usable set is left, or if the last try began at least WithInterval plus
//     [WithTimeout] ago.
//   - A token with an unknown kid causes a fetch, at most one per WithInterval. If the new set
//     lacks the key, the token is invalid. If the fetch fails, the token is ErrUnavailable.
//   - A Remote of Discover or DiscoverLater forgets the URL of the keys when a fetch from it fails.
//     The next fetch begins with the provider's configuration, so a provider may move its keys.
//
// A response is accepted if it has status 200, at most 1 MiB and 256 keys, and a usable key.
// Redirects must stay within the origin. Keys are ignored if they are private, symmetric, of an
// unknown type, not for signatures (use, key_ops), or unfit for their alg. RSA keys need 2048 to
// 8192 bits. Without alg, an RSA key is for RS256, and an Ed25519 key for EdDSA and Ed25519;
// [WithAlgorithms] changes that. Different keys may have one kid: a token is tried with each, eight at
// most.
//
// If the transport, the response body or the observer panics, the fetch fails. The error chain has
// the value and the stack. A panic in a goroutine of the transport, such as in DialContext of an
// [http.Transport], ends the process. If a transport ignores its request's context, calls wait
// until their own contexts end.
//
// If the clock steps back to more than WithInterval before the last fetch, the set counts as
// stale and is fetched again, so no key is trusted for longer. While fetching fails, the last
// good set is used within WithOutageLimit before and after its fetch.
type Remote struct {
	// An atomic.Pointer, because neither fmt nor reflection follows one: it leads to the URL
	// and the transport, which can hold secrets.
	inner atomic.Pointer[remote]
}

type remote struct {
	url     string // of the keys; "": discover finds it
	issuer  string // for discover
	getter  *getter
	config  *config
	context context.Context // of the fetches; Close cancels it
	cancel  context.CancelFunc
	running sync.WaitGroup

	state atomic.Pointer[state]
	mu    sync.Mutex // held to change state
	fetch *fetch     // nil if no fetch is running; guarded by mu
}

// A state is the result of the last try to fetch. It is replaced, never changed.
type state struct {
	keysURL   string        // of the keys, if discover found it; "" after a failure
	set       *keySet       // the last good set; nil: none yet
	fetchedAt time.Time     // by the clock of the call that started the fetch
	freshFor  time.Duration // from fetchedAt on
	triedAt   time.Time     // when the last try began
	err       error         // why the last try failed; nil: it did not
}

// A fetch is a running fetch.
type fetch struct {
	done  chan struct{} // closed when state is set
	state *state
}

var (
	errZeroRemote = errors.New("jwks: zero Remote; make one with NewRemote, Discover or DiscoverLater")
	errClosed     = errors.New("jwks: Remote is closed; make another one")
	errGoexit     = &temporaryError{errors.New("transport or response body called runtime.Goexit; fix the transport")}
	closedState   = &state{err: errClosed}

	errObserverGoexit = &temporaryError{errors.New("observer of WithFetchObserver called runtime.Goexit; fix the observer")}
)

// NewRemote returns a Remote that fetches the JWK Set at url for the first token. url must be
// https, unless [WithLoopbackHTTP] or [WithInsecureHTTP] allows http. The error joins all faults
// of the arguments; an option given twice is one.
//
// The server at url decides which tokens are good: use [jwtexp.WithIssuer], too.
func NewRemote(url string, opts ...RemoteOption) (*Remote, error) {
	c := configure("NewRemote", opts)
	c.fault("url", checkURL(url, c.http))
	if c.hasAddress() {
		c.fault("WithAddress", errors.New("only for Discover and DiscoverLater; remove it, and pass NewRemote the URL of the keys"))
	}
	if err := c.err(); err != nil {
		return nil, err
	}
	return newRemote(url, "", c), nil
}

func newRemote(url, issuer string, c *config) *Remote {
	inner := &remote{url: url, issuer: issuer, getter: newGetter(c), config: c}
	inner.context, inner.cancel = context.WithCancel(context.Background())
	inner.state.Store(new(state))
	r := new(Remote)
	r.inner.Store(inner)
	return r
}

// VerificationKeys returns the keys with the given ID, all keys if id is "", or none. It may
// fetch first (see [Remote]). If the set has one key, without an ID, every id finds it. The
// caller may change the slice.
//
// An error is a [*jwtexp.UnavailableError] with the Detail: ctx is done, the Remote is closed, or
// fetching failed and no usable set has the key.
func (r *Remote) VerificationKeys(ctx context.Context, id string, now time.Time) ([]jwtexp.Key, error) {
	inner := r.inner.Load()
	if inner == nil {
		return nil, outage(errZeroRemote)
	}
	return inner.keys(ctx, id, now)
}

// current returns the state that answers a call. It may fetch first.
func (r *remote) current(ctx context.Context, id string, now time.Time) (*state, error) {
	s := r.state.Load()
	switch r.need(s, id, now) {
	case fetchInBackground:
		r.startFetch(s, now)
	case fetchAndWait:
		f := r.startFetch(s, now)
		select {
		case <-f.done:
			s = f.state
		case <-ctx.Done():
			return nil, r.notEnded(ctx, s)
		}
	}
	return s, nil
}

// notEnded returns the error for a call that waited for a fetch after s until ctx was done.
func (r *remote) notEnded(ctx context.Context, s *state) *jwtexp.UnavailableError {
	url := r.config.configurationURL()
	if known := cmp.Or(r.url, s.keysURL); known != "" {
		url = withoutQuery(known)
	}
	return &jwtexp.UnavailableError{What: "key set", Detail: url + ": fetch has not ended", Err: ctx.Err()}
}

func (r *remote) keys(ctx context.Context, id string, now time.Time) ([]jwtexp.Key, error) {
	s, err := r.current(ctx, id, now)
	if err != nil {
		return nil, err
	}
	keys, outage := r.answer(s, id, now)
	if outage != nil {
		return nil, outage
	}
	return slices.Clone(keys), nil
}

// A need says whether a call needs a fetch.
type need int

const (
	noFetch need = iota
	fetchInBackground
	fetchAndWait
)

func (r *remote) need(s *state, id string, now time.Time) need {
	age := now.Sub(s.fetchedAt)
	fresh := -r.config.interval <= age && age < s.freshFor
	sinceTry := now.Sub(s.triedAt).Abs()
	due := sinceTry >= r.config.interval
	// While calls keep coming, a retry begins when it is due and ends within the timeout. So a
	// failure that is older than interval plus timeout says nothing about the server now.
	outage := s.err != nil && sinceTry < r.config.interval+r.config.timeout
	switch {
	case s == closedState:
		return noFetch
	case !r.usable(s, now):
		if s.err == nil || due {
			return fetchAndWait
		}
	case !fresh && !outage, due && len(s.set.withID(id)) == 0:
		return fetchAndWait
	case due && (s.err != nil || age >= s.freshFor-s.freshFor/4):
		return fetchInBackground
	}
	return noFetch
}

// usable reports whether s has a set that may be used, fresh or stale.
func (r *remote) usable(s *state, now time.Time) bool {
	return s.set != nil && now.Sub(s.fetchedAt).Abs() < r.config.outageLimit
}

// answer returns the keys or the error in s. If the last try was good, it does not check the age
// of the set: either need did, or the call has just waited for the set. The caller must not change
// the slice.
func (r *remote) answer(s *state, id string, now time.Time) ([]jwtexp.Key, *jwtexp.UnavailableError) {
	keys := s.set.withID(id)
	switch {
	case s.err == nil, len(keys) > 0 && r.usable(s, now):
		return keys, nil
	case s == closedState:
		return nil, outage(errClosed)
	}
	e := outage(s.err)
	e.RetryAfter = r.config.interval
	return nil, e
}

// outage returns the error for calls that get no keys because of err, whose text may be logged.
func outage(err error) *jwtexp.UnavailableError {
	return &jwtexp.UnavailableError{What: "key set", Detail: err.Error(), Err: err}
}

// WhyNot returns why the set has no key with the given ID, if it has a JWK with this ID and left it
// out. Otherwise it returns "". A Verifier adds the text to its error.
func (r *Remote) WhyNot(id string) string { return r.lastSet().whyNot(id) }

// WhyAlgorithm returns what may be why the keys with the given ID are for another algorithm than a
// token's: their JWKs name no alg, and theirs was assumed (see [WithAlgorithms]). Otherwise it
// returns "". A Verifier adds the text to its error.
func (r *Remote) WhyAlgorithm(id string) string { return r.lastSet().whyAlgorithm(id) }

// lastSet returns the last good set, or nil if there is none.
func (r *Remote) lastSet() *keySet {
	inner := r.inner.Load()
	if inner == nil {
		return nil
	}
	return inner.state.Load().set
}

// startFetch returns the running fetch, or starts one. old is the state that made the caller ask
// for a fetch. If it has been replaced since, startFetch returns the new state instead.
func (r *remote) startFetch(old *state, now time.Time) *fetch {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.fetch != nil {
		return r.fetch
	}
	f := &fetch{done: make(chan struct{})}
	if s := r.state.Load(); s != old {
		f.end(s)
		return f
	}
	r.fetch = f
	r.running.Go(func() { r.run(f, old, now) })
	return f
}

// run fetches the set, calls the observer and ends f. It ends f also if the transport, the response
// body, the parser or the observer panics or calls runtime.Goexit. A panic that is not recovered
// would end the process.
func (r *remote) run(f *fetch, last *state, now time.Time) {
	began := jwtexp.SystemClock().Now()
	var report Fetch
	next := last.failed(now, errGoexit)
	defer func() { r.end(f, next) }()
	defer func() {
		if value := recover(); value != nil {
			next = last.failed(now, recovered("transport, response body or parser", value))
		}
		result := next
		next = last.failed(now, errObserverGoexit)
		if err := r.observe(r.addResult(report, last, result, now), began); err != nil {
			next = last.failed(now, err)
			return
		}
		next = result
	}()
	next = r.try(last, now, &report)
}

// end makes next the state, unless the Remote was closed, and ends f.
func (r *remote) end(f *fetch, next *state) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.state.Load() == closedState {
		next = closedState
	}
	r.state.Store(next)
	r.fetch = nil
	f.end(next)
}

// try fetches the set once and returns the state that follows last. If the URL of the keys is not
// known, it fetches the configuration first.
func (r *remote) try(last *state, now time.Time, report *Fetch) *state {
	ctx, cancel := r.getter.withTimeout(r.context)
	defer cancel()
	url, err := cmp.Or(r.url, last.keysURL), error(nil)
	if url == "" {
		if url, err = r.discover(ctx, report); err != nil {
			return last.failed(now, err)
		}
	}
	body, header, err := r.getter.get(ctx, url, report)
	if err != nil {
		return last.failed(now, r.withHint(url, err))
	}
	set, err := parseSet("response", body, r.config.algorithms)
	if err != nil {
		return last.failed(now, r.withHint(url, fmt.Errorf("%s: %w", withoutQuery(url), err)))
	}
	freshFor := min(max(freshness(header), r.config.minFresh), r.config.maxFresh)
	return &state{keysURL: url, set: set, fetchedAt: now, freshFor: freshFor, triedAt: now}
}

// failed returns the state after a failed try, which began at now.
func (s *state) failed(now time.Time, err error) *state {
	next := *s
	next.triedAt, next.err = now, err
	next.keysURL = "" // the provider may have moved its keys
	return &next
}

func (f *fetch) end(s *state) {
	f.state = s
	close(f.done)
}

// Close cancels a running fetch and waits for its end. After that, VerificationKeys returns an
// error. Close returns nil and may be called again.
func (r *Remote) Close() error {
	if inner := r.inner.Load(); inner != nil {
		inner.close()
	}
	return nil
}

func (r *remote) close() {
	r.mu.Lock()
	r.state.Store(closedState)
	r.mu.Unlock()
	r.cancel()
	r.running.Wait()
}
