// Speed compares jwtexp with other Go libraries for JWTs, and with lower bounds for the work. It
// prints Markdown tables.
//
//	go run -tags jwx_goccy ./speed   # takes about four minutes
//
// The tag builds jwx and jwtauth with their faster JSON package.
//
// All libraries verify the same tokens and make the same checks. They look up the key by its kid
// among two keys, allow one algorithm, and check iss, aud, exp and nbf with the system's clock.
// Each library has the fastest configuration that its documentation shows, made once and reused.
// Before the measurement, it must accept the valid tokens and reject tokens with one fault.
//
// The times of a shared machine vary. So the program measures the contenders of a group in turns,
// round by round, and compares the times within a round.
package main

import (
	"flag"
	"fmt"
	"log"
	"os"
	"regexp"
	"time"
)

func main() {
	log.SetFlags(0)
	var s settings
	flag.IntVar(&s.rounds, "rounds", 25, "number of rounds")
	flag.DurationVar(&s.turn, "for", 100*time.Millisecond, "duration of one contender's turn in a round; below 10ms, the full cache is small, too")
	only := flag.String("only", "", "measure only the groups that match this `regexp`, such as '^HS256 Verify$'")
	strict := flag.Bool("strict", false, "exit with status 1 if a goal is not met")
	flag.Parse()
	var err error
	if s.only, err = regexp.Compile(*only); err != nil {
		log.Fatal(err)
	}
	if s.rounds < 1 || s.turn <= 0 || flag.NArg() > 0 {
		flag.Usage()
		os.Exit(2)
	}
	measured, err := measureAll(s)
	if err != nil {
		log.Fatal(err)
	}
	if met := report(os.Stdout, s, measured); *strict && !met {
		os.Exit(1)
	}
}

// settings holds the values of the flags.
type settings struct {
	rounds int
	turn   time.Duration
	only   *regexp.Regexp
}

// entries returns the size of the full cache. It is small in a short run, which only shows that
// the program works.
func (s settings) entries() int {
	if s.turn < 10*time.Millisecond {
		return 1000
	}
	return 100_000
}

// measureAll checks all contenders, and then measures the groups that match s.only.
func measureAll(s settings) (map[string][]measurement, error) {
	log.Print("checking all libraries")
	workloads, err := newCheckedWorkloads()
	if err != nil {
		return nil, err
	}
	measured := make(map[string][]measurement)
	for _, g := range groups(workloads, s.entries()) {
		if !s.only.MatchString(g.name) {
			continue
		}
		log.Print("measuring ", g.name)
		contenders, err := g.contenders()
		if err != nil {
			return nil, fmt.Errorf("%s: %w", g.name, err)
		}
		if measured[g.name], err = measure(contenders, s.rounds, s.turn); err != nil {
			return nil, fmt.Errorf("%s: %w", g.name, err)
		}
	}
	return measured, nil
}
