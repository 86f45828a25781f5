package jwtexp_test

import (
	"context"
	"crypto/fips140"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/jwtexp/jwtexp"
	"github.com/jwtexp/jwtexp/internal/conformance"
	"github.com/jwtexp/jwtexp/jwtexptest"
)

var confUpdate = flag.Bool("update-deviations", false, "rewrite "+confGolden+" for the files of JWTEXP_CASES")

// confNotOffered are the needs of cases that no configuration of jwtexp meets:
// exp is never optional, secrets are never short, iat is no gate, and lifetime is
// bounded by WithMaxLifetime, which counts otherwise.
var confNotOffered = []string{"exp_optional", "weak_hmac_key", "iat_check", "max_age"}

// TestConformance judges cases that others have collected: each is a token, a
// configuration, a clock and the verdict that is wanted. It contributes the
// configuration and compares; every verdict is Verify's.
func TestConformance(t *testing.T) {
	files := filepath.SplitList(os.Getenv("JWTEXP_CASES"))
	if len(files) == 0 {
		t.Skip("no cases: set JWTEXP_CASES to a file of cases, one JSON object a line, or to several as in PATH: JWTEXP_CASES=cases.jsonl go test -run TestConformance")
	}
	var all conformance.Tally
	golden := ""
	for _, file := range files {
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		cases, err := conformance.Read(content)
		if err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		var tally conformance.Tally
		for _, c := range cases {
			t.Run(c.ID, func(t *testing.T) { confJudge(t, &tally, c) })
		}
		section := confSection(content, &tally)
		golden += section
		// With -run for some subtests it sees some deviations, and in FIPS 140-3 mode an RSA key
		// of 2049 bits is refused, which is the preferred verdict of two cases.
		if tally.Cases == len(cases) && !*confUpdate && !fips140.Enforced() {
			confCompare(t, file, content, section)
		}
		all.Add(&tally)
	}
	if *confUpdate {
		if err := os.WriteFile(confGolden, []byte(golden), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	// To stdout and not to the test's log, which is shown only where something
	// fails, or with -v.
	all.Print(os.Stdout)
}

func confJudge(t *testing.T, tally *conformance.Tally, c *conformance.Case) {
	if c.NeedsAny(confNotOffered) {
		tally.Skip()
		return
	}
	got, err := confVerify(t, c)
	if !tally.Record(c, got) {
		t.Errorf("%s: got %s (%v), want %s or one of %q: %s", c.Name, got, err, c.Want, c.WantAny, c.Reason)
	}
}

func confVerify(t *testing.T, c *conformance.Case) (conformance.Verdict, error) {
	t.Helper()
	keys, err := confKeySet(c)
	switch {
	case confOnlyKnownSecrets(c):
		return conformance.SecretRefused, err
	case err != nil:
		return conformance.RefusedAtSetup, err
	}
	leeway := jwtexp.WithLeeway(c.Leeway.Duration())
	if _, err := jwtexp.NewVerifier(keys, leeway); err != nil {
		return conformance.RefusedAtSetup, err
	}
	options := append(confOptions(c), leeway)
	if _, err := jwtexp.NewVerifier(keys, options...); err != nil {
		return "refused at setup for another fault than the key's or the leeway's", err
	}
	token, err := c.Token()
	if err != nil {
		return "no token", err
	}
	_, err = newPair(keys, options...).Verify(t.Context(), token)
	return confVerdict(c.Layer, err), err
}

func confOptions(c *conformance.Case) []jwtexp.VerifierOption {
	options := []jwtexp.VerifierOption{jwtexp.WithClock(jwtexptest.NewClock(c.Now.Time()))}
	if c.Issuer != nil {
		options = append(options, jwtexp.WithIssuer(*c.Issuer))
	}
	if c.Audience != nil {
		options = append(options, jwtexp.WithAudience(c.Audience...))
	}
	if typ := confType(c); typ != "" {
		options = append(options, jwtexp.WithType(typ))
	}
	// exp is required whatever the configuration.
	required := slices.DeleteFunc(slices.Clone(c.Required), func(name string) bool { return name == "exp" })
	if c.Subject != nil || len(required) > 0 {
		options = append(options, jwtexp.WithClaims(func(claims *map[string]json.RawMessage) error {
			return confCheckClaims(*claims, c.Subject, required)
		}))
	}
	return options
}

// confType is what WithType has to name, "" for nothing. A jws case that
// configures no typ asks about the signature, which is not reached where the
// token has a typ that nobody named: there it names the token's.
func confType(c *conformance.Case) string {
	switch {
	case c.Type != nil:
		return *c.Type
	case c.Layer != "jws":
		return ""
	}
	segment, _, _ := strings.Cut(c.Plain, ".")
	text, _ := base64.RawURLEncoding.DecodeString(segment)
	var header map[string]any
	_ = json.Unmarshal(text, &header) // a header that is none has no typ
	typ, _ := header["typ"].(string)
	return typ
}

func confCheckClaims(claims map[string]json.RawMessage, subject *string, required []string) error {
	if subject != nil {
		var sub *string
		if err := json.Unmarshal(claims["sub"], &sub); err != nil || sub == nil || *sub != *subject {
			return errors.New("another subject")
		}
	}
	for _, name := range required {
		if value, ok := claims[name]; !ok || string(value) == "null" {
			return fmt.Errorf("no %s", name)
		}
	}
	return nil
}

// confAfterSignature are the reasons that only a token with a good signature is
// refused for. A payload that is no claims set has the first.
var confAfterSignature = []jwtexp.Reason{
	jwtexp.ReasonClaims, jwtexp.ReasonIssuer, jwtexp.ReasonAudience, jwtexp.ReasonLifetime, jwtexp.ReasonNotYetValid,
}

// confVerdict names the verdict that err is. At layer jws it is ok wherever Verify
// got past the signature: the payload of such a case is mostly no claims set, and
// refusing it then is right.
func confVerdict(layer string, err error) conformance.Verdict {
	signed := layer == "jws"
	invalid, _ := errors.AsType[*jwtexp.InvalidError](err)
	switch {
	case err == nil:
		return conformance.OK
	case errors.Is(err, jwtexp.ErrUnavailable):
		return conformance.Unavailable
	case errors.Is(err, jwtexp.ErrExpired) && signed,
		errors.Is(err, jwtexp.ErrInvalid) && signed && slices.Contains(confAfterSignature, invalid.Reason):
		return conformance.OK
	case errors.Is(err, jwtexp.ErrExpired):
		return conformance.Expired
	case errors.Is(err, jwtexp.ErrInvalid) && invalid.Reason == jwtexp.ReasonNotYetValid:
		return conformance.NotYetValid
	case errors.Is(err, jwtexp.ErrInvalid):
		return conformance.Invalid
	}
	return "no verdict"
}

// confKeySet makes a key set of the keys of a case. What jwtexp refuses is left
// out; where nothing is left, the faults are the error.
func confKeySet(c *conformance.Case) (jwtexp.KeySet, error) {
	given, isSet, faults := c.Keys()
	var keys []jwtexp.Key
	for _, k := range given {
		key, err := confKey(k)
		if err != nil {
			faults = errors.Join(faults, err)
			continue
		}
		switch {
		case k.ID != "" && isSet:
			key = key.WithID(k.ID)
		case isSet: // a set of several wants names
			key = key.WithID(fmt.Sprintf("key %d of the set", k.Member))
		}
		keys = append(keys, key)
	}
	switch {
	case len(keys) == 0:
		return nil, errors.Join(errors.New("no key is usable"), faults)
	case len(keys) > 1 && !isSet:
		return confAnyID(keys), nil
	}
	return jwtexp.NewKeySet(keys...)
}

// confOnlyKnownSecrets reports whether all keys of a case are secrets that are long enough,
// and that NewSecretKey refuses all the same, because they are well known.
func confOnlyKnownSecrets(c *conformance.Case) bool {
	smallest := map[string]int{"HS256": 32, "HS384": 48, "HS512": 64}
	given, _, _ := c.Keys()
	return len(given) > 0 && !slices.ContainsFunc(given, func(k conformance.Key) bool {
		size, ok := smallest[k.Algorithm]
		_, err := confKey(k)
		return !ok || k.Public != nil || len(k.Secret) < size || err == nil
	})
}

func confKey(k conformance.Key) (jwtexp.Key, error) {
	if k.Public == nil {
		return jwtexp.NewSecretKey(jwtexp.Algorithm(k.Algorithm), k.Secret)
	}
	return jwtexp.NewPublicKey(jwtexp.Algorithm(k.Algorithm), k.Public)
}

// confAnyID is one JWK, trusted under several algorithms. There is no set in
// which kid could choose, so that it answers to any, as a single [jwtexp.Key]
// without an ID does.
type confAnyID []jwtexp.Key

func (keys confAnyID) VerificationKeys(_ context.Context, id string, _ time.Time) ([]jwtexp.Key, error) {
	named := slices.Clone(keys)
	for i, k := range named {
		named[i] = k.WithID(id)
	}
	return named, nil
}

// confGolden lists the cases that pass on another verdict than the preferred one:
// for each file of cases a title, its checksum, and then its deviations.
// docs/conformance.md explains each.
const confGolden = "testdata/conformance-deviations.golden"

func confTitle(content []byte) string { return fmt.Sprintf("# sha256 %x\n", sha256.Sum256(content)) }

func confSection(content []byte, tally *conformance.Tally) string {
	slices.Sort(tally.Deviations)
	return confTitle(content) + strings.Join(tally.Deviations, "\n") + "\n"
}

// confCompare fails where a deviation is new or gone. A file that the golden does
// not know is somebody else's, and its deviations are only printed.
func confCompare(t *testing.T, file string, content []byte, got string) {
	t.Helper()
	golden, err := os.ReadFile(confGolden)
	if err != nil {
		t.Fatal(err)
	}
	title := confTitle(content)
	_, rest, known := strings.Cut(string(golden), title)
	if !known {
		return
	}
	deviations, _, _ := strings.Cut(rest, "# sha256")
	if diff := cmp.Diff(title+deviations, got); diff != "" {
		t.Errorf("deviations of %s (-%s +now; -update-deviations rewrites it):\n%s", file, confGolden, diff)
	}
}
