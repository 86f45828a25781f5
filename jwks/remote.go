package jwks

import (
	"context"
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jwtexp/jwtexp"
)

// A Remote is a [jwtexp.KeySet] that fetches its keys, a JWK Set, over HTTP. Make one with
// [NewRemote] or [Discover]; the zero Remote is an outage. It is safe for concurrent use.
//
// It reads no clock and sets no timer. It uses the time that the Verifier passes to it. What
// is fetched is kept:
//
//   - A set serves while it is fresh ([WithFreshness]). When three quarters of that are
//     over, the next caller starts a fetch in the background, and waits for nothing.
//   - When it is no longer fresh, callers wait for a fetch: one, however many they are. A
//     caller whose context ends stops waiting, and ends nothing for the others.
//   - While fetching fails the last good set serves, at once, until the [WithOutageLimit];
//     then every token is [jwtexp.ErrUnavailable]. A new attempt is made once in the
//     [WithInterval], in the background; callers wait for it where no set is left to serve,
//     or if no caller has asked for longer than an attempt takes.
//   - A token that names an unknown key has the set fetched again, at most once in the
//     interval. Then the token is invalid; while fetching fails it is ErrUnavailable.
//
// An answer replaces the last set only if it is whole and has at least one usable key: it
// has status 200, at most 1 MiB, and at most 256 keys. Redirects are followed within the
// same origin. Of the keys those are left out that are not for signatures (use, key_ops),
// not known, private or symmetric, and those that do not fit the algorithm that they name;
// RSA has 2048 to 8192 bits. An RSA key that names no algorithm is for RS256, and an
// Ed25519 key for EdDSA and Ed25519.
//
// If the transport, or the body of an answer, panics, the fetch has failed. The error's
// chain has the value and the stack. A panic in a goroutine that the transport itself starts,
// such as in DialContext of an [http.Transport], ends the process. While a transport ignores
// the end of its request's context, callers wait until their own contexts end.
//
// A clock that steps back makes no key live longer while fetching works: by more than the
// interval before its fetch, a set is not fresh. In an outage the last good set serves within
// the limit of its fetch, before it and after.
type Remote struct {
	in atomic.Pointer[remote] // which neither fmt nor reflection follows: it leads to the URL and the transport
}

type remote struct {
	url     string
	getter  *getter
	config  *config
	context context.Context // of the fetches; ends with Close
	end     context.CancelFunc
	running sync.WaitGroup

	state  atomic.Pointer[state]
	flight atomic.Pointer[flight] // nil while no fetch is under way
	mu     sync.Mutex             // held by what changes the two
}

// state is what the last attempt to fetch has left. It is never changed, but replaced.
type state struct {
	set       *keySet       // the last good one; nil: none yet
	fetchedAt time.Time     // by the clock of the caller that had it fetched
	freshFor  time.Duration // from then on
	triedAt   time.Time     // when the last attempt began
	err       error         // why it failed; nil where it was good
}

// flight is a fetch under way.
type flight struct {
	done  chan struct{} // closed when it has landed
	state *state        // read after done
}

var (
	errNotMade = errors.New("jwks: not a Remote that NewRemote or Discover made")
	errClosed  = errors.New("jwks: the Remote is closed")
	errGoexit  = outage{errors.New("the transport or the answer's body called runtime.Goexit")}
	closed     = &state{err: errClosed}
)

// NewRemote returns a Remote that fetches the JWK Set at url, which is https
// ([WithLoopbackHTTP]), for the first token. Every fault of the configuration is in the
// error. An option given twice is one.
//
// The server at url decides which tokens are good: name the issuer, too
// ([jwtexp.WithIssuer]).
func NewRemote(url string, opts ...RemoteOption) (*Remote, error) {
	c := configure("NewRemote", opts)
	c.fault("url", checkURL(url, c.loopback))
	if err := c.err(); err != nil {
		return nil, err
	}
	return newRemote(url, c), nil
}

func newRemote(url string, c *config) *Remote {
	in := &remote{url: url, getter: newGetter(c), config: c}
	in.context, in.end = context.WithCancel(context.Background())
	in.state.Store(new(state))
	r := new(Remote)
	r.in.Store(in)
	return r
}

// VerificationKeys returns the keys with the given ID, of "" all, and none where the set
// has no such key: see [Remote] for what it fetches before. The caller may change the
// slice. A set of one key without an ID has it under any. An error is a
// [*jwtexp.UnavailableError]: fetching failed and no set is left, or the key is not in the
// last one; ctx is done; or the Remote is closed.
func (r *Remote) VerificationKeys(ctx context.Context, id string, now time.Time) ([]jwtexp.Key, error) {
	in := r.in.Load()
	if in == nil {
		return nil, &jwtexp.UnavailableError{Err: errNotMade}
	}
	return in.keys(ctx, id, now)
}

