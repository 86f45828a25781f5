package jwtexptest

import (
	"fmt"
	"net/url"
)

// requestRules are about where the token is in the request.
var requestRules = []rule{
	{"missing token", "RFC 6750 §3", `answer 401 with "WWW-Authenticate: Bearer" and a realm`, func(*suite) []probe {
		return []probe{{name: "no token", want: challenged}}
	}},
	{"other scheme", "RFC 6750 §2.1", "accept only a token after Bearer and a space", func(s *suite) []probe {
		return []probe{
			{name: "Basic", authorization: []string{"Basic YWxpY2U6YWxpY2U="}, want: challenged},
			{name: "the token under another scheme", authorization: []string{"Token " + s.good}, want: challenged},
			{name: "the token without a scheme", authorization: []string{s.good}, want: challenged},
		}
	}},
	{"scheme in any case", "RFC 9110 §11.1", "compare the scheme with strings.EqualFold", func(s *suite) []probe {
		return []probe{
			{name: "bearer", authorization: []string{"bearer " + s.good}, want: accepted},
			{name: "BEARER", authorization: []string{"BEARER " + s.good}, want: accepted},
		}
	}},
	{"scheme without a token", "RFC 6750 §3.1", "check that a token follows the scheme, and answer 400 or 401 if not", func(*suite) []probe {
		return []probe{
			{name: "Bearer", authorization: []string{"Bearer"}, want: challenged},
			{name: "Bearer and a space", authorization: []string{"Bearer "}, want: challenged},
		}
	}},
	{"two tokens", "RFC 6750 §2.1", "reject a header with more than one token: another component may use the second", func(s *suite) []probe {
		return []probe{
			{name: "a good token and a forged one", authorization: []string{"Bearer " + s.good + " " + s.forged()}, want: rejected},
			{name: "a good token twice, with a comma", authorization: []string{"Bearer " + s.good + ", Bearer " + s.good}, want: rejected},
		}
	}},
	{"two headers", "RFC 6750 §3.1", `reject a request with two Authorization headers: Header.Get returns only the first, Header.Values returns both`, func(s *suite) []probe {
		return []probe{
			{name: "a good token and a forged one", authorization: []string{"Bearer " + s.good, "Bearer " + s.forged()}, want: rejected},
			{name: "a good token twice", authorization: []string{"Bearer " + s.good, "Bearer " + s.good}, want: rejected},
		}
	}},
	{"token in the query", "RFC 9700 §4.3.2", "ignore tokens in a URL: URLs end up in logs and Referer headers", func(s *suite) []probe {
		return []probe{
			{name: "access_token", query: "access_token=" + url.QueryEscape(s.good), want: rejected},
			{name: "token", query: "token=" + url.QueryEscape(s.good), want: rejected},
		}
	}},
	{"token size", "RFC 9110 §5.4", "reject a token of more than a few KiB before you decode it", func(s *suite) []probe {
		token := s.tokens.Oversized(s.Subject, s.Claims)
		return []probe{bearer(fmt.Sprintf("a token of %d KiB", len(token)>>10), token, rejected)}
	}},
}
