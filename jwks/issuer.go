package jwks

import (
	"context"
	"maps"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/jwtexp/jwtexp"
)

// ForIssuer returns a view of r that has only the keys that may sign for the issuer. Microsoft Entra
// publishes one JWK Set for all tenants and says in the member issuer of each JWK whose tokens it
// signs. Without this check, a token of one tenant's key could name another tenant as its issuer.
//
// A key without the member serves every issuer. In the member, {tenantid} stands for one segment of
// the path, which is not empty. Everything else must be equal. Pass issuer to [jwtexp.WithIssuer],
// too.
//
// The view shares r's fetches, has the methods WhyNot and WhyAlgorithm as r has, and is closed with
// r. It is safe for concurrent use. Make one view for an issuer, and keep it.
func (r *Remote) ForIssuer(issuer string) jwtexp.KeySet {
	if r == nil {
		r = new(Remote)
	}
	return &view{remote: r, issuer: issuer}
}

// A view is the keys of a Remote for one issuer.
type view struct {
	remote *Remote
	issuer string
	last   atomic.Pointer[issuerSet] // so that the keys are chosen once for a set
}

// An issuerSet is the part of a set that is for one issuer.
type issuerSet struct{ whole, part *keySet }

// VerificationKeys returns the keys with the given ID that are for the issuer. The caller may change
// the slice.
func (v *view) VerificationKeys(ctx context.Context, id string, now time.Time) ([]jwtexp.Key, error) {
	inner := v.remote.inner.Load()
	if inner == nil {
		return nil, outage(errZeroRemote)
	}
	s, err := inner.current(ctx, id, now)
	if err != nil {
		return nil, err
	}
	if _, err := inner.answer(s, id, now); err != nil {
		return nil, err
	}
	return slices.Clone(v.in(s.set).withID(id)), nil
}

// WhyNot returns why the issuer has no key with the given ID, as [Remote.WhyNot] does.
func (v *view) WhyNot(id string) string { return v.in(v.remote.lastSet()).whyNot(id) }

// WhyAlgorithm does for the issuer's keys what [Remote.WhyAlgorithm] does.
func (v *view) WhyAlgorithm(id string) string { return v.in(v.remote.lastSet()).whyAlgorithm(id) }

// in returns the part of a set that is for the issuer. A nil set has none.
func (v *view) in(whole *keySet) *keySet {
	if whole == nil {
		return nil
	}
	last := v.last.Load()
	if last == nil || last.whole != whole {
		last = &issuerSet{whole, whole.forIssuer(v.issuer)}
		v.last.Store(last)
	}
	return last.part
}

// forIssuer returns the part of s that is for the issuer.
func (s *keySet) forIssuer(issuer string) *keySet {
	leftOut := maps.Clone(s.leftOut)
	var own []usableJWK
	for _, j := range s.jwks {
		if j.issuer != nil && !matchesIssuer(*j.issuer, issuer) {
			leftOut[j.id] = "its issuer does not match the one passed to ForIssuer"
			continue
		}
		own = append(own, j)
	}
	part := newKeySet(own)
	part.leftOut = leftOut
	return part
}

// matchesIssuer reports whether the member issuer of a JWK stands for an issuer.
func matchesIssuer(member, issuer string) bool {
	const firstOfPath = 3 // behind the scheme, an empty segment and the host
	want, got := strings.Split(member, "/"), strings.Split(issuer, "/")
	if member == "" || len(want) != len(got) {
		return false
	}
	for i, segment := range want {
		isTenant := segment == "{tenantid}" && i >= firstOfPath && got[i] != "" && !strings.ContainsAny(got[i], "?#")
		if segment != got[i] && !isTenant {
			return false
		}
	}
	return true
}
