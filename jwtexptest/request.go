package jwtexptest

import (
	"net/http"
	"net/http/httptest"
	"testing"
)

// NewRequest returns a request as a server gets it ([httptest.NewRequest]), without
// a body, that carries token as a Bearer token in its Authorization header; with
// token "" it has no such header. Its context is tb.Context(), which ends with the
// test. Like httptest.NewRequest it panics where method or target is none.
func NewRequest(tb testing.TB, method, target, token string) *http.Request {
	r := httptest.NewRequestWithContext(tb.Context(), method, target, nil)
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	return r
}
