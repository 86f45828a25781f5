package jwks

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/jwtexp/jwtexp"
)

// Join returns the keys of all remotes as one set, for an issuer with several JWKS addresses. It does
// not close them.
//
//   - If a set has the token's kid without a fetch, no other set is waited for. Otherwise the
//     fetches that are needed run together, and the first set with the kid answers.
//   - If no set has the kid and one of them is unavailable, the token is [jwtexp.ErrUnavailable]:
//     that set could have it. If all were fetched and none has it, the token is invalid.
//   - A token without kid needs all sets, and is tried with up to eight keys.
//   - A set whose only JWK has no kid serves each kid that no other set has. To know that, the other
//     sets are fetched once per [WithInterval]: give each key an ID if you can.
//
// IDs should be unique across the sets. If two sets have different keys with one ID, both are tried
// once both sets were fetched. Before, a good token may be invalid.
//
// No remote, and a nil or zero Remote, is an error, which joins all faults.
func Join(remotes ...*Remote) (jwtexp.KeySet, error) {
	var faults []error
	if len(remotes) == 0 {
		faults = append(faults, errors.New("jwks: Join: no Remote; pass at least one"))
	}
	for i, r := range remotes {
		if r == nil || r.inner.Load() == nil {
			faults = append(faults, fmt.Errorf("jwks: Join: Remote %d is nil or zero; make it with NewRemote, Discover or DiscoverLater", i+1))
		}
	}
	if faults != nil {
		return nil, errors.Join(faults...)
	}
	return &joined{slices.Clone(remotes)}, nil
}

type joined struct{ remotes []*Remote }

// VerificationKeys returns the keys of the sets that have the ID, or all keys if id is "".
func (j *joined) VerificationKeys(ctx context.Context, id string, now time.Time) ([]jwtexp.Key, error) {
	type wait struct {
		remote *remote
		state  *state
		fetch  *fetch
	}
	var waits []wait
	a := answers{id: id, now: now}
	for _, r := range j.remotes {
		inner := r.inner.Load()
		s := inner.state.Load()
		switch inner.need(s, id, now) {
		case fetchAndWait:
			waits = append(waits, wait{remote: inner, state: s})
			continue
		case fetchInBackground:
			inner.startFetch(s, now)
		}
		a.add(inner, s)
	}
	if a.found {
		return a.result()
	}
	done := []reflect.SelectCase{{Dir: reflect.SelectRecv, Chan: reflect.ValueOf(ctx.Done())}}
	for i, w := range waits {
		waits[i].fetch = w.remote.startFetch(w.state, now)
		done = append(done, reflect.SelectCase{Dir: reflect.SelectRecv, Chan: reflect.ValueOf(waits[i].fetch.done)})
	}
	for len(waits) > 0 && !a.found {
		i, _, _ := reflect.Select(done)
		if i == 0 {
			for _, w := range waits {
				a.outages = append(a.outages, w.remote.notEnded(ctx, w.state))
			}
			break
		}
		w := waits[i-1]
		a.add(w.remote, w.fetch.state)
		waits, done = slices.Delete(waits, i-1, i), slices.Delete(done, i, i+1)
	}
	return a.result()
}

// WhyNot returns why a set has no key with the given ID, as [Remote.WhyNot] does.
func (j *joined) WhyNot(id string) string {
	for _, r := range j.remotes {
		if why := r.WhyNot(id); why != "" {
			return why
		}
	}
	return ""
}

// WhyAlgorithm returns why a set's keys with the given ID are for other algorithms, as
// [Remote.WhyAlgorithm] does.
func (j *joined) WhyAlgorithm(id string) string {
	for _, r := range j.remotes {
		if why := r.WhyAlgorithm(id); why != "" {
			return why
		}
	}
	return ""
}

// answers collects the answers of several sets to one call.
type answers struct {
	id  string
	now time.Time

	keys    []jwtexp.Key
	found   bool // a set has a key with the ID
	outages []*jwtexp.UnavailableError
}

// add adds the answer of the set in s.
func (a *answers) add(r *remote, s *state) {
	keys, outage := r.answer(s, a.id, a.now)
	if outage != nil {
		a.outages = append(a.outages, outage)
		return
	}
	for _, key := range keys {
		if a.id != "" && key.ID() == "" { // a Verifier accepts such a key only if it is alone
			key = key.WithID(a.id)
		}
		a.keys = append(a.keys, key)
	}
	// A sole key without an ID may serve the token, and so may a key with the ID in another set.
	a.found = a.found || a.id != "" && len(keys) > 0 && !s.set.sole
}

// result returns the keys, unless an unavailable set could have others.
func (a *answers) result() ([]jwtexp.Key, error) {
	switch {
	case a.found, len(a.outages) == 0:
		return a.keys, nil
	case len(a.outages) == 1:
		return nil, a.outages[0]
	}
	var details []string
	var causes []error
	e := &jwtexp.UnavailableError{What: "key set"}
	for _, one := range a.outages {
		details = append(details, one.Detail)
		causes = append(causes, one.Err)
		if one.RetryAfter > 0 && (e.RetryAfter == 0 || one.RetryAfter < e.RetryAfter) {
			e.RetryAfter = one.RetryAfter
		}
	}
	e.Detail, e.Err = strings.Join(details, "; "), errors.Join(causes...)
	return nil, e
}
