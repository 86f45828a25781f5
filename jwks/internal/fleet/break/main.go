// Break shows that the simulation of package fleet detects faults. It adds one fault at a time to a
// copy of the library, and simulates fleets until an invariant does not hold. Run it in the folder
// of module jwks:
//
//	go run ./internal/fleet/break               # all faults in faults.txt
//	go run ./internal/fleet/break -only Leeway  # those with "Leeway" in their title
//
// For each fault it prints the first seed that detects it, and the invariant. It exits with
// status 1 if a fault is not detected or does not compile. A panic does not count as detected.
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

// steps are the numbers of seeds to simulate until a fault is detected.
var steps = []int{10, 50, 200}

func main() {
	only := flag.String("only", "", "use only the faults with this text in their title")
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
	tried, mostSeeds, missed := 0, 0, 0
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
		mostSeeds = max(mostSeeds, found.seed)
		if found.seed == 0 {
			missed++
		}
	}
	fmt.Printf("faults: %d, %d detected, with at most %d seeds\n", tried, tried-missed, mostSeeds)
	if tried == 0 {
		return errors.New("no fault has this text in its title")
	}
	if missed > 0 {
		return errors.New("not every fault was detected")
	}
	return nil
}

// copyModules copies the root module and this module.
func copyModules(from, to string) error {
	return filepath.WalkDir(from, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(from, path)
		switch {
		case err != nil:
			return err
		case entry.IsDir() && isExcluded(path, rel):
			return fs.SkipDir
		case entry.IsDir():
			return os.MkdirAll(filepath.Join(to, rel), 0o755)
		case !entry.Type().IsRegular():
			return nil
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		return os.WriteFile(filepath.Join(to, rel), text, 0o644)
	})
}

// isExcluded reports whether a folder is git's, or the root of another module.
func isExcluded(path, rel string) bool {
	if rel == ".git" {
		return true
	}
	_, err := os.Stat(filepath.Join(path, "go.mod"))
	return err == nil && rel != "." && rel != "jwks"
}

// A finding says which seed and invariant detected a fault. Its seed is 0 if none did.
type finding struct {
	seed      int
	invariant string
}

func (f finding) String() string {
	if f.seed == 0 {
		return "NOT DETECTED"
	}
	return fmt.Sprintf("seed %d, invariant %s", f.seed, f.invariant)
}

// try applies the fault to the copy, simulates, and restores the copy.
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
		return found, fmt.Errorf("%s: does not compile: %w\n%s", f.title, err, output)
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

var violation = regexp.MustCompile(`seed (\d+): invariant (\d)`)

// read returns the lowest seed in output with a violation, or no finding if there was a panic.
func read(output string) (first finding) {
	if strings.Contains(output, "\npanic: ") || strings.Contains(output, "\nfatal error: ") {
		return finding{}
	}
	for _, match := range violation.FindAllStringSubmatch(output, -1) {
		seed, _ := strconv.Atoi(match[1])
		if first.seed == 0 || seed < first.seed {
			first = finding{seed, match[2]}
		}
	}
	return first
}
