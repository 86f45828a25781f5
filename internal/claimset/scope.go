package claimset

import (
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// Scope returns the scope tokens of a claims set, from scope or, if scope is absent or null, from
// scp. A claim that is neither a string nor an array of strings has none.
func (s *Set) Scope(payload string) []string {
	var claims struct {
		Scope any `json:"scope"`
		SCP   any `json:"scp"`
	}
	// If Parse has read the claims set, only numbers can be errors here, and they are not scope tokens.
	_ = json.Unmarshal([]byte(payload), &claims, strictV1)
	if claims.Scope == nil {
		return scopeTokens(claims.SCP)
	}
	return scopeTokens(claims.Scope)
}

// ScopeOf returns the scope tokens of the named claims.
func (s *Set) ScopeOf(payload string, names []string) []string {
	var claims map[string]jsontext.Value
	if s.Decode(payload, &claims) != nil {
		return nil
	}
	var tokens []string
	for _, name := range names {
		var value any
		if json.Unmarshal(claims[name], &value) == nil {
			tokens = append(tokens, scopeTokens(value)...)
		}
	}
	return tokens
}

func scopeTokens(value any) []string {
	switch value := value.(type) {
	case string:
		return strings.FieldsFunc(value, func(r rune) bool { return r == ' ' })
	case []any:
		var tokens []string
		for _, element := range value {
			one, ok := element.(string)
			if !ok {
				return nil
			}
			tokens = append(tokens, one)
		}
		return tokens
	}
	return nil
}
