//go:build rules

package release_test

import (
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// The root and sub change nothing but the versions that they require. The command loses its
// replace lines and gets hashes.
func TestReleaseTagsEachPublishedModule(t *testing.T) {
	t.Parallel()
	r := newRepository(t, tree(t))
	head := r.must("git", "rev-parse", "HEAD")
	output := r.must(".ci/release", "v0.1.0")

	got := strings.Fields(r.must("git", "tag", "--list"))
	if diff := cmp.Diff([]string{"cmd/tool/v0.1.0", "sub/v0.1.0", "v0.1.0"}, got); diff != "" {
		t.Errorf("tags (-want +got):\n%s", diff)
	}
	if want := "git push --atomic origin main v0.1.0 sub/v0.1.0 cmd/tool/v0.1.0"; !strings.HasSuffix(output, want) {
		t.Errorf("got the last line of %q, want %q", output, want)
	}
	if got := r.must("git", "rev-parse", "v0.1.0^{commit}", "sub/v0.1.0^", "cmd/tool/v0.1.0^"); got != strings.Join([]string{head, head, head}, "\n") {
		t.Errorf("got the commits %s, want the root at %s, and the others one behind", got, head)
	}
	if got, want := r.must("git", "diff", "--name-only", head, "sub/v0.1.0"), "sub/go.mod"; got != want {
		t.Errorf("got changes of %s, want %s", got, want)
	}
	if got, want := r.must("git", "show", "sub/v0.1.0:sub/go.mod"), "replace "+root+" => ../\n\nrequire "+root+" v0.1.0"; !strings.HasSuffix(got, want) {
		t.Errorf("got %s, want %s", got, want)
	}
	if got, want := r.must("git", "diff", "--name-only", head, "cmd/tool/v0.1.0"), "cmd/tool/go.mod\ncmd/tool/go.sum"; got != want {
		t.Errorf("got changes of %s, want %s", got, want)
	}
	got = strings.Fields(strings.NewReplacer("(", "", ")", "").Replace(r.must("git", "show", "cmd/tool/v0.1.0:cmd/tool/go.mod")))
	want := []string{"module", root + "/cmd/tool", "go", "1.26.0", "require", root, "v0.1.0", "require", root + "/sub", "v0.1.0"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("go.mod of the command (-want +got):\n%s", diff)
	}
	if got, want := r.must("git", "show", "cmd/tool/v0.1.0:cmd/tool/go.sum"), root+"/sub v0.1.0 h1:"; !strings.Contains(got, want) {
		t.Errorf("got %s, want %s", got, want)
	}
	if got := r.must("git", "status", "--porcelain", "--branch"); got != "## main" {
		t.Errorf("got %s, want main without changes", got)
	}
}

// If main has the versions already, the tags of libraries are on main.
func TestReleaseMakesNoCommitWithoutNeed(t *testing.T) {
	t.Parallel()
	files := tree(t)
	for _, name := range []string{"sub/go.mod", "cmd/tool/go.mod"} {
		files[name] = strings.ReplaceAll(files[name], "v0.0.9", "v0.1.0")
	}
	r := newRepository(t, files)
	r.must(".ci/release", "v0.1.0")
	r.must("git", "tag", "-d", "cmd/tool/v0.1.0", "sub/v0.1.0", "v0.1.0")
	r.must(".ci/release", "v0.1.0") // again, after an undo
	if got, want := r.must("git", "rev-parse", "sub/v0.1.0^{commit}"), r.must("git", "rev-parse", "main"); got != want {
		t.Errorf("got the tag at %s, want %s", got, want)
	}
}

func TestReleaseRejects(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, version string
		edit          func(r *repository)
		want          string
	}{
		{"no v", "0.1.0", nil, "unknown argument"},
		{"two numbers", "v0.1", nil, "invalid version"},
		{"leading zero", "v0.01.0", nil, "invalid version"},
		{"pre-release", "v0.1.0-rc.1", nil, "invalid version"},
		{"v2", "v2.0.0", nil, "invalid version"},
		{"older than the last release", "v0.9.0", func(r *repository) { r.must("git", "tag", "v0.10.0") }, "v0.9.0 is older than v0.10.0"},
		{"the last release", "v0.1.0", func(r *repository) { r.must(".ci/release", "v0.1.0") },
			"git tag -d cmd/tool/v0.1.0 sub/v0.1.0 v0.1.0"},
		{"some of the tags", "v0.1.0", func(r *repository) { r.must("git", "tag", "sub/v0.1.0") }, "git tag -d sub/v0.1.0"},
		{"another version in the changelog", "v0.2.0", nil, `the first section of CHANGELOG.md is "## 0.1.0 (2026-01-02)"`},
		{"no date in the changelog", "v0.1.0", func(r *repository) {
			r.write("CHANGELOG.md", "# Changelog\n\n## 0.1.0 (not released yet)\n")
			r.commit()
		}, `want "## 0.1.0 (YYYY-MM-DD)"`},
		{"changed file", "v0.1.0", func(r *repository) { r.write("README.md", "") }, "the tree is not clean"},
		{"untracked file", "v0.1.0", func(r *repository) { r.write("x.go", "package jwtexp\n") }, "the tree is not clean"},
		{"detached commit", "v0.1.0", func(r *repository) { r.must("git", "checkout", "--quiet", "--detach") }, "no branch is checked out"},
		{"unpublished requirement", "v0.1.0", func(r *repository) {
			r.must("go", "-C", "sub", "mod", "edit", "-require="+root+"/internal/c@v0.1.0", "-replace="+root+"/internal/c=../internal/c")
			r.commit()
		}, "requires " + root + "/internal/c, which is not published"},
		{"command with a replace of another module", "v0.1.0", func(r *repository) {
			r.must("go", "-C", "cmd/tool", "mod", "edit", "-replace=example.test/x=../x")
			r.commit()
		}, "cmd/tool/go.mod has a replace that go install rejects"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := newRepository(t, tree(t))
			if tt.edit != nil {
				tt.edit(r)
			}
			want := r.must("git", "for-each-ref")
			r.fails(tt.want, ".ci/release", tt.version)
			if got := r.must("git", "for-each-ref"); got != want {
				t.Errorf("got the references\n%s\nwant no change:\n%s", got, want)
			}
		})
	}
}

// The script fetches all tags at once, or none.
func TestInterruptedReleaseLeavesNoTags(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, before string }{
		{"before the tags are fetched", "exit 1"},
		{"one tag cannot be made", `git tag sub/v0.1.0`},
	}
	git, err := exec.LookPath("git")
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := newRepository(t, tree(t))
			// A git of its own, in front of the real one, does something else before it fetches.
			r.write("../bin/git", "#!/bin/sh\ngit() { "+git+" \"$@\"; }\n"+
				`case $1 in fetch) `+tt.before+" ;; esac\ngit \"$@\"\n")
			r.fails("", "env", "PATH="+filepath.Join(r.dir, "../bin")+":"+r.must("sh", "-c", `echo "$PATH"`), ".ci/release", "v0.1.0")
			if got := r.must("git", "tag", "--list", "v0.1.0", "cmd/tool/v0.1.0"); got != "" {
				t.Errorf("got the tags %s, want none", got)
			}
		})
	}
}
