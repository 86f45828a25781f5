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

// confOwn has the project's own cases, which run always. The files of JWTEXP_CASES run too.
const confOwn = "testdata/conformance/cases.jsonl"

var confUpdate = flag.Bool("update-deviations", false, "rewrite "+confGolden+" for the files of JWTEXP_CASES")

// confNotOffered are the features that jwtexp does not have: exp is always required, a secret
// cannot be short, iat is not compared with the clock, and WithMaxLifetime counts differently than
// max_age.
var confNotOffered = []string{"exp_optional", "weak_hmac_key", "iat_check", "max_age"}

// TestConformance verifies tokens that are written as data, each with a configuration, a clock and
// the wanted verdict. JWTEXP_CASES names further files, separated as in PATH:
//
//	JWTEXP_CASES=cases.jsonl go test -run '^TestConformance$'
func TestConformance(t *testing.T) {
	_, tally, _ := confRun(t, confOwn)
	if len(tally.Deviations) > 0 {
		t.Errorf("%s: got deviations, want the preferred verdict on each case:\n%s", confOwn, strings.Join(tally.Deviations, "\n"))
	}

	golden := ""
	for _, file := range filepath.SplitList(os.Getenv("JWTEXP_CASES")) {
		content, tally, complete := confRun(t, file)
		section := confSection(content, tally)
		golden += section
		// With -run for some subtests, the tally has only their deviations. In FIPS 140-3 mode an
		// RSA key of 2049 bits is refused, which is the preferred verdict of two cases.
		if complete && !*confUpdate && !fips140.Enforced() {
			confCompare(t, file, content, section)
		}
	}
	if *confUpdate {
		if err := os.WriteFile(confGolden, []byte(golden), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// confRun verifies the tokens of a file and prints the counts. complete reports whether all of its
// cases ran.
func confRun(t *testing.T, file string) (content []byte, tally *conformance.Tally, complete bool) {
	t.Helper()
	content, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	cases, err := conformance.Read(content)
	if err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	tally = new(conformance.Tally)
	for _, c := range cases {
		t.Run(c.ID, func(t *testing.T) { confCheck(t, tally, c) })
	}
	// The counts go to stdout because go test shows a test's log only with -v or after a failure.
	tally.Print(os.Stdout, file)
	return content, tally, tally.Cases == len(cases)
}

func confCheck(t *testing.T, tally *conformance.Tally, c *conformance.Case) {
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
		return "refused at setup for another reason than the key or the leeway", err
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
	// exp is always required.
	required := slices.DeleteFunc(slices.Clone(c.Required), func(name string) bool { return name == "exp" })
	if c.Subject != nil || len(required) > 0 {
		options = append(options, jwtexp.WithClaims(func(claims *map[string]json.RawMessage) error {
			return confCheckClaims(*claims, c.Subject, required)
		}))
	}
	return options
}

// confType returns the typ for WithType, or "" for none. A jws case without a typ is about the
// signature. If its token has a typ, Verify would reject the token before it checks the signature,
// so confType returns the token's typ.
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
	_ = json.Unmarshal(text, &header) // an invalid header has no typ
	typ, _ := header["typ"].(string)
	return typ
}

func confCheckClaims(claims map[string]json.RawMessage, subject *string, required []string) error {
	if subject != nil {
		var sub *string
		if err := json.Unmarshal(claims["sub"], &sub); err != nil || sub == nil || *sub != *subject {
			return errors.New("sub does not match")
		}
	}
	for _, name := range required {
		if value, ok := claims[name]; !ok || string(value) == "null" {
			return fmt.Errorf("%s is missing", name)
		}
	}
	return nil
}

// confAfterSignature are the reasons to reject a token after its signature was verified. A payload
// that is not a claims set is rejected with ReasonClaims.
var confAfterSignature = []jwtexp.Reason{
	jwtexp.ReasonClaims, jwtexp.ReasonIssuer, jwtexp.ReasonAudience, jwtexp.ReasonLifetime, jwtexp.ReasonNotYetValid,
}

// confVerdict returns the verdict of an error of Verify. At layer jws the verdict is OK if the
// signature was verified. Most payloads of that layer are not claims sets, and Verify rejects them
// after that.
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
	return "not a verdict"
}

// confKeySet returns the keys of a case, without those that jwtexp refuses. If it refuses all, the
// faults are the error.
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
		case isSet: // NewKeySet requires an ID of each of several keys
			key = key.WithID(fmt.Sprintf("key %d of the set", k.Member))
		}
		keys = append(keys, key)
	}
	switch {
	case len(keys) == 0:
		return nil, errors.Join(errors.New("jwtexp refuses each key of the case"), faults)
	case len(keys) > 1 && !isSet:
		return confAnyID(keys), nil
	}
	return jwtexp.NewKeySet(keys...)
}

// confOnlyKnownSecrets reports whether each key of a case is a secret that is long enough, but well
// known, so that NewSecretKey refuses it.
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

// confAnyID is one JWK that is trusted with several algorithms. Without a JWK Set there is nothing
// for kid to choose, so it is used for any kid, as a single [jwtexp.Key] without an ID is.
type confAnyID []jwtexp.Key

func (keys confAnyID) VerificationKeys(_ context.Context, id string, _ time.Time) ([]jwtexp.Key, error) {
	named := slices.Clone(keys)
	for i, k := range named {
		named[i] = k.WithID(id)
	}
	return named, nil
}

// confGolden lists the cases of JWTEXP_CASES that pass without the preferred verdict: for each file
// a title with its checksum, and then its deviations. docs/conformance.md explains each.
const confGolden = "testdata/conformance-deviations.golden"

func confTitle(content []byte) string { return fmt.Sprintf("# sha256 %x\n", sha256.Sum256(content)) }

func confSection(content []byte, tally *conformance.Tally) string {
	slices.Sort(tally.Deviations)
	return confTitle(content) + strings.Join(tally.Deviations, "\n") + "\n"
}

// confCompare fails if a deviation is new or missing. It ignores files that are not in the golden
// file: confRun prints their deviations.
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
