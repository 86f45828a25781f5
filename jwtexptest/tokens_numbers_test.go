package jwtexptest_test

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// A changed token has the text of each number in the claims: nothing rounds it.
func TestTokensKeepNumbers(t *testing.T) {
	claims := map[string]json.RawMessage{
		"above 2^53": json.RawMessage(`281674916028284931`),
		"beyond int": json.RawMessage(`123456789012345678901234567890`),
		"fraction":   json.RawMessage(`1.0`),
		"long":       json.RawMessage(`0.1000000000000000055511151231257827`),
		"minus zero": json.RawMessage(`-0`),
		"exponent":   json.RawMessage(`1E+3`),
		"huge":       json.RawMessage(`1e400`),
		"nested":     json.RawMessage(`[{"id":9007199254740993}]`),
	}
	late := expired(t, claims)
	var got map[string]json.RawMessage
	if err := late.Claims(&got); err != nil {
		t.Fatal(err)
	}
	for _, registered := range []string{"sub", "iat", "exp", "jti"} {
		delete(got, registered)
	}
	if diff := cmp.Diff(claims, got); diff != "" {
		t.Errorf("claims (-want +got)\n%s", diff)
	}
}
