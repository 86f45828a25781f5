//go:build rules

package rules_test

import (
	"fmt"
	"go/format"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"
)

// A page is a Markdown file. Its path begins at the root of the repository.
type page struct{ path, text string }

// pages returns all Markdown files of the repository.
func pages(t *testing.T) []page {
	t.Helper()
	var found []page
	readTree(t, ".md", func(path, text string) { found = append(found, page{path, text}) })
	return found
}

// readTree calls read for every file of the repository whose name ends with suffix.
func readTree(t *testing.T, suffix string, read func(path, text string)) {
	t.Helper()
	err := fs.WalkDir(os.DirFS(top), ".", func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && slices.Contains([]string{".git", "testdata", "node_modules"}, entry.Name()):
			return fs.SkipDir
		case entry.IsDir() || !strings.HasSuffix(path, suffix):
			return nil
		}
		text, err := os.ReadFile(filepath.Join(top, path))
		read(path, string(text))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// A snippet is a Go block of a page, and a complete file. dir names the page and the line.
// Blocks of a page that begin with a file name, such as // main.go, share a folder.
type snippet struct{ dir, file, code string }

var (
	goBlock     = regexp.MustCompile("(?ms)^```go\n(.*?)^```$")
	fileName    = regexp.MustCompile(`^// (\w+\.go)\n`)
	testPackage = regexp.MustCompile(`(?m)^package \w+_test$`)
)

func (p page) snippets() []snippet {
	var found []snippet
	for _, at := range goBlock.FindAllStringSubmatchIndex(p.text, -1) {
		code := p.text[at[2]:at[3]]
		s := snippet{fmt.Sprintf("%s-L%d", p.path, 1+strings.Count(p.text[:at[2]], "\n")), "snippet.go", code}
		if name := fileName.FindStringSubmatch(code); name != nil {
			s.dir, s.file = p.path, name[1]
		} else if testPackage.MatchString(code) {
			s.file = "snippet_test.go"
		}
		found = append(found, s)
	}
	return found
}

// faults returns what is wrong with the snippets. All of them are built and vetted, and those
// that are tests are run. A workspace resolves their imports to the modules of the repository.
func faults(t *testing.T, snippets []snippet) []string {
	t.Helper()
	root, err := filepath.Abs(top)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	write := func(name, text string) {
		name = filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("go.mod", "module example\n\ngo 1.26.0\n")
	write("go.work", fmt.Sprintf("go 1.26.0\n\nuse (\n\t.\n\t%[1]s\n\t%[1]s/jwks\n\t%[1]s/examples/frameworks\n)\n", root))

	var found []string
	for _, s := range snippets {
		write(filepath.Join(s.dir, s.file), s.code)
		if formatted, err := format.Source([]byte(s.code)); err == nil && string(formatted) != s.code {
			found = append(found, s.dir+": not formatted with gofmt")
		}
		if strings.Contains(s.code, "http.ListenAndServe") || strings.Contains(s.code, "http.Server{") &&
			!(strings.Contains(s.code, "ReadTimeout") && strings.Contains(s.code, "WriteTimeout")) {
			found = append(found, s.dir+": a server without ReadTimeout and WriteTimeout")
		}
	}
	for _, command := range []string{"go build ./...", "go test -vet=all ./..."} {
		args := strings.Fields(command)
		cmd := exec.Command(args[0], args[1:]...)
		cmd.Dir = dir
		cmd.Env = append(os.Environ(), "GOWORK="+filepath.Join(dir, "go.work"))
		if output, err := cmd.CombinedOutput(); err != nil {
			found = append(found, fmt.Sprintf("%s: %v\n%s", command, err, output))
		}
	}
	return found
}

func TestSnippets(t *testing.T) {
	var all []snippet
	for _, p := range pages(t) {
		snippets := p.snippets()
		if got, want := len(snippets), strings.Count(p.text, "```go"); got != want {
			t.Errorf("%s: got %d Go blocks at the start of a line, want all %d", p.path, got, want)
		}
		all = append(all, snippets...)
	}
	if len(all) == 0 {
		t.Fatal("got no snippets, want some to compile")
	}
	for _, fault := range faults(t, all) {
		t.Error(fault)
	}
}

func TestBrokenSnippetsAreFound(t *testing.T) {
	const (
		excerpt   = "x := 1\n"
		unknown   = "package example\n\nvar _ = unknown\n"
		mainless  = "package main\n"
		vetted    = "package example\n\nimport \"fmt\"\n\nfunc f() { fmt.Printf(\"%d\", \"x\") }\n"
		failing   = "package example_test\n\nimport \"testing\"\n\nfunc TestX(t *testing.T) { t.Error() }\n"
		unaligned = "package example\nvar x  = 1\n"
		hanging   = "package example\n\nimport \"net/http\"\n\nvar _ = http.Server{Addr: \":80\"}\n"
		good      = "package example\n"
	)
	var text strings.Builder
	for _, code := range []string{excerpt, unknown, mainless, vetted, failing, unaligned, hanging, good} {
		fmt.Fprintf(&text, "```go\n%s```\n", code)
	}
	snippets := page{"page.md", text.String()}.snippets()
	got := strings.Join(faults(t, snippets), "\n")
	for i, s := range snippets[:7] {
		if !strings.Contains(got, s.dir) {
			t.Errorf("got no fault of snippet %d:\n%s", i, got)
		}
	}
	if strings.Contains(got, "FAIL\texample/"+snippets[7].dir) {
		t.Errorf("got a fault of a good snippet:\n%s", got)
	}
}

func TestNamedSnippetsShareAFolder(t *testing.T) {
	const text = "```go\n// a.go\npackage main\n```\n\n```go\n// b_test.go\npackage main\n```\n\n```go\npackage x_test\n```\n"
	got := page{"page.md", text}.snippets()
	for i, want := range []snippet{{dir: "page.md", file: "a.go"}, {dir: "page.md", file: "b_test.go"}, {dir: "page.md-L12", file: "snippet_test.go"}} {
		if got[i].dir != want.dir || got[i].file != want.file {
			t.Errorf("snippet %d: got %s in %s, want %s in %s", i, got[i].file, got[i].dir, want.file, want.dir)
		}
	}
}

var (
	block   = regexp.MustCompile("(?ms)^```.*?^```$")
	code    = regexp.MustCompile("`[^`\n]*`")
	link    = regexp.MustCompile(`\]\(([^)\s]+)\)`)
	heading = regexp.MustCompile(`(?m)^#+ (.*)$`)
)

// brokenLinks returns the links within the repository that lead to no file or no heading.
func (p page) brokenLinks(open func(path string) (text string, found bool)) []string {
	var broken []string
	text := code.ReplaceAllString(block.ReplaceAllString(p.text, ""), "")
	for _, match := range link.FindAllStringSubmatch(text, -1) {
		target, anchor, _ := strings.Cut(match[1], "#")
		if strings.Contains(target, ":") {
			continue // another site
		}
		there, found := p.text, true
		if target != "" {
			there, found = open(path.Join(path.Dir(p.path), target))
		}
		if !found || anchor != "" && !slices.Contains(anchors(there), anchor) {
			broken = append(broken, p.path+": "+match[1])
		}
	}
	return broken
}

// anchors returns the names that GitHub gives to the headings.
func anchors(text string) []string {
	var found []string
	for _, match := range heading.FindAllStringSubmatch(block.ReplaceAllString(text, ""), -1) {
		found = append(found, strings.Map(func(r rune) rune {
			switch {
			case r == ' ':
				return '-'
			case r == '-', r == '_', unicode.IsLetter(r), unicode.IsDigit(r):
				return unicode.ToLower(r)
			}
			return -1
		}, match[1]))
	}
	return found
}

func TestLinks(t *testing.T) {
	open := func(path string) (string, bool) {
		name := filepath.Join(top, path)
		if _, err := os.Stat(name); err != nil {
			return "", false
		}
		text, _ := os.ReadFile(name) // a folder has none
		return string(text), true
	}
	for _, p := range pages(t) {
		for _, broken := range p.brokenLinks(open) {
			t.Errorf("%s leads nowhere", broken)
		}
	}
}

func TestBrokenLinksAreFound(t *testing.T) {
	const text = "# A `heading`, here\n[a](b.md) [b](../c.md#at-c) ![c](#a-heading-here) [d](https://x.example/y) `[e](e)`\n" +
		"[f](f.md) [g](../c.md#h) [h](#h)\n```\n[i](i)\n# H\n```\n"
	open := func(path string) (string, bool) {
		text, found := map[string]string{"docs/b.md": "", "c.md": "## At C\n"}[path]
		return text, found
	}
	got := page{"docs/a.md", text}.brokenLinks(open)
	want := []string{"docs/a.md: f.md", "docs/a.md: ../c.md#h", "docs/a.md: #h"}
	if !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

var (
	testName = regexp.MustCompile(`\b(?:Test|Fuzz)[A-Z]\w*`)
	function = regexp.MustCompile(`(?m)^func (\w+)`)
)

// unknownTests returns the tests that the page names, in prose or commands, and that are not
// among functions.
func (p page) unknownTests(functions map[string]bool) []string {
	var unknown []string
	for _, name := range testName.FindAllString(goBlock.ReplaceAllString(p.text, ""), -1) {
		if !functions[name] {
			unknown = append(unknown, p.path+": "+name)
		}
	}
	return unknown
}

func TestNamedTestsExist(t *testing.T) {
	functions := make(map[string]bool)
	readTree(t, ".go", func(_, text string) {
		for _, match := range function.FindAllStringSubmatch(text, -1) {
			functions[match[1]] = true
		}
	})
	for _, p := range pages(t) {
		for _, unknown := range p.unknownTests(functions) {
			t.Errorf("%s does not exist", unknown)
		}
	}
}

func TestUnknownTestsAreFound(t *testing.T) {
	const text = "Tests: `TestA`, `TestB`, `-run '^FuzzC$'`.\n```go\nfunc TestD(t *testing.T) {}\n```\n"
	got := page{"a.md", text}.unknownTests(map[string]bool{"TestA": true})
	if want := []string{"a.md: TestB", "a.md: FuzzC"}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}
