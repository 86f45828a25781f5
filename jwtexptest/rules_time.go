package jwtexptest

import "time"

// timeRules are about when a token is valid: nbf <= t < exp, and leeway outward.
var timeRules = []rule{
	{"rejected from exp on", "RFC 7519 §4.1.4", "reject from exp plus your leeway on, and compare with >=, not >; some libraries have a default leeway", func(s *suite) []probe {
		end := s.issued.ExpiresAt().Add(s.Leeway)
		return []probe{
			bearer("at exp", s.good, rejected).sentAt(end),
			bearer("a nanosecond later", s.good, rejected).sentAt(end.Add(1)),
			bearer("a year later", s.good, rejected).sentAt(end.AddDate(1, 0, 0)),
		}
	}},
	{"accepted until exp", "RFC 7519 §4.1.4", "compare as time.Time or integers, without rounding: a float is too coarse for nanoseconds", func(s *suite) []probe {
		end := s.issued.ExpiresAt().Add(s.Leeway)
		return []probe{bearer("a nanosecond before exp", s.good, accepted).sentAt(end.Add(-1))}
	}},
	{"rejected before nbf", "RFC 7519 §4.1.5", "check nbf like exp, with no more leeway than you chose", func(s *suite) []probe {
		// A whole second before exp. If the lifetime is long enough, it is after iat, even with leeway.
		iat, exp := s.issued.IssuedAt(), s.issued.ExpiresAt()
		nbf := iat.Add(s.Leeway).Truncate(time.Second).Add(time.Second)
		if last := exp.Add(-time.Second); nbf.After(last) {
			nbf = last
		}
		token := s.signed(func(d draft) { d.claims["nbf"] = nbf.Unix() })
		begin := nbf.Add(-s.Leeway)
		probes := []probe{bearer("a nanosecond before nbf", token, rejected).sentAt(begin.Add(-1))}
		if begin.Before(iat) { // when a handler with a limit on the lifetime rejects the token
			return append(probes, bearer("at iat, with nbf ahead by less than the leeway", token, accepted).sentAt(iat))
		}
		return append(probes, bearer("at nbf", token, accepted).sentAt(begin))
	}},
}

// afterExpiry returns a time at which the good token has expired, with any leeway.
func (s *suite) afterExpiry() time.Time { return s.issued.ExpiresAt().Add(time.Hour) }

// sentAt returns p with another time.
func (p probe) sentAt(now time.Time) probe {
	p.now = now
	return p
}
