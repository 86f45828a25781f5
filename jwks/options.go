package jwks

import (
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"time"

	"github.com/jwtexp/jwtexp"
)

// A RemoteOption configures [NewRemote], [Discover] and [DiscoverLater].
type RemoteOption interface {
	forRemote(*config)
}

// WithTransport sets the transport for all requests: for a proxy, a client certificate, your own
// root certificates, or a test.
//
// The default transport shares nothing with [http.DefaultTransport]. It takes proxies from the
// environment (HTTPS_PROXY, NO_PROXY), and root certificates and the resolver from the process.
// A transport must return when the request's context is done, because [Remote.Close] waits for
// it. A nil transport is an error.
func WithTransport(t http.RoundTripper) RemoteOption {
	return remoteOption{"WithTransport", func(c *config) error {
		c.transport = t
		if isNil(t) {
			return errors.New("transport is nil; leave the option out for the default")
		}
		return nil
	}}
}

// WithLoopbackHTTP also allows http URLs for the hosts localhost, 127.0.0.0/8 and ::1. All
// other URLs must be https, unless [WithInsecureHTTP] names their host.
func WithLoopbackHTTP() RemoteOption {
	return remoteOption{"WithLoopbackHTTP", func(c *config) error {
		c.http.loopback = true
		return nil
	}}
}

// WithFreshness bounds how long a set is fresh. The response says how long: max-age minus Age.
// Without max-age, or with no-cache or no-store, it is min. A revoked key may stay trusted for
// that long, and in an outage until [WithOutageLimit]. The defaults are 5 minutes and 1 hour.
// Anything but 0 < min <= max is an error.
func WithFreshness(min, max time.Duration) RemoteOption {
	return remoteOption{"WithFreshness", func(c *config) error {
		c.minFresh, c.maxFresh = min, max
		if min <= 0 || max < min {
			return fmt.Errorf("invalid bounds %v and %v; want 0 < min <= max", min, max)
		}
		return nil
	}}
}

// WithInterval sets the minimum time between two fetches for unknown keys or after a failure. It
// limits how often made-up kids can cause a fetch, and how late a key is found that was not
// published ahead. The default is 10 seconds; d must be positive.
func WithInterval(d time.Duration) RemoteOption {
	return remoteOption{"WithInterval", func(c *config) error {
		c.interval = d
		return checkPositive(d)
	}}
}

// WithOutageLimit sets how long after its fetch the last good set is used while fetching fails.
// After that, every token is [jwtexp.ErrUnavailable], because keys may have been revoked. The
// default is 6 hours; d must be at least the max of [WithFreshness].
func WithOutageLimit(d time.Duration) RemoteOption {
	return remoteOption{"WithOutageLimit", func(c *config) error {
		c.outageLimit = d
		return nil // configure compares it with WithFreshness, which may follow
	}}
}

// WithTimeout bounds one fetch, with redirects and bodies, and with the request for the
// provider's configuration if there is one. It runs on the system clock, whatever clock the
// Verifier has. The default is 10 seconds; d must be positive.
func WithTimeout(d time.Duration) RemoteOption {
	return remoteOption{"WithTimeout", func(c *config) error {
		c.timeout = d
		return checkPositive(d)
	}}
}

func checkPositive(d time.Duration) error {
	if d <= 0 {
		return fmt.Errorf("invalid duration %v; want more than 0", d)
	}
	return nil
}

// isNil reports whether v is nil, or holds a nil pointer, func, map, slice or channel.
func isNil(v any) bool {
	switch r := reflect.ValueOf(v); r.Kind() {
	case reflect.Invalid:
		return true
	case reflect.Pointer, reflect.Func, reflect.Map, reflect.Slice, reflect.Chan:
		return r.IsNil()
	}
	return false
}

type remoteOption struct {
	name string
	set  func(*config) error
}

func (o remoteOption) forRemote(c *config) {
	if c.given[o.name] {
		c.fault(o.name, errors.New("given twice; pass it once"))
	}
	c.given[o.name] = true
	c.fault(o.name, o.set(c))
}

// A config holds the settings, and all faults found in them, so that one error reports them all.
type config struct {
	constructor string
	given       map[string]bool // the names of the options so far
	faults      []error

	algorithms []jwtexp.Algorithm // WithAlgorithms
	secrets    bool               // algorithms may be for secrets: only for ParseKey

	transport          http.RoundTripper
	http               httpHosts
	address            string // of the provider, for discover
	minFresh, maxFresh time.Duration
	interval           time.Duration
	outageLimit        time.Duration
	timeout            time.Duration
	observe            func(Fetch)  // or nil
	clock              jwtexp.Clock // of Ready
}

func configure(constructor string, opts []RemoteOption) *config {
	c := &config{
		constructor: constructor,
		given:       make(map[string]bool),
		minFresh:    5 * time.Minute,
		maxFresh:    time.Hour,
		interval:    10 * time.Second,
		outageLimit: 6 * time.Hour,
		timeout:     10 * time.Second,
		clock:       jwtexp.SystemClock(),
	}
	apply(c, opts, func(o RemoteOption) { o.forRemote(c) })
	if c.outageLimit < c.maxFresh {
		c.fault("WithOutageLimit", fmt.Errorf("limit %v is shorter than the max of WithFreshness, %v; raise the limit or lower the max", c.outageLimit, c.maxFresh))
	}
	if c.transport == nil {
		c.transport = defaultTransport()
	}
	return c
}

// apply applies the options in order. A nil option is a fault.
func apply[O any](c *config, opts []O, each func(O)) {
	for i, o := range opts {
		if any(o) == nil {
			c.fault("options", fmt.Errorf("option %d is nil; remove it", i+1))
			continue
		}
		each(o)
	}
}

func (c *config) fault(what string, err error) {
	if err != nil {
		c.faults = append(c.faults, fmt.Errorf("jwks: %s: %s: %w", c.constructor, what, err))
	}
}

func (c *config) err() error { return errors.Join(c.faults...) }
