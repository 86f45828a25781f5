package jwtexptest

import (
	"strings"
	"time"
)

// refusalRules are about what a client is told.
var refusalRules = []rule{
	{"challenge for a bad token", "RFC 6750 §3.1", `answer 401 with "WWW-Authenticate: Bearer" and error="invalid_token": that is how a client learns that it needs a new one`, func(s *suite) []try {
		return []try{
			bearer("forged", s.forged(), toldInvalidToken),
			bearer("expired", s.good, toldInvalidToken).standingAt(s.longAfter()),
		}
	}},
	{"expired means only expired", "RFC 7519 §7.2", "verify the signature before anything else, and judge exp last: whoever is told to refresh must have had a token", func(s *suite) []try {
		return []try{
			s.alsoExpired("forged", s.forged()),
			s.alsoExpired("for somebody else", s.tokens.WrongAudience(s.Subject, s.Claims)),
			s.alsoExpired("of another typ", s.signed(func(d draft) { d.header["typ"] = "not-" + s.issued.Type() })),
		}
	}},
	{"nothing of a token in the answer", "RFC 6750 §5.3", "put no token into an answer, and no error text that quotes one", func(s *suite) []try {
		var tries []try
		for _, token := range []struct {
			name, text string
			at         time.Time
		}{
			{"forged", s.forged(), s.start},
			{"tampered", s.tokens.Tampered(s.Subject, s.Claims), s.start},
			{"expired", s.good, s.longAfter()},
		} {
			silent := want{"an answer with nothing of the token in it", func(a answer) bool { return !a.repeats(token.text) }}
			tries = append(tries, bearer(token.name, token.text, silent).standingAt(token.at))
		}
		for _, t := range s.repeated {
			t.want = want{"an answer without the token", func(a answer) bool { return !strings.Contains(a.text, t.token()) }}
			tries = append(tries, t)
		}
		return tries
	}},
}

// alsoExpired is a try of a token with another fault, when it has expired too.
func (s *suite) alsoExpired(fault, token string) try {
	inTime := s.send(bearer("", token, refused))
	told := want{"the answer of one that is in time, without a word of expiry", func(a answer) bool {
		return a.refused() && (!a.saysExpired() || inTime.saysExpired())
	}}
	return bearer(fault+" and expired", token, told).standingAt(s.longAfter())
}
