package main

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"unicode"
)

// The verdicts of a case.
const (
	ok          = "ok"
	expired     = "expired"
	notYetValid = "not_yet_valid"
	invalid     = "invalid"
)

// A Case is one line of the file. README.md beside the file describes its members.
//
// Most cases have much in common. What a case leaves out gets the default that its field's
// comment names.
type Case struct {
	ID       string          `json:"id"`     // made of the family and the name
	Source   string          `json:"source"` // made of the family
	Name     string          `json:"name"`
	Layer    string          `json:"layer"` // default: jwt
	Token    string          `json:"-"`
	Written  *string         `json:"token,omitempty"` // Token, unless there is a Recipe
	Recipe   *recipe         `json:"token_recipe,omitempty"`
	Key      json.RawMessage `json:"key"`      // default: hs256
	Algs     []string        `json:"algs"`     // default: HS256
	Now      json.Number     `json:"now"`      // default: now
	Leeway   json.Number     `json:"leeway_s"` // default: 0
	Issuer   string          `json:"issuer,omitempty"`
	Subject  string          `json:"subject,omitempty"`
	Typ      string          `json:"typ,omitempty"`
	Audience []string        `json:"audience,omitempty"`
	MaxAge   json.Number     `json:"max_age_s,omitempty"`
	Required []string        `json:"required"` // default: exp, or nothing at layer jws
	Want     string          `json:"want"`
	Or       []string        `json:"-"` // other verdicts that pass, because the case is a policy choice
	WantAny  []string        `json:"want_any,omitempty"`
	Strict   bool            `json:"strict,omitempty"`
	Needs    []string        `json:"needs,omitempty"`
	Reason   string          `json:"reason"`
	Ref      string          `json:"ref"`
}

// A recipe describes a token that is too large for the file.
type recipe struct {
	Op      string `json:"op"`
	Items   []any  `json:"items,omitempty"`
	Header  []any  `json:"header,omitempty"`
	Payload []any  `json:"payload,omitempty"`
}

// A repeat is a text that a recipe repeats.
type repeat struct {
	Text string `json:"repeat"`
	N    int    `json:"n"`
}

// A family is the cases that one file states.
type family struct {
	name  string
	cases []Case
}

// complete fills in what the cases leave out.
func (f family) complete() []Case {
	for i := range f.cases {
		f.cases[i].complete(f.name)
	}
	return f.cases
}

func (c *Case) complete(family string) {
	c.Source = "jwtexp/" + family
	c.ID = c.Source + "/" + slug(c.Name)
	if c.Recipe == nil {
		c.Written = &c.Token
	}
	if c.Layer == "" {
		c.Layer = "jwt"
	}
	if c.Key == nil {
		c.Key = hs256.jwk
	}
	if c.Algs == nil {
		c.Algs = []string{"HS256"}
	}
	if c.Now == "" {
		c.Now = json.Number(fmt.Sprint(now))
	}
	if c.Leeway == "" {
		c.Leeway = "0"
	}
	switch {
	case c.Required == nil && c.Layer == "jws":
		c.Required = []string{}
	case c.Required == nil:
		c.Required = []string{"exp"}
	}
	if c.Or != nil {
		c.WantAny = append([]string{c.Want}, c.Or...)
		c.Strict = true
	}
}

// slug makes a part of an ID of a name: small letters, digits and hyphens. Names that contain a
// JSON value often differ in other characters alone, so those that matter become words.
func slug(name string) string {
	name = minus.ReplaceAllString(strings.ReplaceAll(name, "--", "- -"), "${1} minus ")
	words := strings.FieldsFunc(strings.ToLower(punctuation.Replace(name)), func(r rune) bool {
		return r > unicode.MaxASCII || !unicode.IsLetter(r) && !unicode.IsDigit(r)
	})
	return strings.Join(words, "-")
}

var (
	minus       = regexp.MustCompile(`(^|[ e-])-`)
	punctuation = strings.NewReplacer(`"`, " quote ", "[", " bracket ", "{", " brace ", ".", " point ", "+", " plus ")
)
