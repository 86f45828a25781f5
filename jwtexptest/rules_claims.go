package jwtexptest

import (
	"encoding/json"
	"fmt"
	"time"
)

// claimRules are about what a token says.
var claimRules = []rule{
	{"no exp", "RFC 9068 §2.2", "require exp: without it, a token is good for ever", func(s *suite) []try {
		return []try{bearer("no exp", s.tokens.WithoutExp(s.Subject, s.Claims), refused)}
	}},
	{"EXP for exp", "RFC 7519 §7.3", "match names in exact case: encoding/json takes EXP for exp", func(s *suite) []try {
		late := s.longAfter()
		later := late.Add(time.Hour).Unix()
		return []try{
			bearer("EXP after exp, and exp has passed", s.withClaims(s.adding(fmt.Sprintf(`"EXP":%d`, later))), refused).standingAt(late),
			bearer("EXP alone", s.signed(func(d draft) {
				delete(d.claims, "exp")
				d.claims["EXP"] = later
			}), refused),
		}
	}},
	{"exp that is no number", "RFC 7519 §4.1.4", "take a JSON number for exp and nothing else: json.Number takes a string too", func(s *suite) []try {
		return []try{
			bearer("a string", s.signed(func(d draft) { d.claims["exp"] = fmt.Sprint(d.claims["exp"]) }), refused),
			bearer("null", s.signed(func(d draft) { d.claims["exp"] = nil }), refused),
		}
	}},
	{"exp beyond all dates", "RFC 7519 §2", "refuse an exp after the year 9999: it ends never, or wraps", func(s *suite) []try {
		return []try{
			bearer("1e300", s.signed(func(d draft) { d.claims["exp"] = json.Number("1e300") }), refused),
			bearer("9223372036854775807", s.signed(func(d draft) { d.claims["exp"] = json.Number("9223372036854775807") }), refused),
		}
	}},
	{"nbf beyond all dates", "RFC 7519 §4.1.5", "refuse an nbf after the year 9999, before making an integer or a time.Time of it, where it wraps into the past", func(s *suite) []try {
		var tries []try
		for _, nbf := range []json.Number{"9223372036854775807", "1e19", "1e300"} {
			tries = append(tries, bearer(nbf.String(), s.signed(func(d draft) { d.claims["nbf"] = nbf }), refused))
		}
		return tries
	}},
	{"claim given twice", "RFC 7519 §4", "refuse a claims set with one name twice: of two readers, one takes the first and one the last", func(s *suite) []try {
		exp := s.issued.ExpiresAt().Unix()
		return []try{
			bearer("exp in the past, then in the future", s.withClaims(`{"exp":1,`+string(draftOf(s.good).claims.text()[1:])), refused),
			bearer("exp in the future, then in the past", s.withClaims(s.adding(`"exp":1`)), refused),
			bearer("the same exp twice", s.withClaims(s.adding(fmt.Sprintf(`"exp":%d`, exp))), refused),
		}
	}},
	{"audience", "RFC 7519 §4.1.3", "require that aud names you; where you have no name, refuse a token with aud, which is meant for somebody else", func(s *suite) []try {
		return []try{
			bearer("somebody else", s.tokens.WrongAudience(s.Subject, s.Claims), refused),
			bearer("somebody else, in an array", s.signed(func(d draft) { d.claims["aud"] = []string{otherAudience(s.issued)} }), refused),
		}
	}},
	{"no audience", "RFC 7519 §4.1.3", "require aud: many libraries compare it only where it is there", func(s *suite) []try {
		if s.issued.Audience() == nil {
			return nil
		}
		return []try{bearer("no aud", s.signed(func(d draft) { delete(d.claims, "aud") }), refused)}
	}},
	{"issuer", "RFC 8725 §3.8", "require iss to be exactly the issuer that the key belongs to", func(s *suite) []try {
		if s.issued.Issuer() == "" {
			return nil
		}
		return []try{
			bearer("somebody else", s.signed(func(d draft) { d.claims["iss"] = "not " + s.issued.Issuer() }), refused),
			bearer("one that begins alike", s.signed(func(d draft) { d.claims["iss"] = s.issued.Issuer() + ".example" }), refused),
			bearer("no iss", s.signed(func(d draft) { delete(d.claims, "iss") }), refused),
		}
	}},
}
