package claimset_test

import (
	"strings"
	"testing"

	"github.com/jwtexp/jwtexp/internal/claimset"
)

func TestEncode(t *testing.T) {
	type claims struct {
		Role string `json:"role"`
	}
	for _, tt := range []struct {
		app       any
		want, err string
	}{
		{nil, `{}`, ""},
		{map[string]any(nil), `{}`, ""},
		{(*claims)(nil), `{}`, ""},
		{claims{"admin"}, `{"role":"admin"}`, ""},
		{map[string]any{"n": int64(9007199254740993)}, `{"n":9007199254740993}`, ""},
		{map[string]any{"sid": "x"}, ``, `claim "sid" names the session`},
		{map[string]any{"EXP": 1}, ``, `claim "exp" is set by the Issuer`},
		{[]int{1}, ``, "[]int"},
	} {
		got, err := claimset.Encode(tt.app)
		if string(got) != tt.want || (err == nil) != (tt.err == "") || err != nil && !strings.Contains(err.Error(), tt.err) {
			t.Errorf("%v: got %s, %v, want %s and an error with %q", tt.app, got, err, tt.want, tt.err)
		}
	}
}
