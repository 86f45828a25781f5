package jwtexp_test

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"math"
	"math/big"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/jwtexp/jwtexp"
	"github.com/jwtexp/jwtexp/jwtexptest"
)

var confUpdate = flag.Bool("update-deviations", false, "rewrite "+confGolden+" for the files of JWTEXP_CASES")

// TestConformance judges cases that others have collected: each is a token, a
// configuration, a clock and the verdict that is wanted. It contributes the
// configuration and compares; every verdict is Verify's.
func TestConformance(t *testing.T) {
	files := filepath.SplitList(os.Getenv("JWTEXP_CASES"))
	if len(files) == 0 {
		t.Skip("no cases: set JWTEXP_CASES to a file of cases, one JSON object a line, or to several as in PATH: JWTEXP_CASES=cases.jsonl go test -run TestConformance")
	}
	var all confTally
	golden := ""
	for _, file := range files {
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		tally, total := confRun(t, content)
		if total == 0 {
			t.Fatalf("%s: no case", file)
		}
		section := tally.section(content)
		golden += section
		if tally.cases == total && !*confUpdate { // with -run for some subtests it sees some deviations
			confCompare(t, file, content, section)
		}
		all.add(tally)
	}
	if *confUpdate {
		if err := os.WriteFile(confGolden, []byte(golden), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	all.print()
}

func confRun(t *testing.T, content []byte) (tally confTally, total int) {
	t.Helper()
	lines := json.NewDecoder(bytes.NewReader(content))
	for {
		var c confCase
		if err := lines.Decode(&c); err == io.EOF {
			return tally, total
		} else if err != nil {
			t.Fatalf("case %d: %v", total+1, err)
		}
		total++
		t.Run(c.ID, func(t *testing.T) { tally.judge(t, &c) })
	}
}

// confTally counts. A case that is refused at setup is ok or wrong as well.
type confTally struct {
	cases, ok, skipped         int
	wrong, refused, deviations []string
}

// confNotOffered are the needs of cases that no configuration of jwtexp meets:
// exp is never optional, secrets are never short, iat is no gate, and lifetime is
// bounded by WithMaxLifetime, which counts otherwise.
var confNotOffered = []string{"exp_optional", "weak_hmac_key", "iat_check", "max_age"}

func (y *confTally) judge(t *testing.T, c *confCase) {
	y.cases++
	if slices.ContainsFunc(c.Needs, func(need string) bool { return slices.Contains(confNotOffered, need) }) {
		y.skipped++
		return
	}
	answer, err := c.answer(t)
	if answer == confRefused {
		y.refused = append(y.refused, c.ID)
		answer = "invalid"
	}
	switch {
	case !c.accepts(answer):
		y.wrong = append(y.wrong, c.ID)
		t.Errorf("%s: got %s (%v), want %s or one of %q: %s", c.Name, answer, err, c.Want, c.WantAny, c.Reason)
		return
	case answer != c.Want:
		y.deviations = append(y.deviations, fmt.Sprintf("%s %s (preferred: %s)", c.ID, answer, c.Want))
	}
	y.ok++
}

func (y *confTally) add(other confTally) {
	y.cases += other.cases
	y.ok += other.ok
	y.skipped += other.skipped
	y.wrong = append(y.wrong, other.wrong...)
	y.refused = append(y.refused, other.refused...)
	y.deviations = append(y.deviations, other.deviations...)
}

// print writes to stdout and not to the test's log, which is shown only where
// something fails, or with -v.
func (y *confTally) print() {
	fmt.Printf("conformance: %d cases, %d ok, %d wrong, %d skipped, %d refused at setup\n",
		y.cases, y.ok, len(y.wrong), y.skipped, len(y.refused))
	for _, list := range []struct {
		title string
		ids   []string
	}{
		{"wrong", y.wrong},
		{"refused at setup", y.refused},
		{"deviations", y.deviations},
	} {
		if len(list.ids) > 0 {
			fmt.Printf("%s:\n\t%s\n", list.title, strings.Join(list.ids, "\n\t"))
		}
	}
}

// confGolden lists the cases that pass on another verdict than the preferred one:
// for each file of cases a title, its checksum, and then its deviations.
const confGolden = "testdata/conformance-deviations.golden"

func confTitle(content []byte) string { return fmt.Sprintf("# sha256 %x\n", sha256.Sum256(content)) }

func (y *confTally) section(content []byte) string {
	slices.Sort(y.deviations)
	return confTitle(content) + strings.Join(y.deviations, "\n") + "\n"
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

// confCase is one line of a file of cases. What is absent is not configured.
type confCase struct {
	ID, Name, Reason string
	Layer            string // "jwt", or "jws": only form and signature are asked about
	Token            string
	Recipe           *confRecipe        `json:"token_recipe"` // instead of Token
	Key              json.RawMessage    // a JWK or a JWK Set
	Algorithms       []jwtexp.Algorithm `json:"algs"`
	Now              confDecimal        // Unix seconds
	Leeway           confDecimal        `json:"leeway_s"`
	Issuer, Subject  *string
	Audience         []string
	Type             *string  `json:"typ"`
	Required         []string // claims
	Want             string
	WantAny          []string `json:"want_any"`
	Needs            []string
}

// confRefused is the answer of a configuration that no Verifier can be made of
// because of its key or its leeway.
const confRefused = "refused at setup"

// accepts tells whether an answer passes. The cases call invalid whatever is
// refused and neither expired nor early; an outage, which is no verdict on the
// token, passes as that, but always as a deviation.
func (c *confCase) accepts(answer string) bool {
	if answer == "unavailable" {
		answer = "invalid"
	}
	return answer == c.Want || slices.Contains(c.WantAny, answer)
}

func (c *confCase) answer(t *testing.T) (string, error) {
	t.Helper()
	keys, err := confKeySet(c.Key, c.Algorithms)
	if err != nil {
		return confRefused, err
	}
	leeway := jwtexp.WithLeeway(c.Leeway.duration())
	if _, err := jwtexp.NewVerifier(keys, leeway); err != nil {
		return confRefused, err
	}
	v, err := jwtexp.NewVerifier(keys, append(c.options(), leeway)...)
	if err != nil {
		return "refused at setup for another fault than the key's or the leeway's", err
	}
	token := c.Token
	if c.Recipe != nil {
		token = c.Recipe.token(t, c.Key)
	}
	_, err = v.Verify(t.Context(), token)
	if c.Layer == "jws" {
		return confSignatureVerdict(err), err
	}
	return confVerdict(err), err
}

func (c *confCase) options() []jwtexp.VerifierOption {
	options := []jwtexp.VerifierOption{jwtexp.WithClock(jwtexptest.NewClock(c.Now.time()))}
	if c.Issuer != nil {
		options = append(options, jwtexp.WithIssuer(*c.Issuer))
	}
	if c.Audience != nil {
		options = append(options, jwtexp.WithAudience(c.Audience...))
	}
	if typ := c.typ(); typ != "" {
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

// typ is what WithType has to name, "" for nothing. A jws case that configures no
// typ asks about the signature, which is not reached where the token has a typ
// that nobody named: there it names the token's.
func (c *confCase) typ() string {
	switch {
	case c.Type != nil:
		return *c.Type
	case c.Layer != "jws":
		return ""
	}
	segment, _, _ := strings.Cut(c.Token, ".")
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

func confVerdict(err error) string {
	invalid, _ := errors.AsType[*jwtexp.InvalidError](err)
	switch {
	case err == nil:
		return "ok"
	case errors.Is(err, jwtexp.ErrExpired):
		return "expired"
	case errors.Is(err, jwtexp.ErrInvalid) && invalid.Reason == jwtexp.ReasonNotYetValid:
		return "not_yet_valid"
	case errors.Is(err, jwtexp.ErrInvalid):
		return "invalid"
	case errors.Is(err, jwtexp.ErrUnavailable):
		return "unavailable"
	}
	return "no verdict"
}

// confSignatureVerdict is ok where Verify got past the signature: the payload
// of a jws case is mostly no claims set, and refusing it then is right.
func confSignatureVerdict(err error) string {
	if errors.Is(err, jwtexp.ErrUnavailable) {
		return "unavailable"
	}
	if invalid, ok := errors.AsType[*jwtexp.InvalidError](err); ok {
		switch invalid.Reason {
		case jwtexp.ReasonTooLarge, jwtexp.ReasonMalformed, jwtexp.ReasonType,
			jwtexp.ReasonAlgorithm, jwtexp.ReasonUnknownKey, jwtexp.ReasonSignature:
			return "invalid"
		}
	}
	return "ok"
}

// confDecimal is a number of seconds, read exactly to the nanosecond. What is
// below is cut, as a clock cuts it.
type confDecimal struct{ nanoseconds big.Int }

func (d *confDecimal) UnmarshalJSON(text []byte) error {
	seconds, ok := new(big.Rat).SetString(string(text))
	if !ok {
		return fmt.Errorf("%q is not a number", text)
	}
	n := seconds.Mul(seconds, big.NewRat(int64(time.Second), 1))
	d.nanoseconds.Div(n.Num(), n.Denom()) // rounds down, also below 0
	return nil
}

func (d *confDecimal) time() time.Time {
	sec, nsec := new(big.Int).DivMod(&d.nanoseconds, big.NewInt(int64(time.Second)), new(big.Int))
	return time.Unix(sec.Int64(), nsec.Int64())
}

// duration is the longest there is where d is longer still.
func (d *confDecimal) duration() time.Duration {
	if !d.nanoseconds.IsInt64() {
		return math.MaxInt64
	}
	return time.Duration(d.nanoseconds.Int64())
}

// confRecipe describes a token that is too large to be written down.
type confRecipe struct {
	Op              string // "concat" of the items, or "hs256": a token signed with the case's secret
	Items           []confItem
	Header, Payload []confItem
}

// confItem is a text, or one repeated: {"repeat":"text","n":2}.
type confItem string

func (i *confItem) UnmarshalJSON(text []byte) error {
	if text[0] == '"' {
		return json.Unmarshal(text, (*string)(i))
	}
	var r struct {
		Repeat string
		N      int
	}
	err := json.Unmarshal(text, &r)
	*i = confItem(strings.Repeat(r.Repeat, r.N))
	return err
}

func confJoin(items []confItem) []byte {
	var all []byte
	for _, item := range items {
		all = append(all, item...)
	}
	return all
}

func (r *confRecipe) token(t *testing.T, key json.RawMessage) string {
	t.Helper()
	switch r.Op {
	case "concat":
		return string(confJoin(r.Items))
	case "hs256":
		var secret confJWK
		if err := json.Unmarshal(key, &secret); err != nil {
			t.Fatal(err)
		}
		base64url := base64.RawURLEncoding.EncodeToString
		signed := base64url(confJoin(r.Header)) + "." + base64url(confJoin(r.Payload))
		mac := hmac.New(sha256.New, secret.K)
		mac.Write([]byte(signed))
		return signed + "." + base64url(mac.Sum(nil))
	}
	t.Fatalf("token_recipe: no op %q", r.Op)
	return ""
}