func (r *remote) keys(ctx context.Context, id string, now time.Time) ([]jwtexp.Key, error) {
	s := r.state.Load()
	switch r.need(s, id, now) {
	case fetchSoon:
		if r.flight.Load() == nil { // spares most callers the lock
			r.fetch(s, now)
		}
	case fetchFirst:
		f := r.fetch(s, now)
		select {
		case <-f.done:
			s = f.state
		case <-ctx.Done():
			return nil, &jwtexp.UnavailableError{Err: ctx.Err()}
		}
	}
	return r.answer(s, id, now)
}

// need is what has to be done before a caller is answered.
type need int

const (
	nothing    need = iota
	fetchSoon       // in the background
	fetchFirst      // and wait for it
)

func (r *remote) need(s *state, id string, now time.Time) need {
	age := now.Sub(s.fetchedAt)
	fresh := -r.config.interval <= age && age < s.freshFor
	silence := now.Sub(s.triedAt).Abs()
	due := silence >= r.config.interval
	// While callers come, another attempt begins when one is due, and ends within the
	// timeout. After a longer silence a failed one says nothing of the server of now.
	outage := s.err != nil && silence < r.config.interval+r.config.timeout
	switch {
	case s == closed:
		return nothing
	case !r.serves(s, now):
		if s.err == nil || due {
			return fetchFirst
		}
	case !fresh && !outage, due && len(s.set.withID(id)) == 0:
		return fetchFirst
	case due && (s.err != nil || age >= s.freshFor-s.freshFor/4):
		return fetchSoon
	}
	return nothing
}

// serves reports whether the set of s may be used at all, fresh or not.
func (r *remote) serves(s *state, now time.Time) bool {
	return s.set != nil && now.Sub(s.fetchedAt).Abs() < r.config.outageLimit
}

// answer is what s has for a caller. The set of an attempt that was good serves whatever
// the clock says: need has judged it, or the caller has just waited for it.
func (r *remote) answer(s *state, id string, now time.Time) ([]jwtexp.Key, error) {
	keys := s.set.withID(id)
	switch {
	case s.err == nil, len(keys) > 0 && r.serves(s, now):
		return slices.Clone(keys), nil
	case s == closed:
		return nil, &jwtexp.UnavailableError{Err: errClosed}
	}
	return nil, &jwtexp.UnavailableError{Err: s.err, RetryAfter: r.config.interval}
}

// fetch returns the fetch under way, or starts one. seen is the state that made it
// necessary: where another has taken its place meanwhile, that is the result.
func (r *remote) fetch(seen *state, now time.Time) *flight {
	r.mu.Lock()
	defer r.mu.Unlock()
	if f := r.flight.Load(); f != nil {
		return f
	}
	f := &flight{done: make(chan struct{})}
	if s := r.state.Load(); s != seen {
		f.land(s)
		return f
	}
	r.flight.Store(f)
	r.running.Go(func() { r.fly(f, seen, now) })
	return f
}

// fly fetches the set and lands. It also lands if the transport, the answer's body or the
// parser panics or calls runtime.Goexit. An unrecovered panic would end the process.
func (r *remote) fly(f *flight, last *state, now time.Time) {
	next := last.failed(now, errGoexit)
	defer func() {
		if value := recover(); value != nil {
			next = last.failed(now, panicked(value))
		}
		r.land(f, next)
	}()
	next = r.attempt(last, now)
}

// attempt fetches the set once, for all callers that wait for it.
func (r *remote) attempt(last *state, now time.Time) *state {
	body, header, err := r.getter.get(r.context, r.url)
	if err != nil {
		return last.failed(now, err)
	}
	set, err := parseSet(body)
	if err != nil {
		return last.failed(now, err)
	}
	freshFor := min(max(freshness(header), r.config.minFresh), r.config.maxFresh)
	return &state{set: set, fetchedAt: now, freshFor: freshFor, triedAt: now}
}

// failed returns the state after an attempt at now has failed.
func (s *state) failed(now time.Time, err error) *state {
	next := *s
	next.triedAt, next.err = now, err
	return &next
}

func (r *remote) land(f *flight, s *state) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.state.Load() == closed {
		s = closed
	}
	r.state.Store(s)
	r.flight.Store(nil)
	f.land(s)
}

func (f *flight) land(s *state) {
	f.state = s
	close(f.done)
}

// Close ends a fetch that is under way, and waits until it has ended. Afterwards
// VerificationKeys is an error. It returns nil, and may be called again.
func (r *Remote) Close() error {
	if in := r.in.Load(); in != nil {
		in.close()
	}
	return nil
}

func (r *remote) close() {
	r.mu.Lock()
	r.state.Store(closed)
	r.mu.Unlock()
	r.end()
	r.running.Wait()
}
