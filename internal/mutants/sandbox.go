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

// A sandbox is a copy of the module in the folder dir. It holds one mutant at a time.
type sandbox struct{ dir string }

// prepare copies the modules and checks that the tests of those in use pass without a mutant.
func (s sandbox) prepare(inUse []string) error {
	if _, err := os.Stat("go.mod"); err != nil {
		return errors.New("no go.mod here: run it from the root of the module")
	}
	err := filepath.WalkDir(".", func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && isExcluded(path):
			return fs.SkipDir
		case entry.IsDir():
			return os.MkdirAll(filepath.Join(s.dir, path), 0o755)
		case !entry.Type().IsRegular():
			return nil
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		return os.WriteFile(filepath.Join(s.dir, path), text, 0o644)
	})
	if err != nil {
		return err
	}
	for _, module := range inUse {
		r, err := s.testInStages(module, stages[module])
		if err == nil && r.outcome != survived {
			err = fmt.Errorf("the tests fail without a mutant: %s %s", r.outcome, r.by)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// isExcluded reports whether a folder is not copied: the folder of git, the other modules
// except jwks, and this package, whose tests fail if the sources hold a mutant.
func isExcluded(path string) bool {
	switch path {
	case ".", "jwks":
		return false
	case ".git", filepath.Join("internal", "mutants"):
		return true
	}
	_, err := os.Stat(filepath.Join(path, "go.mod"))
	return err == nil
}

// stages are arguments of go test, by the folder of the module. The stages run in this order, the
// fast ones first, until a test fails. The last one of the root skips the tests of prose and
// documentation, which need the other modules.
var stages = map[string][][]string{
	".": {
		{"."},
		{"./internal/claimset"},
		{"./keyring"},
		{"./..."},
		{"-tags=rules", "-skip=Snippets|Links|NamedTests|Wording", "./internal/rules"},
	},
	"jwks": {
		{"."},
		{"./..."},
	},
}

// A result is the outcome of the tests for one mutant.
type result struct {
	outcome string
	by      string // the test or the package that failed
}

const (
	killed   = "killed"
	survived = "SURVIVED"
	panicked = "PANICKED" // or timed out: the tests failed, but not by an assertion
	broken   = "BROKEN"   // it does not compile
)

// try puts the mutant into the sources, runs the tests, and restores the sources.
func (s sandbox) try(m mutant) (result, error) {
	path := filepath.Join(s.dir, m.file)
	source, err := os.ReadFile(path)
	if err != nil {
		return result{}, err
	}
	mutated, err := m.apply(string(source))
	if err != nil {
		return result{}, err
	}
	if err := os.WriteFile(path, []byte(mutated), 0o644); err != nil {
		return result{}, err
	}
	first := []string{m.folder()} // most likely to find it
	r, err := s.testInStages(m.module(), append([][]string{first}, stages[m.module()]...))
	return r, errors.Join(err, os.WriteFile(path, source, 0o644))
}

func (s sandbox) testInStages(module string, stages [][]string) (result, error) {
	for _, arguments := range stages {
		if r, err := s.test(module, arguments); err != nil || r.outcome != survived {
			return r, err
		}
	}
	return result{outcome: survived}, nil
}

func (s sandbox) test(module string, arguments []string) (result, error) {
	cmd := exec.Command("go", append([]string{"test", "-json", "-failfast", "-vet=off", "-timeout=2m"}, arguments...)...)
	cmd.Dir = filepath.Join(s.dir, module)
	// Only the tests in the repository count, not the cases of an external file.
	cmd.Env = append(os.Environ(), "JWTEXP_CASES=")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	stdout, err := cmd.Output()
	if _, failed := errors.AsType[*exec.ExitError](err); err != nil && !failed {
		return result{}, err
	}
	r, invalid := read(stdout)
	if err != nil && r.outcome == survived || invalid != nil {
		return result{}, fmt.Errorf("cannot read the result of the tests: %w\n%s", errors.Join(err, invalid), stderr.Bytes())
	}
	return r, nil
}

// read finds the first test that failed in the output of go test -json, and how it failed.
func read(output []byte) (result, error) {
	panics := make(map[string]bool) // by test
	for events := json.NewDecoder(bytes.NewReader(output)); ; {
		var event struct{ Action, Package, ImportPath, Test, Output string }
		if err := events.Decode(&event); err == io.EOF {
			return result{outcome: survived}, nil
		} else if err != nil {
			return result{}, err
		}
		name := event.Package + "." + event.Test
		switch {
		case event.Action == "build-fail":
			return result{broken, event.ImportPath}, nil
		case strings.HasPrefix(event.Output, "panic: "), strings.HasPrefix(event.Output, "fatal error: "):
			panics[name] = true
		case event.Action == "fail" && (panics[name] || event.Test == ""):
			return result{panicked, name}, nil
		case event.Action == "fail":
			return result{killed, name}, nil
		}
	}
}
