//go:build rules

package release_test

import (
	"strings"
	"testing"
)

// try-release accepts the repository as it is, and finds each fault.
func TestTryRelease(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, file, old, new string
		want                 string // the error, "" for none
	}{
		{"no fault", "", "", "", ""},
		{"a module whose line is not code", "docs/a.md", "`go get " + root + "/sub`", "go get " + root + "/sub", "lack the line: go get " + root + "/sub"},
		{"a command without a line", "README.md", "go install", "go build", "lack the line: go install " + root + "/cmd/tool@latest"},
		{"a line for a module that does not exist", "docs/a.md", "Module", "`go get " + root + "/sup`: Module", "/sup"},
		{"the command keeps its replace", ".ci/release", "|| drop_replace", "|| true", "must not contain directives that would cause"},
		{"a requirement of a version that does not exist", ".ci/release", `-require="$(path_of "$needed")@$version"`,
			`-require="$(path_of "$needed")@v0.0.9"`, "unknown revision v0.0.9"},
		{"a command of the page fails", "docs/releasing.md", "git pull", "git pul", "git pul"},
		{"the page pushes no tags", "docs/releasing.md", "origin main $(", "origin main && : $(", "pushed no tag"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			files := tree(t)
			r := newRepository(t, files)
			if tt.file != "" {
				text := strings.ReplaceAll(files[tt.file], tt.old, tt.new)
				if text == files[tt.file] {
					t.Fatalf("%s has no %q", tt.file, tt.old)
				}
				r.write(tt.file, text) // not committed: it tries the working tree
			}
			want := r.must("git", "for-each-ref")
			if tt.want == "" {
				r.must(".ci/try-release")
			} else {
				r.fails(tt.want, ".ci/try-release")
			}
			if got := r.must("git", "for-each-ref"); got != want {
				t.Errorf("got the references\n%s\nwant no change:\n%s", got, want)
			}
		})
	}
}
