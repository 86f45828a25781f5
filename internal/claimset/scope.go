package claimset

import "strings"

// Scope returns the scope tokens of a claims set, from scope or, if scope is absent or null, from
// scp. A claim that is neither a string nor an array of strings has none.
func (s *Set) Scope(payload string) []string {
	var claims struct {
		Scope any `json:"scope"`
		SCP   any `json:"scp"`
	}
	if s.Decode(payload, &claims) != nil {
		return nil
	}
	if claims.Scope == nil {
		return scopeTokens(claims.SCP)
	}
	return scopeTokens(claims.Scope)
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
