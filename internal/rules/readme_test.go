package rules_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"testing"
)

var program = regexp.MustCompile("(?s)```go\n(package main.*?)```")

// TestREADMEProgram builds the program that README.md shows, as somebody who
// copies it would: in a module of its own.
func TestREADMEProgram(t *testing.T) {
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	readme, err := os.ReadFile(filepath.Join(root, "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	found := program.FindSubmatch(readme)
	if found == nil {
		t.Fatal("README.md has no Go program")
	}
	for _, timeout := range []string{"ReadTimeout", "WriteTimeout"} {
		if !bytes.Contains(found[1], []byte(timeout)) {
			t.Errorf("got a program whose server has no %s, want one that a slow client cannot hold", timeout)
		}
	}
	sums, err := os.ReadFile(filepath.Join(root, "go.sum"))
	if err != nil {
		t.Fatal(err)
	}

	dir := t.TempDir()
	for name, text := range map[string]string{
		"main.go": string(found[1]),
		"go.sum":  string(sums),
		"go.mod": "module example\n\ngo 1.26\n\nrequire github.com/jwtexp/jwtexp v0.0.0\n\n" +
			"replace github.com/jwtexp/jwtexp => " + root + "\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	vet := exec.Command("go", "vet", "-mod=mod", ".")
	vet.Dir = dir
	if output, err := vet.CombinedOutput(); err != nil {
		t.Errorf("go vet: %v\n%s", err, output)
	}
}
