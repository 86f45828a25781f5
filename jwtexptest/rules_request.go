package jwtexptest

import "net/url"

// requestRules are about where a token is, and how it got there.
var requestRules = []rule{
	{"missing token", "RFC 6750 §3", `answer 401 with "WWW-Authenticate: Bearer" and a realm`, func(*suite) []try {
		return []try{{name: "no Authorization header", want: challenged}}
	}},
	{"other scheme", "RFC 6750 §2.1", "take nothing but what follows Bearer and a space", func(s *suite) []try {
		return []try{
			{name: "Basic", authorization: []string{"Basic YWxpY2U6YWxpY2U="}, want: challenged},
			{name: "the token under another scheme", authorization: []string{"Token " + s.good}, want: challenged},
			{name: "the token without a scheme", authorization: []string{s.good}, want: challenged},
		}
	}},
	{"case of the scheme", "RFC 9110 §11.1", "compare the scheme by strings.EqualFold", func(s *suite) []try {
		return []try{
			{name: "bearer", authorization: []string{"bearer " + s.good}, want: taken},
			{name: "BEARER", authorization: []string{"BEARER " + s.good}, want: taken},
		}
	}},
	{"scheme without a token", "RFC 6750 §3.1", "look whether a token follows before taking it; the answer is 400 or 401", func(*suite) []try {
		return []try{
			{name: "Bearer", authorization: []string{"Bearer"}, want: challenged},
			{name: "Bearer and a space", authorization: []string{"Bearer "}, want: challenged},
		}
	}},
	{"two tokens", "RFC 6750 §2.1", "refuse whatever follows the first token: another part of the system may take that", func(s *suite) []try {
		return []try{
			{name: "a good token and a forged one", authorization: []string{"Bearer " + s.good + " " + s.forged()}, want: refused},
			{name: "a good token twice, with a comma", authorization: []string{"Bearer " + s.good + ", Bearer " + s.good}, want: refused},
		}
	}},
	{"two headers", "RFC 6750 §3.1", `look at all of Header.Values("Authorization"), and refuse two: Header.Get sees the first alone`, func(s *suite) []try {
		return []try{
			{name: "a good token and a forged one", authorization: []string{"Bearer " + s.good, "Bearer " + s.forged()}, want: refused},
			{name: "a good token twice", authorization: []string{"Bearer " + s.good, "Bearer " + s.good}, want: refused},
		}
	}},
	{"token in the query", "RFC 9700 §4.3.2", "take no token from a URL, which ends up in logs and in Referer headers", func(s *suite) []try {
		return []try{
			{name: "access_token", query: "access_token=" + url.QueryEscape(s.good), want: refused},
			{name: "token", query: "token=" + url.QueryEscape(s.good), want: refused},
		}
	}},
	{"size", "RFC 9110 §5.4", "refuse a token of more than a few KiB before decoding it", func(s *suite) []try {
		return []try{bearer("a token of more than 64 KiB", s.tokens.Oversized(s.Subject, s.Claims), refused)}
	}},
}
