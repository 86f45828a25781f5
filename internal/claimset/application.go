package claimset

import (
	"fmt"
	"reflect"
	"strings"

	"github.com/go-json-experiment/json"

	"github.com/jwtexp/jwtexp/internal/strictjson"
)

// strictV1 is strictjson.V1 with numbers that are not changed.
var strictV1 = json.JoinOptions(strictjson.V1, numberOptions)

// readExactly and writeExactly are strictV1 with exact floats.
var (
	readExactly  = json.JoinOptions(strictV1, json.WithUnmarshalers(json.JoinUnmarshalers(numberUnmarshalers, exactUnmarshalers)))
	writeExactly = [...]json.Options{
		noFloats:    strictV1,
		onlyFloat64: json.JoinOptions(strictV1, json.WithMarshalers(json.JoinMarshalers(numberMarshalers, exactMarshalers))),
		allFloats:   json.JoinOptions(strictV1, json.WithMarshalers(json.JoinMarshalers(numberMarshalers, exactMarshalersOfAll))),
	}
)

// Decode reads the claims set of s into dst, as json.Unmarshal does, but it rejects a number that a
// float of dst does not hold. If Parse has read the payload, Decode leaves the registered claims out
// for a plain struct. Without this short cut, decoding after Verify takes 34 % longer
// (BenchmarkVerifyAndClaims).
func (s *Set) Decode(payload string, dst any) error {
	t := goTypeOf(reflect.TypeOf(dst))
	text := make([]byte, 0, len(payload))
	if s.appEnd > 0 && t.plain != nil {
		own := payload[s.appStart:s.appEnd]
		own = own[strings.IndexByte(own, '"'):] // of the first name
		text = append(append(append(text, '{'), own...), '}')
	} else {
		text = append(text, payload...)
	}
	options := strictV1
	if t.floats == allFloats || t.floats == onlyFloat64 && mayBeInexact(text) {
		options = readExactly
	}
	if err := json.Unmarshal(text, dst, options); err != nil {
		return readFault(payload, dst, err)
	}
	return nil
}

// confirmation is the name of the claim that binds a token to a key (RFC 7800 §3.1).
const confirmation = "cnf"

// sessionID is the claim that names a login (OpenID Connect Back-Channel Logout 1.0 §2.4).
const sessionID = "sid"

// appendApp appends the members of the application's claims, with a comma after each.
func appendApp(buf []byte, s *Set, app any) ([]byte, error) {
	if app == nil {
		return buf, nil
	}
	t := goTypeOf(reflect.TypeOf(app))
	if s.SessionID == "" { // otherwise checkApp must look for sid
		if plain, ok := t.plain.append(buf, app); ok {
			return plain, nil
		}
	}
	own, err := encodeApp(s, app, writeExactly[t.floats])
	if err != nil || len(own) <= len("{}") {
		return buf, err
	}
	return append(append(buf, own[1:len(own)-1]...), ','), nil
}

// Encode returns the application's claims as Append writes them, as a JSON object. Naming a
// registered claim or sid is an error.
func Encode(app any) ([]byte, error) {
	if app == nil {
		return []byte("{}"), nil
	}
	object, err := encodeApp(&Set{SessionID: "reserved"}, app, writeExactly[goTypeOf(reflect.TypeOf(app)).floats])
	if err == nil && object == nil {
		object = []byte("{}")
	}
	return object, err
}

// encodeApp returns the application's claims as a JSON object without white space, or nil. It reads
// them again as strictly as a Verifier does, because a MarshalJSONTo method can write what the
// encoder's options forbid, such as duplicate names.
func encodeApp(s *Set, app any, options json.Options) ([]byte, error) {
	own, err := json.Marshal(app, options)
	switch {
	case err != nil:
		return nil, writeFault(app, err)
	case string(own) == "null": // a nil map or pointer: no claims, as with nil itself
		return nil, nil
	}
	text := string(own)
	if err := s.checkApp(text); err != nil {
		err = strictjson.Rules{Noun: "claim", Check: s.checkApp}.Faults(text, err)
		return nil, fmt.Errorf("application claims of type %T: %w", app, err)
	}
	return own, nil
}

// checkApp checks the application's claims, and notes whether cnf is one of them.
func (s *Set) checkApp(object string) error {
	return strictjson.Members(object, func(name string, value *strictjson.Reader) error {
		s.Confirmation = s.Confirmation || name == confirmation
		if taken := registeredLike(name); taken != "" {
			return fmt.Errorf("claim %q is set by the Issuer; leave it out of the application claims, in upper and lower case", taken)
		}
		if s.SessionID != "" && strings.EqualFold(name, sessionID) {
			return fmt.Errorf("claim %q names the session; leave it out of the application claims, in upper and lower case", sessionID)
		}
		return value.Skip()
	})
}

// registeredLike returns the registered claim that name is if case is ignored. golang-jwt, for
// example, reads "EXP" into exp.
func registeredLike(name string) string {
	for _, taken := range registered {
		if strings.EqualFold(name, taken) {
			return taken
		}
	}
	return ""
}
