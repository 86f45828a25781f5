package jwks

import (
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"time"
)

// A RemoteOption configures [NewRemote] and [Discover].
type RemoteOption interface {
	forRemote(*config)
}

// WithTransport replaces the way to the server: for a proxy, a client certificate, a root
// of your own, or a test; also to count and log fetches, because their failures are not
// reported while the last good set serves.
//
// The default is a transport of the package's own, which changes to [http.DefaultTransport] do
// not reach. It takes proxies from the environment (HTTPS_PROXY, NO_PROXY), and root
// certificates and the resolver from the process. A transport must give up when the request's
// context is done, because [Remote.Close] waits for it. A nil transport is an error.
func WithTransport(t http.RoundTripper) RemoteOption {
	return remoteOption{"WithTransport", func(c *config) error {
		c.transport = t
		if isNil(t) {
			return errors.New("nil")
		}
		return nil
	}}
}

// WithLoopbackHTTP takes http, too, for what does not leave the machine: the hosts
// localhost, 127.0.0.0/8 and ::1. Everything else has to be https, with or without it.
func WithLoopbackHTTP() RemoteOption {
	return remoteOption{"WithLoopbackHTTP", func(c *config) error {
		c.loopback = true
		return nil
	}}
}

// WithFreshness bounds for how long a set is taken for fresh, which is what its
// Cache-Control says: max-age, less the Age that it has already. A set that says nothing,
// no-cache or no-store, is fresh for min. A key that its owner takes back may be trusted for
// that long, and in an outage until the [WithOutageLimit]. The defaults are 5 minutes and 1 hour; a min that is not positive is an error,
// and so is a max under min.
func WithFreshness(min, max time.Duration) RemoteOption {
	return remoteOption{"WithFreshness", func(c *config) error {
		c.minFresh, c.maxFresh = min, max
		if min <= 0 || max < min {
			return fmt.Errorf("%v to %v is no range of positive durations", min, max)
		}
		return nil
	}}
}

// WithInterval sets the least time between two fetches where tokens name unknown keys, or
// fetching fails: how often a stranger with made-up kids can cause one, and how late a new
// key may be noticed that was not published ahead. The default is 10 seconds; a d that is
// not positive is an error.
func WithInterval(d time.Duration) RemoteOption {
	return remoteOption{"WithInterval", func(c *config) error {
		c.interval = d
		return positive(d)
	}}
}

// WithOutageLimit sets for how long after its fetch the last good set serves while
// fetching fails. Beyond it there is no telling which keys have been taken back, and every
// token is [jwtexp.ErrUnavailable]. The default is 6 hours; less than a set may be fresh
// for is an error.
func WithOutageLimit(d time.Duration) RemoteOption {
	return remoteOption{"WithOutageLimit", func(c *config) error {
		c.outageLimit = d
		return nil // which depends on WithFreshness
	}}
}

// WithTimeout bounds one fetch, redirects and body included, by the system's clock,
// whatever clock the verifiers have. The default is 10 seconds; a d that is not positive is
// an error.
func WithTimeout(d time.Duration) RemoteOption {
	return remoteOption{"WithTimeout", func(c *config) error {
		c.timeout = d
		return positive(d)
	}}
}

func positive(d time.Duration) error {
	if d <= 0 {
		return fmt.Errorf("%v is not positive", d)
	}
	return nil
}

// isNil sees a nil pointer, func, map, slice or channel inside an interface too.
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
		c.fault(o.name, errors.New("given twice"))
	}
	c.given[o.name] = true
	c.fault(o.name, o.set(c))
}

// A config is what the options say, and every fault of it, so that one error shows them all.
type config struct {
	constructor string
	given       map[string]bool
	faults      []error

	transport          http.RoundTripper
	loopback           bool
	minFresh, maxFresh time.Duration
	interval           time.Duration
	outageLimit        time.Duration
	timeout            time.Duration
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
	}
	for _, o := range opts {
		if o == nil {
			c.fault("options", errors.New("a nil option"))
			continue
		}
		o.forRemote(c)
	}
	if c.outageLimit < c.maxFresh {
		c.fault("WithOutageLimit", fmt.Errorf("%v is less than a set may be fresh for (WithFreshness), %v", c.outageLimit, c.maxFresh))
	}
	if c.transport == nil {
		c.transport = ownTransport()
	}
	return c
}

func (c *config) fault(what string, err error) {
	if err != nil {
		c.faults = append(c.faults, fmt.Errorf("jwks: %s: %s: %w", c.constructor, what, err))
	}
}

func (c *config) err() error { return errors.Join(c.faults...) }
