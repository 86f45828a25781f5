package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const root = "../../../"

// The file is what this program writes, so that it can be reviewed here.
func TestFileIsUpToDate(t *testing.T) {
	got, err := os.ReadFile(root + file)
	if err != nil {
		t.Fatal(err)
	}
	gotLines, wantLines := bytes.Split(got, []byte("\n")), bytes.Split(encode(allCases()), []byte("\n"))
	if len(gotLines) != len(wantLines) {
		t.Errorf("got %d lines, want %d; run go run ./internal/conformance/corpus", len(gotLines), len(wantLines))
	}
	for i := range min(len(gotLines), len(wantLines)) {
		if !bytes.Equal(gotLines[i], wantLines[i]) {
			t.Fatalf("line %d: got\n%s\nwant\n%s\nrun go run ./internal/conformance/corpus", i+1, gotLines[i], wantLines[i])
		}
	}
}

// Each case has a name of its own, a verdict, a reason, and a reference.
func TestCasesAreComplete(t *testing.T) {
	seen := make(map[string]bool)
	for _, c := range allCases() {
		if seen[c.ID] {
			t.Errorf("%s: got the ID twice, want it once", c.ID)
		}
		seen[c.ID] = true
		if got := strings.TrimPrefix(c.ID, c.Source+"/"); got == "" || got == c.ID {
			t.Errorf("got the ID %q, want one that begins with %s/", c.ID, c.Source)
		}
		if !slices.Contains([]string{ok, expired, notYetValid, invalid}, c.Want) || c.Reason == "" || c.Ref == "" {
			t.Errorf("%s: got the verdict %q, the reason %q and the reference %q, want all three", c.ID, c.Want, c.Reason, c.Ref)
		}
		if !json.Valid(c.Key) || (c.Written == nil) == (c.Recipe == nil) {
			t.Errorf("%s: want a key that is JSON, and either a token or a recipe", c.ID)
		}
	}
}

// docs/conformance.md shows how many cases each family has.
func TestDocumentedCounts(t *testing.T) {
	document, err := os.ReadFile(root + "docs/conformance.md")
	if err != nil {
		t.Fatal(err)
	}
	const start = "| family | cases |"
	_, table, found := strings.Cut(string(document), start)
	if !found {
		t.Fatalf("got no table that begins with %q in docs/conformance.md, want one", start)
	}
	table, _, _ = strings.Cut(table, "\n\n")
	var got []string
	for _, row := range strings.Split(table, "\n")[2:] {
		cells := strings.Split(row, "|")
		got = append(got, strings.TrimSpace(cells[1])+" "+strings.TrimSpace(cells[2]))
	}
	var want []string
	total := 0
	for _, f := range families() {
		want = append(want, fmt.Sprintf("%s %d", f.name, len(f.cases)))
		total += len(f.cases)
	}
	want = append(want, fmt.Sprintf("all %d", total))
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("docs/conformance.md (-want +got):\n%s", diff)
	}
}
