// Mutants holds the tests of this module against faults that were put into it on
// purpose. Each one in mutants.txt changes one operator, bound or constant, or
// removes one check; a few do what is promised not to be done. The tests have to
// notice, by an assertion that fails. From the root of the module:
//
//	go run ./internal/mutants            # all of them
//	go run ./internal/mutants -only time # those with "time" in their group or title
//
// It prints what killed each mutant, and ends with status 1 unless all of them
// were killed. The working tree is not touched: the mutants live in copies.
package main

import (
	_ "embed"
	"errors"
	"flag"
	"fmt"
	"os"
	"runtime"
	"strings"
	"sync"
)

//go:embed mutants.txt
var list string

func main() {
	only := flag.String("only", "", "run those that have this text in their group or title")
	every := flag.Int("every", 1, "run the first of every so many")
	workers := flag.Int("j", runtime.NumCPU(), "how many to run at a time")
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
	alive, err := hunt(chosen, *workers)
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

// hunt runs the tests on each mutant, prints what became of it, and returns a
// line on each that was not killed.
func hunt(mutants []mutant, workers int) (alive []string, err error) {
	queue := make(chan mutant, len(mutants))
	for _, m := range mutants {
		queue <- m
	}
	close(queue)

	var mu sync.Mutex // for alive, err and the output
	tell := func(m mutant, f fate) {
		mu.Lock()
		defer mu.Unlock()
		fmt.Printf("%-9s %s: %s\n", f.how, m, f.by)
		if f.how != killed {
			alive = append(alive, fmt.Sprintf("%s %s (%s)", f.how, m, m.file))
		}
	}
	var wg sync.WaitGroup
	for range max(workers, 1) {
		wg.Go(func() {
			failed := work(queue, tell)
			mu.Lock()
			defer mu.Unlock()
			err = errors.Join(err, failed)
		})
	}
	wg.Wait()
	return alive, err
}

func work(queue <-chan mutant, tell func(mutant, fate)) error {
	dir, err := os.MkdirTemp("", "mutants")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	den := den{dir}
	if err := den.furnish(); err != nil {
		return err
	}
	for m := range queue {
		f, err := den.try(m)
		if err != nil {
			return err
		}
		tell(m, f)
	}
	return nil
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, "mutants:", err)
	os.Exit(2)
}
