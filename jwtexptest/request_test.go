package jwtexptest_test

import (
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/jwtexp/jwtexp/jwtexptest"
)

func TestNewRequest(t *testing.T) {
	tests := []struct {
		token string
		want  http.Header
	}{
		{"a.b.c", http.Header{"Authorization": {"Bearer a.b.c"}}},
		{"", http.Header{}},
	}
	for _, test := range tests {
		r := jwtexptest.NewRequest(t, "PUT", "/things?page=2", test.token)
		if diff := cmp.Diff(test.want, r.Header); diff != "" {
			t.Errorf("token %q: header (-want +got)\n%s", test.token, diff)
		}
		if got, want := r.Method+" "+r.URL.String(), "PUT /things?page=2"; got != want {
			t.Errorf("got %s, want %s", got, want)
		}
		if got, want := r.Context(), t.Context(); got != want {
			t.Errorf("got context %v, want %v", got, want)
		}
	}
}
