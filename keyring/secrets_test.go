package keyring_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/jwtexp/jwtexp"
	"github.com/jwtexp/jwtexp/keyring"
)

// No rendering of a Ring, its keys or its errors contains key material.
func TestSecretsStayOut(t *testing.T) {
	seed := sha256.Sum256([]byte("a"))
	secret := sha256.Sum256([]byte("secret s"))
	ring := newRing(t, schedule, "a")
	if err := ring.Rotate(newSecret("s"), epoch); err != nil {
		t.Fatal(err)
	}
	values := map[string]any{
		"Ring":         ring,
		"State":        ring.State(),
		"signing key":  must(ring.SigningKey(t.Context(), epoch)),
		"trusted keys": must(ring.VerificationKeys(t.Context(), "", epoch)),
	}
	for what, err := range map[string]error{
		"Rotate again":        ring.Rotate(newSecret("s"), epoch),
		"Rotate without ID":   ring.Rotate(newSecret("s").WithID(""), epoch),
		"Rotate without time": ring.Rotate(newSecret("s").WithID("t"), time.Time{}),
		"Load":                ring.Load(ring.State(), func(string) (jwtexp.Key, error) { return newSecret("s").WithID("t"), nil }),
	} {
		if err == nil {
			t.Errorf("%s: got no error, want one", what)
		}
		values[what] = err
	}
	for what, v := range values {
		for how, text := range renderings(v) {
			for _, material := range [][]byte{seed[:], secret[:]} {
				for _, notation := range notations(material) {
					if strings.Contains(text, notation) {
						t.Errorf("%s, rendered by %s: got key material in %s", what, how, text)
					}
				}
			}
		}
	}
}

// renderings returns the texts of a value by fmt, log/slog and encoding/json.
func renderings(v any) map[string]string {
	texts := make(map[string]string)
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "% x", "%d", "%p"} {
		texts[verb] = fmt.Sprintf(verb, v)
		texts["an unexported field's "+verb] = fmt.Sprintf(verb, struct{ v any }{v})
	}
	var log bytes.Buffer
	slog.New(slog.NewTextHandler(&log, nil)).Info("message", "value", v)
	texts["slog"] = log.String()
	text, err := json.Marshal(v)
	texts["encoding/json"] = fmt.Sprint(string(text), err)
	if r := reflect.ValueOf(v); r.Kind() == reflect.Pointer {
		for how, text := range renderings(r.Elem().Interface()) {
			texts["a copy's "+how] = text
		}
	}
	return texts
}

// notations returns b as text in several encodings.
func notations(b []byte) []string {
	return []string{
		string(b), hex.EncodeToString(b), strings.ToUpper(hex.EncodeToString(b)),
		strings.Trim(fmt.Sprint(b), "[]"), fmt.Sprintf("% x", b),
		base64.RawStdEncoding.EncodeToString(b), base64.RawURLEncoding.EncodeToString(b),
		strings.TrimSuffix(strings.TrimPrefix(fmt.Sprintf("%#v", b), "[]byte{"), "}"),
	}
}

// The errors of Rotate, Revoke and Load match no verdict.
func TestErrorsAreNoVerdicts(t *testing.T) {
	ring := newRing(t, schedule)
	for what, err := range map[string]error{
		"Rotate": ring.Rotate(jwtexp.Key{}, epoch),
		"Revoke": ring.Revoke("a", epoch),
		"Load":   ring.Load(keyring.State{}, keyByID),
	} {
		for _, verdict := range []error{jwtexp.ErrExpired, jwtexp.ErrInvalid, jwtexp.ErrUnavailable} {
			if err == nil || errors.Is(err, verdict) {
				t.Errorf("%s: got %v, want an error that does not match %v", what, err, verdict)
			}
		}
	}
}
