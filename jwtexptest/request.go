package jwtexptest

import (
	"net/http"
	"net/http/httptest"
	"testing"
)

// NewRequest returns a server request without a body ([httptest.NewRequest]) that carries token in
// the Authorization header, as a Bearer token. If token is "", there is no such header. The
// request's context is tb.Context(), which ends with the test. Like httptest.NewRequest,
// NewRequest panics if method or target is invalid.
func NewRequest(tb testing.TB, method, target, token string) *http.Request {
	r := httptest.NewRequestWithContext(tb.Context(), method, target, nil)
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	return r
}
