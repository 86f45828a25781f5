//go:build rules

package rules_test

import (
	"fmt"
	"go/scanner"
	"go/token"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// A phrase is a wording that is hard to read, with a hint on what to write instead. Its pattern
// matches whole words in any case, and a space in it also matches a line break. The rule
// accepts a match that except matches, too.
type phrase struct{ pattern, except, hint string }

// thisFile names the file of the list, which is not searched.
const thisFile = "internal/rules/wording_test.go"

var phrases = []phrase{
	{`whoever|(nobody|somebody)(\.example)?`, `\.example$`, `name the person or the program: a caller, a client, an attacker; or write "no caller", "no key"`},
	{`judg(e|es|ed|ing|e?ments?)`, ``, `write "verify", "check", "decide" or "decision"`},
	{`(and )?(go|goes|going|went|gone) by`, `^and `, `write "use", "follow" or "depend on"`},
	{`lets? (in|him in|her in|it in|them in|anybody in|everybody in)`, ``, `write "accept" or "admit"`},
	{`(that|those) of`, ``, `repeat the noun: "the clock of the Verifier"`},
	{`the (former|latter)`, ``, `repeat the noun`},
	{`tells? whether`, ``, `write "reports whether"`},
	{`(there )?(is|are) no \w+`, `^(?i:there)|no (longer|more|other|such)$`, `write "is not a", or say what it is`},
	{`(be|is|are|was|were) had`, ``, `say who has it`},
	{`of (ours|theirs)`, ``, `name the owner, or leave it out`},
	{`(has|have|had|is|are|was|were) gone`, ``, `write "has disconnected", "was removed" or "has ended"`},
	{`lets? go of`, ``, `write "drop", "remove" or "forget"`},
	{`another than`, ``, `write "other than" or "different from"`},
	{`spares`, ``, `write "saves", "avoids" or "skips"`},
	{`(is|are|was|were) to be`, ``, `write "must be" or "will be"`},
	{`tells? of|told of`, ``, `write "reports" or "mentions"`},
	{`(?-i:Where) \w+`, `^Where (in|to)$`, `write "If" or "When"`},
}

// findPhrases returns a line on each phrase in text: the place, the words and the hint.
func findPhrases(path, text string) []string {
	type hit struct {
		at   int
		line string
	}
	var hits []hit
	for _, p := range phrases {
		pattern := regexp.MustCompile(`(?i)\b(` + strings.ReplaceAll(p.pattern, " ", `\s+`) + `)\b`)
		for _, at := range pattern.FindAllStringIndex(text, -1) {
			words := strings.Join(strings.Fields(text[at[0]:at[1]]), " ")
			if p.except != "" && regexp.MustCompile(p.except).MatchString(words) {
				continue
			}
			line := 1 + strings.Count(text[:at[0]], "\n")
			hits = append(hits, hit{at[0], fmt.Sprintf("%s:%d: %q: %s", path, line, words, p.hint)})
		}
	}
	slices.SortFunc(hits, func(a, b hit) int { return a.at - b.at })
	var lines []string
	for _, h := range hits {
		lines = append(lines, h.line)
	}
	return lines
}

var notLineBreaks = regexp.MustCompile(`[^\n]+`)

// prose returns the comments and the string literals of a Go file, on the same lines. A bar
// replaces the code between them, so that no phrase crosses it.
func prose(text string) string {
	fset := token.NewFileSet()
	file := fset.AddFile("", fset.Base(), len(text))
	var s scanner.Scanner
	s.Init(file, []byte(text), nil, scanner.ScanComments)
	var found strings.Builder
	end := 0 // of the last literal
	for {
		pos, tok, literal := s.Scan()
		if tok == token.EOF {
			return found.String()
		}
		if tok != token.COMMENT && tok != token.STRING {
			continue
		}
		between := text[end:file.Offset(pos)]
		end = file.Offset(pos) + len(literal)
		if strings.TrimSpace(between) != "" {
			between = notLineBreaks.ReplaceAllLiteralString(between, "|")
		}
		found.WriteString(between + strings.TrimPrefix(literal, "//"))
	}
}

// Comments, string literals, Markdown and the demo's page use plain words.
func TestWordingIsPlain(t *testing.T) {
	for _, suffix := range []string{".go", ".md", ".html", ".css", ".js"} {
		readTree(t, suffix, func(name, text string) {
			if name == thisFile {
				return
			}
			if path.Ext(name) == ".go" {
				text = prose(text)
			}
			for _, line := range findPhrases(name, text) {
				t.Error(line)
			}
		})
	}
}

func TestPhrasesAreFound(t *testing.T) {
	tests := []struct {
		name, text string
		want       []string // the words of each phrase, with its line
	}{
		{"comment", "package p\n\n// Nobody judges it.\nvar x int", []string{`3: "Nobody"`, `3: "judges"`}},
		{"comment at the end of a line", "package p\n\nvar x int // whoever asks", []string{`3: "whoever"`}},
		{"phrase on two lines", "package p\n\n// The clock is that\n// of the Verifier.\nvar x int", []string{`3: "that of"`}},
		{"plural", "package p // these keys and those of the ring", []string{`1: "those of"`}},
		{"phrase on two indented lines", "package p\n\nfunc f() {\n\t// It is\n\t// no key.\n}", []string{`4: "is no key"`}},
		{"block comment", "package p\n\n/*\nThe former\n*/", []string{`4: "The former"`}},
		{"string", "package p\n\nvar x = \"the kid is no string\"", []string{`3: "is no string"`}},
		{"raw string", "package p\n\nvar x = `\nlet in`", []string{`4: "let in"`}},
		{"client", "package p // the client has gone", []string{`1: "has gone"`}},
		{"clock", "package p // it goes by the clock", []string{`1: "goes by"`}},
		{"condition", "package p // Where it fails, so does Verify.", []string{`1: "Where it"`}},

		{"names", "package p\n\nfunc judge(nobody int) { judge(nobody) }", nil},
		{"two strings", "package p\n\nvar x = []string{\"that\", \"of\"}", nil},
		{"code between comments", "package p\n\n// that\nvar x int // of", nil},
		{"part of a word", "package p // misjudged, prejudge", nil},
		{"status", "package p // http.StatusGone, a key that was long gone", nil},
		{"absence", "package p // There is no key, and it is no longer there.", nil},
		{"movement", "package p // Clients come and go by the thousand.", nil},
		{"question", "package p // where it lives", nil},
		{"host", "package p\n\nvar x = \"https://nobody.example\"", nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var got []string
			for _, line := range findPhrases("a.go", prose(tt.text)) {
				words, _, _ := strings.Cut(strings.TrimPrefix(line, "a.go:"), `": `)
				got = append(got, words+`"`)
			}
			if !slices.Equal(got, tt.want) {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}
