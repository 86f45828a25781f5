//go:build rules

// Package release_test tests .ci/release and .ci/try-release on small repositories.
package release_test

import (
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const (
	top  = "../.."
	root = "github.com/jwtexp/jwtexp"
)

// tree returns the files of a repository with the scripts and the page of this one. It has three
// published modules: the root, sub, which requires the root, and a command, which requires both.
// Their versions in go.mod are old.
func tree(t *testing.T) map[string]string {
	t.Helper()
	files := map[string]string{
		"go.mod":             "module " + root + "\n\ngo 1.26.0\n",
		"root.go":            "package jwtexp\n\n// F does nothing.\nfunc F() {}\n",
		"examples/a/main.go": "package main\n\nfunc main() {}\n",
		"sub/go.mod":         gomod("sub", "replace "+root+" => ../", "require "+root+" v0.0.9"),
		"sub/sub.go":         "package sub\n\nimport \"" + root + "\"\n\nfunc G() { jwtexp.F() }\n",
		"cmd/tool/go.mod": gomod("cmd/tool", "replace "+root+" => ../..", "replace "+root+"/sub => ../../sub",
			"require "+root+" v0.0.9", "require "+root+"/sub v0.0.9"),
		"cmd/tool/main.go": "package main\n\nimport (\n\t\"" + root + "\"\n\t\"" + root + "/sub\"\n)\n\n" +
			"func main() {\n\tjwtexp.F()\n\tsub.G()\n}\n",
		"README.md":    "# x\n\n```sh\ngo get " + root + "    # the library\n```\n\nRun `go install " + root + "/cmd/tool@latest`.\n",
		"docs/a.md":    "# a\n\nModule `sub`: `go get " + root + "/sub`.\n",
		"CHANGELOG.md": "# Changelog\n\n## 0.1.0 (2026-01-02)\n\n### Added\n",
	}
	for _, folder := range []string{"benchmarks", "examples/b", "internal/c", "sub/e2e", "testdata/d"} {
		files[folder+"/go.mod"] = gomod(folder)
		files[folder+"/x.go"] = "package x\n"
	}
	for _, name := range []string{".ci/release", ".ci/try-release", "docs/releasing.md"} {
		text, err := os.ReadFile(filepath.Join(top, name))
		if err != nil {
			t.Fatal(err)
		}
		files[name] = string(text)
	}
	return files
}

// gomod returns a go.mod as go mod edit formats it.
func gomod(folder string, lines ...string) string {
	return strings.Join(append([]string{"module " + root + "/" + folder, "go 1.26.0"}, lines...), "\n\n") + "\n"
}

// A repository is a Git repository in a temporary folder, whose branch main is checked out.
type repository struct {
	t   *testing.T
	dir string
	env []string
}

// newRepository makes a repository with one commit. Its commands find no module outside it, unless
// they use the machine's proxy.
func newRepository(t *testing.T, files map[string]string) *repository {
	t.Helper()
	dir := t.TempDir()
	r := &repository{t, filepath.Join(dir, "work"), append(os.Environ(),
		"GIT_CONFIG_GLOBAL="+filepath.Join(dir, "gitconfig"), "GIT_CONFIG_COUNT=0", "TMPDIR="+dir, "GOPROXY=file://"+dir)}
	r.write("../gitconfig", "[user]\nname = Test\nemail = test@example.test\n")
	for _, name := range slices.Sorted(maps.Keys(files)) {
		r.write(name, files[name])
	}
	r.must("git", "init", "--quiet", "--initial-branch=main")
	r.commit()
	return r
}

// useMachineProxy lets commands find the modules that the machine's proxy has.
func (r *repository) useMachineProxy() {
	r.env = append(r.env, "GOPROXY="+os.Getenv("GOPROXY"))
}

func (r *repository) write(name, text string) {
	r.t.Helper()
	name = filepath.Join(r.dir, name)
	if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
		r.t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(text), 0o700); err != nil {
		r.t.Fatal(err)
	}
}

// run returns what a command prints, without the white space around it.
func (r *repository) run(command ...string) (string, error) {
	cmd := exec.CommandContext(r.t.Context(), command[0], command[1:]...)
	cmd.Dir, cmd.Env = r.dir, r.env
	output, err := cmd.CombinedOutput()
	return strings.TrimSpace(string(output)), err
}

// must returns what a command prints that has to succeed.
func (r *repository) must(command ...string) string {
	r.t.Helper()
	output, err := r.run(command...)
	if err != nil {
		r.t.Fatalf("%v: got %v, want success:\n%s", command, err, output)
	}
	return output
}

// fails reports an error unless a command fails and prints want.
func (r *repository) fails(want string, command ...string) {
	r.t.Helper()
	output, err := r.run(command...)
	if err == nil || !strings.Contains(output, want) {
		r.t.Errorf("%v: got %v, want a failure with %q:\n%s", command, err, want, output)
	}
}

func (r *repository) commit() {
	r.t.Helper()
	r.must("git", "add", "--all")
	r.must("git", "commit", "--quiet", "--message=change")
}
