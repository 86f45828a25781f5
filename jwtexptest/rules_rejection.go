package jwtexptest

import "time"

// rejectionRules are about what a rejected client learns.
var rejectionRules = []rule{
	{"challenge for a bad token", "RFC 6750 §3.1", `answer 401 with "WWW-Authenticate: Bearer" and error="invalid_token", so that the client asks for a new token`, func(s *suite) []probe {
		return []probe{
			bearer("forged", s.forged(), rejectedAsInvalid),
			bearer("expired", s.good, rejectedAsInvalid).sentAt(s.afterExpiry()),
		}
	}},
	{"expired means only expired", "RFC 7519 §7.2", "verify the signature first and check exp last: only the owner of an otherwise valid token may be told to refresh it", func(s *suite) []probe {
		return []probe{
			s.alsoExpired("forged", s.forged()),
			s.alsoExpired("wrong audience", s.tokens.WrongAudience(s.Subject, s.Claims)),
			s.alsoExpired("wrong typ", s.signed(func(d draft) { d.header["typ"] = "not-" + s.issued.Type() })),
		}
	}},
	{"no token in the response", "RFC 6750 §5.3", "don't write a token, or an error text that quotes one, to a response", func(s *suite) []probe {
		var probes []probe
		for _, token := range []struct {
			name, text string
			now        time.Time
		}{
			{"forged", s.forged(), s.start},
			{"tampered", s.tokens.Tampered(s.Subject, s.Claims), s.start},
			{"expired", s.good, s.afterExpiry()},
		} {
			noLeak := want{"a response without any part of the token", func(r response) bool { return !r.leaks(token.text) }}
			probes = append(probes, bearer(token.name, token.text, noLeak).sentAt(token.now))
		}
		for _, p := range s.leaked {
			p.want = want{"a response without the token", func(r response) bool { return !s.quotes(r, p) }}
			probes = append(probes, p)
		}
		return probes
	}},
}

// alsoExpired sends a token with another fault before its expiry, and returns the probe that sends
// it afterwards. A handler may mention expiry then only if it also did before.
func (s *suite) alsoExpired(fault, token string) probe {
	before := s.send(bearer("", token, rejected))
	noExpiry := want{"4xx that does not mention expiry", func(r response) bool {
		return r.rejects() && (!r.mentionsExpiry() || before.mentionsExpiry())
	}}
	return bearer(fault+" and expired", token, noExpiry).sentAt(s.afterExpiry())
}
