package conformance

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"
)

// Token returns the token to verify.
func (c *Case) Token() (string, error) {
	if c.Recipe == nil {
		return c.Plain, nil
	}
	return c.Recipe.token(c.JWK)
}

// A recipe describes a token that is too large for the file.
type recipe struct {
	Op              string // "concat" of the items, or "hs256": a token signed with the case's secret
	Items           []item
	Header, Payload []item
}

// An item is a text, or a text to repeat: {"repeat":"text","n":2}.
type item string

func (i *item) UnmarshalJSON(text []byte) error {
	if text[0] == '"' {
		return json.Unmarshal(text, (*string)(i))
	}
	var r struct {
		Repeat string
		N      int
	}
	err := json.Unmarshal(text, &r)
	*i = item(strings.Repeat(r.Repeat, r.N))
	return err
}

func join(items []item) []byte {
	var all []byte
	for _, i := range items {
		all = append(all, i...)
	}
	return all
}

func (r *recipe) token(key json.RawMessage) (string, error) {
	switch r.Op {
	case "concat":
		return string(join(r.Items)), nil
	case "hs256":
		var secret jwk
		if err := json.Unmarshal(key, &secret); err != nil {
			return "", err
		}
		base64url := base64.RawURLEncoding.EncodeToString
		signed := base64url(join(r.Header)) + "." + base64url(join(r.Payload))
		mac := hmac.New(sha256.New, secret.K)
		mac.Write([]byte(signed))
		return signed + "." + base64url(mac.Sum(nil)), nil
	}
	return "", fmt.Errorf("token_recipe: unsupported op %q", r.Op)
}
