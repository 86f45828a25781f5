package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// A den is a copy of the module in which one mutant at a time lives.
type den struct{ dir string }

// furnish copies the module, and sees that its tests pass: where they fail without
// a mutant, a failure says nothing.
func (d den) furnish() error {
	if _, err := os.Stat("go.mod"); err != nil {
		return errors.New("no go.mod here: run it from the root of the module")
	}
	err := filepath.WalkDir(".", func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && isApart(path):
			return fs.SkipDir
		case entry.IsDir():
			return os.MkdirAll(filepath.Join(d.dir, path), 0o755)
		case !entry.Type().IsRegular():
			return nil
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		return os.WriteFile(filepath.Join(d.dir, path), text, 0o644)
	})
	if err != nil {
		return err
	}
	f, err := d.test("./...")
	if err == nil && f.how != survived {
		err = fmt.Errorf("the tests fail without a mutant: %s %s", f.how, f.by)
	}
	return err
}

// isApart tells a folder that is not to be copied: git's, another module (but for jwks,
// which internal/rules reads), and this one, whose tests fail wherever a mutant is.
func isApart(path string) bool {
	switch path {
	case ".", "jwks":
		return false
	case ".git", filepath.Join("internal", "mutants"):
		return true
	}
	_, err := os.Stat(filepath.Join(path, "go.mod"))
	return err == nil
}

// stages are the packages whose tests are run, one after the other until one
// kills: the quick ones first.
var stages = []string{".", "./internal/claimset", "./keyring", "./..."}

// fate is what became of a mutant.
type fate struct {
	how string
	by  string // the test that noticed
}

const (
	killed   = "killed"
	survived = "SURVIVED"
	panicked = "PANICKED" // or timed out: the tests noticed, but not by asking
	unborn   = "UNBORN"   // it does not compile
)

// try lets the mutant in, runs the tests, and puts everything back.
func (d den) try(m mutant) (fate, error) {
	path := filepath.Join(d.dir, m.file)
	source, err := os.ReadFile(path)
	if err != nil {
		return fate{}, err
	}
	mutated, err := m.apply(string(source))
	if err != nil {
		return fate{}, err
	}
	if err := os.WriteFile(path, []byte(mutated), 0o644); err != nil {
		return fate{}, err
	}
	f := fate{how: survived}
	for _, packages := range stages {
		if f, err = d.test(packages); err != nil || f.how != survived {
			break
		}
	}
	return f, errors.Join(err, os.WriteFile(path, source, 0o644))
}

func (d den) test(packages string) (fate, error) {
	cmd := exec.Command("go", "test", "-json", "-failfast", "-vet=off", "-timeout=2m", packages)
	cmd.Dir = d.dir
	// The tests of this repository are tried, not cases that lie beside it.
	cmd.Env = append(os.Environ(), "JWTEXP_CASES=")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	stdout, err := cmd.Output()
	if _, failed := errors.AsType[*exec.ExitError](err); err != nil && !failed {
		return fate{}, err
	}
	f, verdict := read(stdout)
	if err != nil && f.how == survived || verdict != nil {
		return fate{}, fmt.Errorf("cannot tell what became of the tests: %w\n%s", errors.Join(err, verdict), stderr.Bytes())
	}
	return f, nil
}

// read finds in the output of go test -json the first test that failed, and how.
func read(output []byte) (fate, error) {
	broken := make(map[string]bool) // tests in which something panicked
	for events := json.NewDecoder(bytes.NewReader(output)); ; {
		var event struct{ Action, Package, ImportPath, Test, Output string }
		if err := events.Decode(&event); err == io.EOF {
			return fate{how: survived}, nil
		} else if err != nil {
			return fate{}, err
		}
		name := event.Package + "." + event.Test
		switch {
		case event.Action == "build-fail":
			return fate{unborn, event.ImportPath}, nil
		case strings.HasPrefix(event.Output, "panic: "), strings.HasPrefix(event.Output, "fatal error: "):
			broken[name] = true
		case event.Action == "fail" && (broken[name] || event.Test == ""):
			return fate{panicked, name}, nil
		case event.Action == "fail":
			return fate{killed, name}, nil
		}
	}
}
