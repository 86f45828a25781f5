//go:build rules

package release_test

import (
	"strings"
	"testing"
)

// A patch release may not change the API. A minor release may in v0, if the changelog says how to
// adapt, and may not in v1.
func TestChangesOfTheAPI(t *testing.T) {
	t.Parallel()
	files := tree(t)
	files["sub/old/old.go"] = "package old\n"
	r := newRepository(t, files)
	r.useMachineProxy() // apidiff comes from there
	section := func(version, heading string) {
		t.Helper()
		r.write("CHANGELOG.md", "# Changelog\n\n## "+version+" (2026-01-03)\n\n### "+heading+"\n\n## 0.0.1 (2026-01-02)\n\n### Changed\n")
		r.commit()
	}

	if got, want := r.must(".ci/release", "changes"), "no tag yet"; !strings.Contains(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	r.must(".ci/release", "v0.1.0")
	if got, want := r.must(".ci/release", "changes"), "No package has changed its API since v0.1.0."; !strings.Contains(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}

	r.write("root.go", "package jwtexp\n\n// F does not do anything.\nfunc F() {}\n")
	r.write("internal/x/x.go", "package x\n\nfunc X() {}\n")
	r.write("sub/h.go", "package sub\n\nfunc H() {}\n")
	r.write("sub/more/more.go", "package more\n")
	got := r.must(".ci/release", "changes")
	for _, want := range []string{
		root + "/sub since v0.1.0\nCompatible changes:\n- H: added",
		root + "/sub/more since v0.1.0\nCompatible changes:\n- package added",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	if got, want := strings.Count(got, "since"), 2; got != want {
		t.Errorf("got changes of %d packages, want %d", got, want)
	}
	section("0.1.1", "Added")
	r.must(".ci/release", "v0.1.1")

	r.write("sub/h.go", "package sub\n")
	section("0.1.2", "Changed")
	r.fails(root+"/sub since v0.1.1\nIncompatible changes:\n- H: removed", ".ci/release", "v0.1.2")
	r.fails("v0.1.2 changes the API since v0.1.1: a patch release must not", ".ci/release", "v0.1.2")
	section("0.2.0", "Added")
	r.fails(`add "### Changed" or "### Removed"`, ".ci/release", "v0.2.0")
	section("0.2.0", "Removed")
	r.must(".ci/release", "v0.2.0")

	r.write("extra/go.mod", "module "+root+"/extra\n\ngo 1.26.0\n")
	r.write("extra/extra.go", "package extra\n")
	r.write("cmd/more/more.go", "package main\n\nfunc main() {}\n")
	section("0.2.1", "Added")
	r.must(".ci/release", "v0.2.1")
	r.must("git", "rm", "--quiet", "-r", "extra", "cmd/more")
	section("0.2.2", "Fixed")
	for _, removed := range []string{"/extra", "/cmd/more"} {
		r.fails(root+removed+" since v0.2.1\nIncompatible changes:\n- package removed", ".ci/release", "v0.2.2")
	}
	section("0.3.0", "Removed")
	r.must(".ci/release", "v0.3.0")

	r.must("git", "tag", "v1.0.0")
	r.must("git", "rm", "--quiet", "-r", "sub/old")
	section("1.1.0", "Changed")
	r.fails(root+"/sub/old since v1.0.0\nIncompatible changes:\n- package removed", ".ci/release", "v1.1.0")
	r.fails("want a release of v1 that does not", ".ci/release", "v1.1.0")
}
