package opaque_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/jwtexp/jwtexp/internal/opaque"
)

type holder struct {
	copied opaque.Pointer[string]
	fixed  opaque.Field[string]
}

func TestFmtDoesNotPrintTheTarget(t *testing.T) {
	secret := "a secret"
	h := &holder{copied: opaque.To(&secret)}
	h.fixed.Set(&secret)
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%x", "%q"} {
		if got := fmt.Sprintf(verb, h); strings.Contains(got, secret) || strings.Contains(got, fmt.Sprintf("%x", secret)) {
			t.Errorf("%s: got %s, want it without the target", verb, got)
		}
	}
	if got := *h.copied.Get() + *h.fixed.Get(); got != secret+secret {
		t.Errorf("got %q, want the target twice", got)
	}
}

func TestZeroValuesAreNil(t *testing.T) {
	var h holder
	if h.copied.Get() != nil || h.fixed.Get() != nil {
		t.Error("got a pointer, want nil")
	}
	if h.copied != (opaque.Pointer[string]{}) {
		t.Error("zero Pointers differ")
	}
}
