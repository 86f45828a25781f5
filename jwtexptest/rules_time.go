package jwtexptest

import "time"

// timeRules are about a token's life: nbf <= t < exp, and leeway outward.
var timeRules = []rule{
	{"expired at exp", "RFC 7519 §4.1.4", "refuse from exp (plus the leeway that you chose, of which a library may have a default) on, with >= and not >", func(s *suite) []try {
		end := s.issued.ExpiresAt().Add(s.Leeway)
		return []try{
			bearer("at exp", s.good, refused).standingAt(end),
			bearer("a nanosecond later", s.good, refused).standingAt(end.Add(1)),
			bearer("a year later", s.good, refused).standingAt(end.AddDate(1, 0, 0)),
		}
	}},
	{"good until exp", "RFC 7519 §4.1.4", "compare as time.Time or in integers, which a float of nanoseconds is too coarse for, and round nothing", func(s *suite) []try {
		end := s.issued.ExpiresAt().Add(s.Leeway)
		return []try{bearer("a nanosecond before exp", s.good, taken).standingAt(end.Add(-1))}
	}},
	{"not before nbf", "RFC 7519 §4.1.5", "judge nbf as exp, with no more leeway than you chose", func(s *suite) []try {
		// A whole second, and so late that with leeway, too, it comes after iat.
		nbf := s.issued.IssuedAt().Add(s.Leeway + 2*time.Second).Truncate(time.Second)
		token := s.signed(func(d draft) { d.claims["nbf"] = nbf.Unix() })
		begin := nbf.Add(-s.Leeway)
		return []try{
			bearer("a nanosecond before nbf", token, refused).standingAt(begin.Add(-1)),
			bearer("at nbf", token, taken).standingAt(begin),
		}
	}},
}

// longAfter is a time at which the good token has expired, by whatever leeway.
func (s *suite) longAfter() time.Time { return s.issued.ExpiresAt().Add(time.Hour) }

// standingAt is t with the clock moved.
func (t try) standingAt(at time.Time) try {
	t.at = at
	return t
}
