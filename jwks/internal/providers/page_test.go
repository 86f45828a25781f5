package providers_test

import (
	"fmt"
	"os"
	"regexp"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const page = "../../../docs/identity-providers.md"

// A part is a fenced block, with its language and text, or a heading.
var part = regexp.MustCompile("(?ms)^```(\\w*)\n(.*?)^```$|^#+ ([^\n]+)$")

func readPage(t *testing.T) map[string]string {
	t.Helper()
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	blocks, err := blocksOf(string(text))
	if err != nil {
		t.Fatal(err)
	}
	return blocks
}

// blocksOf returns the Go blocks of a page by the heading above them. Two Go blocks below one heading
// are an error.
func blocksOf(text string) (map[string]string, error) {
	blocks := make(map[string]string)
	heading := ""
	for _, match := range part.FindAllStringSubmatch(text, -1) {
		switch {
		case match[3] != "":
			heading = match[3]
		case match[1] != "go":
		case blocks[heading] != "":
			return nil, fmt.Errorf("two Go blocks below the heading %q", heading)
		default:
			blocks[heading] = match[2]
		}
	}
	return blocks, nil
}

func TestBlocksOf(t *testing.T) {
	const text = "# Page\n## A\n```go\npackage a\n\n# no heading\n```\ntext\n```sh\n# no heading\n```\n" +
		"## B\n### C, c\n- `x`\n```go\npackage c\n```\n"
	got, err := blocksOf(text)
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{"A": "package a\n\n# no heading\n", "C, c": "package c\n"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("got other blocks (-want +got):\n%s", diff)
	}
	if _, err := blocksOf(text + "```go\npackage d\n```\n"); err == nil {
		t.Error("two Go blocks below one heading: got no error, want one")
	}
}
