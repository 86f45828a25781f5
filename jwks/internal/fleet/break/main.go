// Break shows that the simulation of package fleet would find a fault: it puts one after
// the other into a copy of the library, and simulates more and more fleets until
// an invariant is broken. From the folder of module jwks:
//
//	go run ./internal/fleet/break               # all of faults.txt
//	go run ./internal/fleet/break -only leeway  # those with "leeway" in their title
//
// It prints for each fault the first seed that finds it, and which invariant that broke, and
// ends with status 1 where one is not found. A panic, or a fault that does not compile, is
// not found.
package main

import (
	_ "embed"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
)

//go:embed faults.txt
var list string

// steps are how many seeds are tried, one after the other.
var steps = []int{10, 50, 200}

func main() {
	only := flag.String("only", "", "try those that have this text in their title")
	flag.Parse()
	if err := run(*only); err != nil {
		fmt.Fprintln(os.Stderr, "break:", err)
		os.Exit(1)
	}
}

func run(only string) error {
	faults, err := parse(list)
	if err != nil {
		return err
	}
	top, err := os.MkdirTemp("", "fleet")
	if err != nil {
		return err
	}
	defer os.RemoveAll(top)
	if err := copyModules("..", top); err != nil {
		return err
	}
	tried, most, hidden := 0, 0, 0
	for _, f := range faults {
		if !strings.Contains(f.title, only) {
			continue
		}
		tried++
		found, err := try(f, top)
		if err != nil {
			return err
		}
		fmt.Printf("%-70s %s\n", f.title, found)
		most = max(most, found.seed)
		if found.seed == 0 {
			hidden++
		}
	}
	fmt.Printf("faults: %d, %d found, by %d seeds at most\n", tried, tried-hidden, most)
	if hidden > 0 || tried == 0 {
		return errors.New("not every fault was found")
	}
	return nil
}

// copyModules copies the root module and this one; the others are not needed.
func copyModules(from, to string) error {
	return filepath.WalkDir(from, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		inside, err := filepath.Rel(from, path)
		switch {
		case err != nil:
			return err
		case entry.IsDir() && isApart(path, inside):
			return fs.SkipDir
		case entry.IsDir():
			return os.MkdirAll(filepath.Join(to, inside), 0o755)
		case !entry.Type().IsRegular():
			return nil
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		return os.WriteFile(filepath.Join(to, inside), text, 0o644)
	})
}

func isApart(path, inside string) bool {
	if inside == ".git" {
		return true
	}
	_, err := os.Stat(filepath.Join(path, "go.mod"))
	return err == nil && inside != "." && inside != "jwks"
}

// A finding is the first seed that finds a fault; seed 0: none does.
type finding struct {
	seed      int
	invariant string
}

func (f finding) String() string {
	if f.seed == 0 {
		return "NOT FOUND"
	}
	return fmt.Sprintf("seed %d, invariant %s", f.seed, f.invariant)
}

// try puts the fault into the copy, simulates, and puts everything back.
func try(f fault, top string) (found finding, err error) {
	path := filepath.Join(top, f.file)
	source, err := os.ReadFile(path)
	if err != nil {
		return found, err
	}
	defer func() { err = errors.Join(err, os.WriteFile(path, source, 0o644)) }()
	faulty, err := f.apply(string(source))
	if err == nil {
		err = os.WriteFile(path, []byte(faulty), 0o644)
	}
	if err != nil {
		return found, err
	}
	binary := filepath.Join(top, "fleet.test")
	build := exec.Command("go", "test", "-c", "-vet=off", "-o", binary, "./internal/fleet")
	build.Dir = filepath.Join(top, "jwks")
	if output, err := build.CombinedOutput(); err != nil {
		return found, fmt.Errorf("%s: it does not compile: %w\n%s", f.title, err, output)
	}
	for _, seeds := range steps {
		output, err := exec.Command(binary, "-test.run=^TestFleet$", "-seeds="+strconv.Itoa(seeds)).CombinedOutput()
		if _, failed := errors.AsType[*exec.ExitError](err); err != nil && !failed {
			return found, err
		}
		if found = read(string(output)); err != nil || found.seed > 0 {
			break
		}
	}
	return found, nil
}

var broken = regexp.MustCompile(`seed (\d+): invariant (\d)`)

// read returns the lowest seed of which the output says that it broke an invariant. Where
// something panicked, it is none.
func read(output string) (first finding) {
	if strings.Contains(output, "\npanic: ") || strings.Contains(output, "\nfatal error: ") {
		return finding{}
	}
	for _, match := range broken.FindAllStringSubmatch(output, -1) {
		seed, _ := strconv.Atoi(match[1])
		if first.seed == 0 || seed < first.seed {
			first = finding{seed, match[2]}
		}
	}
	return first
}
