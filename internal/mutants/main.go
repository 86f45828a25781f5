// Mutants checks that the tests of this module, and of module jwks, find faults. Each mutant in
// mutants.txt puts one fault into the sources: it changes an operator, a bound or a constant,
// removes a check, or breaks a promise of the library. A test must then fail by an assertion. From
// the root of the module:
//
//	go run ./internal/mutants            # all mutants
//	go run ./internal/mutants -only time # the mutants with "time" in their group or title
//
// It prints which test killed each mutant, and ends with status 1 unless the tests killed all
// of them. It changes copies of the module, not the working tree.
package main

import (
	_ "embed"
	"errors"
	"flag"
	"fmt"
	"os"
	"runtime"
	"slices"
	"strings"
	"sync"
)

//go:embed mutants.txt
var list string

func main() {
	only := flag.String("only", "", "run only mutants with this text in their group or title")
	every := flag.Int("every", 1, "run one mutant in so many")
	workers := flag.Int("j", runtime.NumCPU(), "the number of mutants to run at a time")
	flag.Parse()

	mutants, err := parse(list)
	if err != nil {
		fail(err)
	}
	var chosen []mutant
	for i, m := range mutants {
		if i%max(*every, 1) == 0 && strings.Contains(m.String(), *only) {
			chosen = append(chosen, m)
		}
	}
	alive, err := runAll(chosen, *workers)
	if err != nil {
		fail(err)
	}
	fmt.Printf("mutants: %d, %d killed, %d not\n", len(chosen), len(chosen)-len(alive), len(alive))
	for _, line := range alive {
		fmt.Println("\t" + line)
	}
	if len(alive) > 0 || len(chosen) == 0 {
		os.Exit(1)
	}
}

// runAll runs the tests with each mutant, prints each result, and returns a line on each mutant
// that the tests did not kill.
func runAll(mutants []mutant, workers int) (alive []string, err error) {
	queue := make(chan mutant, len(mutants))
	var inUse []string // the modules of the mutants
	for _, m := range mutants {
		queue <- m
		if !slices.Contains(inUse, m.module()) {
			inUse = append(inUse, m.module())
		}
	}
	close(queue)

	var mu sync.Mutex // for alive, err and the output
	report := func(m mutant, r result) {
		mu.Lock()
		defer mu.Unlock()
		fmt.Printf("%-9s %s: %s\n", r.outcome, m, r.by)
		if r.outcome != killed {
			alive = append(alive, fmt.Sprintf("%s %s (%s)", r.outcome, m, m.file))
		}
	}
	var wg sync.WaitGroup
	for range max(workers, 1) {
		wg.Go(func() {
			failed := work(queue, inUse, report)
			mu.Lock()
			defer mu.Unlock()
			err = errors.Join(err, failed)
		})
	}
	wg.Wait()
	return alive, err
}

// work tries the mutants of the queue in a sandbox of its own.
func work(queue <-chan mutant, inUse []string, report func(mutant, result)) error {
	dir, err := os.MkdirTemp("", "mutants")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	s := sandbox{dir}
	if err := s.prepare(inUse); err != nil {
		return err
	}
	for m := range queue {
		r, err := s.try(m)
		if err != nil {
			return err
		}
		report(m, r)
	}
	return nil
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, "mutants:", err)
	os.Exit(2)
}
