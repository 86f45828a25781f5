package jwtexptest

import (
	"encoding/json"
	"fmt"
)

// claimRules are about the content of the claims set.
var claimRules = []rule{
	{"missing exp", "RFC 9068 §2.2", "require exp: a token without it never expires", func(s *suite) []probe {
		return []probe{bearer("no exp", s.tokens.WithoutExp(s.Subject, s.Claims), rejected)}
	}},
	{"claim names in exact case", "RFC 7519 §7.3", "match claim names in exact case: encoding/json also accepts EXP for exp", func(s *suite) []probe {
		// With EXP as exp, the token has the lifetime that the handler accepts.
		late := s.afterExpiry()
		claims := draftOf(s.good).claims
		claims["iat"] = late.Unix()
		text := claims.and(fmt.Sprintf(`"EXP":%d`, late.Add(s.Lifetime).Unix()))
		return []probe{
			bearer("EXP in the future, after an exp in the past", s.withClaims(text), rejected).sentAt(late),
			bearer("EXP without exp", s.signed(func(d draft) {
				d.claims["EXP"] = d.claims["exp"]
				delete(d.claims, "exp")
			}), rejected),
		}
	}},
	{"exp is a number", "RFC 7519 §4.1.4", "accept only a JSON number for exp: json.Number also accepts a string", func(s *suite) []probe {
		return []probe{
			bearer("a string", s.signed(func(d draft) { d.claims["exp"] = fmt.Sprint(d.claims["exp"]) }), rejected),
			bearer("null", s.signed(func(d draft) { d.claims["exp"] = nil }), rejected),
		}
	}},
	{"exp out of range", "RFC 7519 §2", "reject an exp after the year 9999: it overflows, or the token never expires", func(s *suite) []probe {
		return []probe{
			bearer("1e300", s.signed(func(d draft) { d.claims["exp"] = json.Number("1e300") }), rejected),
			bearer("9223372036854775807", s.signed(func(d draft) { d.claims["exp"] = json.Number("9223372036854775807") }), rejected),
		}
	}},
	{"nbf out of range", "RFC 7519 §4.1.5", "reject an nbf after the year 9999 before you convert it to an integer or a time.Time, which may overflow into the past", func(s *suite) []probe {
		var probes []probe
		for _, nbf := range []json.Number{"9223372036854775807", "1e19", "1e300"} {
			probes = append(probes, bearer(nbf.String(), s.signed(func(d draft) { d.claims["nbf"] = nbf }), rejected))
		}
		return probes
	}},
	{"duplicate claim", "RFC 7519 §4", "reject a claims set with a duplicate name: one parser takes the first value, another the last", func(s *suite) []probe {
		claims := draftOf(s.good).claims
		return []probe{
			bearer("exp in the past, then in the future", s.withClaims(`{"exp":1,`+string(claims.text()[1:])), rejected),
			bearer("exp in the future, then in the past", s.withClaims(claims.and(`"exp":1`)), rejected),
			bearer("the same exp twice", s.withClaims(claims.and(fmt.Sprintf(`"exp":%v`, claims["exp"]))), rejected),
		}
	}},
	{"wrong audience", "RFC 7519 §4.1.3", "require your service's name in aud; without a name, reject every token that has aud: it is for another service", func(s *suite) []probe {
		return []probe{
			bearer("another audience", s.tokens.WrongAudience(s.Subject, s.Claims), rejected),
			bearer("another audience, in an array", s.signed(func(d draft) { d.claims["aud"] = []string{otherAudience(s.issued)} }), rejected),
		}
	}},
	{"missing audience", "RFC 7519 §4.1.3", "require aud: many libraries check it only if it is there", func(s *suite) []probe {
		if s.issued.Audience() == nil {
			return nil
		}
		return []probe{bearer("no aud", s.signed(func(d draft) { delete(d.claims, "aud") }), rejected)}
	}},
	{"wrong issuer", "RFC 8725 §3.8", "require that iss equals the issuer that the key belongs to", func(s *suite) []probe {
		if s.issued.Issuer() == "" {
			return nil
		}
		return []probe{
			bearer("another issuer", s.signed(func(d draft) { d.claims["iss"] = "not " + s.issued.Issuer() }), rejected),
			bearer("an issuer with the same prefix", s.signed(func(d draft) { d.claims["iss"] = s.issued.Issuer() + ".example" }), rejected),
			bearer("no iss", s.signed(func(d draft) { delete(d.claims, "iss") }), rejected),
		}
	}},
}
